package casework

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
)

// practice is a practice of erik's that waits for release.
func practice(t *testing.T, s *Service) (Case, Preview) {
	t.Helper()
	c := must[Case](t)(s.Practise(t.Context(), erik, draft()))
	c = must[Case](t)(s.Submit(t.Context(), erik, c.ID))
	return c, must[Preview](t)(s.Preview(t.Context(), c.ID))
}

// One person walks a practice from end to end, and nothing leaves: no message,
// no photo kept, nothing that a restarted process could publish.
func TestPracticeGoesNowhere(t *testing.T) {
	w := newWorld()
	s := w.boot(t)
	c := must[Case](t)(s.Practise(t.Context(), erik, draft()))
	photo := must[string](t)(s.AddPhoto(t.Context(), erik, c.ID, strings.NewReader("photo")))
	d := c.Draft
	d.Facts.Children[0].Photo = photo
	c = must[Case](t)(s.Edit(t.Context(), erik, c.ID, c.Version, d))
	c = must[Case](t)(s.Submit(t.Context(), erik, c.ID))
	p := must[Preview](t)(s.Preview(t.Context(), c.ID))
	for range 2 { // the second press is no fault
		c = must[Case](t)(s.Release(t.Context(), erik, c.ID, p.Digest))
	}
	if c.Stage != StagePractised || c.Live != nil || c.Pending || c.Practice.Done.IsZero() || !c.Released.IsZero() {
		t.Errorf("after the release: %s, live %v, pending %v, %+v", c.Stage, c.Live, c.Pending, c.Practice)
	}
	again := w.boot(t)
	again.reconcile(t.Context())
	again.sweep(t.Context())
	if n := len(w.alerts.history); n != 0 {
		t.Errorf("%d messages on ALERTS after a practice, want none", n)
	}
	if left := w.objects.held(); len(left) != 0 {
		t.Errorf("kept after the practice: %v", left)
	}
	record := must[[]Event](t)(again.Record(t.Context(), c.ID))
	i := slices.IndexFunc(record, func(ev Event) bool { return ev.Kind == KindPractised })
	if i < 0 || !record[i].Alone || record[i].Message.CAP != nil || len(record[i].Reach) != 2 || len(record[i].Shown) == 0 {
		t.Errorf("the record does not say that one person practised, what and to how many: %+v", record)
	}
	for _, act := range []func() error{
		func() error { _, err := s.Edit(t.Context(), erik, c.ID, c.Version, d); return err },
		func() error { _, err := s.Submit(t.Context(), erik, c.ID); return err },
		func() error { _, err := s.Withdraw(t.Context(), erik, c.ID, alert.OutcomeFound, nil); return err },
		func() error { _, err := s.Preview(t.Context(), c.ID); return err },
	} {
		wantErr(t, act(), ErrStage)
	}
}

// The two-person rule gives way nowhere but where the drill's policy says so.
func TestWhoMayPractiseAlone(t *testing.T) {
	live := func(d *Deps) { d.Policy.Realm, d.Policy.Status = alert.Live, alert.StatusActual }
	always := func(d *Deps) { d.Policy.PractiseAlone = PractiseAlways }
	off := func(d *Deps) { d.Policy.PractiseAlone = PractiseOff }
	for _, c := range []struct {
		name     string
		change   func(*Deps)
		tour     bool // a practice can be begun
		ordinary bool // ben may release his own exercise alert
	}{
		{"tour", func(*Deps) {}, true, false},
		{"always", always, true, true},
		{"off", off, false, false},
		{"live", live, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newWorld().boot(t, c.change)
			_, err := s.Practise(t.Context(), ben, draft())
			if c.tour != (err == nil) || s.Practises() != c.tour {
				t.Errorf("beginning a practice: %v", err)
			}
			k := must[Case](t)(s.Draft(t.Context(), ben, draft()))
			k = must[Case](t)(s.Submit(t.Context(), ben, k.ID))
			_, err = s.Release(t.Context(), ben, k.ID, k.Digest)
			if c.ordinary != (err == nil) || err != nil && !errors.Is(err, ErrForbidden) {
				t.Errorf("releasing one's own exercise alert: %v", err)
			}
			if test, err := s.DraftFor(t.Context(), ben, "2026-11-25", draft()); err == nil { // there is none in live
				test = must[Case](t)(s.Submit(t.Context(), ben, test.ID))
				_, err = s.Release(t.Context(), ben, test.ID, test.Digest)
				wantErr(t, err, ErrForbidden) // two release a planned full test, whatever the policy
			}
			if c.ordinary {
				record := must[[]Event](t)(s.Record(t.Context(), k.ID))
				if !slices.ContainsFunc(record, func(ev Event) bool { return ev.Kind == KindReleased && ev.Alone }) {
					t.Error("the record does not say that one person released what he wrote")
				}
			}
		})
	}
	s := newWorld().boot(t)
	k, p := practice(t, s)
	for _, o := range []auth.Officer{anna, audit, {}} {
		_, err := s.Release(t.Context(), o, k.ID, p.Digest)
		wantErr(t, err, ErrForbidden)
	}
	_, err := s.Practise(t.Context(), cleo, draft())
	wantErr(t, err, ErrForbidden)
}

// Nobody outside the practice is asked, wherever it plays: nothing is sent there.
func TestAPracticeAsksNoNeighbour(t *testing.T) {
	s := newWorld().boot(t)
	solo := auth.Officer{ID: "solo", Roles: []auth.Role{auth.Author, auth.Approver}, Areas: []string{"BE-WHT"}}
	d := draft()
	d.Facts.Areas = []string{"BE-WHT", "FR-59"}
	c := must[Case](t)(s.Practise(t.Context(), solo, d))
	c = must[Case](t)(s.Submit(t.Context(), solo, c.ID))
	if len(c.Consents) > 0 {
		t.Errorf("a practice asks %v", c.OpenAreas())
	}
	if c = must[Case](t)(s.Release(t.Context(), solo, c.ID, c.Digest)); c.Stage != StagePractised {
		t.Errorf("the practice is %s", c.Stage)
	}
}

// A policy that would let one person release in the live realm does not start.
func TestPractisePolicy(t *testing.T) {
	for _, c := range []struct {
		realm  alert.Realm
		status alert.Status
		alone  PractisePolicy
		ok     bool
	}{
		{alert.Live, alert.StatusActual, "", true},
		{alert.Live, alert.StatusActual, PractiseOff, true},
		{alert.Live, alert.StatusActual, PractiseInTour, false},
		{alert.Live, alert.StatusTest, PractiseAlways, false},
		{alert.Drill, alert.StatusExercise, PractiseAlways, true},
		{alert.Drill, alert.StatusExercise, "sometimes", false},
	} {
		d := newWorld().deps(&plug{})
		d.Policy.Realm, d.Policy.Status, d.Policy.PractiseAlone = c.realm, c.status, c.alone
		if _, err := New(t.Context(), d); (err == nil) != c.ok {
			t.Errorf("%s with practise_alone %q: %v", c.realm, c.alone, err)
		}
	}
}

// A practice on the log of a live server, however it came there, is still never
// sent, and its author still may not release it.
func TestForgedPracticeInLive(t *testing.T) {
	w := newWorld()
	k, p := practice(t, w.boot(t))
	s := w.boot(t, func(d *Deps) { d.Policy.Realm, d.Policy.Status = alert.Live, alert.StatusActual })
	_, err := s.Release(t.Context(), erik, k.ID, p.Digest)
	wantErr(t, err, ErrForbidden)
	k = must[Case](t)(s.Edit(t.Context(), erik, k.ID, k.Version, draft()))
	k = must[Case](t)(s.Submit(t.Context(), erik, k.ID))
	k = must[Case](t)(s.Release(t.Context(), cleo, k.ID, must[Preview](t)(s.Preview(t.Context(), k.ID)).Digest))
	if k.Stage != StagePractised || len(w.alerts.history) != 0 {
		t.Errorf("%s, %d messages", k.Stage, len(w.alerts.history))
	}
}

// TestWalk: the record says where the time went.
func TestWalk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld().boot(t)
		k := must[Case](t)(s.Practise(t.Context(), erik, draft()))
		version := k.Version
		visit := func(by auth.Officer, page string, refused bool, stay time.Duration) {
			if err := s.Visit(t.Context(), by, k.ID, Visit{Page: page, Refused: refused}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(stay)
		}
		visit(erik, "what", false, 5*time.Second)
		visit(anna, "what", false, time.Second) // a colleague who looks on is no hesitation
		visit(erik, "children", false, 20*time.Second)
		visit(erik, "children", true, 10*time.Second)
		visit(erik, "what", false, time.Second)
		k = must[Case](t)(s.Submit(t.Context(), erik, k.ID))
		if k.Practice.Page != "what" || k.Practice.Visits != 4 {
			t.Errorf("progress: %+v", k.Practice)
		}
		if _, ok := WalkOf(must[[]Event](t)(s.Record(t.Context(), k.ID))); ok {
			t.Error("a practice that goes on is told as finished")
		}
		must[Case](t)(s.Release(t.Context(), erik, k.ID, must[Preview](t)(s.Preview(t.Context(), k.ID)).Digest))
		visit(erik, "late", false, 0)
		walk, ok := WalkOf(must[[]Event](t)(s.Record(t.Context(), k.ID)))
		want := []PageTime{{"what", 7 * time.Second, 2, 0}, {"children", 30 * time.Second, 1, 1}}
		if !ok || !walk.Alone || walk.Took() != 37*time.Second || !slices.Equal(walk.Pages, want) {
			t.Errorf("the walk: %v %+v", ok, walk)
		}
		if version == 0 || k.Version <= version {
			t.Errorf("versions %d, %d", version, k.Version)
		}
	})
}

// A practice that nobody goes on with ends by itself, with its photos; one that
// somebody visits does not, nor does an exercise alert's draft.
func TestALeftPracticeEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s := w.boot(t)
		ctx := t.Context()
		left := must[Case](t)(s.Practise(ctx, erik, draft()))
		must[string](t)(s.AddPhoto(ctx, erik, left.ID, strings.NewReader("photo")))
		visited := must[Case](t)(s.Practise(ctx, erik, draft()))
		ordinary := must[Case](t)(s.Draft(ctx, anna, draft()))
		time.Sleep(practiceLife - time.Minute)
		s.sweep(ctx)
		if k := must[Case](t)(s.Get(left.ID)); k.Stage != StageDraft || len(w.objects.held()) == 0 {
			t.Errorf("before its time: %s, held %v", k.Stage, w.objects.held())
		}
		if err := s.Visit(ctx, erik, visited.ID, Visit{Page: "what"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		for range 2 { // the second round finds nothing to do
			s.sweep(ctx)
		}
		if k := must[Case](t)(s.Get(left.ID)); k.Stage != StageRejected || len(k.Photos) != 0 || len(w.objects.held()) != 0 {
			t.Errorf("after 7 days: %s, photos %v, held %v", k.Stage, k.Photos, w.objects.held())
		}
		record := must[[]Event](t)(s.Record(ctx, left.ID))
		if n := len(slices.DeleteFunc(record, func(ev Event) bool { return ev.Kind != KindRejected || ev.Officer != System })); n != 1 {
			t.Errorf("%d ends on the record", n)
		}
		for _, id := range []string{visited.ID, ordinary.ID} {
			if k := must[Case](t)(s.Get(id)); k.Stage != StageDraft {
				t.Errorf("%s ended too: %s", id, k.Stage)
			}
		}
	})
}

// A visit voids no open form, and a page that loads itself for ever fills no record.
func TestVisitsAreBounded(t *testing.T) {
	s := newWorld().boot(t)
	k := must[Case](t)(s.Practise(t.Context(), erik, draft()))
	for range maxVisits + 20 {
		if err := s.Visit(t.Context(), erik, k.ID, Visit{Page: "what"}); err != nil {
			t.Fatal(err)
		}
	}
	if now := must[Case](t)(s.Get(k.ID)); now.Practice.Visits != maxVisits || now.Version != k.Version {
		t.Errorf("%d visits, version %d after %d", now.Practice.Visits, now.Version, k.Version)
	}
	if err := s.Visit(t.Context(), erik, "NOSUCHCASE", Visit{Page: "what"}); err != nil {
		t.Error(err)
	}
}

// An older record decodes as before: practice is only ever what drafted says.
func TestPracticeOnTheRecord(t *testing.T) {
	st := (&state{}).with(Event{Case: "A", Kind: KindDrafted, Officer: "erik", Draft: &Draft{}}, nil, 1)
	damaged := st.with(Event{Case: "A", Kind: KindPractised, Message: &alert.Message{}}, nil, 2)
	if damaged.c.Stage != StageDraft || st.c.Practice != nil {
		t.Errorf("a stray event ended an alert's draft: %s", damaged.c.Stage)
	}
	raw, err := json.Marshal(st.c)
	if err != nil || strings.Contains(string(raw), "practice") {
		t.Errorf("an ordinary case speaks of practice: %s, %v", raw, err)
	}
}
