package delivery

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/current"
	"tocsin/internal/ledger"
)

// route is a job's recipients at one destination, tried until each is settled.
type route struct {
	*Runner
	revision current.Revision
	delivery adapter.Delivery
	lease    *lease
	dest     string
	again    bool // an officer asked for it

	mu      sync.Mutex
	waiting []traveller
}

// traveller is one recipient and when to try him next.
type traveller struct {
	adapter.Recipient
	attempts int
	due      time.Time
	forced   bool // tried whatever the ledger says, once
}

func newRoute(r *Runner, rev current.Revision, d adapter.Delivery, l *lease, dest string, people []adapter.Recipient, j job) *route {
	t := &route{Runner: r, revision: rev, delivery: d, lease: l, dest: dest, again: j.Again}
	for _, p := range people {
		w := traveller{Recipient: p, forced: r.forced(j, &p)}
		if p.Number == 0 {
			w.attempts = r.deps.Ledger.Attempts(d.Message.Case, d.Message.Revision, p.Channel, p.ID)
		}
		if !w.forced && r.deps.standby(d.Message, p) {
			w.due = rev.Published.Add(secondAfter)
		}
		t.waiting = append(t.waiting, w)
	}
	return t
}

// run tries everybody until nobody is left or ctx ends. firstDone is called after
// the first round, or when the destination is stuck: it must not hold up the other
// destinations of the jobs behind this one, nor another child's withdrawal.
func (t *route) run(ctx context.Context, firstDone func()) {
	first, end := context.WithCancel(ctx)
	pass := sync.OnceFunc(func() {
		end()
		firstDone()
	})
	defer pass()
	go t.whenStuck(first, pass) // ends with the first round
	for {
		due, next := t.due()
		if len(due) == 0 {
			if next.IsZero() {
				return
			}
			pass()
			if sleep(ctx, time.Until(next)) != nil {
				return
			}
			continue
		}
		if !t.round(ctx, due) {
			return
		}
	}
}

// whenStuck calls fn when the destination is found stuck, unless ctx ends first.
func (t *route) whenStuck(ctx context.Context, fn func()) {
	for !t.gates.stuck(t.dest) {
		if sleep(ctx, stuckAfter/4) != nil {
			return
		}
	}
	fn()
}

// round tries those who are due, and says whether there may be another round.
func (t *route) round(ctx context.Context, due []traveller) bool {
	var sends sync.WaitGroup
	defer sends.Wait()
	for batch := range slices.Chunk(due, max(1, t.channel.Driver.Limits.Batch)) {
		leave, err := t.gates.enter(ctx, t.dest)
		if err != nil {
			return false
		}
		flying := t.takeOff(batch)
		sends.Go(func() {
			defer leave()
			if len(flying) > 0 {
				t.attempt(ctx, flying)
			}
		})
	}
	sends.Wait()
	return ctx.Err() == nil
}

// heldWait is how soon one is asked for again to whom an older revision is still under way.
const heldWait = 50 * time.Millisecond

// takeOff puts those into the air who may fly; the others wait for what is ahead of them.
func (t *route) takeOff(batch []traveller) []traveller {
	m := t.delivery.Message
	var flying, held []traveller
	for _, w := range batch {
		if !w.forced && t.deps.settled(m, &w.Recipient) {
			continue // while we waited at the gate
		}
		if t.gates.takeOff(m.Case, m.Revision, w.ID) {
			flying = append(flying, w)
			continue
		}
		w.due = time.Now().Add(heldWait)
		held = append(held, w)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting = append(t.waiting, held...)
	return flying
}

// due takes out those whose time has come, or says when the next one's comes.
func (t *route) due() (due []traveller, next time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	m := t.delivery.Message
	later := t.waiting[:0]
	for _, w := range t.waiting {
		switch {
		case !w.forced && t.deps.settled(m, &w.Recipient):
			// his own word came meanwhile
		case !w.forced && t.deps.spared(m, w.Recipient):
			// he confirmed on his first way
		case w.due.After(now):
			later = append(later, w)
			if next.IsZero() || w.due.Before(next) {
				next = w.due
			}
		default:
			due = append(due, w)
		}
	}
	t.waiting = later
	return due, next
}

// attempt makes one Send, writes what came of it, and lines up those to be tried again.
func (t *route) attempt(ctx context.Context, batch []traveller) {
	m := t.delivery.Message
	landed := make([]atomic.Bool, len(batch))
	land := func(i int) {
		if !landed[i].Swap(true) {
			t.gates.land(m.Case, m.Revision, batch[i].ID)
		}
	}
	defer func() {
		for i := range batch {
			land(i)
		}
	}()
	if newest, ok := t.deps.Current.Case(m.Case); ok && newest.Message.Supersedes(m.Revision) {
		return // see gates.takeOff
	}
	if m.Expired(time.Now()) || !t.lease.held() { // while we waited at the gate
		return
	}
	receipts := t.send(ctx, batch, land)
	now := time.Now()
	b := head(t.revision, t.channel.Driver.Name)
	var again []traveller
	var gone []string
	for i, w := range batch {
		w.attempts++
		w.forced = false
		e, retry := t.account(w, receipts[i], now)
		b.Add(&w.Recipient, e)
		if f := receipts[i].Failure; f != nil && f.Class == adapter.Gone {
			gone = append(gone, w.ID)
		}
		if retry > 0 {
			w.due = now.Add(retry)
			again = append(again, w)
		}
	}
	// The attempt happened whatever became of the time it was given.
	if err := t.deps.Ledger.Record(context.WithoutCancel(ctx), b); err != nil {
		t.deps.Log.Error("receipts not written; the recipients may be reached twice",
			"channel", t.channel.Driver.Name, "identifier", m.Identifier, "recipients", len(batch), "error", err)
	}
	t.forget(gone)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting = append(t.waiting, again...)
}

// send calls the adapter. A panic of the adapter is one failed attempt. The
// Send outlives a supersession, so that no half-sent alert arrives after its
// withdrawal, but neither its own time-out nor the alert's expiry, nor the loss
// of the job: another worker tells the same people by then.
func (t *route) send(ctx context.Context, batch []traveller, land func(int)) (receipts []adapter.Receipt) {
	limit := cmp.Or(t.channel.Driver.Limits.Timeout, 30*time.Second)
	until := time.Now().Add(limit)
	if m := t.delivery.Message; m.Expires.Before(until) {
		until = m.Expires
	}
	job := ctx
	ctx, cancel := context.WithDeadline(context.WithoutCancel(job), until)
	defer cancel()
	defer context.AfterFunc(job, func() {
		if errors.Is(context.Cause(job), errLost) {
			cancel()
		}
	})()
	people := make([]adapter.Recipient, len(batch))
	for i, w := range batch {
		people[i] = w.Recipient
	}
	defer func() {
		if p := recover(); p != nil {
			t.deps.Log.Error("adapter panicked", "channel", t.channel.Driver.Name,
				"panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			receipts = alike(len(batch), &adapter.Failure{Code: "panic", Reason: "the adapter failed; see the server's log"})
		}
	}()
	d := t.delivery
	d.Landed = land
	receipts, err := t.channel.Adapter.Send(ctx, d, people)
	if err != nil {
		f, ok := errors.AsType[*adapter.Failure](err)
		if !ok {
			f = unclassified(err)
		}
		return alike(len(batch), f)
	}
	if len(receipts) != len(batch) {
		return alike(len(batch), &adapter.Failure{
			Code:   "receipts",
			Reason: fmt.Sprintf("the adapter gave %d receipts for %d recipients", len(receipts), len(batch)),
		})
	}
	return receipts
}

// unclassified is the failure of an error the adapter did not classify. Its text
// stays off the ledger: net/http puts addresses into errors.
func unclassified(err error) *adapter.Failure {
	if errors.Is(err, context.DeadlineExceeded) {
		return &adapter.Failure{Code: "timeout", Reason: "no answer in time"}
	}
	return &adapter.Failure{Code: "error", Reason: "the attempt failed before an answer came"}
}

func alike(n int, f *adapter.Failure) []adapter.Receipt {
	out := make([]adapter.Receipt, n)
	for i := range out {
		out[i].Failure = f
	}
	return out
}

// account turns one receipt into its ledger entry, and says after how long to try again (0 = never).
func (t *route) account(w traveller, r adapter.Receipt, now time.Time) (ledger.Entry, time.Duration) {
	e := ledger.Entry{Recipient: w.ID, State: r.State, Ref: r.Ref, Attempt: w.attempts, At: now, Again: t.again}
	if r.Failure == nil {
		if r.State == adapter.Sent {
			return e, t.channel.Driver.Limits.ConfirmWithin
		}
		return e, 0
	}
	f := r.Failure
	e.State, e.Class, e.Code, e.Reason, e.Final = adapter.Failed, f.Class.String(), f.Code, f.Reason, final(f)
	switch f.Class {
	case adapter.Throttled:
		t.gates.stayAway(t.dest, f.After)
	case adapter.Misconfigured:
		t.deps.Log.Error("channel misconfigured", "channel", w.Channel, "code", f.Code, "reason", f.Reason)
	}
	if e.Final {
		return e, 0
	}
	return e, wait(w.attempts, f)
}
