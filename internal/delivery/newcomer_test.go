package delivery

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/current"
	"tocsin/internal/recipient"
	"tocsin/internal/stream"
	"tocsin/internal/stream/streamtest"
)

// Whoever comes during an alert is told of it once, its neighbours not again,
// and then of the update and the end like everybody else.
func TestNewcomer(t *testing.T) {
	bubble(t, accept, func(w *world) {
		w.register(3, oneDest)
		w.publish(message(1, alert.TypeAlert, time.Hour))
		synctest.Wait()
		come := func(id string, areas ...string) {
			if err := w.registry.Put(w.t.Context(), adapter.Recipient{ID: id, Channel: "fake", Areas: areas, Destination: "d"}); err != nil {
				t.Fatal(err)
			}
			for range 2 { // he presses twice
				if err := Newcomer(w.t.Context(), w.deps(), w.current, "fake", id); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
			}
		}
		tried := func(revision int, want map[string]int) {
			t.Helper()
			for id, n := range want {
				if got := len(w.channel.times(revision, id)); got != n {
					t.Errorf("revision %d: %s was tried %d times, want %d", revision, id, got, n)
				}
			}
		}
		come("late", "BE")
		come("far", "FR")
		tried(1, map[string]int{"late": 1, "far": 0, "r000": 1, "r001": 1, "r002": 1})
		if got := w.totals(1); got.Recipients != 4 || got.Accepted != 4 {
			t.Errorf("the board says %+v, want 4 of 4", got)
		}
		w.publish(message(2, alert.TypeUpdate, time.Hour))
		synctest.Wait()
		come("later", "BE")
		tried(1, map[string]int{"later": 0})
		tried(2, map[string]int{"late": 1, "later": 1, "far": 0})
		w.publish(message(3, alert.TypeCancel, time.Hour))
		synctest.Wait()
		come("last", "BE")
		tried(3, map[string]int{"late": 1, "later": 1, "far": 0, "last": 0})
	})
}

// A newcomer's job is his alone: a neighbour who waits for his next try is not tried for it.
func TestNewcomerIsTriedAlone(t *testing.T) {
	away := func(_ context.Context, _ *alert.Message, r adapter.Recipient, _ int) adapter.Receipt {
		if r.ID == "r000" {
			return adapter.Receipt{State: adapter.Failed, Failure: &adapter.Failure{Code: "503"}}
		}
		return adapter.Receipt{State: adapter.Accepted}
	}
	bubble(t, away, func(w *world) {
		w.register(1, oneDest)
		w.publish(message(1, alert.TypeAlert, time.Hour))
		synctest.Wait()
		if err := w.registry.Put(w.t.Context(), adapter.Recipient{ID: "late", Channel: "fake", Areas: []string{"BE"}, Destination: "elsewhere"}); err != nil {
			t.Fatal(err)
		}
		if err := Newcomer(w.t.Context(), w.deps(), w.current, "fake", "late"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // no time has passed
		if late, neighbour := len(w.channel.times(1, "late")), len(w.channel.times(1, "r000")); late != 1 || neighbour != 1 {
			t.Errorf("the newcomer was tried %d times, his neighbour %d times; want 1 and 1", late, neighbour)
		}
	})
}

// The queue being away is told to the caller.
func TestNewcomerWithoutQueue(t *testing.T) {
	bubble(t, accept, func(w *world) {
		w.register(1, oneDest)
		w.publish(message(1, alert.TypeAlert, time.Hour))
		synctest.Wait()
		if err := w.registry.Put(w.t.Context(), adapter.Recipient{ID: "late", Channel: "fake", Areas: []string{"BE"}, Destination: "d"}); err != nil {
			t.Fatal(err)
		}
		d := w.deps()
		d.Queue = brokenQueue{w.queue}
		if err := Newcomer(w.t.Context(), d, w.current, "fake", "late"); err == nil {
			t.Error("no error")
		}
	})
}

type brokenQueue struct{ Queue }

func (brokenQueue) Enqueue(context.Context, []stream.Job) error { return context.DeadlineExceeded }

// late is a log whose records reach this process only after a while: a node far from
// the stream's leader, or a busy one.
type late struct{ *streamtest.Memory }

const lag = 20 * time.Second

func (l late) Follow(ctx context.Context, filter string, after uint64, fn func(stream.Record) error, caughtUp func()) error {
	return l.Memory.Follow(ctx, filter, after, func(r stream.Record) error {
		time.Sleep(time.Until(r.Time.Add(lag)))
		return fn(r)
	}, caughtUp)
}

// TestNobodyFallsBetweenNodes: he subscribes on one node; another, which hears of him
// late, plans the alert or works it. He is told all the same, once.
func TestNobodyFallsBetweenNodes(t *testing.T) {
	for name, where := range map[string]struct{ planner, worker bool }{
		"planned late": {planner: true}, "worked late": {worker: true}, "both": {true, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, accept)
				w.unplanned, w.idle = true, true
				w.run()
				behind := recipient.New(late{w.people}, match, slog.New(slog.DiscardHandler))
				up := make(chan struct{})
				w.running.Go(func() { _ = behind.Run(w.ctx, func() { close(up) }) })
				<-up
				planner, worker := w.deps(), w.deps()
				if where.planner {
					planner.Recipients = behind
				}
				if where.worker {
					worker.Recipients = behind
				}
				w.running.Go(func() { _ = Plan(w.ctx, planner) })
				w.running.Go(func() { _ = NewRunner(worker, worker.Channels[0]).Run(w.ctx) })

				come := func(id string) {
					t.Helper()
					if err := w.registry.Put(t.Context(), adapter.Recipient{ID: id, Channel: "fake", Areas: []string{"BE"}, Destination: "d"}); err != nil {
						t.Fatal(err)
					}
					if err := Newcomer(t.Context(), w.deps(), w.current, "fake", id); err != nil {
						t.Fatal(err)
					}
				}
				come("before")
				w.publish(message(1, alert.TypeAlert, time.Hour))
				time.Sleep(2 * lag)
				come("during")
				time.Sleep(2 * lag)
				synctest.Wait()
				for _, id := range []string{"before", "during"} {
					if n := len(w.channel.times(1, id)); n != 1 {
						t.Errorf("who came %s the alert was told %d times", id, n)
					}
				}
				w.halt()
			})
		})
	}
}

// TestNewcomerOnANodeThatIsBehind: the node where he subscribes has not heard of the
// alert yet, which was planned before he came.
func TestNewcomerOnANodeThatIsBehind(t *testing.T) {
	bubble(t, accept, func(w *world) {
		behind := current.New(slog.New(slog.DiscardHandler))
		w.running.Go(func() { _ = behind.Run(w.ctx, late{w.alerts}, nil) })
		synctest.Wait()
		w.publish(message(1, alert.TypeAlert, time.Hour))
		synctest.Wait()
		if err := w.registry.Put(w.t.Context(), adapter.Recipient{ID: "late", Channel: "fake", Areas: []string{"BE"}, Destination: "d"}); err != nil {
			t.Fatal(err)
		}
		d := w.deps()
		d.Current = behind
		if err := Newcomer(w.t.Context(), d, behind, "fake", "late"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if n := len(w.channel.times(1, "late")); n != 1 {
			t.Errorf("told %d times", n)
		}
	})
}
