package stream

import (
	"context"
	"sync"
	"time"
)

// lookFor bounds one look at a stream's head, whoever of its callers has given up.
const lookFor = 30 * time.Second

// Look asks how far a stream is for many callers at once: thousands of jobs begin in
// the same moment when an alert goes out, and each wants to know. Whoever comes while one asks shares the next question: the answer to
// the present one may be older than his. The zero value is ready.
type Look struct {
	mu   sync.Mutex
	next *glance // not asked yet
	busy bool
}

// glance is one question and its answer.
type glance struct {
	done chan struct{} // closed when the answer is there
	head uint64
	err  error
}

// Looked is the stream that is asked.
type Looked interface {
	Head(ctx context.Context) (uint64, error)
	Newest(ctx context.Context) (uint64, error)
}

// CatchUp returns when the fold of all of a stream whose mark is m has everything of
// its realm that was stored at the call, by whatever process. An error is the
// stream's, or ctx's.
func (l *Look) CatchUp(ctx context.Context, of Looked, m *Mark) error {
	newest, err := l.ask(ctx, func(ctx context.Context) (uint64, error) {
		head, err := of.Head(ctx)
		if err != nil || m.At() >= head { // nearly always, and a cheap question
			return head, err
		}
		return of.Newest(ctx)
	})
	if err != nil {
		return err
	}
	return m.Wait(ctx, newest)
}

// ask is the answer to a question that is put after the call. An error is the stream's, or ctx's.
func (l *Look) ask(ctx context.Context, ask func(context.Context) (uint64, error)) (uint64, error) {
	l.mu.Lock()
	if l.next == nil {
		l.next = &glance{done: make(chan struct{})}
	}
	mine := l.next
	if !l.busy {
		l.busy = true
		go l.work(ask)
	}
	l.mu.Unlock()
	select {
	case <-mine.done:
		return mine.head, mine.err
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

// work asks as long as somebody waits for an answer.
func (l *Look) work(ask func(context.Context) (uint64, error)) {
	for {
		l.mu.Lock()
		g := l.next
		l.next, l.busy = nil, g != nil
		l.mu.Unlock()
		if g == nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), lookFor)
		g.head, g.err = ask(ctx)
		cancel()
		close(g.done)
	}
}
