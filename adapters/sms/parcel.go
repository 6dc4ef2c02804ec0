package sms

import (
	"context"
	"errors"
	"sync"
	"time"
)

// parcel is one text of one or more parts, until its receipts are in.
type parcel struct {
	settled chan struct{} // closed when its Send has ended; ref is set then
	ref     string        // empty: the attempt failed, its receipts mean nothing
	missing int           // parts not reported delivered yet
}

func newParcel(parts int) *parcel { return &parcel{settled: make(chan struct{}), missing: parts} }

// part is one part of a parcel.
type part struct {
	*parcel
	delivered bool
}

// generation bounds the parts remembered: two generations are kept, the older
// one is forgotten when the younger is full. At 100 messages a second one
// lasts a quarter of an hour; a receipt that comes later speaks for its text alone.
const generation = 100_000

// tracker knows which message ids belong to one text.
type tracker struct {
	mu         sync.Mutex
	young, old map[string]*part         // by reference
	waiting    map[string]chan struct{} // receipts that were faster than the answer with the id
}

func newTracker() *tracker {
	return &tracker{
		young: make(map[string]*part), old: make(map[string]*part), waiting: make(map[string]chan struct{}),
	}
}

// add notes that ref is a part of p.
func (t *tracker) add(ref string, p *parcel) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.young) >= generation {
		t.young, t.old = make(map[string]*part), t.young
	}
	t.young[ref] = &part{parcel: p}
	if c := t.waiting[ref]; c != nil {
		close(c)
		delete(t.waiting, ref)
	}
}

// settle ends p's Send; ref is the id of its last part, or empty when it failed.
func (t *tracker) settle(p *parcel, ref string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p.ref = ref
	close(p.settled)
}

const (
	// earlyWait is how long a receipt may run ahead of the answer with its id.
	earlyWait = 2 * time.Second
	// settleWait is how long a receipt waits for the rest of its batch.
	settleWait = 5 * time.Second
)

// find is the part that one of refs names, the first of them being the
// likeliest; nil when it is not known within earlyWait.
func (t *tracker) find(ctx context.Context, refs []string) *part {
	p, known := t.look(refs, false)
	if p != nil {
		return p
	}
	timer := time.NewTimer(earlyWait)
	defer timer.Stop()
	select {
	case <-known:
	case <-timer.C:
	case <-ctx.Done():
	}
	p, _ = t.look(refs, true)
	return p
}

// look is the part that one of refs names now, or a channel that is closed when
// the first of them may be known. The last look of one who waited ends the wait
// of the others for the same: they look once more, too.
func (t *tracker) look(refs []string, last bool) (*part, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, ref := range refs {
		if p := t.young[ref]; p != nil {
			return p, nil
		}
		if p := t.old[ref]; p != nil {
			return p, nil
		}
	}
	c := t.waiting[refs[0]]
	switch {
	case last && c != nil:
		delete(t.waiting, refs[0])
		close(c)
	case !last && c == nil:
		c = make(chan struct{})
		t.waiting[refs[0]] = c
	}
	return nil, c
}

// deliver notes that p is delivered and says whether its whole text is.
func (t *tracker) deliver(p *part) (whole bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !p.delivered {
		p.delivered = true
		p.missing--
	}
	return p.missing <= 0
}

// wait returns when p's Send has ended.
func (p *parcel) wait(ctx context.Context) error {
	select {
	case <-p.settled:
		return nil
	default:
	}
	timer := time.NewTimer(settleWait)
	defer timer.Stop()
	select {
	case <-p.settled:
		return nil
	case <-timer.C:
		return errUnsettled
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

var errUnsettled = errors.New("the batch of this message is still being sent")
