package scenario

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/app"
)

// soak is how much of it.
type soak struct {
	length  time.Duration
	clients int
	alerts  int
	feed    string // settings
}

// size is what TOCSIN_SOAK asks for: a length such as 10m; without it a short form.
func soakSize(t *testing.T) soak {
	t.Helper()
	raw := os.Getenv("TOCSIN_SOAK")
	if raw == "" {
		return soak{8 * time.Second, 40, 8, `{"heartbeat_s": 1}`}
	}
	length, err := time.ParseDuration(raw)
	if err != nil || length < 30*time.Second {
		t.Fatalf("TOCSIN_SOAK=%s: give a length of at least 30s, such as 10m", raw)
	}
	return soak{length, 2000, max(20, int(200*length/(10*time.Minute))), `{}`}
}

// perStation is how many clients share a token; the feed allows four, and one
// that was cut may not have been missed yet.
const perStation = 3

// stations registers so many and gives a token for each client.
func (s *server) stations(clients int) (tokens []string) {
	s.t.Helper()
	for len(tokens) < clients {
		var made []app.Secret
		s.operator("POST", "/recipients/broadcast", app.NewRecipient{
			Name: fmt.Sprintf("Station %d", len(tokens)), Areas: []string{"*"}, Lang: alert.French,
		}, &made)
		for range perStation {
			tokens = append(tokens, made[0].Secret)
		}
	}
	return tokens[:clients]
}

// The feed under everything at once: a crowd of clients and two receivers, the
// server, the receivers and the clients killed at random, officers releasing,
// updating and withdrawing all the while. Nobody misses a revision, nobody gets
// one out of order, nobody is shown what is not signed. `make soak` is the whole.
// Guards invariants 3, 4, 5 and 8.
func TestSoak(t *testing.T) {
	t.Parallel()
	size := soakSize(t)
	s := newServer(t, map[string]json.RawMessage{"broadcast": json.RawMessage(size.feed)})
	s.start()
	st := &storm{t: t, author: s.officer("author", "author"), approver: s.officer("approver", "approver")}
	tokens := s.stations(size.clients)
	newsrooms := []*newsroom{newNewsroom(t, s), newNewsroom(t, s)}
	for _, n := range newsrooms {
		n.start()
	}
	ctx, cancel := context.WithCancel(t.Context())
	crowd := gather(ctx, s.url(""), s.verifier(t), tokens)
	t.Cleanup(func() { cancel(); crowd.running.Wait() })
	eventually(t, 2*time.Minute, "every client connected", func() error {
		if n := crowd.connects.Load(); n < int64(size.clients) {
			return fmt.Errorf("%d of %d", n, size.clients)
		}
		return nil
	})

	began := time.Now()
	var cuts atomic.Int64
	go func() { // the clients' own deaths: each dies every minute or so
		for ctx.Err() == nil && time.Since(began) < size.length {
			time.Sleep(time.Minute / time.Duration(size.clients))
			crowd.cut()
			cuts.Add(1)
		}
	}()
	gap, next := size.length/time.Duration(size.alerts), began
	over, failed := st.start(ctx, size.alerts, func() { next = next.Add(gap); time.Sleep(time.Until(next) - rand.N(gap/2)) })
	kills := killAtRandom(s, newsrooms, st, over, max(4, size.alerts/20))
	if err := failed(); err != nil {
		t.Fatal(err)
	}
	newest, _ := st.truth()
	last := time.Now()
	eventually(t, 3*time.Minute, "every client has everything", func() error {
		if n, example := crowd.missed(newest); n > 0 {
			return fmt.Errorf("%d revisions are missing; %s", n, example)
		}
		return nil
	})
	whole := time.Since(last)
	for _, n := range newsrooms {
		n.settle(st)
		n.examine(st)
	}
	missed, _ := crowd.missed(newest)
	t.Logf("soak: %s, %d clients, 2 receivers, %d alerts, %d revisions; killed: %v, %d clients cut, %d connections made",
		time.Since(began).Round(time.Second), size.clients, size.alerts, len(st.public), kills, cuts.Load(), crowd.connects.Load())
	t.Logf("soak: %d frames taken, %d repeated and dropped; all complete %s after the last act", crowd.frames.Load(), crowd.repeats.Load(), whole.Round(time.Millisecond))
	t.Logf("soak: missed %d, out of order %d, chain broken %d, unsigned shown %d",
		missed, crowd.disorder.Load(), crowd.unchained.Load(), crowd.unsigned.Load())
	if why := crowd.first.Load(); why != nil {
		t.Errorf("the first fault: %s", *why)
	}
}

// killAtRandom kills the server or a receiver after so many acts, until the officers have ended.
func killAtRandom(s *server, newsrooms []*newsroom, st *storm, over <-chan struct{}, acts int) map[string]int {
	kills := map[string]int{}
	for st.moment(acts, 2*time.Second, over) {
		if rand.N(2) == 0 {
			s.kill()
			s.start()
			kills["server"]++
			continue
		}
		n := newsrooms[rand.N(len(newsrooms))]
		n.kill()
		n.start()
		kills["receiver"]++
	}
	return kills
}
