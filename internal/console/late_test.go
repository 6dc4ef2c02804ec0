package console

import (
	"context"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
	"tocsin/internal/stream"
)

// A secret of a form that came too late is in no page: whoever signs in next on
// that machine would send it for himself.
func TestLateSecretsAreNotKept(t *testing.T) {
	w := newWorld(t, alert.Drill)
	k := w.submitted(t)
	b := w.browser(t, stranger)
	form := url.Values{
		"password": {"old secret"}, "new-password": {"new secret"}, "app-password": {"app secret"}, "recovery-password": {"paper secret"},
		"code": {"123456secret"}, "answer": {`{"secret":1}`}, "name": {"Phone"}, "override": {"The child is in danger."}, "digest": {k.Digest},
	}
	for _, path := range []string{"/password", "/app", "/app/remove", "/app/recovery", "/passkeys", "/passkeys/x/remove", ""} {
		res, body := b.post("/console/account"+path, form)
		if to := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || to != "/console/sign-in?next=%2Fconsole%2Faccount" || strings.Contains(body, "secret") {
			t.Errorf("%s: %s to %q\n%s", path, res.Status, to, body)
		}
	}
	res, body := b.post("/console/cases/"+k.ID+"/release", form)
	if res.StatusCode != http.StatusUnauthorized || strings.Contains(body, "secret") || !strings.Contains(body, k.Digest) || !strings.Contains(body, "The child is in danger.") {
		t.Errorf("release: %s\n%s", res.Status, body)
	}
}

// What an officer wrote while the event log does not answer is on the page, to be sent again.
func TestFormIsKeptWhileTheLogIsAway(t *testing.T) {
	w := newWorld(t, alert.Live)
	k, live := must(w.casework.Draft(t.Context(), anna, draft()))(t), w.live(t)
	b := w.browser(t, anna)
	for _, c := range []struct {
		name, path string
		form       url.Values
		fault      error
		status     int
		says       string
	}{
		{"a step", "/console/cases/" + k.ID + "/edit/last-seen?return=check", url.Values{"version": {version(k)}, "last_seen.place": {`The "Red" <Lion>`}}, stream.ErrUnavailable, 503, "The event log does not answer"},
		{"a new case", "/console/cases/new", url.Values{"circumstances": {"abduction_parent"}, "internal.reference": {`The "Red" <Lion>`}}, stream.ErrFull, 507, "disk is full"},
		{"a withdrawal", "/console/cases/" + live.ID + "/withdraw", url.Values{"outcome": {"found"}, "words.fr": {`The "Red" <Lion>`}}, context.DeadlineExceeded, 503, "Wait a few seconds"},
	} {
		w.fault = c.fault
		res, body := b.post(c.path, c.form)
		w.fault = nil
		if res.StatusCode != c.status || !strings.Contains(body, c.says) || !strings.Contains(body, "What you wrote is kept on this page.") || !strings.Contains(body, `action="`+c.path+`"`) {
			t.Errorf("%s: %s\n%s", c.name, res.Status, body)
		}
		for field := range c.form {
			if !strings.Contains(body, `name="`+field+`" value="`+html.EscapeString(c.form.Get(field))+`"`) {
				t.Errorf("%s: %s is lost\n%s", c.name, field, body)
			}
		}
		if res, body = b.post(c.path, c.form); res.StatusCode != http.StatusSeeOther {
			t.Errorf("%s, sent again: %s\n%s", c.name, res.Status, body)
		}
	}
}

// The item that a form is for was removed meanwhile: what was written is kept, to be saved as a new one.
func TestFormOfARemovedItem(t *testing.T) {
	w := newWorld(t, alert.Live)
	d := draft()
	d.Facts.Vehicles = append(d.Facts.Vehicles, alert.Vehicle{Kind: alert.Car, Plate: "2-DEF-567"}, alert.Vehicle{Kind: alert.Car, Plate: "3-GHI-890"})
	k := must(w.casework.Draft(t.Context(), anna, d))(t)
	d = k.Draft
	d.Facts.Vehicles = d.Facts.Vehicles[:1]
	must(w.casework.Edit(t.Context(), carla, k.ID, k.Version, d))(t)
	b, at := w.browser(t, anna), "/console/cases/"+k.ID+"/edit/vehicles/"
	res, body := b.post(at+"2", url.Values{"version": {version(k)}, "vehicles[2].kind": {"car"}, "vehicles[2].plate": {"9-ZZZ-999"}})
	if res.StatusCode != http.StatusPreconditionFailed || !strings.Contains(body, "Carla Dubois") || !strings.Contains(body, `name="vehicles[1].plate" value="9-ZZZ-999"`) || !strings.Contains(body, `action="`+at+`1"`) {
		t.Fatalf("%s\n%s", res.Status, body)
	}
	now := must(w.casework.Get(k.ID))(t)
	res, _ = b.post(at+"1", url.Values{"version": {version(now)}, "vehicles[1].kind": {"car"}, "vehicles[1].plate": {"9-ZZZ-999"}})
	if got := must(w.casework.Get(k.ID))(t).Facts.Vehicles; res.StatusCode != http.StatusSeeOther || len(got) != 2 || got[1].Plate != "9-ZZZ-999" {
		t.Errorf("%s, kept %+v", res.Status, got)
	}
}

// A text whose draft is no longer whole, or no longer in its language, stays in the box.
func TestTextThatCannotBeEditedNow(t *testing.T) {
	w := newWorld(t, alert.Live)
	b := w.browser(t, anna)
	for name, c := range map[string]struct {
		change func(*casework.Draft)
		says   []string
	}{
		"a fact is gone":     {func(d *casework.Draft) { d.Facts.LastSeen.Place = "" }, []string{"The texts can be edited once nothing is missing", "/edit/last-seen"}},
		"a language is gone": {func(d *casework.Draft) { d.Facts.Languages = []alert.Lang{alert.English} }, []string{"The alert is not in this language"}},
	} {
		k := must(w.casework.Draft(t.Context(), anna, draft()))(t)
		d, old := k.Draft, version(k)
		c.change(&d)
		k = must(w.casework.Edit(t.Context(), carla, k.ID, k.Version, d))(t)
		at := "/console/cases/" + k.ID + "/texts/fr/sms"
		for _, path := range []string{at, at + "/words"} {
			res, body := b.post(path, url.Values{"version": {old}, "text": {"Mes <mots>"}})
			if res.StatusCode != http.StatusConflict || !strings.Contains(body, ">Mes &lt;mots&gt;</textarea>") {
				t.Errorf("%s, %s: %s\n%s", name, path, res.Status, body)
			}
			for _, want := range c.says {
				if !strings.Contains(body, want) {
					t.Errorf("%s, %s: no %q", name, path, want)
				}
			}
		}
		if res, _ := b.post(at+"/machine", url.Values{"version": {old}}); res.StatusCode != http.StatusSeeOther {
			t.Errorf("%s: back to the machine's words: %s", name, res.Status)
		}
	}
}

// An approver whose release could not be taken has the page again, and every form of
// the office keeps what was written in it.
func TestOtherFormsAreKeptToo(t *testing.T) {
	w := newWorldWith(t, alert.Live, choices{console: func(d *Deps, _ string) {
		d.Office = awayOffice{d.Office}
		d.Casework = awayRelease{d.Casework}
	}})
	k := w.submitted(t)
	res, body := w.browser(t, bram).post("/console/cases/"+k.ID+"/release", url.Values{"digest": {k.Digest}})
	if res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "The event log does not answer. Nothing is lost.") || !strings.Contains(body, `name="digest" value="`+k.Digest+`"`) {
		t.Errorf("%s\n%s", res.Status, body)
	}
	res, body = w.browser(t, ada).post("/console/officers/new", newNils())
	if res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, `name="reason" value="starts on Monday"`) || strings.Count(body, `name="roles"`) != 2 {
		t.Errorf("%s\n%s", res.Status, body)
	}
}

type awayOffice struct{ Office }

func (awayOffice) Ask(context.Context, auth.Officer, auth.RequestKind, auth.Officer, string) (bool, error) {
	return false, stream.ErrUnavailable
}

type awayRelease struct{ Casework }

func (awayRelease) Approve(context.Context, auth.Officer, string, casework.Approval) (casework.Case, error) {
	return casework.Case{}, stream.ErrUnavailable
}
