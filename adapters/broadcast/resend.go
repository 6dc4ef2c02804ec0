package broadcast

import (
	"time"
)

// maxRound is the longest wait between two resends of one alert to stations that
// never confirm: they cost a frame every five minutes, and not one every 15 seconds.
const maxRound = 5 * time.Minute

// resender sends again what this node's sessions have not confirmed. It belongs
// to the sweeper alone.
type resender struct {
	feed   *Feed
	rounds map[*entry]round
}

// round is when an entry's unconfirmed are next looked for.
type round struct {
	due  time.Time
	wait time.Duration
}

// sweep resends what has become due by now: 15 seconds after an alert came, then
// after twice as long each time; and what a session has not confirmed 15 seconds
// after it began.
func (r *resender) sweep(now time.Time) {
	f := r.feed
	open := f.ring.Load().open(now)
	var due []*entry
	rounds := make(map[*entry]round, len(open))
	for _, e := range open {
		w, ok := r.rounds[e]
		if !ok {
			w = round{e.at.Add(f.limits.confirm), f.limits.confirm}
		}
		if !now.Before(w.due) {
			due = append(due, e)
			w.wait = min(2*w.wait, maxRound)
			w.due = now.Add(w.wait)
		}
		rounds[e] = w
	}
	r.rounds = rounds // what is no longer open is forgotten
	if len(open) == 0 {
		return
	}
	for _, s := range f.all() {
		switch {
		case now.Sub(s.since) < f.limits.confirm || s.leaving():
		case !s.asked:
			s.asked = true
			s.remind(open)
		default:
			s.remind(due)
		}
	}
}

// remind sends those of all again that the station may see and has not confirmed.
func (s *session) remind(all []*entry) {
	who := s.who.Load()
	for _, e := range all {
		if who.sees(e.areas) && !s.feed.confirmed(who.id, e.identifier) {
			s.again(e)
		}
	}
}

// open lists what a station should have by now: live alerts, and withdrawals
// until their own expiry, oldest first.
func (r *ring) open(now time.Time) []*entry {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.pick(func(e *entry) bool { return r.live[e.caseID] == e || e.cancel && now.Before(e.expires) })
}
