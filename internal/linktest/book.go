package linktest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/ledger"
	"tocsin/internal/stream"
)

const (
	// Within is how soon a station must confirm a test, as it must an alert.
	Within = 30 * time.Second
	// Stale is how old a station's last good test may be: a week, and a day for what was postponed.
	Stale = 8 * 24 * time.Hour
)

// Outcome says what came of a test at one station.
type Outcome string

// The outcomes.
const (
	Waiting Outcome = "waiting" // its time is not up yet
	Good    Outcome = "good"    // confirmed in time
	Late    Outcome = "late"    // confirmed, but an alert would have been an incident
	Failed  Outcome = "failed"  // not confirmed
)

// Result is one test at one station.
type Result struct {
	Station    string    `json:"station"` // recipient id
	Identifier string    `json:"identifier"`
	Sent       time.Time `json:"sent"`
	Received   time.Time `json:"received,omitzero"`
	Millis     int64     `json:"ms"` // from sent to received; -1 = not received
}

// Outcome is what the result says at now.
func (r Result) Outcome(now time.Time) Outcome {
	switch {
	case !r.Received.IsZero() && r.Received.Sub(r.Sent) <= Within:
		return Good
	case !r.Received.IsZero():
		return Late
	case now.Sub(r.Sent) <= Within:
		return Waiting
	default:
		return Failed
	}
}

// LedgerLog is the LEDGER stream as the book reads it.
type LedgerLog interface {
	Follow(ctx context.Context, filter string, after uint64, fn func(stream.Record) error, caughtUp func()) error
}

// Book is the results of all tests, folded from the ledger, which keeps them.
type Book struct {
	ledger  LedgerLog
	channel string
	log     *slog.Logger

	mu       sync.RWMutex
	newest   Test
	stations map[string]history
	watch    map[chan struct{}]struct{}
}

// Test is one test of all lines.
type Test struct {
	Identifier string    `json:"identifier"`
	Sent       time.Time `json:"sent"`
}

// history is what the book keeps of a station: not more, since tests come for years.
type history struct {
	newest, good Result
}

// NewBook is an empty book of the tests on channel; Run fills it.
func NewBook(l LedgerLog, channel string, log *slog.Logger) *Book {
	return &Book{
		ledger: l, channel: channel, log: log,
		stations: make(map[string]history), watch: make(map[chan struct{}]struct{}),
	}
}

// Run follows the ledger until ctx ends; caughtUp is called once what is stored has been read.
func (b *Book) Run(ctx context.Context, caughtUp func()) error {
	return b.ledger.Follow(ctx, "ledger.*.*."+b.channel, 0, func(r stream.Record) error {
		if parts := strings.Split(r.Subject, "."); len(parts) != 4 || !isTest(parts[1]) {
			return nil // an alert's
		}
		var news ledger.Batch
		if err := json.Unmarshal(r.Data, &news); err != nil {
			b.log.Error("unreadable ledger record", "seq", r.Seq, "error", err)
			return nil
		}
		b.apply(news)
		return nil
	}, caughtUp)
}

func (b *Book) apply(news ledger.Batch) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if news.Released.After(b.newest.Sent) {
		b.newest = Test{news.Identifier, news.Released}
	}
	if news.Planned != nil {
		for _, id := range news.Planned.Named {
			b.open(id, news)
		}
	}
	for _, e := range news.Entries {
		if e.Said && e.State != adapter.Failed {
			b.received(e, news)
		}
	}
	for c := range b.watch {
		select {
		case c <- struct{}{}:
		default: // the reader has a pulse waiting already
		}
	}
}

// open begins a station's result, unless it has one of this test or a newer one.
func (b *Book) open(id string, news ledger.Batch) {
	h := b.stations[id]
	if h.newest.Sent.Before(news.Released) {
		h.newest = Result{Station: id, Identifier: news.Identifier, Sent: news.Released, Millis: -1}
		b.stations[id] = h
	}
}

func (b *Book) received(e ledger.Entry, news ledger.Batch) {
	b.open(e.Recipient, news)
	h := b.stations[e.Recipient]
	r := Result{e.Recipient, news.Identifier, news.Released, e.At, max(0, e.At.Sub(news.Released).Milliseconds())}
	if h.newest.Identifier == r.Identifier && (h.newest.Received.IsZero() || r.Received.Before(h.newest.Received)) {
		h.newest = r
	}
	if r.Outcome(r.Received) == Good && !r.Sent.Before(h.good.Sent) {
		h.good = r
	}
	b.stations[e.Recipient] = h
}

// Last is a station's last good result; false when it has had none.
func (b *Book) Last(station string) (Result, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	r := b.stations[station].good
	return r, !r.Sent.IsZero()
}

// Newest is a station's newest result, good or not; false when it was never tested.
func (b *Book) Newest(station string) (Result, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	r := b.stations[station].newest
	return r, !r.Sent.IsZero()
}

// NewestTest is the newest test of all lines; false before the first.
func (b *Book) NewestTest() (Test, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.newest, !b.newest.Sent.IsZero()
}

// Standing is a station's line as its tests show it.
type Standing struct {
	Station string  `json:"station"`
	Name    string  `json:"name,omitempty"`
	Newest  *Result `json:"newest,omitempty"` // nil: never tested
	Outcome Outcome `json:"outcome,omitempty"`
	Good    *Result `json:"last_good,omitempty"` // nil: never
	// Sound says that the line may be trusted: the newest test did not fail, and
	// the last good one is not stale.
	Sound bool `json:"sound"`
}

// Of is the standing of a station at now.
func (b *Book) Of(who adapter.Recipient, now time.Time) Standing {
	s := Standing{Station: who.ID, Name: who.Name}
	if r, ok := b.Newest(who.ID); ok {
		s.Newest, s.Outcome = &r, r.Outcome(now)
	}
	if r, ok := b.Last(who.ID); ok {
		s.Good = &r
	}
	s.Sound = s.Good != nil && now.Sub(s.Good.Sent) <= Stale && s.Outcome != Failed && s.Outcome != Late
	return s
}

// Table is the standing of all, the worst first.
func (b *Book) Table(all []adapter.Recipient, now time.Time) []Standing {
	out := make([]Standing, 0, len(all))
	for _, who := range all {
		out = append(out, b.Of(who, now))
	}
	order := map[bool]int{false: 0, true: 1}
	slices.SortStableFunc(out, func(x, y Standing) int {
		return cmp.Or(order[x.Sound]-order[y.Sound], cmp.Compare(x.Name, y.Name), cmp.Compare(x.Station, y.Station))
	})
	return out
}

// Watch gives a channel that pulses after news of a test, and the function that ends it.
func (b *Book) Watch() (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.watch[c] = struct{}{}
	return c, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.watch, c)
	}
}

// The case id of a test tells it from a case's, which has no vowels: LINKTEST20261125090000.
const prefix = "LINKTEST"

func isTest(caseID string) bool { return strings.HasPrefix(caseID, prefix) }

func caseID(at time.Time) string {
	return fmt.Sprintf("%s%s", prefix, at.UTC().Format("20060102150405"))
}
