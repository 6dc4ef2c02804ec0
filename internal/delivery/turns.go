package delivery

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"tocsin/internal/alert"
)

// turns lets a few jobs at a time make their first round, the most urgent of those
// that wait first: a queue hands out thousands at once, and which of them the
// scheduler wakes first says nothing of who lives near the place.
type turns struct {
	mu      sync.Mutex
	free    int
	waiting []*turn // most urgent first
}

// turn is one job that waits.
type turn struct {
	urgency urgency
	granted chan struct{} // closed
}

// urgency orders jobs.
type urgency struct {
	withdrawal bool
	seq        uint64 // of the message: the older alert first
	tier       int
	shard      int
}

func urgencyOf(j job, m *alert.Message) urgency {
	return urgency{m.MsgType == alert.TypeCancel, j.Seq, int(j.tier()), j.Shard}
}

func (a urgency) compare(b urgency) int {
	if a.withdrawal != b.withdrawal {
		if a.withdrawal {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(a.seq, b.seq), cmp.Compare(a.tier, b.tier), cmp.Compare(a.shard, b.shard))
}

// take waits for a turn; give must be called after it. An error is ctx's cause.
func (t *turns) take(ctx context.Context, u urgency) error {
	t.mu.Lock()
	if t.free > 0 {
		t.free--
		t.mu.Unlock()
		return nil
	}
	mine := &turn{u, make(chan struct{})}
	at, _ := slices.BinarySearchFunc(t.waiting, mine, func(a, b *turn) int { return a.urgency.compare(b.urgency) })
	t.waiting = slices.Insert(t.waiting, at, mine)
	t.mu.Unlock()
	select {
	case <-mine.granted:
		return nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	if at := slices.Index(t.waiting, mine); at >= 0 {
		t.waiting = slices.Delete(t.waiting, at, at+1)
		t.mu.Unlock()
		return context.Cause(ctx)
	}
	t.mu.Unlock()
	t.give() // it came in the same moment
	return context.Cause(ctx)
}

// give hands the turn on.
func (t *turns) give() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.waiting) == 0 {
		t.free++
		return
	}
	close(t.waiting[0].granted)
	t.waiting = slices.Delete(t.waiting, 0, 1)
}
