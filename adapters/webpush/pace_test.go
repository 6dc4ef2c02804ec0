package webpush

import (
	"testing"
	"time"
)

// run sends as fast as p allows for d, n answers at a time of took each, and says how many.
func (p *pace) run(now *time.Time, d time.Duration, took time.Duration) (sent int) {
	for end := now.Add(d); now.Before(end); *now = now.Add(10 * time.Millisecond) {
		n, _ := p.allow(*now, 100) // 10,000 a second are wanted
		p.spent(n)
		sent += n
		for range n {
			p.answered(*now, took)
		}
	}
	return sent
}

func TestPaceHalvesAndClimbs(t *testing.T) {
	now := time.Now()
	var p pace
	if got := p.run(&now, 3*time.Second, time.Millisecond); got != 30_000 {
		t.Errorf("%d went in 3 s, want all: nobody complained", got)
	}
	p.complained(now)
	p.complained(now.Add(500 * time.Millisecond)) // of what was under way: says nothing new
	if p.rate < 4800 || p.rate > 5200 {
		t.Errorf("after a complaint %.0f/s, want half of 10,000", p.rate)
	}
	if got := p.run(&now, time.Second, time.Millisecond); got < 4500 || got > 5600 {
		t.Errorf("%d went in the second after it, want about 5,000", got)
	}
	if got := p.run(&now, 7*time.Second, time.Millisecond); got < 40_000 || got > 60_000 {
		t.Errorf("%d went in the seven seconds after it, want a climb", got)
	}
	now = now.Add(freeAfter)
	if n, wait := p.allow(now, 1_000_000); n != 1_000_000 || wait != 0 {
		t.Errorf("%d may go after %s without complaints, want all", n, freeAfter)
	}
}

func TestPaceHasAFloor(t *testing.T) {
	now := time.Now()
	var p pace
	p.run(&now, time.Second, time.Millisecond)
	for range 60 {
		p.complained(now)
		now = now.Add(slowEvery)
		p.climb(now)
	}
	if p.rate < leastPace {
		t.Errorf("%.1f/s: a service that is merely strict would never be found mended", p.rate)
	}
	p.spent(100)
	n, wait := p.allow(now, 10)
	if n != 0 || wait <= 0 || wait > time.Minute {
		t.Errorf("%d may go, or in %s", n, wait)
	}
	if n, _ := p.allow(now.Add(wait), 10); n == 0 {
		t.Error("none may go after the wait that was named")
	}
}

// A complaint at the very beginning has no second to look back upon.
func TestPaceComplaintAtOnce(t *testing.T) {
	now := time.Now()
	var p pace
	for range 1000 {
		p.answered(now, time.Millisecond)
	}
	p.complained(now.Add(100 * time.Millisecond))
	if p.rate < leastPace || p.rate > 10_000 {
		t.Errorf("%.0f/s", p.rate)
	}
}

func TestPaceFeelsSlowness(t *testing.T) {
	now := time.Now()
	var p pace
	p.run(&now, 2*time.Second, 50*time.Millisecond)
	if p.rate != 0 {
		t.Fatal("slowed down at 50 ms")
	}
	p.run(&now, 2*time.Second, 3*time.Second)
	if p.rate == 0 || p.rate > 9000 {
		t.Errorf("%.0f/s at a service that has become sixty times slower", p.rate)
	}
	var always pace // slow from the first on: that is its nature, not our doing
	always.run(&now, 2*time.Second, 3*time.Second)
	if always.rate != 0 {
		t.Error("slowed down at a service that never was quicker")
	}
}

// A process that stood still sees late answers to everything it had sent: that
// must not leave those who wait with a trickle. What a service asked for stays.
func TestPaceAfterStandingStill(t *testing.T) {
	now := time.Now()
	var p pace
	p.run(&now, 10*time.Second, 20*time.Millisecond)
	peak := p.peak
	for range 20 { // again and again
		now = now.Add(8 * time.Second)
		for range 100 {
			p.answered(now, 8*time.Second)
		}
	}
	if p.rate < peak*slowest || p.rate > peak {
		t.Errorf("%.0f/s after standing still, of %.0f/s before", p.rate, peak)
	}
	for range 20 {
		now = now.Add(2 * time.Second)
		p.complained(now)
	}
	low := p.rate
	now = now.Add(2 * time.Second)
	for range 100 {
		p.answered(now, 8*time.Second)
	}
	if p.rate > low {
		t.Errorf("slow answers raised %.0f/s to %.0f/s", low, p.rate)
	}
}
