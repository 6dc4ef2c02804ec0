package webpush

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/peers/pushservice"
)

// h2Server is a server with HTTP/2 and a client that trusts it.
func h2Server(t *testing.T, h http.HandlerFunc) (*httptest.Server, *client) {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.EnableHTTP2 = true
	srv.StartTLS()
	t.Cleanup(srv.Close)
	c, err := newClient(Settings{}, mustGuard(t, nil, true))
	if err != nil {
		t.Fatal(err)
	}
	c.transport.TLSClientConfig.RootCAs = srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	t.Cleanup(c.CloseIdleConnections)
	return srv, c
}

func post(ctx context.Context, c *client, url string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader("hello"))
	if err != nil {
		return "", err
	}
	answer, err := c.Do(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	return answer.Proto + " " + string(said), err
}

func echo(w http.ResponseWriter, r *http.Request) {
	io.Copy(w, r.Body) //nolint:errcheck // the test sees what came back
}

func TestClientSurvivesAClosedConnection(t *testing.T) {
	srv, c := h2Server(t, echo)
	for range 6 { // more than there may be connections: the dead ones make room
		if got, err := post(t.Context(), c, srv.URL+"/x"); err != nil || got != "HTTP/2.0 hello" {
			t.Fatalf("%q, %v", got, err)
		}
		srv.CloseClientConnections()
	}
}

func TestClientRests(t *testing.T) {
	srv, c := h2Server(t, echo)
	for range 2 {
		if _, err := post(t.Context(), c, srv.URL+"/x"); err != nil {
			t.Fatal(err)
		}
		c.CloseIdleConnections()
		for _, p := range c.origins {
			p.mu.Lock()
			if n := len(p.conns); n != 0 {
				t.Errorf("%d connections kept at rest", n)
			}
			p.mu.Unlock()
		}
	}
}

// A request that gives up in line, or holds a place, must not cost the others theirs.
func TestLineMovesOnWhenSomeLeave(t *testing.T) {
	release := make(chan struct{})
	srv, c := h2Server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}
	})
	c.max = 1
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 400 { // more than the 250 places of Go's server
		wg.Go(func() { post(ctx, c, srv.URL+"/slow") }) //nolint:errcheck // cancelled
	}
	time.Sleep(50 * time.Millisecond)
	cancel()
	wg.Wait()
	for range 300 {
		wg.Go(func() {
			if _, err := post(t.Context(), c, srv.URL+"/quick"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	close(release)
	for _, p := range c.origins {
		p.line.Lock()
		if n := len(p.waiting); n != 0 {
			t.Errorf("%d left in line", n)
		}
		p.line.Unlock()
	}
}

func TestWholeBatchUnreachable(t *testing.T) {
	s := service(t, pushservice.Options{TLS: true})
	a := drill(t, s)
	_, batch := subscribers(t, s, a, 200)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	receipts, err := a.Send(t.Context(), delivery(t, a, message(alert.TypeAlert, 1)), batch)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range receipts {
		if r.Failure == nil || r.Failure.Code != "network" {
			t.Fatalf("receipt %d: %+v", i, r)
		}
	}
}

// A service that takes the connection and never shakes hands must not hold its
// requests beyond their context.
func TestDialEndsWithTheContext(t *testing.T) {
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mute.Close() })
	c, err := newClient(Settings{}, mustGuard(t, nil, true))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := post(ctx, c, "https://"+mute.Addr().String()+"/x"); err == nil {
				t.Error("answered")
			}
		})
	}
	wg.Wait()
}

func TestOriginsAreBounded(t *testing.T) {
	c, err := newClient(Settings{}, mustGuard(t, nil, true))
	if err != nil {
		t.Fatal(err)
	}
	for i := range maxOrigins + 10 {
		r := httptest.NewRequest(http.MethodPost, "https://h"+strings.Repeat("x", i)+".push.apple.com/x", nil)
		c.pool(r)
	}
	if n := len(c.origins); n > maxOrigins {
		t.Errorf("%d origins held", n)
	}
}
