package ledger

import (
	"slices"
	"time"

	"tocsin/internal/adapter"
)

// maxActs bounds what is kept in memory of one station's words about one
// revision: twelve airings on a few channels, and some second thoughts. What is
// older stays on the stream.
const maxActs = 100

// Act is one thing a station said of a revision by itself, through its receiver
// or by a person who pressed a button. Nothing later overwrites it.
type Act struct {
	Identifier string // of the revision
	Revision   int
	Released   time.Time
	Entry
}

// own says whether a report in state s is a recipient's own word and not a
// gateway's: those are kept one by one.
func own(s adapter.State) bool {
	switch s {
	case adapter.Received, adapter.Seen, adapter.OnAir, adapter.Declined, adapter.Removed, adapter.Failed:
		return true
	default:
		return false
	}
}

// note keeps e if it is a recipient's own word, and says whether it is new. An
// entry of an attempt is the runner's word about it.
func (a *account) note(e Entry) bool {
	if e.Attempt != 0 || !own(e.State) || a.said(e) {
		return false
	}
	if a.acts == nil {
		a.acts = make(map[string][]Entry)
	}
	list := append(a.acts[e.Recipient], e)
	a.acts[e.Recipient] = list[max(0, len(list)-maxActs):]
	return true
}

// said says whether the recipient has said exactly this before; a zero At is any time.
func (a *account) said(e Entry) bool {
	return slices.ContainsFunc(a.acts[e.Recipient], func(old Entry) bool {
		return old.State == e.State && old.Reason == e.Reason && old.By == e.By && (e.At.IsZero() || old.At.Equal(e.At))
	})
}

// Acts lists what a recipient said of a case by itself, of all revisions, oldest first.
func (l *Ledger) Acts(caseID, channel, recipient string) []Act {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var all []Act
	for _, channels := range l.cases[caseID] {
		a := channels[channel]
		if a == nil {
			continue
		}
		for _, e := range a.acts[recipient] {
			all = append(all, Act{a.head.Identifier, a.head.Revision, a.head.Released, e})
		}
	}
	slices.SortStableFunc(all, func(x, y Act) int { return x.At.Compare(y.At) })
	return all
}

// LastAct is when a recipient last said anything by itself, of any case kept in
// memory; the zero time is never.
func (l *Ledger) LastAct(channel, recipient string) (last time.Time) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, revisions := range l.cases {
		for _, channels := range revisions {
			if a := channels[channel]; a != nil {
				for _, e := range a.acts[recipient] {
					if e.At.After(last) {
						last = e.At
					}
				}
			}
		}
	}
	return last
}
