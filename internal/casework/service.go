package casework

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"tocsin/internal/auth"
	"tocsin/internal/stream"
)

// subjects of the CASES stream that belong to cases.
const (
	subjectPrefix = "cases."
	allCases      = "cases.>"
)

// rounds bounds how often one act is decided anew because another process was
// faster: more would mean two programs fighting over a case.
const rounds = 4

// Service does what officers may do. Its memory is a fold of the CASES log: any
// number of processes may serve the same log.
type Service struct {
	d Deps

	mu    sync.RWMutex
	cases map[string]*entry
	seen  uint64 // newest sequence folded by New or Run

	watch watchers
	// stored remembers photos whose bytes were found whole: a preview asks once.
	stored sync.Map
}

// entry is one case: its newest state, and the lock that lets one act at a time
// decide. The lock is a channel so that waiting for it ends with the context.
type entry struct {
	lock chan struct{}
	st   *state // guarded by Service.mu; what it points to never changes
}

// New folds CASES, then publishes what a crash left between CASES and ALERTS.
// A publication that fails now is logged and tried again by Run.
func New(ctx context.Context, d Deps) (*Service, error) {
	s := &Service{d: d, cases: map[string]*entry{}}
	for rec, err := range d.Cases.Read(ctx, allCases, 0) {
		if err != nil {
			return nil, fmt.Errorf("reading cases: %w", err)
		}
		s.fold(rec)
	}
	s.reconcile(ctx)
	return s, nil
}

// fold takes one stored record into memory. A record that was folded already
// (this process wrote it) is passed over.
func (s *Service) fold(rec stream.Record) {
	id := strings.TrimPrefix(rec.Subject, subjectPrefix)
	s.mu.Lock()
	s.seen = max(s.seen, rec.Seq)
	e := s.cases[id]
	if e == nil {
		e = &entry{lock: make(chan struct{}, 1), st: &state{}}
		s.cases[id] = e
	}
	if rec.Seq <= e.st.seq {
		s.mu.Unlock()
		return
	}
	ev, err := decode(rec.Data)
	broken := err != nil || ev.Case != id || ev.Prev != e.st.hash
	if err == nil && ev.Case != id {
		ev = Event{} // never let one case's event speak for another
	}
	e.st = e.st.with(ev, rec.Data, rec.Seq)
	s.mu.Unlock()
	if broken {
		// One damaged record must not stop the others' cases; Record refuses to vouch for this one.
		s.d.Log.Error("the record of a case is broken", "case", id, "seq", rec.Seq)
	}
	s.watch.pulse(id)
}

// catchUp reads what others wrote to a case since it was last folded.
func (s *Service) catchUp(ctx context.Context, id string) error {
	var after uint64
	if _, st, err := s.find(id); err == nil {
		after = st.seq
	}
	for rec, err := range s.d.Cases.Read(ctx, subjectPrefix+id, after) {
		if err != nil {
			return fmt.Errorf("reading the case: %w", err)
		}
		s.fold(rec)
	}
	return nil
}

// find is a case's entry and newest state.
func (s *Service) find(id string) (*entry, *state, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e := s.cases[id]
	if e == nil || e.st.c.ID == "" {
		return nil, nil, ErrNotFound
	}
	return e, e.st, nil
}

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
		return Case{}, fmt.Errorf("the act was not recorded: %w", err)
	}
	s.fold(stream.Record{Seq: seq, Subject: en.Subject, ID: en.ID, Data: raw, Time: ev.At})
	return s.Get(id)
}

// Get is a case as it is now. The copy is the caller's.
func (s *Service) Get(id string) (Case, error) {
	_, st, err := s.find(id)
	if err != nil {
		return Case{}, err
	}
	return st.c.clone(), nil
}

// List is every case, newest change first.
func (s *Service) List() []Case {
	s.mu.RLock()
	list := make([]Case, 0, len(s.cases))
	for _, e := range s.cases {
		if e.st.c.ID != "" {
			list = append(list, e.st.c)
		}
	}
	s.mu.RUnlock()
	for i := range list {
		list[i] = list[i].clone()
	}
	slices.SortFunc(list, func(a, b Case) int {
		if n := b.Changed.Compare(a.Changed); n != 0 {
			return n
		}
		return strings.Compare(a.ID, b.ID)
	})
	return list
}

// Record is every event of a case in order. It is handed out only when the
// chain of hashes holds; else the error wraps ErrRecord.
func (s *Service) Record(ctx context.Context, id string) ([]Event, error) {
	raw, err := s.RawRecord(ctx, id)
	if err != nil {
		return nil, err
	}
	return verified(raw)
}

// RawRecord is the events as stored, byte for byte: what VerifyRecord checks on
// another machine.
func (s *Service) RawRecord(ctx context.Context, id string) ([][]byte, error) {
	if _, _, err := s.find(id); err != nil {
		return nil, err
	}
	var raw [][]byte
	for rec, err := range s.d.Cases.Read(ctx, subjectPrefix+id, 0) {
		if err != nil {
			return nil, fmt.Errorf("reading the record: %w", err)
		}
		raw = append(raw, rec.Data)
	}
	return raw, nil
}

// Watch pulses at every change of the case, or of any case when id is empty. A
// watcher that is slow gets one pulse for many changes. The function ends it.
func (s *Service) Watch(id string) (<-chan struct{}, func()) { return s.watch.add(id) }
