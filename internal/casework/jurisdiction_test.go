package casework

import (
	"slices"
	"testing"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
)

// Officers with a jurisdiction of their own.
var (
	lille  = auth.Officer{ID: "lille", Roles: []auth.Role{auth.Author}, Areas: []string{"FR-59"}}
	paris  = auth.Officer{ID: "paris", Roles: []auth.Role{auth.Approver}, Areas: []string{"FR"}}
	mons   = auth.Officer{ID: "mons", Roles: []auth.Role{auth.Author}, Areas: []string{"BE-WHT", "BE-WNA"}}
	bruges = auth.Officer{ID: "bruges", Roles: []auth.Role{auth.Approver}, Areas: []string{"BE-VWV"}}
	reader = auth.Officer{ID: "reader", Roles: []auth.Role{auth.Auditor}, Areas: []string{"FR"}}
)

// across is a case that mons submitted for his own area and his neighbours'.
func across(t *testing.T, s *Service, areas ...string) Case {
	t.Helper()
	d := draft()
	d.Facts.Areas = areas
	c := must[Case](t)(s.Draft(t.Context(), mons, d))
	return must[Case](t)(s.Submit(t.Context(), mons, c.ID))
}

func TestMay(t *testing.T) {
	for _, c := range []struct {
		own  []string
		area string
		want bool
	}{
		{nil, "BE-BRU", true},
		{[]string{"BE"}, "BE-BRU", true},
		{[]string{"BE"}, "BE", true},
		{[]string{"BE-BRU"}, "BE", false},
		{[]string{"BE-BRU"}, "BE-VBR", false},
		{[]string{"FR-59", "BE-WHT"}, "BE-WHT", true},
		{[]string{"*"}, "US-NY", true},
	} {
		if got := May(auth.Officer{Areas: c.own}, c.area); got != c.want {
			t.Errorf("%v for %s: %v", c.own, c.area, got)
		}
	}
}

// No release while somebody is asked; the neighbour's word opens it, and is on the record.
func TestNeighbourAgrees(t *testing.T) {
	w := newWorld()
	s := w.boot(t)
	ctx := t.Context()
	c := across(t, s, "BE-WHT", "FR-59", "FR-62")
	if got := c.OpenAreas(); !slices.Equal(got, []string{"FR-59", "FR-62"}) {
		t.Fatalf("asked: %v", got)
	}
	_, err := s.Release(ctx, cleo, c.ID, c.Digest)
	wantErr(t, err, ErrStage)
	for _, by := range []auth.Officer{mons, bruges, reader, {}} {
		if _, err := s.Agree(ctx, by, c.ID, c.Digest, ""); err == nil {
			t.Errorf("%q agreed", by.ID)
		}
	}
	version := c.Version
	c = must[Case](t)(s.Agree(ctx, lille, c.ID, c.Digest, ""))
	if got := c.OpenAreas(); !slices.Equal(got, []string{"FR-62"}) {
		t.Fatalf("after Lille's word: %v", got)
	}
	_, err = s.Release(ctx, cleo, c.ID, c.Digest)
	wantErr(t, err, ErrStage)
	c = must[Case](t)(s.Agree(ctx, paris, c.ID, c.Digest, ""))
	if c.Version != version {
		t.Error("an agreement voids what others have open")
	}
	for _, a := range c.Consents {
		if a.AskedBy != "mons" || a.By == "" || a.Reason != "" {
			t.Errorf("%+v", a)
		}
	}
	must[Case](t)(s.Release(ctx, cleo, c.ID, c.Digest))
	// Another process reads the same of the same log.
	again := must[Case](t)(w.boot(t).Get(c.ID))
	if !slices.Equal(again.Consents, c.Consents) {
		t.Errorf("%+v, want %+v", again.Consents, c.Consents)
	}
	var kinds []string
	for _, ev := range must[[]Event](t)(s.Record(ctx, c.ID)) {
		kinds = append(kinds, ev.Kind)
	}
	if n := len(slices.DeleteFunc(kinds, func(k string) bool { return k != KindAgreed })); n != 2 {
		t.Errorf("the record has %d agreements", n)
	}
}

// An approver who is not of the area needs a reason, and must be one who could release.
func TestApproverAgreesWithAReason(t *testing.T) {
	s := newWorld().boot(t)
	ctx := t.Context()
	c := across(t, s, "BE-WHT", "FR-59")
	_, err := s.Agree(ctx, bruges, c.ID, c.Digest, " ")
	wantFaults(t, err, "reason")
	_, err = s.Agree(ctx, bruges, c.ID, c.Digest, "no")
	wantFaults(t, err, "reason")
	_, err = s.Agree(ctx, mons, c.ID, c.Digest, "They do not answer.")
	wantErr(t, err, ErrForbidden)
	c = must[Case](t)(s.Agree(ctx, bruges, c.ID, c.Digest, "Lille does not answer, the car is on the motorway."))
	if a := c.Consents[0]; a.By != "bruges" || a.Reason == "" || len(c.OpenAreas()) > 0 {
		t.Fatalf("%+v", c.Consents)
	}
	_, err = s.Agree(ctx, bruges, c.ID, c.Digest, "again")
	wantErr(t, err, ErrStage)
	must[Case](t)(s.Release(ctx, bruges, c.ID, c.Digest))
}

// A word given to what one was shown never holds for what was submitted instead:
// the button on an old page would agree to more areas, for as long as the case is.
func TestAgreementIsToWhatWasShown(t *testing.T) {
	s := newWorld().boot(t)
	ctx := t.Context()
	shown := across(t, s, "BE-WHT", "FR-59")
	d := shown.Draft
	d.Facts.Areas = []string{"BE-WHT", "FR-59", "FR-62", "FR-80"}
	c := must[Case](t)(s.Edit(ctx, mons, shown.ID, shown.Version, d))
	c = must[Case](t)(s.Submit(ctx, mons, c.ID))
	for _, digest := range []string{shown.Digest, ""} {
		for _, by := range []auth.Officer{paris, bruges} {
			_, err := s.Agree(ctx, by, c.ID, digest, "Lille does not answer.")
			wantErr(t, err, ErrDigest)
		}
	}
	if c = must[Case](t)(s.Get(c.ID)); len(c.OpenAreas()) != 3 {
		t.Fatalf("open: %v", c.OpenAreas())
	}
	if c = must[Case](t)(s.Agree(ctx, paris, c.ID, c.Digest, "")); len(c.OpenAreas()) != 0 {
		t.Errorf("open: %v", c.OpenAreas())
	}
}

// What was agreed holds for the case; what was not asked yet is asked, and a change takes an open question back.
func TestAgreementsFollowTheCase(t *testing.T) {
	s := newWorld().boot(t)
	ctx := t.Context()
	c := across(t, s, "BE-WHT", "FR-59")
	d := c.Draft
	c = must[Case](t)(s.Edit(ctx, mons, c.ID, c.Version, d))
	if len(c.Consents) > 0 {
		t.Fatalf("a draft still asks: %+v", c.Consents)
	}
	c = must[Case](t)(s.Submit(ctx, mons, c.ID))
	c = must[Case](t)(s.Reword(ctx, mons, c.ID, c.Version, alert.French, "sms", ownSMS))
	if len(c.Consents) > 0 {
		t.Fatalf("a draft in an officer's own words still asks: %+v", c.Consents)
	}
	c = must[Case](t)(s.Submit(ctx, mons, c.ID))
	must[Case](t)(s.Agree(ctx, lille, c.ID, c.Digest, ""))
	c = must[Case](t)(s.Return(ctx, cleo, c.ID, "The plate is wrong."))
	c = must[Case](t)(s.Submit(ctx, mons, c.ID))
	if len(c.OpenAreas()) > 0 {
		t.Fatalf("asked again: %+v", c.Consents)
	}
	c = must[Case](t)(s.Release(ctx, cleo, c.ID, c.Digest))
	d = c.Draft
	d.Facts.Areas = []string{"BE-WHT", "FR-59", "FR-62"}
	c = must[Case](t)(s.Edit(ctx, mons, c.ID, c.Version, d))
	c = must[Case](t)(s.Submit(ctx, mons, c.ID))
	if got := c.OpenAreas(); !slices.Equal(got, []string{"FR-62"}) {
		t.Fatalf("the update asks %v", got)
	}
	// A withdrawal asks nobody, however much is open.
	if c = must[Case](t)(s.Withdraw(ctx, mons, c.ID, alert.OutcomeFound, nil)); c.Stage != StageWithdrawn || len(c.OpenAreas()) > 0 {
		t.Errorf("%s, open %v", c.Stage, c.OpenAreas())
	}
}

// A circle that reaches over the border asks there too; a listed State covers its units.
func TestShapesAreAskedFor(t *testing.T) {
	w := newWorld()
	s := w.boot(t, func(d *Deps) {
		d.Reached = func(f *alert.Facts) []string {
			if f.Circle == nil {
				return nil
			}
			return []string{"BE-WHT", "BE-WNA", "FR-59"}
		}
	})
	d := draft()
	d.Facts.Areas, d.Facts.Circle = []string{"BE-WHT"}, &alert.Circle{Centre: alert.Point{Lat: 50.5, Lon: 3.8}, KM: 40}
	c := must[Case](t)(s.Draft(t.Context(), mons, d))
	if got := s.Outside(c, mons); !slices.Equal(got, []string{"FR-59"}) {
		t.Errorf("mons asks for %v", got)
	}
	if got := s.Outside(c, anna); got != nil {
		t.Errorf("anna, who may alert everywhere, asks for %v", got)
	}
	d.Facts.Areas = []string{"BE-WHT", "FR"}
	c = must[Case](t)(s.Edit(t.Context(), mons, c.ID, c.Version, d))
	if got := s.Outside(c, mons); !slices.Equal(got, []string{"FR"}) {
		t.Errorf("with all of France listed: %v", got)
	}
}

func TestDeclineGrowth(t *testing.T) {
	s := newWorld().boot(t)
	ctx := t.Context()
	c := submitted(t, s)
	_, err := s.DeclineGrowth(ctx, anna, c.ID, 100)
	wantErr(t, err, ErrStage)
	c = must[Case](t)(s.Release(ctx, cleo, c.ID, c.Digest))
	_, err = s.DeclineGrowth(ctx, reader, c.ID, 100)
	wantErr(t, err, ErrForbidden)
	_, err = s.DeclineGrowth(ctx, anna, c.ID, 0)
	wantFaults(t, err, "km")
	c = must[Case](t)(s.DeclineGrowth(ctx, anna, c.ID, 200))
	for _, km := range []int{100, 200} { // a smaller step, or the same again, changes nothing
		if again := must[Case](t)(s.DeclineGrowth(ctx, cleo, c.ID, km)); again.GrowthDeclined != 200 {
			t.Errorf("declined up to %d km", again.GrowthDeclined)
		}
	}
	n := 0
	for _, ev := range must[[]Event](t)(s.Record(ctx, c.ID)) {
		if ev.Kind == KindDeclined {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d lines on the record", n)
	}
}
