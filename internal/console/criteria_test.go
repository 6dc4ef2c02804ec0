package console

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
	"tocsin/internal/criteria"
)

// asking makes a world's new cases be asked the neutral set.
func asking(d *casework.Deps) { d.Criteria, _ = criteria.Load("osce") }

// fulfilled answers the neutral set as it wants.
func fulfilled() url.Values {
	return url.Values{
		"criteria.answers.minor.answer": {"yes"}, "criteria.answers.missing.answer": {"yes"},
		"criteria.answers.danger.answer": {"yes"}, "criteria.answers.danger.reason": {"Two witnesses saw it."},
		"criteria.answers.information.answer": {"yes"}, "criteria.answers.harm.answer": {"no"},
	}
}

// wantAll wants every text in the page.
func wantAll(t *testing.T, body string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(body, text) {
			t.Errorf("no %q in\n%s", text, body)
		}
	}
}

// A new case is asked the criteria first, and the draft begins with the answers.
func TestCriteriaComeFirst(t *testing.T) {
	w := newWorld(t, alert.Drill, asking)
	b := w.browser(t, anna)
	_, body := b.get("/console/cases/new")
	wantAll(t, body, "Neutral criteria for a child alert", "Is the child under 18?", `name="criteria.answers.danger.reason"`, "May there be an alert?")
	res, _ := b.post("/console/cases/new", fulfilled())
	to := res.Header.Get("Location")
	if res.StatusCode != http.StatusSeeOther || !strings.HasSuffix(to, "/edit/what") {
		t.Fatalf("%s to %q", res.Status, to)
	}
	k := w.casework.List()[0]
	if k.Criteria.Of("harm").Value != criteria.No || k.Criteria.Of("danger").Reason != "Two witnesses saw it." || len(k.Asked.Unmet(k.Criteria)) != 0 {
		t.Errorf("kept as %+v", k.Criteria)
	}
	_, body = b.get(to)
	wantAll(t, body, `href="/console/cases/`+k.ID+`/edit/criteria"`)
	_, body = b.get("/console/cases/" + k.ID + "/edit/criteria")
	wantAll(t, body, `value="no" class="met" checked`, "Two witnesses saw it.")
	// Where nothing is asked, the first step comes first.
	_, body = newWorld(t, alert.Drill).browser(t, anna).get("/console/cases/new")
	wantAll(t, body, "What happened?")
}

// What cannot be kept is refused beside its field, and nothing typed is lost.
func TestCriteriaFormFaults(t *testing.T) {
	w := newWorld(t, alert.Drill, asking)
	k := must(w.casework.Draft(t.Context(), anna, draft()))(t)
	b, at := w.browser(t, anna), "/console/cases/"+k.ID+"/edit/criteria"
	for name, c := range map[string]struct {
		field, value, want string
	}{
		"an answer of nobody's": {"criteria.answers.minor.answer", "perhaps", "choose one of the list"},
		"a reason too long":     {"criteria.answers.danger.reason", strings.Repeat("a", 501), "Shorten the reason to 500 characters."},
		"turned writing":        {"criteria.override", "because\u202e of", "invisible character"},
	} {
		v := fulfilled()
		v.Set("version", version(k))
		v.Set(c.field, c.value)
		res, body := b.post(at, v)
		if res.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s: %s", name, res.Status)
		}
		wantAll(t, body, c.want, `class="met" checked`)
	}
	v := fulfilled()
	v.Set("version", "1")
	v.Set("criteria.answers.minor.answer", "unknown")
	res, body := b.post(at, v) // a colleague was faster
	if res.StatusCode != http.StatusPreconditionFailed && version(k) != "1" {
		t.Errorf("%s", res.Status)
	}
	wantAll(t, body, "Not known")
	if must(w.casework.Get(k.ID))(t).Version != k.Version {
		t.Error("something was stored all the same")
	}
}

// The way of an override: the author's reason, then the approver's; each page says so.
func TestOverrideThroughThePages(t *testing.T) {
	w := newWorld(t, alert.Live, asking)
	author, approver := w.browser(t, anna), w.browser(t, bram)
	k := must(w.casework.Draft(t.Context(), anna, draft()))(t)
	at := "/console/cases/" + k.ID
	v := fulfilled()
	v.Set("version", version(k))
	v.Set("criteria.answers.danger.answer", "unknown")
	v.Set("criteria.answers.danger.reason", "")
	if res, body := author.post(at+"/edit/criteria", v); res.StatusCode != http.StatusSeeOther {
		t.Fatal(res.Status, body)
	}
	_, body := author.get(at + "/check")
	wantAll(t, body, "1 criterion is not fulfilled.", at+"/edit/criteria?return=check#criteria-override",
		at+"/edit/criteria?return=check#criteria-answers-danger-reason", "Criteria not fulfilled")
	if res, _ := author.post(at+"/submit", url.Values{}); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an override without a reason was submitted: %s", res.Status)
	}
	v.Set("version", version(must(w.casework.Get(k.ID))(t)))
	v.Set("criteria.answers.danger.reason", "Nobody has seen her since.")
	v.Set("criteria.override", "A girl of nine, alone at night in the frost.")
	v.Set("return", "check")
	if res, _ := author.post(at+"/edit/criteria", v); res.Header.Get("Location") != at+"/check" {
		t.Errorf("saved, and led to %q", res.Header.Get("Location"))
	}
	if res, body := author.post(at+"/submit", url.Values{}); res.StatusCode != http.StatusSeeOther {
		t.Fatal(res.Status, body)
	}
	_, body = approver.get(at + "/release")
	wantAll(t, body, "Is the child’s life or physical integrity in danger?", "Not known", "Nobody has seen her since.",
		"A girl of nine, alone at night in the frost.", `name="override"`, "Why do you release it although")
	digest := must(w.casework.Preview(t.Context(), k.ID))(t).Digest
	res, body := approver.post(at+"/release", url.Values{"digest": {digest}, "override": {"no"}})
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("released without a reason: %s", res.Status)
	}
	wantAll(t, body, `href="#override"`, ">no</textarea>")
	res, _ = approver.post(at+"/release", url.Values{"digest": {digest}, "override": {"The frost leaves no time."}})
	if res.StatusCode != http.StatusSeeOther {
		t.Fatal(res.Status)
	}
	_, body = approver.get(at)
	wantAll(t, body, "The frost leaves no time.", "A girl of nine, alone at night in the frost.", "Criteria: 4 of 5 fulfilled", "Not every criterion was fulfilled: The frost leaves no time.")
}

// An update is not held up by criteria, and the page asks no reason for it.
func TestUpdateAsksNoCriteria(t *testing.T) {
	w := newWorld(t, alert.Live, asking)
	d := draft()
	d.Criteria = &criteria.Answers{Override: "A girl of nine, alone at night."}
	k := must(w.casework.Draft(t.Context(), anna, d))(t)
	k = must(w.casework.Submit(t.Context(), anna, k.ID))(t)
	k = must(w.casework.Approve(t.Context(), bram, k.ID, casework.Approval{Digest: k.Digest, Override: "No time is left."}))(t)
	next := k.Draft
	next.Facts.LastSeen.Place = "Namur"
	k = must(w.casework.Edit(t.Context(), anna, k.ID, k.Version, next))(t)
	k = must(w.casework.Submit(t.Context(), anna, k.ID))(t)
	_, body := w.browser(t, bram).get("/console/cases/" + k.ID + "/release")
	if strings.Contains(body, `name="override"`) || strings.Contains(body, "Criteria not fulfilled") {
		t.Error("an update is asked for a reason")
	}
	wantAll(t, body, "No time is left.")
	if res, _ := w.browser(t, bram).post("/console/cases/"+k.ID+"/release", url.Values{"digest": {k.Digest}}); res.StatusCode != http.StatusSeeOther {
		t.Error(res.Status)
	}
}

// Programs read the questions, answer them, and override with reasons.
func TestCriteriaOfTheAPI(t *testing.T) {
	w := newWorld(t, alert.Live, asking)
	send := func(as auth.Officer, method, path string, in any, want int, headers ...string) string {
		t.Helper()
		res, body := w.call(t, as, method, path, jsonType, strings.NewReader(encoded(t, in)), headers...)
		if res.StatusCode != want {
			t.Fatalf("%s %s: %s %s", method, path, res.Status, body)
		}
		return body
	}
	wantAll(t, send(anna, http.MethodGet, "/v1/cases/criteria", nil, 200), `"set":{"id":"osce"`, `"fulfilled":false`, `"unmet":["minor","missing","danger","information","harm"]`)
	d := draft()
	var k casework.Case
	if err := json.Unmarshal([]byte(send(anna, http.MethodPost, "/v1/cases", d, 201)), &k); err != nil {
		t.Fatal(err)
	}
	at := "/v1/cases/" + k.ID
	wantAll(t, send(anna, http.MethodPost, at+"/submit", struct{}{}, 422), `"field":"criteria.override"`)
	d.Criteria = &criteria.Answers{Override: "Every minute counts here.", Answers: map[string]criteria.Answer{"minor": {Value: criteria.Yes}}}
	send(anna, http.MethodPut, at, d, 200, "If-Match", etag(k))
	k = must(w.casework.Submit(t.Context(), anna, k.ID))(t)
	wantAll(t, send(bram, http.MethodPost, at+"/release", map[string]string{"digest": k.Digest}, 422), `"field":"override"`)
	wantAll(t, send(bram, http.MethodPost, at+"/release", map[string]string{"digest": k.Digest, "override": "I see no other way."}, 200), `"override_reason":"I see no other way."`)
	wantAll(t, send(anna, http.MethodGet, at+"/criteria", nil, 200), `"unmet":["missing","danger","information","harm"]`, `"minor":{"answer":"yes"}`, `"override_reason":"I see no other way."`)
	wantAll(t, send(anna, http.MethodGet, at, nil, 200), `"override":"Every minute counts here."`)
	wantAll(t, send(anna, http.MethodGet, at+"/record", nil, 200), `"asked":{"id":"osce"`, `"override":"I see no other way."`)
	d.Criteria = &criteria.Answers{Answers: map[string]criteria.Answer{"minor": {Value: "perhaps"}}}
	wantAll(t, send(anna, http.MethodPost, "/v1/cases", d, 422), `"field":"criteria.answers.minor.answer"`)
}

// The clock is on every page of a case, and stands still at the end.
func TestClockOnEveryPage(t *testing.T) {
	w := newWorld(t, alert.Live, asking)
	live, waiting := w.liveOverridden(t), w.submittedOverridden(t)
	carlaSees := w.browser(t, auth.Officer{ID: "carla"})
	at, on := "/console/cases/"+waiting.ID, "/console/cases/"+live.ID
	for _, path := range []string{
		at, at + "/check", at + "/preview", at + "/release", at + "/edit/criteria", at + "/edit/what", at + "/edit/children", at + "/edit/children/0",
		at + "/edit/suspects", at + "/edit/vehicles/0", at + "/edit/last-seen", at + "/edit/area", at + "/edit/public", at + "/edit/time",
		at + "/edit/words", at + "/texts", on + "/board", on + "/board?wall=1", on + "/correct", on + "/withdraw", on + "/edit/nothing",
	} {
		_, body := carlaSees.get(path)
		if strings.Count(body, "Since the report:") != 1 || !strings.Contains(body, "data-since=") || !strings.Contains(body, "clock.js") {
			t.Errorf("%s has %d clocks", path, strings.Count(body, "Since the report:"))
		}
	}
	must(w.casework.Withdraw(t.Context(), bram, live.ID, alert.OutcomeFound, nil))(t)
	_, body := carlaSees.get(on)
	wantAll(t, body, "From the report to the withdrawal:", "1 hour 12 minutes")
	if _, body = carlaSees.get("/console/cases"); strings.Contains(body, "case-clock") {
		t.Error("the list has a clock of one case")
	}
}

// submittedOverridden waits for release with no criterion answered.
func (w *world) submittedOverridden(t *testing.T) casework.Case {
	t.Helper()
	d := draft()
	d.Criteria = &criteria.Answers{Override: "A girl of nine, alone at night."}
	k := must(w.casework.Draft(t.Context(), anna, d))(t)
	return must(w.casework.Submit(t.Context(), anna, k.ID))(t)
}

func (w *world) liveOverridden(t *testing.T) casework.Case {
	t.Helper()
	k := w.submittedOverridden(t)
	return must(w.casework.Approve(t.Context(), bram, k.ID, casework.Approval{Digest: k.Digest, Override: "No time is left."}))(t)
}

// What criteria and photos add stays within what a page may weigh.
func TestCriteriaPagesAreLight(t *testing.T) {
	w := newWorld(t, alert.Live, asking, cutting)
	k, photo := w.photographed(t)
	waiting := w.submittedOverridden(t)
	at, on := "/console/cases/"+k.ID, "/console/cases/"+waiting.ID
	for path, as := range map[string]auth.Officer{
		"/console/cases/new": anna, at + "/edit/criteria": anna, at + "/check": anna, photo: anna, on: bram, on + "/release": bram,
	} {
		b := w.browser(t, as)
		b.post("/console/language", url.Values{"lang": {"ru"}, "next": {"/console/sign-in"}})
		if n := weighed(t, b, path); n > maxPage {
			t.Errorf("%s weighs %d bytes, more than %d", path, n, maxPage)
		}
	}
}
