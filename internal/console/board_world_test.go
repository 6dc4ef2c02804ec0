package console

import (
	"fmt"
	"slices"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/ledger"
)

// duties are those of the server: stations confirm that they have it, and with partners that it is gone.
var duties = map[string]ledger.Duty{
	"broadcast": {Receive: 30 * time.Second, Remove: 15 * time.Minute}, "website": {Remove: 15 * time.Minute},
}

// story is what a station has said, each word so long after the release.
func story(released time.Time, words ...ledger.Word) *ledger.Story {
	s := &ledger.Story{ReceivedMS: -1, Words: []ledger.Word{}}
	for _, w := range words {
		w.At = released.Add(time.Duration(w.Millis) * time.Millisecond)
		s.Words = append(s.Words, w)
		if s.ReceivedMS < 0 {
			s.Received, s.ReceivedMS = w.At, w.Millis
		}
		switch w.State {
		case adapter.Seen:
			s.SeenBy = append(s.SeenBy, w.By)
		case adapter.OnAir:
			if s.Airings++; s.Airings == 1 {
				s.OnAir, s.Outlets = w.At, []string{w.Outlet}
			}
			s.LastAired = w.At
		case adapter.Removed:
			s.Removed = w.At
		}
	}
	return s
}

// services are three push services, of which one refuses our key, and a gateway.
func services(done int) []ledger.Service {
	why := func(class, code, reason string, n int) ledger.Reason {
		return ledger.Reason{State: adapter.Failed, Class: class, Code: code, Reason: reason, Count: n}
	}
	return []ledger.Service{
		{Channel: "webpush", Name: "https://fcm.googleapis.com", Devices: 8_112, Alive: 7_950, Accepted: done * 4 / 5, Failed: 2, FirstMS: 41, LastMS: 2_310, Reasons: []ledger.Reason{why("gone", "410", "the subscription has ended", 2)}},
		{Channel: "webpush", Name: "https://updates.push.services.mozilla.com", Devices: 1_876, Alive: 1_702, Accepted: done / 5, FirstMS: 63, LastMS: 1_904},
		{Channel: "webpush", Name: "https://web.push.apple.com", Devices: 12, Alive: 12, Retrying: 12, FirstMS: -1, LastMS: -1, Reasons: []ledger.Reason{why("misconfigured", "403", "the push service refuses our VAPID key or token: check vapid.json, the contact and the clock", 12)}},
		{Channel: "sms", Name: "sms", Accepted: 1000, Delivered: 871, FirstMS: 96, LastMS: 5_120},
	}
}

// crowded is the board with so many stations more, of which every fourth is silent.
func crowded(b ledger.Board, more int) ledger.Board {
	b.Channels, b.Rows = slices.Clone(b.Channels), slices.Clone(b.Rows)
	for i := range more {
		id := fmt.Sprintf("b-%03d", i)
		r := ledger.Row{Channel: "broadcast", Recipient: id, Name: fmt.Sprintf("Radio locale %d", i+1), Revision: b.Revision, State: adapter.Received, Millis: int64(20 + i), At: b.Released, Attempts: 1}
		if i%4 == 0 {
			r.State, r.Story = adapter.Sent, story(b.Released)
		} else {
			r.Story = story(b.Released, ledger.Word{State: adapter.Received, Millis: int64(20 + i)})
		}
		b.Rows = append(b.Rows, r)
	}
	b.Channels[2].Recipients += more
	b.Channels[2].Accepted += more * 3 / 4
	b.Judge(time.Now(), duties, func(_, id string) (ledger.Line, bool) { return ledger.Line{Connected: true}, id[0] == 'b' })
	return b
}

// board is a board with every kind of trouble on it, of a revision that went out 34 minutes ago.
func board(id string, rev int, kind alert.MsgType, done int) ledger.Board {
	return boardAt(id, rev, kind, done, 34*time.Minute)
}

func boardAt(id string, rev int, kind alert.MsgType, done int, age time.Duration) ledger.Board {
	now := time.Now()
	b := ledger.Board{Case: id, Revision: rev, MsgType: kind, Released: now.Add(-age)}
	b.Channels = []ledger.Totals{
		{Channel: "webpush", Title: "Push to phones", Recipients: 10_000, Accepted: done, Queued: 10_000 - done - 14, Failed: 2, Retrying: 12, FirstMS: 41, LastMS: 2_310},
		{Channel: "sms", Title: "SMS", Recipients: 1000, Accepted: 1000, Delivered: 871, FirstMS: 96, LastMS: 5_120},
		{Channel: "broadcast", Title: "Broadcasters", Recipients: 5, Accepted: 3, Seen: 2, OnAir: 1, Declined: 1, Failed: 1, Sent: 1, FirstMS: 22, LastMS: 9_400},
		{Channel: "website", Title: "Partner websites", Recipients: 1, Retrying: 1, FirstMS: -1, LastMS: -1},
	}
	word := func(s adapter.State, ms int64, by, outlet, reason string) ledger.Word {
		return ledger.Word{State: s, Millis: ms, By: by, Outlet: outlet, Reason: reason}
	}
	station := func(id, name string, state adapter.State, words ...ledger.Word) ledger.Row {
		r := ledger.Row{Channel: "broadcast", Recipient: id, Name: name, Revision: rev, State: state, At: now, Attempts: 1, Story: story(b.Released, words...)}
		r.Millis = r.Story.ReceivedMS
		return r
	}
	b.Rows = []ledger.Row{
		{Channel: "website", Recipient: "p-gazette", Name: "La Gazette du Nord", Revision: rev, State: adapter.Failed, Class: "temporary", Code: "500", Reason: "the partner's server failed", Attempts: 3, Millis: 9_870, At: now, Story: story(b.Released)},
		{Channel: "webpush", Recipient: "4f2kq09mmx7wz1", Revision: rev, State: adapter.Failed, Class: "gone", Code: "410", Reason: "the subscription has ended", Attempts: 1, Millis: 312, At: now},
		station("b-vivacite", "Radio Vivacité", adapter.Sent),
		station("b-rtbf", "La Première", adapter.OnAir, word(adapter.Received, 41, "", "", ""), word(adapter.Seen, 9_400, "Eva Claes", "", ""), word(adapter.Seen, 21_000, "Tom Maes", "", ""),
			word(adapter.OnAir, 95_000, "Eva Claes", "La Première", ""), word(adapter.OnAir, 996_000, "playout", "La Première", ""), word(adapter.OnAir, 1_899_000, "playout", "La Première", "")),
		station("b-contact", "Radio Contact", adapter.Declined, word(adapter.Received, 38, "", "", ""), word(adapter.Declined, 64_000, "Jo Lambert", "", "Not in our area of broadcast")),
		station("b-sud", "Sud Radio", adapter.Failed, word(adapter.Received, 52, "", "", ""), word(adapter.Failed, 120_000, "Ann Pirlot", "", "The playout machine does not start")),
		station("b-klara", "Klara", adapter.Received, word(adapter.Received, 22, "", "", "")),
		{Channel: "sms", Recipient: "s-00017", Revision: rev, State: adapter.Delivered, Millis: 1_204, At: now, Attempts: 1},
	}
	if kind == alert.TypeCancel {
		for i := range b.Channels {
			t := &b.Channels[i]
			*t = ledger.Totals{Channel: t.Channel, Title: t.Title, Recipients: t.Recipients, Accepted: t.Recipients, FirstMS: 31, LastMS: 1_480}
		}
		b.Channels[2].Removed, b.Channels[3].Removed = 2, 1
		gone := word(adapter.Removed, 1_480, "newsroom desk", "", "")
		b.Rows = []ledger.Row{
			{Channel: "website", Recipient: "p-gazette", Name: "La Gazette du Nord", Revision: rev, State: adapter.Removed, Millis: 640, At: now, Attempts: 1, Story: story(b.Released, word(adapter.Removed, 640, "", "", ""))},
			station("b-rtbf", "La Première", adapter.Removed, word(adapter.Received, 31, "", "", ""), gone),
			station("b-klara", "Klara", adapter.Removed, word(adapter.Received, 33, "", "", ""), gone),
			station("b-contact", "Radio Contact", adapter.Received, word(adapter.Received, 35, "", "", "")),
			station("b-sud", "Sud Radio", adapter.Received, word(adapter.Received, 40, "", "", "")),
			station("b-vivacite", "Radio Vivacité", adapter.Sent),
		}
	}
	for i := range b.Channels {
		t := &b.Channels[i]
		t.FirstSeenMS, t.FirstOnAirMS, t.FirstRemovedMS, t.LastRemovedMS = -1, -1, -1, -1
		switch {
		case t.Removed > 0:
			t.FirstRemovedMS, t.LastRemovedMS = 640, 1_480
		case t.OnAir > 0:
			t.FirstSeenMS, t.FirstOnAirMS = 9_400, 95_000
		}
	}
	b.Services = services(done)
	b.Judge(now, duties, func(_, id string) (ledger.Line, bool) {
		return ledger.Line{Connected: id != "b-vivacite", Since: now.Add(-50 * time.Minute)}, id[0] == 'b'
	})
	b.Pace(alert.Cadence{Every: 15 * time.Minute, For: 3 * time.Hour}, b.Released, now.Add(12*time.Hour), now)
	return b
}
