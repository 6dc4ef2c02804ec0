package website

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/peers/partner"
)

func TestStatuses(t *testing.T) {
	for _, c := range []struct {
		status  int
		header  string // Retry-After
		body    string
		kind    alert.MsgType
		state   adapter.State // "" = a failure of class
		class   adapter.Class
		atLeast time.Duration
		atMost  time.Duration
	}{
		{status: 200, kind: alert.TypeAlert, state: adapter.Accepted},
		{status: 204, kind: alert.TypeUpdate, state: adapter.Accepted},
		{status: 202, kind: alert.TypeCancel, state: adapter.Accepted},
		{status: 200, body: `{"removed": true}`, kind: alert.TypeCancel, state: adapter.Removed},
		{status: 200, body: `{"removed": false}`, kind: alert.TypeCancel, state: adapter.Accepted},
		{status: 200, body: `{"removed": "yes"}`, kind: alert.TypeCancel, state: adapter.Accepted},
		{status: 200, body: `<html>removed</html>`, kind: alert.TypeCancel, state: adapter.Accepted},
		{status: 200, body: `{"removed": true}`, kind: alert.TypeAlert, state: adapter.Accepted}, // of what?
		{status: 500, body: `{"removed": true}`, kind: alert.TypeCancel, class: adapter.Temporary},
		{status: 304, kind: alert.TypeAlert, class: adapter.Temporary},
		{status: 400, kind: alert.TypeAlert, class: adapter.Temporary},
		{status: 401, kind: alert.TypeAlert, class: adapter.Misconfigured},
		{status: 403, kind: alert.TypeAlert, class: adapter.Misconfigured},
		{status: 404, kind: alert.TypeAlert, class: adapter.Temporary}, // a fault of his, never a farewell
		{status: 410, kind: alert.TypeCancel, class: adapter.Temporary},
		{status: 413, kind: alert.TypeAlert, class: adapter.Temporary},
		{status: 429, header: "7", kind: alert.TypeAlert, class: adapter.Throttled, atLeast: 7 * time.Second, atMost: 7 * time.Second},
		{status: 503, header: "DATE", kind: alert.TypeAlert, class: adapter.Throttled, atLeast: 80 * time.Second, atMost: 90 * time.Second},
		{status: 503, header: "86400", kind: alert.TypeAlert, class: adapter.Throttled, atLeast: maxAfter, atMost: maxAfter},
		{status: 429, header: "9223372036854775807", kind: alert.TypeAlert, class: adapter.Throttled, atLeast: maxAfter, atMost: maxAfter},
		{status: 429, header: "-5", kind: alert.TypeAlert, class: adapter.Throttled},
		{status: 429, header: "Wed, 21 Oct 2015 07:28:00 GMT", kind: alert.TypeAlert, class: adapter.Throttled},
		{status: 503, header: "soon", kind: alert.TypeAlert, class: adapter.Throttled},
		{status: 429, kind: alert.TypeAlert, class: adapter.Throttled},
		{status: 500, kind: alert.TypeAlert, class: adapter.Temporary},
		{status: 502, kind: alert.TypeAlert, class: adapter.Temporary},
		{status: 599, kind: alert.TypeAlert, class: adapter.Temporary},
	} {
		t.Run(fmt.Sprintf("%d %s%s", c.status, c.header, c.body), func(t *testing.T) {
			w, _ := channel(t, true)
			s := serve(t, func(rw http.ResponseWriter, _ *http.Request) {
				switch c.header {
				case "":
				case "DATE":
					rw.Header().Set("Retry-After", time.Now().Add(90*time.Second).UTC().Format(http.TimeFormat))
				default:
					rw.Header().Set("Retry-After", c.header)
				}
				rw.WriteHeader(c.status)
				_, _ = rw.Write([]byte(c.body))
			})
			r, _ := recipient(t, w, s.URL)
			got := one(t, w, message(t, c.kind, 1, "Anna"), r)
			if c.state != "" {
				if got.Failure != nil || got.State != c.state {
					t.Fatalf("%+v %v, want %s", got, got.Failure, c.state)
				}
				return
			}
			f := got.Failure
			if f == nil || f.Class != c.class || f.Code != fmt.Sprint(c.status) || f.After < c.atLeast || f.After > c.atMost {
				t.Fatalf("%+v, want %s after %s to %s", f, c.class, c.atLeast, c.atMost)
			}
			if strings.Contains(f.Error(), "127.0.0.1") {
				t.Errorf("the reason holds the address: %q", f.Error())
			}
		})
	}
}

func TestRedirectsAreNeverFollowed(t *testing.T) {
	w, _ := channel(t, true)
	inner := serve(t, nil)
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, to := range []string{inner.URL, "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "//[::1]/", "/elsewhere"} {
			s := serve(t, func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, to, status) })
			r, _ := recipient(t, w, s.URL)
			got := one(t, w, message(t, alert.TypeAlert, 1, "Anna"), r)
			if got.Failure == nil || got.Failure.Class != adapter.Temporary || got.Failure.Code != fmt.Sprint(status) {
				t.Errorf("%d to %s: %+v, want Temporary", status, to, got)
			}
			if n := len(s.heard()); n != 1 {
				t.Errorf("%d to %s: %d requests, want 1", status, to, n)
			}
		}
	}
	if n := len(inner.heard()); n != 0 {
		t.Errorf("the redirect's target was asked %d times", n)
	}
}

func TestFaults(t *testing.T) {
	poured := 0
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		code   string // "" = Accepted
	}{
		{"hangs", hang, "timeout"},
		{"closes the connection", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "network"},
		{"huge header", func(rw http.ResponseWriter, _ *http.Request) { rw.Header().Set("X-Fill", strings.Repeat("x", 1<<20)) }, "network"},
		{"huge body", func(rw http.ResponseWriter, r *http.Request) {
			for block := bytes.Repeat([]byte("x"), 64<<10); poured < 1<<30; poured += len(block) {
				if _, err := rw.Write(block); err != nil {
					return
				}
			}
		}, ""},
		{"slow body", func(rw http.ResponseWriter, r *http.Request) {
			rw.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(rw).Flush()
			<-r.Context().Done()
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, _ := channel(t, true)
			w.client.Timeout = 300 * time.Millisecond
			s := serve(t, c.answer)
			r, _ := recipient(t, w, s.URL)
			got := one(t, w, message(t, alert.TypeCancel, 2, ""), r)
			if c.code == "" {
				if got.Failure != nil || got.State != adapter.Accepted {
					t.Errorf("%+v %v, want Accepted", got, got.Failure)
				}
			} else if got.Failure == nil || got.Failure.Code != c.code || got.Failure.Class != adapter.Temporary {
				t.Errorf("%+v %v, want %s", got, got.Failure, c.code)
			}
			s.Close() // waits for the answer's end
		})
	}
	if poured > 16<<20 {
		t.Errorf("%d bytes of a huge answer were taken", poured)
	}
}

func TestWrongCertificate(t *testing.T) {
	w, _ := channel(t, true)
	reached := false
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of the refused handshake
	s.StartTLS()
	defer s.Close()
	r, _ := recipient(t, w, s.URL)
	got := one(t, w, message(t, alert.TypeAlert, 1, "Anna"), r)
	if reached || got.Failure == nil || got.Failure.Code != "tls" || got.Failure.Class != adapter.Temporary {
		t.Errorf("%+v %v, reached %v; want a tls failure", got, got.Failure, reached)
	}
}

// A partner that hangs delays none of those beside it, and a batch is one round.
func TestOneHangsTheOthersGetIt(t *testing.T) {
	w, _ := channel(t, true)
	w.client.Timeout = 500 * time.Millisecond
	quit := make(chan struct{})
	slow := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-quit:
		case <-r.Context().Done():
		}
	})
	defer close(quit)
	fast := serve(t, nil)
	n := Driver().Limits.Batch
	batch := make([]adapter.Recipient, n)
	for i := range batch {
		batch[i], _ = recipient(t, w, slow.URL+fmt.Sprintf("/%d", i))
	}
	batch[n-1], _ = recipient(t, w, fast.URL)
	got, err := w.Send(t.Context(), rendered(t, w, message(t, alert.TypeAlert, 1, "Anna")), batch)
	if err != nil || len(got) != n {
		t.Fatalf("%d receipts, %v", len(got), err)
	}
	for i, r := range got {
		if i == n-1 && r.State != adapter.Accepted || i < n-1 && (r.Failure == nil || r.Failure.Code != "timeout") {
			t.Errorf("partner %d: %+v %v", i, r, r.Failure)
		}
	}
	if Driver().Limits.Timeout < attemptTime {
		t.Error("the runner cuts a Send before its attempt may end")
	}
}

func TestDamagedRegistration(t *testing.T) {
	w, _ := channel(t, true)
	for _, address := range []string{"", "{", `{}`, `{"endpoint":"http://127.0.0.1/","secret":"x"}`, `{"endpoint":"ftp://127.0.0.1/","secret":"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}`} {
		got := one(t, w, message(t, alert.TypeAlert, 1, "Anna"), adapter.Recipient{ID: "x", Channel: Name, Address: []byte(address)})
		if got.Failure == nil || got.Failure.Class != adapter.Rejected {
			t.Errorf("%q: %+v, want Rejected", address, got)
		}
	}
}

func TestPing(t *testing.T) {
	w, _ := channel(t, true)
	s := serve(t, func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/gone" {
			rw.WriteHeader(http.StatusGone)
		}
	})
	r, _ := recipient(t, w, s.URL)
	if err := w.Ping(t.Context(), r); err != nil || !bytes.Contains(s.heard()[0].body, []byte(`"type":"ping"`)) {
		t.Errorf("%v, %s", err, s.heard()[0].body)
	}
	r, _ = recipient(t, w, s.URL+"/gone")
	if err := w.Ping(t.Context(), r); err == nil {
		t.Error("a ping to nowhere went well")
	}
}

// The demo's partner is what a partner's own server should be like: it shows,
// changes and takes down, and believes nobody else.
func TestPartnerShowsAndTakesDown(t *testing.T) {
	w, _ := channel(t, true)
	p, err := partner.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	r, secret := recipient(t, w, p.URL())
	if got := one(t, w, message(t, alert.TypeAlert, 1, "Anna"), r); got.Failure == nil || got.Failure.Class != adapter.Misconfigured {
		t.Errorf("before he knows the secret: %+v, want Misconfigured", got)
	}
	key, err := PublicKey(w.env.KeyDir)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Trust(secret, key); err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct {
		kind  alert.MsgType
		rev   int
		want  adapter.State
		shown int
	}{
		{alert.TypeAlert, 1, adapter.Accepted, 1},
		{alert.TypeUpdate, 2, adapter.Accepted, 1},
		{alert.TypeAlert, 1, adapter.Accepted, 1}, // a late retry
		{alert.TypeCancel, 3, adapter.Removed, 0},
		{alert.TypeUpdate, 2, adapter.Accepted, 0}, // must not bring her back
		{alert.TypeCancel, 3, adapter.Removed, 0},
	} {
		got := one(t, w, message(t, step.kind, step.rev, "Anna"), r)
		if got.Failure != nil || got.State != step.want || p.Shown() != step.shown {
			t.Errorf("step %d: %+v, %d shown; want %s, %d", i, got, p.Shown(), step.want, step.shown)
		}
	}
}
