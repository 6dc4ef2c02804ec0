package auth

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// The bounds on guessing.
const (
	// freeTries are typing mistakes; from then on each failure doubles the wait.
	freeTries = 3
	// freeFromNetwork is the same for all names from one network: a whole station
	// that comes on duty at once behind one address, with its typing mistakes.
	freeFromNetwork = 20
	firstWait       = time.Second
	// longestWait keeps a stranger who guesses at a colleague's name from locking
	// him out for long, and still leaves him fewer than 3,000 guesses a day.
	longestWait = 30 * time.Second
	// longestCodeWait is longer: who guesses at codes knows the password, so it locks
	// no colleague out, and three of a million codes are right at any moment. It
	// leaves under 160 guesses a day, which succeed on one day in 2,000; each server
	// process counts by itself, from its start.
	longestCodeWait = 10 * time.Minute
	// forgetCodesAfter is so long that waiting for it is no quicker way to guess.
	forgetCodesAfter = 24 * time.Hour
	// forgetAfter is when a name's failures no longer count.
	forgetAfter = 15 * time.Minute
	// Over all names: two hashes at once do about 60 a second, most of which stay free for other work.
	triesPerSecond = 10
	tryBurst       = 30
	// maxNames bounds the memory that guessing at random names takes. 10 tries a
	// second for 15 minutes are 9,000 names from 9,000 networks, so there is room
	// again when what no longer counts is dropped.
	maxNames = 20_000
)

// ThrottledError says that signing in has to wait. 429 with Retry-After.
type ThrottledError struct{ After time.Duration }

// Error is what the officer reads.
func (e *ThrottledError) Error() string {
	return fmt.Sprintf("too many attempts to sign in; try again in %d s", e.Seconds())
}

// Seconds is After for a Retry-After header, at least 1.
func (e *ThrottledError) Seconds() int { return max(1, int((e.After+time.Second-1)/time.Second)) }

// throttle slows guessing down, for each name, for each network and overall.
type throttle struct {
	mu    sync.Mutex
	all   *rate.Limiter
	names map[string]failures // by name, and by network: no name has a slash
}

type failures struct {
	n     int
	keep  time.Time // they count until then
	until time.Time // no try before
}

func newThrottle() *throttle {
	return &throttle{all: rate.NewLimiter(triesPerSecond, tryBurst), names: map[string]failures{}}
}

// try counts an attempt as failed before it is made, so that many at once are no
// way around the wait; done takes it back.
// The network is "" where it is not known, or is everybody's.
func (t *throttle) try(name, network string) error {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	wait := t.names[name].until.Sub(now)
	if network != "" { // "" is also what cannot be a name
		wait = max(wait, t.names[network].until.Sub(now))
	}
	if wait > 0 {
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
	t.count(name, bound{freeTries, longestWait, forgetAfter}, now)
	if network != "" {
		t.count(network, bound{freeFromNetwork, longestWait, forgetAfter}, now)
	}
	return nil
}

// tryCode is try for a code of somebody whose password was right; doneCode takes it back.
func (t *throttle) tryCode(codes string) error {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if wait := t.names[codes].until.Sub(now); wait > 0 {
		return &ThrottledError{wait}
	}
	t.count(codes, bound{freeTries, longestCodeWait, forgetCodesAfter}, now)
	return nil
}

func (t *throttle) doneCode(codes string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.names, codes)
}

// codesOf keeps the failures of codes apart from those of passwords: the right
// password must not free the next guess at a code. Those of the officer's own
// session are apart again: who knows his password alone holds up no release.
func codesOf(ctx context.Context, id string) string {
	if in, ok := From(ctx); ok && in.ID == id {
		return id + "/release"
	}
	return id + "/code"
}

// bound is how failures of one kind slow the next try down.
type bound struct {
	free            int
	longest, forget time.Duration
}

// count adds a failure, and the wait that follows when it is more than is free.
func (t *throttle) count(who string, b bound, now time.Time) {
	f := t.names[who]
	if now.After(f.keep) {
		f = failures{}
	}
	f.n, f.keep = f.n+1, now.Add(b.forget)
	if over := f.n - b.free; over >= 0 {
		f.until = now.Add(min(b.longest, firstWait<<min(over, 10)))
	}
	t.names[who] = f
}

// done forgets the failures of a name that has signed in. Of its network it takes
// back this one try: else one account of his own would free a guesser's others.
func (t *throttle) done(name, network string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.names, name)
	if f, ok := t.names[network]; ok && network != "" {
		if f.n--; f.n < freeFromNetwork {
			f.until = time.Time{}
		}
		t.names[network] = f
	}
}

// networkOf is where a request comes from: the address for IPv4, the first 56
// bits, which are one household or office, for IPv6. A proxy on this machine or
// in its private network names its client last in X-Forwarded-For, of which some
// add a line of their own below the client's; who comes from elsewhere is not
// believed, and who is inside can spoil this bound alone, not that of the name.
//
// shared says that everybody may come from there: the proxy names nobody. Then
// no bound may hang on it, or one stranger's guesses would lock all officers out.
func networkOf(r *http.Request) (network string, shared bool) {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return "", true
	}
	addr := from.Addr().Unmap()
	if addr.IsLoopback() || addr.IsPrivate() {
		list := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		said, err := netip.ParseAddr(strings.TrimSpace(list[len(list)-1]))
		if shared = err != nil; !shared {
			addr = said.Unmap()
		}
	}
	bits := 32
	if addr.Is6() {
		bits = 56
	}
	prefix, err := addr.WithZone("").Prefix(bits)
	if err != nil {
		return "", true
	}
	return prefix.String(), shared
}

// forget drops what no longer counts.
func (t *throttle) forget(now time.Time) {
	for name, f := range t.names {
		if now.After(f.keep) {
			delete(t.names, name)
		}
	}
}
