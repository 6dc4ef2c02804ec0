package broadcast

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// share is how many sessions a worker takes at a time: enough that workers
	// seldom meet, few enough that they end together.
	share = 32
	// maxRuns is how many groups a worker keeps bytes for: stations are given
	// areas in a few combinations, and most stand at the same place of the log.
	maxRuns = 8
	// maxTry bounds a run: what a socket takes at once. More goes by the session's
	// own writer, which may wait.
	maxTry = batchBytes
)

// fanout hands what is new to every session. Where a line takes it at once, which
// is nearly always, a worker writes it there and then: no goroutine is woken, and
// connections at the same place of the log share the very bytes. A line that does
// not is given a goroutine of its own until it has caught up.
type fanout struct {
	feed     *Feed
	news     chan struct{} // capacity 1: the log moved on
	sessions []*session    // of the pass under way
	first    int           // where it began
	at       atomic.Int64  // the next share
}

func newFanout(f *Feed) *fanout { return &fanout{feed: f, news: make(chan struct{}, 1)} }

// tell says that there is something new.
func (o *fanout) tell() {
	select {
	case o.news <- struct{}{}:
	default: // a pass is due already, and takes everything
	}
}

// run makes one pass over all sessions after each news, until ctx ends.
func (o *fanout) run(ctx context.Context) {
	workers := make([]*passer, max(1, runtime.GOMAXPROCS(0)))
	for i := range workers {
		workers[i] = &passer{out: o, try: newAttempt()}
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-o.news:
		}
		o.pass(workers)
	}
}

// pass serves every session once.
func (o *fanout) pass(workers []*passer) {
	o.feed.mu.RLock()
	o.sessions = append(o.sessions[:0], o.feed.sessions...)
	o.feed.mu.RUnlock()
	n := len(o.sessions)
	o.first = rand.IntN(max(n, 1)) // nobody is always the last
	o.at.Store(0)
	var all sync.WaitGroup
	for _, w := range workers[:min(len(workers), (n+share-1)/share)] {
		all.Go(w.work)
	}
	all.Wait()
	clear(o.sessions) // a session that ends must not be kept here
}

// run is what every session at one place of the log, with the same areas, gets next.
type run struct {
	ring    *ring
	version uint64 // of the ring: a withdrawal makes the bytes void
	areas   string
	prev    uint64 // in: seq of the frame sent before
	from    uint64 // in: index in the ring
	wire    []byte // shared by all, and never changed
	ends    []int  // of each frame in wire
	last    uint64 // out: prev after these frames
	next    uint64 // out: index after them
	passed  uint64 // out: seq gone through
	total   uint64 // out: bytes of the log gone through
}

// passer is one worker of the passes.
type passer struct {
	out  *fanout
	runs []*run // newest first
	buf  []*entry
	try  *attempt
}

// work takes shares of the sessions until none is left.
func (w *passer) work() {
	all := w.out.sessions
	for {
		end := int(w.out.at.Add(share))
		if end-share >= len(all) {
			break
		}
		for i := end - share; i < min(end, len(all)); i++ {
			w.serve(all[(i+w.out.first)%len(all)])
		}
	}
	clear(w.runs) // nobody's name stays behind in here
	w.runs = w.runs[:0]
}

// serve gives one session what is new: at once where that is possible.
func (w *passer) serve(s *session) {
	direct, ok := s.out.(directLine)
	if !ok {
		s.wake()
		return
	}
	if !s.claim() {
		return // its writer is at work, and looks again before it ends
	}
	r := w.run(s)
	if r == nil {
		go s.write(nil)
		return
	}
	n := 0
	if len(r.wire) > 0 {
		var err error
		if n, err = direct.try(w.try, r.wire); err != nil {
			n = 0 // the writer meets the same error, and knows what to do
		}
	}
	w.advance(s, r)
	if n < len(r.wire) {
		b := newBatch()
		b.refer(r.wire)
		b.ends = append(b.ends, r.ends...)
		b.sent = n
		go s.write(b)
		return
	}
	if !s.rest() {
		go s.write(nil)
	}
}

// advance moves s past the run.
func (w *passer) advance(s *session, r *run) {
	s.prev, s.next, s.passed = r.last, r.next, max(s.passed, r.passed)
	s.position.Store(r.total)
	s.feed.stats.frames.Add(uint64(len(r.ends)))
}

// run is what s is due; nil when it is due anything else than the log's next frames.
func (w *passer) run(s *session) *run {
	if !s.plain() {
		return nil
	}
	who := s.who.Load()
	next, head, total, version := s.ring.end()
	for _, r := range w.runs {
		if r.ring == s.ring && r.version == version && r.from == s.next && r.prev == s.prev && r.areas == who.group {
			return r
		}
	}
	r := &run{ring: s.ring, version: version, areas: who.group, prev: s.prev, from: s.next}
	if !w.fill(r, who, time.Now(), next, head, total) {
		return nil
	}
	if len(w.runs) == maxRuns {
		w.runs = w.runs[:maxRuns-1]
	}
	w.runs = append([]*run{r}, w.runs...)
	return r
}

// fill writes the frames of r; false when they are too many for one try.
func (w *passer) fill(r *run, who *station, now time.Time, end, head, total uint64) bool {
	entries, next, lost := r.ring.take(w.buf[:0], r.from, maxTry)
	defer func() { clear(entries); w.buf = entries[:0] }()
	if lost || next < end {
		return false
	}
	r.last, r.next, r.passed, r.total = r.prev, next, head, total
	var head2 [96]byte
	for _, e := range entries {
		body := e.text(now)
		r.passed, r.total = max(r.passed, e.seq), max(r.total, e.total)
		if body == nil || !who.sees(e.areas) {
			continue
		}
		own := appendHead(head2[:0], e.seq, r.last, false)
		r.wire = append(append(appendFrame(r.wire, len(own)+len(body)), own...), body...)
		r.ends = append(r.ends, len(r.wire))
		r.last = e.seq
	}
	return len(r.wire) <= 2*maxTry
}
