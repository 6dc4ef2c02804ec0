package linktest

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/ledger"
	"tocsin/internal/stream"
	"tocsin/internal/stream/streamtest"
)

// batch is ledger news of the test that was sent at the time.
func batch(sent time.Time, planned []string, entries ...ledger.Entry) ledger.Batch {
	b := ledger.Batch{Case: caseID(sent), Identifier: "T-" + caseID(sent), Revision: 1, Released: sent, Channel: "broadcast", Entries: entries}
	if planned != nil {
		b.Planned = &ledger.Plan{Recipients: len(planned), Named: planned}
	}
	return b
}

// said is a station's own receipt, so long after the test was sent.
func said(id string, state adapter.State, at time.Time) ledger.Entry {
	return ledger.Entry{Recipient: id, State: state, At: at, Said: true}
}

func write(t *testing.T, log *streamtest.Memory, subject string, b ledger.Batch) {
	t.Helper()
	data, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := log.Append(t.Context(), stream.Entry{Subject: subject, Data: data}); err != nil {
		t.Fatal(err)
	}
}

// TestResults: what came of tests over months is read back from the ledger, also after a restart.
func TestResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := new(streamtest.Memory)
		old := time.Now().Add(-60 * 24 * time.Hour).Truncate(time.Second)
		last := time.Now().Add(-time.Hour).Truncate(time.Second)
		for _, b := range []ledger.Batch{
			batch(old, []string{"good", "late", "silent", "fails", "gone"}),
			batch(old, nil, said("good", adapter.Received, old.Add(41*time.Millisecond)), said("late", adapter.Received, old.Add(time.Second)),
				said("silent", adapter.Received, old.Add(5*time.Second))),
			batch(old, nil, said("fails", adapter.Received, old.Add(time.Second))),
			batch(last, []string{"good", "late", "silent", "fails", "never"}),
			// An attempt's own entry is no word of the station.
			batch(last, nil, ledger.Entry{Recipient: "never", State: adapter.Sent, At: last}),
			batch(last, nil, said("good", adapter.Received, last.Add(20*time.Millisecond)), said("good", adapter.Seen, last.Add(time.Minute))),
			batch(last, nil, said("late", adapter.Received, last.Add(31*time.Second)), said("fails", adapter.Failed, last.Add(time.Second))),
		} {
			write(t, log, "ledger."+b.Case+".1.broadcast", b)
		}
		write(t, log, "ledger.7GQ2XKPB4MNT.1.broadcast", batch(last, []string{"an alert's"})) // another subject: not a test's
		book := NewBook(log, "broadcast", slog.New(slog.DiscardHandler))
		up := make(chan struct{})
		go func() { _ = book.Run(t.Context(), func() { close(up) }) }()
		<-up
		now := time.Now()
		for _, tt := range []struct {
			id      string
			outcome Outcome
			ms      int64
			good    time.Time // of the last good test; zero = never
			sound   bool
		}{
			{"good", Good, 20, last, true},
			{"late", Late, 31_000, old, false},
			{"silent", Failed, -1, old, false},
			{"fails", Failed, -1, old, false},
			{"never", Failed, -1, time.Time{}, false},
			{"unknown", "", 0, time.Time{}, false},
		} {
			s := book.Of(adapter.Recipient{ID: tt.id}, now)
			ms, good := int64(0), time.Time{}
			if s.Newest != nil {
				ms = s.Newest.Millis
			}
			if s.Good != nil {
				good = s.Good.Sent
			}
			if s.Outcome != tt.outcome || ms != tt.ms || !good.Equal(tt.good) || s.Sound != tt.sound {
				t.Errorf("%s: %s %d ms, last good %s, sound %t; want %+v", tt.id, s.Outcome, ms, good, s.Sound, tt)
			}
		}
		if _, ok := book.Newest("an alert's"); ok {
			t.Error("an alert counts as a test")
		}
		if test, ok := book.NewestTest(); !ok || !test.Sent.Equal(last) {
			t.Errorf("the newest test is %+v", test)
		}
		table := book.Table([]adapter.Recipient{{ID: "good", Name: "A"}, {ID: "silent", Name: "C"}, {ID: "late", Name: "B"}}, now)
		if got := fmt.Sprint(table[0].Name, table[1].Name, table[2].Name); got != "BCA" {
			t.Errorf("the table is in the order %s, want the worst first", got)
		}
	})
}

// TestSoundness: a line is trusted for eight days after its last good test, and while the newest has time to answer.
func TestSoundness(t *testing.T) {
	sent := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	book := NewBook(nil, "broadcast", slog.New(slog.DiscardHandler))
	book.apply(batch(sent, []string{"st"}, said("st", adapter.Received, sent.Add(time.Second))))
	check := func(now time.Time, outcome Outcome, sound bool) {
		t.Helper()
		if s := book.Of(adapter.Recipient{ID: "st"}, now); s.Outcome != outcome || s.Sound != sound {
			t.Errorf("at %s: %s, sound %t; want %s, %t", now, s.Outcome, s.Sound, outcome, sound)
		}
	}
	check(sent.Add(2*time.Second), Good, true)
	check(sent.Add(Stale), Good, true)
	check(sent.Add(Stale+time.Second), Good, false)
	next := sent.Add(7 * 24 * time.Hour)
	book.apply(batch(next, []string{"st"}))
	check(next.Add(Within), Waiting, true)
	check(next.Add(Within+time.Second), Failed, false)
	book.apply(batch(next, nil, said("st", adapter.Received, next.Add(5*time.Minute))))
	check(next.Add(6*time.Minute), Late, false)
	// The old test's receipt, read once more, changes nothing.
	book.apply(batch(sent, []string{"st"}, said("st", adapter.Received, sent.Add(time.Second))))
	check(next.Add(6*time.Minute), Late, false)
}
