package delivery

import (
	"context"
	"sync"
	"time"
)

// gates bound what is under way: in all for a channel, to each destination,
// and, for each case and destination, older revisions before newer ones.
type gates struct {
	all     chan struct{} // one token for each Send under way on the channel
	perDest int

	mu    sync.Mutex
	dests map[string]*dest
}

// dest is one destination while anybody uses it.
type dest struct {
	users   int
	slots   chan struct{}
	notYet  time.Time // asked to stay away until then
	flights map[string]map[int]*flight
}

// flight is the Sends of one revision of one case that are under way to one destination.
type flight struct {
	n      int
	landed chan struct{} // closed when n is 0
}

func newGates(concurrency, perDestination int) *gates {
	return &gates{
		all:     make(chan struct{}, max(1, concurrency)),
		perDest: max(1, perDestination), dests: make(map[string]*dest),
	}
}

// enter waits until a Send of revision to name may start. leave must be called
// after it. An error is ctx's cause. Older flights are waited for, not killed: what is on
// the wire may still arrive, and must arrive first.
//
// After enter the caller asks once more whether a newer revision is out. That
// closes the race: a newer revision is worked only once it is known to all, so
// either the older one sees it here, or it took off before and is waited for.
func (g *gates) enter(ctx context.Context, name, caseID string, revision int) (leave func(), err error) {
	d := g.use(name)
	defer func() {
		if err != nil {
			g.release(name, d)
		}
	}()
	if err := g.awaitOlder(ctx, d, caseID, revision); err != nil {
		return nil, err
	}
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
	f := g.takeOff(d, caseID, revision)
	return func() {
		<-g.all
		<-d.slots
		g.land(d, f, caseID, revision)
		g.release(name, d)
	}, nil
}

// awaitOlder waits for the flights of older revisions of the case.
func (g *gates) awaitOlder(ctx context.Context, d *dest, caseID string, revision int) error {
	for {
		var older *flight
		g.mu.Lock()
		for rev, f := range d.flights[caseID] {
			if rev < revision {
				older = f
			}
		}
		g.mu.Unlock()
		if older == nil {
			return nil
		}
		select {
		case <-older.landed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
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

func (g *gates) takeOff(d *dest, caseID string, revision int) *flight {
	g.mu.Lock()
	defer g.mu.Unlock()
	if d.flights[caseID] == nil {
		d.flights[caseID] = make(map[int]*flight)
	}
	f := d.flights[caseID][revision]
	if f == nil {
		f = &flight{landed: make(chan struct{})}
		d.flights[caseID][revision] = f
	}
	f.n++
	return f
}

func (g *gates) land(d *dest, f *flight, caseID string, revision int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if f.n--; f.n > 0 {
		return
	}
	close(f.landed)
	delete(d.flights[caseID], revision)
	if len(d.flights[caseID]) == 0 {
		delete(d.flights, caseID)
	}
}

func (g *gates) use(name string) *dest {
	g.mu.Lock()
	defer g.mu.Unlock()
	d := g.dests[name]
	if d == nil {
		d = &dest{slots: make(chan struct{}, g.perDest), flights: make(map[string]map[int]*flight)}
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
