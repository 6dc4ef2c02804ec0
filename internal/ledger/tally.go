package ledger

import (
	"cmp"
	"slices"
	"time"

	"tocsin/internal/adapter"
)

// span is the first and the last time of something; zero = never.
type span struct{ first, last time.Time }

// note widens the span to at.
func (s *span) note(at time.Time) {
	if s.first.IsZero() || at.Before(s.first) {
		s.first = at
	}
	if at.After(s.last) {
		s.last = at
	}
}

// tally counts recipients by state, and when they were reached.
type tally struct {
	counts  map[adapter.State]int
	retries int // failed and not final
	span        // of being reached
}

func newTally() tally { return tally{counts: make(map[adapter.State]int)} }

func (t *tally) add(e Entry, by int) {
	if e.State == adapter.Failed && !e.Final {
		t.retries += by
		return
	}
	t.counts[e.State] += by
}

// totals are the figures that t knows by itself. A state implies those before
// it: who has it on air has seen and received it.
func (t *tally) totals() Totals {
	onAir := t.counts[adapter.OnAir]
	seen := onAir + t.counts[adapter.Seen] + t.counts[adapter.Declined]
	delivered := seen + t.counts[adapter.Delivered]
	return Totals{
		Sent: t.counts[adapter.Sent], Delivered: delivered,
		Accepted: delivered + t.counts[adapter.Accepted] + t.counts[adapter.Received] + t.counts[adapter.Removed],
		Seen:     seen, OnAir: onAir, Declined: t.counts[adapter.Declined], Removed: t.counts[adapter.Removed],
		Failed:   t.counts[adapter.Failed] + t.counts[adapter.Expired] + t.counts[adapter.Superseded],
		Retrying: t.retries,
	}
}

// mark notes a recipient's own word. That a station saw the alert stays true
// when it has removed it since.
func (a *account) mark(e Entry) {
	if e.State != adapter.Seen && e.State != adapter.OnAir && e.State != adapter.Removed {
		return
	}
	if a.marks == nil {
		a.marks = make(map[adapter.State]span)
	}
	m := a.marks[e.State]
	m.note(e.At)
	a.marks[e.State] = m
}

// maxServices bounds the services of an account: push services are a handful,
// and a registry gone mad must not fill memory.
const maxServices = 64

// service is a push service or a gateway: the citizens that it carries, and why some do not have it.
type service struct {
	tally
	why map[kind]int
}

// service is the tally of a service of a; nil without a name or with too many.
func (a *account) service(name string) *service {
	s := a.services[name]
	if s != nil || name == "" || len(a.services) >= maxServices {
		return s
	}
	if a.services == nil {
		a.services = make(map[string]*service)
	}
	s = &service{tally: newTally(), why: make(map[kind]int)}
	a.services[name] = s
	return s
}

func (s *service) note(at time.Time) {
	if s != nil {
		s.tally.note(at)
	}
}

func (s *service) add(e Entry, by int) {
	if s == nil {
		return
	}
	s.tally.add(e, by)
	if e.State != adapter.Failed {
		return
	}
	k := kind{e.State, e.Class, e.Code, e.Reason, e.Final}
	if _, known := s.why[k]; !known && (by < 0 || len(s.why) >= maxKinds) {
		k.code, k.reason = "", ""
	}
	if s.why[k] += by; s.why[k] <= 0 {
		delete(s.why, k)
	}
}

// Service is one push service or gateway on the board: those whom it carries.
type Service struct {
	Channel string `json:"channel"`
	Name    string `json:"name"` // "https://fcm.googleapis.com", "sms"
	// Devices are registered there, Alive of them known to be there within
	// thirty days; both are of the whole realm, 0 where nobody counts them.
	Devices   int      `json:"devices"`
	Alive     int      `json:"alive"`
	Sent      int      `json:"sent"`
	Accepted  int      `json:"accepted"` // accepted or any state after it
	Delivered int      `json:"delivered"`
	Failed    int      `json:"failed"`   // final failures
	Retrying  int      `json:"retrying"` // failed and to be tried again
	FirstMS   int64    `json:"first_ms"` // release to first success; -1 = none yet
	LastMS    int64    `json:"last_ms"`
	Lamp      Lamp     `json:"lamp"`
	Reasons   []Reason `json:"reasons,omitempty"` // why some do not have it, the most frequent first
}

// onBoard lists a's services by name.
func (a *account) onBoard() []Service {
	var all []Service
	for name, s := range a.services {
		t := s.totals()
		v := Service{
			Channel: a.head.Channel, Name: name, Sent: t.Sent, Accepted: t.Accepted, Delivered: t.Delivered,
			Failed: t.Failed, Retrying: t.Retrying, FirstMS: a.since(s.first), LastMS: a.since(s.last),
		}
		for k, n := range s.why {
			v.Reasons = append(v.Reasons, Reason{k.state, k.class, k.code, k.reason, k.final, n})
		}
		slices.SortFunc(v.Reasons, func(x, y Reason) int { return cmp.Or(y.Count-x.Count, cmp.Compare(x.Code, y.Code)) })
		all = append(all, v)
	}
	return all
}

// serviceLamp is a service's colour: red when nobody can be reached through it,
// or its settings are wrong; amber while it gives trouble.
func serviceLamp(s *Service) Lamp {
	broken := slices.ContainsFunc(s.Reasons, func(r Reason) bool { return r.Class == adapter.Misconfigured.String() })
	switch {
	case broken, s.Accepted == 0 && s.Failed+s.Retrying > 0:
		return Red
	case s.Retrying > 0 || s.Sent > 0:
		return Amber
	case s.Accepted == 0:
		return Grey
	default:
		return Green
	}
}
