// Package streamtest helps other rooms test against the event stream: the real
// one embedded or as a process, and, where hours must pass in microseconds
// (testing/synctest), one in memory.
package streamtest

import (
	"context"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/internal/stream"
)

// Memory is a log in memory with the semantics of stream.Log: for tests of time, where no
// real server can run. Fault, when set, may refuse an append.
type Memory struct {
	Fault func(en stream.Entry) error

	mu      sync.Mutex
	seq     uint64
	records []stream.Record
	changed chan struct{}
}

// Append stores en.
func (l *Memory) Append(_ context.Context, en stream.Entry) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.Fault != nil {
		if err := l.Fault(en); err != nil {
			return 0, err
		}
	}
	var last uint64
	for _, r := range l.records {
		if en.ID != "" && r.ID == en.ID {
			return r.Seq, nil
		}
		if r.Subject == en.Subject {
			last = r.Seq
		}
	}
	if en.After != nil && *en.After != last {
		return 0, stream.ErrConflict
	}
	if en.Rollup {
		l.records = slices.DeleteFunc(l.records, func(r stream.Record) bool { return r.Subject == en.Subject })
	}
	l.seq++
	l.records = append(l.records, stream.Record{
		Seq: l.seq, Subject: en.Subject, ID: en.ID, Data: slices.Clone(en.Data), Time: time.Now(),
	})
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
	return l.seq, nil
}

// AppendAll stores each.
func (l *Memory) AppendAll(ctx context.Context, all []stream.Entry) error {
	for _, en := range all {
		if _, err := l.Append(ctx, en); err != nil {
			return err
		}
	}
	return nil
}

// EraseBefore is stream.Log's.
func (l *Memory) EraseBefore(_ context.Context, subject string, seq uint64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.records = slices.DeleteFunc(l.records, func(r stream.Record) bool { return r.Subject == subject && r.Seq < seq })
	return nil
}

// Records is what is stored now.
func (l *Memory) Records() []stream.Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.records)
}

// next is the first record after the sequence that filter matches, or a channel that closes at the next append.
func (l *Memory) next(filter string, after uint64) (stream.Record, bool, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.records {
		if r.Seq > after && matches(filter, r.Subject) {
			return r, true, nil
		}
	}
	if l.changed == nil {
		l.changed = make(chan struct{})
	}
	return stream.Record{}, false, l.changed
}

// Head implements stream.Log.
func (l *Memory) Head(context.Context) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seq, nil
}

// Newest implements stream.Log.
func (l *Memory) Newest(context.Context) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.records) == 0 {
		return 0, nil
	}
	return l.records[len(l.records)-1].Seq, nil
}

// Last is stream.Log's.
func (l *Memory) Last(_ context.Context, subject string) (stream.Record, error) {
	for _, r := range slices.Backward(l.Records()) {
		if r.Subject == subject {
			return r, nil
		}
	}
	return stream.Record{}, stream.ErrNone
}

// Read is stream.Log's.
func (l *Memory) Read(_ context.Context, filter string, after uint64) iter.Seq2[stream.Record, error] {
	return func(yield func(stream.Record, error) bool) {
		for _, r := range l.Records() {
			if r.Seq > after && matches(filter, r.Subject) && !yield(r, nil) {
				return
			}
		}
	}
}

// Follow is stream.Log's.
func (l *Memory) Follow(ctx context.Context, filter string, after uint64, fn func(stream.Record) error, caughtUp func()) error {
	for {
		r, ok, changed := l.next(filter, after)
		if ok {
			if err := fn(r); err != nil {
				return err
			}
			after = r.Seq
			continue
		}
		if caughtUp != nil {
			caughtUp()
			caughtUp = nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}

// Consume is stream.Log's, without a durable position: it begins at the beginning.
func (l *Memory) Consume(ctx context.Context, _, filter string, fn func(context.Context, stream.Record) error) error {
	return l.Follow(ctx, filter, 0, func(r stream.Record) error {
		for fn(ctx, r) != nil {
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	}, nil)
}

// matches is NATS's subject matching: * one token, > the rest.
func matches(filter, subject string) bool {
	f, s := strings.Split(filter, "."), strings.Split(subject, ".")
	for i, token := range f {
		if token == ">" {
			return len(s) > i
		}
		if i >= len(s) || (token != "*" && token != s[i]) {
			return false
		}
	}
	return len(f) == len(s)
}

// MemoryQueue is a work queue in memory with the semantics of stream.Engine's.
type MemoryQueue struct {
	mu      sync.Mutex
	waiting []stream.Job
	seen    map[string]bool
	changed chan struct{}
	Buried  []string // reasons
	// Away keeps signs of life from the queue, as a cut line does.
	Away atomic.Bool
	// Frozen is how long the worker stood still between asking for jobs and finding them.
	Frozen time.Duration
	// Lose is how many calls of Enqueue store the jobs and say that they have not.
	Lose int
	// Ended counts the tasks that were done, put back or buried.
	Ended int
}

// Enqueue adds jobs whose ids are new.
func (q *MemoryQueue) Enqueue(_ context.Context, jobs []stream.Job) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.seen == nil {
		q.seen = make(map[string]bool)
	}
	for _, j := range jobs {
		if !q.seen[j.ID] {
			q.seen[j.ID] = true
			q.waiting = append(q.waiting, j)
		}
	}
	q.pulse()
	if q.Lose > 0 {
		q.Lose--
		return stream.ErrUnavailable
	}
	return nil
}

func (q *MemoryQueue) pulse() {
	if q.changed != nil {
		close(q.changed)
		q.changed = nil
	}
}

// Discard drops the waiting jobs that filter matches.
func (q *MemoryQueue) Discard(_ context.Context, filter string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = slices.DeleteFunc(q.waiting, func(j stream.Job) bool { return matches(filter, j.Subject) })
	return nil
}

func (q *MemoryQueue) take(filter string) (stream.Job, bool, <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, j := range q.waiting {
		if matches(filter, j.Subject) {
			q.waiting = slices.Delete(q.waiting, i, i+1)
			return j, true, nil
		}
	}
	if q.changed == nil {
		q.changed = make(chan struct{})
	}
	return stream.Job{}, false, q.changed
}

// Work hands out jobs until ctx ends.
func (q *MemoryQueue) Work(ctx context.Context, w stream.Work, fn func(context.Context, stream.Task)) error {
	var tasks sync.WaitGroup
	defer tasks.Wait()
	for {
		j, ok, changed := q.take(w.Filter)
		if ok {
			tasks.Go(func() { fn(ctx, &memoryTask{queue: q, job: j, asked: time.Now().Add(-q.Frozen)}) })
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}

type memoryTask struct {
	queue *MemoryQueue
	job   stream.Job
	asked time.Time
}

func (t *memoryTask) Job() stream.Job { return t.job }
func (t *memoryTask) Attempt() int    { return 1 }

func (t *memoryTask) Asked() time.Time { return t.asked }

func (t *memoryTask) Extend(context.Context) error {
	if t.queue.Away.Load() {
		return stream.ErrUnavailable
	}
	return nil
}

func (t *memoryTask) Done(context.Context) error {
	t.end()
	return nil
}

func (t *memoryTask) end() {
	t.queue.mu.Lock()
	defer t.queue.mu.Unlock()
	t.queue.Ended++
}

func (t *memoryTask) Retry(_ context.Context, after time.Duration) error {
	t.end()
	time.AfterFunc(after, func() {
		t.queue.mu.Lock()
		defer t.queue.mu.Unlock()
		t.queue.waiting = append(t.queue.waiting, t.job)
		t.queue.pulse()
	})
	return nil
}

func (t *memoryTask) Bury(_ context.Context, reason string) error {
	t.queue.mu.Lock()
	defer t.queue.mu.Unlock()
	t.queue.Buried = append(t.queue.Buried, reason)
	t.queue.Ended++
	return nil
}
