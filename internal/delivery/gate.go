package delivery

import (
	"context"
	"sync"
	"time"
)

// gates bound what is under way: in all for a channel, to each destination,
// and, for each recipient of a case, older revisions before newer ones.
type gates struct {
	all     chan struct{} // one token for each Send under way on the channel
	perDest int

	mu    sync.Mutex
	dests map[string]*dest
	// air is the attempts under way: a recipient of a case, and for each
	// revision how many. It holds as many entries as Sends have recipients.
	air map[airKey]map[int]int
}

// airKey is one recipient of one case.
type airKey struct{ caseID, recipient string }

// dest is one destination while anybody uses it.
type dest struct {
	users  int
	slots  chan struct{}
	notYet time.Time // asked to stay away until then
	moved  time.Time // when a Send last began or ended
}

func newGates(concurrency, perDestination int) *gates {
	return &gates{
		all:     make(chan struct{}, max(1, concurrency)),
		perDest: max(1, perDestination), dests: make(map[string]*dest), air: make(map[airKey]map[int]int),
	}
}

// enter waits until a Send to the destination may start; leave must be called
// after it. An error is ctx's cause.
func (g *gates) enter(ctx context.Context, name string) (leave func(), err error) {
	d := g.use(name)
	defer func() {
		if err != nil {
			g.release(name, d)
		}
	}()
	if err := g.awaitTurn(ctx, d); err != nil {
		return nil, err
	}
	for _, slots := range []chan struct{}{d.slots, g.all} {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			if slots == g.all {
				<-d.slots
			}
			return nil, context.Cause(ctx)
		}
	}
	g.move(d)
	return func() {
		<-g.all
		<-d.slots
		g.move(d)
		g.release(name, d)
	}, nil
}

// takeOff puts an attempt for a recipient into the air, unless an attempt of an
// older revision is still there: what is on the wire may still arrive, and must
// arrive first. The older one is waited for, not killed.
//
// After takeOff the caller asks once more whether a newer revision is out. That
// closes the race: a newer revision is worked only once it is known to all, so
// either the older one sees it then, or it took off before and is waited for.
func (g *gates) takeOff(caseID string, revision int, recipient string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	key := airKey{caseID, recipient}
	flights := g.air[key]
	for older := range flights {
		if older < revision {
			return false
		}
	}
	if flights == nil {
		flights = make(map[int]int)
		g.air[key] = flights
	}
	flights[revision]++
	return true
}

// land ends what takeOff began.
func (g *gates) land(caseID string, revision int, recipient string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	key := airKey{caseID, recipient}
	flights := g.air[key]
	if flights[revision]--; flights[revision] <= 0 {
		delete(flights, revision)
	}
	if len(flights) == 0 {
		delete(g.air, key)
	}
}

// awaitTurn waits until the destination may be asked again.
func (g *gates) awaitTurn(ctx context.Context, d *dest) error {
	for {
		g.mu.Lock()
		left := time.Until(d.notYet)
		g.mu.Unlock()
		if left <= 0 {
			return ctxCause(ctx)
		}
		if err := sleep(ctx, left); err != nil {
			return err
		}
	}
}

// stuckAfter is how long a destination may keep all its Sends under way without
// one ending before nobody waits for it who wants something else.
const stuckAfter = 4 * time.Second

// stuck says whether the destination has asked for peace, or is silent.
func (g *gates) stuck(name string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	d, now := g.dests[name], time.Now()
	return d != nil && (now.Before(d.notYet) || len(d.slots) == cap(d.slots) && now.Sub(d.moved) >= stuckAfter)
}

// move notes that a Send to d has begun or ended.
func (g *gates) move(d *dest) {
	g.mu.Lock()
	defer g.mu.Unlock()
	d.moved = time.Now()
}

// stayAway keeps everybody off the destination for a while.
func (g *gates) stayAway(name string, after time.Duration) {
	d := g.use(name)
	defer g.release(name, d)
	g.mu.Lock()
	defer g.mu.Unlock()
	if until := time.Now().Add(min(after, maxAfter)); until.After(d.notYet) {
		d.notYet = until
	}
}

func (g *gates) use(name string) *dest {
	g.mu.Lock()
	defer g.mu.Unlock()
	d := g.dests[name]
	if d == nil {
		d = &dest{slots: make(chan struct{}, g.perDest)}
		g.dests[name] = d
	}
	d.users++
	return d
}

// release forgets a destination nobody uses, unless it asked for peace.
func (g *gates) release(name string, d *dest) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if d.users--; d.users == 0 && !time.Now().Before(d.notYet) {
		delete(g.dests, name)
	}
}

// sleep waits for t, or returns ctx's cause.
func sleep(ctx context.Context, t time.Duration) error {
	timer := time.NewTimer(t)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctxCause(ctx)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// ctxCause looks at the context alone: when a wait and a deadline end together
// select picks either.
func ctxCause(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}
