package console

import (
	"strings"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/ledger"
)

// TestEveryTroubleIsOnTheWall: each failure class and each silence stands in red
// at the head of the wall screen, in words, and marks its channel's tile.
func TestEveryTroubleIsOnTheWall(t *testing.T) {
	fail := func(c adapter.Class) ledger.Row {
		return ledger.Row{State: adapter.Failed, Class: c.String(), Code: "x", Reason: "the partner's server failed"}
	}
	said := func(s adapter.State, why string) ledger.Row {
		r := ledger.Row{State: s}
		r.Story = &ledger.Story{ReceivedMS: 40, Received: time.Now(), Words: []ledger.Word{{State: s, Reason: why}}}
		return r
	}
	silent := func() ledger.Row {
		return ledger.Row{State: adapter.Sent, Story: &ledger.Story{ReceivedMS: -1}}
	}
	for _, c := range []struct {
		name      string
		channel   string
		kind      alert.MsgType
		row       ledger.Row
		connected bool
		want      string // state and why
	}{
		{"temporary", "website", alert.TypeAlert, fail(adapter.Temporary), false, "Failed the partner's server failed"},
		{"throttled", "website", alert.TypeAlert, fail(adapter.Throttled), false, "Failed the partner's server failed"},
		{"rejected", "website", alert.TypeAlert, fail(adapter.Rejected), false, "Failed"},
		{"gone", "website", alert.TypeAlert, fail(adapter.Gone), false, "Failed"},
		{"misconfigured", "website", alert.TypeAlert, fail(adapter.Misconfigured), false, "Wrong credentials or settings of ours"},
		{"declined", "broadcast", alert.TypeAlert, said(adapter.Declined, "not our area"), true, "Declined not our area"},
		{"cannot air", "broadcast", alert.TypeAlert, said(adapter.Failed, "playout is down"), true, "Cannot air it playout is down"},
		{"expired", "website", alert.TypeAlert, ledger.Row{State: adapter.Expired}, false, "Expired"},
		{"away", "broadcast", alert.TypeAlert, silent(), false, "Not connected"},
		{"there and silent", "broadcast", alert.TypeAlert, silent(), true, "Has not confirmed"},
		{"copies kept", "broadcast", alert.TypeCancel, said(adapter.Received, ""), true, "Removal not confirmed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			row := c.row
			row.Channel, row.Recipient, row.Name, row.At = c.channel, "x", "Radio X", time.Now()
			b := ledger.Board{
				Case: "K", Revision: 1, MsgType: c.kind, Released: time.Now().Add(-time.Hour),
				Channels: []ledger.Totals{{Channel: c.channel, Title: "Broadcasters", Recipients: 2, Accepted: 1, FirstMS: 1, LastMS: 1}},
				Rows:     []ledger.Row{{Channel: "broadcast", Recipient: "a", Name: "Aaa", State: adapter.Received, Story: &ledger.Story{Received: time.Now(), ReceivedMS: 9}}, row},
			}
			if c.kind == alert.TypeCancel {
				b.Rows[0].State = adapter.Removed
			}
			b.Judge(time.Now(), duties, func(string, string) (ledger.Line, bool) {
				return ledger.Line{Connected: c.connected}, c.channel == "broadcast"
			})
			site := &console{tongue: english}
			first := site.worst(b, map[string]string{c.channel: "Broadcasters"})[0]
			if got := first.State + " " + first.Why; first.Class != "red" || first.Who != "Radio X" || !strings.HasPrefix(got, c.want) {
				t.Errorf("at the head is %+v, want red Radio X, %q", first, c.want)
			}
		})
	}
}

// A service that takes nothing and a channel that reaches nobody lead the wall, with the time they have done so.
func TestSilentServicesAreOnTheWall(t *testing.T) {
	b := ledger.Board{Case: "K", Revision: 1, MsgType: alert.TypeAlert, Released: time.Now().Add(-time.Minute)}
	b.Channels = []ledger.Totals{
		{Channel: "webpush", Recipients: 10, Accepted: 4, Retrying: 6, FirstMS: 9, LastMS: 9}, {Channel: "sms", Title: "SMS", Recipients: 7, Queued: 7, FirstMS: -1, LastMS: -1},
	}
	b.Services = []ledger.Service{
		{Channel: "webpush", Name: "https://a.example", Accepted: 4, FirstMS: 9, LastMS: 9},
		{Channel: "webpush", Name: "https://b.example", Retrying: 6, FirstMS: -1, LastMS: -1, Reasons: []ledger.Reason{{State: adapter.Failed, Code: "503", Count: 6}}},
	}
	b.Judge(time.Now(), duties, func(string, string) (ledger.Line, bool) { return ledger.Line{}, false })
	site := &console{tongue: english}
	rows := site.worst(b, map[string]string{"sms": "SMS", "webpush": "Web push"})
	if len(rows) != 3 || rows[0].Who != "SMS" || rows[0].State != "Nobody has it yet" || rows[1].Who != "b.example" || rows[1].Why != "6 × Failed (503)" || rows[1].Class != "red" || rows[2].Class != "green" {
		t.Errorf("%+v", rows)
	}
	if rows[0].Since.IsZero() || rows[1].Since.IsZero() || !rows[2].Since.IsZero() {
		t.Error("the clocks of silence run for the wrong ones")
	}
	if tl := site.tile(b.Channels[1], false); !tl.Silent {
		t.Error("the tile of the silent channel does not say so")
	}
}
