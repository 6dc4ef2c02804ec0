package exercise

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/casework"
	"tocsin/internal/criteria"
	"tocsin/internal/ledger"
	"tocsin/internal/stream"
	"tocsin/internal/stream/streamtest"
)

var channels = []string{"webpush", "sms", "broadcast", "website"}

// known are the alerts of tests, by case id.
type known map[string]casework.Case

func (k known) Get(id string) (casework.Case, error) {
	if c, ok := k[id]; ok {
		return c, nil
	}
	return casework.Case{}, casework.ErrNotFound
}

func where() Where {
	return Where{
		Area: alert.Area{Code: "BE-BRU", Names: map[alert.Lang]string{alert.English: "Brussels"}}, TimeZone: "Europe/Brussels",
		Languages: alert.Langs,
	}
}

// The example can be released as it stands, in every language, with and without the agency's own settings.
func TestExampleIsWhole(t *testing.T) {
	now := time.Now()
	// Late in the evening in UTC: in Brussels, where the public reads it, it is the next day.
	test := Test{ID: "2026-11-24", Plan: Plan{At: time.Date(2026, 11, 24, 23, 30, 0, 0, time.UTC)}}
	own := where()
	own.Phone = "+3225550199"
	for name, d := range map[string]alert.Facts{
		"test":         test.Draft(own, now).Facts,
		"own settings": test.Draft(Where{Area: where().Area, TimeZone: "UTC", Languages: []alert.Lang{alert.French}, Phone: "+3225544000", Authority: "Police fédérale"}, now).Facts,
	} {
		if faults := d.Validate(now); len(faults) > 0 {
			t.Errorf("%s: %v", name, faults)
		}
		for _, l := range d.Languages {
			if !strings.Contains(d.Note[l], "2026-11-25") {
				t.Errorf("%s: the words in %s do not say which test it is: %q", name, l, d.Note[l])
			}
		}
	}
	// Nobody is told to call the hotline of real children: without a number of its own a test is not whole.
	without := test.Draft(where(), now)
	if faults := without.Facts.Validate(now); len(faults) != 1 || faults[0].Field != "contact.phone" {
		t.Errorf("without a number: %v", faults)
	}
	e := Example(where(), now, "token")
	e.Facts.Expires = now.Add(time.Hour)
	if faults := e.Facts.Validate(now); len(faults) > 0 || e.Facts.Children[0].Photo != "token" {
		t.Errorf("the example of a practice: %v", faults)
	}
	for _, set := range criteria.Examples() {
		at := where()
		at.Criteria = set
		a := Example(at, now, "").Criteria
		if unmet, faults := set.Unmet(a), set.Faults(a); len(unmet) > 0 || len(faults) > 0 {
			t.Errorf("the example's answers to %s: %v %v", set.ID, unmet, faults)
		}
	}
	if png, err := Portrait(Brown, Red); err != nil || len(png) < 1000 {
		t.Errorf("%d bytes of picture, %v", len(png), err)
	}
}

// A test from its plan to its report, on a log that a second book reads.
func TestBook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &streamtest.Memory{}
		a, b := NewBook(log, known{}, channels), NewBook(log, known{}, channels)
		ctx := t.Context()
		day := time.Now().UTC().Truncate(time.Minute).Add(30 * 24 * time.Hour)
		p := Plan{At: day, Channels: []string{"sms", "broadcast", "sms"}, Note: " all stations ", By: "anna"}
		planned, err := a.Plan(ctx, p)
		if err != nil || planned.ID != day.Format(time.DateOnly) || planned.Note != "all stations" || !slices.Equal(planned.Channels, []string{"broadcast", "sms"}) {
			t.Fatalf("planned: %+v, %v", planned, err)
		}
		p.At = day.Add(time.Hour)
		if _, err := b.Plan(ctx, p); err != nil {
			t.Fatal(err) // changing the hour is planning the same day anew
		}
		if got, err := a.Get(ctx, planned.ID); err != nil || !got.At.Equal(p.At) {
			t.Errorf("the other book: %+v, %v", got, err)
		}
		wantStage(t, "closing before the beginning", a, func() error { _, err := a.Close(ctx, planned.ID, Report{}); return err })
		if _, err := a.Begin(ctx, planned.ID, "CASE1", "anna"); err != nil {
			t.Fatal(err)
		}
		wantStage(t, "beginning twice", b, func() error { _, err := b.Begin(ctx, planned.ID, "CASE2", "bram"); return err })
		wantStage(t, "planning what has begun", b, func() error { _, err := b.Plan(ctx, p); return err })
		wantStage(t, "calling off what has begun", b, func() error { _, err := b.Cancel(ctx, planned.ID, "bram", "rain"); return err })
		r := Report{Case: "CASE1", Released: day, By: "anna", Lines: []Line{{Name: "Radio"}}}
		if _, err := b.Close(ctx, planned.ID, r); err != nil {
			t.Fatal(err)
		}
		got, err := NewBook(log, known{}, nil).Get(ctx, planned.ID)
		if err != nil || got.Report == nil || got.Report.Lines[0].Name != "Radio" || got.Stage(time.Now()) != Reported {
			t.Errorf("after a restart: %+v, %v", got, err)
		}
		for _, id := range []string{"", ">", "*", "2026-13-01", "x"} {
			if _, err := a.Get(ctx, id); !errors.Is(err, ErrNone) {
				t.Errorf("test %q: %v", id, err)
			}
		}
	})
}

// What began and came to nothing holds no day up: a rejected alert is begun
// again, one that nobody releases is called off.
func TestABeginningThatCameToNothing(t *testing.T) {
	ctx, cases := t.Context(), known{"CASE1": {Stage: casework.StageDraft}}
	b := NewBook(&streamtest.Memory{}, cases, channels)
	p := Plan{At: time.Now().Add(48 * time.Hour), Channels: channels, By: "anna"}
	test := must(b.Plan(ctx, p))(t)
	must(b.Begin(ctx, test.ID, "CASE1", "anna"))(t)
	wantStage(t, "beginning again while it is drafted", b, func() error { _, err := b.Begin(ctx, test.ID, "CASE2", "anna"); return err })
	cases["CASE1"] = casework.Case{Stage: casework.StageRejected}
	if got := must(b.Get(ctx, test.ID))(t); got.Case != "" || got.Stage(time.Now()) != Due {
		t.Errorf("rejected: %+v", got)
	}
	if got := must(b.Begin(ctx, test.ID, "CASE2", "anna"))(t); got.Case != "CASE2" {
		t.Errorf("begun again: %+v", got)
	}
	wantStage(t, "calling off what this node does not know", b, func() error { _, err := b.Cancel(ctx, test.ID, "bram", "rain"); return err })
	cases["CASE2"] = casework.Case{Stage: casework.StageReleased, Released: time.Now()}
	wantStage(t, "calling off what has gone out", b, func() error { _, err := b.Cancel(ctx, test.ID, "bram", "rain"); return err })
	cases["CASE2"] = casework.Case{Stage: casework.StageDraft}
	if got := must(b.Cancel(ctx, test.ID, "bram", "nobody releases it"))(t); got.Stage(time.Now()) != Cancelled {
		t.Errorf("called off: %+v", got)
	}
	if got := must(b.Plan(ctx, p))(t); got.Case != "" || got.Cancelled != "" {
		t.Errorf("planned anew: %+v", got)
	}
	must(b.Begin(ctx, test.ID, "CASE3", "anna"))(t)
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// The list of cases asks at every look: it never waits for a log that hangs, and
// a log that fails is asked once a minute.
func TestTheReminderWaitsForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &stuck{Memory: &streamtest.Memory{}, wait: make(chan struct{})}
		b := NewBook(log, known{}, channels)
		first := make(chan error)
		go func() { _, _, err := b.Remind(t.Context()); first <- err }()
		synctest.Wait()
		if _, ok, err := b.Remind(t.Context()); ok || err != nil { // while the first one reads
			t.Errorf("before anything is known: %v %v", ok, err)
		}
		log.err = errors.New("no leader")
		close(log.wait)
		if err := <-first; err == nil {
			t.Error("the failure is not told to who asked")
		}
		for range 5 {
			if _, _, err := b.Remind(t.Context()); err != nil {
				t.Error("asked again at once:", err)
			}
		}
		log.err = nil
		time.Sleep(rememberFor + time.Second)
		if r, ok, err := b.Remind(t.Context()); !ok || !r.Missing || err != nil || log.reads != 2 {
			t.Errorf("a minute later: %+v %v %v, %d readings", r, ok, err, log.reads)
		}
	})
}

// stuck is a log that reads once wait is closed, and then perhaps fails.
type stuck struct {
	*streamtest.Memory
	wait  chan struct{}
	err   error
	reads int
}

func (s *stuck) Read(ctx context.Context, filter string, after uint64) iter.Seq2[stream.Record, error] {
	s.reads++
	<-s.wait
	if s.err != nil {
		return func(yield func(stream.Record, error) bool) { yield(stream.Record{}, s.err) }
	}
	return s.Memory.Read(ctx, filter, after)
}

func wantStage(t *testing.T, what string, _ *Book, act func() error) {
	t.Helper()
	if err := act(); !errors.Is(err, ErrStage) {
		t.Errorf("%s: %v, want a refusal", what, err)
	}
}

// Two officers begin the same test at once: one of them does.
func TestOneBeginning(t *testing.T) {
	log := &streamtest.Memory{}
	b := NewBook(log, known{}, channels)
	p, err := b.Plan(t.Context(), Plan{At: time.Now().Add(48 * time.Hour), Channels: channels, By: "anna"})
	if err != nil {
		t.Fatal(err)
	}
	raced := false
	log.Fault = func(en stream.Entry) error { // a colleague on another node is a moment faster
		if raced {
			return nil
		}
		raced = true
		return stream.ErrConflict
	}
	if _, err := b.Begin(t.Context(), p.ID, "CASE1", "anna"); !errors.Is(err, stream.ErrConflict) {
		t.Errorf("the slower one: %v", err)
	}
}

func TestPlanFaults(t *testing.T) {
	now := time.Now()
	b := NewBook(&streamtest.Memory{}, known{}, channels)
	for field, p := range map[string]Plan{
		"at":       {Channels: channels},
		"channels": {At: now.Add(time.Hour)},
		"note":     {At: now.Add(time.Hour), Channels: channels, Note: strings.Repeat("x", maxNote+1)},
	} {
		wantFault(t, b, field, p)
	}
	wantFault(t, b, "at", Plan{At: now.Add(-time.Hour), Channels: channels})
	wantFault(t, b, "at", Plan{At: now.Add(farthest + 48*time.Hour), Channels: channels})
	wantFault(t, b, "channels", Plan{At: now.Add(time.Hour), Channels: []string{"pigeon"}})
	if _, err := b.Cancel(t.Context(), "2026-11-25", "anna", " "); err == nil {
		t.Error("called off without a reason")
	}
}

func wantFault(t *testing.T, b *Book, field string, p Plan) {
	t.Helper()
	_, err := b.Plan(t.Context(), p)
	v, ok := errors.AsType[alert.Invalid](err)
	if !ok || !slices.ContainsFunc(v, func(f alert.Fault) bool { return f.Field == field && f.Text != "" }) {
		t.Errorf("%+v: %v, want a fault of %s", p, err, field)
	}
}

// The reminder comes two weeks before, stays while the day is overdue, and says when none is planned.
func TestRemind(t *testing.T) {
	day := time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)
	plan := Test{ID: "2026-11-25", Plan: Plan{At: day}}
	running, reported, off := plan, plan, plan
	running.Case, reported.Case, reported.Report, off.Cancelled = "CASE1", "CASE1", &Report{}, "rain"
	for _, c := range []struct {
		name    string
		tests   []Test
		now     time.Time
		want    Stage
		ok      bool
		missing bool
	}{
		{"15 days before", []Test{plan}, day.Add(-15 * 24 * time.Hour), "", false, false},
		{"14 days before", []Test{plan}, day.Add(-14 * 24 * time.Hour), Due, true, false},
		{"the next morning", []Test{plan}, day.Add(20 * time.Hour), Overdue, true, false},
		{"under way", []Test{running}, day.Add(time.Hour), Running, true, false},
		{"done", []Test{reported}, day.Add(24 * time.Hour), "", false, false},
		{"called off, and none before", []Test{off}, day, "", true, true},
		{"none ever", nil, day, "", true, true},
		{"half a year and two weeks later", []Test{reported}, day.Add(Every + time.Hour), "", true, true},
	} {
		r, ok := Remind(c.tests, c.now)
		if ok != c.ok || r.Missing != c.missing && ok || ok && !r.Missing && r.Test.Stage(c.now) != c.want {
			t.Errorf("%s: %v %+v", c.name, ok, r)
		}
	}
}

// boards are an alert with a station that confirms, one that is silent, a
// partner that fails, and 10,000 phones; then the withdrawal.
func boards(released time.Time) []ledger.Board {
	return []ledger.Board{
		{
			Revision: 1, MsgType: alert.TypeAlert, Released: released,
			Channels: []ledger.Totals{
				{Channel: "broadcast", Title: "Broadcasters", Recipients: 2, Accepted: 1, Sent: 1, FirstMS: 41, LastMS: 41},
				{Channel: "sms", Title: "SMS", Recipients: 10_000, Accepted: 9_990, Failed: 10, FirstMS: 300, LastMS: 9_000},
				{Channel: "website", Title: "Partner websites", Recipients: 1, Failed: 1, FirstMS: -1, LastMS: -1},
			},
			Rows: []ledger.Row{
				{Channel: "broadcast", Recipient: "st-1", Name: "La Première", State: adapter.Received, Millis: 41},
				{Channel: "broadcast", Recipient: "st-2", Name: "=cmd()", State: adapter.Sent, Millis: 12},
				{Channel: "website", Recipient: "w-1", Name: "La Gazette", State: adapter.Failed, Millis: 800, Reason: "it answered 500"},
				{Channel: "sms", Recipient: "s-17", State: adapter.Failed},
			},
		},
		{Revision: 2, MsgType: alert.TypeCancel, Released: released.Add(time.Hour), Rows: []ledger.Row{
			{Channel: "broadcast", Recipient: "st-1", Name: "La Première", State: adapter.Removed, Millis: 520},
		}},
	}
}

func TestMeasure(t *testing.T) {
	now := time.Now()
	test := Test{ID: "2026-11-25", Case: "CASE1", Plan: Plan{Channels: []string{"broadcast", "sms"}}}
	r := Measure(test, boards(now), now, "anna")
	if len(r.Channels) != 2 || r.Channels[1].Reached != 9_990 || r.Channels[0].Silent != 1 {
		t.Errorf("channels: %+v", r.Channels)
	}
	want := []Line{
		{Channel: "broadcast", Recipient: "st-2", Name: "=cmd()", State: adapter.Sent, MS: -1, RemovedMS: -1, Silent: true},
		{Channel: "broadcast", Recipient: "st-1", Name: "La Première", State: adapter.Received, MS: 41, RemovedMS: 520},
	}
	if !slices.Equal(r.Lines, want) {
		t.Errorf("lines: %+v", r.Lines)
	}
	if r := Measure(test, nil, now, "anna"); !r.Released.IsZero() || len(r.Lines) != 0 {
		t.Errorf("before the release: %+v", r)
	}
}

// The table, byte for byte, beside the last test's; a name that a spreadsheet would run stays a name.
func TestCSV(t *testing.T) {
	now := time.Now()
	test := Test{ID: "2026-11-25", Plan: Plan{Channels: []string{"broadcast", "website"}}}
	r, before := Measure(test, boards(now), now, "anna"), Measure(test, boards(now), now, "anna")
	before.Channels[0].LastMS, before.Lines[1].MS = 35, 900
	var out strings.Builder
	if err := r.CSV(&out, test.ID, &before); err != nil {
		t.Fatal(err)
	}
	const want = `part,test,channel,recipient,name,state,recipients,reached,silent,failed,first_ms,last_ms,removed_ms,last_test_ms,reason
channel,2026-11-25,broadcast,,Broadcasters,,2,1,1,0,41,41,,35,
channel,2026-11-25,website,,Partner websites,,1,0,0,1,,,,,
recipient,2026-11-25,broadcast,st-2,'=cmd(),sent,,,1,,,,,,
recipient,2026-11-25,website,w-1,La Gazette,failed,,,0,,,,,900,it answered 500
recipient,2026-11-25,broadcast,st-1,La Première,received,,,0,,41,41,520,41,
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	out.Reset()
	if err := r.CSV(&out, test.ID, nil); err != nil || !strings.Contains(out.String(), "La Première,received,,,0,,41,41,520,,\n") {
		t.Errorf("without a last test: %v\n%s", err, out.String())
	}
}

func TestLast(t *testing.T) {
	all := []Test{{ID: "2026-11-25"}, {ID: "2026-05-20", Report: &Report{}}, {ID: "2025-11-20", Report: &Report{}}, {ID: "2027-05-01", Report: &Report{}}}
	if got, ok := Last(all, all[0]); !ok || got.ID != "2026-05-20" {
		t.Errorf("%v %s", ok, got.ID)
	}
	if _, ok := Last(all, all[2]); ok {
		t.Error("the first test is compared with one")
	}
}
