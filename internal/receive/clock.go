package receive

import (
	"fmt"
	"time"
)

// Bounds of a clock that is off. Up to maxSkew the network's delay and a lazy
// time service are no one's fault. Beyond maxCorrection the feed's own clock is
// as likely to be wrong, so nothing is corrected, only told.
const (
	maxSkew       = 2 * time.Minute
	maxCorrection = 25 * time.Hour // a time zone or a day set wrongly
)

// observe compares our clock with a heartbeat's. Alerts must not be deleted an
// hour early, nor kept an hour too long, because a newsroom's machine has the
// wrong time; so the difference is corrected, and told to a person. Of several
// feeds the one nearest to our own clock counts: one wrong node cannot make us
// delete anything.
func (r *Receiver) observe(l *line, at, now time.Time) {
	if at.IsZero() {
		return
	}
	skew := at.Sub(now)
	r.mu.Lock()
	l.skew, l.timed = skew, true
	best := skew
	for _, other := range r.lines {
		if other.timed && other.skew.Abs() < best.Abs() {
			best = other.skew
		}
	}
	r.offset = 0
	if best.Abs() > maxSkew && best.Abs() <= maxCorrection {
		r.offset = best
	}
	r.mu.Unlock()
	if best.Abs() <= maxSkew {
		r.settle(AlarmClock)
		return
	}
	way := "behind"
	if best < 0 {
		way = "ahead of"
	}
	r.alarm("", AlarmClock, fmt.Sprintf("this machine's clock is about %s %s the feed's; set it, and switch its time service on",
		best.Abs().Round(time.Minute), way))
}

// now is the time as the feed has it. Under r.mu.
func (r *Receiver) now() time.Time { return time.Now().Add(r.offset) }
