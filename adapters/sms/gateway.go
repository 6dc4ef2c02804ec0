package sms

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/smpp"
)

// text is one text on its way to one number.
type text struct {
	number  string // E.164, with +
	body    string
	encoded smpp.Text
	expires time.Time
	parcel  *parcel
}

// gateway is one way to the telephones.
type gateway interface {
	name() string
	// ready is how the gateway stands: nil when it takes messages; else why not,
	// whether waiting a moment may help, and a channel closed when that changes.
	ready() (f *adapter.Failure, trying bool, changed <-chan struct{})
	load() float64 // 0 to 1
	// send makes one attempt. ref is the gateway's id for the text's last part.
	// unsent says that a failure left nothing on the wire: another gateway may try.
	send(ctx context.Context, t text) (ref string, unsent bool, f *adapter.Failure)
	close(ctx context.Context) error
}

// pool is the gateways of the settings. A text goes as a whole through one.
type pool []gateway

func (p pool) close(ctx context.Context) error {
	var errs []error
	for _, g := range p {
		errs = append(errs, g.close(ctx))
	}
	return errors.Join(errs...)
}

// send hands t to the gateway with the most room. Nothing of t is on the wire
// when the next one is asked, so this is still one attempt.
func (p pool) send(ctx context.Context, t text) (string, *adapter.Failure) {
	tried := make(map[gateway]bool, len(p))
	var last *adapter.Failure
	for range p {
		g, f := p.pick(ctx, tried)
		if g == nil {
			if last == nil {
				last = f
			}
			break
		}
		tried[g] = true
		ref, unsent, f := g.send(ctx, t)
		if f == nil || !unsent {
			return ref, f
		}
		last = f
	}
	return "", last
}

// pick is the least loaded gateway that takes messages. While none does but one
// is still connecting, it waits for that.
func (p pool) pick(ctx context.Context, tried map[gateway]bool) (gateway, *adapter.Failure) {
	for {
		var best gateway
		var why *adapter.Failure
		var changed <-chan struct{}
		first := rand.IntN(len(p)) // equals take turns
		for i := range p {
			g := p[(first+i)%len(p)]
			if tried[g] {
				continue
			}
			f, trying, c := g.ready()
			switch {
			case f == nil && (best == nil || g.load() < best.load()):
				best = g
			case f != nil && trying:
				changed = c
			case f != nil && (why == nil || why.Class == adapter.Misconfigured):
				why = f // one that will come back outweighs one that is set up wrongly
			}
		}
		if best != nil || changed == nil {
			return best, why
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, &adapter.Failure{Code: "connecting", Reason: "no gateway was connected in time"}
		}
	}
}

// settled waits until g has made up its mind and says why it takes nothing, or nil.
func settled(ctx context.Context, g gateway) *adapter.Failure {
	for {
		f, trying, changed := g.ready()
		if f == nil || !trying {
			return f
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return f
		}
	}
}
