package ledger

import (
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/adapter"
)

// say is a report of the station st about case C.
func say(state adapter.State, by, reason string) adapter.Report {
	return adapter.Report{
		Channel: "broadcast", Recipient: "st", Identifier: "T-C-1", Revision: 1, State: state, By: by, Reason: reason, At: time.Now(),
	}
}

// told lists acts as "state by reason".
func told(acts []Act) (list []string) {
	for _, a := range acts {
		list = append(list, fmt.Sprintf("%s %s %s", a.State, a.By, a.Reason))
	}
	return list
}

// A station's words are kept one by one, also those that the board's row passes over, and survive a restart.
func TestActs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, log := newLedger()
		record(t, l, batch("broadcast", 1, Entry{Recipient: "st", State: adapter.Sent, At: time.Now(), Attempt: 1}))
		for _, r := range []adapter.Report{
			say(adapter.Received, "", ""), say(adapter.OnAir, "Eva", ""), say(adapter.Seen, "Ivo", ""),
			say(adapter.Declined, "Ivo", "no airtime"), say(adapter.Failed, "Ivo", "playout"), say(adapter.OnAir, "Eva", ""),
		} {
			time.Sleep(time.Minute)
			r.At = time.Now()
			for range 2 { // each is sent twice, as a receiver does that got no answer
				if err := l.Report(t.Context(), r); err != nil {
					t.Fatal(err)
				}
			}
		}
		want := fmt.Sprint([]string{
			"received  ", "on_air Eva ", "seen Ivo ", "declined Ivo no airtime", "failed Ivo playout", "on_air Eva ",
		})
		if got := fmt.Sprint(told(l.Acts("C", "broadcast", "st"))); got != want {
			t.Errorf("acts\n%s, want\n%s", got, want)
		}
		if b, _ := l.Board("C"); b.Rows[0].State != adapter.OnAir {
			t.Errorf("the row says %s, want on_air", b.Rows[0].State)
		}
		if l.Acts("C", "broadcast", "other") != nil || l.Acts("D", "broadcast", "st") != nil || l.Acts("C", "sms", "st") != nil {
			t.Error("acts of somebody else, of another case or channel")
		}
		if got := l.LastAct("broadcast", "st"); !got.Equal(time.Now()) {
			t.Errorf("last act %v, want now", got)
		}

		again := New(log, none, slog.New(slog.DiscardHandler))
		up := make(chan struct{})
		go func() { _ = again.Run(t.Context(), func() { close(up) }) }()
		<-up
		if got := fmt.Sprint(told(again.Acts("C", "broadcast", "st"))); got != want {
			t.Errorf("after a restart\n%s, want\n%s", got, want)
		}
	})
}

// A station gone mad fills the stream at its own rate, and never our memory.
func TestActsAreBounded(t *testing.T) {
	l, _ := newLedger()
	for i := range maxActs + 5 {
		record(t, l, batch("broadcast", 1, Entry{Recipient: "st", State: adapter.Seen, By: fmt.Sprint(i), At: time.Now()}))
	}
	acts := l.Acts("C", "broadcast", "st")
	if len(acts) != maxActs || acts[len(acts)-1].By != fmt.Sprint(maxActs+4) {
		t.Errorf("%d acts, the last by %s", len(acts), acts[len(acts)-1].By)
	}
}

// What one press changes is told to who watches, even if the row stays as it was.
func TestActPulses(t *testing.T) {
	l, _ := newLedger()
	record(t, l, batch("broadcast", 1, Entry{Recipient: "st", State: adapter.OnAir, At: time.Now()}))
	pulse, stop := l.Watch("C")
	defer stop()
	if err := l.Report(t.Context(), say(adapter.Seen, "Ivo", "")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-pulse:
	default:
		t.Error("no pulse for a word that the row passes over")
	}
}
