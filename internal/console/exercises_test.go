package console

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/casework"
	"tocsin/internal/exercise"
	"tocsin/internal/ledger"
	"tocsin/internal/stream"
)

// planForm is a plan as the page sends it.
func planForm(t *testing.T, at time.Time, channels ...string) url.Values {
	at = at.In(must(time.LoadLocation("Europe/Brussels"))(t))
	return url.Values{"at.date": {at.Format(time.DateOnly)}, "at.time": {at.Format("15:04")}, "channels": channels, "note": {"With all stations"}}
}

// A full test from its plan to the kept report, by the pages alone.
func TestFullTest(t *testing.T) {
	w := newWorld(t, alert.Drill)
	author, approver := w.browser(t, anna), w.browser(t, bram)
	if _, body := author.get("/console/cases"); !strings.Contains(body, "No full test is planned") {
		t.Error("the list does not say that no test is planned")
	}
	day := time.Now().Add(5 * 24 * time.Hour)
	if res, body := author.post("/console/exercises", planForm(t, day)); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, "at least one channel") || !strings.Contains(body, "The alert goes to every channel") {
		t.Errorf("a test that nobody takes part in: %s\n%s", res.Status, mainOf(body))
	}
	if res, body := author.post("/console/exercises", planForm(t, time.Now().Add(-48*time.Hour), "sms")); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, "lies ahead") || !strings.Contains(body, "With all stations") {
		t.Errorf("a test in the past, and what was typed: %s\n%s", res.Status, mainOf(body))
	}
	if res, _ := author.post("/console/exercises", planForm(t, day, "sms", "broadcast")); res.StatusCode != http.StatusSeeOther {
		t.Fatal(res.Status)
	}
	at := "/console/exercises/" + day.UTC().Format(time.DateOnly)
	for path, want := range map[string]string{"/console/cases": "A full test is planned for", "/console/exercises": "Broadcasters and SMS", at: "Begin the test"} {
		if _, body := author.get(path); !strings.Contains(body, want) {
			t.Errorf("%s does not say %q:\n%s", path, want, mainOf(body))
		}
	}
	if _, body := approver.get(at); strings.Contains(body, "Begin the test") {
		t.Error("who may not write is asked to begin")
	}
	res, _ := author.post(at+"/begin", nil)
	id := strings.Split(res.Header.Get("Location"), "/")[3]
	if res, _ := author.post(at+"/begin", nil); res.StatusCode != http.StatusConflict {
		t.Errorf("beginning twice: %s", res.Status)
	}
	if _, body := author.get(at); !strings.Contains(body, "has not been released yet") || strings.Contains(body, "Keep this report") {
		t.Errorf("before the release:\n%s", mainOf(body))
	}
	k := must(w.casework.Submit(t.Context(), anna, id))(t)
	if k.Exercise != day.UTC().Format(time.DateOnly) || k.Practice != nil {
		t.Errorf("the case: %+v", k)
	}
	if _, err := w.casework.Release(t.Context(), anna, id, k.Digest); err == nil {
		t.Error("the author released the test's alert")
	}
	must(w.casework.Release(t.Context(), bram, id, k.Digest))(t)
	w.ledger.set(ledger.Board{
		Case: id, Revision: 1, MsgType: alert.TypeAlert, Released: time.Now(),
		Channels: []ledger.Totals{{Channel: "broadcast", Title: "Broadcasters", Recipients: 2, Accepted: 1, Sent: 1, FirstMS: 41, LastMS: 41}},
		Rows: []ledger.Row{
			{Channel: "broadcast", Recipient: "st-1", Name: "La Première", State: adapter.Received, Millis: 41},
			{Channel: "broadcast", Recipient: "st-2", Name: "Radio <b>Vivacité", State: adapter.Sent, Millis: 12},
		},
	})
	_, body := approver.get(at)
	for _, want := range []string{"1 recipient has not answered", "La Première", "Radio &lt;b&gt;Vivacité", "41\u00a0ms", "silent"} {
		if !strings.Contains(body, want) {
			t.Errorf("the report does not say %q:\n%s", want, mainOf(body))
		}
	}
	if res, _ := approver.post(at+"/close", nil); res.StatusCode != http.StatusSeeOther {
		t.Fatal(res.Status)
	}
	w.ledger.set(ledger.Board{Case: id}) // what the ledger forgets, the report keeps
	res, body = approver.get(at + "/report.csv")
	if res.Header.Get("Content-Type") != "text/csv; charset=utf-8" || !strings.Contains(body, "broadcast,st-1,La Première,received,,,0,,41,41") {
		t.Errorf("the table: %v\n%s", res.Header, body)
	}
	if _, body := approver.get(at); !strings.Contains(body, "Report kept") || !strings.Contains(body, "La Première") {
		t.Errorf("the kept report:\n%s", mainOf(body))
	}
	if _, body := author.get("/console/cases"); strings.Contains(body, "full test") {
		t.Error("the list still reminds of a test that is reported")
	}
}

// A test whose alert came to nothing is no dead end: rejected it is begun again, drafted it is called off.
func TestFullTestThatCameToNothing(t *testing.T) {
	w := newWorld(t, alert.Drill)
	author, approver := w.browser(t, anna), w.browser(t, bram)
	p := must(w.exercises.Plan(t.Context(), exercise.Plan{At: time.Now().Add(time.Hour), Channels: []string{"sms"}, By: "anna"}))(t)
	at := "/console/exercises/" + p.ID
	begin := func() (id string) {
		t.Helper()
		res, body := author.post(at+"/begin", nil)
		if res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%s\n%s", res.Status, mainOf(body))
		}
		return strings.Split(res.Header.Get("Location"), "/")[3]
	}
	must(w.casework.Reject(t.Context(), bram, begin(), "The wrong region."))(t)
	if _, body := author.get(at); !strings.Contains(body, "Begin the test") || strings.Contains(body, "Under way") {
		t.Errorf("after the rejection:\n%s", mainOf(body))
	}
	begin()
	if _, body := approver.get(at); !strings.Contains(body, "Call this test off") || strings.Contains(body, "Keep this report") {
		t.Errorf("begun and not released:\n%s", mainOf(body))
	}
	if res, body := approver.post(at+"/cancel", url.Values{"reason": {"A storm"}}); res.StatusCode != http.StatusSeeOther {
		t.Errorf("%s\n%s", res.Status, mainOf(body))
	}
	if _, body := approver.get(at); !strings.Contains(body, "A storm") || strings.Contains(mainOf(body), "<form") {
		t.Errorf("called off:\n%s", mainOf(body))
	}
}

// The report stands beside the last one's.
func TestReportsCompared(t *testing.T) {
	w := newWorld(t, alert.Drill)
	c := must(loadTongue(alert.English))(t)
	site := &console{Deps: Deps{Exercises: w.exercises}, tongue: c, zone: time.UTC}
	line := func(ms int64, silent bool) *exercise.Report {
		return &exercise.Report{
			Released: time.Now(), Channels: []exercise.Channel{{Name: "sms", Title: "SMS", LastMS: ms}},
			Lines: []exercise.Line{{Channel: "sms", Recipient: "g", Name: "Gateway", MS: ms, Silent: silent}},
		}
	}
	var view exerciseView
	site.reported(&view, exercise.Test{}, line(2_000, false), line(-1, true))
	if view.Compared == "" || view.Lines[0].Before != "silent" || view.Lines[0].Took != "2.0\u00a0s" || view.Channels[0].Before != "–" {
		t.Errorf("%+v", view)
	}
	view = exerciseView{}
	site.reported(&view, exercise.Test{}, line(2_000, false), nil)
	if view.Compared != "" || view.Lines[0].Before != "" {
		t.Errorf("the first test is compared: %+v", view)
	}
}

// Who may do what with a test; and none of it in the live realm.
func TestFullTestRights(t *testing.T) {
	w := newWorld(t, alert.Drill)
	p := must(w.exercises.Plan(t.Context(), exercise.Plan{At: time.Now().Add(time.Hour), Channels: []string{"sms"}, By: "anna"}))(t)
	at := "/console/exercises/" + p.ID
	auditor, approver := w.browser(t, dirk), w.browser(t, bram)
	for _, c := range []struct {
		as     browser
		path   string
		status int
	}{
		{auditor, "/console/exercises", 403},
		{auditor, at + "/begin", 403},
		{auditor, at + "/close", 403},
		{auditor, at + "/cancel", 403},
		{approver, at + "/begin", 403},
		{approver, at + "/close", 409},
		{approver, at + "/cancel", 422},
		{approver, "/console/exercises/2020-01-01/begin", 404},
	} {
		if res, body := c.as.post(c.path, nil); res.StatusCode != c.status {
			t.Errorf("%s: %s, want %d\n%s", c.path, res.Status, c.status, mainOf(body))
		}
	}
	if res, body := auditor.get(at); res.StatusCode != http.StatusOK || strings.Contains(mainOf(body), "<form") {
		t.Errorf("the auditor reads, and has no button: %s\n%s", res.Status, mainOf(body))
	}
	if res, _ := approver.post(at+"/cancel", url.Values{"reason": {"A storm"}}); res.StatusCode != http.StatusSeeOther {
		t.Error(res.Status)
	}
	if _, body := approver.get(at); !strings.Contains(body, "A storm") || strings.Contains(mainOf(body), "<form") {
		t.Errorf("called off:\n%s", mainOf(body))
	}
	live := newWorld(t, alert.Live)
	for _, path := range []string{"/console/exercises", at} {
		if res, _ := live.browser(t, anna).get(path); res.StatusCode != http.StatusNotFound {
			t.Errorf("live %s: %s", path, res.Status)
		}
	}
}

// A program begins a test's alert by naming its day.
func TestFullTestByAPI(t *testing.T) {
	for _, c := range []struct {
		realm  alert.Realm
		day    string // "" = the planned one
		status int
	}{{alert.Drill, "", 201}, {alert.Drill, "2020-01-01", 422}, {alert.Live, "", 422}} {
		w := newWorld(t, c.realm)
		p := must(w.exercises.Plan(t.Context(), exercise.Plan{At: time.Now().Add(time.Hour), Channels: []string{"sms"}, By: "operator"}))(t)
		if c.day == "" {
			c.day = p.ID
		}
		for i, want := range []int{c.status, 422} { // the second time it has begun
			r := must(http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+"/v1/cases?incomplete=true&exercise="+c.day, strings.NewReader(`{"facts":{}}`)))(t)
			r.Header.Set("Authorization", "Bearer "+w.tokens["anna"])
			r.Header.Set("Content-Type", "application/json")
			if res, body := w.browser(t, stranger).send(r); res.StatusCode != want {
				t.Errorf("%s %s, call %d: %s %s", c.realm, c.day, i+1, res.Status, body)
			}
		}
		for _, k := range w.casework.List() {
			if k.Exercise != p.ID || c.status != 201 || k.Stage != casework.StageDraft {
				t.Errorf("%s: %+v", c.realm, k)
			}
		}
	}
}

// awayBook is the planned tests over a log that does not answer.
type awayBook struct{ Exercises }

func (awayBook) Get(context.Context, string) (exercise.Test, error) {
	return exercise.Test{}, stream.ErrUnavailable
}

// A case that was drafted for a test and not noted there, because its process
// died or two began at once, is the test's case: there is never a second one.
func TestBeginningATestGoesOn(t *testing.T) {
	w := newWorld(t, alert.Drill)
	b := w.browser(t, carla)
	days := []string{}
	for i := range 2 {
		at := time.Now().Add(time.Duration(5+i) * 24 * time.Hour)
		days = append(days, must(w.exercises.Plan(t.Context(), exercise.Plan{At: at, Channels: []string{"sms"}, By: anna.ID}))(t).ID)
	}
	left := must(w.casework.DraftFor(t.Context(), anna, days[0], draft()))(t)
	if res, _ := w.browser(t, bram).post("/console/exercises/"+days[0]+"/begin", nil); res.StatusCode != http.StatusForbidden {
		t.Errorf("an approver begins: %s", res.Status)
	}
	if res, body := b.post("/console/exercises/"+days[0]+"/begin", nil); res.Header.Get("Location") != "/console/cases/"+left.ID+"/check" {
		t.Errorf("%s to %s\n%s", res.Status, res.Header.Get("Location"), body)
	}
	other := must(w.casework.DraftFor(t.Context(), anna, days[1], draft()))(t)
	for range 2 { // by a program: what it sent is not what was drafted, and then the test has begun
		res, body := w.call(t, carla, "POST", "/v1/cases?exercise="+days[1], jsonType, strings.NewReader(encoded(t, draft())))
		if res.StatusCode < 400 || res.StatusCode >= 500 {
			t.Errorf("by a program: %s %s", res.Status, body)
		}
	}
	for i, want := range []string{left.ID, other.ID} {
		if got := must(w.exercises.Get(t.Context(), days[i]))(t); got.Case != want {
			t.Errorf("the test of %s has case %q, not %q", days[i], got.Case, want)
		}
	}
	if n := len(w.casework.List()); n != 2 {
		t.Errorf("%d cases", n)
	}
}

// A log that does not answer is no fault of the program's day.
func TestTestsAreAway(t *testing.T) {
	w := newWorldWith(t, alert.Drill, choices{console: func(d *Deps, _ string) { d.Exercises = awayBook{d.Exercises} }})
	res, body := w.call(t, anna, "POST", "/v1/cases?exercise=2026-11-25", jsonType, strings.NewReader(encoded(t, draft())))
	if res.StatusCode != http.StatusServiceUnavailable || strings.Contains(body, "Name the day") {
		t.Errorf("%s %s", res.Status, body)
	}
}
