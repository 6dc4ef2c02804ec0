package webpush

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/adapter/adaptertest"
	"tocsin/internal/peers/pushservice"
)

func TestConformance(t *testing.T) {
	adaptertest.Run(t, adaptertest.Case{Driver: Driver(), Start: pushes})
}

// pushes is a push service with synthetic subscribers.
func pushes(t testing.TB, _ adapter.Env) adaptertest.Far {
	s := service(t, pushservice.Options{TLS: true})
	roots := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(roots, s.Certificate(), 0o600); err != nil {
		t.Fatal(err)
	}
	settings, err := json.Marshal(Settings{RootCAs: roots})
	if err != nil {
		t.Fatal(err)
	}
	var a *Adapter
	var users []*pushservice.Subscriber
	far := adaptertest.Far{
		Settings: settings,
		Opened:   func(open adapter.Adapter) { a = open.(*Adapter) },
		Recipient: func(int) adapter.Recipient {
			u, err := s.NewSubscriber(a.keys.Public)
			if err != nil {
				t.Fatal(err)
			}
			users = append(users, u)
			return recipientOf(t, a, u.JSON())
		},
		Taken: func(i int) int { return len(users[i].Messages()) },
		Hang:  func() { s.Fail(pushservice.Fault{Stall: time.Hour}) },
		Down:  func() { _ = s.Close() },
	}
	for _, c := range []struct {
		status int
		retry  string
		class  adapter.Class
		after  time.Duration
	}{
		{404, "", adapter.Gone, 0},
		{410, "", adapter.Gone, 0},
		{429, "7", adapter.Throttled, 7 * time.Second},
		{406, "", adapter.Throttled, 0},
		{503, "9", adapter.Throttled, 9 * time.Second},
		{401, "", adapter.Misconfigured, 0},
		{403, "", adapter.Misconfigured, 0},
		{400, "", adapter.Rejected, 0},
		{413, "", adapter.Rejected, 0},
		{408, "", adapter.Temporary, 0},
		{500, "", adapter.Temporary, 0},
		{503, "", adapter.Temporary, 0},
		{302, "", adapter.Temporary, 0},
	} {
		far.Refusals = append(far.Refusals, adaptertest.Refusal{
			Name: fmt.Sprint(c.status, " ", c.retry), Class: c.class, After: c.after,
			Refuse: func(i int) {
				s.Fail(pushservice.Fault{Subscriber: users[i].ID, Status: c.status, Header: http.Header{"Retry-After": {c.retry}}})
			},
		})
	}
	return far
}
