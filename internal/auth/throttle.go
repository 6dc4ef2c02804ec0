package auth

import (
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// The bounds on guessing.
const (
	// freeTries are typing mistakes; from then on each failure doubles the wait.
	freeTries = 3
	firstWait = time.Second
	// longestWait keeps a stranger who guesses at a colleague's name from locking
	// him out for long, and still leaves him fewer than 3,000 guesses a day.
	longestWait = 30 * time.Second
	// forgetAfter is when a name's failures no longer count.
	forgetAfter = 15 * time.Minute
	// Over all names: two hashes at once do about 60 a second, most of which stay free for other work.
	triesPerSecond = 10
	tryBurst       = 30
	// maxNames bounds the memory that guessing at random names takes. 10 tries a
	// second for 15 minutes are 9,000 names, so it is never reached.
	maxNames = 10_000
)

// ThrottledError says that signing in has to wait. 429 with Retry-After.
type ThrottledError struct{ After time.Duration }

// Error is what the officer reads.
func (e *ThrottledError) Error() string {
	return fmt.Sprintf("too many attempts to sign in; try again in %d s", e.Seconds())
}

// Seconds is After for a Retry-After header, at least 1.
func (e *ThrottledError) Seconds() int { return max(1, int((e.After+time.Second-1)/time.Second)) }

// throttle slows guessing down, for each name and overall.
type throttle struct {
	mu    sync.Mutex
	all   *rate.Limiter
	names map[string]failures
}

type failures struct {
	n     int
	last  time.Time
	until time.Time
}

func newThrottle() *throttle {
	return &throttle{all: rate.NewLimiter(triesPerSecond, tryBurst), names: map[string]failures{}}
}

// try counts an attempt as failed before it is made, so that many at once are no
// way around the wait; done takes it back.
func (t *throttle) try(name string) error {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.names[name]
	if now.Sub(f.last) > forgetAfter {
		f = failures{}
	}
	if wait := f.until.Sub(now); wait > 0 {
		return &ThrottledError{wait}
	}
	if !t.all.AllowN(now, 1) {
		return &ThrottledError{time.Second}
	}
	if _, known := t.names[name]; !known && len(t.names) >= maxNames {
		t.forget(now)
		if len(t.names) >= maxNames {
			return &ThrottledError{longestWait}
		}
	}
	f.n, f.last = f.n+1, now
	if over := f.n - freeTries; over >= 0 {
		f.until = now.Add(min(longestWait, firstWait<<min(over, 10)))
	}
	t.names[name] = f
	return nil
}

// done forgets the failures of a name that has signed in.
func (t *throttle) done(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.names, name)
}

// forget drops what no longer counts.
func (t *throttle) forget(now time.Time) {
	for name, f := range t.names {
		if now.Sub(f.last) > forgetAfter {
			delete(t.names, name)
		}
	}
}
