package ledger

import (
	"cmp"
	"time"

	"tocsin/internal/adapter"
)

// account is one revision on one channel. Its counts are kept as states
// change, so that a board of a million recipients costs no scan.
type account struct {
	head    Batch // without entries: what the account is about
	plan    Plan
	status  map[string]status
	crowd   crowd // those who have numbers
	counts  map[adapter.State]int
	retries int // failed and not final
	first   time.Time
	last    time.Time
}

type status struct {
	Entry
	attempts int
	words    []Entry // the recipient's own, oldest first; at most maxWords
}

// rank orders states: news never takes a recipient back. A gateway's late word
// that a message was not delivered outranks its earlier "accepted". Sent and a
// failure that is tried again are equals, the newer one counts: a station that was
// sent the alert and then confirms nothing, or drops off the line, must turn red.
func rank(e Entry) int {
	switch e.State {
	case adapter.Failed:
		switch {
		case e.Said:
			return 8 // a station that has it, and cannot air it
		case e.Final:
			return 4
		}
		return 2
	case adapter.Sent:
		return 2
	case adapter.Accepted, adapter.Superseded, adapter.Expired:
		return 3
	case adapter.Received:
		return 5
	case adapter.Delivered:
		return 6
	case adapter.Seen:
		return 7
	case adapter.Declined:
		return 8
	case adapter.OnAir:
		return 9
	case adapter.Removed:
		return 10
	default: // queued
		return 0
	}
}

// reached says that the recipient, or its gateway, has the message.
func reached(s adapter.State) bool {
	switch s {
	case adapter.Accepted, adapter.Received, adapter.Delivered, adapter.Seen,
		adapter.OnAir, adapter.Declined, adapter.Removed:
		return true
	default:
		return false
	}
}

// settled says that no further attempt is wanted.
func settled(e Entry) bool {
	return reached(e.State) || e.Final || e.State == adapter.Expired || e.State == adapter.Superseded
}

// apply folds one entry and says whether anything changed.
func (a *account) apply(e Entry) bool {
	old, known := a.status[e.Recipient]
	heard := old.hear(e)
	if known && (rank(e) < rank(old.Entry) || old.Entry == e) {
		a.status[e.Recipient] = old
		return heard
	}
	if known {
		a.count(old.Entry, -1)
		e.Ref = cmp.Or(e.Ref, old.Ref)
	}
	a.count(e, +1)
	a.status[e.Recipient] = status{Entry: e, attempts: max(old.attempts, e.Attempt), words: old.words}
	if reached(e.State) && !reached(old.State) {
		a.span(e.At)
	}
	return true
}

// span takes note of when somebody was reached.
func (a *account) span(at time.Time) {
	if a.first.IsZero() || at.Before(a.first) {
		a.first = at
	}
	if at.After(a.last) {
		a.last = at
	}
}

func (a *account) count(e Entry, by int) {
	if e.State == adapter.Failed && !e.Final {
		a.retries += by
		return
	}
	a.counts[e.State] += by
}

// totals is the account as the board shows it.
func (a *account) totals() Totals {
	// A state implies those before it: who has it on air has seen and received it.
	onAir := a.counts[adapter.OnAir]
	seen := onAir + a.counts[adapter.Seen] + a.counts[adapter.Declined]
	delivered := seen + a.counts[adapter.Delivered]
	accepted := delivered + a.counts[adapter.Accepted] + a.counts[adapter.Received] + a.counts[adapter.Removed]
	ended := a.counts[adapter.Failed] + a.counts[adapter.Expired] + a.counts[adapter.Superseded]
	recipients := max(a.plan.Recipients, len(a.status)+a.crowd.size())
	return Totals{
		Channel: a.head.Channel, Recipients: recipients,
		Queued: recipients - accepted - ended - a.retries - a.counts[adapter.Sent],
		Sent:   a.counts[adapter.Sent], Accepted: accepted, Delivered: delivered,
		Seen: seen, OnAir: onAir, Declined: a.counts[adapter.Declined],
		Removed: a.counts[adapter.Removed], Failed: ended, Retrying: a.retries,
		FirstMS: a.since(a.first), LastMS: a.since(a.last), Reasons: a.reasons(),
	}
}

// since is milliseconds from release, or -1 for a moment that has not come.
func (a *account) since(t time.Time) int64 {
	if t.IsZero() {
		return -1
	}
	return max(0, t.Sub(a.head.Released).Milliseconds())
}
