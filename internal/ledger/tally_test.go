package ledger

import (
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// through is a citizen with a number whom a service carries.
func through(n uint32) *adapter.Recipient {
	return &adapter.Recipient{ID: "c", Number: n, Destination: "https://push.example"}
}

// judged is the board of a channel with ten planned, after a while.
func judged(t *testing.T, l *Ledger, b Batch, after time.Duration) Board {
	t.Helper()
	record(t, l, b)
	board, err := l.Board("C")
	if err != nil {
		t.Fatal(err)
	}
	board.Judge(b.Released.Add(after), duties, func(_, _ string) (Line, bool) { return Line{}, false })
	return board
}

// TestServiceLamps: a push service or gateway is lit by every class of failure,
// and by its silence; and its channel with it.
func TestServiceLamps(t *testing.T) {
	fail := func(c adapter.Class, final bool) Entry {
		return Entry{State: adapter.Failed, Class: c.String(), Code: "x", Final: final}
	}
	ok := Entry{State: adapter.Accepted}
	for _, tt := range []struct {
		name    string
		entries []Entry
		after   time.Duration
		lamp    Lamp
		silent  bool
	}{
		{"all have it", []Entry{ok, ok}, time.Hour, Green, false},
		{"temporary, nobody has it", []Entry{fail(adapter.Temporary, false)}, time.Second, Red, false},
		{"temporary, nobody has it for long", []Entry{fail(adapter.Temporary, false)}, 30 * time.Second, Red, true},
		{"temporary, others have it", []Entry{ok, fail(adapter.Temporary, false)}, time.Second, Amber, false},
		{"throttled", []Entry{ok, fail(adapter.Throttled, false)}, time.Second, Amber, false},
		{"throttled whole", []Entry{fail(adapter.Throttled, false)}, time.Second, Red, false},
		{"rejected whole", []Entry{fail(adapter.Rejected, true)}, time.Second, Red, false},
		{"gone, as some always are", []Entry{ok, fail(adapter.Gone, true)}, time.Hour, Green, false},
		{"all gone", []Entry{fail(adapter.Gone, true)}, time.Hour, Red, true},
		{"misconfigured though some have it", []Entry{ok, fail(adapter.Misconfigured, false)}, time.Second, Red, false},
		{"on the wire", []Entry{{State: adapter.Sent}}, time.Second, Amber, false},
		{"on the wire for ever", []Entry{{State: adapter.Sent}}, time.Hour, Amber, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, _ := newLedger()
			b := batch("webpush", 1)
			b.Planned = &Plan{Recipients: len(tt.entries)}
			for i, e := range tt.entries {
				e.At = b.Released.Add(time.Second)
				b.Add(through(uint32(i+1)), e)
			}
			board := judged(t, l, b, tt.after)
			if len(board.Services) != 1 || board.Services[0].Name != "https://push.example" {
				t.Fatalf("services %+v", board.Services)
			}
			if s := board.Services[0]; s.Lamp != tt.lamp {
				t.Errorf("the service is %s, want %s: %+v", s.Lamp, tt.lamp, s)
			}
			if got := board.Channels[0].Silent; got != tt.silent {
				t.Errorf("silent %t, want %t", got, tt.silent)
			}
		})
	}
}

// A channel of which nothing at all is heard is silent after 30 s, and the board says when to look.
func TestSilentChannel(t *testing.T) {
	l, _ := newLedger()
	b := batch("sms", 1)
	b.Planned = &Plan{Recipients: 7}
	board := judged(t, l, b, 29*time.Second)
	if board.Channels[0].Silent || !board.Recheck.Equal(b.Released.Add(30*time.Second)) {
		t.Errorf("after 29 s: %+v, look again %v", board.Channels[0], board.Recheck)
	}
	if board = judged(t, l, b, 30*time.Second); !board.Channels[0].Silent {
		t.Error("after 30 s it is not silent")
	}
	b.Planned.Recipients = 0
	if board = judged(t, l, b, time.Hour); board.Channels[0].Silent {
		t.Error("a channel without recipients is called silent")
	}
}

// The service's figures follow each recipient from failure to success, with the
// reasons of those who are left.
func TestServiceFollows(t *testing.T) {
	l, _ := newLedger()
	b := batch("webpush", 1)
	at := b.Released.Add(time.Second)
	for n := range uint32(3) {
		b.Add(through(n+1), Entry{State: adapter.Failed, Class: "temporary", Code: "503", Reason: "in trouble", At: at})
	}
	record(t, l, b)
	b = batch("webpush", 1)
	b.Add(through(1), Entry{State: adapter.Accepted, At: at.Add(time.Second)})
	b.Add(through(2), Entry{State: adapter.Failed, Class: "gone", Code: "410", Final: true, At: at.Add(time.Second)})
	s := judged(t, l, b, time.Hour).Services[0]
	if s.Accepted != 1 || s.Failed != 1 || s.Retrying != 1 || s.FirstMS != 2000 || s.LastMS != 2000 {
		t.Errorf("%+v", s)
	}
	if len(s.Reasons) != 2 || s.Reasons[0].Code != "410" || s.Reasons[1].Code != "503" || s.Reasons[1].Count != 1 {
		t.Errorf("reasons %+v", s.Reasons)
	}
}

// A push service with a new reason for each push fills no memory, and its counts stay true.
func TestServiceReasonsAreBounded(t *testing.T) {
	l, _ := newLedger()
	const all = 3 * maxKinds
	b := batch("sms", 1)
	for i := range all {
		r := adapter.Recipient{ID: string(rune('a'+i/26)) + string(rune('a'+i%26)), Destination: "gw"}
		b.Add(&r, Entry{Recipient: r.ID, State: adapter.Failed, Class: "temporary", Code: r.ID, At: b.Released})
	}
	board := judged(t, l, b, time.Second)
	if n := len(board.Services[0].Reasons); n > maxKinds+1 {
		t.Errorf("%d reasons are kept", n)
	}
	for i := range b.Entries {
		b.Entries[i].State, b.Entries[i].Class, b.Entries[i].Code = adapter.Accepted, "", ""
	}
	if s := judged(t, l, b, time.Second).Services[0]; s.Accepted != all || s.Retrying != 0 || len(s.Reasons) != 0 {
		t.Errorf("afterwards %+v", s)
	}
}

// What an officer sent again may mend a final failure, and takes back nothing.
func TestAgain(t *testing.T) {
	final := Entry{State: adapter.Failed, Class: "rejected", Final: true, Attempt: 1}
	for _, tt := range []struct {
		name  string
		old   Entry
		again Entry
		want  adapter.State
	}{
		{"mends a refusal", final, Entry{State: adapter.Accepted}, adapter.Accepted},
		{"on the way again", final, Entry{State: adapter.Sent}, adapter.Sent},
		{"fails again, and is tried", final, Entry{State: adapter.Failed, Class: "temporary"}, adapter.Failed},
		{"who has it keeps it", Entry{State: adapter.Accepted}, final, adapter.Accepted},
		{"a station's word stays", Entry{State: adapter.OnAir, Said: true}, Entry{State: adapter.Sent}, adapter.OnAir},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, _ := newLedger()
			for _, e := range []Entry{tt.old, tt.again} {
				e.Recipient, e.At = "p", time.Now()
				e.Again = e.State == tt.again.State && e.Class == tt.again.Class
				record(t, l, batch("website", 1, e))
			}
			if got := l.State("C", 1, "website", "p"); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
	// Without the officer a late receipt of an older attempt mends nothing.
	l, _ := newLedger()
	final.Recipient = "p"
	record(t, l, batch("website", 1, final, Entry{Recipient: "p", State: adapter.Accepted}))
	if got := l.State("C", 1, "website", "p"); got != adapter.Failed {
		t.Errorf("%s, want failed", got)
	}
}

// Seen, on air and removed keep the time they were first said, whatever came after.
func TestMarks(t *testing.T) {
	l, _ := newLedger()
	b := batch("broadcast", 1)
	b.MsgType = alert.TypeAlert
	for i, s := range []adapter.State{adapter.Seen, adapter.OnAir, adapter.Removed, adapter.OnAir} {
		b.Entries = append(b.Entries, Entry{Recipient: "st", State: s, Said: true, At: b.Released.Add(time.Duration(i+1) * time.Second)})
	}
	got := judged(t, l, b, time.Minute).Channels[0]
	if got.FirstSeenMS != 1000 || got.FirstOnAirMS != 2000 || got.FirstRemovedMS != 3000 || got.LastRemovedMS != 3000 {
		t.Errorf("%+v", got)
	}
}
