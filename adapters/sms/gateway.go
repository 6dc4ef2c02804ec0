package sms

import (
	"context"
	"errors"
	"reflect"
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
	// slots holds one token for each text under way, and has room for as many as
	// may be. Without it the first parts of a whole batch would go before the
	// second part of any, and at a low rate the time would end with every text
	// begun and none complete.
	slots() chan struct{}
	// send makes one attempt. ref is the gateway's id for the text's last part.
	// untaken says that a failure left nothing with the gateway: another may try.
	send(ctx context.Context, t text) (ref string, untaken bool, f *adapter.Failure)
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

// send hands t to the first gateway that has room. When one takes nothing of it
// the next is asked: this is still one attempt, because nobody has the text.
func (p pool) send(ctx context.Context, t text) (string, *adapter.Failure) {
	tried := make(map[gateway]bool, len(p))
	var last *adapter.Failure
	for range p {
		g, f := p.enter(ctx, tried)
		if g == nil {
			if last == nil {
				last = f
			}
			break
		}
		tried[g] = true
		ref, untaken, f := g.send(ctx, t)
		<-g.slots()
		if f == nil || !untaken {
			return ref, f
		}
		last = f
	}
	return "", last
}

// enter waits for room at any gateway that takes messages, and while there is
// none but one is still connecting, for that. The caller leaves by taking a
// token out of the slots.
func (p pool) enter(ctx context.Context, tried map[gateway]bool) (gateway, *adapter.Failure) {
	for {
		cases := []reflect.SelectCase{{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(ctx.Done())}}
		at := []gateway{nil} // the gateway whose slot a case takes
		var why *adapter.Failure
		wait := noRoom()
		for _, g := range p {
			if tried[g] {
				continue
			}
			f, trying, changed := g.ready()
			switch {
			case f == nil:
				cases = append(cases, reflect.SelectCase{
					Dir: reflect.SelectSend, Chan: reflect.ValueOf(g.slots()), Send: reflect.ValueOf(struct{}{}),
				})
				at = append(at, g)
			case trying:
				wait = f
			case why == nil || why.Class == adapter.Misconfigured:
				why = f // one that will come back outweighs one that is set up wrongly
			}
			if (f == nil || trying) && changed != nil {
				cases = append(cases, reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(changed)})
				at = append(at, nil)
			}
		}
		if len(cases) == 1 {
			return nil, why
		}
		switch i, _, _ := reflect.Select(cases); {
		case i == 0:
			return nil, wait
		case at[i] != nil:
			return at[i], nil
		}
	}
}

func noRoom() *adapter.Failure {
	return &adapter.Failure{Code: "busy", Reason: "the gateways' windows and rates left no room in time"}
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
