package ledger

import (
	"testing"
	"time"

	"tocsin/internal/adapter"
)

// TestNewestOfSentAndFailedCounts: while a recipient is still being tried the board shows the last try.
func TestNewestOfSentAndFailedCounts(t *testing.T) {
	for _, states := range [][]adapter.State{
		{adapter.Failed, adapter.Sent},
		{adapter.Sent, adapter.Failed},
		{adapter.Sent, adapter.Failed, adapter.Sent, adapter.Failed},
	} {
		l, _ := newLedger()
		for i, s := range states {
			record(t, l, batch("broadcast", 1, Entry{Recipient: "st", State: s, Reason: adapter.Unconfirmed, Attempt: i + 1, At: time.Now()}))
		}
		want := states[len(states)-1]
		b, err := l.Board("C")
		if err != nil || b.Rows[0].State != want || b.Rows[0].Attempts != len(states) {
			t.Errorf("after %v: %+v, %v", states, b.Rows, err)
		}
		if sent, failed := b.Channels[0].Sent, b.Channels[0].Retrying; sent+failed != 1 || (failed == 1) != (want == adapter.Failed) {
			t.Errorf("after %v: %d sent, %d retrying", states, sent, failed)
		}
	}
}

func TestConfirmed(t *testing.T) {
	for state, want := range map[adapter.State]bool{
		adapter.Sent: false, adapter.Accepted: false, adapter.Failed: false, adapter.Expired: false,
		adapter.Received: true, adapter.Seen: true, adapter.OnAir: true, adapter.Declined: true, adapter.Removed: true,
	} {
		l, _ := newLedger()
		record(t, l, batch("broadcast", 1, Entry{Recipient: "st", State: state, At: time.Now()}))
		record(t, l, batch("broadcast", 2))
		for _, c := range []struct {
			name                           string
			channel, recipient, identifier string
			want                           bool
		}{
			{"it", "broadcast", "st", "T-C-1", want},
			{"another station", "broadcast", "other", "T-C-1", false},
			{"another revision", "broadcast", "st", "T-C-2", false},
			{"another channel", "sms", "st", "T-C-1", false},
			{"an unknown alert", "broadcast", "st", "T-X-1", false},
		} {
			if got := l.Confirmed(c.channel, c.recipient, c.identifier); got != c.want {
				t.Errorf("%s, %s: %v", state, c.name, got)
			}
		}
	}
}
