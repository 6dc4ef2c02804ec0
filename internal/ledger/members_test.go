package ledger

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"tocsin/internal/adapter"
)

func TestMembersText(t *testing.T) {
	for _, m := range []Members{nil, {1}, {70_000, 3, 1 << 31, 3_000_000_000}} {
		text, err := m.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var got Members
		if err := got.UnmarshalText(text); err != nil {
			t.Fatal(err)
		}
		slices.Sort(m)
		if !slices.Equal(got, m) {
			t.Errorf("%v came back as %v", m, got)
		}
	}
	all := make(Members, 500)
	for i := range all {
		all[i] = uint32(i * 2000) // 500 of a million
	}
	if text, _ := all.MarshalText(); len(text) > 1400 {
		t.Errorf("500 of a million take %d bytes", len(text))
	}
}

func FuzzMembers(f *testing.F) {
	f.Add("AQID")
	f.Add("/////w8B")
	f.Fuzz(func(t *testing.T, text string) {
		var m, again Members
		if m.UnmarshalText([]byte(text)) != nil {
			return
		}
		out, err := m.MarshalText()
		if err == nil {
			err = again.UnmarshalText(out)
		}
		if err != nil || !slices.Equal(m, again) {
			t.Errorf("%q: %v, then %v, %v", text, m, again, err)
		}
	})
}

// numbered is a batch with e about the recipients of these numbers.
func numbered(revision int, e Entry, numbers ...uint32) Batch {
	b := batch("webpush", revision)
	for _, n := range numbers {
		b.Add(&adapter.Recipient{ID: fmt.Sprint("r", n), Number: n}, e)
	}
	return b
}

// TestBulk follows recipients by number through failure, retry and success.
func TestBulk(t *testing.T) {
	l, log := newLedger()
	b := batch("webpush", 1)
	b.Planned = &Plan{Recipients: 6}
	record(t, l, b)
	at := b.Released.Add(time.Second)
	down := Entry{State: adapter.Failed, Class: "temporary", Code: "503", Reason: "down", At: at}
	gone := Entry{State: adapter.Failed, Class: "gone", Code: "410", Final: true, At: at}
	took := Entry{State: adapter.Accepted, At: at.Add(time.Second)}
	record(t, l, numbered(1, took, 1, 200_000))
	record(t, l, numbered(1, down, 3, 4))
	record(t, l, numbered(1, gone, 5))
	record(t, l, numbered(1, took, 4))
	record(t, l, numbered(1, down, 1)) // an older word that comes late
	if n := len(log.Records()); n != 6 {
		t.Fatalf("%d records", n)
	}
	for _, r := range log.Records() {
		var b Batch
		if err := json.Unmarshal(r.Data, &b); err != nil || len(b.Entries) > 0 {
			t.Errorf("a line for each of those with numbers: %s, %v", r.Data, err)
		}
	}
	check := func(l *Ledger, when string) {
		t.Helper()
		board, err := l.Board("C")
		if err != nil {
			t.Fatal(err)
		}
		c := board.Channels[0]
		if c.Recipients != 6 || c.Accepted != 3 || c.Retrying != 1 || c.Failed != 1 || c.Queued != 1 || c.FirstMS != 2000 {
			t.Errorf("%s: %+v", when, c)
		}
		want := []Reason{
			{adapter.Failed, "temporary", "503", "down", false, 1},
			{adapter.Failed, "gone", "410", "", true, 1},
		}
		if !slices.Equal(c.Reasons, want) {
			t.Errorf("%s: reasons %+v, want %+v", when, c.Reasons, want)
		}
		for n, want := range map[uint32][2]bool{1: {true, true}, 2: {}, 3: {true, false}, 4: {true, true}, 5: {true, true}, 200_000: {true, true}} {
			if known, done := l.Progress("C", 1, "webpush", n); known != want[0] || done != want[1] {
				t.Errorf("%s: recipient %d known %v, done %v, want %v", when, n, known, done, want)
			}
		}
		if !l.Had("C", 2, "webpush", 3) || l.Had("C", 2, "webpush", 2) || l.Had("C", 1, "webpush", 1) {
			t.Errorf("%s: who had an earlier revision is wrong", when)
		}
	}
	check(l, "at once")
	again := New(log, none, l.log)
	for _, r := range log.Records() {
		var b Batch
		if err := json.Unmarshal(r.Data, &b); err != nil {
			t.Fatal(err)
		}
		again.apply(b)
		again.apply(b) // what is read twice changes nothing
	}
	check(again, "after a restart")
}

// TestKindsAreBounded: a service that finds a new reason for each push fills no memory.
func TestKindsAreBounded(t *testing.T) {
	l, _ := newLedger()
	for i := range uint32(10 * maxKinds) {
		record(t, l, numbered(1, Entry{State: adapter.Failed, Class: "temporary", Reason: fmt.Sprint("reason ", i), At: time.Now()}, i+1))
	}
	a := l.cases["C"][1]["webpush"]
	if n := len(a.crowd.kinds); n > maxKinds+1 {
		t.Errorf("%d kinds", n)
	}
	if n := a.crowd.size(); n != 10*maxKinds {
		t.Errorf("%d recipients known, want %d", n, 10*maxKinds)
	}
}
