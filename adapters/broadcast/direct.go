package broadcast

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/time/rate"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// A station with direct NATS follows the log without us in between: it has no
// session here. Only its receipts come this way, and mean what they mean on the
// feed: the same checks, the same ledger, the same answer. See NATS.md.

// direct is what the feed keeps of such stations.
type direct struct {
	mu    sync.Mutex
	paces map[string]*rate.Limiter // station -> its receipts, at the pace of a feed connection
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
	var s Station
	if err := json.Unmarshal(r.Address, &s); err != nil {
		return r, fmt.Errorf("station %s: address: %w", r.ID, err)
	}
	s.NATS = account
	address, err := json.Marshal(s)
	if err != nil {
		return r, fmt.Errorf("station %s: address: %w", r.ID, err)
	}
	r.Address = address
	return r, nil
}

// NATSAccount is the public key of a station's NATS account; empty when it has none.
func NATSAccount(r adapter.Recipient) string {
	var s Station
	if err := json.Unmarshal(r.Address, &s); err != nil || !slices.Contains(r.Areas, "*") {
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
	case !f.direct.allow(id):
		return refusal("rate", "too many receipts; send it again in a second", true)
	}
	return f.receive(who, data)
}

func refusal(code, detail string, retry bool) []byte {
	return mustEncode(receiptAnswer{Type: "receipt_refused", Code: code, Detail: detail, Retry: retry})
}

// allow keeps one station that runs wild from filling the ledger's queue.
func (d *direct) allow(id string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.paces == nil {
		d.paces = map[string]*rate.Limiter{}
	}
	pace := d.paces[id]
	if pace == nil {
		pace = rate.NewLimiter(frameRate, frameBurst)
		d.paces[id] = pace
	}
	return pace.Allow()
}
