package broadcast

import (
	"slices"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// A station with direct NATS follows the log without us in between: it has no
// session here. Only its receipts come this way, and mean what they mean on the
// feed: the same checks, the same ledger, the same answer. See NATS.md.

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
