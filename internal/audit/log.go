package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"tocsin/internal/chain"
	"tocsin/internal/stream"
)

// subject is where the chain lies on the AUDIT stream.
const subject = "audit.acts"

const (
	// kept is how many of the newest entries stay in memory, to be looked through:
	// under 15 MB, as few are long. The stream keeps all.
	kept = 20_000
	// waiting bounds what is noted while the stream does not answer: at 10 sign-ins
	// a second, the most that are let through, it is half an hour's.
	waiting = 20_000
	// patience is how long an act waits for its entry to be stored: a sign-in must
	// not hang on a log that does not answer.
	patience = 2 * time.Second
	// mustWithin is how long an act that may not go unrecorded waits before it is
	// refused: a cluster whose leader crashed answers again after eight seconds.
	mustWithin = 10 * time.Second
	// pause is the wait before a store is tried again.
	pause = time.Second
	// Of each kind that a client brings about by asking again, so many are noted one by
	// one, then one a time; the rest is counted.
	cheapAtOnce = 100
	cheapEvery  = 5 * time.Second
)

// cheap are the acts that cost a client nothing and would fill a record from which
// nobody can delete: a stranger guesses, a browser keeps the cookie of a session that
// has ended. Each kind has an allowance of its own, so that none hides the others.
var cheap = []string{SignInFailed, Throttled, SessionEnded}

// Store is the AUDIT stream.
type Store interface {
	Append(ctx context.Context, en stream.Entry) (seq uint64, err error)
	Read(ctx context.Context, filter string, after uint64) iter.Seq2[stream.Record, error]
	Follow(ctx context.Context, filter string, after uint64, fn func(stream.Record) error, caughtUp func()) error
}

// Source is the log whose records are acts: CASES.
type Source interface {
	Follow(ctx context.Context, filter string, after uint64, fn func(stream.Record) error, caughtUp func()) error
}

// Part says which act a record of the source is; false: none that is recorded.
type Part func(rec stream.Record) (Event, bool)

// Log is the audit record. It is safe for concurrent use.
type Log struct {
	store  Store
	source Source
	parts  []Part
	log    *slog.Logger
	queue  chan noted

	writing chan struct{} // holds one while an entry is decided and stored

	mu     sync.RWMutex
	links  chain.Chain
	seq    uint64                   // of the newest entry on the stream
	taken  uint64                   // the newest record of the source that is in the chain
	recent []Event                  // oldest first
	fault  error                    // the first break of the chain that was read
	allow  map[string]*rate.Limiter // of each cheap kind
	left   map[string]int           // of each cheap kind: not noted one by one
	lost   int                      // acts that were not recorded: no room in the queue, or no answer at the stop
}

type noted struct {
	ev   Event
	done chan struct{}
}

// New reads the chain. Run keeps it.
func New(ctx context.Context, store Store, source Source, log *slog.Logger, parts ...Part) (*Log, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	l := &Log{
		store: store, source: source, parts: parts, log: log, queue: make(chan noted, waiting), writing: make(chan struct{}, 1),
		left: map[string]int{}, allow: map[string]*rate.Limiter{},
	}
	for _, kind := range cheap {
		l.allow[kind] = rate.NewLimiter(rate.Every(cheapEvery), cheapAtOnce)
	}
	if err := l.catchUp(ctx); err != nil {
		return nil, err
	}
	return l, nil
}

// Run takes the acts of the source and what is noted into the chain, and hears
// what other nodes add to it, until ctx ends.
func (l *Log) Run(ctx context.Context) error {
	var parts sync.WaitGroup
	parts.Go(func() { l.keep(ctx, func() error { return l.store.Follow(ctx, subject, l.at(), l.fold, nil) }) })
	if l.source != nil {
		parts.Go(func() { l.keep(ctx, func() error { return l.follow(ctx) }) })
	}
	parts.Go(func() { l.drain(ctx) })
	parts.Wait()
	return nil
}

// keep does f again whatever ended it.
func (l *Log) keep(ctx context.Context, f func() error) {
	for ctx.Err() == nil {
		err := f()
		if ctx.Err() == nil {
			l.log.Debug("audit record: following anew", "error", err)
			sleep(ctx, pause)
		}
	}
}

func (l *Log) at() uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.seq
}

// follow takes the acts of the source.
func (l *Log) follow(ctx context.Context) error {
	l.mu.RLock()
	after := l.taken
	l.mu.RUnlock()
	return l.source.Follow(ctx, ">", after, func(rec stream.Record) error {
		for _, part := range l.parts {
			if ev, ok := part(rec); ok {
				ev.Source, ev.Hash = rec.Seq, chain.Hash(rec.Data)
				return l.write(ctx, ev)
			}
		}
		return nil
	}, nil)
}

// ErrNotRecorded: the entry of an act could not be stored in time, and so the act must
// not be done; it may be tried again. It wraps stream.ErrUnavailable.
var ErrNotRecorded = fmt.Errorf("the audit record does not answer, so nothing was done; try again in a few seconds: %w", stream.ErrUnavailable)

// Must records an act before it is done: an export, a change by the operator. It
// waits until the entry is stored, ten seconds at most. On an error, ErrNotRecorded
// or that of ctx, the act must not be done; it may be on the record all the same,
// when the answer alone was lost.
func (l *Log) Must(ctx context.Context, ev Event) error {
	if ev.At.IsZero() {
		ev.At = time.Now()
	}
	ctx, cancel := context.WithTimeoutCause(ctx, mustWithin, ErrNotRecorded)
	defer cancel()
	return l.write(ctx, ev)
}

// Note records an act that is no event elsewhere. It waits until the entry is
// stored, but two seconds at most: then it is stored as soon as the stream answers.
func (l *Log) Note(ctx context.Context, ev Event) {
	if ev.At.IsZero() {
		ev.At = time.Now()
	}
	if !l.room(&ev) {
		return
	}
	n := noted{ev, make(chan struct{})}
	select {
	case l.queue <- n:
	default:
		l.lose(1)
		return
	}
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case <-n.done:
	case <-wait.C:
		l.log.Warn("audit record: the event stream does not answer; the act is recorded when it does", "kind", ev.Kind)
	case <-ctx.Done():
	}
}

// room says whether a cheap act has an entry of its own; else it is counted in the
// next one of its kind.
func (l *Log) room(ev *Event) bool {
	allow := l.allow[ev.Kind]
	if allow == nil {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !allow.Allow() {
		l.left[ev.Kind]++
		return false
	}
	ev.More, l.left[ev.Kind] = l.left[ev.Kind], 0
	return true
}

// lose tells of acts that were not recorded.
func (l *Log) lose(n int) {
	l.mu.Lock()
	l.lost += n
	l.mu.Unlock()
	l.log.Error("audit record: acts were not recorded, because the event stream has not answered for long", "acts", n)
}

// Lost is how many acts were not recorded since this server started.
func (l *Log) Lost() int {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.lost
}

// drain stores what was noted, in order. When ctx ends, what waits is still stored,
// within two seconds.
func (l *Log) drain(ctx context.Context) {
	storing, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	go func() {
		<-ctx.Done()
		sleep(storing, patience)
		cancel()
	}()
	for {
		var n noted
		select {
		case n = <-l.queue:
		case <-ctx.Done():
			select {
			case n = <-l.queue:
			default:
				return
			}
		}
		if l.write(storing, n.ev) != nil { // the two seconds are over
			l.lose(1 + len(l.queue))
			return
		}
		close(n.done)
	}
}

// write adds one entry to the chain, after what other nodes added, until it is
// stored or ctx ends. An act of the source that another node has added is left out.
func (l *Log) write(ctx context.Context, ev Event) error {
	select {
	case l.writing <- struct{}{}:
		defer func() { <-l.writing }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	ev = ev.bounded()
	ev.At = ev.At.Round(0).UTC()
	perhaps := false // the entry may have been stored though the answer was lost
	for {
		err := l.append(ctx, ev, perhaps)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if errors.Is(err, stream.ErrConflict) {
			err = l.catchUp(ctx)
		}
		if err != nil {
			l.log.Error("audit record: an entry could not be stored; it is tried again", "error", err)
			perhaps = true
			sleep(ctx, pause)
			_ = l.catchUp(ctx) // the next try says what is wrong
		}
	}
}

func (l *Log) append(ctx context.Context, ev Event, perhaps bool) error {
	l.mu.RLock()
	links, seq, taken := l.links, l.seq, l.taken
	done := perhaps && l.has(ev)
	l.mu.RUnlock()
	if done || ev.Source != 0 && ev.Source <= taken {
		return nil
	}
	ev.N, ev.Prev = links.Len+1, links.Head
	raw, err := json.Marshal(ev)
	if err != nil {
		return fmt.Errorf("audit entry: %w", err)
	}
	// The place in the chain is the id: a retry whose first answer was lost stores nothing twice.
	en := stream.Entry{Subject: subject, ID: chain.Hash(raw), Data: raw, After: &seq}
	if seq, err = l.store.Append(ctx, en); err != nil {
		return err
	}
	return l.fold(stream.Record{Seq: seq, Subject: subject, Data: raw})
}

// has says whether the newest entries hold this very act already. The caller holds the lock.
func (l *Log) has(ev Event) bool {
	for _, old := range slices.Backward(l.recent[max(0, len(l.recent)-100):]) {
		old.N, old.Prev = 0, ""
		if old == ev {
			return true
		}
	}
	return false
}

// catchUp reads what other nodes have added.
func (l *Log) catchUp(ctx context.Context) error {
	for rec, err := range l.store.Read(ctx, subject, l.at()) {
		if err != nil {
			return fmt.Errorf("reading the audit record: %w", err)
		}
		if err := l.fold(rec); err != nil {
			return err
		}
	}
	return nil
}

// fold takes one entry into memory, once. A chain that is broken is told, and
// goes on: alerts must go out though somebody damaged the record of the past.
func (l *Log) fold(rec stream.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if rec.Seq <= l.seq {
		return nil
	}
	ev, err := follow(&l.links, rec.Data)
	if err != nil {
		if l.fault == nil {
			l.fault = fmt.Errorf("%w: entry %d: %w", ErrBroken, l.links.Len+1, err)
			l.log.Error("the audit record does not hold", "error", l.fault)
		}
		l.links.Len, l.links.Head = l.links.Len+1, chain.Hash(rec.Data)
	}
	l.seq, l.taken = rec.Seq, max(l.taken, ev.Source)
	if l.recent = append(l.recent, ev); len(l.recent) >= 2*kept {
		l.recent = slices.Clone(l.recent[kept:])
	}
	return nil
}

// Write writes every entry as stored, one a line, oldest first: what Verify
// reads. It gives their number and the hash of the newest.
func (l *Log) Write(ctx context.Context, w io.Writer) (Summary, error) {
	var s Summary
	for rec, err := range l.store.Read(ctx, subject, 0) {
		if err != nil {
			return Summary{}, fmt.Errorf("reading the audit record: %w", err)
		}
		if _, err := w.Write(append(slices.Clip(rec.Data), '\n')); err != nil {
			return Summary{}, err
		}
		s.Entries, s.Head = s.Entries+1, chain.Hash(rec.Data)
	}
	return s, nil
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
