package ledger

import (
	"cmp"
	"time"

	"tocsin/internal/adapter"
)

// account is one revision on one channel. Its counts are kept as states
// change, so that a board of a million recipients costs no scan.
type account struct {
	head   Batch // without entries: what the account is about
	plan   Plan
	status map[string]status
	crowd  crowd                  // those who have numbers
	tally                         // of all
	marks  map[adapter.State]span // when recipients said so themselves
	// services are those of citizens by the service that carries them; at most maxServices.
	services map[string]*service
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
	if heard {
		a.mark(e)
	}
	if known && (!old.gives(e) || old.Entry == e) {
		old.attempts = max(old.attempts, e.Attempt)
		a.status[e.Recipient] = old
		return heard
	}
	e.Ref, e.Via = cmp.Or(e.Ref, old.Ref), cmp.Or(e.Via, old.Via)
	a.move(old.Entry, known, e, a.service(e.Via))
	a.mark(e)
	a.status[e.Recipient] = status{Entry: e, attempts: max(old.attempts, e.Attempt), words: old.words}
	return true
}

// gives says whether e takes the place of what is known. What an officer sent
// again may mend a final failure, and never takes back what somebody has.
func (s *status) gives(e Entry) bool {
	if e.Again && !reached(s.State) {
		return true
	}
	if e.Again && e.State == adapter.Failed {
		return false
	}
	return rank(e) >= rank(s.Entry)
}

// move counts a recipient of s, which may be nil, as e instead of was.
func (a *account) move(was Entry, known bool, e Entry, s *service) {
	if known {
		a.add(was, -1)
		s.add(was, -1)
	}
	a.add(e, +1)
	s.add(e, +1)
	if reached(e.State) && !reached(was.State) {
		a.note(e.At)
		s.note(e.At)
	}
}

// totals is the account as the board shows it.
func (a *account) totals() Totals {
	t := a.tally.totals()
	t.Channel, t.Reasons = a.head.Channel, a.reasons()
	t.Recipients = max(a.plan.Recipients, len(a.status)+a.crowd.size())
	t.Queued = t.Recipients - t.Accepted - t.Failed - t.Retrying - t.Sent
	t.FirstMS, t.LastMS = a.since(a.first), a.since(a.last)
	t.FirstSeenMS, t.FirstOnAirMS = a.since(a.marks[adapter.Seen].first), a.since(a.marks[adapter.OnAir].first)
	removed := a.marks[adapter.Removed]
	t.FirstRemovedMS, t.LastRemovedMS = a.since(removed.first), a.since(removed.last)
	return t
}

// since is milliseconds from release, or -1 for a moment that has not come.
func (a *account) since(t time.Time) int64 {
	if t.IsZero() {
		return -1
	}
	return max(0, t.Sub(a.head.Released).Milliseconds())
}
