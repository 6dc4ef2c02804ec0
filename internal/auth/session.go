package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"tocsin/internal/alert"
	"tocsin/internal/audit"
)

// How long a session lives: a shift, and a coffee break without a click.
const (
	sessionLife = 12 * time.Hour
	sessionIdle = 30 * time.Minute
)

// What a session holds: who, which life of his account, and which of his sessions; or, of a guest, the
// station, the name he gave and what he proved it with.
const (
	keyOfficer = "officer"
	keySince   = "since"
	keySerial  = "serial"
	keyStation = "station"
	keyName    = "name"
	keySeal    = "seal"
)

// ErrNoSession: StartSession or EndSession was called for a request that did not
// come through Middleware, or that carries a bearer token.
var ErrNoSession = errors.New("the request has no session")

// ErrRevoked is the cause of a request's context when its officer is revoked under way.
var ErrRevoked = errors.New("the officer's account was revoked")

// ErrElsewhere is the cause of a request's context when its officer signs in on
// another machine or browser under way.
var ErrElsewhere = errors.New("the officer signed in elsewhere")

// sessions are two managers over one store: the cookie of an encrypted connection
// is never sent over a plain one, and its name keeps other hosts from setting it.
type sessions struct{ plain, secure *scs.SessionManager }

func newSessions() sessions {
	kept := &store{items: map[string]stored{}}
	manager := func(name string, secure bool) *scs.SessionManager {
		// Not scs.New: it starts a store of its own whose goroutine nobody can stop.
		return &scs.SessionManager{
			Store: kept, Codec: scs.GobCodec{}, Lifetime: sessionLife, IdleTimeout: sessionIdle, HashTokenInStore: true,
			Cookie: scs.SessionCookie{
				Name: name, Path: "/", Secure: secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
				Persist: false, // a shared machine forgets with its browser
			},
			ErrorFunc: func(w http.ResponseWriter, _ *http.Request, _ error) {
				http.Error(w, "The session could not be read; try again.", http.StatusInternalServerError)
			},
		}
	}
	return sessions{plain: manager("tocsin", false), secure: manager("__Host-tocsin", true)}
}

// of chooses by how the officer's browser reached us. A proxy's header can only
// make the cookie stricter, so anybody may send it.
func (s sessions) of(r *http.Request) *scs.SessionManager {
	if r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
		return s.secure
	}
	return s.plain
}

type (
	officerKey struct{}
	guestKey   struct{}
	managerKey struct{}
	endedKey   struct{}
	networkKey struct{}
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
// The context ends, with ErrRevoked, when the officer is revoked under way.
func (b *Book) Middleware(next http.Handler) http.Handler {
	handler := func(m *scs.SessionManager) http.Handler {
		return m.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx := context.WithValue(r.Context(), managerKey{}, m)
			if station := m.GetString(ctx, keyStation); station != "" {
				ctx = context.WithValue(ctx, guestKey{}, Guest{station, m.GetString(ctx, keyName), m.GetString(ctx, keySeal)})
			}
			b.serve(next, w, r.WithContext(ctx), m.GetString(ctx, keyOfficer), m.GetInt64(ctx, keySince), m.GetString(ctx, keySerial))
		}))
	}
	plain, secure := handler(b.sessions.plain), handler(b.sessions.secure)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(context.WithValue(r.Context(), networkKey{}, networkOf(r)))
		if token, ok := bearer(r); ok {
			b.serveBearer(next, w, r, token)
		} else if b.sessions.of(r) == b.sessions.secure {
			secure.ServeHTTP(w, r)
		} else {
			plain.ServeHTTP(w, r)
		}
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
	b.serve(next, w, r, o.ID, int64(since), "")
}

// serve passes the request on with its officer, if that life of his account goes
// on, and so does this session of his; a token's request has none.
func (b *Book) serve(next http.Handler, w http.ResponseWriter, r *http.Request, id string, since int64, serial string) {
	if id == "" {
		next.ServeHTTP(w, r)
		return
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	o, leave, err := b.enter(id, uint64(since), serial, cancel)
	if err != nil {
		if errors.Is(err, ErrElsewhere) {
			ctx = context.WithValue(ctx, endedKey{}, true)
		}
		if m, ok := ctx.Value(managerKey{}).(*scs.SessionManager); ok {
			b.note(ctx, audit.SessionEnded, id, "", err.Error())
			_ = m.Destroy(ctx) // in memory: cannot fail, and is refused again at the next request if it did
		}
		next.ServeHTTP(w, r.WithContext(ctx))
		return
	}
	defer leave()
	next.ServeHTTP(w, r.WithContext(context.WithValue(ctx, officerKey{}, o)))
}

// enter notes a request of an officer, so that a revocation or a newer session
// cuts it. ErrRevoked or ErrElsewhere when that was before.
func (b *Book) enter(id string, since uint64, serial string, cancel func(error)) (o Officer, leave func(), err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.accounts[id]
	switch {
	case !a.active || a.since != since:
		return Officer{}, nil, ErrRevoked
	case serial != "" && !a.officer.editor() && b.current[id] != serial:
		return Officer{}, nil, ErrElsewhere
	}
	if b.open[id] == nil {
		b.open[id] = map[*func(error)]string{}
	}
	b.open[id][&cancel] = serial
	return a.officer.clone(), func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.open[id], &cancel)
		if len(b.open[id]) == 0 {
			delete(b.open, id)
		}
	}, nil
}

// begin makes serial the officer's one session: what an older one has under way
// ends, so that a board left open elsewhere shows nothing more. Tokens have no
// session, and a station's editors, who may share a desk, as many as they like.
func (b *Book) begin(id, serial string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.accounts[id].officer.editor() {
		return
	}
	old := b.current[id]
	b.current[id] = serial
	for cancel, of := range b.open[id] {
		if of != "" && of == old {
			(*cancel)(ErrElsewhere)
		}
	}
}

// cut ends the officer's requests under way; the caller holds the lock.
func (b *Book) cut(id string) {
	for cancel := range b.open[id] {
		(*cancel)(ErrRevoked)
	}
}

// StartSession signs the officer in on this browser, under a new session id. It
// ends his session anywhere else, which learns why from EndedElsewhere.
func (b *Book) StartSession(_ http.ResponseWriter, r *http.Request, o Officer) error {
	m, ok := r.Context().Value(managerKey{}).(*scs.SessionManager)
	if !ok {
		return ErrNoSession
	}
	_, since, active := b.active(o.ID)
	if !active {
		return ErrUnknown
	}
	if err := renew(r, m); err != nil {
		return err
	}
	m.Put(r.Context(), keyOfficer, o.ID)
	m.Put(r.Context(), keySince, int64(since))
	serial := rand.Text()
	m.Put(r.Context(), keySerial, serial)
	b.begin(o.ID, serial)
	b.note(r.Context(), audit.SignedIn, o.ID, o.Station, wayOf(r.Context()))
	return nil
}

// StartGuest signs a station's guest in on this browser. Who let him in has
// checked the station's secret; alert.Invalid says what is wrong with his name.
func (b *Book) StartGuest(_ http.ResponseWriter, r *http.Request, g Guest) error {
	m, ok := r.Context().Value(managerKey{}).(*scs.SessionManager)
	if !ok {
		return ErrNoSession
	}
	var v alert.Invalid
	checkLine(&v, "name", g.Name, "Give your name, at most 80 characters: the officer reads it.")
	if err := v.Err(); err != nil {
		return err
	}
	if err := renew(r, m); err != nil {
		return err
	}
	m.Put(r.Context(), keyStation, g.Station)
	m.Put(r.Context(), keyName, g.Name)
	m.Put(r.Context(), keySeal, g.Seal)
	b.note(r.Context(), audit.GuestIn, "", g.Station, "")
	return nil
}

// renew begins a session anew: an id from before the sign-in could be known to
// somebody else, and whoever was signed in here before is no more.
func renew(r *http.Request, m *scs.SessionManager) error {
	if err := m.Clear(r.Context()); err != nil {
		return err
	}
	return m.RenewToken(r.Context())
}

// EndSession signs out.
func (b *Book) EndSession(_ http.ResponseWriter, r *http.Request) error {
	m, ok := r.Context().Value(managerKey{}).(*scs.SessionManager)
	if !ok {
		return ErrNoSession
	}
	if o, ok := r.Context().Value(officerKey{}).(Officer); ok {
		b.note(r.Context(), audit.SignedOut, o.ID, o.Station, "")
	}
	return m.Destroy(r.Context())
}
