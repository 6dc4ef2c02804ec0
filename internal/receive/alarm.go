package receive

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"time"
)

// Alarm is something a person must look at.
type Alarm struct {
	Feed string    `json:"feed,omitempty"` // address; empty when it concerns all
	Kind AlarmKind `json:"kind"`
	Text string    `json:"text"`
}

// AlarmKind is what an alarm is about.
type AlarmKind string

// The alarms.
const (
	AlarmSilent    AlarmKind = "silent"    // no heartbeat for three intervals, whatever the reason
	AlarmDark      AlarmKind = "dark"      // no heartbeat on any feed: an alert would not reach the station
	AlarmAuth      AlarmKind = "auth"      // the feed refuses the token
	AlarmTLS       AlarmKind = "tls"       // the feed's certificate is not good
	AlarmForged    AlarmKind = "forged"    // a document failed verification; it was not stored
	AlarmDegraded  AlarmKind = "degraded"  // the node says that it is cut off from the log
	AlarmUnlisted  AlarmKind = "unlisted"  // an alert we hold is not live there, and no withdrawal came
	AlarmDisk      AlarmKind = "disk"      // a revision, a receipt or the state could not be stored
	AlarmMedia     AlarmKind = "media"     // a picture or sound could not be fetched
	AlarmExec      AlarmKind = "exec"      // the command failed
	AlarmClock     AlarmKind = "clock"     // this machine's clock differs from the feed's
	AlarmRefused   AlarmKind = "refused"   // the feed will not take a receipt
	AlarmConnected AlarmKind = "connected" // the line is good again after an alarm
)

// Standing is an alarm that nothing has ended yet.
type Standing struct {
	Alarm
	Since time.Time `json:"since"`
	Last  time.Time `json:"last"` // when it was raised last
	Times int       `json:"times"`
}

// alarms are those that stand. They have a lock of their own: an alarm is
// raised with and without the receiver's.
type alarms struct {
	mu       sync.Mutex
	standing []*Standing
	calls    chan Alarm // for the alarm command; nil without one
}

// Bounds of what a fault that repeats itself can cost.
const (
	maxStanding = 100
	maxCalls    = 64
	forgetAfter = 24 * time.Hour // an alarm that nothing ends, such as a forged document
)

// raise notes a. fresh says that it did not stand already.
func (s *alarms) raise(a Alarm, now time.Time) (fresh bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range s.standing {
		if st.Alarm == a {
			st.Last = now
			st.Times++
			return false
		}
	}
	if len(s.standing) == maxStanding {
		s.standing = slices.Delete(s.standing, 0, 1)
	}
	s.standing = append(s.standing, &Standing{a, now, now, 1})
	return true
}

// end takes off the alarms that over accepts and says whether there were any.
func (s *alarms) end(over func(*Standing) bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.standing)
	s.standing = slices.DeleteFunc(s.standing, over)
	return len(s.standing) < before
}

// list is a copy, newest first.
func (s *alarms) list() []Standing {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Standing, 0, len(s.standing))
	for _, st := range s.standing {
		out = append(out, *st)
	}
	slices.SortStableFunc(out, func(a, b Standing) int { return cmp.Compare(b.Since.UnixNano(), a.Since.UnixNano()) })
	return out
}

// alarm raises an alarm once, for as long as it stands: into the log, to
// OnAlarm and to the alarm command.
func (r *Receiver) alarm(addr string, kind AlarmKind, text string) {
	a := Alarm{addr, kind, text}
	if r.alarms.raise(a, time.Now()) {
		r.tell(a)
	}
}

// tell passes a on to everybody who is to know.
func (r *Receiver) tell(a Alarm) {
	r.opt.Log.Warn("alarm", "feed", a.Feed, "kind", string(a.Kind), "text", a.Text)
	r.log("alarm "+string(a.Kind), "", 0, a.Text)
	r.opt.OnAlarm(a)
	if r.alarms.calls != nil {
		select {
		case r.alarms.calls <- a:
		default: // its command hangs, and 64 wait already
		}
	}
}

// calm ends the alarms of one feed that a good heartbeat disproves.
func (r *Receiver) calm(addr string) {
	over := func(s *Standing) bool {
		switch s.Kind {
		case AlarmDark:
			return true
		case AlarmSilent, AlarmAuth, AlarmTLS, AlarmDegraded, AlarmUnlisted:
			return s.Feed == addr
		}
		return false
	}
	if r.alarms.end(over) {
		r.tell(Alarm{addr, AlarmConnected, "the feed is well again"})
	}
}

// settle ends the alarms of a kind that do not belong to a feed.
func (r *Receiver) settle(kind AlarmKind) {
	r.alarms.end(func(s *Standing) bool { return s.Kind == kind })
}

// Alarms lists what stands, newest first.
func (r *Receiver) Alarms() []Standing { return r.alarms.list() }

// call runs the alarm command for one alarm after another.
func (r *Receiver) call(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case a := <-r.alarms.calls:
			runCtx, cancel := context.WithTimeout(ctx, execWait)
			cmd := exec.CommandContext(runCtx, r.opt.AlarmExec[0], r.opt.AlarmExec[1:]...)
			cmd.WaitDelay = 5 * time.Second // a child of the command may hold its output open
			cmd.Dir = r.opt.Dir
			cmd.Env = append(os.Environ(), "TOCSIN_ALARM="+string(a.Kind), "TOCSIN_FEED="+a.Feed, "TOCSIN_TEXT="+a.Text)
			if err := cmd.Run(); err != nil && ctx.Err() == nil {
				// Not an alarm: that would call the same command again.
				r.opt.Log.Error("the alarm command failed", "kind", string(a.Kind), "err", err)
			}
			cancel()
		}
	}
}

// listen raises the alarm for lines without a heartbeat, also those that cannot
// be opened at all: a dead server must not be quieter than a silent one.
func (r *Receiver) listen(now time.Time) {
	silent := 0
	for _, l := range r.lines {
		r.mu.Lock()
		since, beat := l.heard, l.beat
		r.mu.Unlock()
		if now.Sub(since) < silentBeat*beat {
			continue
		}
		silent++
		r.alarm(l.addr, AlarmSilent, fmt.Sprintf("no heartbeat for %s or more: alerts may be missed on this line", silentBeat*beat))
	}
	if n := len(r.lines); n > 1 && silent == n {
		r.alarm("", AlarmDark, "no feed is heard: an alert would not reach this station; call the operator")
	}
}
