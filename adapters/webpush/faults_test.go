package webpush

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/peers/pushservice"
)

// TestFaultsOfAPushService has one of twenty recipients meet each fault of a real
// server, by either wire: he gets the class that is due to it, the others get
// their push, and the service is as good as new for the next alert.
func TestFaultsOfAPushService(t *testing.T) {
	retry := func(after string) http.Header { return http.Header{"Retry-After": {after}} }
	for _, c := range []struct {
		name  string
		fault pushservice.Fault
		want  adapter.Class
		code  string
	}{
		{"404", pushservice.Fault{Status: 404}, adapter.Gone, "404"},
		{"410", pushservice.Fault{Status: 410}, adapter.Gone, "410"},
		{"413", pushservice.Fault{Status: 413}, adapter.Rejected, "413"},
		{"429", pushservice.Fault{Status: 429}, adapter.Throttled, "429"},
		{"429 with a time", pushservice.Fault{Status: 429, Header: retry("1")}, adapter.Throttled, "429"},
		{"406", pushservice.Fault{Status: 406}, adapter.Throttled, "406"},
		{"500", pushservice.Fault{Status: 500}, adapter.Temporary, "500"},
		{"503", pushservice.Fault{Status: 503}, adapter.Temporary, "503"},
		{"503 with a time", pushservice.Fault{Status: 503, Header: retry("1")}, adapter.Throttled, "503"},
		{"401", pushservice.Fault{Status: 401}, adapter.Misconfigured, "401"},
		{"a redirect", pushservice.Fault{Status: 307, Header: http.Header{"Location": {"https://127.0.0.1:1/"}}}, adapter.Temporary, "307"},
		{"a long answer", pushservice.Fault{Status: 500, Body: make([]byte, 1<<20)}, adapter.Temporary, "500"},
		{"a stall", pushservice.Fault{Stall: 50 * time.Millisecond}, accepted, ""},
		{"a reset", pushservice.Fault{Reset: true}, adapter.Temporary, "network"},
		{"a reset after it", pushservice.Fault{Reset: true, After: true}, adapter.Temporary, "network"},
		{"a cut", pushservice.Fault{Cut: true}, accepted, ""}, // sent once more, over another connection
		{"a cut after it", pushservice.Fault{Cut: true, After: true}, accepted, ""},
		{"a GOAWAY", pushservice.Fault{Status: 201, Header: http.Header{"Connection": {"close"}}}, accepted, ""},
		{"a GOAWAY with 503", pushservice.Fault{Status: 503, Header: http.Header{"Connection": {"close"}}}, adapter.Temporary, "503"},
	} {
		for _, wire := range []string{wireRaw, wireStd} {
			t.Run(c.name+" by "+wire, func(t *testing.T) {
				s := service(t, pushservice.Options{TLS: true})
				a := drill(t, s, func(set *Settings) { set.Wire, set.Connections = wire, 2 })
				users, batch := subscribers(t, s, a, 20)
				c.fault.N, c.fault.Subscriber = 1, users[7].ID
				s.Fail(c.fault)
				receipts := a.mustSend(t, batch)
				wantAll(t, receipts[7:8], c.want, c.code)
				wantAll(t, append(receipts[:7:7], receipts[8:]...), accepted, "")
				if c.fault.Header.Get("Retry-After") != "" {
					time.Sleep(time.Second)
				}
				wantAll(t, a.mustSend(t, batch), accepted, "")
				for i, u := range users {
					if n := len(u.Messages()); n < 1 || n > 3 {
						t.Errorf("subscriber %d got %d messages of two alerts", i, n)
					}
				}
			})
		}
	}
}

// TestWrongCertificate wants nothing to be sent to a server that cannot prove who
// it is, and nobody to be lost by it.
func TestWrongCertificate(t *testing.T) {
	for _, wire := range []string{wireRaw, wireStd} {
		s, other := service(t, pushservice.Options{TLS: true}), service(t, pushservice.Options{TLS: true})
		for name, change := range map[string]func(*Settings){
			"an unknown root": func(set *Settings) { set.RootCAs = "" },
			"another's root": func(set *Settings) {
				set.RootCAs = filepath.Join(t.TempDir(), "other.pem")
				if err := os.WriteFile(set.RootCAs, other.Certificate(), 0o600); err != nil {
					t.Fatal(err)
				}
			},
		} {
			a := drill(t, s, func(set *Settings) { set.Wire = wire }, change)
			_, batch := subscribers(t, s, a, 3)
			wantAll(t, a.mustSend(t, batch), adapter.Temporary, "certificate")
			if n := s.Stats().Accepted; n != 0 {
				t.Errorf("%s by %s: %d arrived", name, wire, n)
			}
		}
	}
}

// An old service is spoken to in HTTP/1.1, by either wire and without TLS too.
func TestOldService(t *testing.T) {
	s := service(t, pushservice.Options{})
	a := drill(t, s)
	users, batch := subscribers(t, s, a, 40)
	wantAll(t, a.mustSend(t, batch), accepted, "")
	if n := len(users[39].Messages()); n != 1 || s.Stats().Connections > defaultConnections {
		t.Errorf("%d messages over %d connections", n, s.Stats().Connections)
	}
}

// A service that hangs holds neither a Send beyond its context nor the next one.
func TestStalledService(t *testing.T) {
	for _, wire := range []string{wireRaw, wireStd} {
		s := service(t, pushservice.Options{TLS: true})
		a := drill(t, s, func(set *Settings) { set.Wire, set.Connections = wire, 1 })
		_, batch := subscribers(t, s, a, 150)
		s.Fail(pushservice.Fault{Stall: time.Hour})
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		receipts, err := a.Send(ctx, delivery(t, a, message(alert.TypeAlert, 1)), batch)
		if err != nil {
			t.Fatal(err)
		}
		wantAll(t, receipts, adapter.Temporary, "time-out")
		s.Mend()
		wantAll(t, a.mustSend(t, batch), accepted, "")
		if n := s.Stats().Connections; n != 1 {
			t.Errorf("%s: %d connections: those that were given up should have been kept", wire, n)
		}
	}
}
