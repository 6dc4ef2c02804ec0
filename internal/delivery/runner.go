package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/current"
	"tocsin/internal/ledger"
	"tocsin/internal/stream"
)

const (
	// inFlight bounds the jobs a worker holds. Jobs that only wait for a retry
	// are held too, so it is far above what is sent at once.
	inFlight = 4096
	// firstPass bounds the jobs that make their first round at once: it bounds
	// the recipients in memory, and the others wait in the order of their urgency.
	firstPass = 8
)

// Runner works off the jobs of one channel.
type Runner struct {
	deps    Deps
	channel Channel
	gates   *gates
	passes  turns

	mu       sync.Mutex
	pruning  sync.WaitGroup
	prune    context.Context             // ends with Run
	gone     []string                    // ids to take off the registry
	inHand   map[string]chan struct{}    // jobs being worked here; closed at their end
	rendered map[string]adapter.Delivery // by identifier; at most maxRendered
}

// maxRendered bounds the deliveries kept ready: more alerts than this are never live at once in one State.
const maxRendered = 64

// NewRunner is the runner of c.
func NewRunner(d Deps, c Channel) *Runner {
	l := c.Driver.Limits
	return &Runner{
		deps: d, channel: c, gates: newGates(l.Concurrency, l.PerDestination),
		passes: turns{free: firstPass}, rendered: make(map[string]adapter.Delivery),
		inHand: make(map[string]chan struct{}),
	}
}

// Run works until ctx ends and every attempt under way has been accounted for.
func (r *Runner) Run(ctx context.Context) error {
	r.prune = ctx
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var all sync.WaitGroup
	var once sync.Once
	var failed error
	for _, w := range r.channel.works() {
		all.Go(func() {
			if err := r.deps.Queue.Work(ctx, w, r.task); err != nil {
				once.Do(func() { failed = err })
				stop() // half a channel looks like a whole one
			}
		})
	}
	all.Wait()
	r.pruning.Wait()
	return failed
}

// task works one job to its end.
func (r *Runner) task(ctx context.Context, t stream.Task) {
	var j job
	if err := json.Unmarshal(t.Job().Data, &j); err != nil {
		r.end(t.Bury(context.WithoutCancel(ctx), "unreadable job: "+err.Error()))
		return
	}
	ctx, l, stop := r.keep(ctx, t)
	defer stop()
	if !l.held() {
		return // it lay before us while we were frozen, and has been handed out anew
	}
	free, err := r.hold(ctx, j)
	if err == nil {
		err = r.work(ctx, j, l)
		free()
	}
	// Nothing of what was done is lost: the ledger has it. Another try, here or elsewhere, goes on.
	about := []any{"channel", j.Channel, "identifier", j.Identifier, "shard", j.shard()}
	switch {
	case err == nil:
		r.end(t.Done(context.WithoutCancel(ctx)))
	case errors.Is(err, errLost), !l.held():
		// It is no longer ours to put back: the queue hands it out by itself.
		r.deps.Log.Warn("job let go: the queue was out of reach", about...)
	case errors.Is(err, errElsewhere):
		r.deps.Log.Error("job of people who are held elsewhere: do all processes cut the channel into the same number of parts?", about...)
		r.end(t.Retry(context.WithoutCancel(ctx), elsewhereAfter))
	default:
		r.deps.Log.Warn("job put back", append(about, "error", err)...)
		r.end(t.Retry(context.WithoutCancel(ctx), time.Second))
	}
}

// hold waits until nobody else here works j. The queue hands a job out anew when
// it was out of reach for longer than ackWait; the first hand may then still be
// writing its receipts, and working beside it would tell people twice.
func (r *Runner) hold(ctx context.Context, j job) (free func(), err error) {
	key := j.Identifier + "." + j.shard()
	for {
		r.mu.Lock()
		other := r.inHand[key]
		if other == nil {
			mine := make(chan struct{})
			r.inHand[key] = mine
			r.mu.Unlock()
			return func() {
				r.mu.Lock()
				defer r.mu.Unlock()
				delete(r.inHand, key)
				close(mine)
			}, nil
		}
		r.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (r *Runner) end(err error) {
	if err != nil {
		// The job comes again and finds everybody settled.
		r.deps.Log.Warn("job's end not confirmed", "channel", r.channel.Driver.Name, "error", err)
	}
}

// work reaches every unsettled recipient of the job's shard. nil: nobody is
// left to try, or trying has become pointless.
func (r *Runner) work(ctx context.Context, j job, l *lease) error {
	if !r.deps.holds(j) {
		return errElsewhere
	}
	if err := r.deps.Current.Wait(ctx, j.Seq); err != nil {
		return err
	}
	if err := r.deps.Ledger.CatchUp(ctx); err != nil {
		return err
	}
	if err := r.deps.Recipients.CatchUp(ctx); err != nil {
		return err
	}
	rev, ok := r.revision(j)
	if !ok {
		return nil // superseded: the newer revision has jobs of its own
	}
	m := rev.Message
	d, err := r.render(m)
	if err != nil {
		return fmt.Errorf("render %s: %w", m.Identifier, err)
	}
	ctx, stop := r.bound(ctx, m)
	defer stop()

	if r.passes.take(ctx, urgencyOf(j, m)) != nil {
		return r.outcome(ctx, rev, j)
	}
	passed := sync.OnceFunc(r.passes.give)
	defer passed()

	var all sync.WaitGroup
	var firsts sync.WaitGroup // the destinations that have not made their first round
	for name, people := range r.unsettled(m, j) {
		firsts.Add(1)
		all.Go(func() {
			newRoute(r, rev, d, l, name, people, j).run(ctx, firsts.Done)
		})
	}
	firsts.Wait()
	passed()
	all.Wait()
	if !l.held() {
		return errLost
	}
	return r.outcome(ctx, rev, j)
}

// outcome says what the end of the task's context means for the job.
func (r *Runner) outcome(ctx context.Context, rev current.Revision, j job) error {
	switch err := ctxCause(ctx); err {
	case nil, errSuperseded:
		return nil
	case errExpired:
		return r.expire(context.WithoutCancel(ctx), rev, j)
	default:
		return err
	}
}

// revision is what j is about, or false when a newer one is out.
func (r *Runner) revision(j job) (current.Revision, bool) {
	newest, ok := r.deps.Current.Case(j.Case)
	return newest, ok && newest.Message.Revision == j.Revision
}

// bound ends ctx with its reason when m expires or is superseded.
func (r *Runner) bound(ctx context.Context, m *alert.Message) (context.Context, func()) {
	ctx, expire := context.WithDeadlineCause(ctx, m.Expires, errExpired)
	ctx, supersede := context.WithCancelCause(ctx)
	changed, unwatch := r.deps.Current.Watch()
	var done sync.WaitGroup
	done.Go(func() {
		for {
			if newest, ok := r.deps.Current.Case(m.Case); ok && newest.Message.Supersedes(m.Revision) {
				supersede(errSuperseded)
				return
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	})
	return ctx, func() {
		supersede(nil)
		expire()
		done.Wait()
		unwatch()
	}
}

// unsettled groups the shard's recipients that still want an attempt by destination.
func (r *Runner) unsettled(m *alert.Message, j job) map[string][]adapter.Recipient {
	out := make(map[string][]adapter.Recipient)
	for _, p := range r.deps.people(m, j) {
		if !r.forced(j, &p) && r.deps.settled(m, &p) {
			continue
		}
		if p.Number == 0 { // a channel that gives messages ids of its own accounts by name
			p.Prior = r.deps.Ledger.Prior(m.Case, m.Revision, j.Channel, p.ID)
		}
		out[p.Destination] = append(out[p.Destination], p)
	}
	return out
}

// forced says whether j has p tried whatever the ledger says. A job may be handed
// out again after its attempt: what an officer asked for once is made once.
func (r *Runner) forced(j job, p *adapter.Recipient) bool {
	return j.Again && r.deps.Ledger.Attempts(j.Case, j.Revision, j.Channel, p.ID) <= j.Tried
}

// expire writes down who was not reached before the alert ended.
func (r *Runner) expire(ctx context.Context, rev current.Revision, j job) error {
	b := head(rev, j.Channel)
	now := time.Now()
	j.Again = false // who has it has not missed it
	for _, people := range r.unsettled(rev.Message, j) {
		for _, p := range r.deps.asked(rev.Message, people) {
			b.Add(&p, ledger.Entry{
				Recipient: p.ID, State: adapter.Expired, Final: true, At: now, Reason: errExpired.Error(),
			})
		}
	}
	if len(b.Entries)+len(b.Bulk) == 0 {
		return nil
	}
	return r.deps.Ledger.Record(ctx, b)
}

// render turns m into the channel's payloads, once for all jobs of the revision.
func (r *Runner) render(m *alert.Message) (adapter.Delivery, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if d, ok := r.rendered[m.Identifier]; ok {
		return d, nil
	}
	d := adapter.Delivery{Message: m, Payloads: make(map[alert.Lang]adapter.Payload)}
	for _, lang := range m.Languages {
		p, err := r.channel.Adapter.Render(m, lang)
		if err != nil {
			return adapter.Delivery{}, err
		}
		d.Payloads[lang] = p
	}
	if len(r.rendered) >= maxRendered {
		clear(r.rendered)
	}
	r.rendered[m.Identifier] = d
	return d, nil
}
