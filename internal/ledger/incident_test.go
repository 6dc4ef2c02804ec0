package ledger

import (
	"fmt"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// duties of the table's channels: stations confirm both, partners removal alone, phones nothing.
var duties = map[string]Duty{
	"broadcast": {Receive: 30 * time.Second, Remove: 15 * time.Minute},
	"website":   {Remove: 15 * time.Minute},
}

const connected, away, noLine = "connected", "away", ""

// TestLamps: every state and failure class lights what it must, before and after its deadline.
func TestLamps(t *testing.T) {
	fail := func(c adapter.Class, final bool) Entry {
		return Entry{State: adapter.Failed, Class: c.String(), Final: final}
	}
	word := func(s adapter.State) Entry { return Entry{State: s, Said: true} }
	const alive, withdrawn = alert.TypeAlert, alert.TypeCancel
	tests := []struct {
		channel  string
		kind     alert.MsgType
		line     string
		entry    Entry // State "" = nothing yet
		after    time.Duration
		lamp     Lamp
		incident IncidentKind
	}{
		// A station that says nothing.
		{"broadcast", alive, connected, Entry{}, time.Second, Amber, ""},
		{"broadcast", alive, connected, Entry{}, 29 * time.Second, Amber, ""},
		{"broadcast", alive, connected, Entry{}, 30 * time.Second, Red, NotReceived},
		{"broadcast", alive, away, Entry{}, time.Second, Red, NotConnected},
		{"broadcast", alive, away, Entry{}, time.Hour, Red, NotConnected},
		{"broadcast", alive, connected, Entry{State: adapter.Sent}, time.Second, Amber, ""},
		{"broadcast", alive, connected, Entry{State: adapter.Sent}, 31 * time.Second, Red, NotReceived},
		{"broadcast", alive, connected, fail(adapter.Temporary, false), time.Second, Red, ""},
		{"broadcast", alive, away, fail(adapter.Temporary, false), time.Second, Red, NotConnected},
		{"broadcast", alive, connected, Entry{State: adapter.Expired, Final: true}, time.Hour, Red, NotReceived},
		{"broadcast", alive, connected, Entry{State: adapter.Superseded, Final: true}, time.Hour, Grey, ""},
		// A station that speaks is no incident, connected or not, but when it cannot air.
		{"broadcast", alive, away, word(adapter.Received), time.Hour, Green, ""},
		{"broadcast", alive, connected, word(adapter.Seen), time.Hour, Green, ""},
		{"broadcast", alive, connected, word(adapter.OnAir), time.Hour, Green, ""},
		{"broadcast", alive, connected, word(adapter.Declined), time.Hour, Red, ""},
		{"broadcast", alive, connected, Entry{State: adapter.Failed, Final: true, Said: true}, time.Second, Red, CannotAir},
		// After a withdrawal.
		{"broadcast", withdrawn, connected, Entry{}, time.Second, Amber, ""},
		{"broadcast", withdrawn, connected, Entry{}, time.Minute, Red, NotReceived},
		{"broadcast", withdrawn, away, Entry{}, time.Second, Red, NotConnected},
		{"broadcast", withdrawn, connected, word(adapter.Received), 14 * time.Minute, Green, ""},
		{"broadcast", withdrawn, connected, word(adapter.Received), 15 * time.Minute, Red, NotRemoved},
		{"broadcast", withdrawn, connected, word(adapter.Removed), 15 * time.Minute, Green, ""},
		// A partner is not asked to confirm an alert, but its removal.
		{"website", alive, noLine, Entry{}, time.Hour, Amber, ""},
		{"website", alive, noLine, Entry{State: adapter.Accepted}, time.Hour, Green, ""},
		{"website", withdrawn, noLine, Entry{State: adapter.Accepted}, time.Minute, Green, ""},
		{"website", withdrawn, noLine, Entry{State: adapter.Accepted}, time.Hour, Red, NotRemoved},
		{"website", withdrawn, noLine, Entry{State: adapter.Removed}, time.Hour, Green, ""},
		// Failures by class, on any channel.
		{"sms", alive, noLine, fail(adapter.Temporary, false), time.Second, Red, ""},
		{"sms", alive, noLine, fail(adapter.Throttled, false), time.Second, Red, ""},
		{"sms", alive, noLine, fail(adapter.Rejected, true), time.Second, Red, ""},
		{"sms", alive, noLine, fail(adapter.Gone, true), time.Second, Red, ""},
		{"sms", alive, noLine, fail(adapter.Misconfigured, false), time.Second, Red, Misconfigured},
		{"sms", alive, noLine, Entry{State: adapter.Accepted}, time.Hour, Green, ""},
		{"sms", alive, noLine, Entry{State: adapter.Delivered}, time.Hour, Green, ""},
		{"sms", alive, noLine, Entry{State: adapter.Sent}, time.Hour, Amber, ""},
		{"sms", withdrawn, noLine, Entry{State: adapter.Accepted}, 24 * time.Hour, Green, ""},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprintf("%02d %s %s %s%s after %s", i, tt.channel, tt.kind, tt.entry.State, tt.entry.Class, tt.after), func(t *testing.T) {
			l, _ := newLedger()
			b := batch(tt.channel, 1)
			released := b.Released
			b.MsgType, b.Planned = tt.kind, &Plan{Recipients: 1}
			if tt.channel != "sms" {
				b.Planned.Named = []string{"r"}
			}
			record(t, l, b)
			if tt.entry.State != "" {
				tt.entry.Recipient, tt.entry.At = "r", released.Add(time.Millisecond)
				b.Planned, b.Entries = nil, []Entry{tt.entry}
				record(t, l, b)
			}
			board, err := l.Board("C")
			if err != nil {
				t.Fatal(err)
			}
			board.Judge(released.Add(tt.after), duties, func(string, string) (Line, bool) {
				return Line{Connected: tt.line == connected}, tt.line != noLine
			})
			row := board.Rows[0]
			var kind IncidentKind
			if row.Incident != nil {
				kind = row.Incident.Kind
			}
			if row.Lamp != tt.lamp || kind != tt.incident {
				t.Errorf("lamp %s, incident %q; want %s, %q", row.Lamp, kind, tt.lamp, tt.incident)
			}
		})
	}
}

// TestRemoval: after a withdrawal the board counts who has confirmed and names who has not; before it says nothing.
func TestRemoval(t *testing.T) {
	l, _ := newLedger()
	b := batch("broadcast", 1)
	b.Planned = &Plan{Recipients: 3, Named: []string{"a", "b", "c"}}
	b.Entries = []Entry{{Recipient: "a", State: adapter.Removed, Said: true, At: time.Now()}, {Recipient: "b", State: adapter.Received, Said: true, At: time.Now()}}
	record(t, l, b)
	board, _ := l.Board("C")
	board.Judge(time.Now(), duties, func(string, string) (Line, bool) { return Line{Connected: true}, true })
	if board.Removal != nil {
		t.Error("a live alert has a removal")
	}
	board.MsgType = alert.TypeCancel
	for i := range board.Rows {
		if board.Rows[i].Recipient == "b" {
			board.Rows[i].Name = "Radio Nord"
		}
	}
	board.Judge(time.Now(), duties, func(string, string) (Line, bool) { return Line{Connected: true}, true })
	if r := board.Removal; r == nil || r.Confirmed != 1 || r.Of != 3 || fmt.Sprint(r.Missing) != "[Radio Nord c]" {
		t.Errorf("removal is %+v", r)
	}
}

// TestRecheck: the board names the next moment at which time alone changes it.
func TestRecheck(t *testing.T) {
	released := time.Now()
	for _, tt := range []struct {
		kind alert.MsgType
		at   time.Duration
		want time.Duration // 0 = none
	}{
		{alert.TypeAlert, 0, 30 * time.Second},
		{alert.TypeAlert, 30 * time.Second, 0},
		{alert.TypeCancel, 0, 30 * time.Second},
		{alert.TypeCancel, time.Minute, 15 * time.Minute},
		{alert.TypeCancel, time.Hour, 0},
	} {
		b := Board{MsgType: tt.kind, Released: released}
		b.Judge(released.Add(tt.at), duties, nil)
		var want time.Time
		if tt.want > 0 {
			want = released.Add(tt.want)
		}
		if !b.Recheck.Equal(want) {
			t.Errorf("%s at %s: %s, want %s", tt.kind, tt.at, b.Recheck, want)
		}
	}
}

// TestPace: the board says when the next airing is due and who has aired since the last.
func TestPace(t *testing.T) {
	sent := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	c := alert.Cadence{Every: 15 * time.Minute, For: 3 * time.Hour}
	board := func() Board {
		b := Board{MsgType: alert.TypeAlert, Released: sent}
		for _, at := range []time.Duration{-1, 14 * time.Minute, 16 * time.Minute, 31 * time.Minute} {
			s := &Story{}
			if at > 0 {
				s.Airings, s.LastAired = 1, sent.Add(at)
			}
			b.Rows = append(b.Rows, Row{Story: s})
		}
		return b
	}
	for _, tt := range []struct {
		now       time.Duration
		expires   time.Duration
		due, next time.Duration // next < 0 = none
		since     int
	}{
		{14 * time.Minute, 12 * time.Hour, 0, 15 * time.Minute, 3},
		{15 * time.Minute, 12 * time.Hour, 15 * time.Minute, 30 * time.Minute, 2},
		{31 * time.Minute, 12 * time.Hour, 30 * time.Minute, 45 * time.Minute, 1},
		{31 * time.Minute, 40 * time.Minute, 30 * time.Minute, -1, 1},
		{179 * time.Minute, 12 * time.Hour, 165 * time.Minute, 180 * time.Minute, 0},
	} {
		b := board()
		b.Pace(c, sent, sent.Add(tt.expires), sent.Add(tt.now))
		var next time.Time
		if tt.next >= 0 {
			next = sent.Add(tt.next)
		}
		if a := b.Airing; a == nil || !a.Due.Equal(sent.Add(tt.due)) || !a.Next.Equal(next) || a.AiredSince != tt.since {
			t.Errorf("%s after release: %+v", tt.now, a)
		}
	}
	for name, b := range map[string]Board{"over": board(), "withdrawn": {MsgType: alert.TypeCancel}} {
		if b.Pace(c, sent, sent.Add(12*time.Hour), sent.Add(3*time.Hour)); b.Airing != nil {
			t.Errorf("%s: %+v", name, b.Airing)
		}
	}
}
