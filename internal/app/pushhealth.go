package app

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"tocsin/adapters/webpush"
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
)

// pushCount keeps the newest report, and until when it serves.
type pushCount struct {
	mu    sync.Mutex
	last  PushReport
	until time.Time
}

// pushReport counts the subscriptions, or gives the newest count; the zero report
// when the channel is off.
func (a *App) pushReport(now time.Time) PushReport {
	on := slices.ContainsFunc(a.channels, func(c delivery.Channel) bool { return c.Driver.Name == webpush.Name })
	if !on {
		return PushReport{}
	}
	a.push.mu.Lock()
	defer a.push.mu.Unlock()
	if now.Before(a.push.until) {
		return a.push.last
	}
	begun := time.Now()
	services, areas := map[string]*PushHealth{}, map[string]*PushHealth{}
	for r := range a.Registry.Each(webpush.Name) {
		seen := now.Sub(webpush.Confirmed(r))
		count(services, r.Destination, seen)
		for _, code := range r.Areas {
			count(areas, code, seen)
		}
	}
	a.push.last = PushReport{At: now, Services: most(services), Areas: most(areas)}
	a.push.until = now.Add(min(pushHealthAge, pushHealthShare*time.Since(begun)))
	return a.push.last
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

func (a *App) servePushHealth(*http.Request) (any, error) { return a.pushReport(time.Now()), nil }
