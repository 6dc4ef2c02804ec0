package auth

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"
)

// A session is a sealed cookie. Nothing of it lies on the server but the serial
// of each officer's one session, on his account: so it outlives a restart, holds
// at every server of a cluster, and ends at all of them when the account says so.

const (
	// refreshAfter is how old the note of the last request may get: a cookie for each
	// minute, not for each request.
	refreshAfter = time.Minute
	// maxCookie bounds what is opened: our own have under 600 bytes.
	maxCookie = 2 << 10
)

// session is what the cookie holds: an officer or editor, or a station's guest.
type session struct {
	Officer string `json:"o,omitempty"`
	Since   uint64 `json:"n,omitempty"` // life of the account
	Seq     uint64 `json:"q,omitempty"` // of the sign-in on the record

	Station string `json:"st,omitempty"`
	Name    string `json:"nm,omitempty"`
	Proof   string `json:"pf,omitempty"` // Guest.Seal

	Serial string    `json:"s"`
	Began  time.Time `json:"b"`
	Seen   time.Time `json:"v"` // the newest request, to the minute
}

// idle says whether a session has ended for want of a request. That it has lasted
// twelve hours its seal says.
func (s session) idle(now time.Time) bool { return !now.Before(s.Seen.Add(sessionIdle)) }

// carrier reads and writes the cookie of one request.
type carrier struct {
	book    *Book
	w       http.ResponseWriter
	secure  bool
	session session // that the request came with
}

// carry reads the request's session: nothing when there is none, or no longer.
func (b *Book) carry(w http.ResponseWriter, r *http.Request) (*carrier, session) {
	// A proxy's header can only make the cookie stricter, so anybody may send it.
	c := &carrier{book: b, w: w, secure: r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")}
	w.Header().Add("Vary", "Cookie")
	ck, err := r.Cookie(c.name())
	if err != nil || len(ck.Value) > maxCookie {
		return c, session{}
	}
	var s session
	now := time.Now()
	if err := b.sealed.session.Open(ck.Value, &s); err != nil || s.idle(now) || b.guests.over(s) {
		c.drop()
		return c, session{}
	}
	c.session = s
	if now.Sub(s.Seen) >= refreshAfter {
		_ = c.keep(s) // it holds as it is; the next request tries again
	}
	return c, s
}

// name is the cookie's. That of an encrypted connection is never sent over a
// plain one, and its prefix keeps other hosts from setting it.
func (c *carrier) name() string {
	if c.secure {
		return "__Host-tocsin"
	}
	return "tocsin"
}

// keep writes the session into the answer.
func (c *carrier) keep(s session) error {
	s.Seen = time.Now()
	value, err := c.book.sealed.session.Seal(s, s.Began.Add(sessionLife))
	if err != nil {
		return err
	}
	c.session = s
	c.set(value, 0) // no age: a shared machine forgets with its browser
	return nil
}

// drop takes the cookie away.
func (c *carrier) drop() { c.set("", -1) }

// set writes the cookie in the place of any that this answer has already.
func (c *carrier) set(value string, age int) {
	h := c.w.Header()
	old := h.Values("Set-Cookie")
	h.Del("Set-Cookie")
	for _, line := range old {
		if !strings.HasPrefix(line, c.name()+"=") {
			h.Add("Set-Cookie", line)
		}
	}
	http.SetCookie(c.w, &http.Cookie{
		Name: c.name(), Value: value, Path: "/", MaxAge: age, Secure: c.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// Began is when the session of a request began; zero when it has none.
func Began(ctx context.Context) time.Time {
	s, _ := ctx.Value(sessionKey{}).(session)
	return s.Began
}

// Fresh says whether the session began in the last ten minutes: then who sits
// there has just shown who he is. It stands for the password of officers who have none.
func Fresh(ctx context.Context) bool { return time.Since(Began(ctx)) < freshFor }

const freshFor = 10 * time.Minute

// ErrStale: an act that changes how an officer signs in wants proof that it is
// he, and his session is too old for that.
var ErrStale = errors.New("the sign-in is more than ten minutes ago")

// Prove checks that it is o who asks: by his password, or when he has none by a
// fresh session. ErrCredentials, ErrStale, *ThrottledError.
func (b *Book) Prove(ctx context.Context, o Officer, password string) error {
	if b.Access(o.ID).Password {
		_, err := b.SignIn(ctx, o.ID, password)
		return err
	}
	if !Fresh(ctx) {
		return ErrStale
	}
	return nil
}

// guests remembers the guests who signed out, until their sessions would have
// ended anyway. They have no account to write it on, so other nodes do not know,
// and a restart forgets; the station's secret still ends them all.
type guests struct {
	mu   sync.Mutex
	gone map[string]time.Time // by serial: until when
}

func (g *guests) end(s session) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	for serial, until := range g.gone {
		if !now.Before(until) {
			delete(g.gone, serial)
		}
	}
	if g.gone == nil {
		g.gone = map[string]time.Time{}
	}
	g.gone[s.Serial] = s.Began.Add(sessionLife)
}

func (g *guests) over(s session) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, gone := g.gone[s.Serial]
	return gone
}
