package broadcast

import (
	"slices"
	"time"

	"tocsin/internal/adapter"
)

// Presence says whether a station is on the line, on any node.
type Presence struct {
	ID        string
	Name      string
	Connected bool
	Since     time.Time // of the oldest session, or when the last one ended; zero = never seen
	Sessions  int       // on all nodes
	Nodes     []string  // names of the nodes that hold them; of the last one if there are none
}

// Stations lists every registered station, by id: who is not connected must be
// seen before a release. A node that died is off the list within 15 seconds.
func (f *Feed) Stations() []Presence {
	var out []Presence
	at := map[string]int{}
	for _, r := range f.env.Recipients.All(Name) {
		at[r.ID] = len(out)
		out = append(out, Presence{ID: r.ID, Name: r.Name})
	}
	for _, a := range f.everywhere() {
		if i, ok := at[a.Recipient]; ok {
			out[i].add(a)
		}
	}
	return out
}

// add puts what one node says to what the others said.
func (p *Presence) add(a adapter.Attendance) {
	switch {
	case a.Sessions > 0 && !p.Connected:
		p.Connected, p.Since, p.Nodes = true, a.Since, nil
	case a.Sessions > 0:
		if a.Since.Before(p.Since) {
			p.Since = a.Since
		}
	case p.Connected:
		return // it left one node and is with another
	case a.Since.After(p.Since):
		p.Since, p.Nodes = a.Since, nil
	default:
		return
	}
	p.Sessions += a.Sessions
	if !slices.Contains(p.Nodes, a.Node) {
		p.Nodes = append(p.Nodes, a.Node)
		slices.Sort(p.Nodes)
	}
}

// everywhere is who is connected to this process and to the others.
func (f *Feed) everywhere() []adapter.Attendance {
	all := append(f.here(), f.direct.attendance(time.Now())...)
	if f.env.Nodes != nil {
		all = append(all, f.env.Nodes.Elsewhere()...)
	}
	return all
}

// connected is since when each station that has a session on any node has one.
func (f *Feed) connected() map[string]time.Time {
	out := map[string]time.Time{}
	for _, a := range f.everywhere() {
		if since, ok := out[a.Recipient]; a.Sessions > 0 && (!ok || a.Since.Before(since)) {
			out[a.Recipient] = a.Since
		}
	}
	return out
}

// here is who is connected to this process, and who has left it.
func (f *Feed) here() []adapter.Attendance {
	f.mu.RLock()
	defer f.mu.RUnlock()
	by := make(map[string]adapter.Attendance, len(f.open)+len(f.last))
	for id, left := range f.last {
		by[id] = adapter.Attendance{Recipient: id, Since: left, Node: f.settings.Node}
	}
	for _, s := range f.sessions {
		if s.leaving() {
			continue
		}
		id := s.who.Load().id
		a := by[id]
		if a.Sessions == 0 || s.since.Before(a.Since) {
			a.Since = s.since
		}
		by[id] = adapter.Attendance{Recipient: id, Sessions: a.Sessions + 1, Since: a.Since, Node: f.settings.Node}
	}
	for id, since := range f.polls.since(time.Now()) {
		a := by[id]
		by[id] = adapter.Attendance{Recipient: id, Sessions: max(a.Sessions, 1), Since: since, Node: f.settings.Node}
	}
	out := make([]adapter.Attendance, 0, len(by))
	for _, a := range by {
		out = append(out, a)
	}
	return out
}

// announce tells the other nodes who is here, if anybody came or left.
func (f *Feed) announce() {
	if f.env.Nodes == nil {
		return
	}
	if f.polls.forget(time.Now()) {
		f.moves.Add(1)
	}
	if n := f.moves.Load(); n != f.announced {
		f.announced = n
		f.env.Nodes.Announce(f.settings.Node, f.here())
	}
}
