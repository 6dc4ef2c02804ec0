package scenario

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
	"tocsin/internal/client"
)

// publicRevision is one revision that officers made public, in the order in which they did.
type publicRevision struct {
	id       string
	revision int
	cancel   bool
}

// storm is officers at work while machines die under them: alerts, updates and
// withdrawals, one after another. What an officer was not told is done, he looks
// up and does again, as people do.
type storm struct {
	t                *testing.T
	author, approver client.Officer

	mu     sync.Mutex
	public []publicRevision
	cases  []string
}

// stormPatience bounds how long one act may take over restarts of the server.
const stormPatience = 2 * time.Minute

// run makes so many alerts public; of three, one is updated and one withdrawn.
// pause is waited before each.
func (s *storm) run(ctx context.Context, alerts int, pause func()) error {
	for n := range alerts {
		pause()
		id, err := s.draft(ctx)
		if err != nil {
			return err
		}
		if err := s.reach(ctx, id, 1); err != nil {
			return err
		}
		s.mu.Lock()
		s.cases = append(s.cases, id)
		some := s.cases[rand.N(len(s.cases))]
		s.mu.Unlock()
		switch n % 3 {
		case 1:
			err = s.update(ctx, some)
		case 2:
			err = s.withdraw(ctx, some)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// retry does act until it gives nil.
func (s *storm) retry(ctx context.Context, what string, act func() error) error {
	var err error
	for end := time.Now().Add(stormPatience); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(50 * time.Millisecond) {
		if err = act(); err == nil {
			return nil
		}
	}
	return fmt.Errorf("%s: %w", what, err)
}

func (s *storm) draft(ctx context.Context) (id string, err error) {
	err = s.retry(ctx, "draft", func() error {
		c, err := s.author.Draft(ctx, missing())
		id = c.ID
		return err
	})
	return id, err
}

// reach brings a case to a live revision, from wherever it stands.
func (s *storm) reach(ctx context.Context, id string, revision int) error {
	err := s.retry(ctx, fmt.Sprintf("release revision %d of %s", revision, id), func() error {
		c, err := s.author.Get(ctx, id)
		if err != nil {
			return err
		}
		switch {
		case c.Live != nil && c.Live.Revision >= revision && !c.Pending:
			return nil
		case c.Stage == casework.StageDraft:
			err = s.author.Submit(ctx, id)
		case c.Stage == casework.StageSubmitted:
			_, err = s.approver.Release(ctx, id)
		}
		if err == nil {
			err = fmt.Errorf("it is %s, pending %v", c.Stage, c.Pending)
		}
		return err
	})
	if err == nil {
		s.add(publicRevision{id, revision, false})
	}
	return err
}

func (s *storm) add(x publicRevision) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.public = append(s.public, x)
}

// update makes the next revision of a case, unless it is withdrawn.
func (s *storm) update(ctx context.Context, id string) error {
	next := 0
	err := s.retry(ctx, "update of "+id, func() error {
		c, err := s.author.Get(ctx, id)
		if err != nil || c.Live == nil {
			return err
		}
		if next == 0 {
			next = c.Live.Revision + 1
		}
		if c.Stage == casework.StageDraft || c.Stage == casework.StageSubmitted {
			return nil // an earlier try got through
		}
		return s.author.Edit(ctx, id, func(d *casework.Draft) { d.Facts.Children[0].HeightCM = 100 + rand.N(60) })
	})
	if err != nil || next == 0 {
		return err
	}
	return s.reach(ctx, id, next)
}

// withdraw ends a case, unless it has ended.
func (s *storm) withdraw(ctx context.Context, id string) error {
	last := 0
	err := s.retry(ctx, "withdrawal of "+id, func() error {
		c, err := s.author.Get(ctx, id)
		if err != nil {
			return err
		}
		if c.Live == nil && !c.Pending {
			return nil
		}
		if c.Live != nil {
			last = c.Live.Revision
			if err := s.author.Withdraw(ctx, id, alert.OutcomeFound); err != nil {
				return err
			}
		}
		return fmt.Errorf("it is %s, pending %v", c.Stage, c.Pending)
	})
	if err == nil && last > 0 {
		s.add(publicRevision{id, last + 1, true})
	}
	return err
}

// done counts the acts that were made public.
func (s *storm) done() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.public)
}

// moment gives a random moment within longest after so many more acts got
// through: on a slow machine a server that is killed as soon as it is up proves
// nothing. over is closed when the officers have ended.
func (s *storm) moment(acts int, longest time.Duration, over <-chan struct{}) (again bool) {
	for want := s.done() + acts; s.done() < want; {
		select {
		case <-over:
			return false
		case <-time.After(10 * time.Millisecond):
		}
	}
	select {
	case <-over:
		return false
	case <-time.After(rand.N(longest)):
		return true
	}
}

// start lets the officers work; over is closed when they have ended, and failed says how.
func (s *storm) start(ctx context.Context, alerts int, pause func()) (over <-chan struct{}, failed func() error) {
	ended := make(chan struct{})
	var err error
	go func() {
		defer close(ended)
		err = s.run(ctx, alerts, pause)
	}()
	return ended, func() error { <-ended; return err }
}

// truth is what each case came to.
func (s *storm) truth() (newest map[string]publicRevision, order map[string]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	newest, order = map[string]publicRevision{}, map[string]int{}
	for i, x := range s.public {
		newest[x.id] = x
		order[fmt.Sprintf("%s-%d", x.id, x.revision)] = i
	}
	return newest, order
}
