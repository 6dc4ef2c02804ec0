package smpp

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// pace is the rate of one bind. A centre that throttles gets half as much, and
// every quiet second a tenth of the agreed rate more.
type pace struct {
	agreed  rate.Limit
	limiter *rate.Limiter

	mu      sync.Mutex
	changed time.Time
}

// slowest is the rate under which throttling never goes: one message a second still gets through.
const slowest rate.Limit = 1

func newPace(perSecond float64, window int) *pace {
	burst := max(1, min(window, int(perSecond/10)))
	return &pace{agreed: rate.Limit(perSecond), limiter: rate.NewLimiter(rate.Limit(perSecond), burst)}
}

// wait returns when a message may go, or at once when ctx would end before.
func (p *pace) wait(ctx context.Context) error {
	if err := p.limiter.Wait(ctx); err != nil {
		return fmt.Errorf("%w: the rate of this bind leaves no room before the time is up", ErrNotSent)
	}
	return nil
}

// throttled halves the rate, at most once a second: one full window of refusals is one sign.
func (p *pace) throttled() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if now.Sub(p.changed) < time.Second && p.limiter.Limit() < p.agreed {
		return
	}
	p.changed = now
	p.limiter.SetLimit(max(min(slowest, p.agreed), p.limiter.Limit()/2))
}

// accepted raises the rate towards the agreed one.
func (p *pace) accepted() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if p.limiter.Limit() >= p.agreed || now.Sub(p.changed) < time.Second {
		return
	}
	p.changed = now
	p.limiter.SetLimit(min(p.agreed, p.limiter.Limit()+p.agreed/10))
}
