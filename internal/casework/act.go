package casework

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/auth"
	"tocsin/internal/stream"
)

// rounds bounds how often one act is decided anew because another process was
// faster: more would mean two programs fighting over a case.
const rounds = 4

// hold locks a case for one act. The returned function lets go.
func (s *Service) hold(ctx context.Context, id string) (func(), error) {
	e, _, err := s.find(id)
	if err != nil { // perhaps another process made it a moment ago
		if !possible(id) {
			return nil, ErrNotFound
		}
		if err := s.catchUp(ctx, id); err != nil {
			return nil, err
		}
		if e, _, err = s.find(id); err != nil {
			return nil, err
		}
	}
	select {
	case e.lock <- struct{}{}:
		return func() { <-e.lock }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// possible says whether id could be a case's: the log is never asked for what would be a wildcard.
func possible(id string) bool {
	return id != "" && len(id) <= 24 && !strings.ContainsFunc(id, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	})
}

// act decides and stores one event on a case. decide sees the newest state and
// is asked again when another process wrote meanwhile; a nil event means that
// there is nothing to do.
func (s *Service) act(ctx context.Context, by auth.Officer, id string, decide func(*state) (*Event, error)) (Case, error) {
	free, err := s.hold(ctx, id)
	if err != nil {
		return Case{}, err
	}
	defer free()
	return s.decided(ctx, by, id, decide)
}

// decided is act with the case held by the caller.
func (s *Service) decided(ctx context.Context, by auth.Officer, id string, decide func(*state) (*Event, error)) (Case, error) {
	for range rounds {
		_, st, err := s.find(id)
		if err != nil {
			return Case{}, err
		}
		ev, err := decide(st)
		if err != nil {
			// Refused: but perhaps only because another process wrote what is not known here yet.
			if err := s.catchUp(ctx, id); err != nil {
				return Case{}, err
			}
			if _, now, _ := s.find(id); now != nil && now.seq != st.seq {
				continue
			}
			return Case{}, err
		}
		if ev == nil {
			return st.c.clone(), nil
		}
		ev.Officer = by.ID
		c, err := s.store(ctx, id, st, ev)
		if !errors.Is(err, stream.ErrConflict) {
			return c, err
		}
		if err := s.catchUp(ctx, id); err != nil {
			return Case{}, err
		}
	}
	return Case{}, ErrConflict
}

// store appends ev after st and folds it from its stored bytes, as every other
// process does.
func (s *Service) store(ctx context.Context, id string, st *state, ev *Event) (Case, error) {
	ev.Case, ev.At, ev.Prev = id, time.Now().UTC(), st.hash
	raw, err := json.Marshal(ev)
	if err != nil {
		return Case{}, fmt.Errorf("event: %w", err)
	}
	en := stream.Entry{Subject: subjectPrefix + id, ID: rand.Text(), Data: raw, After: &st.seq}
	seq, err := s.d.Cases.Append(ctx, en)
	if err != nil {
		return Case{}, notStored(err)
	}
	s.fold(stream.Record{Seq: seq, Subject: en.Subject, ID: en.ID, Data: raw, Time: ev.At})
	return s.Get(id)
}

// notStored says what the officer can rely on: a full log stored nothing; of a
// log that did not answer nobody knows yet.
func notStored(err error) error {
	switch {
	case errors.Is(err, stream.ErrConflict):
		return err
	case errors.Is(err, stream.ErrFull):
		return fmt.Errorf("nothing was recorded and nothing went out: %w", err)
	}
	return fmt.Errorf("it is not certain that this was recorded; look at the case, then try again: %w", err)
}
