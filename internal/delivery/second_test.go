package delivery

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/current"
)

// withSecond registers a telephone that is the second way to the station "st" of another channel.
func (w *world) withSecond() {
	w.t.Helper()
	r := adapter.Recipient{
		ID: "second-st", Channel: "fake", Areas: []string{"BE"}, Destination: "gateway",
		Second: adapter.Second{Channel: "feed", ID: "st"},
	}
	if err := w.registry.Put(w.t.Context(), r); err != nil {
		w.t.Fatal(err)
	}
}

// confirms is the station's own word on its feed.
func (w *world) confirms(m *alert.Message) {
	w.t.Helper()
	b := head(current.Revision{Message: m, Published: time.Now()}, "feed")
	if err := w.ledger.Record(w.t.Context(), b); err != nil {
		w.t.Fatal(err)
	}
	r := adapter.Report{Channel: "feed", Recipient: "st", Identifier: m.Identifier, Revision: m.Revision, State: adapter.Received}
	if err := w.ledger.Report(w.t.Context(), r); err != nil {
		w.t.Fatal(err)
	}
}

// TestSecondWay: the second way is silent while the first works, is told once
// the first has not confirmed in time, and then hears of everything later.
func TestSecondWay(t *testing.T) {
	bubble(t, accept, func(w *world) {
		w.withSecond()
		first := message(1, alert.TypeAlert, 12*time.Hour)
		w.publish(first)
		time.Sleep(29 * time.Second)
		w.confirms(first)
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := w.channel.times(1, "second-st"); len(got) != 0 {
			t.Errorf("told at %v although the station had confirmed", got)
		}
		if got := w.totals(1); got.Recipients != 0 || got.Queued != 0 || got.Failed != 0 {
			t.Errorf("a second way that was not needed is on the board: %+v", got)
		}
		w.publish(message(2, alert.TypeUpdate, 12*time.Hour))
		at := time.Since(w.start)
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := w.channel.times(2, "second-st"); !slices.Equal(got, []time.Duration{at + secondAfter}) {
			t.Errorf("told at %v, want once, %v after the release", got, secondAfter)
		}
		if got := w.totals(2); got.Recipients != 1 || got.Accepted != 1 {
			t.Errorf("a second way that was used is not on the board: %+v", got)
		}
		// The withdrawal goes to whoever got the alert, at once and whatever the station says.
		last := message(3, alert.TypeCancel, 12*time.Hour)
		at = time.Since(w.start)
		w.publish(last)
		w.confirms(last)
		synctest.Wait()
		if got := w.channel.times(3, "second-st"); !slices.Equal(got, []time.Duration{at}) {
			t.Errorf("the withdrawal went at %v, want at once (%v)", got, at)
		}
	})
}

// TestSecondWayExpires: who stood by to the end was never asked, so he is no failure.
func TestSecondWayExpires(t *testing.T) {
	bubble(t, accept, func(w *world) {
		w.withSecond()
		w.publish(message(1, alert.TypeAlert, 10*time.Second))
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := w.totals(1); got.Failed != 0 || len(w.channel.times(1, "second-st")) != 0 {
			t.Errorf("after the expiry: %+v", got)
		}
	})
}

// TestLinkTestGoesToStationsAlone: a test is carried by the channels that have stations, and no citizen hears of it.
func TestLinkTestGoesToStationsAlone(t *testing.T) {
	for _, asked := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, accept)
			w.asks.LinkTest = asked
			w.run()
			w.register(3, oneDest)
			m := message(1, alert.TypeAlert, 10*time.Minute)
			m.Status = alert.StatusTest
			w.publish(m)
			time.Sleep(time.Minute)
			synctest.Wait()
			if got := len(w.channel.times(1, "r000")); got != map[bool]int{true: 1}[asked] {
				t.Errorf("a channel that asks for tests: %t: sent %d", asked, got)
			}
			if _, err := w.ledger.Board(m.Case); (err == nil) != asked {
				t.Errorf("a channel that asks for tests: %t: on the ledger: %v", asked, err)
			}
			w.halt()
		})
	}
}
