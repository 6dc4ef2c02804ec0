package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
	"tocsin/internal/wording"
)

const ownWords = "Lina, 9 ans, est recherchée depuis la Gare du Nord. Appelez le +3225544000."

func TestTextPages(t *testing.T) {
	w := newWorld(t, alert.Live)
	waiting := w.submitted(t)
	gaps := must(w.casework.Draft(t.Context(), anna, casework.Draft{Facts: alert.Facts{Languages: []alert.Lang{alert.French}}}))(t)
	at := func(k casework.Case, page string) string { return "/console/cases/" + k.ID + "/texts" + page }
	for name, c := range map[string]struct {
		as     auth.Officer
		path   string
		status int
		want   []string
	}{
		"all texts":                 {anna, at(waiting, ""), 200, []string{"Enfant enlevée", "Child abducted", at(waiting, "/fr/sms"), "This alert waits for release", "Cell broadcast, short"}},
		"who may not edit reads":    {bram, at(waiting, ""), 200, []string{"Enfant enlevée"}},
		"one text":                  {anna, at(waiting, "/fr/sms"), 200, []string{"<textarea id=\"text\"", "Lina, 9 ans", "At most two messages"}},
		"in the officer's language": {anna, at(waiting, "/fr/sms"), 200, []string{`<html lang="en"`, `<textarea id="text" name="text" rows="6" lang="fr"`}},
		"reading time":              {anna, at(waiting, "/fr/spoken"), 200, []string{"At most 90 seconds read aloud", "Read aloud in about"}},
		"one text, no author":       {bram, at(waiting, "/fr/sms"), 403, []string{"Only authors write"}},
		"no such text":              {anna, at(waiting, "/fr/fax"), 404, nil},
		"no such language":          {anna, at(waiting, "/de/sms"), 404, nil},
		"gaps are shown":            {anna, at(gaps, ""), 200, []string{"<mark>[prénom]</mark>", "once nothing is missing"}},
		"gaps are not edited":       {anna, at(gaps, "/fr/sms"), 303, []string{at(gaps, "")}},
	} {
		t.Run(name, func(t *testing.T) {
			res, body := w.browser(t, c.as).get(c.path)
			if res.StatusCode != c.status {
				t.Errorf("status %d, want %d", res.StatusCode, c.status)
			}
			for _, want := range c.want {
				if !strings.Contains(body+res.Header.Get("Location"), want) {
					t.Errorf("no %q in\n%s", want, body)
				}
			}
			if c.as.ID == "bram" && strings.Contains(body, `href="`+at(waiting, "/fr/sms")) {
				t.Error("offers an edit to who may not")
			}
		})
	}
}

// A text from the officer's keyboard to the approver's page, and back to the machine's words.
func TestEditOfAText(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := must(w.casework.Draft(t.Context(), anna, draft()))(t)
	b, at := w.browser(t, anna), "/console/cases/"+k.ID+"/texts/fr/sms"
	res, _ := b.post(at, url.Values{"version": {version(k)}, "text": {ownWords}})
	if to := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || !strings.HasSuffix(to, "/texts?done=saved#fr-sms") {
		t.Fatalf("%s to %s", res.Status, to)
	}
	k = must(w.casework.Get(k.ID))(t)
	if k.Edits[alert.French]["sms"].Text != ownWords {
		t.Errorf("kept %v", k.Edits)
	}
	_, body := b.get("/console/cases/" + k.ID + "/texts")
	for _, want := range []string{`<span class="tag amber">Edited</span>`, "<ins>", "<del>", "recherchée"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s on the page of all texts", want)
		}
	}
	must(w.casework.Submit(t.Context(), anna, k.ID))(t)
	for _, page := range []string{"/preview", "/release"} {
		_, body = w.browser(t, bram).get("/console/cases/" + k.ID + page)
		if !strings.Contains(body, "1 text is in an officer&#39;s own words.") || !strings.Contains(body, "<ins>") || strings.Count(body, "recherchée") < 2 {
			t.Errorf("%s does not mark the edited text", page)
		}
	}
	_, body = b.get("/console/cases/" + k.ID)
	if !strings.Contains(body, "Text edited") || !strings.Contains(body, "SMS (Français)") {
		t.Error("the edit is not in the case's history")
	}
	k = must(w.casework.Get(k.ID))(t)
	b.post(at+"/machine", url.Values{"version": {version(k)}})
	if k = must(w.casework.Get(k.ID))(t); k.Edits != nil || k.Stage != casework.StageDraft {
		t.Errorf("%v, %s", k.Edits, k.Stage)
	}
}

// Whatever is in the way of an edit, the officer's words stay in the box.
func TestNothingTypedIntoATextIsLost(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := must(w.casework.Draft(t.Context(), anna, draft()))(t)
	b, at := w.browser(t, anna), "/console/cases/"+k.ID+"/texts/fr/radiotext"
	box := func(body, text string) bool { return strings.Contains(body, ">"+text+"</textarea>") }

	long := strings.Repeat("Lina ", 20)
	res, body := b.post(at, url.Values{"version": {version(k)}, "text": {long}})
	if res.StatusCode != http.StatusUnprocessableEntity || !box(body, long) || !strings.Contains(body, "takes 99 characters and its channel takes 64") {
		t.Errorf("%s:\n%s", res.Status, body)
	}
	res, body = b.post(at, url.Values{"version": {version(k)}, "text": {"Voir http://x.example"}})
	if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, "Telephones make a link of http://x.example") {
		t.Errorf("%s:\n%s", res.Status, body)
	}
	must(w.casework.Edit(t.Context(), carla, k.ID, k.Version, k.Draft))(t)
	res, body = b.post(at, url.Values{"version": {version(k)}, "text": {"Lina <b>"}})
	now := must(w.casework.Get(k.ID))(t)
	if res.StatusCode != http.StatusPreconditionFailed || !box(body, "Lina &lt;b&gt;") || !strings.Contains(body, "Carla Dubois changed this case") || !strings.Contains(body, `value="`+version(now)+`"`) {
		t.Errorf("%s:\n%s", res.Status, body)
	}
	res, body = b.post(at+"/words", url.Values{"version": {version(now)}, "text": {"Lina, 9"}})
	if res.StatusCode != http.StatusOK || !box(body, "Lina, 9") || !strings.Contains(body, "7 of 64") {
		t.Errorf("%s:\n%s", res.Status, body)
	}
	if again := must(w.casework.Get(k.ID))(t); again.Version != now.Version || again.Edits != nil {
		t.Error("something was kept")
	}
}

// A stale edit is named where it is, and one press says that it is still true.
func TestStaleTextIsConfirmed(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := must(w.casework.Draft(t.Context(), anna, draft()))(t)
	k = must(w.casework.Reword(t.Context(), anna, k.ID, k.Version, alert.French, "sms", ownWords))(t)
	d := k.Draft
	d.Facts.Vehicles[0].Plate = "1-XYZ-999"
	k = must(w.casework.Edit(t.Context(), anna, k.ID, k.Version, d))(t)
	b, at := w.browser(t, anna), "/console/cases/"+k.ID
	if _, body := b.get(at + "/check"); !strings.Contains(body, `<a href="`+at+`/texts/fr/sms">SMS (Français): The facts have changed`) {
		t.Errorf("the check does not lead to the text:\n%s", body)
	}
	_, body := b.get(at + "/texts/fr/sms")
	for _, want := range []string{"These words are true: save them", "<del>1-ABC-234", "<ins>1-XYZ-999"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in\n%s", want, body)
		}
	}
	b.post(at+"/texts/fr/sms", url.Values{"version": {version(k)}, "text": {ownWords}})
	if p := must(w.casework.Preview(t.Context(), k.ID))(t); len(p.Faults) > 0 {
		t.Error(p.Faults)
	}
}

// An update may take over an edited text of the live revision by one press.
func TestWordsOfTheLiveAlertAreKept(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := must(w.casework.Draft(t.Context(), anna, draft()))(t)
	k = must(w.casework.Reword(t.Context(), anna, k.ID, k.Version, alert.French, "sms", ownWords))(t)
	k = must(w.casework.Submit(t.Context(), anna, k.ID))(t)
	k = must(w.casework.Release(t.Context(), bram, k.ID, k.Digest))(t)
	b, at := w.browser(t, anna), "/console/cases/"+k.ID+"/texts"
	_, body := b.get(at)
	if !strings.Contains(body, `action="`+at+`/fr/sms/keep"`) || !strings.Contains(body, "Mise à jour") {
		t.Fatalf("an update is not prepared with the live words:\n%s", body)
	}
	b.post(at+"/fr/sms/keep", url.Values{"version": {version(k)}})
	if k = must(w.casework.Get(k.ID))(t); k.Revision != 2 || k.Edits[alert.French]["sms"].Text != ownWords {
		t.Errorf("revision %d, %v", k.Revision, k.Edits)
	}
	if _, body = b.get(at); strings.Contains(body, "/keep") {
		t.Error("what is kept is offered again")
	}
}

// A list of warnings that was cut says so below its last.
func TestWarningsThatAreNotListed(t *testing.T) {
	site := &console{tongue: must(loadTongue(alert.English))(t)}
	found := []wording.Warning{{Code: wording.Jargon, Field: "texts.fr.sms"}, {Code: wording.Jargon, Field: "texts.fr.crawl", More: 26}}
	if lines := site.warnings(&casework.Draft{}, "", found, false); lines[0].More != "" || lines[1].More != "26 more are not listed." {
		t.Errorf("%+v", lines)
	}
}
