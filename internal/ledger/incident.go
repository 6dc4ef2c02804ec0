package ledger

import (
	"cmp"
	"slices"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// Lamp is a row's colour: what a person sees before he reads.
type Lamp string

// The lamps.
const (
	Red   Lamp = "red"   // act, or know that it has failed
	Amber Lamp = "amber" // on the way
	Green Lamp = "green" // has it
	Grey  Lamp = "grey"  // no longer asked
)

// Incident is what somebody must act on: telephone the station, mend a setting.
type Incident struct {
	Kind  IncidentKind `json:"kind"`
	Since time.Time    `json:"since,omitzero"` // zero: never connected
}

// IncidentKind is the kind of an incident.
type IncidentKind string

// The incidents.
const (
	NotConnected  IncidentKind = "not_connected" // has not confirmed, and no line of it is open
	NotReceived   IncidentKind = "not_received"  // connected, and has not confirmed in time
	NotRemoved    IncidentKind = "not_removed"   // has not confirmed in time that its copies are gone
	CannotAir     IncidentKind = "cannot_air"    // the station says that it failed
	Misconfigured IncidentKind = "misconfigured" // our own credentials or settings are wrong
)

// Duty is what the recipients of a channel are asked to say by themselves.
type Duty struct {
	Receive time.Duration // to confirm a revision within this; 0 = not asked
	Remove  time.Duration // to confirm removal within this after a withdrawal; 0 = not asked
}

// Line is a recipient's connection.
type Line struct {
	Connected bool
	Since     time.Time // of the present state; zero = never connected
}

// Removal is who has confirmed, of those who hold copies.
type Removal struct {
	Confirmed int      `json:"confirmed"`
	Of        int      `json:"of"`
	Missing   []string `json:"missing"` // names, or ids where there are none
}

// Airing is the pace asked of the stations, at one moment.
type Airing struct {
	EverySeconds int       `json:"every_s"`
	Until        time.Time `json:"until"`
	Due          time.Time `json:"due"`           // the last time it was due
	Next         time.Time `json:"next,omitzero"` // zero: that was the last
	AiredSince   int       `json:"aired_since"`   // stations that have aired it since Due
}

// silentAfter is how long a channel may reach nobody before the board says so.
const silentAfter = 30 * time.Second

// Judge lights the lamps and finds the incidents of the board at now. line tells
// of channels that hold lines open; ok is false for all others. Rows are in
// order afterwards: incidents first.
func (b *Board) Judge(now time.Time, duties map[string]Duty, line func(channel, recipient string) (l Line, ok bool)) {
	for i := range b.Rows {
		r := &b.Rows[i]
		d := duties[r.Channel]
		if r.Story == nil && r.named && d != (Duty{}) {
			r.Story = &Story{ReceivedMS: -1, Words: []Word{}}
		}
		r.Incident = b.incident(r, now, d, line)
		r.Lamp = lamp(r)
	}
	if b.MsgType == alert.TypeCancel {
		b.Removal = b.removal(duties)
	}
	b.order()
	for i := range b.Channels {
		t := &b.Channels[i]
		t.Silent = t.Recipients > 0 && t.Accepted == 0 && now.Sub(b.Released) >= silentAfter
		if t.Recipients > 0 && t.Accepted == 0 {
			b.recheck(now, silentAfter)
		}
	}
	b.judgeServices()
	for _, d := range duties {
		b.recheck(now, d.Receive)
		if b.MsgType == alert.TypeCancel {
			b.recheck(now, d.Remove)
		}
	}
}

// judgeServices lights the services' lamps and puts the worst first.
func (b *Board) judgeServices() {
	worst := map[Lamp]int{Red: 0, Amber: 1, Green: 2, Grey: 3}
	for i := range b.Services {
		b.Services[i].Lamp = serviceLamp(&b.Services[i])
	}
	slices.SortFunc(b.Services, func(x, y Service) int {
		return cmp.Or(worst[x.Lamp]-worst[y.Lamp], y.Failed+y.Retrying-x.Failed-x.Retrying, cmp.Compare(x.Channel+x.Name, y.Channel+y.Name))
	})
}

// recheck notes that the board changes so long after its release, if that lies ahead.
func (b *Board) recheck(now time.Time, after time.Duration) {
	at := b.Released.Add(after)
	if after > 0 && at.After(now) && (b.Recheck.IsZero() || at.Before(b.Recheck)) {
		b.Recheck = at
	}
}

func (b *Board) incident(r *Row, now time.Time, d Duty, line func(string, string) (Line, bool)) *Incident {
	switch {
	case r.State == adapter.Failed && r.Class == adapter.Misconfigured.String():
		return &Incident{Misconfigured, r.At}
	case r.Story == nil:
		return nil
	case r.State == adapter.Failed && len(r.Story.Words) > 0:
		return &Incident{CannotAir, r.At}
	case r.State == adapter.Superseded:
		return nil
	}
	if d.Receive > 0 && r.Story.Received.IsZero() {
		r.Story.SilentSince = r.Story.last(b.Released)
		if l, known := line(r.Channel, r.Recipient); known && !l.Connected {
			return &Incident{NotConnected, l.Since}
		}
		if now.Sub(b.Released) >= d.Receive {
			return &Incident{NotReceived, b.Released}
		}
		return nil
	}
	if b.MsgType == alert.TypeCancel && d.Remove > 0 && r.State != adapter.Removed {
		r.Story.SilentSince = r.Story.last(b.Released)
		if now.Sub(b.Released) >= d.Remove {
			return &Incident{NotRemoved, b.Released}
		}
	}
	return nil
}

func lamp(r *Row) Lamp {
	if r.Incident != nil {
		return Red
	}
	switch r.State {
	case adapter.Failed, adapter.Declined, adapter.Expired:
		return Red
	case adapter.Superseded:
		return Grey
	case adapter.Queued, adapter.Sent:
		return Amber
	default:
		return Green
	}
}

// removal counts by the totals, which know everybody, and names those whom the rows name.
func (b *Board) removal(duties map[string]Duty) *Removal {
	out := &Removal{Missing: []string{}}
	for _, t := range b.Channels {
		if duties[t.Channel].Remove > 0 {
			out.Confirmed += t.Removed
			out.Of += t.Recipients
		}
	}
	for _, r := range b.Rows {
		if duties[r.Channel].Remove > 0 && r.State != adapter.Removed {
			name := r.Name
			if name == "" {
				name = r.Recipient
			}
			out.Missing = append(out.Missing, name)
		}
	}
	slices.Sort(out.Missing)
	return out
}

// Pace puts on the board when the stations are next to air the alert, and who did since it was last due.
func (b *Board) Pace(c alert.Cadence, sent, expires, now time.Time) {
	due, ok := c.Due(sent, now)
	until := c.Until(sent, expires)
	if !ok || b.MsgType == alert.TypeCancel || !now.Before(until) {
		return
	}
	a := &Airing{EverySeconds: int(c.Every / time.Second), Until: until, Due: due}
	if next, ok := c.Next(sent, now); ok && !next.After(until) {
		a.Next = next
		b.recheck(now, next.Sub(b.Released))
	}
	for _, r := range b.Rows {
		if r.Story != nil && r.Story.Airings > 0 && !r.Story.LastAired.Before(due) {
			a.AiredSince++
		}
	}
	b.Airing = a
}
