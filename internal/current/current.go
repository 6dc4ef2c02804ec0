// Package current is what the public may know now: the fold of the ALERTS
// stream in memory. One writer follows the stream; sites, feeds and workers read.
package current

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/stream"
)

// keepEnded is how long a withdrawal stays in lists, so that a reader who was
// away learns of it. Old addresses answer 410 for as long as the stream keeps the withdrawal.
const keepEnded = 30 * 24 * time.Hour

// Log is what the set reads.
type Log interface {
	Follow(ctx context.Context, filter string, after uint64, fn func(stream.Record) error, caughtUp func()) error
}

// Revision is one message and its place on the stream. The message is shared: nobody changes it.
type Revision struct {
	Seq     uint64
	Message *alert.Message
	// Published is when the stream took it, to the millisecond; Message.Sent has whole seconds, as CAP wants.
	Published time.Time
}

// Set is the newest revision of every case, and every revision still published.
type Set struct {
	log   *slog.Logger
	start uint64 // makes Version differ between two runs
	mark  stream.Mark

	mu      sync.RWMutex
	cases   map[string][]Revision // oldest first; one Cancel alone after a withdrawal
	changes uint64
	watch   map[chan struct{}]struct{}
}

// New is an empty set; Run fills it.
func New(log *slog.Logger) *Set {
	return &Set{
		log: log, start: uint64(time.Now().UnixNano()),
		cases: make(map[string][]Revision), watch: make(map[chan struct{}]struct{}),
	}
}

// Run follows l until ctx ends. caughtUp is called once, when what was stored has been read.
func (s *Set) Run(ctx context.Context, l Log, caughtUp func()) error {
	return l.Follow(ctx, "alerts.>", 0, s.apply, caughtUp)
}

// apply takes one record. A message that cannot be read is logged and passed
// over: one bad record must not blind the whole country.
func (s *Set) apply(r stream.Record) error {
	m := new(alert.Message)
	if err := json.Unmarshal(r.Data, m); err != nil || m.Case == "" {
		s.log.Error("unreadable message on the alert stream", "seq", r.Seq, "error", err)
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.mark.Advance(r.Seq)
	have := s.cases[m.Case]
	if n := len(have); n > 0 && !m.Supersedes(have[n-1].Message.Revision) {
		return nil // seen before, or older than what we have
	}
	if m.MsgType == alert.TypeCancel {
		have = nil // the name and the face are forgotten here too
	}
	s.cases[m.Case] = append(slices.Clip(have), Revision{Seq: r.Seq, Message: m, Published: r.Time})
	s.changes++
	for c := range s.watch {
		select {
		case c <- struct{}{}:
		default: // the reader has a pulse waiting already
		}
	}
	return nil
}

// Live lists the newest revision of every alert neither withdrawn nor expired,
// newest first. A link test is no alert: it is for the stations alone.
func (s *Set) Live() []Revision {
	now := time.Now()
	return s.newest(func(m *alert.Message) bool {
		return m.MsgType != alert.TypeCancel && m.Status != alert.StatusTest && !m.Expired(now)
	})
}

// Ended lists the withdrawals of the last thirty days, newest first.
func (s *Set) Ended() []Revision {
	since := time.Now().Add(-keepEnded)
	return s.newest(func(m *alert.Message) bool {
		return m.MsgType == alert.TypeCancel && m.Sent.After(since)
	})
}

func (s *Set) newest(want func(*alert.Message) bool) []Revision {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []Revision
	for _, revs := range s.cases {
		if r := revs[len(revs)-1]; want(r.Message) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b Revision) int { return int(int64(b.Seq) - int64(a.Seq)) })
	return out
}

// Case is the newest revision of a case, a withdrawal included.
func (s *Set) Case(id string) (Revision, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	revs := s.cases[id]
	if len(revs) == 0 {
		return Revision{}, false
	}
	return revs[len(revs)-1], true
}

// Identifier is a revision by its CAP identifier. gone says that it was
// published and withdrawn since: its address answers 410.
func (s *Set) Identifier(id string) (r Revision, gone, ok bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, revs := range s.cases {
		for _, have := range revs {
			if have.Message.Identifier == id {
				return have, false, true
			}
			if have.Message.MsgType != alert.TypeCancel {
				continue
			}
			if slices.ContainsFunc(have.Message.References, func(ref alert.Ref) bool { return ref.Identifier == id }) {
				return have, true, false
			}
		}
	}
	return Revision{}, false, false
}

// Wait blocks until the record seq has been folded, so that a worker that
// learnt of it elsewhere does not act on yesterday's picture.
func (s *Set) Wait(ctx context.Context, seq uint64) error { return s.mark.Wait(ctx, seq) }

// Watch gives a channel that pulses after each change, and the function that ends it.
func (s *Set) Watch() (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watch[c] = struct{}{}
	return c, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.watch, c)
	}
}

// Version changes at each change of the set, and with each run: it makes ETags.
// Expiry changes what is live without a message, so the count of live alerts is in it.
func (s *Set) Version() string {
	live := len(s.Live())
	s.mu.RLock()
	defer s.mu.RUnlock()
	parts := []string{
		strconv.FormatUint(s.start, 36), strconv.FormatUint(s.changes, 36), strconv.Itoa(live),
	}
	return strings.Join(parts, "-")
}
