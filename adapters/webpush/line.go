package webpush

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// grantedFirst is what a connection is expected to take before it has said
	// so: for deciding how many to dial.
	grantedFirst = 100
	// dialAgain is how long after a failed dial the next one may be.
	dialAgain = time.Second
	// lookAgain is how soon a queue that found no place looks once more by itself.
	// Who makes room says so, as a rule: but net/http tells nobody of places that
	// were taken and given back while it called us, and a connection may die
	// before it stands in links.
	lookAgain = 100 * time.Millisecond
)

// link is one connection to a push service.
type link interface {
	// room is how many more flights it takes now.
	room() int
	// post takes the first of fs, says how many, and ends each by line.land,
	// never from within the call. It does not wait.
	post(fs []*flight) int
	// abandon ends the flights of a Send that is over.
	abandon(t *tally)
	// busy says whether anything is under way.
	busy() bool
	// dead says whether it takes nothing any more.
	dead() bool
	// close ends it and all its flights.
	close()
}

// line is what waits for one push service, and the connections to it. Flights
// leave in the order they came, as the service's pace and the places on its
// connections allow; a further connection is dialled when all are full.
type line struct {
	client          *client
	origin          string
	scheme, address string // host:port
	authority       string
	max             int // connections

	// again asks whoever holds mu to look once more: net/http calls back out of
	// the very calls that are made with mu held.
	again atomic.Bool
	sick  atomic.Bool // a connection has died
	old   atomic.Bool // the service wants HTTP/1.1

	mu       sync.Mutex
	queue    []*flight
	links    []link
	leaving  int // of links: dead, and with flights to wait for
	dialling int
	failed   time.Time // the last dial that failed
	pace     pace
	timer    *time.Timer // for the pace, and lookAgain
	idle     *time.Timer
	closed   bool

	notBefore time.Time // a Retry-After
	code      string    // the status that came with it
	refusals  int       // in a row
	refusal   string    // the status of the last
	probing   bool
}

// enqueue lines fs up.
func (l *line) enqueue(fs []*flight) {
	l.mu.Lock()
	var no error
	switch {
	case l.closed:
		no = errClosed
	case time.Now().Before(l.notBefore), l.refusals >= refusedRun && !l.probing:
		no = errStopped // while they were sealed
	}
	if no != nil {
		l.unlock()
		l.finish(fs, no)
		return
	}
	for _, f := range fs {
		f.home.unposted.Add(1)
	}
	l.queue = append(l.queue, fs...)
	l.mu.Unlock()
	l.pump()
}

// finish ends fs without an answer.
func (l *line) finish(fs []*flight, err error) {
	for _, f := range fs {
		f.err = err
		f.home.end(f)
	}
}

// strand is finish for fs that were in the queue: their Send counts who waits there.
func (l *line) strand(fs []*flight, err error) {
	for _, f := range fs {
		f.home.unposted.Add(-1)
	}
	l.finish(fs, err)
}

// pump gives waiting flights to connections with room. Everybody who held mu
// calls it afterwards.
func (l *line) pump() {
	l.again.Store(true)
	for l.again.Load() && l.mu.TryLock() {
		l.again.Store(false)
		l.fill(time.Now())
		l.mu.Unlock()
	}
}

// unlock is mu.Unlock for those who do not pump: somebody may have asked meanwhile.
func (l *line) unlock() {
	l.mu.Unlock()
	if l.again.Load() {
		l.pump()
	}
}

// fill is pump's turn. l is locked.
func (l *line) fill(now time.Time) {
	if l.sick.Swap(false) {
		l.bury()
	}
	for len(l.queue) > 0 && !l.closed {
		allowed, wait := l.pace.allow(now, len(l.queue))
		if allowed == 0 {
			l.timer.Reset(wait)
			return
		}
		posted := l.give(now, allowed)
		if posted == 0 {
			l.bury()
			l.grow(now)
			l.timer.Reset(lookAgain)
			return
		}
		l.pace.spent(posted)
	}
	if len(l.queue) == 0 {
		l.queue = nil // its room may be large
	}
}

// give posts up to n flights on the first connection with room.
func (l *line) give(now time.Time, n int) int {
	for _, c := range l.links {
		k := min(n, c.room())
		if k <= 0 {
			continue
		}
		for _, f := range l.queue[:k] {
			f.begun = now
		}
		// Counted before they go: from post on they may end, and be sent once more.
		for _, f := range l.queue[:k] {
			f.home.unposted.Add(-1)
		}
		took := c.post(l.queue[:k])
		for _, f := range l.queue[took:k] {
			f.home.unposted.Add(1)
		}
		if took == 0 {
			continue
		}
		var last *tally
		for _, f := range l.queue[:took] {
			if f.home != last {
				last = f.home
				last.ring()
			}
		}
		clear(l.queue[:took])
		l.queue = l.queue[took:]
		return took
	}
	return 0
}

// bury lets go of dead connections that carry nothing any more. l is locked.
func (l *line) bury() {
	l.leaving = 0
	l.links = slices.DeleteFunc(l.links, func(c link) bool {
		if !c.dead() {
			return false
		}
		if c.busy() {
			l.leaving++
			return false
		}
		c.close()
		return true
	})
}

// grow dials further connections: as many as the queue would fill, and at most
// as many at once as there are, so that a cold burst does not begin with dozens
// of handshakes to a service that answers none. l is locked.
func (l *line) grow(now time.Time) {
	want, alive := (len(l.queue)+grantedFirst-1)/grantedFirst, len(l.links)-l.leaving
	for l.dialling < min(want, max(1, alive), l.max-alive) {
		if alive > 0 && now.Sub(l.failed) < dialAgain {
			return
		}
		l.dialling++
		l.client.running.Go(l.dial)
	}
}

// dial opens one connection. When there is none at all, those who wait share its failure.
func (l *line) dial() {
	ctx, cancel := context.WithTimeout(l.client.ctx, dialTimeout)
	defer cancel()
	fresh, err := l.client.dial(ctx, l)
	l.mu.Lock()
	l.dialling--
	var stranded []*flight
	switch {
	case errors.Is(err, errOld):
		l.old.Store(true) // the next dial knows
	case err != nil:
		l.failed = time.Now()
		if len(l.links) == 0 && l.dialling == 0 {
			stranded, l.queue = l.queue, nil
		}
	case l.closed:
		defer fresh.close()
	default:
		l.links = append(l.links, fresh)
		l.idle.Reset(idleTimeout)
	}
	l.mu.Unlock()
	l.strand(stranded, err)
	l.pump()
}

// land takes flights that have ended on a connection; those without an err have an answer.
func (l *line) land(fs []*flight, now time.Time) {
	l.mu.Lock()
	var stopped []*flight
	for _, f := range fs {
		if l.note(f, now) && stopped == nil {
			stopped, l.queue = l.queue, nil
		}
	}
	l.mu.Unlock()
	for _, f := range fs {
		f.home.end(f)
	}
	l.strand(stopped, errStopped)
	l.pump()
}

// abandon ends the flights of a Send that is over.
func (l *line) abandon(t *tally) {
	l.mu.Lock()
	var mine []*flight
	kept := l.queue[:0]
	for _, f := range l.queue {
		if f.home == t {
			mine = append(mine, f)
		} else {
			kept = append(kept, f)
		}
	}
	clear(l.queue[len(kept):])
	l.queue = kept
	links := slices.Clone(l.links)
	l.mu.Unlock()
	l.strand(mine, errAbandoned)
	for _, c := range links {
		c.abandon(t)
	}
	l.pump()
}

// rest closes the connections that carry nothing, and says whether the line is at rest.
func (l *line) rest() bool {
	l.mu.Lock()
	var idle []link
	alive := l.links[:0]
	for _, c := range l.links {
		if c.busy() {
			alive = append(alive, c)
		} else {
			idle = append(idle, c)
		}
	}
	clear(l.links[len(alive):])
	l.links = alive
	l.sick.Store(true) // who is leaving is to be counted anew
	quiet := len(alive) == 0 && l.dialling == 0 && len(l.queue) == 0
	l.mu.Unlock()
	for _, c := range idle {
		c.close()
	}
	l.pump()
	return quiet
}

// restLater is rest, and comes again while something is under way.
func (l *line) restLater() {
	if l.rest() {
		return
	}
	l.mu.Lock()
	defer l.unlock()
	if !l.closed {
		l.idle.Reset(idleTimeout)
	}
}

// close ends the line with all that waits and flies.
func (l *line) close() {
	l.mu.Lock()
	l.closed = true
	l.timer.Stop()
	l.idle.Stop()
	waiting, links := l.queue, l.links
	l.queue, l.links = nil, nil
	l.mu.Unlock()
	l.strand(waiting, errClosed)
	for _, c := range links {
		c.close()
	}
}
