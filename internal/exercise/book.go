package exercise

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
	"tocsin/internal/stream"
)

// prefix of the tests' subjects on the CASES stream, which nothing is erased from.
const prefix = "cases.exercise."

// What the sites turn into status codes.
var (
	ErrNone  = errors.New("no such test")               // 404
	ErrStage = errors.New("not possible at this stage") // 409, wrapped with the stage and the mend
)

// Log is the CASES stream as the book needs it.
type Log interface {
	Append(ctx context.Context, en stream.Entry) (seq uint64, err error)
	Read(ctx context.Context, filter string, after uint64) iter.Seq2[stream.Record, error]
}

// Cases tells what became of a test's alert: *casework.Service.
type Cases interface {
	Get(id string) (casework.Case, error)
}

// event is one act on a test, as stored.
type event struct {
	Kind   string    `json:"kind"` // planned, begun, reported, cancelled
	At     time.Time `json:"at"`
	By     string    `json:"by"`
	Plan   *Plan     `json:"plan,omitempty"`
	Case   string    `json:"case,omitempty"`
	Report *Report   `json:"report,omitempty"`
	Reason string    `json:"reason,omitempty"`
}

// Book is the planned full tests. There are two a year, and every node reads the
// same log; only what the list of cases asks at every look is remembered a while.
type Book struct {
	log      Log
	cases    Cases
	channels []string

	mu     sync.Mutex
	recent []Test    // nil before the first reading
	read   time.Time // when recent was last asked for; zero: it is known to be old
}

// rememberFor is how old the reminder on the list of cases may be.
const rememberFor = time.Minute

// NewBook is the tests on log, whose alerts are in cases; channels are those that are on.
func NewBook(log Log, cases Cases, channels []string) *Book {
	return &Book{log: log, cases: cases, channels: slices.Sorted(slices.Values(channels))}
}

// Channels are those that can take part.
func (b *Book) Channels() []string { return slices.Clone(b.channels) }

// All are the tests, the newest day first.
func (b *Book) All(ctx context.Context) ([]Test, error) {
	tests, _, err := b.fold(ctx, prefix+">")
	slices.SortFunc(tests, func(x, y Test) int { return strings.Compare(y.ID, x.ID) })
	return tests, err
}

// Get is one test; ErrNone.
func (b *Book) Get(ctx context.Context, id string) (Test, error) {
	t, _, err := b.get(ctx, id)
	return t, err
}

func (b *Book) get(ctx context.Context, id string) (Test, uint64, error) {
	if _, err := time.Parse(time.DateOnly, id); err != nil {
		return Test{}, 0, ErrNone // and the log is never asked for what would be a wildcard
	}
	tests, seq, err := b.fold(ctx, prefix+id)
	if err != nil {
		return Test{}, 0, err
	}
	if len(tests) == 0 {
		return Test{}, 0, ErrNone
	}
	return tests[0], seq, nil
}

// Remind is Remind over the tests as they were within the last minute. The log is
// read by one caller, and never again within a minute when that fails: this is
// asked by every look at the list of cases, which must not wait for it.
func (b *Book) Remind(ctx context.Context) (Reminder, bool, error) {
	b.mu.Lock()
	old := b.read.IsZero() || time.Since(b.read) > rememberFor
	if old {
		b.read = time.Now()
	}
	b.mu.Unlock()
	if old {
		all, err := b.All(ctx)
		if err != nil {
			return Reminder{}, false, err
		}
		b.mu.Lock()
		b.recent = append([]Test{}, all...)
		b.mu.Unlock()
	}
	b.mu.Lock()
	recent := b.recent
	b.mu.Unlock()
	if recent == nil { // nobody knows yet: that is not the same as no test
		return Reminder{}, false, nil
	}
	r, ok := Remind(recent, time.Now())
	return r, ok, nil
}

// fold reads the tests of a filter; seq is the newest record's.
func (b *Book) fold(ctx context.Context, filter string) (tests []Test, seq uint64, err error) {
	for rec, err := range b.log.Read(ctx, filter, 0) {
		if err != nil {
			return nil, 0, fmt.Errorf("reading the tests: %w", err)
		}
		var ev event
		if err := json.Unmarshal(rec.Data, &ev); err != nil {
			return nil, 0, fmt.Errorf("reading the tests: record %d: %w", rec.Seq, err)
		}
		id := strings.TrimPrefix(rec.Subject, prefix)
		i := slices.IndexFunc(tests, func(t Test) bool { return t.ID == id })
		if i < 0 {
			i = len(tests)
			tests = append(tests, Test{ID: id})
		}
		tests[i].apply(ev)
		seq = rec.Seq
	}
	for i := range tests {
		b.look(&tests[i])
	}
	return tests, seq, nil
}

// look takes back a beginning that came to nothing: a test whose alert was
// rejected can be begun again, put on another hour, or called off.
func (b *Book) look(t *Test) {
	if t.Case == "" || t.Report != nil {
		return
	}
	if c, err := b.cases.Get(t.Case); err == nil && c.Stage == casework.StageRejected {
		t.Case, t.Begun = "", time.Time{}
	}
}

// out says whether the test's alert has ever gone out. A case that this node
// does not know counts as gone out: another may have released it.
func (b *Book) out(t Test) bool {
	if t.Case == "" {
		return false
	}
	c, err := b.cases.Get(t.Case)
	return err != nil || !c.Released.IsZero()
}

// apply folds one act. A test that was called off can be planned again for its day.
func (t *Test) apply(ev event) {
	switch ev.Kind {
	case "planned":
		if ev.Plan != nil {
			*t = Test{ID: t.ID, Plan: *ev.Plan}
		}
	case "begun":
		t.Case, t.Begun = ev.Case, ev.At
	case "reported":
		t.Report = ev.Report
	case "cancelled":
		t.Cancelled = ev.Reason
	}
}

// Plan puts a test on a day, or changes one that is not begun. alert.Invalid
// names each fault; ErrStage when the day's test has begun.
func (b *Book) Plan(ctx context.Context, p Plan) (Test, error) {
	p.At = p.At.UTC().Truncate(time.Minute)
	p.Channels = slices.Compact(slices.Sorted(slices.Values(p.Channels)))
	p.Note = strings.TrimSpace(p.Note)
	if err := p.check(time.Now(), b.channels); err != nil {
		return Test{}, err
	}
	return b.act(ctx, p.ID(), event{Kind: "planned", By: p.By, Plan: &p}, func(t Test, known bool) error {
		if known && t.Case != "" && t.Cancelled == "" {
			return fmt.Errorf("the test of this day has begun already; choose another day: %w", ErrStage)
		}
		return nil
	})
}

// Begin notes the exercise alert of a test; ErrStage when it has one already or was called off.
func (b *Book) Begin(ctx context.Context, id, caseID, by string) (Test, error) {
	return b.act(ctx, id, event{Kind: "begun", By: by, Case: caseID}, func(t Test, known bool) error {
		switch {
		case !known:
			return ErrNone
		case t.Cancelled != "":
			return fmt.Errorf("this test was called off; plan it again first: %w", ErrStage)
		case t.Case != "":
			return fmt.Errorf("this test has begun already, as case %s: %w", t.Case, ErrStage)
		}
		return nil
	})
}

// Close keeps the report; it can be closed again, with later words of the stations.
func (b *Book) Close(ctx context.Context, id string, r Report) (Test, error) {
	return b.act(ctx, id, event{Kind: "reported", By: r.By, Report: &r}, func(t Test, known bool) error {
		switch {
		case !known:
			return ErrNone
		case t.Case == "" || r.Released.IsZero():
			return fmt.Errorf("nothing has gone out in this test yet; run it first: %w", ErrStage)
		}
		return nil
	})
}

// Cancel calls a test off, with the reason, unless its alert has gone out.
func (b *Book) Cancel(ctx context.Context, id, by, reason string) (Test, error) {
	if reason = strings.TrimSpace(reason); reason == "" || len(reason) > maxNote {
		return Test{}, alert.Invalid{{Field: "reason", Code: "required", Text: "Say why, in 1 to 500 characters."}}
	}
	return b.act(ctx, id, event{Kind: "cancelled", By: by, Reason: reason}, func(t Test, known bool) error {
		switch {
		case !known:
			return ErrNone
		case b.out(t):
			return fmt.Errorf("the alert of this test has gone out; close its report instead: %w", ErrStage)
		}
		return nil
	})
}

// act stores ev unless gate refuses the test as it is now. Two nodes at once:
// the log takes one of them, the other gets stream.ErrConflict.
func (b *Book) act(ctx context.Context, id string, ev event, gate func(t Test, known bool) error) (Test, error) {
	t, seq, err := b.get(ctx, id)
	if err != nil && !errors.Is(err, ErrNone) {
		return Test{}, err
	}
	if err := gate(t, err == nil); err != nil {
		return Test{}, err
	}
	ev.At = time.Now().UTC()
	data, err := json.Marshal(ev)
	if err != nil {
		return Test{}, fmt.Errorf("test: %w", err)
	}
	if _, err := b.log.Append(ctx, stream.Entry{Subject: prefix + id, ID: rand.Text(), Data: data, After: &seq}); err != nil {
		return Test{}, err
	}
	b.mu.Lock()
	b.read = time.Time{}
	b.mu.Unlock()
	t.ID = id
	t.apply(ev)
	return t, nil
}
