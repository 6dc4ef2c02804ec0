package console

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
	"tocsin/web"
)

var (
	inputs   = regexp.MustCompile(`<input[^>]*>`)
	textarea = regexp.MustCompile(`(?s)<textarea[^>]*name="([^"]+)"[^>]*>([^<]*)</textarea>`)
	selects  = regexp.MustCompile(`(?s)<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>`)
	chosen   = regexp.MustCompile(`value="([^"]*)" selected`)
	attr     = func(name, tag string) string {
		if m := regexp.MustCompile(` ` + name + `="([^"]*)"`).FindStringSubmatch(tag); m != nil {
			return html.UnescapeString(m[1])
		}
		return ""
	}
)

// asShown is what a browser without script sends of the page's main form when nothing is changed.
func asShown(body string) url.Values {
	v := url.Values{}
	for _, tag := range inputs.FindAllString(body, -1) {
		switch attr("type", tag) {
		case "radio", "checkbox":
			if strings.Contains(tag, " checked") {
				v.Add(attr("name", tag), attr("value", tag))
			}
		case "file":
		default:
			v.Add(attr("name", tag), attr("value", tag))
		}
	}
	for _, m := range textarea.FindAllStringSubmatch(body, -1) {
		v.Add(m[1], html.UnescapeString(m[2]))
	}
	for _, m := range selects.FindAllStringSubmatch(body, -1) {
		if c := chosen.FindStringSubmatch(m[2]); c != nil {
			v.Add(m[1], html.UnescapeString(c[1]))
		}
	}
	return v
}

// mainOf is the page without its foot, which has forms of its own.
func mainOf(body string) string {
	_, body, _ = strings.Cut(body, "<main")
	body, _, _ = strings.Cut(body, "</main>")
	return body
}

// The tour as one person walks it without script: the bar leads from page to
// page, the example fills each, and in the end nothing was sent.
func TestTour(t *testing.T) {
	t.Run("without criteria", func(t *testing.T) { walkTour(t, newWorld(t, alert.Drill)) })
	t.Run("criteria first", func(t *testing.T) { walkTour(t, newWorld(t, alert.Drill, asking)) })
}

func walkTour(t *testing.T, w *world) {
	t.Helper()
	b := w.browser(t, anna)
	if _, body := b.get("/console/cases"); !strings.Contains(body, "Practise: from report to release in three minutes") {
		t.Fatal("the list does not offer the practice")
	}
	res, _ := b.post("/console/practice", nil)
	at := res.Header.Get("Location")
	id, offered := strings.Split(at, "/")[3], 0
	for range 30 {
		res, body := b.get(at)
		if res.StatusCode == http.StatusSeeOther { // the first child is asked at once
			at = res.Header.Get("Location")
			continue
		}
		if !strings.Contains(body, `class="tour"`) {
			t.Fatalf("%s has no bar:\n%s", at, body)
		}
		if strings.Contains(body, `href="?example=1"`) {
			if offered++; offered > 1 {
				t.Errorf("%s: the example is offered again after it was asked for", at)
			}
			_, body = b.get(at + "?example=1")
		}
		switch {
		case strings.HasSuffix(at, "/check"):
			if at = attr("href", regexp.MustCompile(`<a class="button" href="[^"]*">See what`).FindString(body)); !strings.HasSuffix(at, "/preview") {
				t.Fatalf("the bar of the check leads to %q", at)
			}
			continue
		case strings.HasSuffix(at, "/preview"):
			res, body = b.post("/console/cases/"+id+"/submit", nil)
		case strings.Contains(body, "/release\""):
			_, body = b.get("/console/cases/" + id + "/release")
			res, _ = b.post("/console/cases/"+id+"/release", asShown(mainOf(body)))
		case !strings.Contains(body, `<button form="main-form">`) || !strings.Contains(body, `<form id="main-form"`): // a list of items
			at = attr("href", regexp.MustCompile(`<a class="button" href="[^"]*">Continue`).FindString(body))
			continue
		default:
			res, body = b.post(at, asShown(mainOf(body)))
		}
		if res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%s: %s\n%s", at, res.Status, mainOf(body))
		}
		at, _, _ = strings.Cut(res.Header.Get("Location"), "?")
		if strings.HasSuffix(at, "/practice") {
			break
		}
	}
	_, body := b.get(at)
	for _, want := range []string{"Your alert has not been sent", "10,000 phones by push", "You played both roles", "Last seen", "Mila", "Longest", "That is within three minutes"} {
		if !strings.Contains(body, want) {
			t.Errorf("the end of the practice does not say %q:\n%s", want, mainOf(body))
		}
	}
	if k := must(w.casework.Get(id))(t); k.Stage != casework.StagePractised || k.Live != nil {
		t.Errorf("the case is %s", k.Stage)
	}
	if strings.Contains(mainOf(body), "/photos/") {
		t.Error("the end shows a photo that is deleted")
	}
	if _, other := w.browser(t, carla).get("/console/cases?tab=ended"); strings.Contains(other, id) {
		t.Error("somebody else's practice is in the list")
	}
	if _, mine := b.get("/console/cases?tab=ended"); !strings.Contains(mine, "/practice") || !strings.Contains(mine, "Practice – never sent") {
		t.Error("the own practice is not among what has ended")
	}
}

// The practice goes on where it was left, in any browser.
func TestPracticeGoesOn(t *testing.T) {
	w := newWorld(t, alert.Drill)
	b := w.browser(t, anna)
	res, _ := b.post("/console/practice", nil)
	at := strings.TrimSuffix(res.Header.Get("Location"), "what")
	b.get(at + "last-seen")
	b = w.browser(t, anna)
	if _, body := b.get("/console/cases"); !strings.Contains(body, `href="`+at+`last-seen">Go on practising`) {
		t.Errorf("the list does not lead back to the page:\n%s", mainOf(body))
	}
	// A form that is sent back is a hesitation of its page.
	v := url.Values{"version": {"1"}, "last_seen.at.date": {"nonsense"}, "last_seen.at.time": {"1"}}
	if res, _ := b.post(at+"last-seen", v); res.StatusCode != http.StatusUnprocessableEntity {
		t.Fatal(res.Status)
	}
	id := strings.Split(at, "/")[3]
	record := must(w.casework.Record(t.Context(), id))(t)
	if last := record[len(record)-1]; last.Kind != casework.KindVisited || !last.Refused || last.Page != "last-seen" {
		t.Errorf("the refused form is not noted: %+v", last)
	}
	if res, _ := b.get("/console/cases/" + id + "/practice"); res.StatusCode != http.StatusSeeOther {
		t.Errorf("the end of a practice that goes on: %s", res.Status)
	}
}

// Nothing that a browser or a program sends makes a practice in the live realm,
// or lets the author release there.
func TestNoPracticeInLive(t *testing.T) {
	w := newWorld(t, alert.Live)
	author := w.browser(t, carla) // author and approver in one person
	if _, body := author.get("/console/cases"); strings.Contains(body, "practice") {
		t.Error("the live system offers a practice")
	}
	if res, body := author.post("/console/practice", url.Values{"practice": {"true"}}); res.StatusCode != http.StatusForbidden || !strings.Contains(body, "exercise system") {
		t.Errorf("a forged beginning: %s", res.Status)
	}
	k := must(w.casework.Draft(t.Context(), carla, draft()))(t)
	k = must(w.casework.Submit(t.Context(), carla, k.ID))(t)
	forged := url.Values{"digest": {k.Digest}, "practice": {"true"}, "alone": {"true"}, "practise_alone": {"always"}}
	if res, _ := author.post("/console/cases/"+k.ID+"/release?practice=1&example=1", forged); res.StatusCode != http.StatusForbidden {
		t.Errorf("a forged release: %s", res.Status)
	}
	for _, c := range []struct {
		path, body string
		status     int
	}{
		{"/v1/cases/" + k.ID + "/release", `{"digest":"` + k.Digest + `"}`, 403},
		{"/v1/cases/" + k.ID + "/release", `{"digest":"` + k.Digest + `","alone":true}`, 422},
		{"/v1/cases?incomplete=true", `{"facts":{},"practice":{"by":"carla"}}`, 422},
	} {
		r := must(http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+c.path, strings.NewReader(c.body)))(t)
		r.Header.Set("Authorization", "Bearer "+w.tokens["carla"])
		r.Header.Set("Content-Type", "application/json")
		if res, body := author.send(r); res.StatusCode != c.status {
			t.Errorf("%s %s: %s %s", c.path, c.body, res.Status, body)
		}
	}
	if got := must(w.casework.Get(k.ID))(t); got.Stage != casework.StageSubmitted || got.Practice != nil {
		t.Errorf("the case is %s, practice %v", got.Stage, got.Practice)
	}
}

// Every page of a case is one the tour has words for, and words lead to no page that is gone.
func TestTourKnowsItsPages(t *testing.T) {
	pages := tourPages(true)
	for page := range hints {
		if !slices.Contains(pages, page) {
			t.Errorf("the tour has words for %q, which is no page", page)
		}
	}
	for _, page := range pages {
		if hints[page] == (hint{}) {
			t.Errorf("the tour has no word for %q", page)
		}
		if english.say((&console{tongue: english}).pageTitle(page)) == "" {
			t.Errorf("the page %q has no name", page)
		}
	}
}

// The exercise has its own colour where a tab and a sheet of paper show it.
func TestExerciseIsMarked(t *testing.T) {
	for _, c := range []struct {
		realm alert.Realm
		icon  string
	}{{alert.Drill, "bell-drill"}, {alert.Live, "bell."}} {
		w := newWorld(t, c.realm)
		for _, page := range []string{"/console/sign-in", "/console/cases", "/console/cases/" + w.live(t).ID + "/board?wall=1", "/console/nothing"} { // every frame there is
			b := w.browser(t, bram)
			if page == "/console/sign-in" {
				b = w.browser(t, stranger)
			}
			_, body := b.get(page)
			icon := attr("href", regexp.MustCompile(`<link rel="icon"[^>]*>`).FindString(body))
			body = regexp.MustCompile(`<body[^>]*>`).FindString(body)
			if !strings.Contains(icon, c.icon) || strings.Contains(body, "drill") != (c.realm == alert.Drill) {
				t.Errorf("%s of %s: icon %s, %s", page, c.realm, icon, body)
			}
			if res, _ := b.get(icon); res.StatusCode != http.StatusOK {
				t.Errorf("%s: %s", icon, res.Status)
			}
		}
	}
	css := string(must(web.File("static/console.css"))(t))
	if !strings.Contains(css, ".drill .band { print-color-adjust: exact") {
		t.Error("the band of the exercise loses its colour on paper")
	}
}

// TestPresence: who opens a page is shown to the others, with the page, and not to himself.
func TestPresence(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := w.submitted(t)
	at := "/console/cases/" + k.ID
	first, second := w.browser(t, bram), w.browser(t, anna)
	if _, body := first.get(at); strings.Contains(body, "has this open since") {
		t.Error("an officer is told of himself")
	}
	clock := time.Now().In(must(time.LoadLocation("Europe/Brussels"))(t))
	if _, body := second.get(at); !strings.Contains(body, "Bram Willems has this open since "+clock.Format("15:04")) && !strings.Contains(body, "Bram Willems has this open since "+clock.Add(-time.Minute).Format("15:04")) {
		t.Errorf("the colleague is not shown:\n%s", mainOf(body))
	}
	first.get(at + "/release")
	second.get(at + "/edit/last-seen")
	if _, body := second.get(at + "/preview"); !strings.Contains(body, "Bram Willems is reading the release page since") {
		t.Errorf("not at the release page:\n%s", mainOf(body))
	}
	second.get(at + "/edit/last-seen")
	if _, body := first.get(at + "/release"); !strings.Contains(body, "Anna Peeters is editing “Last seen” since") {
		t.Errorf("the step is not named:\n%s", mainOf(body))
	}
	if res, _ := first.get(at + "/looking?page=" + url.QueryEscape("<b>")); res.StatusCode != http.StatusNotFound {
		t.Errorf("a page that is none: %s", res.Status)
	}
	if res, _ := w.browser(t, stranger).get(at + "/looking?page=case"); res.StatusCode != http.StatusSeeOther {
		t.Errorf("a stranger's stream: %s", res.Status)
	}
	if _, body := second.get("/console/cases"); strings.Contains(body, "data-looking") {
		t.Error("a page outside of a case looks at one")
	}
}
