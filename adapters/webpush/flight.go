package webpush

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// How a push ended, when not with an answer.
var (
	// errUnprocessed: the service says that it did nothing with it, or it never left.
	errUnprocessed = errors.New("not processed")
	// errLost: the connection ended under it; the service may have taken it.
	errLost = errors.New("connection lost")
	// errReset: the service gave it up, and may have taken it.
	errReset = errors.New("stream reset")
	// errCalm: the service ended it, asking for calm.
	errCalm = errors.New("asked for calm")
	// errLate: no answer within answerTimeout.
	errLate = errors.New("no answer in time")
	// errAbandoned: its Send has ended.
	errAbandoned = errors.New("abandoned")
	// errStopped: it waited when its line was stopped, and never left.
	errStopped = errors.New("stopped")
	// errClosed: the channel was closed.
	errClosed = errors.New("closed")
)

// flight is one sealed push on its way.
type flight struct {
	home  *tally
	index int // in the batch
	target
	head  *head
	body  []byte
	tries int
	begun time.Time // when it was given to a connection

	status int    // of the answer
	after  string // its Retry-After
	err    error  // why there is no answer
}

// head is the headers that flights share.
type head struct {
	fields
	once sync.Once
	std  http.Header // the same for net/http; see header
}

type fields struct{ authority, token, topic, urgency, ttl string }

// tally gathers the flights of one Send as they end.
type tally struct {
	ctx      context.Context
	unposted atomic.Int32 // flights that wait for a place on a connection
	bell     chan struct{}
	mu       sync.Mutex
	ended    []*flight
}

func newTally(ctx context.Context) *tally { return &tally{ctx: ctx, bell: make(chan struct{}, 1)} }

func (t *tally) end(f *flight) {
	t.mu.Lock()
	t.ended = append(t.ended, f)
	t.mu.Unlock()
	t.ring()
}

func (t *tally) ring() {
	select {
	case t.bell <- struct{}{}:
	default:
	}
}

func (t *tally) take() []*flight {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := t.ended
	t.ended = nil
	return all
}
