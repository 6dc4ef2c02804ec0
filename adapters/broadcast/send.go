package broadcast

import (
	"context"
	"time"

	"tocsin/internal/adapter"
)

// Send sees how far each station is. It carries nothing: every serving process
// brings each message from its own reader of the log to its own sessions, and
// sends again what they do not confirm (resend.go). So the process that works the
// jobs need not hold a single session. A station is sent to when it is
// connected to any node, has it when the ledger has its word, and is an incident
// when that word is overdue.
func (f *Feed) Send(_ context.Context, d adapter.Delivery, batch []adapter.Recipient) ([]adapter.Receipt, error) {
	m := d.Message
	e, known := f.ring.Load().find(m.Identifier)
	now := time.Now()
	connected := f.connected()
	out := make([]adapter.Receipt, len(batch))
	for i, r := range batch {
		since, on := connected[r.ID]
		switch {
		case f.confirmed(r.ID, m.Identifier):
			out[i] = adapter.Receipt{State: adapter.Received, Ref: m.Identifier}
		case known && e.text(now) == nil:
			out[i] = failed(adapter.Rejected, "no longer live")
		case !on:
			out[i] = failed(adapter.Temporary, adapter.NotConnected)
		case now.Sub(m.Sent) >= f.limits.overdue && now.Sub(since) >= f.limits.overdue:
			out[i] = failed(adapter.Temporary, adapter.Unconfirmed)
		default:
			out[i] = adapter.Receipt{State: adapter.Sent, Ref: m.Identifier}
		}
	}
	return out, nil
}

func failed(c adapter.Class, reason string) adapter.Receipt {
	return adapter.Receipt{Failure: &adapter.Failure{Class: c, Reason: reason}}
}

// confirmed says whether the station has said that it has the revision: to this
// process just now, or to any, as far as the ledger is read here.
func (f *Feed) confirmed(id, identifier string) bool {
	return f.desk.has(id, identifier) || f.env.Receipts != nil && f.env.Receipts.Confirmed(Name, id, identifier)
}
