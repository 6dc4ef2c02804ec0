package stream

import (
	"context"
	"sync"
	"time"
)

// lookFor bounds one look at a stream's head, whoever of its callers has given up.
const lookFor = 30 * time.Second

// Look asks for a stream's head for many callers at once: thousands of jobs begin
// in the same moment when an alert goes out, and each wants to know how far a
// stream is. Whoever comes while one asks shares the next question: the answer to
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

// Head is the answer to a question that is asked after the call. An error is the stream's, or ctx's.
func (l *Look) Head(ctx context.Context, ask func(context.Context) (uint64, error)) (uint64, error) {
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
