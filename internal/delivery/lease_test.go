package delivery

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// TestWorkerCutOff: a worker whose signs of life do not reach the queue ends what is
// on the wire and begins nothing more; whoever has the job next tells only the rest.
func TestWorkerCutOff(t *testing.T) {
	slow := func(context.Context, *alert.Message, adapter.Recipient, int) adapter.Receipt {
		time.Sleep(2 * time.Second)
		return adapter.Receipt{State: adapter.Accepted}
	}
	bubble(t, slow, func(w *world) {
		w.halt()
		w.limits.Batch, w.limits.PerDestination = 5, 1
		w.run()
		w.register(15, oneDest)
		w.queue.Away.Store(true)
		m := message(1, alert.TypeAlert, time.Hour)
		w.publish(m)
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := w.totals(1).Accepted; n != 5 {
			w.t.Fatalf("%d have it, want those 5 who were on the wire", n)
		}
		w.queue.Away.Store(false)
		again := load{channel: Channel{Driver: adapter.Driver{Name: "fake", Limits: w.limits}}, all: 15}.jobs(m, 1)
		again[0].ID = "again" // as the queue hands it out after its ack wait
		if err := w.queue.Enqueue(w.t.Context(), again); err != nil {
			w.t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		for i := range 15 {
			if n := len(w.channel.times(1, fmt.Sprintf("r%03d", i))); n != 1 {
				w.t.Errorf("recipient %d was told %d times", i, n)
			}
		}
	})
}

// TestLostJobStopsItsSends: what a worker has in hand when it loses the job, and has
// not sent yet, is another's to send.
func TestLostJobStopsItsSends(t *testing.T) {
	var ended chan time.Time
	queued := func(ctx context.Context, _ *alert.Message, _ adapter.Recipient, _ int) adapter.Receipt {
		<-ctx.Done() // it waits for its turn, as a push does where a service is slow
		ended <- time.Now()
		return adapter.Receipt{State: adapter.Failed, Failure: &adapter.Failure{Code: "time-out"}}
	}
	bubble(t, queued, func(w *world) {
		w.halt()
		ended = make(chan time.Time, 1)
		w.limits.Timeout = time.Minute
		w.run()
		w.register(1, oneDest)
		w.queue.Away.Store(true)
		begun := time.Now()
		w.publish(message(1, alert.TypeAlert, time.Hour))
		if took := (<-ended).Sub(begun); took < leaseTime || took > leaseTime+signEvery {
			w.t.Errorf("the Send ended after %v, want it to end when the job is lost, after %v", took, leaseTime)
		}
	})
}

// TestJobFoundAfterAFreeze: a worker that froze while it asked for jobs finds one
// that the queue has handed to another long since. It leaves it alone.
func TestJobFoundAfterAFreeze(t *testing.T) {
	bubble(t, accept, func(w *world) {
		w.register(3, oneDest)
		w.queue.Frozen = leaseTime
		w.publish(message(1, alert.TypeAlert, time.Hour))
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := len(w.channel.calls); n != 0 {
			w.t.Errorf("%d Sends of a job that is in other hands", n)
		}
		if w.queue.Ended != 0 {
			w.t.Error("it ended the other's job, or put it back")
		}
	})
}

// behind is a ledger that has not read what others stored until it is asked to catch up.
type behind struct {
	Ledger
	caughtUp bool
}

func (b *behind) CatchUp(ctx context.Context) error {
	b.caughtUp = true
	return b.Ledger.CatchUp(ctx)
}

func (b *behind) Settled(caseID string, revision int, channel, recipient string) bool {
	return b.caughtUp && b.Ledger.Settled(caseID, revision, channel, recipient)
}

// TestWorkerCatchesUp: a worker that was away takes a job whose people another has told.
func TestWorkerCatchesUp(t *testing.T) {
	bubble(t, accept, func(w *world) {
		w.register(3, oneDest)
		m := message(1, alert.TypeAlert, time.Hour)
		w.publish(m)
		synctest.Wait()
		told := len(w.channel.calls)
		rev, _ := w.current.Case(m.Case)
		d := w.deps()
		d.Ledger = &behind{Ledger: w.ledger}
		l := new(lease)
		l.renew(time.Now())
		j := job{Case: m.Case, Identifier: m.Identifier, Revision: 1, Seq: rev.Seq, Channel: "fake", Shards: 1}
		if err := NewRunner(d, d.Channels[0]).work(w.t.Context(), j, l); err != nil {
			t.Fatal(err)
		}
		if n := len(w.channel.calls); n != told {
			t.Errorf("%d more Sends to people who have it", n-told)
		}
	})
}

// TestFrozenWorker: one that has not noticed that it stood still looks at the clock first.
func TestFrozenWorker(t *testing.T) {
	bubble(t, accept, func(w *world) {
		d := w.deps()
		r := NewRunner(d, d.Channels[0])
		m := message(1, alert.TypeAlert, time.Hour)
		w.publish(m)
		synctest.Wait()
		rev, ok := w.current.Case(m.Case)
		if !ok {
			w.t.Fatal("not published")
		}
		l := new(lease)
		l.renew(time.Now().Add(-leaseTime))
		p := adapter.Recipient{ID: "r000", Channel: "fake", Lang: alert.English, Areas: []string{"BE"}, Destination: "d"}
		var first sync.WaitGroup
		first.Add(1)
		newRoute(r, rev, adapter.Delivery{Message: m}, l, "d", []adapter.Recipient{p}, job{}).run(w.t.Context(), first.Done)
		if n := len(w.channel.times(1, p.ID)); n != 0 {
			w.t.Errorf("told %d times by a worker without the job", n)
		}
		l.renew(time.Now()) // its sign of life was answered late
		if l.held() {
			w.t.Error("a lost job is held again: who was left out would stay so")
		}
	})
}
