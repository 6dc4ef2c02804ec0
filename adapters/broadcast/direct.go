package broadcast

import (
	"slices"
	"sync"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// A station with direct NATS follows the log without us in between: it has no
// session here. Only its receipts come this way, and mean what they mean on the
// feed: the same checks, the same ledger, the same answer. See NATS.md.

// direct is what the feed keeps of such stations.
type direct struct {
	mu    sync.Mutex
	lines map[string]pulling // station -> when it was seen on the line
}

// pulling is the time in which a station was seen to ask for messages.
type pulling struct{ since, last time.Time }

// directAway is how long a station may be not asking, while it stores what it
// fetched, and still count as connected. We look every five seconds.
const directAway = 15 * time.Second

// DirectPresence says which stations ask for messages over NATS at this moment;
// whoever watches the log says it every five seconds.
func (f *Feed) DirectPresence(ids []string) {
	now := time.Now()
	f.direct.mu.Lock()
	defer f.direct.mu.Unlock()
	if f.direct.lines == nil {
		f.direct.lines = map[string]pulling{}
	}
	for _, id := range ids {
		l := f.direct.lines[id]
		if now.Sub(l.last) > directAway {
			l.since = now
		}
		l.last = now
		f.direct.lines[id] = l
	}
}

// overNATS is the name that presence gives the node of such a station. Every
// process sees the same, so it is not announced to the others.
const overNATS = "NATS"

// attendance is who is on the line over NATS, and who was.
func (d *direct) attendance(now time.Time) []adapter.Attendance {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := make([]adapter.Attendance, 0, len(d.lines))
	for id, l := range d.lines {
		a := adapter.Attendance{Recipient: id, Sessions: 1, Since: l.since, Node: overNATS}
		if now.Sub(l.last) > directAway {
			a.Sessions, a.Since = 0, l.last
		}
		out = append(out, a)
	}
	return out
}

// WithNATS is r with its NATS account. A station that sees only some areas is
// refused: NATS hands out the whole log. Alerts are public, so its limit is a
// convenience; but what it asked for is what it shall get.
func WithNATS(r adapter.Recipient, account string) (adapter.Recipient, error) {
	if !slices.Contains(r.Areas, "*") {
		var bad alert.Invalid
		bad.Add("areas", "range", `direct NATS carries the alerts of every area; leave the areas out ("*"), or let the station use the feed`)
		return r, bad
	}
	s, err := ReadStation(r)
	if err != nil {
		return r, err
	}
	s.NATS = account
	return s.address(r)
}

// NATSAccount is the public key of a station's NATS account; empty when it has none.
func NATSAccount(r adapter.Recipient) string {
	s, err := ReadStation(r)
	if err != nil || !slices.Contains(r.Areas, "*") {
		return ""
	}
	return s.NATS
}

// DirectReceipt settles a receipt that a station sent over NATS, which vouches
// for the station, and gives the answer: receipt_ok or receipt_refused, as on the feed.
func (f *Feed) DirectReceipt(id string, data []byte) []byte {
	rec, ok := f.env.Recipients.Get(Name, id)
	if !ok {
		return refusal("unknown", "the station is no longer registered", false)
	}
	who, err := newStation(rec)
	if err != nil {
		f.env.Log.Error("station cannot send receipts", "station", id, "err", err)
		return refusal("unavailable", "the receipt was not stored; send it again", true)
	}
	switch {
	case !f.ready.Load():
		return refusal("unavailable", "the feed is starting or stopping; send it again", true)
	case len(data) > readLimit:
		return refusal("bad", "a receipt has at most 16 KB", false)
	case !f.posts.allow(id):
		return refusal("rate", "too many receipts; send it again in a second", true)
	}
	return f.receive(who, data)
}

func refusal(code, detail string, retry bool) []byte {
	return mustEncode(receiptAnswer{Type: "receipt_refused", Code: code, Detail: detail, Retry: retry})
}
