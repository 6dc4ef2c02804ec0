package broadcast

import (
	"crypto/rand"
	"slices"
	"time"
)

// Watcher is what a Registry may also be: a channel that pulses when a recipient
// is added, changed or removed. Without it rights that are withdrawn cut a line at
// the next look, with it at once.
type Watcher interface {
	Watch(channel string) (<-chan struct{}, func())
}

// sweep looks after what no event announces: rights, heartbeats, slow lines, expiry.
func (f *Feed) sweep() {
	t := time.NewTicker(f.limits.tick)
	defer t.Stop()
	resend := resender{feed: f}
	var changed <-chan struct{} // never ready where the registry tells nothing
	if w, ok := f.env.Recipients.(Watcher); ok {
		pulses, stop := w.Watch(Name)
		defer stop()
		changed = pulses
	}
	for {
		select {
		case <-f.ctx.Done():
			return
		case <-changed:
			f.certs.changed()
			now := time.Now()
			for _, s := range f.all() {
				f.recheck(s, now)
			}
		case now := <-t.C:
			r := f.ring.Load()
			r.expire(now)
			if f.env.Alerts.Epoch() != r.epoch {
				f.mu.RLock()
				f.again()
				f.mu.RUnlock()
			}
			f.look(now)
			resend.sweep(now)
			f.announce()
		}
	}
}

// look checks every session once.
func (f *Feed) look(now time.Time) {
	_, _, total, _ := f.ring.Load().end()
	for _, s := range f.all() {
		f.recheck(s, now)
		s.mu.Lock()
		started := s.started
		s.mu.Unlock()
		if !started && now.Sub(s.since) > f.limits.resume {
			s.ask(resumeFrame{})
		}
		// Being far behind is no fault by itself: a replay begins so, and so does
		// a burst. Being far behind and not reading is.
		if w := s.writing.Load(); w != 0 && now.Sub(time.Unix(0, w)) > f.limits.stuck && s.caught.Load() && total-s.position.Load() > f.limits.behind {
			s.out.interrupt()
		}
		if now.UnixNano() >= s.beat.Load() {
			s.wake()
		}
		if heard := s.heard.Load(); heard != 0 && now.Sub(time.Unix(0, heard)) > f.limits.silence {
			s.lost()
		}
	}
}

// recheck holds a session to the rights its station has now.
func (f *Feed) recheck(s *session, now time.Time) {
	who := s.who.Load()
	rec, ok := f.env.Recipients.Get(Name, who.id)
	if !ok {
		s.cut(quit{CloseNotAllowed, "auth", time.Minute, "the station is no longer registered"})
		return
	}
	if !who.expires.IsZero() && !now.Before(who.expires) {
		s.cut(quit{CloseAuthentication, "auth", time.Minute, "the " + string(who.entered.kind) + " has expired"})
		return
	}
	if who.same(rec) {
		return
	}
	fresh, err := newStation(rec)
	var still key
	if err == nil {
		i := slices.IndexFunc(fresh.keys, who.entered.same)
		if i >= 0 {
			still = fresh.keys[i]
		}
	}
	if still.kind == "" || still.ended(now) {
		s.cut(quit{CloseAuthentication, "auth", time.Minute, "the " + string(who.entered.kind) + " is no longer valid"})
		return
	}
	fresh = fresh.with(still, who.notAfter)
	s.who.Store(fresh)
	if !slices.Equal(fresh.areas, who.areas) {
		// What is live in the new areas was never sent here: begin again.
		s.leave(quit{CloseDraining, "drain", 0, "the station's areas changed; start with what is live"})
	}
}

// drain spreads those who must come back, so that they do not come all at once.
func (f *Feed) drain() quit {
	var b [1]byte
	_, _ = rand.Read(b[:])
	return quit{CloseDraining, "drain", 200*time.Millisecond + time.Duration(b[0])*8*time.Millisecond, "this node is stopping"}
}
