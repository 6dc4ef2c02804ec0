package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/stream"
	"tocsin/internal/stream/streamtest"
)

// act takes records under "cases." as acts: their data is the kind.
func act(rec stream.Record) (Event, bool) {
	if bytes.HasPrefix(rec.Data, []byte("draft")) {
		return Event{}, false
	}
	return Event{Kind: string(rec.Data), At: rec.Time, By: "anna", About: rec.Subject}, true
}

// started is a running record on store and source; it ends with the test.
func started(t *testing.T, store Store, source Source) *Log {
	t.Helper()
	l, err := New(t.Context(), store, source, nil, act)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = l.Run(t.Context()) }()
	return l
}

func exported(t *testing.T, l *Log) (string, Summary) {
	t.Helper()
	var out strings.Builder
	s, err := l.Write(t.Context(), &out)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), s
}

func kinds(events []Event) string {
	var all []string
	for _, e := range events {
		all = append(all, e.Kind)
	}
	return strings.Join(all, " ")
}

// What is noted and what happens on the source are one chain, which survives a
// restart and takes each act once.
func TestRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, cases := new(streamtest.Memory), new(streamtest.Memory)
		add := func(data string) {
			t.Helper()
			if _, err := cases.Append(t.Context(), stream.Entry{Subject: "cases.1", Data: []byte(data)}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		add("before")
		l := started(t, store, cases)
		synctest.Wait()
		l.Note(t.Context(), Event{Kind: SignedIn, By: "anna", Network: "192.0.2.0/24"})
		add("draft")
		add("released")
		again, err := New(t.Context(), store, cases, nil, act)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		go func() { _ = again.Run(ctx) }()
		synctest.Wait()
		stop()
		text, sum := exported(t, again)
		got, err := Verify(strings.NewReader(text))
		if err != nil || got.Entries != 3 || got.Head != sum.Head || got.Head != again.Look(Filter{}, 1).Head {
			t.Fatalf("verified: %+v, %v; written: %+v\n%s", got, err, sum, text)
		}
		if p := again.Look(Filter{}, 10); kinds(p.Events) != "released signed_in before" || p.Events[0].Source != 3 || len(p.Events[0].Hash) != 64 {
			t.Errorf("read back: %+v", p.Events)
		}
	})
}

// Two nodes keep one chain: no entry is lost, none is there twice.
func TestTwoNodes(t *testing.T) {
	e := streamtest.Embedded(t, alert.Drill)
	one, two := started(t, e.Audit(), e.Cases()), started(t, e.Audit(), e.Cases())
	const each = 20
	done := make(chan struct{}, 2)
	for who, l := range map[string]*Log{"one": one, "two": two} {
		go func() {
			for i := range each {
				l.Note(t.Context(), Event{Kind: SignedIn, By: fmt.Sprint(who, i)})
			}
			done <- struct{}{}
		}()
	}
	for i := range each {
		if _, err := e.Cases().Append(t.Context(), stream.Entry{Subject: "cases.1", Data: fmt.Appendf(nil, "act%d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	<-done
	<-done
	for l := range slices.Values([]*Log{one, two}) {
		for l.Look(Filter{}, 1).Entries < 3*each {
			if t.Context().Err() != nil {
				t.Fatal("the acts of the source were not taken")
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	text, _ := exported(t, one)
	sum, err := Verify(strings.NewReader(text))
	if err != nil || sum.Entries != 3*each {
		t.Fatalf("%+v, %v", sum, err)
	}
	seen := map[string]int{}
	for line := range strings.Lines(text) {
		var ev Event
		if err := json.Unmarshal([]byte(line), &ev); err != nil {
			t.Fatal(err)
		}
		seen[fmt.Sprint(ev.Kind, ev.By, ev.Source)]++
	}
	for what, n := range seen {
		if n != 1 {
			t.Errorf("%s is %d times in the chain", what, n)
		}
	}
	if len(seen) != 3*each {
		t.Errorf("%d acts, want %d", len(seen), 3*each)
	}
}

// A stream that does not answer holds nobody up for long, and what was noted meanwhile is not lost.
func TestStreamAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := new(streamtest.Memory)
		var back atomic.Bool
		store.Fault = func(stream.Entry) error {
			if back.Load() {
				return nil
			}
			return stream.ErrUnavailable
		}
		l := started(t, store, nil)
		begun := time.Now()
		l.Note(t.Context(), Event{Kind: SignedIn, By: "anna"})
		if took := time.Since(begun); took != patience {
			t.Errorf("waited %v", took)
		}
		back.Store(true)
		time.Sleep(2 * pause)
		l.Note(t.Context(), Event{Kind: SignedOut, By: "anna"})
		if p := l.Look(Filter{}, 10); kinds(p.Events) != "signed_out signed_in" {
			t.Errorf("recorded: %s", kinds(p.Events))
		}
	})
}

// An entry whose answer was lost is stored once.
func TestLostAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &lossy{Memory: new(streamtest.Memory), lose: 1}
		l, err := New(t.Context(), store, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		go l.drain(t.Context()) // without the follower, which would hear of it by itself
		l.Note(t.Context(), Event{Kind: SignedIn, By: "anna"})
		time.Sleep(3 * pause)
		if n := len(store.Records()); n != 1 {
			t.Errorf("stored %d times", n)
		}
	})
}

// lossy stores, and loses so many answers.
type lossy struct {
	*streamtest.Memory
	lose int
}

func (s *lossy) Append(ctx context.Context, en stream.Entry) (uint64, error) {
	seq, err := s.Memory.Append(ctx, en)
	if err == nil && s.lose > 0 {
		s.lose--
		return 0, stream.ErrUnavailable
	}
	return seq, err
}

// Who asks over and over fills neither the disk nor the page; how often it was is
// told. One kind takes nothing from another's allowance.
func TestCheapActs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := started(t, new(streamtest.Memory), nil)
		for i, kind := range []string{SignInFailed, Throttled, SessionEnded} {
			for range 3 * cheapAtOnce {
				l.Note(t.Context(), Event{Kind: kind})
			}
			if n := l.Look(Filter{}, 1).Entries; n != uint64(i+1)*cheapAtOnce {
				t.Errorf("%d entries after 300 of %s, want %d", n, kind, (i+1)*cheapAtOnce)
			}
		}
		time.Sleep(cheapEvery)
		l.Note(t.Context(), Event{Kind: SessionEnded})
		if p := l.Look(Filter{}, 1); p.Events[0].More != 2*cheapAtOnce {
			t.Errorf("the next tells of %d", p.Events[0].More)
		}
		for range 2 * cheapAtOnce {
			l.Note(t.Context(), Event{Kind: Exported})
		}
		if n := len(l.Look(Filter{Kinds: []string{Exported}}, 3*cheapAtOnce).Events); n != 2*cheapAtOnce {
			t.Errorf("%d of %d exports are noted", n, 2*cheapAtOnce)
		}
	})
}

// What a stranger may have put into an entry is cut, and shows what it holds.
func TestBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := new(streamtest.Memory)
		l := started(t, store, nil)
		l.Note(t.Context(), Event{
			Kind: SignedIn, By: strings.Repeat("ж", 500), About: "a\u202eb\nc", Detail: strings.Repeat("<", 5000),
		})
		ev := l.Look(Filter{}, 1).Events[0]
		if len([]rune(ev.By)) != maxWord || ev.About != "abc" || len([]rune(ev.Detail)) != maxDetail {
			t.Errorf("stored %+v", ev)
		}
		if n := len(store.Records()[0].Data); n > maxLine*3/4 {
			t.Errorf("an entry of %d bytes", n)
		}
	})
}

// A change of the largest jurisdiction is told whole: what was before stands at its end.
func TestLargestJurisdiction(t *testing.T) {
	area := func(country string) string { return strings.Repeat(" "+country+"-ABC", 100) }
	detail := "rights: author, approver, admin, auditor in" + area("BE") + ", before: author, approver, admin, auditor in" + area("FR")
	if e := (Event{Detail: detail}).bounded(); e.Detail != detail {
		t.Errorf("of %d characters %d are kept", len(detail), len(e.Detail))
	}
}

func TestLook(t *testing.T) {
	day := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	l := &Log{}
	for i, e := range []Event{
		{Kind: "officer_added", By: "root", About: "anna"},
		{Kind: SignedIn, By: "anna"},
		{Kind: SignedIn, By: "bram"},
		{Kind: "case_released", By: "bram", About: "C1"},
		{Kind: "officer_revoked", By: "root", About: "anna"},
	} {
		e.N, e.At = uint64(i+1), day.Add(time.Duration(i)*10*time.Hour)
		l.recent = append(l.recent, e)
		l.links.Len = e.N
	}
	for name, tt := range map[string]struct {
		f     Filter
		limit int
		want  string
		more  bool
	}{
		"all, newest first":    {Filter{}, 9, "officer_revoked case_released signed_in signed_in officer_added", false},
		"a page":               {Filter{}, 2, "officer_revoked case_released", true},
		"the page before":      {Filter{Before: 4}, 2, "signed_in signed_in", true},
		"an officer, and whom": {Filter{Officer: "anna"}, 9, "officer_revoked signed_in officer_added", false},
		"a group of kinds":     {Filter{Kinds: []string{"officer_"}}, 9, "officer_revoked officer_added", false},
		"one kind":             {Filter{Kinds: []string{SignedIn, Throttled}}, 9, "signed_in signed_in", false},
		"a day":                {Filter{From: day.AddDate(0, 0, 1), Until: day.AddDate(0, 0, 2)}, 9, "officer_revoked case_released", false},
		"nobody":               {Filter{Officer: "carla"}, 9, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			if p := l.Look(tt.f, tt.limit); kinds(p.Events) != tt.want || p.More != tt.more || p.Forgotten {
				t.Errorf("%q, more %v, forgotten %v", kinds(p.Events), p.More, p.Forgotten)
			}
		})
	}
	l.recent = l.recent[2:]
	if p := l.Look(Filter{}, 9); !p.Forgotten || p.Entries != 5 {
		t.Errorf("older entries are not told of: %+v", p)
	}
}

// Each kind of damage to an exported record is found, and where.
func TestVerify(t *testing.T) {
	var text string
	var head string
	synctest.Test(t, func(t *testing.T) {
		l := started(t, new(streamtest.Memory), nil)
		for i := range 5 {
			l.Note(t.Context(), Event{Kind: SignedIn, By: fmt.Sprint("officer", i)})
		}
		var sum Summary
		text, sum = exported(t, l)
		head = sum.Head
	})
	lines := slices.Collect(strings.Lines(text))
	joined := func(part ...[]string) string { return strings.Join(slices.Concat(part...), "") }
	for name, tt := range map[string]struct{ text, line string }{
		"a changed byte":   {strings.Replace(text, "officer2", "officer9", 1), "line 4:"},
		"a removed middle": {joined(lines[:2], lines[3:]), "line 3:"},
		"a removed first":  {joined(lines[1:]), "line 1:"},
		"two reordered":    {joined(lines[:1], lines[2:3], lines[1:2], lines[3:]), "line 2:"},
		"one twice":        {joined(lines[:2], lines[1:]), "line 3:"},
		"one slipped in":   {joined(lines[:4], []string{strings.Replace(lines[4], "officer4", "mallory", 1)}, lines[4:]), "line 6:"},
		"another number":   {strings.Replace(text, `{"n":5,`, `{"n":7,`, 1), "line 5:"},
		"no entry":         {joined(lines[:3], []string{"hello\n"}), "line 4:"},
		"an endless line":  {joined(lines[:1], []string{strings.Repeat("a", maxLine+1)}), "line 2"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Verify(strings.NewReader(tt.text)); !errors.Is(err, ErrBroken) || !strings.Contains(err.Error(), tt.line) {
				t.Errorf("%v, want %s", err, tt.line)
			}
		})
	}
	whole, err := Verify(strings.NewReader(text))
	if err != nil || whole.Head != head || whole.Entries != 5 || whole.Last.Before(whole.First) {
		t.Errorf("the whole one: %+v, %v", whole, err)
	}
	for name, cut := range map[string]string{"a cut tail": joined(lines[:4]), "a changed newest": strings.Replace(text, "officer4", "officer9", 1)} {
		if sum, err := Verify(strings.NewReader(cut)); err != nil || sum.Head == head {
			t.Errorf("%s does not show by its head: %v", name, err)
		}
	}
}

// A chain that somebody damaged on the stream is told of, and goes on: what stands
// after the break is shown, and no act of the source is taken a second time.
func TestDamagedStream(t *testing.T) {
	for name, entry := range map[string]Event{
		"another link":   {N: 2, Kind: SignedOut, By: "anna", Prev: "nothing"},
		"another number": {N: 7, Kind: SignedOut, By: "anna", Prev: "nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { testDamaged(t, entry) })
		})
	}
}

func testDamaged(t *testing.T, forged Event) {
	store, cases := new(streamtest.Memory), new(streamtest.Memory)
	add := func(log *streamtest.Memory, subject, data string) {
		t.Helper()
		if _, err := log.Append(t.Context(), stream.Entry{Subject: subject, Data: []byte(data)}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
	}
	l := started(t, store, nil)
	l.Note(t.Context(), Event{Kind: SignedIn, By: "anna"})
	add(cases, "cases.1", "released")
	forged.Source = 1 // the entry of this act, as it was before somebody changed it
	raw, err := json.Marshal(forged)
	if err != nil {
		t.Fatal(err)
	}
	add(store, subject, string(raw))
	again := started(t, store, cases)
	synctest.Wait()
	if p := again.Look(Filter{}, 9); !errors.Is(p.Fault, ErrBroken) || !strings.Contains(p.Fault.Error(), "entry 2") ||
		kinds(p.Events) != "signed_out signed_in" {
		t.Errorf("%+v, fault: %v", p.Events, p.Fault)
	}
	add(cases, "cases.1", "withdrawn")
	again.Note(t.Context(), Event{Kind: SignedIn, By: "bram"})
	if p := again.Look(Filter{}, 9); kinds(p.Events) != "signed_in withdrawn signed_out signed_in" || p.Events[0].N != 4 {
		t.Errorf("after the damage: %+v", p.Events)
	}
}
