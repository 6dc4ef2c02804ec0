package delivery

import (
	"math/rand/v2"
	"time"

	"tocsin/internal/adapter"
)

// The waits between attempts. An alert is worth seconds: the first tries come
// fast, then a dead destination costs one attempt a minute.
const (
	firstWait = time.Second
	maxWait   = time.Minute
	// brokenWait is for wrong credentials or settings: a person must act, and
	// hammering gets an account blocked.
	brokenWait = 30 * time.Second
	// maxAfter bounds how long a destination may ask us to stay away.
	maxAfter = 10 * time.Minute
)

// wait is how long to stay away after attempt number n failed with f, with a
// fifth of jitter so that many recipients do not come back in step.
func wait(n int, f *adapter.Failure) time.Duration {
	base := firstWait << min(n-1, 6)
	switch f.Class {
	case adapter.Throttled:
		base = min(max(base, f.After), maxAfter)
		return base + rand.N(base/5)
	case adapter.Misconfigured:
		base = max(base, brokenWait)
	}
	base = min(base, maxWait)
	return base - base/10 + rand.N(base/5)
}

// final says that f ends the attempts for a recipient.
func final(f *adapter.Failure) bool {
	return f.Class == adapter.Rejected || f.Class == adapter.Gone
}
