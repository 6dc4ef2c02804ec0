package ledger

import (
	"slices"
	"time"
)

// Act is one word of a recipient's own, with the revision it is about.
type Act struct {
	Identifier string
	Revision   int
	Released   time.Time // of the revision
	Entry
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
		for _, e := range a.status[recipient].words {
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
				for _, e := range a.status[recipient].words {
					if e.At.After(last) {
						last = e.At
					}
				}
			}
		}
	}
	return last
}
