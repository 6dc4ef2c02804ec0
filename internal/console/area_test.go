package console

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
	"tocsin/internal/region"
)

// areaForm is the area page as a browser sends it.
func areaForm(k casework.Case, more url.Values) url.Values {
	v := url.Values{"version": {version(k)}, "country": {"BE"}}
	maps.Copy(v, more)
	return v
}

// Looking up ticks what a circle, a shape, a group and a list take in, counts who
// gets it, and saves nothing.
func TestLookUp(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := must(w.casework.Draft(t.Context(), anna, draft()))(t)
	at := "/console/cases/" + k.ID + "/edit/area"
	for _, c := range []struct {
		name   string
		form   url.Values
		status int
		want   []string // in the page
		ticked []string
	}{
		{"another country", url.Values{"country": {"FR"}, "areas": {"BE-BRU"}}, 200, []string{"This is not saved yet", "All of France", "Île-de-France"}, []string{"BE-BRU"}},
		{"a circle", url.Values{"circle.centre": {"50.846, 4.352"}, "circle.km": {"15"}}, 200, []string{"10,000 phones by push, 1,000 phones by SMS, 1 broadcaster and 1 partner site in "}, []string{"BE-BRU", "BE-VBR", "BE-WBR"}},
		{"a circle around a name", url.Values{"circle.centre": {"Namur"}, "circle.km": {"1,5"}}, 200, nil, []string{"BE-WNA"}},
		{"a radius alone", url.Values{"circle.km": {"10"}}, 422, []string{"Write the middle of the circle"}, nil},
		{"a radius of a word", url.Values{"circle.centre": {"50.8 4.3"}, "circle.km": {"far"}}, 422, []string{"1 to 1000"}, nil},
		{"a place that is nowhere", url.Values{"circle.centre": {"Nowhere at all"}, "circle.km": {"10"}}, 422, []string{"Write the middle of the circle", "Nowhere at all"}, nil},
		{"a shape", url.Values{"polygons.points": {"50.6, 3.0\r\n50.6, 3.1\r\n50.7, 3.1"}}, 200, []string{"50.6, 3.0"}, []string{"FR-59"}},
		{"a line that is no point", url.Values{"polygons.points": {"50.6, 3.0\nhere"}}, 422, []string{"“here” is no point"}, nil},
		{"a group of the list", url.Values{"areas.group": {"BE-WAL"}}, 200, nil, []string{"BE-WBR", "BE-WHT", "BE-WLG", "BE-WLX", "BE-WNA"}},
		{"a group by its name in another language", url.Values{"areas.paste": {"bénélux, benelux"}}, 422, []string{"bénélux"}, []string{"BE", "LU", "NL"}},
		{"a State takes its units in", url.Values{"areas": {"BE-BRU", "FR-59"}, "areas.paste": {"BE"}}, 200, nil, []string{"BE", "FR-59"}},
		{"nothing", nil, 200, []string{"No area is chosen yet"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			form := areaForm(k, c.form)
			form.Set("do", "find")
			res, body := w.browser(t, anna).post(at, form)
			if res.StatusCode != c.status {
				t.Fatalf("%s\n%s", res.Status, body)
			}
			for _, want := range c.want {
				if !strings.Contains(body, want) {
					t.Errorf("no %q in\n%s", want, body)
				}
			}
			if got := ticked(body); !slices.Equal(got, c.ticked) && c.ticked != nil {
				t.Errorf("ticked %v, want %v", got, c.ticked)
			}
		})
	}
	if now := must(w.casework.Get(k.ID))(t); now.Version != k.Version {
		t.Error("looking up changed the case")
	}
}

// ticked are the values of the page's ticked areas, sorted.
func ticked(body string) []string {
	var out []string
	for part := range strings.SplitSeq(body, `name="areas" value="`) {
		if code, rest, ok := strings.Cut(part, `"`); ok && strings.HasPrefix(rest, " checked") {
			out = append(out, code)
		}
	}
	slices.Sort(out)
	return out
}

// A circle that was not looked up is looked up before it is saved, and shown;
// the second press saves circle, shape and areas.
func TestShapeIsLookedAtBeforeItIsSaved(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := must(w.casework.Draft(t.Context(), anna, draft()))(t)
	at, b := "/console/cases/"+k.ID+"/edit/area", w.browser(t, anna)
	form := areaForm(k, url.Values{"areas": {"BE-BRU"}, "circle.centre": {"50.846, 4.352"}, "circle.km": {"30"}})
	res, body := b.post(at, form)
	if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, "Look at them, then save") {
		t.Fatalf("%s\n%s", res.Status, body)
	}
	_, rest, _ := strings.Cut(body, `name="shapes" value="`)
	shapes, _, _ := strings.Cut(rest, `"`)
	form["areas"] = slices.DeleteFunc(ticked(body), func(code string) bool { return code == "BE-WBR" }) // the officer knows better
	form.Set("shapes", strings.NewReplacer("&#34;", `"`, "&#43;", "+").Replace(shapes))
	if res, body = b.post(at, form); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("%s\n%s", res.Status, body)
	}
	f := must(w.casework.Get(k.ID))(t).Facts
	if f.Circle == nil || f.Circle.KM != 30 || slices.Contains(f.Areas, "BE-WBR") || !slices.Contains(f.Areas, "BE-VBR") {
		t.Fatalf("%v %v", f.Circle, f.Areas)
	}
	p := must(w.casework.Preview(t.Context(), k.ID))(t)
	if p.Message.Circle == nil || *p.Message.Circle != *f.Circle {
		t.Errorf("the message has the circle %v", p.Message.Circle)
	}
	_, body = b.get(at)
	for _, want := range []string{`value="50.846, 4.352"`, `value="30"`, "which get no alert"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q in\n%s", want, body)
		}
	}
}

// A script gets the same as the page, as JSON.
func TestLookUpForScripts(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := must(w.casework.Draft(t.Context(), anna, draft()))(t)
	b := w.browser(t, anna)
	for _, c := range []struct {
		name  string
		form  url.Values
		codes []string
		fault string
	}{
		{"group", url.Values{"areas": {"BE-BRU"}, "areas.group": {"BE-VLG"}}, []string{"BE-BRU", "BE-VAN", "BE-VBR", "BE-VLI", "BE-VOV", "BE-VWV"}, ""},
		{"fault", url.Values{"areas": {"BE-BRU"}, "circle.centre": {"x"}, "circle.km": {"3"}}, []string{"BE-BRU"}, "Write the middle"},
	} {
		form := areaForm(k, c.form)
		form.Set("do", "find")
		r := must(http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+"/console/cases/"+k.ID+"/edit/area", strings.NewReader(form.Encode())))(t)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept", "application/json")
		_, body := b.send(r)
		var got found
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Fatalf("%s: %v\n%s", c.name, err, body)
		}
		var codes []string
		for _, a := range got.Areas {
			codes = append(codes, a.Code)
		}
		if !slices.Equal(codes, c.codes) || got.Estimate.Reach == "" || strings.Contains(strings.Join(got.Faults, ""), c.fault) != (len(got.Faults) > 0 || c.fault == "") {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func TestReadPoint(t *testing.T) {
	for s, want := range map[string]*alert.Point{
		"50.85, 4.35": {Lat: 50.85, Lon: 4.35}, "50.85,4.35": {Lat: 50.85, Lon: 4.35}, "50.85 4.35": {Lat: 50.85, Lon: 4.35},
		"50,85 4,35": {Lat: 50.85, Lon: 4.35}, "50,85; 4,35": {Lat: 50.85, Lon: 4.35}, "-50.85 -4.35": {Lat: -50.85, Lon: -4.35},
		"": nil, "50.85": nil, "91, 4": nil, "50, 181": nil, "NaN, 4": nil, "50 4 3": nil, "50,85,4,35": nil, "Inf 4": nil,
	} {
		got, ok := readPoint(s)
		if ok != (want != nil) || ok && got != *want {
			t.Errorf("%q: %v %v, want %v", s, got, ok, want)
		}
	}
}

// A line that shows nothing parts two shapes, whatever it is made of: two squares
// read as one ring would be another area than was meant.
func TestShapesArePartedByBlankLines(t *testing.T) {
	for _, gap := range []string{"\n\n", "\n \n", "\n\t \n\n", "\n\u00a0\n"} {
		if shapes, bad := readShapes("50, 4\n50, 5\n51, 5" + gap + "1 1\n2 2\n1 2\n"); bad != "" || len(shapes) != 2 || len(shapes[0]) != 4 || len(shapes[1]) != 4 {
			t.Errorf("%q: %v %q", gap, shapes, bad)
		}
	}
	if _, bad := readShapes("x" + strings.Repeat("я", maxDrawn)); !utf8.ValidString(bad) || !strings.HasSuffix(bad, "я…") {
		t.Errorf("%q", bad)
	}
}

func FuzzReadShapes(f *testing.F) {
	f.Add("50,4\n50,5\n51,5\n\n1 1\n2 2\n")
	f.Fuzz(func(t *testing.T, s string) {
		shapes, bad := readShapes(s)
		if bad != "" {
			return
		}
		again, bad := readShapes(writeShapes(shapes))
		if bad != "" || len(again) > len(shapes) {
			t.Errorf("%q is written as %q, which reads as %v %q", s, writeShapes(shapes), again, bad)
		}
	})
}

// Officers with a jurisdiction.
var (
	mons   = auth.Officer{ID: "mons", Name: "Mona Simon", Unit: "Mons", Roles: []auth.Role{auth.Author}, Areas: []string{"BE-WHT"}}
	lille  = auth.Officer{ID: "lille", Name: "Luc Morel", Unit: "Lille", Roles: []auth.Role{auth.Author}, Areas: []string{"FR-59"}}
	bruges = auth.Officer{ID: "bruges", Name: "Bea Claes", Unit: "Bruges", Roles: []auth.Role{auth.Approver}, Areas: []string{"BE-VWV"}}
)

// across is a case of mons for his neighbours too, submitted.
func (w *world) across(t testing.TB) casework.Case {
	t.Helper()
	for _, o := range []auth.Officer{mons, lille, bruges} {
		if err := w.book.Add(t.Context(), o, password); err != nil {
			t.Fatal(err)
		}
	}
	d := draft()
	d.Facts.Areas = []string{"BE-WHT", "FR-59"}
	k := must(w.casework.Draft(t.Context(), mons, d))(t)
	_, body := w.browser(t, mons).get("/console/cases/" + k.ID + "/preview")
	if !strings.Contains(body, "Outside your jurisdiction: Nord.") {
		t.Errorf("the preview does not say who is asked:\n%s", body)
	}
	return must(w.casework.Submit(t.Context(), mons, k.ID))(t)
}

// The neighbour finds the request on his list and answers it by one press; the approver cannot release before.
func TestNeighbourAnswers(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := w.across(t)
	at := "/console/cases/" + k.ID
	_, body := w.browser(t, bruges).get(at + "/release")
	for _, want := range []string{"You cannot release this.", "Nobody in Nord has agreed yet", "Or agree in their place: why?"} {
		if !strings.Contains(body, want) {
			t.Errorf("the release page has no %q", want)
		}
	}
	if res, body := w.browser(t, bruges).post(at+"/release", url.Values{"digest": {k.Digest}}); res.StatusCode != http.StatusConflict || !strings.Contains(body, "FR-59") {
		t.Errorf("%s\n%s", res.Status, body)
	}
	neighbour := w.browser(t, lille)
	if _, body = neighbour.get("/console/cases"); !strings.Contains(body, "Answer the request") || !strings.Contains(body, "Waiting for another area&#39;s police") {
		t.Errorf("the neighbour's list:\n%s", body)
	}
	if _, body = neighbour.get(at); !strings.Contains(body, "Agree to the alert in Nord") || strings.Contains(body, "agree-reason") {
		t.Errorf("the neighbour's page:\n%s", body)
	}
	if res, _ := neighbour.post(at+"/agree", url.Values{"digest": {digestOn(t, body)}}); res.Header.Get("Location") != at+"?done=agreed" {
		t.Errorf("%s to %s", res.Status, res.Header.Get("Location"))
	}
	if _, body = neighbour.get(at); !strings.Contains(body, "<strong>Nord</strong> – Luc Morel") || !strings.Contains(body, "Agreed to other areas") {
		t.Errorf("the record:\n%s", body)
	}
	if res, body := w.browser(t, bruges).post(at+"/release", url.Values{"digest": {k.Digest}}); res.StatusCode != http.StatusSeeOther {
		t.Errorf("%s\n%s", res.Status, body)
	}
}

var digestInput = regexp.MustCompile(`/agree"><input type="hidden" name="from" value="[a-z]*"><input type="hidden" name="digest" value="([^"]+)"`)

// digestOn is what the page's button agrees to.
func digestOn(t *testing.T, body string) string {
	t.Helper()
	m := digestInput.FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("no agreement is asked on\n%s", body)
	}
	return m[1]
}

// The button of a page that shows an earlier submission agrees to nothing.
func TestAgreementFromAnOldPage(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := w.across(t)
	at, neighbour := "/console/cases/"+k.ID, w.browser(t, lille)
	_, body := neighbour.get(at)
	old := digestOn(t, body)
	d := k.Draft
	d.Facts.Areas = []string{"BE-WHT", "FR-59", "FR-62"}
	k = must(w.casework.Edit(t.Context(), mons, k.ID, k.Version, d))(t)
	k = must(w.casework.Submit(t.Context(), mons, k.ID))(t)
	res, body := neighbour.post(at+"/agree", url.Values{"digest": {old}})
	if res.StatusCode != http.StatusConflict || !strings.Contains(body, "The content is not what you were shown") {
		t.Errorf("%s\n%s", res.Status, body)
	}
	r := must(http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+"/v1/cases/"+k.ID+"/agree", strings.NewReader(`{}`)))(t)
	r.Header.Set("Authorization", "Bearer "+must(w.book.NewToken(t.Context(), lille.ID))(t))
	r.Header.Set("Content-Type", "application/json")
	if res, body = w.browser(t, stranger).send(r); res.StatusCode != http.StatusConflict || !strings.Contains(body, "urn:tocsin:problem:digest") {
		t.Errorf("by the API without a digest: %s\n%s", res.Status, body)
	}
	if open := must(w.casework.Get(k.ID))(t).OpenAreas(); len(open) != 2 {
		t.Errorf("open: %v", open)
	}
}

func TestApproverAgreesInTheirPlace(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := w.across(t)
	at, b := "/console/cases/"+k.ID, w.browser(t, bruges)
	res, body := b.post(at+"/agree", url.Values{"from": {"release"}, "digest": {k.Digest}, "reason": {"x"}})
	if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, `id="agree-error"`) || !strings.Contains(body, ">x</textarea>") {
		t.Errorf("%s\n%s", res.Status, body)
	}
	if res, _ = b.post(at+"/agree", url.Values{"from": {"release"}, "digest": {digestOn(t, body)}, "reason": {"Lille does not answer."}}); res.Header.Get("Location") != at+"/release?done=agreed" {
		t.Errorf("%s to %s", res.Status, res.Header.Get("Location"))
	}
	if _, body = b.get(at + "/release"); !strings.Contains(body, "Lille does not answer.") || strings.Contains(body, "You cannot release this") {
		t.Errorf("the release page:\n%s", body)
	}
	token := must(w.book.NewToken(t.Context(), lille.ID))(t)
	r := must(http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+"/v1/cases/"+k.ID+"/agree", strings.NewReader(`{"digest":"`+k.Digest+`"}`)))(t)
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	if res, body = w.browser(t, stranger).send(r); res.StatusCode != http.StatusConflict || !strings.Contains(body, "Nothing is asked") {
		t.Errorf("agreeing by the API to what is agreed: %s\n%s", res.Status, body)
	}
	if res, _ = w.browser(t, mons).post(at+"/agree", nil); res.StatusCode != http.StatusConflict {
		t.Errorf("agreeing to nothing: %s", res.Status)
	}
}

// After the hours of the policy the case page proposes a wider area; one press
// prepares the update, another keeps the area until the next step.
func TestGrowth(t *testing.T) {
	w := newWorld(t, alert.Live)
	d := draft()
	d.Facts.LastSeen.At = time.Now().Add(-61 * time.Minute)
	d.Facts.LastSeen.Point = &alert.Point{Lat: 50.86, Lon: 4.36}
	k := must(w.casework.Draft(t.Context(), anna, d))(t)
	k = must(w.casework.Submit(t.Context(), anna, k.ID))(t)
	at := "/console/cases/" + k.ID
	if _, body := w.browser(t, anna).get(at); strings.Contains(body, "Grow the area") {
		t.Error("growth is proposed for what is not live")
	}
	k = must(w.casework.Release(t.Context(), bram, k.ID, k.Digest))(t)
	_, body := w.browser(t, bram).get(at)
	if !strings.Contains(body, "Grow the area to 100 km?") || strings.Contains(body, "Prepare the update") || !strings.Contains(body, "Keep the area for now") {
		t.Errorf("the approver's page:\n%s", body)
	}
	if _, body := w.browser(t, dirk).get(at); strings.Contains(body, "Grow the area") {
		t.Error("the auditor decides on the area")
	}
	b := w.browser(t, anna)
	if _, body = b.get(at); !strings.Contains(body, "Antwerp") || !strings.Contains(body, "The circle reaches abroad, into ") {
		t.Errorf("the proposal:\n%s", body)
	}
	for name, form := range map[string]url.Values{"another step": {"km": {"200"}, "version": {version(k)}}, "no version": {"km": {"100"}}} {
		if res, _ := b.post(at+"/grow", form); res.StatusCode != http.StatusConflict {
			t.Errorf("%s: %s", name, res.Status)
		}
	}
	if res, _ := w.browser(t, bram).post(at+"/grow/decline", url.Values{"km": {"100"}}); res.Header.Get("Location") != at+"?done=kept" {
		t.Errorf("decline: %s", res.Status)
	}
	if _, body = b.get(at); strings.Contains(body, "Grow the area to") || !strings.Contains(body, "Kept the area as it is") || !strings.Contains(body, "Up to 100 km") {
		t.Errorf("after declining:\n%s", body)
	}
}

func TestGrow(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := w.live(t) // last seen 90 minutes ago
	at, b := "/console/cases/"+k.ID, w.browser(t, anna)
	if res, body := b.post(at+"/grow", url.Values{"km": {"100"}, "version": {version(k)}}); res.Header.Get("Location") != at+"/check?done=grown" {
		t.Fatalf("%s\n%s", res.Status, body)
	}
	now := must(w.casework.Get(k.ID))(t)
	if now.Stage != casework.StageDraft || now.Live == nil || now.Live.Revision != 1 || now.Facts.Circle.KM != 100 || !slices.Contains(now.Facts.Areas, "BE-VAN") {
		t.Errorf("stage %s, live %+v, areas %v", now.Stage, now.Live, now.Facts.Areas)
	}
	if faults := must(w.casework.Preview(t.Context(), k.ID))(t).Faults; len(faults) > 0 {
		t.Errorf("the update cannot be submitted as it is: %v", faults)
	}
	if _, body := b.get(at); strings.Contains(body, "Grow the area to") {
		t.Error("growth is proposed while an update is being written")
	}
}

// A server's own groups are on the page.
func TestOwnGroups(t *testing.T) {
	c := formConsole(t)
	c.Groups = append(must(region.Groups())(t), region.Group{Code: "zone-5340", Names: map[alert.Lang]string{alert.French: "Zone Nord"}, Areas: []string{"BE-BRU"}})
	if list := c.groupOptions("BE"); !slices.Contains(list, option{"zone-5340", "zone-5340"}) || !slices.Contains(list, option{"BE-VLG", "Flanders"}) || slices.Contains(list, option{"FR-IDF", "Île-de-France"}) {
		t.Errorf("%v", list)
	}
	if got := c.areasOf("zone nord"); !slices.Equal(got, []string{"BE-BRU"}) {
		t.Errorf("by name: %v", got)
	}
}

// The map's outlines: for officers alone, packed, in their language, and light.
func TestOutlines(t *testing.T) {
	w := newWorld(t, alert.Live)
	b := w.browser(t, anna)
	res, body := b.get("/console/map/BE")
	if res.StatusCode != http.StatusOK || !res.Uncompressed || !strings.Contains(body, `"id":"BE-BRU","properties":{"name":"Brussels Capital"}`) {
		t.Errorf("%s, packed %v: %.200s", res.Status, res.Uncompressed, body)
	}
	if got := res.Header.Get("Cache-Control"); !strings.HasPrefix(got, "private") {
		t.Errorf("Cache-Control %q", got)
	}
	if res, _ = b.get("/console/map/XX"); res.StatusCode != http.StatusNotFound {
		t.Errorf("no such State: %s", res.Status)
	}
	if res, _ = w.browser(t, stranger).get("/console/map/BE"); res.StatusCode != http.StatusSeeOther {
		t.Errorf("a stranger gets %s", res.Status)
	}
}
