package nodes_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/nodes"
	"tocsin/internal/stream"
	"tocsin/internal/stream/streamtest"
)

// TestFrozenServer is the counter and the presence over a real nats-server that
// hangs and comes back: the counter stands still meanwhile and then goes on.
func TestFrozenServer(t *testing.T) {
	c := streamtest.Cluster(t, 1)
	open := func() *nodes.Table {
		e, err := stream.Open(t.Context(), stream.Options{URL: c.URL(), Realm: alert.Drill})
		if err != nil {
			t.Fatal(err)
		}
		table := nodes.New(e.Nodes(), slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		up, done := make(chan struct{}), make(chan struct{})
		go func() { defer close(done); _ = table.Run(ctx, func() { close(up) }) }()
		t.Cleanup(func() { cancel(); <-done; _ = e.Close(context.Background()) })
		<-up
		return table
	}
	a, b := open(), open()
	a.Announce("a", []adapter.Attendance{{Recipient: "st", Sessions: 1, Since: time.Now()}})
	until(t, "the counter begins and the station is known", func() bool {
		n, _, _ := b.Origin()
		return n > 0 && len(b.Elsewhere()) == 1
	})
	before, _, _ := b.Origin()
	until(t, "the counter grows", func() bool { n, _, age := b.Origin(); return n > before && age < 6*time.Second })

	c.Freeze(0)
	until(t, "both have read nothing for longer than the pace", func() bool {
		_, _, ageA := a.Origin()
		_, _, ageB := b.Origin()
		return ageA > 8*time.Second && ageB > 8*time.Second
	})
	before, _, _ = b.Origin()
	c.Thaw(0)
	until(t, "the counter goes on", func() bool { n, _, age := b.Origin(); return n > before && age < 6*time.Second })
	if first, err := a.Once(t.Context(), "x"); err != nil || !first {
		t.Errorf("once: %v, %v", first, err)
	}
	if again, err := b.Once(t.Context(), "x"); err != nil || again {
		t.Errorf("twice: %v, %v", again, err)
	}
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
