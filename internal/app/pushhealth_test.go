package app

import (
	"context"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/adapters/webpush"
	"tocsin/internal/adapter"
	"tocsin/internal/ledger"
)

// devices are citizens' devices at one push service, each of which takes so long to
// look at; went counts how often somebody went over them.
type devices struct {
	n    int
	each time.Duration
	went int
}

func (d *devices) all() iter.Seq[adapter.Recipient] {
	return func(yield func(adapter.Recipient) bool) {
		d.went++
		for range d.n {
			time.Sleep(d.each)
			if !yield(adapter.Recipient{Destination: "https://push.example", Areas: []string{"BE"}}) {
				return
			}
		}
	}
}

// A count of a country's devices holds up no board: it has the count before, and the
// new one when it is there. However many ask, one goes over the devices.
func TestPushCountHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &devices{n: 1000, each: 5 * time.Millisecond}
		p := newPushCount(d.all)
		ended := make(chan struct{})
		ctx, stop := context.WithCancel(t.Context())
		go func() { defer close(ended); _ = p.run(ctx) }()
		board := func(want int) {
			t.Helper()
			begun := time.Now()
			got := 0
			for _, h := range p.soon().Services {
				got = h.All
			}
			if took := time.Since(begun); got != want || took > pushHealthWait {
				t.Errorf("a board has %d devices after %v, want %d", got, took, want)
			}
		}
		for range 9 {
			board(0)
		}
		time.Sleep(5 * time.Second)
		board(1000)
		d.n = 2000
		time.Sleep(pushHealthAge)
		board(1000) // stale, and better than to wait
		time.Sleep(10 * time.Second)
		board(2000)
		if d.went != 2 {
			t.Errorf("%d counts", d.went)
		}
		time.Sleep(pushHealthAge)
		if r := p.report(t.Context()); len(r.Areas) != 1 || r.Areas[0].All != 2000 || time.Since(r.At) != 10*time.Second {
			t.Errorf("the operator, who waits, has %+v", r)
		}
		time.Sleep(pushHealthAge)
		board(2000)
		stop() // in the middle of a count
		<-ended
		board(2000)
	})
}

// A few devices are counted anew for every board that has push services, and for no other.
func TestPushCountOfFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &devices{}
		p := newPushCount(d.all)
		go func() { _ = p.run(t.Context()) }()
		for d.n = 1; d.n < 6; d.n++ {
			if p.soon().Services[0].All != d.n {
				t.Errorf("not %d devices", d.n)
			}
		}
		went, board := d.went, Board{app: &App{push: p}}
		board.count([]ledger.Service{{Channel: "sms", Name: "carrier"}})
		if d.went != went {
			t.Error("a board without push services counts devices")
		}
		mixed := []ledger.Service{{Channel: "sms", Name: "https://push.example"}, {Channel: webpush.Name, Name: "https://push.example"}}
		if board.count(mixed); mixed[0].Devices != 0 || mixed[1].Devices != d.n {
			t.Errorf("on the board: %+v", mixed)
		}
	})
	if r := (*pushCount)(nil).soon(); len(r.Services) > 0 {
		t.Errorf("without a channel: %+v", r)
	}
}
