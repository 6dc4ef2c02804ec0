package alert

import (
	"slices"
	"testing"
)

func TestCompleteness(t *testing.T) {
	f := good()
	f.Children[0].EyeColour, f.Children[0].Build, f.Children[0].Photo = EyesBlue, BuildSlim, "p1"
	if percent, missing := f.Completeness(); percent != 100 || len(missing) > 0 {
		t.Errorf("a full case: %d %q", percent, missing)
	}
	f.Children[0].Photo, f.LastSeen.Place, f.LastSeen.Point = "", "", nil
	percent, missing := f.Completeness()
	if want := []string{"last_seen.place", "children[0].photo", "last_seen.point"}; !slices.Equal(missing, want) {
		t.Errorf("missing %q, want %q: what an alert cannot go without comes first", missing, want)
	}
	if percent < 80 || percent > 95 {
		t.Errorf("%d %%", percent)
	}
	empty, missing := new(Facts).Completeness()
	if empty != 0 || missing[0] != "circumstances" || missing[1] != "children" {
		t.Errorf("an empty draft: %d %q", empty, missing)
	}
}

// The meter of an empty draft must count a child that is not there yet.
func TestPersonTotal(t *testing.T) {
	var m meter
	m.child("", new(Person))
	if m.total != personTotal {
		t.Errorf("a child weighs %d, personTotal says %d", m.total, personTotal)
	}
}

func TestCompletenessNeverFallsByAFact(t *testing.T) {
	f := new(Facts)
	last := 0
	for i, step := range []func(){
		func() { f.Circumstances = LostOrInjured }, func() { f.Children = good().Children },
		func() { f.LastSeen = good().LastSeen }, func() { f.Contact = good().Contact },
		func() { f.Areas = []string{"BE"} }, func() { f.Languages = Langs }, func() { f.Expires = noon },
	} {
		step()
		percent, _ := f.Completeness()
		if percent <= last {
			t.Errorf("step %d: %d after %d", i, percent, last)
		}
		last = percent
	}
}
