package stream

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestLook: many ask at once and share a question, but nobody takes the answer to one
// that was asked before he came.
func TestLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l Look
		var asked, stored atomic.Uint64
		answer := make(chan struct{})
		ask := func(context.Context) (uint64, error) {
			asked.Add(1)
			head := stored.Load()
			<-answer
			return head, nil
		}
		var all sync.WaitGroup
		first := func() {
			if _, err := l.ask(t.Context(), ask); err != nil {
				t.Error(err)
			}
		}
		all.Go(first)
		synctest.Wait()
		stored.Store(7)
		for range 1000 {
			all.Go(func() {
				if head, err := l.ask(t.Context(), ask); err != nil || head != 7 {
					t.Errorf("head %d, %v; what was stored before the call is 7", head, err)
				}
			})
		}
		synctest.Wait()
		close(answer)
		all.Wait()
		if n := asked.Load(); n != 2 {
			t.Errorf("the stream was asked %d times, want 2", n)
		}
	})
}

// TestLookFails: the stream's error reaches all who wait, and the next may ask anew;
// whoever has given up waits no longer.
func TestLookFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l Look
		away := func(context.Context) (uint64, error) { return 0, ErrUnavailable }
		if _, err := l.ask(t.Context(), away); !errors.Is(err, ErrUnavailable) {
			t.Errorf("error %v", err)
		}
		synctest.Wait()
		if head, err := l.ask(t.Context(), func(context.Context) (uint64, error) { return 3, nil }); head != 3 || err != nil {
			t.Errorf("afterwards: %d, %v", head, err)
		}
		synctest.Wait()
		ctx, cancel := context.WithCancelCause(t.Context())
		over := errors.New("over")
		cancel(over)
		hang := func(ctx context.Context) (uint64, error) { <-ctx.Done(); return 0, ctx.Err() }
		if _, err := l.ask(ctx, hang); !errors.Is(err, over) {
			t.Errorf("given up: %v", err)
		}
		time.Sleep(lookFor) // the question ends by its own bound
	})
}

// shared is a stream that two realms write to.
type shared struct{ head, ours uint64 }

func (s *shared) Head(context.Context) (uint64, error)   { return s.head, nil }
func (s *shared) Newest(context.Context) (uint64, error) { return s.ours, nil }

// TestCatchUpBesideAnotherRealm: the head is another realm's record, which our fold
// never hears of: it has caught up when it has the newest of ours, and not before.
func TestCatchUpBesideAnotherRealm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l Look
		var m Mark
		m.Advance(6)
		done := make(chan error, 1)
		go func() { done <- l.CatchUp(t.Context(), &shared{head: 10, ours: 7}, &m) }()
		synctest.Wait()
		select {
		case err := <-done:
			t.Fatalf("caught up before our newest record came: %v", err)
		default:
		}
		m.Advance(7)
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := l.CatchUp(t.Context(), &shared{}, new(Mark)); err != nil {
			t.Errorf("an empty stream: %v", err)
		}
	})
}
