package casework

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/stream"
)

// How often Run looks after what is unfinished, and after what has expired.
const (
	reconcileEvery = 2 * time.Second
	sweepEvery     = 5 * time.Second
	// oneCase bounds the work on one case, so that a log that hangs delays the others by no more.
	oneCase = 30 * time.Second
)

// Run follows CASES, publishes what is pending, deletes photos that must go and
// withdraws what has expired. It returns when ctx ends.
func (s *Service) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(func() { s.follow(ctx) })
	defer wg.Wait()
	reconcile, sweep := time.NewTicker(reconcileEvery), time.NewTicker(sweepEvery)
	defer reconcile.Stop()
	defer sweep.Stop()
	s.sweep(ctx)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-reconcile.C:
			s.reconcile(ctx)
		case <-sweep.C:
			s.sweep(ctx)
		}
	}
}

// follow folds what other processes write. It begins again after an error: a
// server that no longer hears of releases must not believe that all is well.
func (s *Service) follow(ctx context.Context) {
	for ctx.Err() == nil {
		s.mu.RLock()
		after := s.seen
		s.mu.RUnlock()
		err := s.d.Cases.Follow(ctx, allCases, after, func(rec stream.Record) error {
			s.follows(rec)
			return nil
		}, nil)
		if ctx.Err() != nil {
			return
		}
		s.d.Log.Error("following cases ended; following again", "err", err)
		select {
		case <-ctx.Done():
		case <-time.After(reconcileEvery):
		}
	}
}

// due lists the cases that want is true for.
func (s *Service) due(want func(*state) bool) []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var ids []string
	for id, e := range s.cases {
		if e.st.c.ID != "" && want(e.st) {
			ids = append(ids, id)
		}
	}
	return ids
}

// each does work on each case within its time and logs what failed; the next round tries again.
func (s *Service) each(ctx context.Context, ids []string, what string, work func(context.Context, string) error) {
	for _, id := range ids {
		if ctx.Err() != nil {
			return
		}
		one, cancel := context.WithTimeout(ctx, oneCase)
		err := work(one, id)
		cancel()
		if err != nil && !errors.Is(err, context.Canceled) {
			s.d.Log.Warn(what, "case", id, "err", err)
		}
	}
}

// reconcile finishes what a crash or a full disk left unfinished.
func (s *Service) reconcile(ctx context.Context) {
	now := time.Now()
	s.each(ctx, s.due(func(st *state) bool { return st.publishable(now) }), "publication is still pending", s.publish)
	s.each(ctx, s.due(func(st *state) bool { return len(st.doomed) > 0 }), "pictures and sound are not deleted yet", s.purge)
}

// publishable says whether something waits that may still go out.
func (st *state) publishable(now time.Time) bool {
	return st.pending != nil && !st.pending.Expired(now)
}

// errNotDue: an update gave the alert more time while the sweep was on its way.
var errNotDue = errors.New("the alert has not expired")

// sweep withdraws what has expired, and ends practices that were left.
func (s *Service) sweep(ctx context.Context) {
	now := time.Now()
	expired := func(st *state) bool { return st.c.Live != nil && !now.Before(st.c.Live.Expires) }
	gate := func(st *state) error {
		if !expired(st) {
			return errNotDue
		}
		return nil
	}
	s.each(ctx, s.due(expired), "an expired alert is not withdrawn yet", func(ctx context.Context, id string) error {
		_, err := s.withdraw(ctx, auth.Officer{ID: System}, id, alert.OutcomeExpired, nil, gate)
		if errors.Is(err, errNotDue) {
			return nil
		}
		return err
	})
	s.each(ctx, s.due(func(st *state) bool { return st.left(now) }), "a practice that was left is not ended yet", s.endPractice)
}

// purge deletes the photos and files that must go, then notes it.
func (s *Service) purge(ctx context.Context, id string) error {
	free, err := s.hold(ctx, id)
	if err != nil {
		return err
	}
	defer free()
	_, st, err := s.find(id)
	if err != nil || st.pending != nil || len(st.doomed) == 0 {
		return err
	}
	return s.forget(ctx, id, st.doomed)
}

// forget deletes photos and files of a case that the caller holds, and takes them off the case.
func (s *Service) forget(ctx context.Context, id string, doomed []string) error {
	for _, name := range doomed {
		for _, object := range objectsOf(name) {
			if err := s.d.Objects.Delete(ctx, object); err != nil && !gone(err) {
				return fmt.Errorf("deleting a picture or sound: %w", err)
			}
			s.stored.Delete(object)
		}
		s.stored.Delete(name)
	}
	_, err := s.decided(ctx, auth.Officer{ID: System}, id, func(*state) (*Event, error) {
		return &Event{Kind: KindPurged, Purged: doomed}, nil
	})
	return err
}

// objectsOf is what is stored under a doomed name: both sizes of a photo, or a file.
func objectsOf(name string) []string {
	if strings.Contains(name, ".") {
		return []string{name}
	}
	p := Photo{Token: name}
	return []string{p.Object(), p.Thumbnail(), p.Original()}
}

// settled deletes what the act just done has doomed, and is the case after it.
// A deletion that fails is tried again by Run and does not undo the act.
func (s *Service) settled(ctx context.Context, id string) (Case, error) {
	if err := s.purge(ctx, id); err != nil {
		s.d.Log.Warn("pictures and sound are not deleted yet", "case", id, "err", err)
	}
	return s.Get(id)
}
