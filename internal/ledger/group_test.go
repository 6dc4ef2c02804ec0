package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/stream"
)

// slowLog is a log whose first append waits for the gate.
type slowLog struct {
	gate chan struct{}
	once sync.Once
	fail error

	mu   sync.Mutex
	seen []stream.Entry
}

func (l *slowLog) Append(_ context.Context, en stream.Entry) (uint64, error) {
	l.once.Do(func() { <-l.gate })
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		return 0, l.fail
	}
	l.seen = append(l.seen, en)
	return uint64(len(l.seen)), nil
}

func (l *slowLog) Follow(context.Context, string, uint64, func(stream.Record) error, func()) error {
	return nil
}

func (l *slowLog) Head(context.Context) (uint64, error)   { return 0, nil }
func (l *slowLog) Newest(context.Context) (uint64, error) { return 0, nil }

// TestRecordsGoTogether: what many record while a write is under way is one
// write for each revision; each caller is answered after it, and nothing is lost.
func TestRecordsGoTogether(t *testing.T) {
	log := &slowLog{gate: make(chan struct{})}
	l := New(log, none, nil)
	const n = 300
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			e := Entry{Recipient: fmt.Sprint(i), State: adapter.Received, At: time.Now()}
			b := batch("broadcast", 1+i%2, e)
			if err := l.Record(t.Context(), b); err != nil {
				t.Error(err)
			}
			if !l.Settled("C", 1+i%2, "broadcast", e.Recipient) {
				t.Error("answered before it was known")
			}
		})
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		l.group.mu.Lock()
		waiting := len(l.group.waiting)
		l.group.mu.Unlock()
		if waiting >= n-1 || time.Now().After(end) {
			break
		}
	}
	close(log.gate)
	all.Wait()
	entries := 0
	for _, en := range log.seen {
		var b Batch
		if err := json.Unmarshal(en.Data, &b); err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("ledger.C.%d.broadcast", b.Revision); en.Subject != want {
			t.Errorf("revision %d under %s", b.Revision, en.Subject)
		}
		for _, e := range b.Entries {
			if i := 0; func() bool { _, err := fmt.Sscan(e.Recipient, &i); return err != nil || 1+i%2 != b.Revision }() {
				t.Errorf("recipient %s under revision %d", e.Recipient, b.Revision)
			}
			entries++
		}
	}
	if entries != n || len(log.seen) > 5 {
		t.Errorf("%d entries in %d writes, want %d in at most 5", entries, len(log.seen), n)
	}
}

// TestGroupTellsEverybodyOfItsFailure: no caller believes that a failed write was durable.
func TestGroupTellsEverybodyOfItsFailure(t *testing.T) {
	log := &slowLog{gate: make(chan struct{}), fail: stream.ErrFull}
	l := New(log, none, nil)
	errs := make(chan error, 10)
	for i := range 10 {
		go func() {
			errs <- l.Record(t.Context(), batch("sms", 1, Entry{Recipient: fmt.Sprint(i), State: adapter.Sent, At: time.Now()}))
		}()
	}
	close(log.gate)
	for range 10 {
		if err := <-errs; !errors.Is(err, stream.ErrFull) {
			t.Errorf("got %v", err)
		}
	}
	if l.Attempts("C", 1, "sms", "3") != 0 || l.Touched("C", 9, "sms", "3") {
		t.Error("what was not stored is known")
	}
}

// TestCallerGivesUpAlone: a caller whose time is over does not take the others' write with him.
func TestCallerGivesUpAlone(t *testing.T) {
	log := &slowLog{gate: make(chan struct{})}
	l := New(log, none, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Record(ctx, batch("sms", 1, Entry{Recipient: "a", State: adapter.Sent, At: time.Now()})); !errors.Is(err, stream.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	close(log.gate)
	if err := l.Record(t.Context(), batch("sms", 1, Entry{Recipient: "b", State: adapter.Sent, At: time.Now()})); err != nil {
		t.Error(err)
	}
	if !l.Touched("C", 9, "sms", "a") || !l.Touched("C", 9, "sms", "b") {
		t.Error("a write that went through is not known")
	}
}

// TestReportAll: one write for each revision; each report has its own error.
func TestReportAll(t *testing.T) {
	log := &slowLog{gate: make(chan struct{})}
	close(log.gate)
	l := New(log, func(id string) (Batch, bool) {
		return Batch{Case: "C", Identifier: id, Revision: 1, Released: time.Now().Add(-time.Minute)}, id != "T-X-1"
	}, nil)
	report := func(who, id string, state adapter.State) adapter.Report {
		return adapter.Report{Channel: "broadcast", Recipient: who, Identifier: id, Revision: 1, State: state}
	}
	errs := l.ReportAll(t.Context(), []adapter.Report{
		report("a", "T-C-1", adapter.Received), report("b", "T-C-1", adapter.Received),
		report("a", "T-X-1", adapter.Received), report("a", "T-C-1", adapter.Seen),
	})
	for i, want := range []error{nil, nil, ErrUnknown, nil} {
		if !errors.Is(errs[i], want) {
			t.Errorf("report %d: %v, want %v", i, errs[i], want)
		}
	}
	board, err := l.Board("C")
	if err != nil || board.Channels[0].Accepted != 2 || board.Channels[0].Seen != 1 || len(log.seen) != 1 {
		t.Errorf("board %+v, %v after %d writes", board.Channels, err, len(log.seen))
	}
	if errs := l.ReportAll(t.Context(), []adapter.Report{report("a", "T-C-1", adapter.Seen)}); errs[0] != nil || len(log.seen) != 1 {
		t.Errorf("said before: %v, %d writes", errs, len(log.seen))
	}
}
