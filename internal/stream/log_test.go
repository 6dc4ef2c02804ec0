package stream

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func appendTo(t *testing.T, l *Log, en Entry) uint64 {
	t.Helper()
	seq, err := l.Append(t.Context(), en)
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

// ids reads a log to its head.
func ids(t *testing.T, l *Log, filter string, after uint64) []string {
	t.Helper()
	var got []string
	for r, err := range l.Read(t.Context(), filter, after) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r.ID)
	}
	return got
}

func TestAppendAndLast(t *testing.T) {
	e := openIn(t, t.TempDir())
	l := e.Cases()
	before := time.Now().Add(-time.Second)
	seq := appendTo(t, l, Entry{Subject: "cases.1", ID: "a", Data: []byte("facts")})
	got, err := l.Last(t.Context(), "cases.1")
	if err != nil {
		t.Fatal(err)
	}
	if got.Seq != seq || got.Subject != "cases.1" || got.ID != "a" || string(got.Data) != "facts" || got.Time.Before(before) {
		t.Errorf("last: %+v", got)
	}
	if _, err := l.Last(t.Context(), "cases.2"); !errors.Is(err, ErrNone) {
		t.Errorf("last of nothing: %v", err)
	}
	if head, err := l.Head(t.Context()); err != nil || head != seq {
		t.Errorf("head %d, %v", head, err)
	}
}

// TestNewest: the newest record of any of a log's subjects. That another realm's is
// not among them is shown by two servers on one NATS, in internal/scenario.
func TestNewest(t *testing.T) {
	l := openIn(t, t.TempDir()).Cases()
	if n, err := l.Newest(t.Context()); n != 0 || err != nil {
		t.Errorf("of nothing: %d, %v", n, err)
	}
	for _, subject := range []string{"officers.1", "cases.1", "officers.1", "cases.2"} {
		seq := appendTo(t, l, Entry{Subject: subject, ID: subject + fmt.Sprint(time.Now().UnixNano()), Data: []byte("x")})
		if n, err := l.Newest(t.Context()); n != seq || err != nil {
			t.Errorf("after %s: newest %d, %v; want %d", subject, n, err, seq)
		}
	}
}

func TestAppendConflict(t *testing.T) {
	l := openIn(t, t.TempDir()).Cases()
	first := appendTo(t, l, Entry{Subject: "cases.1", ID: "a", After: new(uint64(0))})
	if _, err := l.Append(t.Context(), Entry{Subject: "cases.1", ID: "b", After: new(uint64(0))}); !errors.Is(err, ErrConflict) {
		t.Errorf("a second first record: %v", err)
	}
	appendTo(t, l, Entry{Subject: "cases.2", ID: "c"}) // another subject changes nothing
	second := appendTo(t, l, Entry{Subject: "cases.1", ID: "d", After: &first})
	if _, err := l.Append(t.Context(), Entry{Subject: "cases.1", ID: "e", After: &first}); !errors.Is(err, ErrConflict) {
		t.Errorf("after an old record: %v", err)
	}
	// The retry of a write whose answer was lost is no conflict with itself, also once others followed.
	appendTo(t, l, Entry{Subject: "cases.1", ID: "f", After: &second})
	if again := appendTo(t, l, Entry{Subject: "cases.1", ID: "d", After: &first}); again != second {
		t.Errorf("retry stored %d, first was %d", again, second)
	}
	if got := ids(t, l, "cases.>", 0); !slices.Equal(got, []string{"a", "c", "d", "f"}) {
		t.Errorf("stored %v", got)
	}
}

func TestAppendOnce(t *testing.T) {
	dir := t.TempDir()
	e := openIn(t, dir)
	seq := appendTo(t, e.Ledger(), Entry{Subject: "ledger.1", ID: "a"})
	if again := appendTo(t, e.Ledger(), Entry{Subject: "ledger.1", ID: "a"}); again != seq {
		t.Errorf("same ID: %d and %d", seq, again)
	}
	shutDown(t, e)
	e = openIn(t, dir)
	if again := appendTo(t, e.Ledger(), Entry{Subject: "ledger.1", ID: "a"}); again != seq {
		t.Errorf("same ID after a restart: %d and %d", seq, again)
	}
}

func TestAppendAll(t *testing.T) {
	l := openIn(t, t.TempDir()).Ledger()
	var all []Entry
	var want []string
	for i := range 2345 {
		id := fmt.Sprint(i)
		all, want = append(all, Entry{Subject: "ledger.x", ID: id, Data: []byte(id)}), append(want, id)
	}
	// Some are stored already, and the cut was another one: nothing twice, nothing missing.
	if err := l.AppendAll(t.Context(), all[:500]); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := l.AppendAll(t.Context(), all); err != nil {
			t.Fatal(err)
		}
	}
	got := ids(t, l, "ledger.>", 0)
	slices.SortFunc(got, func(a, b string) int { return len(a)*1e6 - len(b)*1e6 + strings.Compare(a, b) })
	if !slices.Equal(got, want) {
		t.Errorf("%d records of %d", len(got), len(want))
	}
}

func TestAppendAllIsAllOrNothing(t *testing.T) {
	l := openIn(t, t.TempDir()).Cases()
	appendTo(t, l, Entry{Subject: "cases.2", ID: "x"})
	err := l.AppendAll(t.Context(), []Entry{
		{Subject: "cases.1", ID: "a"},
		{Subject: "cases.2", ID: "b", After: new(uint64(0))},
		{Subject: "cases.3", ID: "c"},
	})
	if !errors.Is(err, ErrConflict) {
		t.Errorf("conflict in the middle: %v", err)
	}
	if got := ids(t, l, "cases.>", 0); !slices.Equal(got, []string{"x"}) {
		t.Errorf("stored %v", got)
	}
}

func TestAppendRefuses(t *testing.T) {
	e := openIn(t, t.TempDir())
	for _, c := range []struct {
		name string
		en   Entry
		want string
	}{
		{"empty subject", Entry{}, "subject is empty"},
		{"another log's subject", Entry{Subject: "cases.1"}, "must begin with alerts."},
		{"realm twice", Entry{Subject: "live.alerts.P.1"}, "must begin with alerts."},
		{"head alone", Entry{Subject: "alerts"}, "must begin with alerts."},
		{"wildcard", Entry{Subject: "alerts.*.1"}, "'*'"},
		{"all", Entry{Subject: "alerts.>"}, "'>'"},
		{"space", Entry{Subject: "alerts.P 1"}, "' '"},
		{"empty part", Entry{Subject: "alerts..1"}, "empty part"},
		{"long", Entry{Subject: "alerts." + strings.Repeat("a", 300)}, "250 are allowed"},
		{"big", Entry{Subject: "alerts.P.1", Data: make([]byte, maxPayload)}, "are allowed"},
		{"long ID", Entry{Subject: "alerts.P.1", ID: strings.Repeat("a", 600)}, "512 are allowed"},
		{"header break in the ID", Entry{Subject: "alerts.P.1", ID: "a\r\nNats-Rollup: all"}, "ID holds"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := e.Alerts().Append(t.Context(), c.en); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v does not say %q", err, c.want)
			}
		})
	}
	if head, err := e.Alerts().Head(t.Context()); err != nil || head != 0 {
		t.Errorf("something was stored: %d, %v", head, err)
	}
}

func TestStreamsRefuseLoss(t *testing.T) {
	e := openIn(t, t.TempDir())
	appendTo(t, e.Cases(), Entry{Subject: "cases.1", ID: "a"})
	appendTo(t, e.Ledger(), Entry{Subject: "ledger.1", ID: "a"})
	appendTo(t, e.Alerts(), Entry{Subject: "alerts.P.1", ID: "a"})
	for _, l := range []*Log{e.Cases(), e.Ledger()} {
		if err := l.Erase(t.Context(), l.heads[0]+".1"); err == nil {
			t.Errorf("%s let a record be erased", l.stream)
		}
	}
	for _, l := range []*Log{e.Cases(), e.Ledger(), e.Alerts()} {
		if err := e.handles[l.stream].Purge(t.Context()); err == nil {
			t.Errorf("%s was purged", l.stream)
		}
		if n := len(ids(t, l, ">", 0)); n != 1 {
			t.Errorf("%s holds %d records", l.stream, n)
		}
	}
}

func TestOpenRefusesAStreamThatWouldLose(t *testing.T) {
	dir := t.TempDir()
	e := openIn(t, dir)
	cfg := e.handles[streamSubscribers].CachedInfo().Config
	cfg.MaxMsgsPerSubject = 1
	if _, err := master(t, e).UpdateStream(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	shutDown(t, e)
	_, err := Open(t.Context(), Options{Dir: dir, Realm: "live"})
	if err == nil || !strings.Contains(err.Error(), "SUBSCRIBERS: its setting max_msgs_per_subject is 1 and must be -1") {
		t.Errorf("open: %v", err)
	}
}
