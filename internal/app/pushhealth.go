package app

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"tocsin/adapters/webpush"
	"tocsin/internal/adapter"
	"tocsin/internal/delivery"
)

// PushHealth is how many devices are subscribed at one push service or for one
// area, by when they were last known to be there. Nobody is named.
type PushHealth struct {
	Of    string `json:"of"` // "https://fcm.googleapis.com", or an area's code
	All   int    `json:"all"`
	Week  int    `json:"week"`  // confirmed in the last seven days
	Month int    `json:"month"` // in the last thirty, the week included
}

// PushReport is the operator's page of the citizens' devices. A device that is
// not seen is not lost: its push service alone says that, with 404 or 410. But a
// service where few are confirmed is worth a look before the night of an alert.
type PushReport struct {
	At       time.Time    `json:"at"`
	Services []PushHealth `json:"services"`
	Areas    []PushHealth `json:"areas"` // a device counts for each area it chose
}

// A count goes over every subscription, so it serves for a thousand times as long as
// it took, and at most for a minute: a few devices are counted anew each time.
const (
	pushHealthShare = 1000
	pushHealthAge   = time.Minute
	// pushHealthWait is how long a board and the metrics wait for a new count. A
	// country's takes seconds, and an officer's page must not: it has the one before.
	pushHealthWait = 50 * time.Millisecond
)

// pushCount keeps the newest report, and has it renewed by one goroutine.
type pushCount struct {
	all func() iter.Seq[adapter.Recipient]
	ask chan struct{}

	mu    sync.Mutex
	last  PushReport    // zero before the first count
	until time.Time     // last serves so long
	next  chan struct{} // closes with the next count
}

func newPushCount(all func() iter.Seq[adapter.Recipient]) *pushCount {
	return &pushCount{all: all, ask: make(chan struct{}, 1), next: make(chan struct{})}
}

// startPushCount has citizens' devices counted where there are any.
func (a *App) startPushCount(context.Context) error {
	if slices.ContainsFunc(a.channels, func(c delivery.Channel) bool { return c.Driver.Name == webpush.Name }) {
		a.push = newPushCount(func() iter.Seq[adapter.Recipient] { return a.Registry.Each(webpush.Name) })
		a.loop("count of devices", a.push.run)
	}
	return nil
}

// run counts when somebody asks, until ctx ends.
func (p *pushCount) run(ctx context.Context) error {
	for {
		select {
		case <-p.ask:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		p.mu.Lock()
		fresh := time.Now().Before(p.until)
		p.mu.Unlock()
		if !fresh {
			p.count(ctx)
		}
	}
}

// count goes over every subscription; cut off by ctx it changes nothing.
func (p *pushCount) count(ctx context.Context) {
	begun := time.Now()
	services, areas := map[string]*PushHealth{}, map[string]*PushHealth{}
	for r := range p.all() {
		if ctx.Err() != nil {
			return
		}
		seen := begun.Sub(webpush.Confirmed(r))
		count(services, r.Destination, seen)
		for _, code := range r.Areas {
			count(areas, code, seen)
		}
	}
	report := PushReport{At: begun, Services: most(services), Areas: most(areas)}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last, p.until = report, time.Now().Add(min(pushHealthAge, pushHealthShare*time.Since(begun)))
	close(p.next)
	p.next = make(chan struct{})
}

// report gives the newest count; one that is stale is renewed, and waited for until
// ctx ends. The zero report without such a channel, and before the first count.
func (p *pushCount) report(ctx context.Context) PushReport {
	if p == nil {
		return PushReport{}
	}
	p.mu.Lock()
	last, stale, next := p.last, !time.Now().Before(p.until), p.next
	p.mu.Unlock()
	if !stale {
		return last
	}
	select {
	case p.ask <- struct{}{}:
	default: // somebody has asked
	}
	select {
	case <-next:
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

// soon is report for who must not wait.
func (p *pushCount) soon() PushReport {
	ctx, cancel := context.WithTimeout(context.Background(), pushHealthWait)
	defer cancel()
	return p.report(ctx)
}

// day is how finely a confirmation is written down.
const day = 24 * time.Hour

func count(all map[string]*PushHealth, of string, seen time.Duration) {
	h := all[of]
	if h == nil {
		h = &PushHealth{Of: of}
		all[of] = h
	}
	h.All++
	if seen < 8*day { // seven whole days and today's begun one
		h.Week++
	}
	if seen < 31*day {
		h.Month++
	}
}

// most puts the largest first.
func most(all map[string]*PushHealth) []PushHealth {
	out := make([]PushHealth, 0, len(all))
	for h := range maps.Values(all) {
		out = append(out, *h)
	}
	slices.SortFunc(out, func(a, b PushHealth) int { return cmp.Or(b.All-a.All, cmp.Compare(a.Of, b.Of)) })
	return out
}

func (a *App) servePushHealth(r *http.Request) (any, error) { return a.push.report(r.Context()), nil }
