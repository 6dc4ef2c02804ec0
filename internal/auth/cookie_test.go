package auth

import (
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/seal"
	"tocsin/internal/stream/streamtest"
)

// A restart, and another server beside, go on with the session; what ends it at
// one ends it at all.
func TestSessionAtEveryServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, key := new(streamtest.Memory), WithKey(seal.NewKey())
		one, two := openWith(t, l, key), openWith(t, l, key)
		if err := one.Add(t.Context(), anna(), password); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		c := newBrowser(t, site(t, one))
		c.signIn()
		at := func(b *Book) { c.site = site(t, b) }
		at(two)
		c.wantWho("anna.smith")
		at(openWith(t, l, key)) // a restart
		c.wantWho("anna.smith")
		at(openWith(t, l, WithKey(seal.NewKey())))
		keep := c.cookies["tocsin"]
		c.wantWho("") // a server without the key
		c.cookies["tocsin"] = keep

		// She signs in at the other server: the first one cuts what is open.
		phone := newBrowser(t, site(t, two))
		cause := make(chan error, 1)
		s := session{Officer: "anna.smith", Since: one.accounts["anna.smith"].since, Serial: one.accounts["anna.smith"].ways.session}
		_, leave, err := one.enter(t.Context(), s, func(err error) { cause <- err })
		if err != nil {
			t.Fatal(err)
		}
		defer leave()
		phone.signIn()
		synctest.Wait()
		wantErr(t, <-cause, ErrElsewhere)
		at(one)
		c.wantWho("")
		// She signs out at the first: her cookie is good for nothing at the second.
		stolen := phone.cookies["tocsin"]
		phone.site = site(t, one)
		phone.get("/out")
		synctest.Wait()
		phone.site, phone.cookies["tocsin"] = site(t, two), stolen
		phone.wantWho("")
		if err := two.Revoke(t.Context(), "anna.smith"); err != nil {
			t.Fatal(err)
		}
	})
}

// A server that has not heard of the sign-in yet looks, and does not end the session.
func TestSessionThatIsNew(t *testing.T) {
	l, key := new(streamtest.Memory), WithKey(seal.NewKey())
	one := openWith(t, l, key)
	if err := one.Add(t.Context(), anna(), password); err != nil {
		t.Fatal(err)
	}
	two := openWith(t, l, key)
	c := newBrowser(t, site(t, one))
	two.mu.Lock() // the follower waits
	c.signIn()
	c.site = site(t, two)
	two.mu.Unlock()
	c.wantWho("anna.smith")
}

// What is open when the twelve hours end is cut then.
func TestOpenPageEndsWithTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := withAnna(t)
		c := newBrowser(t, site(t, b))
		c.signIn()
		begin := time.Now()
		if _, body := c.get("/wait"); body != "waiting\n"+ErrOver.Error() || time.Since(begin) != sessionLife {
			t.Errorf("after %v: %q", time.Since(begin), body)
		}
	})
}

// The cookie is written once a minute, not with each request.
func TestCookieIsRefreshed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := withAnna(t)
		c := newBrowser(t, site(t, b))
		c.signIn()
		for _, tt := range []struct {
			after time.Duration
			set   int
		}{{time.Second, 0}, {58 * time.Second, 0}, {time.Second, 1}, {time.Second, 0}} {
			time.Sleep(tt.after)
			c.wantWho("anna.smith")
			if n := len(c.last.Cookies()); n != tt.set {
				t.Errorf("after %v: %d cookies written, want %d", tt.after, n, tt.set)
			}
		}
		time.Sleep(2 * time.Minute)
		if c.get("/out"); len(c.last.Cookies()) != 1 || c.last.Cookies()[0].MaxAge >= 0 {
			t.Errorf("signing out wrote %v", c.last.Cookies())
		}
	})
}

// A guest's session holds at every server too, and ends with his sign-out.
func TestGuestSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, new(streamtest.Memory))
		mux := http.NewServeMux()
		mux.HandleFunc("/in", func(w http.ResponseWriter, r *http.Request) {
			if err := b.StartGuest(w, r, Guest{"st-1", "Ivo", "seal"}); err != nil {
				t.Error(err)
			}
		})
		mux.HandleFunc("/out", func(w http.ResponseWriter, r *http.Request) {
			if err := b.EndSession(w, r); err != nil {
				t.Error(err)
			}
		})
		mux.HandleFunc("/who", func(w http.ResponseWriter, r *http.Request) {
			g, _ := GuestFrom(r.Context())
			_, _ = io.WriteString(w, g.Station+g.Name+g.Seal)
		})
		c := newBrowser(t, b.Middleware(mux))
		c.get("/in")
		c.wantWho("st-1Ivoseal")
		stolen := c.cookies["tocsin"]
		c.get("/out")
		c.wantWho("")
		c.cookies["tocsin"] = stolen
		c.wantWho("")
		c.get("/in")
		time.Sleep(sessionIdle)
		c.wantWho("")
		c.get("/in")
		time.Sleep(sessionLife)
		c.get("/in")
		if c.get("/out"); len(b.guests.gone) != 1 {
			t.Errorf("%d sessions that are long over are remembered", len(b.guests.gone)-1)
		}
	})
}

// An editor has several sessions, and ends them one by one.
func TestEditorsSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, key := new(streamtest.Memory), WithKey(seal.NewKey())
		b := openWith(t, l, key)
		ivo := Officer{ID: "ivo", Name: "Ivo", Roles: []Role{Editor}, Station: "st-1"}
		if err := b.Add(t.Context(), ivo, password); err != nil {
			t.Fatal(err)
		}
		newsroom := func(b *Book) http.Handler {
			mux := http.NewServeMux()
			mux.HandleFunc("/in", func(w http.ResponseWriter, r *http.Request) {
				if err := b.StartSession(w, r, proved(t, b, "ivo")); err != nil {
					t.Error(err)
				}
			})
			mux.HandleFunc("/out", func(w http.ResponseWriter, r *http.Request) {
				if err := b.EndSession(w, r); err != nil {
					t.Error(err)
				}
			})
			mux.HandleFunc("/who", func(w http.ResponseWriter, r *http.Request) {
				o, _ := EditorFrom(r.Context())
				_, _ = io.WriteString(w, o.ID)
			})
			return b.Middleware(mux)
		}
		desk, phone := newBrowser(t, newsroom(b)), newBrowser(t, newsroom(b))
		desk.get("/in")
		phone.get("/in")
		desk.wantWho("ivo")
		stolen := desk.cookies["tocsin"]
		desk.get("/out")
		phone.wantWho("ivo")
		desk.cookies["tocsin"] = stolen
		desk.wantWho("")
		desk.site, desk.cookies["tocsin"] = newsroom(openWith(t, l, key)), stolen
		desk.wantWho("")
		time.Sleep(sessionLife)
		phone.get("/in")
		phone.get("/out")
		if n := len(b.accounts["ivo"].ways.ended); n != 1 {
			t.Errorf("%d ended sessions are kept, want the newest alone", n)
		}
	})
}

// The account shows how and from where somebody signed in, newest first.
func TestRecentSignIns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, l := withAnna(t)
		c := newBrowser(t, site(t, b))
		for range maxRecent + 2 {
			c.signIn()
			time.Sleep(time.Minute)
		}
		token, err := b.NewToken(t.Context(), "anna.smith")
		if err != nil {
			t.Fatal(err)
		}
		for _, book := range []*Book{b, openWith(t, l)} {
			a := book.Access("anna.smith")
			if len(a.Recent) != maxRecent || a.Recent[0].By != ByPassword || a.Recent[0].Network != "192.0.2.1/32" || time.Since(a.Recent[0].At) != time.Minute || a.Tokens != 1 {
				t.Errorf("%+v", a)
			}
		}
		cut := make(chan error, 1)
		_, leave, err := b.enter(t.Context(), session{Officer: "anna.smith", Since: b.accounts["anna.smith"].since}, func(err error) { cut <- err })
		if err != nil {
			t.Fatal(err)
		}
		defer leave()
		c.signIn()
		if err := b.EndOthers(t.Context(), anna()); err != nil || !errors.Is(<-cut, ErrRevoked) {
			t.Errorf("ending the others: %v", err)
		}
		if _, ok := b.byToken(token); ok || b.Access("anna.smith").Tokens != 0 {
			t.Error("the token still acts")
		}
		c.wantWho("anna.smith")
	})
}
