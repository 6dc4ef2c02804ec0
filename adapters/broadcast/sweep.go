package broadcast

import (
	"crypto/rand"
	"slices"
	"time"
)

// sweep looks after what no event announces: rights, heartbeats, slow lines, expiry.
func (f *Feed) sweep() {
	t := time.NewTicker(f.limits.tick)
	defer t.Stop()
	for {
		select {
		case <-f.ctx.Done():
			return
		case now := <-t.C:
			r := f.ring.Load()
			r.expire(now)
			if f.env.Alerts.Epoch() != r.epoch {
				f.mu.RLock()
				f.again()
				f.mu.RUnlock()
			}
			f.look(now)
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
		s.cut(quit{CloseAuthentication, "auth", time.Minute, "the token has expired"})
		return
	}
	if who.same(rec) {
		return
	}
	fresh, err := newStation(rec)
	if err != nil || fresh.sum != who.sum {
		s.cut(quit{CloseAuthentication, "auth", time.Minute, "the token is no longer valid"})
		return
	}
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
