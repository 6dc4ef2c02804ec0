package audit

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/stream"
	"tocsin/internal/stream/streamtest"
)

// away is a store that does not answer while the switch is on.
func away(on *atomic.Bool) *streamtest.Memory {
	return &streamtest.Memory{Fault: func(stream.Entry) error {
		if on.Load() {
			return stream.ErrUnavailable
		}
		return nil
	}}
}

// An act that may not go unrecorded is on the record when Must returns, or is refused
// and then not on it, also while others wait for the stream.
func TestMust(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var off atomic.Bool
		store := away(&off)
		l := started(t, store, nil)
		if err := l.Must(t.Context(), Event{Kind: Exported, By: "dirk"}); err != nil || len(store.Records()) != 1 {
			t.Errorf("%v, %d entries", err, len(store.Records()))
		}
		off.Store(true)
		l.Note(t.Context(), Event{Kind: SignedIn, By: "anna"}) // holds the place until the stream is back
		begun := time.Now()
		err := l.Must(t.Context(), Event{Kind: Exported, By: "emil"})
		if took := time.Since(begun); !errors.Is(err, ErrNotRecorded) || !errors.Is(err, stream.ErrUnavailable) || took != mustWithin {
			t.Errorf("%v after %v", err, took)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := l.Must(ctx, Event{Kind: Exported, By: "fred"}); !errors.Is(err, context.Canceled) {
			t.Errorf("for one who left: %v", err)
		}
		time.AfterFunc(3*time.Second, func() { off.Store(false) })
		if err := l.Must(t.Context(), Event{Kind: Command, By: Operator}); err != nil {
			t.Errorf("a stream that comes back in time: %v", err)
		}
		if p := l.Look(Filter{}, 9); kinds(p.Events) != "operator_command signed_in case_exported" || p.Lost != 0 {
			t.Errorf("recorded: %s, lost %d", kinds(p.Events), p.Lost)
		}
	})
}

// What waits at the stop is stored when the stream answers within two seconds, and
// else counted.
func TestStopWithActsWaiting(t *testing.T) {
	for back, lost := range map[time.Duration]int{pause / 2: 0, time.Hour: 5} { // between two tries, for they and the end fall on whole seconds
		t.Run(fmt.Sprint(back), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var off atomic.Bool
				off.Store(true)
				store := away(&off)
				l, err := New(t.Context(), store, nil, nil)
				if err != nil {
					t.Fatal(err)
				}
				ctx, stop := context.WithCancel(t.Context())
				ended := make(chan struct{})
				go func() { defer close(ended); _ = l.Run(ctx) }()
				for range 5 {
					l.Note(t.Context(), Event{Kind: SignedIn, By: "anna"})
				}
				begun := time.Now()
				stop()
				time.AfterFunc(back, func() { off.Store(false) })
				<-ended
				if took := time.Since(begun); took > patience {
					t.Errorf("the stop took %v", took)
				}
				if n := len(store.Records()); n != 5-lost || l.Lost() != lost || l.Look(Filter{}, 1).Lost != lost {
					t.Errorf("%d entries, %d lost, want %d lost", n, l.Lost(), lost)
				}
			})
		})
	}
}
