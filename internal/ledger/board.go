package ledger

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"tocsin/internal/adapter"
)

// maxRows bounds a board: a wall screen shows the worst, the totals show the rest.
const maxRows = 500

// Board is the newest planned revision of a case, or ErrUnknown before any.
// Rows are worst first: failures, then the silent, then those who have it.
func (l *Ledger) Board(caseID string) (Board, error) {
	l.mu.RLock()
	revisions := slices.Collect(maps.Keys(l.cases[caseID]))
	l.mu.RUnlock()
	if len(revisions) == 0 {
		return Board{}, fmt.Errorf("%w: case %s has no planned revision yet", ErrUnknown, caseID)
	}
	return l.BoardOf(caseID, slices.Max(revisions))
}

// Revisions are those of a case that were planned, oldest first.
func (l *Ledger) Revisions(caseID string) []int {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return slices.Sorted(maps.Keys(l.cases[caseID]))
}

// State is how far a recipient with an id is with a revision; "" = nothing is known of it.
func (l *Ledger) State(caseID string, revision int, channel, recipient string) adapter.State {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if a := l.cases[caseID][revision][channel]; a != nil {
		return a.status[recipient].State
	}
	return ""
}

// BoardOf is one revision of a case, or ErrUnknown before it is planned.
func (l *Ledger) BoardOf(caseID string, revision int) (Board, error) {
	b, err := l.ReportOf(caseID, revision)
	b.clip()
	return b, err
}

// ReportOf is BoardOf with a row for everybody whom the plan names, on however many
// channels: a report of the night lists them all.
func (l *Ledger) ReportOf(caseID string, revision int) (Board, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	channels := l.cases[caseID][revision]
	if len(channels) == 0 {
		return Board{}, fmt.Errorf("%w: revision %d of case %s is not planned yet", ErrUnknown, revision, caseID)
	}
	b := Board{Case: caseID, Revision: revision}
	for _, name := range slices.Sorted(maps.Keys(channels)) {
		a := channels[name]
		b.Identifier, b.MsgType, b.Released = a.head.Identifier, a.head.MsgType, a.head.Released
		b.Channels = append(b.Channels, a.totals())
		b.Rows = append(b.Rows, a.rows()...)
		b.Services = append(b.Services, a.onBoard()...)
	}
	b.order()
	return b, nil
}

// order puts the worst first.
func (b *Board) order() {
	slices.SortStableFunc(b.Rows, func(x, y Row) int {
		return cmp.Or(badness(y)-badness(x), cmp.Compare(x.Name, y.Name), cmp.Compare(x.Recipient, y.Recipient))
	})
}

// clip drops the best of those without a name first: ten thousand failed phones
// must not push a silent station off the board.
func (b *Board) clip() {
	for i := len(b.Rows) - 1; i >= 0 && len(b.Rows) > maxRows; i-- {
		if !b.Rows[i].named {
			b.Rows = slices.Delete(b.Rows, i, i+1)
		}
	}
	b.Rows = b.Rows[:min(len(b.Rows), maxRows)]
}

// badness orders rows: a person must look at a failure first, then at silence.
func badness(r Row) int {
	if r.Incident != nil {
		return 6
	}
	switch r.State {
	case adapter.Failed:
		return 5
	case adapter.Expired, adapter.Superseded, adapter.Declined:
		return 4
	case adapter.Queued:
		return 3
	case adapter.Sent:
		return 2
	case adapter.Accepted:
		return 1
	default:
		return 0
	}
}

// rows lists the account's failures, its named recipients, and, while there is
// room, the others.
func (a *account) rows() []Row {
	rows := make([]Row, 0, min(len(a.status)+len(a.plan.Named), maxRows))
	named := make(map[string]bool, len(a.plan.Named))
	for _, id := range a.plan.Named {
		named[id] = true
		if s, ok := a.status[id]; ok {
			rows = append(rows, a.row(s))
			rows[len(rows)-1].named = true
			continue
		}
		rows = append(rows, Row{
			Channel: a.head.Channel, Recipient: id, Revision: a.head.Revision,
			State: adapter.Queued, Millis: -1, named: true,
		})
	}
	for id, s := range a.status {
		if len(rows) >= 2*maxRows {
			break
		}
		if !named[id] && s.State == adapter.Failed {
			rows = append(rows, a.row(s))
		}
	}
	for id, s := range a.status {
		if len(rows) >= maxRows {
			break
		}
		if !named[id] && s.State != adapter.Failed {
			rows = append(rows, a.row(s))
		}
	}
	return rows
}

func (a *account) row(s status) Row {
	return Row{
		Channel: a.head.Channel, Recipient: s.Recipient, Revision: a.head.Revision,
		State: s.State, Class: s.Class, Code: s.Code, Reason: s.Reason, By: s.By,
		Attempts: s.attempts, Millis: a.since(s.At), At: s.At,
		Story: a.story(s),
	}
}
