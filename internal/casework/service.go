package casework

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"tocsin/internal/stream"
)

// subjects of the CASES stream that belong to cases.
const (
	subjectPrefix = "cases."
	allCases      = "cases.>"
)

// Service does what officers may do. Its memory is a fold of the CASES log: any
// number of processes may serve the same log.
type Service struct {
	d Deps

	mu    sync.RWMutex
	cases map[string]*entry
	// seen is the newest sequence that New or Run has read. What this process
	// wrote itself does not count: others may have written before it.
	seen uint64

	watch watchers
	asked askedSets
	// stored remembers photos whose bytes were found whole: a preview asks once.
	stored sync.Map
}

// entry is one case: its newest state, and the lock that lets one act at a time
// decide. The lock is a channel so that waiting for it ends with the context.
type entry struct {
	lock chan struct{}
	st   *state // guarded by Service.mu; what it points to never changes
}

// startWait bounds what New does about unfinished publications: a server must
// come up, and be able to withdraw, while ALERTS is away.
const startWait = 2 * time.Second

// New folds CASES, then publishes what a crash left between CASES and ALERTS.
// A publication that fails now is logged and tried again by Run.
func New(ctx context.Context, d Deps) (*Service, error) {
	if err := d.Policy.check(); err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	s := &Service{d: d, cases: map[string]*entry{}}
	for rec, err := range d.Cases.Read(ctx, allCases, 0) {
		if err != nil {
			return nil, fmt.Errorf("reading cases: %w", err)
		}
		s.follows(rec)
	}
	start, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	s.reconcile(start)
	return s, nil
}

// follows folds the next record of the log as a whole.
func (s *Service) follows(rec stream.Record) {
	s.fold(rec)
	s.mu.Lock()
	s.seen = rec.Seq
	s.mu.Unlock()
}

// fold takes one stored record into memory. A record that was folded already
// (this process wrote it) is passed over.
func (s *Service) fold(rec stream.Record) {
	id := strings.TrimPrefix(rec.Subject, subjectPrefix)
	if strings.Contains(id, ".") {
		return // cases.exercise.DAY: the planned tests, which are no case
	}
	s.mu.Lock()
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
	ev.Asked = s.asked.one(ev.Asked)
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

// Get is a case as it is now. The copy is the caller's.
func (s *Service) Get(id string) (Case, error) {
	_, st, err := s.find(id)
	if err != nil {
		return Case{}, err
	}
	return st.c.clone(), nil
}

// Find is Get, which looks once into the log for a case that is not known here:
// another process may have made it a moment ago.
func (s *Service) Find(ctx context.Context, id string) (Case, error) {
	if c, err := s.Get(id); err == nil || !possible(id) {
		return c, err
	}
	if err := s.catchUp(ctx, id); err != nil {
		return Case{}, err
	}
	return s.Get(id)
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

// Watch pulses at every change of the case, or of any case when id is empty. A
// watcher that is slow gets one pulse for many changes. The function ends it.
func (s *Service) Watch(id string) (<-chan struct{}, func()) { return s.watch.add(id) }
