package broadcast

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/internal/adapter"
)

// limits are what protects the node and the other clients from one of them.
type limits struct {
	write    time.Duration // a client may block one write this long
	grace    time.Duration // then it has this long to hear that it was too slow
	stuck    time.Duration // a write under way for this long, and
	behind   uint64        // this many bytes behind the head: too slow
	silence  time.Duration // nothing heard, not even a pong: the line is dead
	sessions int           // of one station at once
	resume   time.Duration // a client that asks for nothing gets what is live
	tick     time.Duration // of the sweeper
	confirm  time.Duration // what is not confirmed for this long is sent again
	overdue  time.Duration // and for this long is an incident
	origin   time.Duration // without a new value of the counter the node is cut off from the log
}

// Feed is the broadcasters' channel: the hub of the live feed, and its adapter.
type Feed struct {
	env       adapter.Env
	settings  settings
	limits    limits
	beatEvery time.Duration

	ring   atomic.Pointer[ring] // a new one in a new epoch
	fan    *fanout
	intake *intake // of receipts
	desk   *desk
	beats  beats
	direct direct
	polls  polls
	certs  certIndex
	posts  meter
	stats  counters

	ready    atomic.Bool // the log has been read up to its head
	degraded atomic.Bool // the log does not answer

	mu       sync.RWMutex
	closing  bool
	sessions []*session
	open     map[string]int       // station -> its sessions
	last     map[string]time.Time // station -> when its last session ended, for the board
	again    context.CancelFunc   // makes follow begin again

	moves     atomic.Uint64   // grows whenever a session begins or ends
	warned    map[string]bool // of the warner
	announced uint64          // of the sweeper: moves when the other nodes were told

	ctx     context.Context
	stop    context.CancelFunc
	running sync.WaitGroup // follow, sweep, fan, intake and warn
	lines   sync.WaitGroup // goroutines of sessions
}

// counters are Stats as they grow.
type counters struct {
	frames, receipts, slow, refused, opened atomic.Uint64
}

// Stats is the feed in figures.
type Stats struct {
	Sessions, Stations   int    // connected now
	Opened               uint64 // sessions since the start
	Frames               uint64 // alert frames handed to lines
	Receipts             uint64 // stored
	Slow                 uint64 // closed for being slow
	Refused              uint64 // wrong or expired tokens
	RingFrames, RingSize int    // entries and bytes in memory
	Live                 int
	Head                 uint64
	Degraded             bool
}

// newFeed is a feed that does nothing yet.
func newFeed(env adapter.Env, set settings) *Feed {
	beat := time.Duration(set.HeartbeatS * float64(time.Second))
	f := &Feed{
		env: env, settings: set, desk: newDesk(), open: map[string]int{}, last: map[string]time.Time{},
		warned:    map[string]bool{},
		beatEvery: beat * 9 / 10,
		limits: limits{
			write: 10 * time.Second, grace: 2 * time.Second, stuck: time.Second, behind: 4 << 20,
			silence: 3 * beat, sessions: 4, resume: 5 * time.Second, tick: min(time.Second, beat/10),
			confirm: confirmWithin, overdue: 30 * time.Second, origin: 30 * time.Second,
		},
	}
	f.ring.Store(newRing(env.Alerts.Epoch()))
	f.fan, f.intake = newFanout(f), newIntake(f)
	f.ctx, f.stop = context.WithCancel(context.Background())
	return f
}

// start begins to follow the log, to sweep and to warn.
func (f *Feed) start() {
	f.again = func() {}
	f.running.Go(f.follow)
	f.running.Go(f.sweep)
	f.running.Go(func() { f.fan.run(f.ctx) })
	f.running.Go(func() { f.intake.run(f.ctx) })
	f.running.Go(f.warn)
}

// enter admits a request to the feed.
func (f *Feed) enter(r *http.Request) (*station, error) {
	f.mu.RLock()
	closing := f.closing
	f.mu.RUnlock()
	if closing || !f.ready.Load() {
		return nil, &problem{http.StatusServiceUnavailable, "the feed is starting or stopping; try again, or use another node", ""}
	}
	return f.admit(r)
}

// newSession registers a connection that is served by so many goroutines, each
// of which owes a lines.Done. One session too many is told so on its line.
func (f *Feed) newSession(who *station, out line, goroutines int) *session {
	s := &session{
		feed: f, ring: f.ring.Load(), id: strings.ToLower(rand.Text()[:12]), out: out,
		since: time.Now(), index: -1,
	}
	if _, direct := out.(directLine); !direct {
		s.poke = make(chan struct{}, 1)
	}
	s.who.Store(who)
	f.stats.opened.Add(1)
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.closing:
		// Close may be waiting already, and must not be surprised by one more.
		s.leave(f.drain())
		return s
	case f.open[who.id] >= f.limits.sessions:
		s.leave(quit{CloseTooManySessions, "rate", 5 * time.Second, fmt.Sprintf("a station has at most %d sessions", f.limits.sessions)})
	default:
		s.index = len(f.sessions)
		f.sessions = append(f.sessions, s)
		f.open[who.id]++
		f.moves.Add(1)
	}
	f.lines.Add(goroutines)
	s.counted = true
	return s
}

// done ends one goroutine of a session.
func (f *Feed) done(s *session) {
	if s.counted {
		f.lines.Done()
	}
}

// leave takes a session off the list.
func (f *Feed) leave(s *session) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s.index < 0 {
		return
	}
	n := len(f.sessions) - 1
	f.sessions[s.index] = f.sessions[n]
	f.sessions[s.index].index = s.index
	f.sessions[n] = nil
	f.sessions = f.sessions[:n]
	s.index = -1
	id := s.who.Load().id
	f.last[id] = time.Now()
	f.moves.Add(1)
	if f.open[id]--; f.open[id] == 0 {
		delete(f.open, id)
	}
}

// all is the sessions of this moment.
func (f *Feed) all() []*session {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return slices.Clone(f.sessions)
}

// Close tells every client to go elsewhere and waits until they have left or ctx ends.
func (f *Feed) Close(ctx context.Context) error {
	f.mu.Lock()
	f.closing = true
	f.mu.Unlock()
	for _, s := range f.all() {
		s.leave(f.drain())
	}
	gone := make(chan struct{})
	go func() { f.lines.Wait(); close(gone) }()
	var err error
	select {
	case <-gone:
	case <-ctx.Done():
		left := f.all()
		err = fmt.Errorf("feed: %d sessions did not end in time: %w", len(left), ctx.Err())
		for _, s := range left {
			s.lost()
		}
	}
	f.stop()
	f.running.Wait()
	if f.env.Nodes != nil {
		f.env.Nodes.Announce(f.settings.Node, f.here())
	}
	return err
}

// Stats is the feed in figures, now.
func (f *Feed) Stats() Stats {
	st := Stats{
		Opened: f.stats.opened.Load(), Frames: f.stats.frames.Load(), Receipts: f.stats.receipts.Load(),
		Slow: f.stats.slow.Load(), Refused: f.stats.refused.Load(), Degraded: f.cutOff(),
	}
	r := f.ring.Load()
	st.RingFrames, st.RingSize, st.Live = r.size()
	_, st.Head, _, _ = r.end()
	ids := map[string]bool{}
	for _, s := range f.all() {
		st.Sessions++
		ids[s.who.Load().id] = true
	}
	st.Stations = len(ids)
	return st
}
