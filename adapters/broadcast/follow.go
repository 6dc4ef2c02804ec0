package broadcast

import (
	"context"
	"errors"
	"time"

	"tocsin/internal/alert"
)

// follow reads the log for as long as the feed lives: one reader, however many clients.
func (f *Feed) follow() {
	for f.ctx.Err() == nil {
		r := f.ring.Load()
		_, head, _, _ := r.end()
		ctx, cancel := context.WithCancel(f.ctx)
		f.mu.Lock()
		f.again = cancel
		f.mu.Unlock()
		err := f.env.Alerts.Follow(ctx, head, func(seq uint64, m *alert.Message) error {
			if f.env.Alerts.Epoch() != r.epoch {
				return errEpoch
			}
			f.take(r, seq, m)
			return nil
		}, func() { f.ready.Store(true); f.degraded.Store(false) })
		cancel()
		if f.ctx.Err() != nil {
			return
		}
		f.degraded.Store(true)
		f.env.Log.Error("feed lost the log", "err", err)
		f.renew()
		select {
		case <-f.ctx.Done():
		case <-time.After(f.limits.tick):
		}
	}
}

var errEpoch = errors.New("the log began a new epoch")

// renew starts afresh when the log is another one: every cursor is void, so everybody resumes.
func (f *Feed) renew() {
	epoch := f.env.Alerts.Epoch()
	if f.ring.Load().epoch == epoch {
		return
	}
	f.ready.Store(false)
	f.ring.Store(newRing(epoch))
	for _, s := range f.all() {
		s.leave(quit{CloseDraining, "drain", time.Second, "the log began a new epoch"})
	}
}

// take puts one message of the log into the ring and wakes the sessions.
func (f *Feed) take(r *ring, seq uint64, m *alert.Message) {
	var body []byte
	if m.Realm != f.env.Realm {
		f.env.Log.Error("message of another realm on the log; not sent", "seq", seq)
	} else {
		var err error
		if body, err = encodeAlert(m, r.epoch, repeatOf(m)); err != nil {
			f.env.Log.Error("message cannot be put on the feed", "seq", seq, "err", err)
		}
	}
	r.add(seq, m, body, time.Now())
	f.fan.tell()
}
