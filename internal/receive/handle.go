package receive

import (
	"context"
	"time"
)

// handle takes one frame. Types it does not know are of a newer protocol.
func (l *line) handle(ctx context.Context, f *serverFrame) error {
	switch f.Type {
	case "hello":
		l.setEpoch(f.Epoch)
		l.live, l.broken, l.chain = false, false, l.from
		if !f.CursorOK {
			l.chain = 0
			l.r.opt.Log.Info("the feed does not know our place; everything live follows", "feed", l.addr, "reason", f.Reason)
		}
		if f.HeartbeatS > 0 && f.HeartbeatS <= 60 {
			l.setBeat(time.Duration(f.HeartbeatS * float64(time.Second)))
		}
		l.note(f, false)
	case "alert":
		return l.onAlert(ctx, f)
	case "live":
		l.live = true
		l.advance(f.Head)
		l.note(f, false)
	case "heartbeat":
		return l.onHeartbeat(f)
	case "receipt_ok", "receipt_refused":
		l.r.answered(f)
	case "bye":
		l.retry = min(time.Duration(f.RetryMS)*time.Millisecond, 10*time.Minute)
	}
	return nil
}

// resyncEvery bounds how often a fault of the feed makes us ask again.
const (
	resyncEvery = 5 * time.Second
	allEvery    = 10 * time.Minute
)

func (l *line) onAlert(ctx context.Context, f *serverFrame) error {
	if f.Prev != l.chain && !l.broken {
		l.broken = true
		l.r.opt.Log.Warn("gap in the feed", "feed", l.addr, "want", l.chain, "prev", f.Prev)
	}
	l.chain = f.Seq
	if err := l.r.take(ctx, l.addr, l.epoch, &f.alertFrame); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		l.r.opt.Log.Warn("alert not taken", "feed", l.addr, "err", err)
		// The cursor stays, and a heartbeat asks again. Meanwhile what follows is
		// taken: on a full disk a withdrawal must not wait behind an alert.
		l.broken = true
		return nil
	}
	if l.broken {
		return l.resync()
	}
	l.advance(f.Seq)
	return nil
}

// resync asks for what lies behind the cursor, unless it was just done.
func (l *line) resync() error {
	if time.Since(l.asked) < resyncEvery {
		return nil
	}
	return l.resume(l.cursor(), "")
}

// onHeartbeat proves that we hold what is live, to the last message.
func (l *line) onHeartbeat(f *serverFrame) error {
	l.note(f, true)
	l.r.observe(l, f.At, time.Now())
	if f.Degraded {
		l.r.alarm(l.addr, AlarmDegraded, "the node says that it is cut off from the log")
		return nil
	}
	if !l.live {
		return nil
	}
	if l.broken {
		return l.resync()
	}
	missing, unlisted := l.r.compare(l.epoch, f)
	switch {
	case missing && time.Since(l.asked) >= resyncEvery:
		return l.resume(position{}, "live")
	case unlisted != "" && time.Since(l.all) >= allEvery:
		// Its withdrawal has passed us by. It is signed, so ask for it; the list is not.
		l.all = time.Now()
		l.r.alarm(l.addr, AlarmUnlisted, "case "+unlisted+" is not live any more, and no withdrawal came; asking again")
		return l.resume(position{}, "all")
	case !missing && f.Head > 0:
		l.advance(f.Head)
	}
	if unlisted == "" {
		l.r.calm(l.addr)
	}
	return nil
}

// note keeps for the watch and the status page what a frame says of the line.
func (l *line) note(f *serverFrame, beat bool) {
	l.r.mu.Lock()
	defer l.r.mu.Unlock()
	l.connected, l.head = true, f.Head
	if beat {
		l.heard, l.beaten = time.Now(), true
	}
	if f.Type != "live" {
		l.credDays = f.CredDays
	}
}

// compare holds a heartbeat's list against what we have.
func (r *Receiver) compare(epoch string, f *serverFrame) (missing bool, unlisted string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	listed := map[string]bool{}
	for _, ref := range f.Live {
		listed[ref.identifier] = true
	}
	have := map[string]bool{}
	for id, h := range r.state.Cases {
		have[h.Identifier] = true
		for _, earlier := range h.Earlier { // another node is ahead of this one
			have[earlier] = true
		}
		if h.Ended.IsZero() && h.Epoch == epoch && h.Seq <= f.Head && !listed[h.Identifier] {
			unlisted = id
		}
	}
	for _, ref := range f.Live {
		if _, passed := r.passed[ref.identifier]; !passed && !have[ref.identifier] {
			missing = true
		}
	}
	return missing, unlisted
}
