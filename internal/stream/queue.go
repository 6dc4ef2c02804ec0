package stream

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// maxAttempts bounds a job that no worker can finish (it kills them, or never
	// ends): it goes to DEAD. Without this it would go round for ever, and
	// nats-server's own bound leaves it in the queue with only an advisory.
	maxAttempts = 20
	// maxInFlight bounds what one worker may ask for.
	maxInFlight  = 10_000
	headerReason = "Tocsin-Reason"
	// maxRetired bounds how often a worker tries to clear its way.
	maxRetired = 3
	// PullFor is how long a worker's question for jobs stands. It is short because
	// a worker that freezes finds old jobs before it when it thaws.
	PullFor = 2 * time.Second
)

// Enqueue puts jobs on the work queue, atomically for each thousand, and stores
// the same ID once. Jobs carry references, not names: a job that is done leaves
// the queue, but its bytes leave the disk only when the file is written anew.
func (e *Engine) Enqueue(ctx context.Context, jobs []Job) error {
	msgs := make([]*nats.Msg, len(jobs))
	for i, j := range jobs {
		subject, err := e.full(j.Subject, false, "jobs")
		switch {
		case err != nil:
		case j.ID == "":
			err = errors.New("the ID is empty: give the same job the same ID, so that it is stored once")
		case checkID(j.ID) != nil:
			err = checkID(j.ID)
		case len(j.Data) > maxPayload-4096:
			err = fmt.Errorf("%d bytes of data: %d are allowed", len(j.Data), maxPayload-4096)
		}
		if err != nil {
			return fmt.Errorf("enqueue: job %d: %w", i, err)
		}
		msgs[i] = message(subject, Entry{ID: j.ID, Data: j.Data})
	}
	if err := e.room(false); err != nil {
		return fmt.Errorf("enqueue: %w", err)
	}
	if err := e.publishAll(ctx, msgs); err != nil {
		return fmt.Errorf("enqueue: %w", err)
	}
	return nil
}

// Discard takes waiting jobs off the queue: those of an alert that was withdrawn.
func (e *Engine) Discard(ctx context.Context, filter string) error {
	full, err := e.full(filter, true, "jobs")
	if err == nil {
		err = e.persist(ctx, func(ctx context.Context) error {
			return e.handles[streamDelivery].Purge(ctx, jetstream.WithPurgeSubject(full))
		})
	}
	if err != nil {
		return fmt.Errorf("discard jobs: %w", err)
	}
	return nil
}

func (w Work) check() error {
	if err := checkName("Name", w.Name); err != nil {
		return err
	}
	if w.InFlight < 1 || w.InFlight > maxInFlight {
		return fmt.Errorf("InFlight is %d: set 1 to %d", w.InFlight, maxInFlight)
	}
	if w.AckWait < time.Second {
		return fmt.Errorf("AckWait is %v: set at least 1s", w.AckWait)
	}
	return nil
}

// Work calls fn for each job of the filter, each in its own goroutine, at most
// InFlight at once in this process. It returns when ctx ends and all fn returned,
// or when the server refuses the consumer (a filter that overlaps another name's).
func (e *Engine) Work(ctx context.Context, w Work, fn func(context.Context, Task)) error {
	full, err := e.full(w.Filter, true, "jobs")
	if err == nil {
		err = w.check()
	}
	if err != nil {
		return fmt.Errorf("work: %w", err)
	}
	ctx, release, err := e.hold(ctx)
	if err != nil {
		return fmt.Errorf("work: %w", err)
	}
	defer release()
	cfg := jetstream.ConsumerConfig{
		Durable:       string(e.realm) + "-" + w.Name,
		FilterSubject: full,
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       w.AckWait,
		MaxDeliver:    -1, // we bury by ourselves
		// For all workers of the name together. Each asks only for what it has room
		// for, so this needs to stop none of them, least of all because one is frozen.
		MaxAckPending: 64 * w.InFlight,
	}
	p := &pool{e: e, fn: fn, slots: make(chan struct{}, w.InFlight)}
	defer p.running.Wait()
	for retired := 0; ; {
		err := p.once(ctx, cfg)
		if ctx.Err() != nil {
			return nil
		}
		if refused(err) {
			// Several of a process, and several processes, may clear the way at once.
			if retired++; retired <= maxRetired && e.retire(ctx, w) {
				continue
			}
			return fmt.Errorf("work as %s: %w", w.Name, plain(err))
		}
		e.log.Debug("event stream: working anew", "worker", w.Name, "error", err)
		if !e.sleep(ctx, e.tune.pause) {
			return nil
		}
	}
}

// retire takes the consumers of w's others away, and says whether w may be tried
// again. None goes that somebody asks for jobs: two processes do not agree then,
// and the later one must not start.
func (e *Engine) retire(ctx context.Context, w Work) bool {
	if len(w.Others) == 0 {
		return false
	}
	ctx, cancel := e.bounded(ctx)
	defer cancel()
	var idle []string
	for _, name := range w.Others {
		name = string(e.realm) + "-" + name
		cons, err := e.js.Consumer(ctx, streamDelivery, name)
		if errors.Is(err, jetstream.ErrConsumerNotFound) {
			continue
		}
		if err != nil || cons.CachedInfo().NumWaiting > 0 {
			return false
		}
		idle = append(idle, name)
	}
	for _, name := range idle {
		if err := e.js.DeleteConsumer(ctx, streamDelivery, name); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return false
		}
		e.log.Info("event stream: a channel is cut into other parts; nobody asks any more as", "worker", name)
	}
	return true
}

// pool is the running tasks of one Work call.
type pool struct {
	e       *Engine
	fn      func(context.Context, Task)
	slots   chan struct{}
	running sync.WaitGroup
}

func (p *pool) once(ctx context.Context, cfg jetstream.ConsumerConfig) error {
	try, cancel := context.WithTimeout(ctx, p.e.tune.try)
	cons, err := p.e.js.CreateOrUpdateConsumer(try, streamDelivery, cfg)
	cancel()
	if err != nil {
		return err
	}
	for {
		n, err := p.reserve(ctx)
		if err != nil {
			return err
		}
		if err := p.fetch(ctx, cons, n); err != nil {
			return err
		}
	}
}

// reserve takes all free slots, at least one. Only so much is asked for: a job
// must not wait in our memory while its ack wait runs.
func (p *pool) reserve(ctx context.Context) (int, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	n := 1
	for n < cap(p.slots) {
		select {
		case p.slots <- struct{}{}:
			n++
			continue
		default:
		}
		break
	}
	return n, nil
}

func (p *pool) fetch(ctx context.Context, cons jetstream.Consumer, n int) error {
	free := func() { <-p.slots }
	got := 0
	defer func() {
		for ; got < n; got++ {
			free()
		}
	}()
	asked := time.Now()
	pull, cancel := context.WithTimeout(ctx, PullFor)
	defer cancel()
	batch, err := cons.Fetch(n, jetstream.FetchContext(pull), jetstream.FetchHeartbeat(PullFor/4))
	if err != nil {
		return err
	}
	for m := range batch.Messages() {
		if ctx.Err() != nil {
			_ = m.Nak() // we are stopping: another worker gets it at once
			continue
		}
		got++
		p.running.Go(func() { defer free(); p.run(ctx, m, asked) })
	}
	if err := batch.Error(); err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, nats.ErrTimeout) {
		return err
	}
	return nil
}

func (p *pool) run(ctx context.Context, m jetstream.Msg, asked time.Time) {
	meta, err := m.Metadata()
	if err != nil {
		p.e.log.Error("event stream: job without metadata", "error", err)
		return
	}
	t := &task{e: p.e, m: m, asked: asked, attempt: int(meta.NumDelivered), seq: meta.Sequence.Stream}
	if t.attempt > maxAttempts {
		if err := t.Bury(ctx, fmt.Sprintf("tried %d times", maxAttempts)); err != nil {
			p.e.log.Error("event stream: job cannot be buried", "subject", p.e.bare(m.Subject()), "error", err)
		}
		return
	}
	defer func() {
		if v := recover(); v != nil {
			p.e.panicked(v)
			_ = t.Retry(ctx, retryAfter)
		}
	}()
	p.fn(ctx, t)
}
