package console

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
	"tocsin/internal/ledger"
)

// oneCase answers Get; nothing else of casework is called by a stream.
type oneCase struct{ Casework }

func (oneCase) Get(id string) (casework.Case, error) { return casework.Case{ID: id}, nil }

// tape is a response that is written for minutes.
type tape struct {
	*httptest.ResponseRecorder
	mu sync.Mutex
}

func (w *tape) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ResponseRecorder.Write(p)
}

func (w *tape) count(s string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Count(w.Body.String(), s)
}

// following runs fn while a stream of the case K is open, in a bubble of its own time.
func following(t *testing.T, fn func(l *memLedger, w *tape, end context.CancelFunc)) {
	t.Helper()
	followingLines(t, &memStations{}, fn)
}

func followingLines(t *testing.T, stations *memStations, fn func(l *memLedger, w *tape, end context.CancelFunc)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := &memLedger{boards: map[string]ledger.Board{}, watch: map[chan struct{}]string{}}
		c := &console{tongue: english, Deps: Deps{Casework: oneCase{}, Ledger: l, Stations: stations}}
		ctx, cancel := context.WithCancel(t.Context())
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/v1/cases/K/deliveries", nil)
		w := &tape{ResponseRecorder: httptest.NewRecorder()}
		var wg sync.WaitGroup
		wg.Go(func() { c.stream(w, r, "K") })
		synctest.Wait()
		fn(l, w, cancel)
		cancel()
		wg.Wait()
		if n := len(l.watch); n != 0 {
			t.Errorf("%d watchers left behind", n)
		}
	})
}

func TestStreamBeginsAtOnceAndBeats(t *testing.T) {
	following(t, func(_ *memLedger, w *tape, _ context.CancelFunc) {
		if w.count("event: board") != 1 {
			t.Error("the first board does not come at once")
		}
		time.Sleep(31 * time.Second)
		if got := w.count("event: heartbeat"); got != 3 {
			t.Errorf("%d heartbeats in 31 s, want 3", got)
		}
	})
}

// Ten thousand receipts in ten seconds are forty updates, and the last one is seen.
func TestStreamCoalesces(t *testing.T) {
	following(t, func(l *memLedger, w *tape, _ context.CancelFunc) {
		for i := range 10_000 {
			l.set(ledger.Board{Case: "K", Revision: i + 1, MsgType: alert.TypeAlert})
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Second)
		if got := w.count("event: board"); got < 38 || got > 42 {
			t.Errorf("%d updates in 10 s, want about 40", got)
		}
		if w.count(`"revision":10000,`) != 1 {
			t.Error("the last state was not sent")
		}
	})
}

// A deadline that passes and a line that breaks are on the board within a second, though no receipt tells of them.
func TestStreamTellsWhatNoReceiptDoes(t *testing.T) {
	stations := &memStations{}
	stations.set(Station{ID: "b", Connected: true})
	followingLines(t, stations, func(l *memLedger, w *tape, _ context.CancelFunc) {
		l.set(ledger.Board{Case: "K", Revision: 1, MsgType: alert.TypeAlert, Recheck: time.Now().Add(30 * time.Second)})
		time.Sleep(29 * time.Second)
		if got := w.count("event: board"); got != 2 {
			t.Fatalf("%d boards before anything happened, want the first and the release", got)
		}
		l.replace(ledger.Board{Case: "K", Revision: 1, MsgType: alert.TypeAlert})
		time.Sleep(2 * time.Second)
		if got := w.count("event: board"); got != 3 {
			t.Errorf("%d boards after the deadline, want 3", got)
		}
		stations.set(Station{ID: "b"})
		time.Sleep(lookEvery + time.Millisecond)
		if got := w.count("event: board"); got != 4 {
			t.Errorf("%d boards after a line broke, want 4", got)
		}
		time.Sleep(time.Minute)
		if got := w.count("event: board"); got != 4 {
			t.Errorf("%d boards while nothing happens, want 4", got)
		}
	})
}

func TestStreamEndsByItself(t *testing.T) {
	following(t, func(l *memLedger, _ *tape, _ context.CancelFunc) {
		time.Sleep(streamLife + time.Second)
		l.mu.Lock()
		defer l.mu.Unlock()
		if len(l.watch) != 0 {
			t.Error("a stream lives for ever")
		}
	})
}

// Over the real server: an officer who is revoked is cut off.
func TestStreamOfARevokedOfficer(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := w.live(t)
	r := must(http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL+"/v1/cases/"+k.ID+"/deliveries", nil))(t)
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Authorization", "Bearer "+w.tokens["dirk"])
	res := must(http.DefaultClient.Do(r))(t)
	defer func() { _ = res.Body.Close() }()
	first := make([]byte, 12)
	if _, err := res.Body.Read(first); err != nil || string(first) != "event: board" {
		t.Fatalf("%q %v", first, err)
	}
	if err := w.book.Revoke(t.Context(), "dirk"); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 4096)
		for {
			if _, err := res.Body.Read(buf); err != nil {
				return
			}
		}
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("a revoked officer still watches the board")
	}
}
