package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/totp"
)

func TestThrottlePerName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newThrottle()
		var waits []int
		for range 10 {
			wait := 0
			if e, ok := errors.AsType[*ThrottledError](th.try("anna", "")); ok {
				if wait = e.Seconds(); !strings.Contains(e.Error(), fmt.Sprintf("in %d s", wait)) {
					t.Errorf("%v, want the wait of %d s", e, wait)
				}
				time.Sleep(e.After)
				if err := th.try("anna", ""); err != nil {
					t.Fatal(err)
				}
			}
			waits = append(waits, wait)
		}
		if got := fmt.Sprint(waits); got != "[0 0 0 1 2 4 8 16 30 30]" {
			t.Errorf("waits %s", got)
		}
		if err := th.try("erik", ""); err != nil {
			t.Errorf("one officer's failures throttle another: %v", err)
		}
		time.Sleep(longestWait)
		th.done("anna", "")
		for range freeTries {
			if err := th.try("anna", ""); err != nil {
				t.Errorf("after signing in: %v", err)
			}
		}
	})
}

func TestThrottleForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newThrottle()
		for range freeTries {
			if err := th.try("anna", ""); err != nil {
				t.Fatal(err)
			}
		}
		if th.try("anna", "") == nil {
			t.Fatal("a fourth try at once")
		}
		time.Sleep(forgetAfter + time.Second)
		for range freeTries {
			if err := th.try("anna", ""); err != nil {
				t.Error(err)
			}
		}
	})
}

// Names by the thousand do not make the failures of codes forgotten.
func TestThrottleKeepsCodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newThrottle()
		codes := codesOf(t.Context(), "anna")
		for th.tryCode(codes) == nil {
		}
		wait := th.names[codes].n
		for i := range maxNames {
			th.names[fmt.Sprint("full", i)] = failures{keep: time.Now().Add(forgetAfter)}
		}
		time.Sleep(forgetAfter + time.Second)
		if err := th.try("new", ""); err != nil || len(th.names) != 2 {
			t.Errorf("%d names are kept, want the new one and the codes: %v", len(th.names), err)
		}
		if err := th.tryCode(codes); err != nil || th.names[codes].n != wait+1 {
			t.Errorf("the failures of codes count from anew: %+v, %v", th.names[codes], err)
		}
	})
}

func TestThrottleOverall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newThrottle()
		taken := 0
		for i := range 500 {
			if th.try(fmt.Sprint("name", i), "") == nil {
				taken++
			}
		}
		if taken != tryBurst {
			t.Errorf("%d tries at once, want %d", taken, tryBurst)
		}
		// An hour of guessing at random names takes bounded memory.
		for i := range 10_000 {
			_ = th.try(fmt.Sprint("guess", i), "")
			time.Sleep(time.Second / triesPerSecond)
		}
		for i := range maxNames {
			th.names[fmt.Sprint("full", i)] = failures{keep: time.Now().Add(forgetAfter)}
		}
		if th.try("new", "") == nil {
			t.Error("a name beyond the bound")
		}
		time.Sleep(forgetAfter + time.Second)
		if err := th.try("new", ""); err != nil || len(th.names) > 1 {
			t.Errorf("after a while: %v, %d names", err, len(th.names))
		}
	})
}

// Guessing at codes slows down further than at passwords, and the right password frees no guess.
func TestThrottleOfCodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := withAnna(t)
		secret, _ := withApp(t, b)
		time.Sleep(time.Minute)
		begin, guesses := time.Now(), 0
		for time.Since(begin) < 24*time.Hour {
			_, err := b.CheckCode(t.Context(), anna(), "000000")
			if e, ok := errors.AsType[*ThrottledError](err); ok {
				b.throttle.done("anna.smith", "") // as the right password does
				time.Sleep(e.After)
				continue
			}
			wantErr(t, err, ErrCode)
			guesses++
		}
		if guesses > 160 {
			t.Errorf("%d guesses in a day, want at most 160", guesses)
		}
		time.Sleep(longestCodeWait)
		if _, err := b.CheckCode(t.Context(), anna(), codeNow(t, secret, 0)); err != nil {
			t.Errorf("the right code afterwards: %v", err)
		}
		time.Sleep(totp.Period)
		if _, err := b.CheckCode(t.Context(), anna(), codeNow(t, secret, 0)); err != nil {
			t.Errorf("the failures still count: %v", err)
		}
	})
}

// Who knows an officer's password alone holds up no release of his: guesses at
// the second step do not count in his own session, nor the other way round.
func TestGuessesHoldUpNoRelease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := withAnna(t)
		secret, _ := withApp(t, b)
		time.Sleep(time.Minute)
		his := context.WithValue(t.Context(), officerKey{}, anna())
		others := context.WithValue(t.Context(), officerKey{}, ada)
		for _, tt := range []struct{ guesses, his context.Context }{{t.Context(), his}, {others, his}, {his, t.Context()}} {
			for range freeTries {
				_, err := b.CheckCode(tt.guesses, anna(), "000000")
				wantErr(t, err, ErrCode)
			}
			if _, throttled := errors.AsType[*ThrottledError](second(b.CheckCode(tt.guesses, anna(), "000000"))); !throttled {
				t.Error("guessing is not slowed down")
			}
			wantErr(t, second(b.CheckCode(tt.his, anna(), codeNow(t, secret, 0))), nil)
			time.Sleep(forgetCodesAfter + time.Second)
		}
	})
}

func second[T any](_ T, err error) error { return err }

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
