package webpush

import "time"

const (
	// slowEvery is how often the pace may be lowered: what was under way when a
	// service asked for less answers in the same vein, and says nothing new.
	slowEvery = time.Second
	// leastPace is the floor, in pushes a second: below it a service that is
	// merely strict would never be found mended.
	leastPace = 5
	// freeAfter is how long after the last complaint the pace is let go.
	freeAfter = 5 * time.Minute
	// slowest is the part of its best flow that slow answers alone never take from a
	// service. They may be our own slowness: a process short of processor time, or
	// one that stood still, sees every answer late and would starve its people.
	// What waits in a drowning service's queue is bounded by its connections anyway.
	slowest = 0.1
	// slowAnswer is a mean time to answer at which a service is drowning, if it
	// was four times quicker at its best: pushing harder only lengthens its queue.
	slowAnswer = 2 * time.Second
	// burstFor bounds what a pace may save up while nobody sends.
	burstFor = 100 * time.Millisecond
)

// pace is how many pushes a second one push service is sent: as many as it
// takes, until it asks for less (429, 406, 503) or answers slowly. It then halves
// and climbs by a tenth a second, as TCP does for the same reason: nobody tells
// us what the service can take, and many senders share it.
type pace struct {
	rate   float64 // pushes a second; 0 = no bound
	tokens float64
	filled time.Time
	slowed time.Time // the last complaint that counted
	raised time.Time

	// What was answered, for knowing what to halve.
	since time.Time
	count int
	flow  float64 // pushes a second over the last full second or more
	peak  float64 // the highest flow so far

	best, mean time.Duration // time to answer
}

// allow is how many of want pushes may go now; when none, wait says how soon to ask again.
func (p *pace) allow(now time.Time, want int) (n int, wait time.Duration) {
	if p.rate == 0 {
		return want, 0
	}
	p.climb(now)
	if p.rate == 0 {
		return want, 0
	}
	full := max(1, p.rate*burstFor.Seconds())
	p.tokens = min(full, p.tokens+p.rate*now.Sub(p.filled).Seconds())
	p.filled = now
	if p.tokens < 1 {
		return 0, time.Duration((1-p.tokens)/p.rate*float64(time.Second)) + time.Millisecond
	}
	return min(want, int(p.tokens)), 0
}

// spent takes n pushes off what is allowed.
func (p *pace) spent(n int) {
	if p.rate > 0 {
		p.tokens -= float64(n)
	}
}

// climb raises the rate by a tenth each second, and lets it go in the end.
func (p *pace) climb(now time.Time) {
	if now.Sub(p.slowed) > freeAfter {
		p.rate = 0
		return
	}
	for now.Sub(p.raised) >= time.Second {
		p.raised = p.raised.Add(time.Second)
		p.rate += max(1, p.rate/10)
	}
}

// answered notes an answer that took so long.
func (p *pace) answered(now time.Time, took time.Duration) {
	p.count++
	if p.since.IsZero() {
		p.since = now
	} else if past := now.Sub(p.since); past >= time.Second {
		p.flow = float64(p.count) / past.Seconds()
		p.peak = max(p.peak, p.flow)
		p.since, p.count = now, 0
	}
	if p.best == 0 || took < p.best {
		p.best = took
	}
	p.mean += (took - p.mean) / 32
	if p.mean > slowAnswer && p.mean > 4*p.best {
		p.slow(now, 0.7, p.peak*slowest)
	}
}

// complained notes that the service asked for less.
func (p *pace) complained(now time.Time) { p.slow(now, 0.5, 0) }

// slow lowers the rate by a factor, not below the floor.
func (p *pace) slow(now time.Time, by, floor float64) {
	if !p.slowed.IsZero() && now.Sub(p.slowed) < slowEvery {
		return
	}
	from := p.rate
	if from == 0 || p.flow > 0 && p.flow < from {
		from = p.flow // what really went through, not what was allowed
	}
	if from == 0 { // complained within the first second
		from = float64(p.count) / max(0.1, now.Sub(p.since).Seconds())
	}
	to := max(leastPace, floor, from*by)
	if p.rate > 0 {
		to = min(to, p.rate) // the floor raises nothing
	}
	p.rate = to
	p.slowed, p.raised, p.filled, p.tokens = now, now, now, 0
	p.mean = 0
}
