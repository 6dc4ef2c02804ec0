package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

// An officer has one session: a newer one ends it, and it is told why, once.
func TestOneSession(t *testing.T) {
	b, _ := withAnna(t)
	mux := http.NewServeMux()
	mux.Handle("/", site(t, b)) // of its own middleware
	mux.Handle("/why", b.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, fmt.Sprint(EndedElsewhere(r.Context())))
	})))
	desk, phone := newBrowser(t, mux), newBrowser(t, mux)
	token, err := b.NewToken(t.Context(), "anna.smith")
	if err != nil {
		t.Fatal(err)
	}
	// A program's call that is under way at the first sign-in of all goes on.
	running := session{Officer: "anna.smith", Since: b.accounts["anna.smith"].since}
	_, end, err := b.enter(t.Context(), running, func(err error) { t.Errorf("the first sign-in cut a token's request: %v", err) })
	if err != nil {
		t.Fatal(err)
	}
	desk.signIn()
	end()
	cause := make(chan error, 2)
	since := b.accounts["anna.smith"].since
	for _, serial := range []string{b.accounts["anna.smith"].ways.session, ""} { // a board at the desk, a program's feed
		s := session{Officer: "anna.smith", Since: since, Serial: serial}
		_, leave, err := b.enter(t.Context(), s, func(err error) { cause <- fmt.Errorf("%q: %w", serial, err) })
		if err != nil {
			t.Fatal(err)
		}
		defer leave()
	}
	old := b.accounts["anna.smith"].ways.session
	phone.signIn()
	if len(cause) != 1 {
		t.Fatalf("%d requests were cut, want the board alone", len(cause))
	}
	if err := <-cause; !errors.Is(err, ErrElsewhere) || err.Error() != fmt.Sprintf("%q: %v", old, ErrElsewhere) {
		t.Errorf("cut: %v", err)
	}
	if _, why := desk.get("/why"); why != "true" {
		t.Error("the older session is not told why it ended")
	}
	if _, why := desk.get("/why"); why != "false" {
		t.Error("it is told for ever")
	}
	desk.wantWho("")
	phone.wantWho("anna.smith")
	bearer := newBrowser(t, mux)
	bearer.header.Set("Authorization", "Bearer "+token)
	bearer.wantWho("anna.smith")
}

// Guessing at many names from one network is slowed down; other networks, and
// who has signed in, are not.
func TestThrottlePerNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newThrottle()
		for i := range freeFromNetwork {
			if err := th.try(fmt.Sprint("name", i), "192.0.2.1/32"); err != nil {
				t.Fatal(err)
			}
		}
		if _, ok := errors.AsType[*ThrottledError](th.try("another", "192.0.2.1/32")); !ok {
			t.Error("guessing goes on from one network")
		}
		for _, network := range []string{"192.0.2.2/32", ""} {
			if err := th.try("another", network); err != nil {
				t.Errorf("from %q: %v", network, err)
			}
		}
		time.Sleep(longestWait)
		// A whole shift signs in from there, each at the first try.
		for i := range 5 * freeFromNetwork {
			name := fmt.Sprint("officer", i)
			if err := th.try(name, "198.51.100.7/32"); err != nil {
				t.Fatal(err)
			}
			th.done(name, "198.51.100.7/32")
			time.Sleep(time.Second)
		}
	})
}

func TestNetworkOf(t *testing.T) {
	for _, tt := range []struct {
		remote    string
		forwarded []string
		want      string
		shared    bool
	}{
		{"192.0.2.1:5000", nil, "192.0.2.1/32", false},
		{"[2001:db8:1:2ff::7]:5000", nil, "2001:db8:1:200::/56", false},
		{"[::ffff:192.0.2.1]:5000", nil, "192.0.2.1/32", false},
		{"192.0.2.1:5000", []string{"203.0.113.9"}, "192.0.2.1/32", false}, // from outside: not believed
		{"127.0.0.1:5000", []string{"203.0.113.9"}, "203.0.113.9/32", false},
		{"10.1.2.3:5000", []string{"198.51.100.1, 203.0.113.9"}, "203.0.113.9/32", false}, // the proxy's own word is the last
		{"10.1.2.3:5000", []string{"198.51.100.1", "203.0.113.9"}, "203.0.113.9/32", false},
		{"10.1.2.3:5000", []string{"10.7.7.7"}, "10.7.7.7/32", false},
		{"127.0.0.1:5000", []string{"nonsense"}, "127.0.0.1/32", true},
		{"127.0.0.1:5000", []string{"203.0.113.9", ""}, "127.0.0.1/32", true},
		{"[::1]:5000", nil, "::/56", true},
		{"10.1.2.3:5000", nil, "10.1.2.3/32", true},
		{"@", nil, "", true},
	} {
		r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.RemoteAddr = tt.remote
		r.Header["X-Forwarded-For"] = tt.forwarded
		if got, shared := networkOf(r); got != tt.want || shared != tt.shared {
			t.Errorf("%q for %q: %q, shared %v; want %q, %v", tt.remote, tt.forwarded, got, shared, tt.want, tt.shared)
		}
	}
}

// Behind a proxy that names nobody, a stranger's guesses keep no officer out.
func TestSharedNetworkIsNoBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := withAnna(t)
		in := func(forwarded, id, password string) (err error) {
			r := httptest.NewRequest(http.MethodPost, "/", nil)
			r.RemoteAddr = "127.0.0.1:5000"
			if forwarded != "" {
				r.Header.Set("X-Forwarded-For", forwarded)
			}
			b.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				_, err = b.SignIn(r.Context(), id, password)
			})).ServeHTTP(httptest.NewRecorder(), r)
			return err
		}
		for _, proxy := range []string{"", "203.0.113.9"} {
			for i := range freeFromNetwork {
				wantErr(t, in(proxy, fmt.Sprint("name", i), "wrong password"), ErrCredentials)
				time.Sleep(time.Second / 2)
			}
			_, throttled := errors.AsType[*ThrottledError](in(proxy, "anna.smith", password))
			if want := proxy != ""; throttled != want {
				t.Errorf("a proxy that names %q as the client: the officer is kept out: %v", proxy, throttled)
			}
		}
	})
}
