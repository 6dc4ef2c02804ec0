package console

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
	"tocsin/internal/stream"
)

// upload sends a form with a file, as a browser does.
func (b browser) upload(path string, v url.Values, file []byte) (*http.Response, string) {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for key, values := range v {
		for _, x := range values {
			if err := form.WriteField(key, x); err != nil {
				b.t.Fatal(err)
			}
		}
	}
	if file != nil {
		if _, err := must(form.CreateFormFile("photo_file", "photo.jpg"))(b.t).Write(file); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		b.t.Fatal(err)
	}
	r := must(http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.base+path, &body))(b.t)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return b.send(r)
}

func TestNewCase(t *testing.T) {
	w := newWorld(t, alert.Live)
	b := w.browser(t, anna)
	for _, c := range []struct {
		name   string
		form   url.Values
		status int
		want   string
	}{
		{"circumstances of nobody's list", url.Values{"circumstances": {"bored"}}, 422, "choose one of the list"},
		{"good", url.Values{"circumstances": {"abduction_parent"}}, 303, "/edit/report"},
	} {
		res, body := b.post("/console/cases/new", c.form)
		if got := body + res.Header.Get("Location"); res.StatusCode != c.status || !strings.Contains(got, c.want) {
			t.Errorf("%s: %d, want %d with %q\n%s", c.name, res.StatusCode, c.status, c.want, got)
		}
	}
	list := w.casework.List()
	if len(list) != 1 {
		t.Fatalf("%d cases, want the good one alone", len(list))
	}
	at := "/console/cases/" + list[0].ID + "/edit/report"
	for _, c := range []struct {
		name   string
		form   url.Values
		status int
		want   string
	}{
		{"date that is none", url.Values{"internal.reported_at.date": {"soon"}, "internal.reported_at.time": {"03:00"}}, 422, `value="soon"`},
		{"reference too long", url.Values{"internal.reference": {strings.Repeat("a", 200)}}, 422, `href="#internal-reference"`},
		{"good", url.Values{"internal.reported_at.date": {"2026-11-22"}, "internal.reported_at.time": {"03:00"}}, 303, "/edit/children"},
	} {
		c.form.Set("version", version(list[0]))
		res, body := b.post(at, c.form)
		if got := body + res.Header.Get("Location"); res.StatusCode != c.status || !strings.Contains(got, c.want) {
			t.Errorf("%s: %d, want %d with %q\n%s", c.name, res.StatusCode, c.status, c.want, got)
		}
	}
	k := must(w.casework.Get(list[0].ID))(t)
	if got := k.Internal.ReportedAt.UTC().Format(time.RFC3339); got != "2026-11-22T02:00:00Z" {
		t.Errorf("reported at %s: the form's time is Brussels time", got)
	}
	f := k.Facts
	if f.Authority != "Police fédérale" || f.Contact.Phone != "+3225544000" || !slices.Equal(f.Languages, []alert.Lang{"fr", "en"}) || f.LastSeen.TimeZone != "Europe/Brussels" {
		t.Errorf("the presets of the agency are missing: %+v", f)
	}
	if res, _ := w.browser(t, bram).post("/console/cases/new", nil); res.StatusCode != http.StatusForbidden {
		t.Errorf("an approver began a case: %s", res.Status)
	}
}

func TestPhotoOfAChild(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := must(w.casework.Draft(t.Context(), anna, draft()))(t)
	b, page := w.browser(t, anna), "/console/cases/"+k.ID+"/edit/children/0"
	form := url.Values{"version": {version(k)}, "children[0].given_name": {"Lina"}, "children[0].age": {"9"}, "children[0].sex": {"female"}}
	if res, body := b.upload(page, form, []byte("PK\x03\x04 not a picture")); res.StatusCode != 422 || !strings.Contains(body, "no JPEG, PNG or WebP") || !strings.Contains(body, `value="Lina"`) {
		t.Errorf("a zip as a photo: %s\n%s", res.Status, body)
	}
	form.Set("children[0].age", "nine")
	res, body := b.upload(page, form, portrait(t))
	token := must(w.casework.Get(k.ID))(t).Photos[0].Token
	if res.StatusCode != 422 || !strings.Contains(body, `name="children[0].photo" value="`+token+`"`) {
		t.Errorf("a photo beside a fault is lost: %s\n%s", res.Status, body)
	}
	form.Set("children[0].age", "9")
	form.Set("children[0].photo", token)
	if res, body = b.upload(page, form, nil); res.StatusCode != 303 {
		t.Fatalf("%s\n%s", res.Status, body)
	}
	if got := must(w.casework.Get(k.ID))(t).Facts.Children[0].Photo; got != token {
		t.Errorf("the photo is %q", got)
	}
	for _, suffix := range []string{"", "?small"} {
		res, body = b.get("/console/cases/" + k.ID + "/photos/" + token + suffix)
		if res.Header.Get("Content-Type") != "image/jpeg" || !strings.HasPrefix(body, "\xff\xd8") || res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("photo%s: %s %v", suffix, res.Status, res.Header)
		}
	}
	form.Set("version", version(must(w.casework.Get(k.ID))(t)))
	form.Set("remove_photo", "yes")
	if res, body = b.upload(page, form, nil); res.StatusCode != 303 || must(w.casework.Get(k.ID))(t).Facts.Children[0].Photo != "" {
		t.Errorf("removing the photo: %s\n%s", res.Status, body)
	}
	if res, _ = b.upload(page, form, bytes.Repeat([]byte("a"), 12<<20)); res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a photo of 12 MB: %s", res.Status)
	}
}

// Adding, passing through and removing one of several.
func TestItems(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := must(w.casework.Draft(t.Context(), anna, draft()))(t)
	b, at := w.browser(t, anna), "/console/cases/"+k.ID+"/edit/"
	send := func(path, where string, v url.Values) alert.Facts {
		t.Helper()
		if !v.Has("version") {
			v.Set("version", version(must(w.casework.Get(k.ID))(t)))
		}
		res, body := b.post(at+path, v)
		if got := res.Header.Get("Location"); res.StatusCode != 303 || got != where {
			t.Errorf("%s: %s to %q, want %q\n%s", path, res.Status, got, where, body)
		}
		return must(w.casework.Get(k.ID))(t).Facts
	}
	if f := send("children/1", at+"children", url.Values{"children[1].given_name": {"Mo"}, "children[1].age": {"0"}}); len(f.Children) != 2 || f.Children[1].GivenName != "Mo" {
		t.Errorf("after adding: %+v", f.Children)
	}
	if f := send("suspects/1", at+"suspects", url.Values{}); len(f.Suspects) != 1 {
		t.Errorf("an empty page added a person: %+v", f.Suspects)
	}
	if f := send("vehicles/1", at+"vehicles?return=check", url.Values{"vehicles[1].country": {"fr"}, "return": {"check"}}); len(f.Vehicles) != 2 || f.Vehicles[1].Country != "FR" {
		t.Errorf("after adding a vehicle: %+v", f.Vehicles)
	}
	if f := send("children/0/remove", at+"children", url.Values{}); len(f.Children) != 1 || f.Children[0].GivenName != "Mo" {
		t.Errorf("after removing Lina: %+v", f.Children)
	}
	for path, want := range map[string]int{"children/0/remove": 412, "children/1/remove": 404, "children/9/remove": 404} {
		if res, _ := b.post(at+path, url.Values{"version": {"1"}}); res.StatusCode != want {
			t.Errorf("%s of an old version: %s, want %d", path, res.Status, want)
		}
	}
	if res, _ := b.post(at+"children", url.Values{"version": {"1"}}); res.StatusCode != 404 {
		t.Errorf("a list is no form: %s", res.Status)
	}
	if res, _ := b.post(at+"what", url.Values{"version": {"x"}}); res.StatusCode != 400 {
		t.Errorf("a version that is none: %s", res.Status)
	}
}

// Another country's areas can be shown and chosen without losing the first one's.
func TestAreaOfAnotherCountry(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := must(w.casework.Draft(t.Context(), anna, draft()))(t)
	b, page := w.browser(t, anna), "/console/cases/"+k.ID+"/edit/area"
	_, body := b.get(page + "?country=FR")
	for _, want := range []string{`value="FR" selected`, `value="FR-59"`, `value="BE-BRU" checked`, "All of France"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q", want)
		}
	}
	res, body := b.post(page, url.Values{"version": {version(k)}, "country": {"FR"}, "areas": {"FR-59", "BE-BRU", "XX-1"}, "areas.paste": {"Nowhereland"}})
	if res.StatusCode != 422 || !strings.Contains(body, "Nowhereland") || !strings.Contains(body, `value="FR-59" checked`) {
		t.Errorf("%s\n%s", res.Status, body)
	}
	if res, _ = b.post(page, url.Values{"version": {version(k)}, "country": {"FR"}, "areas": {"FR-59", "BE-BRU"}}); res.StatusCode != 303 {
		t.Errorf("%s", res.Status)
	}
	if got := must(w.casework.Get(k.ID))(t).Facts.Areas; !slices.Equal(got, []string{"FR-59", "BE-BRU"}) {
		t.Errorf("areas %v", got)
	}
}

// Two officers differ about times: each is shown both as they were given.
func TestConflictOfTimes(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := must(w.casework.Draft(t.Context(), anna, draft()))(t)
	d := k.Draft
	d.Facts.Expires = d.Facts.Expires.Add(time.Hour)
	must(w.casework.Edit(t.Context(), carla, k.ID, k.Version, d))(t)
	b := w.browser(t, anna)
	_, body := b.post("/console/cases/"+k.ID+"/edit/time", url.Values{"version": {version(k)}, "expires.in": {"24"}})
	end := time.Now().Add(24 * time.Hour).In(must(time.LoadLocation("Europe/Brussels"))(t))
	if !strings.Contains(body, "<td>"+end.Format("Monday 2 January 2006")) || strings.Contains(body, "<th scope=\"row\">Languages") {
		t.Errorf("the page does not say the difference, or one that is none:\n%s", body)
	}
	seen := d.Facts.LastSeen.At.In(must(time.LoadLocation("Europe/Brussels"))(t))
	_, body = b.post("/console/cases/"+k.ID+"/edit/last-seen", url.Values{
		"version": {version(k)}, "last_seen.place": {d.Facts.LastSeen.Place}, "last_seen.time_zone": {"Europe/Brussels"},
		"last_seen.transport": {"car"}, "last_seen.towards": {"Lille"}, "last_seen.at.date": {seen.Format(time.DateOnly)}, "last_seen.at.time": {seen.Format("15:04")},
	})
	if !strings.Contains(body, "are the same") {
		t.Errorf("equal answers are called different:\n%s", body)
	}
}

// What officers read of a case's stage, and what they can do next.
// nobodyAlone is casework where nobody practises both roles.
type nobodyAlone struct{ Casework }

func (nobodyAlone) Alone(casework.Case, auth.Officer) bool { return false }

func TestRows(t *testing.T) {
	c := formConsole(t)
	c.Casework = nobodyAlone{}
	live := &casework.LiveRevision{Revision: 2}
	for _, x := range []struct {
		name string
		k    casework.Case
		as   auth.Officer
		tags string
		do   string
		may  bool // withdraw
	}{
		{"draft", casework.Case{Stage: casework.StageDraft}, anna, "Draft", "Continue the draft", false},
		{"draft for an approver", casework.Case{Stage: casework.StageDraft}, bram, "Draft", "", false},
		{"returned", casework.Case{Stage: casework.StageDraft, Reason: "plate"}, anna, "Returned|Draft", "Continue the draft", false},
		{"waiting", casework.Case{Stage: casework.StageSubmitted, Revision: 1}, bram, "Revision 1 waiting for release", "Review and release", false},
		{"waiting for its author", casework.Case{Stage: casework.StageSubmitted, Revision: 1, Author: "carla"}, carla, "Revision 1 waiting for release", "", false},
		{"live", casework.Case{Stage: casework.StageReleased, Live: live}, bram, "Live – revision 2", "Open the board", true},
		{"live for its author", casework.Case{Stage: casework.StageReleased, Live: live, Author: "anna"}, anna, "Live – revision 2", "Open the board", true},
		{"live for another author", casework.Case{Stage: casework.StageReleased, Live: live, Author: "carla"}, anna, "Live – revision 2", "Open the board", false},
		{"update", casework.Case{Stage: casework.StageDraft, Live: live}, anna, "Live – revision 2|Update being written", "Open the board", false},
		{"update waiting", casework.Case{Stage: casework.StageSubmitted, Live: live, Revision: 3}, bram, "Live – revision 2|Revision 3 waiting for release", "Review and release", true},
		{"rejected", casework.Case{Stage: casework.StageRejected}, anna, "Rejected", "", false},
		{"found", casework.Case{Stage: casework.StageWithdrawn, Outcome: alert.OutcomeFound}, anna, "Withdrawn: The child was found", "", false},
		{"pending", casework.Case{Stage: casework.StageReleased, Live: live, Pending: true}, dirk, "Live – revision 2|Publication pending", "Open the board", false},
	} {
		row := c.row(x.k, x.as)
		var tags []string
		for _, tag := range row.Tags {
			tags = append(tags, tag.Text)
		}
		if got := strings.Join(tags, "|"); got != x.tags || row.Do != x.do || row.MayWithdraw != x.may {
			t.Errorf("%s: %q, %q, may withdraw %v", x.name, got, row.Do, row.MayWithdraw)
		}
	}
}

// The event stream in trouble: the officer reads what is safe and what to do, on
// the page and in the API, and nothing of the inside.
func TestTrouble(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := w.submitted(t)
	b := w.browser(t, bram)
	at, api := "/console/cases/"+k.ID, "/v1/cases/"+k.ID
	for _, c := range []struct {
		err    error
		status int
		want   string
	}{
		{stream.ErrFull, 507, "disk is full"},
		{stream.ErrUnavailable, 503, "Nothing is lost"},
		{fmt.Errorf("secret inside: %w", io.ErrUnexpectedEOF), 500, "Something went wrong"},
	} {
		w.fault = c.err
		for _, page := range []string{"/preview", "/release"} {
			if res, body := b.get(at + page); res.StatusCode != c.status || !strings.Contains(body, c.want) || strings.Contains(body, "secret inside") {
				t.Errorf("%v: %s %s\n%s", c.err, page, res.Status, body)
			}
		}
		if res, body := b.post(at+"/release", url.Values{"digest": {"x"}}); res.StatusCode != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%v: release %s\n%s", c.err, res.Status, body)
		}
		if res, body := w.call(t, bram, "POST", api+"/release", jsonType, strings.NewReader(`{"digest":"x"}`)); res.StatusCode != c.status || strings.Contains(body, "secret inside") {
			t.Errorf("%v: API %s %s", c.err, res.Status, body)
		}
	}
	w.fault = fmt.Errorf("%w: ALERTS is away", casework.ErrPending)
	if res, _ := b.post(at+"/release", url.Values{"digest": {"x"}}); res.Header.Get("Location") != at+"/board?done=pending" {
		t.Errorf("pending leads to %s", res.Header.Get("Location"))
	}
	res, body := w.call(t, bram, "POST", api+"/release", jsonType, strings.NewReader(`{"digest":"x"}`))
	if res.StatusCode != 503 || res.Header.Get("Retry-After") == "" || !strings.Contains(body, "urn:tocsin:problem:pending") {
		t.Errorf("pending in the API: %s %s", res.Status, body)
	}
	if logged := w.logged.String(); !strings.Contains(logged, "path=/console/cases/{id}/release") || strings.Contains(logged, k.ID) {
		t.Errorf("the log names the case, or not the page:\n%s", logged)
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	w := newWorld(t, alert.Live)
	whole := Deps{Casework: w.casework, Accounts: w.book, Officer: auth.From, Ledger: w.ledger, Atlas: formConsole(t).Atlas, Photos: noPhotos{}, Realm: alert.Drill}
	if _, err := New(whole); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Deps){
		"realm":          func(d *Deps) { d.Realm = "test" },
		"dependency":     func(d *Deps) { d.Ledger = nil },
		"time zone":      func(d *Deps) { d.TimeZone = "Europe/Nowhere" },
		"public address": func(d *Deps) { d.PublicURL = "alert.example" },
	} {
		d := whole
		change(&d)
		if _, err := New(d); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type noPhotos struct{ Photos }
