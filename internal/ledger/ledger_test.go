package ledger

import (
	"errors"
	"log/slog"
	"reflect"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/stream/streamtest"
)

func none(string) (Batch, bool) { return Batch{}, false }

func newLedger() (*Ledger, *streamtest.Memory) {
	log := new(streamtest.Memory)
	return New(log, none, slog.New(slog.DiscardHandler)), log
}

// batch is news of case C on channel ch, released a second ago.
func batch(ch string, revision int, entries ...Entry) Batch {
	return Batch{
		Case: "C", Identifier: "T-C-" + strconv.Itoa(revision), Revision: revision, MsgType: alert.TypeAlert,
		Released: time.Now().Add(-time.Second), Channel: ch, Entries: entries,
	}
}

func record(t *testing.T, l *Ledger, b Batch) {
	t.Helper()
	if err := l.Record(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}

// TestStatesNeverGoBack: every pair of news in both orders ends in the later state.
func TestStatesNeverGoBack(t *testing.T) {
	final := func(e Entry) Entry { e.Final = true; return e }
	order := []Entry{ // each outranks those before it
		{State: adapter.Sent},
		{State: adapter.Accepted},
		final(Entry{State: adapter.Failed}),
		{State: adapter.Received},
		{State: adapter.Delivered},
		{State: adapter.Seen},
		{State: adapter.Declined},
		{State: adapter.OnAir},
		{State: adapter.Removed},
	}
	for i, low := range order {
		for _, high := range order[i+1:] {
			for _, pair := range [][2]Entry{{low, high}, {high, low}} {
				l, _ := newLedger()
				for _, e := range pair {
					e.Recipient, e.At = "r", time.Now()
					record(t, l, batch("sms", 1, e))
				}
				b, err := l.Board("C")
				if err != nil || b.Rows[0].State != high.State {
					t.Errorf("%s then %s: board says %s (%v), want %s",
						pair[0].State, pair[1].State, b.Rows[0].State, err, high.State)
				}
			}
		}
	}
}

// TestTotals is the error table of the board: every state lights exactly its lamps.
func TestTotals(t *testing.T) {
	tests := []struct {
		entry Entry
		want  Totals
	}{
		{Entry{State: adapter.Failed}, Totals{Retrying: 1}},
		{Entry{State: adapter.Failed, Final: true}, Totals{Failed: 1}},
		{Entry{State: adapter.Expired, Final: true}, Totals{Failed: 1}},
		{Entry{State: adapter.Superseded, Final: true}, Totals{Failed: 1}},
		{Entry{State: adapter.Sent}, Totals{Sent: 1}},
		{Entry{State: adapter.Accepted}, Totals{Accepted: 1}},
		{Entry{State: adapter.Received}, Totals{Accepted: 1}},
		{Entry{State: adapter.Delivered}, Totals{Accepted: 1, Delivered: 1}},
		{Entry{State: adapter.Seen}, Totals{Accepted: 1, Delivered: 1, Seen: 1}},
		{Entry{State: adapter.Declined}, Totals{Accepted: 1, Delivered: 1, Seen: 1, Declined: 1}},
		{Entry{State: adapter.OnAir}, Totals{Accepted: 1, Delivered: 1, Seen: 1, OnAir: 1}},
		{Entry{State: adapter.Removed}, Totals{Accepted: 1, Removed: 1}},
	}
	for _, tt := range tests {
		l, _ := newLedger()
		b := batch("sms", 1)
		b.Planned = &Plan{Recipients: 3}
		record(t, l, b)
		tt.entry.Recipient, tt.entry.At = "r", b.Released.Add(250*time.Millisecond)
		record(t, l, batch("sms", 1, tt.entry))
		board, err := l.Board("C")
		if err != nil {
			t.Fatal(err)
		}
		want := tt.want
		want.Channel, want.Recipients, want.Queued, want.FirstMS, want.LastMS = "sms", 3, 2, -1, -1
		if want.Accepted == 1 {
			want.FirstMS, want.LastMS = 250, 250
		}
		want.FirstSeenMS, want.FirstOnAirMS, want.FirstRemovedMS, want.LastRemovedMS = -1, -1, -1, -1
		switch tt.entry.State {
		case adapter.Seen:
			want.FirstSeenMS = 250
		case adapter.OnAir:
			want.FirstOnAirMS = 250
		case adapter.Removed:
			want.FirstRemovedMS, want.LastRemovedMS = 250, 250
		}
		if got := board.Channels[0]; !reflect.DeepEqual(got, want) {
			t.Errorf("%s final=%v:\n got %+v\nwant %+v", tt.entry.State, tt.entry.Final, got, want)
		}
	}
}

// TestRestart: a new ledger over the same stream says the same.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, log := newLedger()
		b := batch("broadcast", 1, Entry{Recipient: "st1", State: adapter.OnAir, By: "Eva", At: time.Now()})
		b.Planned = &Plan{Recipients: 2, Named: []string{"st1", "st2"}}
		record(t, l, b)
		record(t, l, batch("sms", 1, Entry{Recipient: "p", State: adapter.Accepted, Ref: "m7", At: time.Now()}))
		before, err := l.Board("C")
		if err != nil {
			t.Fatal(err)
		}

		again := New(log, none, slog.New(slog.DiscardHandler))
		up := make(chan struct{})
		go func() { _ = again.Run(t.Context(), func() { close(up) }) }()
		<-up
		after, err := again.Board("C")
		if err != nil || len(after.Rows) != len(before.Rows) || !reflect.DeepEqual(after.Channels[0], before.Channels[0]) {
			t.Errorf("after a restart %+v, %v; before %+v", after, err, before)
		}
		if !again.Settled("C", 1, "sms", "p") || again.Prior("C", 2, "sms", "p") != "m7" || !again.Touched("C", 2, "sms", "p") {
			t.Error("after a restart the phone is not known to have the alert")
		}
		if after.Rows[0].Recipient != "st2" || after.Rows[0].State != adapter.Queued {
			t.Errorf("worst first is %+v, want the silent station", after.Rows[0])
		}
	})
}

func TestReports(t *testing.T) {
	accepted := Entry{Recipient: "p", State: adapter.Accepted, Ref: "m1", At: time.Now()}
	tests := []struct {
		name   string
		report adapter.Report
		want   adapter.State // "" = ErrUnknown
	}{
		{"by the gateway's id", adapter.Report{Channel: "sms", Ref: "m1", State: adapter.Delivered}, adapter.Delivered},
		{"not delivered after all", adapter.Report{Channel: "sms", Ref: "m1", State: adapter.Failed, Reason: "absent"}, adapter.Failed},
		{"by name", adapter.Report{Channel: "sms", Recipient: "p", Identifier: "T-C-1", Revision: 1, State: adapter.Seen}, adapter.Seen},
		{"another alert's identifier", adapter.Report{Channel: "sms", Recipient: "p", Identifier: "T-X-1", Revision: 1, State: adapter.Seen}, ""},
		{"another revision", adapter.Report{Channel: "sms", Recipient: "p", Identifier: "T-C-1", Revision: 9, State: adapter.Seen}, ""},
		{"another channel's id", adapter.Report{Channel: "website", Ref: "m1", State: adapter.Delivered}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, _ := newLedger()
				record(t, l, batch("sms", 1, accepted))
				err := l.Report(t.Context(), tt.report)
				if tt.want == "" {
					if !errors.Is(err, ErrUnknown) {
						t.Errorf("err = %v, want ErrUnknown", err)
					}
					return
				}
				b, _ := l.Board("C")
				if err != nil || b.Rows[0].State != tt.want {
					t.Errorf("board says %s, %v; want %s", b.Rows[0].State, err, tt.want)
				}
			})
		})
	}
}

// TestEarlyReport: the gateway reports the delivery before it has told us the message's id.
func TestEarlyReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := newLedger()
		done := make(chan error, 1)
		go func() {
			done <- l.Report(t.Context(), adapter.Report{Channel: "sms", Ref: "m1", State: adapter.Delivered})
		}()
		time.Sleep(3 * time.Second)
		record(t, l, batch("sms", 1, Entry{Recipient: "p", State: adapter.Accepted, Ref: "m1", At: time.Now()}))
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if b, _ := l.Board("C"); b.Rows[0].State != adapter.Delivered {
			t.Errorf("board says %s, want delivered", b.Rows[0].State)
		}
	})
}

// TestRepeatedReportIsStoredOnce: a million receipts of one station cost one record.
func TestRepeatedReportIsStoredOnce(t *testing.T) {
	l, log := newLedger()
	record(t, l, batch("broadcast", 1, Entry{Recipient: "st", State: adapter.Sent, At: time.Now()}))
	r := adapter.Report{Channel: "broadcast", Recipient: "st", Identifier: "T-C-1", Revision: 1, State: adapter.Seen, By: "Eva"}
	for range 50 {
		if err := l.Report(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(log.Records()); n != 2 {
		t.Errorf("%d records on the stream, want 2", n)
	}
}

// TestClocks: a station whose clock is wrong does not bend the measured times;
// what its clock can honestly say is kept.
func TestClocks(t *testing.T) {
	for _, tt := range []struct {
		name string
		off  time.Duration // of the station's word from now; the alert is two hours old
		want time.Duration // since the release
	}{
		{"right", 0, 2 * time.Hour},
		{"a minute ahead", time.Minute, 2 * time.Hour},
		{"an hour ahead", time.Hour, 2 * time.Hour},
		{"years ahead", 20 * 365 * 24 * time.Hour, 2 * time.Hour},
		{"an hour behind", -time.Hour, time.Hour}, // or it tells late: nobody can know
		{"before the release", -3 * time.Hour, 2 * time.Hour},
		{"none", 0, 2 * time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, _ := newLedger()
				b := batch("broadcast", 1, Entry{Recipient: "st", State: adapter.Sent, At: time.Now()})
				b.Released = time.Now().Add(-2 * time.Hour)
				record(t, l, b)
				r := adapter.Report{
					Channel: "broadcast", Recipient: "st", Identifier: "T-C-1", Revision: 1,
					State: adapter.OnAir, At: time.Now().Add(tt.off),
				}
				if tt.name == "none" {
					r.At = time.Time{}
				}
				if err := l.Report(t.Context(), r); err != nil {
					t.Fatal(err)
				}
				if b, _ := l.Board("C"); b.Rows[0].Millis != tt.want.Milliseconds() {
					t.Errorf("on air after %d ms, want %v", b.Rows[0].Millis, tt.want)
				}
			})
		})
	}
}

func TestWatch(t *testing.T) {
	l, _ := newLedger()
	mine, stop := l.Watch("C")
	defer stop()
	other, stopOther := l.Watch("D")
	defer stopOther()
	record(t, l, batch("sms", 1, Entry{Recipient: "p", State: adapter.Accepted, At: time.Now()}))
	select {
	case <-mine:
	default:
		t.Error("no pulse for the case watched")
	}
	select {
	case <-other:
		t.Error("a pulse for another case")
	default:
	}
}
