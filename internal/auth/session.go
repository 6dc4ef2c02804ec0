package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/audit"
)

// How long a session lives: a shift, and a coffee break without a click.
const (
	sessionLife = 12 * time.Hour
	sessionIdle = 30 * time.Minute
)

// ErrNoSession: StartSession or EndSession was called for a request that did not
// come through Middleware, or that carries a bearer token.
var ErrNoSession = errors.New("the request has no session")

// ErrRevoked is the cause of a request's context when its officer is revoked under way.
var ErrRevoked = errors.New("the officer's account was revoked")

// ErrElsewhere is the cause of a request's context when its officer signs in on
// another machine or browser under way.
var ErrElsewhere = errors.New("the officer signed in elsewhere")

// ErrSignedOut is the cause of a request's context when its officer signs out under way.
var ErrSignedOut = errors.New("the officer signed out")

// ErrOver is the cause of a request's context when the twelve hours of its session end under way.
var ErrOver = errors.New("the session has lasted twelve hours")

type (
	officerKey struct{}
	guestKey   struct{}
	carrierKey struct{}
	endedKey   struct{}
	networkKey struct{}
	sharedKey  struct{} // whether the network may be everybody's
	sessionKey struct{}
)

// EndedElsewhere says that the request's session was ended by a newer one of
// the same officer: he reads why he is signed out.
func EndedElsewhere(ctx context.Context) bool { return ctx.Value(endedKey{}) != nil }

// From is the officer who makes the request; never a station's editor.
func From(ctx context.Context) (Officer, bool) {
	o, ok := ctx.Value(officerKey{}).(Officer)
	if o.editor() {
		return Officer{}, false
	}
	return o, ok
}

// EditorFrom is the station's editor who makes the request; never an officer.
func EditorFrom(ctx context.Context) (Officer, bool) {
	o, ok := ctx.Value(officerKey{}).(Officer)
	if !o.editor() {
		return Officer{}, false
	}
	return o, ok
}

// Guest is somebody at a station without an account, who signed in with the
// station's own secret and said who he is.
type Guest struct {
	Station string
	Name    string // at most 80 characters, as he gave it
	Seal    string // tells the secret he showed from others; the room that let him in looks whether it still holds
}

// GuestFrom is the guest who makes the request.
func GuestFrom(ctx context.Context) (Guest, bool) {
	g, ok := ctx.Value(guestKey{}).(Guest)
	return g, ok
}

// Middleware finds out who makes the request, by session cookie or bearer token,
// and puts the officer into its context; From reads him. Nobody is turned away
// but a bearer of a token that is not valid: what needs an officer asks From.
// The context ends when that changes under way, with ErrRevoked, ErrElsewhere,
// ErrSignedOut or ErrOver as its cause.
func (b *Book) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		network, shared := networkOf(r)
		from := context.WithValue(r.Context(), networkKey{}, network)
		r = r.WithContext(context.WithValue(from, sharedKey{}, shared))
		if token, ok := bearer(r); ok {
			b.serveBearer(next, w, r, token)
			return
		}
		c, s := b.carry(w, r)
		ctx := context.WithValue(r.Context(), carrierKey{}, c)
		if s.Station != "" {
			ctx = context.WithValue(ctx, guestKey{}, Guest{s.Station, s.Name, s.Proof})
		}
		b.serve(next, w, r.WithContext(ctx), s)
	})
}

// bearer is the token of the Authorization header.
func bearer(r *http.Request) (string, bool) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(token), strings.EqualFold(scheme, "Bearer")
}

func (b *Book) serveBearer(next http.Handler, w http.ResponseWriter, r *http.Request, token string) {
	o, ok := b.byToken(token)
	if !ok {
		b.note(r.Context(), audit.SignInFailed, "", "", "token")
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"title":"The token is not valid","status":401,"detail":"The token is unknown or was revoked; ask an administrator for a new one."}` + "\n"))
		return
	}
	_, since, _ := b.active(o.ID)
	b.serve(next, w, r, session{Officer: o.ID, Since: since})
}

// serve passes the request on with its officer, if that life of his account goes
// on, and so does this session of his; a token's request has none.
func (b *Book) serve(next http.Handler, w http.ResponseWriter, r *http.Request, s session) {
	if s.Officer == "" {
		next.ServeHTTP(w, r)
		return
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	o, leave, err := b.enter(ctx, s, cancel)
	if err != nil {
		if errors.Is(err, ErrElsewhere) {
			ctx = context.WithValue(ctx, endedKey{}, true)
		}
		if c, ok := ctx.Value(carrierKey{}).(*carrier); ok && gone(err) {
			if !errors.Is(err, ErrSignedOut) { // which is recorded as such
				b.note(ctx, audit.SessionEnded, s.Officer, "", err.Error())
			}
			c.drop()
		}
		next.ServeHTTP(w, r.WithContext(ctx))
		return
	}
	defer leave()
	if !s.Began.IsZero() { // what is open when the twelve hours end, ends with them
		over, stop := context.WithDeadlineCause(ctx, s.Began.Add(sessionLife), ErrOver)
		defer stop()
		ctx = context.WithValue(over, sessionKey{}, s)
	}
	next.ServeHTTP(w, r.WithContext(context.WithValue(ctx, officerKey{}, o)))
}

// enter notes a request of an officer, so that a revocation or a newer session
// cuts it. ErrRevoked, ErrSignedOut or ErrElsewhere when that was before.
func (b *Book) enter(ctx context.Context, s session, cancel func(error)) (o Officer, leave func(), err error) {
	b.mu.RLock()
	seen := b.accounts[s.Officer].seq
	b.mu.RUnlock()
	if seen < s.Seq { // he signed in at another server a moment ago, and we have not heard of it yet
		if err := b.refresh(ctx, s.Officer, seen); err != nil {
			return Officer{}, nil, err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	id := s.Officer
	a := b.accounts[id]
	if err := a.holds(s); err != nil {
		return Officer{}, nil, err
	}
	if b.open[id] == nil {
		b.open[id] = map[*func(error)]string{}
	}
	b.open[id][&cancel] = s.Serial
	return a.officer.clone(), func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.open[id], &cancel)
		if len(b.open[id]) == 0 {
			delete(b.open, id)
		}
	}, nil
}

// gone says that a session has ended, and not that it could not be looked up.
func gone(err error) bool {
	return errors.Is(err, ErrRevoked) || errors.Is(err, ErrElsewhere) || errors.Is(err, ErrSignedOut)
}

// holds says whether a session goes on: nil, ErrRevoked, ErrSignedOut or ErrElsewhere.
func (a account) holds(s session) error {
	switch {
	case !a.active || a.since != s.Since:
		return ErrRevoked
	case s.Serial == "": // a token's
		return nil
	case a.officer.editor():
		if slices.ContainsFunc(a.ways.ended, func(e ended) bool { return e.serial == s.Serial }) {
			return ErrSignedOut
		}
		return nil
	case a.ways.session == "":
		return ErrSignedOut
	case a.ways.session != s.Serial:
		return ErrElsewhere
	}
	return nil
}

// cut ends the officer's requests under way; the caller holds the lock.
func (b *Book) cut(id string) {
	for cancel := range b.open[id] {
		(*cancel)(ErrRevoked)
	}
}

// cutSession ends what one session of the officer has under way: a board left open
// elsewhere shows nothing more. "" = he had none: what his programs have under way
// goes on. The caller holds the lock.
func (b *Book) cutSession(id, serial string, why error) {
	if serial != "" {
		b.cutOpen(id, serial, why)
	}
}

// cutTokens ends what the officer's tokens have under way; the caller holds the lock.
func (b *Book) cutTokens(id string, why error) { b.cutOpen(id, "", why) }

func (b *Book) cutOpen(id, serial string, why error) {
	for cancel, of := range b.open[id] {
		if of == serial {
			(*cancel)(why)
		}
	}
}

// StartSession is StartSessionBy with a password alone.
func (b *Book) StartSession(w http.ResponseWriter, r *http.Request, o Officer) error {
	return b.StartSessionBy(w, r, o, ByPassword)
}

// StartSessionBy signs the officer in on this browser, under a new session id,
// and puts on the record how he came. He is as the proof gave him: ErrTicket when
// his account was reset or narrowed since. It ends his session anywhere else, which
// learns why from EndedElsewhere: at every server, since each follows the record.
func (b *Book) StartSessionBy(_ http.ResponseWriter, r *http.Request, o Officer, by Way) error {
	c, ok := r.Context().Value(carrierKey{}).(*carrier)
	if !ok {
		return ErrNoSession
	}
	network, _ := r.Context().Value(networkKey{}).(string)
	s := session{Officer: o.ID, Serial: rand.Text(), Began: time.Now()}
	err := b.act(r.Context(), o.ID, func(a account) (event, error) {
		switch {
		case !a.active:
			return event{}, ErrUnknown
		case a.since != o.life: // reset, or rights taken away, since he proved who he is
			return event{}, ErrTicket
		}
		s.Since = a.since
		return event{Kind: kindSignedIn, Way: &wayEvent{Session: s.Serial, By: by, Network: network}}, nil
	})
	if err != nil {
		return err
	}
	b.mu.RLock()
	s.Seq = b.accounts[o.ID].seq
	b.mu.RUnlock()
	return c.keep(s)
}

// StartGuest signs a station's guest in on this browser. Who let him in has
// checked the station's secret; alert.Invalid says what is wrong with his name.
func (b *Book) StartGuest(_ http.ResponseWriter, r *http.Request, g Guest) error {
	c, ok := r.Context().Value(carrierKey{}).(*carrier)
	if !ok {
		return ErrNoSession
	}
	var v alert.Invalid
	checkLine(&v, "name", g.Name, "Give your name, at most 80 characters: the officer reads it.")
	if err := v.Err(); err != nil {
		return err
	}
	if err := c.keep(session{Station: g.Station, Name: g.Name, Proof: g.Seal, Serial: rand.Text(), Began: time.Now()}); err != nil {
		return err
	}
	b.note(r.Context(), audit.GuestIn, "", g.Station, "")
	return nil
}

// EndSession signs out: the cookie is dropped, and a copy of it is good for nothing.
func (b *Book) EndSession(_ http.ResponseWriter, r *http.Request) error {
	c, ok := r.Context().Value(carrierKey{}).(*carrier)
	if !ok {
		return ErrNoSession
	}
	c.drop()
	s := c.session
	switch {
	case s.Station != "":
		b.guests.end(s)
	case s.Officer != "":
		err := b.act(r.Context(), s.Officer, func(a account) (event, error) {
			if err := a.holds(s); err != nil {
				return event{}, err
			}
			return event{Kind: kindSignedOut, Way: &wayEvent{Session: s.Serial}}, nil
		})
		if !gone(err) { // what had ended already is signed out of
			return err
		}
	}
	return nil
}
