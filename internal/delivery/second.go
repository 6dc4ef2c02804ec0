package delivery

import (
	"slices"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// secondAfter is how long a recipient with a second way has to confirm on the
// first: as long as the board waits before it calls the silence an incident.
const secondAfter = 30 * time.Second

// standby says whether p is a second way that is not needed so far. Once it was
// used for a case it gets every later revision, like anybody who got one.
func (d Deps) standby(m *alert.Message, p adapter.Recipient) bool {
	return p.Second != adapter.Second{} && !d.Ledger.Touched(m.Case, m.Revision, p.Channel, p.ID) &&
		d.Ledger.Attempts(m.Case, m.Revision, p.Channel, p.ID) == 0
}

// spared says whether p is a second way, and the first has done its work.
func (d Deps) spared(m *alert.Message, p adapter.Recipient) bool {
	return d.standby(m, p) && d.Ledger.Settled(m.Case, m.Revision, p.Second.Channel, p.Second.ID)
}

// asked leaves out those who stand by: they are counted once they are told.
func (d Deps) asked(m *alert.Message, all []adapter.Recipient) []adapter.Recipient {
	return slices.DeleteFunc(slices.Clone(all), func(p adapter.Recipient) bool { return d.standby(m, p) })
}
