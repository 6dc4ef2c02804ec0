package console

import (
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
)

var wasInput = regexp.MustCompile(`name="was" value="([0-9a-f]+)"`)

// Two nodes serve one log, and an officer's pages come from either: what he did on
// the one a moment ago is neither unknown to the other nor somebody else's.
func TestOfficerBetweenTwoNodes(t *testing.T) {
	var deps casework.Deps
	w := newWorld(t, alert.Live, func(d *casework.Deps) { deps = *d })
	other := must(casework.New(t.Context(), deps))(t)
	k := must(other.Draft(t.Context(), anna, draft()))(t)
	b, at := w.browser(t, anna), "/console/cases/"+k.ID
	res, body := b.get(at + "/edit/last-seen")
	if res.StatusCode != http.StatusOK {
		t.Fatalf("a case of the other node: %s", res.Status)
	}
	if res, _ := b.get("/console/cases/NOSUCHCASE00"); res.StatusCode != http.StatusNotFound {
		t.Errorf("a case of no node: %s", res.Status)
	}
	mine := url.Values{"version": {version(k)}, "was": {wasInput.FindStringSubmatch(body)[1]}, "last_seen.place": {"Gare Centrale"}}
	edit := func(by auth.Officer, change func(*casework.Draft)) {
		t.Helper()
		now := must(other.Find(t.Context(), k.ID))(t)
		d := now.Draft
		change(&d)
		if _, err := other.Edit(t.Context(), by, k.ID, now.Version, d); err != nil {
			t.Fatal(err)
		}
	}
	edit(anna, func(d *casework.Draft) { d.Internal.Notes = "Called the school." })
	if res, body := b.post(at+"/edit/last-seen", mine); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("his own change of another page is in his way: %s\n%s", res.Status, body)
	}
	got := must(w.casework.Get(k.ID))(t)
	if got.Facts.LastSeen.Place != "Gare Centrale" || got.Internal.Notes != "Called the school." {
		t.Errorf("kept %q and %q", got.Facts.LastSeen.Place, got.Internal.Notes)
	}
	// The same answers changed, or a colleague's hand: he is asked.
	_, body = b.get(at + "/edit/last-seen")
	mine.Set("version", version(got))
	mine.Set("was", wasInput.FindStringSubmatch(body)[1])
	for name, change := range map[string]struct {
		by     auth.Officer
		change func(*casework.Draft)
	}{
		"a colleague":      {carla, func(d *casework.Draft) { d.Internal.Notes += " Nobody answers." }},
		"the same answers": {anna, func(d *casework.Draft) { d.Facts.LastSeen.Place = "Gare du Midi" }},
	} {
		// Each case begins from what the page showed.
		now := must(w.casework.Get(k.ID))(t)
		d := now.Draft
		d.Facts.LastSeen.Place = "Gare Centrale"
		now = must(w.casework.Edit(t.Context(), anna, k.ID, now.Version, d))(t)
		change.change(&d)
		must(w.casework.Edit(t.Context(), change.by, k.ID, now.Version, d))(t)
		if res, _ := b.post(at+"/edit/last-seen", mine); res.StatusCode != http.StatusPreconditionFailed {
			t.Errorf("%s: %s", name, res.Status)
		}
	}
}
