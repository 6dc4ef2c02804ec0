package delivery

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/stream"
)

// refuseFirst refuses r000 for good at its first attempt, and takes it later.
func refuseFirst(_ context.Context, _ *alert.Message, r adapter.Recipient, attempt int) adapter.Receipt {
	if r.ID == "r000" && attempt == 1 {
		return adapter.Receipt{Failure: &adapter.Failure{Class: adapter.Rejected, Code: "400"}}
	}
	return adapter.Receipt{State: adapter.Accepted}
}

// TestResend: one whose attempts have ended is tried once more, his neighbours not.
func TestResend(t *testing.T) {
	bubble(t, refuseFirst, func(w *world) {
		w.register(2, oneDest)
		w.publish(message(1, alert.TypeAlert, time.Hour))
		synctest.Wait()
		if got := w.totals(1); got.Failed != 1 || got.Accepted != 1 {
			t.Fatalf("before: %+v", got)
		}
		send := func(revision int, id string) error {
			err := Resend(w.t.Context(), w.deps(), "CASE", revision, "fake", id)
			synctest.Wait()
			return err
		}
		for _, id := range []string{"r000", "r001"} { // r001 has it, and asks for it anew
			if err := send(1, id); err != nil {
				t.Fatal(err)
			}
			if n := len(w.channel.times(1, id)); n != 2 {
				t.Errorf("%s was tried %d times, want 2", id, n)
			}
		}
		if got := w.totals(1); got.Failed != 0 || got.Accepted != 2 {
			t.Errorf("afterwards: %+v", got)
		}
		if err := send(1, "nobody"); !errors.Is(err, ErrNobody) {
			t.Errorf("an unknown recipient: %v", err)
		}
		w.publish(message(2, alert.TypeCancel, time.Hour))
		synctest.Wait()
		if err := send(1, "r001"); !errors.Is(err, ErrOvertaken) {
			t.Errorf("an alert after its withdrawal: %v", err)
		}
		if err := send(2, "r001"); err != nil || len(w.channel.times(2, "r001")) != 2 {
			t.Errorf("the withdrawal again: %v, %d tries", err, len(w.channel.times(2, "r001")))
		}
		if n := len(w.channel.times(1, "r001")); n != 2 {
			t.Errorf("the alert went out %d times, want 2", n)
		}
	})
}

// TestResendIsMadeOnce: a job that was worked and not taken off the queue comes again.
func TestResendIsMadeOnce(t *testing.T) {
	bubble(t, accept, func(w *world) {
		w.register(1, oneDest)
		w.publish(message(1, alert.TypeAlert, time.Hour))
		synctest.Wait()
		kept := &keepingQueue{Queue: w.queue}
		d := w.deps()
		d.Queue = kept
		if err := Resend(w.t.Context(), d, "CASE", 1, "fake", "r000"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		kept.jobs[0].ID = "handed out again"
		if err := w.queue.Enqueue(w.t.Context(), kept.jobs); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := len(w.channel.times(1, "r000")); n != 2 {
			t.Errorf("told %d times, want 2: once by itself and once for the officer", n)
		}
	})
}

type keepingQueue struct {
	Queue
	jobs []stream.Job
}

func (q *keepingQueue) Enqueue(ctx context.Context, jobs []stream.Job) error {
	q.jobs = append(q.jobs, jobs...)
	return q.Queue.Enqueue(ctx, jobs)
}

// Who has confirmed that the copies are gone is told nothing more, nor is anybody after the end.
func TestResendIsOver(t *testing.T) {
	removed := func(context.Context, *alert.Message, adapter.Recipient, int) adapter.Receipt {
		return adapter.Receipt{State: adapter.Removed}
	}
	bubble(t, removed, func(w *world) {
		w.register(1, oneDest)
		w.publish(message(1, alert.TypeCancel, time.Hour))
		synctest.Wait()
		if err := Resend(w.t.Context(), w.deps(), "CASE", 1, "fake", "r000"); !errors.Is(err, ErrOver) {
			t.Errorf("after its removal: %v", err)
		}
	})
	bubble(t, accept, func(w *world) {
		w.register(1, oneDest)
		w.publish(message(1, alert.TypeAlert, time.Hour))
		time.Sleep(2 * time.Hour)
		if err := Resend(w.t.Context(), w.deps(), "CASE", 1, "fake", "r000"); !errors.Is(err, ErrOver) {
			t.Errorf("after expiry: %v", err)
		}
	})
}

// A resend that fails is tried like any other attempt; one to somebody who has it already is not.
func TestResendFails(t *testing.T) {
	later := func(_ context.Context, _ *alert.Message, r adapter.Recipient, attempt int) adapter.Receipt {
		if attempt > 1 && attempt < 4 || r.ID == "r000" && attempt == 1 {
			class := adapter.Temporary
			if attempt == 1 {
				class = adapter.Rejected
			}
			return adapter.Receipt{Failure: &adapter.Failure{Class: class}}
		}
		return adapter.Receipt{State: adapter.Accepted}
	}
	bubble(t, later, func(w *world) {
		w.register(2, oneDest)
		w.publish(message(1, alert.TypeAlert, time.Hour))
		synctest.Wait()
		for id, want := range map[string]int{"r000": 4, "r001": 2} {
			if err := Resend(w.t.Context(), w.deps(), "CASE", 1, "fake", id); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Minute)
			synctest.Wait()
			if n := len(w.channel.times(1, id)); n != want {
				t.Errorf("%s was tried %d times, want %d", id, n, want)
			}
		}
		if got := w.totals(1); got.Accepted != 2 {
			t.Errorf("at the end: %+v", got)
		}
	})
}
