package ledger

import "tocsin/internal/adapter"

// Confirmed says whether the recipient itself has said that it has the revision
// of that CAP identifier: received or any word after it. A gateway's "accepted"
// is not its word, nor is "failed".
func (l *Ledger) Confirmed(channel, recipient, identifier string) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	at, ok := l.ids[identifier]
	if !ok {
		return false
	}
	a := l.cases[at.caseID][at.revision][channel]
	if a == nil {
		return false
	}
	s := a.status[recipient].State
	return reached(s) && s != adapter.Accepted
}
