package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
	"tocsin/internal/criteria"
)

// stranger is nobody signed in.
var stranger auth.Officer

// Each page in each stage, as each kind of officer sees it.
func TestPages(t *testing.T) {
	w := newWorld(t, alert.Live)
	draftCase := must(w.casework.Draft(t.Context(), anna, casework.Draft{}))(t)
	waiting, live := w.submitted(t), w.live(t)
	w.ledger.set(board(live.ID, 1, alert.TypeAlert, 9_000))
	w.stations.set(Station{Name: "La Première", Connected: true}, Station{Name: "Radio Vivacité"})
	at := func(k casework.Case, page string) string { return "/console/cases/" + k.ID + page }
	for _, c := range []struct {
		name   string
		as     auth.Officer
		path   string
		status int
		want   string // in the page, or the Location
	}{
		{"stranger is sent to sign in", stranger, "/console/cases", 303, "/console/sign-in"},
		{"stranger comes back to where he was going", stranger, at(live, "/board?channel=sms"), 303, "/console/sign-in?next=%2Fconsole%2Fcases%2F" + live.ID + "%2Fboard%3Fchannel%3Dsms"},
		{"front door", anna, "/console", 303, "/console/cases"},
		{"sign-in when signed in", anna, "/console/sign-in", 303, "/console/cases"},
		{"notice words are ours alone", anna, "/console/cases?done=<b>", 200, "Cases"},
		{"list begins with what waits", bram, "/console/cases", 200, "Review and release"},
		{"list of live", bram, "/console/cases?tab=live", 200, "Live – revision 1"},
		{"empty tab", anna, "/console/cases?tab=ended", 200, "No case has ended yet"},
		{"approver cannot begin", bram, "/console/cases/new", 403, "no author&#39;s role"},
		{"new case", anna, "/console/cases/new", 200, "What happened"},
		{"case", anna, at(waiting, ""), 200, "Submitted for release"},
		{"unknown case", anna, "/console/cases/NOSUCHCASE00", 404, "There is no such case"},
		{"unknown page", anna, "/console/nothing", 404, "There is no such page"},
		{"unknown step", anna, at(waiting, "/edit/nothing"), 404, "There is no such page"},
		{"step of another kind", anna, at(waiting, "/edit/what/0"), 404, "There is no such page"},
		{"seventh child", anna, at(waiting, "/edit/children/6"), 404, "There is no such page"},
		{"child after the next", anna, at(waiting, "/edit/children/2"), 404, "There is no such page"},
		{"approver may not edit", bram, at(waiting, "/edit/what"), 403, "Only authors write"},
		{"first child is asked at once", anna, at(draftCase, "/edit/children"), 303, at(draftCase, "/edit/children/0")},
		{"check lists every fault", anna, at(draftCase, "/check"), 200, "/edit/last-seen?return=check#last_seen-place"},
		{"check of who may not edit", bram, at(waiting, "/check"), 303, at(waiting, "")},
		{"preview", anna, at(waiting, "/preview"), 200, "Enfant enlevée"},
		{"preview of a draft without facts", anna, at(draftCase, "/preview"), 200, "There is a problem"},
		{"release says it in words", bram, at(waiting, "/release"), 200, "On release, 10,000 phones by push, 1,000 phones by SMS, 1 broadcaster and 1 partner site in Brussels Capital will get this alert within seconds."},
		{"release names who is not connected", bram, at(waiting, "/release"), 200, "<strong>Radio Vivacité</strong> – never connected"},
		{"release tells the author why not", anna, at(waiting, "/release"), 200, "An approver must do it"},
		{"release of a draft", bram, at(draftCase, "/release"), 409, "not waiting for release"},
		{"board before release", bram, at(draftCase, "/board"), 200, "Nothing has gone out"},
		{"board", bram, at(live, "/board"), 200, "La Gazette du Nord"},
		{"board of an unknown channel shows all", bram, at(live, "/board?channel=pigeon"), 200, "La Gazette du Nord"},
		{"board's part alone", bram, at(live, "/board?part=1&channel=sms"), 200, "s-00017"},
		{"withdraw of what is not live", bram, at(draftCase, "/withdraw"), 200, "no live alert"},
		{"withdraw", bram, at(live, "/withdraw"), 200, `value="found" checked`},
		{"auditor reads", dirk, at(live, ""), 200, "Lina"},
		{"auditor may not withdraw", dirk, at(live, "/withdraw"), 200, "Call one now"},
		{"photo of another case", anna, at(draftCase, "/photos/"+waiting.Facts.Children[0].Photo), 404, "no such photo"},
	} {
		t.Run(c.name, func(t *testing.T) {
			res, body := w.browser(t, c.as).get(c.path)
			if res.StatusCode != c.status {
				t.Errorf("status %d, want %d\n%s", res.StatusCode, c.status, body)
			}
			if got := body + res.Header.Get("Location"); !strings.Contains(got, c.want) {
				t.Errorf("no %q in\n%s", c.want, got)
			}
			if strings.Contains(body, "style=") || strings.Contains(body, "onclick") || strings.Contains(body, "<script>") {
				t.Error("the page has an inline style or script, which the policy forbids")
			}
		})
	}
}

// The board's filter leaves the other channels out.
func TestBoardFilter(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := w.live(t)
	w.ledger.set(board(k.ID, 1, alert.TypeAlert, 9_000))
	_, body := w.browser(t, bram).get("/console/cases/" + k.ID + "/board?channel=sms")
	if !strings.Contains(body, "s-00017") || strings.Contains(body, "<th scope=\"row\">La Gazette") {
		t.Error("the filter does not hold")
	}
	w.ledger.set(board(k.ID, 2, alert.TypeCancel, 0))
	if _, body = w.browser(t, bram).get("/console/cases/" + k.ID + "/board"); !strings.Contains(body, "3 confirmed removal") || !strings.Contains(body, "Removal confirmed") {
		t.Error("the board of a withdrawal does not say who confirmed the removal")
	}
}

// The headers that protect every answer, a refusal too.
func TestHeaders(t *testing.T) {
	w := newWorld(t, alert.Live)
	for _, path := range []string{"/console/sign-in", "/console/cases", "/console/nothing", "/v1/cases", "/v1/cases/x/nothing"} {
		res, _ := w.browser(t, stranger).get(path)
		for name, want := range map[string]string{
			"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
			"Referrer-Policy": "same-origin", "Strict-Transport-Security": "max-age=31536000",
		} {
			if got := res.Header.Get(name); !strings.Contains(got, want) {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
	}
}

// HEAD answers as GET does, without a body.
func TestHead(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := w.live(t)
	b := w.browser(t, bram)
	for _, path := range []string{"/console/cases", "/console/cases/" + k.ID, "/console/cases/" + k.ID + "/board", "/v1/cases", "/v1/cases/" + k.ID, "/v1/cases/" + k.ID + "/deliveries"} {
		r := must(http.NewRequestWithContext(t.Context(), http.MethodHead, w.URL+path, nil))(t)
		r.Header.Set("Accept", "text/event-stream")
		if res, body := b.send(r); res.StatusCode != http.StatusOK || body != "" {
			t.Errorf("HEAD %s: %s, %d bytes", path, res.Status, len(body))
		}
	}
}

// A form that another site sends with an officer's cookie does nothing.
func TestForeignForm(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := w.live(t)
	b := w.browser(t, bram)
	for header, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
		r := must(http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+"/console/cases/"+k.ID+"/withdraw", strings.NewReader("outcome=found")))(t)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set(header, value)
		if res, _ := b.send(r); res.StatusCode != http.StatusForbidden {
			t.Errorf("%s %s: %s", header, value, res.Status)
		}
	}
	if got := must(w.casework.Get(k.ID))(t); got.Stage != casework.StageReleased {
		t.Errorf("the alert is %s", got.Stage)
	}
}

func TestSignIn(t *testing.T) {
	w := newWorld(t, alert.Live)
	for _, c := range []struct {
		name, id, password, next string
		status                   int
		want                     string
	}{
		{"right", "anna", password, "", 303, "/console/cases"},
		{"wrong password", "anna", "wrong password here", "", 401, "The name or the password is wrong"},
		{"unknown name", "nobody", password, "", 401, "The name or the password is wrong"},
		{"markup as a name", "<b>anna</b>", password, "", 401, "&lt;b&gt;anna"},
		{"back to a page", "anna", password, "/console/cases/X/board?channel=sms", 303, "/console/cases/X/board?channel=sms"},
		{"next of another site", "anna", password, "https://evil.example/", 303, "/console/cases"},
		{"next without a scheme", "anna", password, "//evil.example/console/", 303, "/console/cases"},
		{"next that climbs", "anna", password, "/console/../evil", 303, "/console/cases"},
		{"next with a backslash", "anna", password, "/console/\\evil.example", 303, "/console/cases"},
	} {
		t.Run(c.name, func(t *testing.T) {
			res, body := w.browser(t, stranger).post("/console/sign-in", url.Values{"id": {c.id}, "password": {c.password}, "next": {c.next}})
			at := res.Header.Get("Location")
			if res.StatusCode != c.status || c.status == 303 && at != c.want || c.status != 303 && !strings.Contains(body, c.want) {
				t.Errorf("%d to %q\n%s", res.StatusCode, at, body)
			}
		})
	}
	b := w.browser(t, anna)
	if res, _ := b.post("/console/sign-out", nil); res.Header.Get("Location") != "/console/sign-in?done=signedout" {
		t.Errorf("sign-out leads to %s", res.Header.Get("Location"))
	}
	if res, _ := b.get("/console/cases"); res.StatusCode != http.StatusSeeOther {
		t.Errorf("after signing out the list answers %s", res.Status)
	}
}

// What officers do, one form after the other, and what a refusal says.
func TestActs(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := w.submitted(t)
	at := "/console/cases/" + k.ID
	digest := must(w.casework.Preview(t.Context(), k.ID))(t).Digest
	for _, c := range []struct {
		name   string
		as     auth.Officer
		path   string
		form   url.Values
		status int
		want   string
	}{
		{"release by the author", anna, "/release", url.Values{"digest": {digest}}, 403, "An approver must release"},
		{"release of a stolen digest", bram, "/release", url.Values{"digest": {strings.Repeat("0", 64)}}, 409, "not what you were shown"},
		{"return without a reason", bram, "/return", url.Values{"reason": {" "}}, 422, "Say why"},
		{"return", bram, "/return", url.Values{"reason": {"The plate is wrong."}}, 303, at + "?done=returned"},
		{"submit again", anna, "/submit", nil, 303, at + "?done=submitted"},
		{"submit twice", anna, "/submit", nil, 409, "Not possible now"},
		{"release", bram, "/release", url.Values{"digest": {digest}}, 303, at + "/board?done=released"},
		{"withdraw without a reason", bram, "/withdraw", url.Values{}, 422, "Choose why"},
		{"withdraw with the child's name", bram, "/withdraw", url.Values{"outcome": {"found"}, "words.fr": {"Lina est rentrée."}, "words.en": {"Lina is home."}}, 422, "There is a problem"},
		{"withdraw by an auditor", dirk, "/withdraw", url.Values{"outcome": {"found"}}, 403, "You may not"},
		{"withdraw", anna, "/withdraw", url.Values{"outcome": {"found"}}, 303, at + "/board?done=withdrawn"},
		{"edit after the end", anna, "/edit/what", url.Values{"version": {"1"}}, 403, "while the case is open"},
	} {
		ok := t.Run(c.name, func(t *testing.T) {
			res, body := w.browser(t, c.as).post(at+c.path, c.form)
			if got := body + res.Header.Get("Location"); res.StatusCode != c.status || !strings.Contains(got, c.want) {
				t.Errorf("%d, want %d with %q\n%s", res.StatusCode, c.status, c.want, got)
			}
		})
		if !ok {
			return // the rest stands on it
		}
	}
	if strings.Contains(w.logged.String(), "Lina") {
		t.Error("the log names the child")
	}
}

// Two officers on one page: the second is asked, and loses nothing.
func TestConflict(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := must(w.casework.Draft(t.Context(), anna, draft()))(t)
	page := "/console/cases/" + k.ID + "/edit/vehicles/0"
	mine := url.Values{"version": {version(k)}, "vehicles[0].kind": {"car"}, "vehicles[0].plate": {"9-<i>-9"}}
	d := k.Draft
	d.Facts.Vehicles[0].Colour = alert.Black
	must(w.casework.Edit(t.Context(), carla, k.ID, k.Version, d))(t)

	b := w.browser(t, anna)
	res, body := b.post(page, mine)
	if res.StatusCode != http.StatusPreconditionFailed {
		t.Fatalf("status %s\n%s", res.Status, body)
	}
	for _, want := range []string{"Carla Dubois", "9-&lt;i&gt;-9", "1-ABC-234", "Black", `name="vehicles[0].plate" value="9-&lt;i&gt;-9"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %q\n%s", want, body)
		}
	}
	mine.Set("version", version(must(w.casework.Get(k.ID))(t)))
	if res, body = b.post(page, mine); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("keeping mine: %s\n%s", res.Status, body)
	}
	if got := must(w.casework.Get(k.ID))(t).Facts.Vehicles[0]; got.Plate != "9-<i>-9" || got.Kind != alert.Car {
		t.Errorf("kept %+v", got)
	}
}

// A page that cannot be read is shown again with everything as it was typed.
func TestNothingTypedIsLost(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := must(w.casework.Draft(t.Context(), anna, draft()))(t)
	res, body := w.browser(t, anna).post("/console/cases/"+k.ID+"/edit/children/0", url.Values{
		"version": {"1"}, "children[0].given_name": {`Ana "<script>`}, "children[0].age": {"nine"}, "children[0].hair_colour": {"purple"},
	})
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Fatalf("status %s", res.Status)
	}
	for _, want := range []string{`name="version" value="1"`, `href="#children-0-age"`, `value="nine"`, `Ana &#34;&lt;script&gt;`, "choose one of the list"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q in\n%s", want, body)
		}
	}
	if got := must(w.casework.Get(k.ID))(t); got.Version != k.Version {
		t.Error("a page with faults was stored")
	}
}

// A form that comes after the session ended is kept, and works once its sender is back.
func TestLateFormIsKept(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := must(w.casework.Draft(t.Context(), anna, draft()))(t)
	path, form := "/console/cases/"+k.ID+"/edit/last-seen?return=check", url.Values{"version": {version(k)}, "last_seen.place": {`The "Red" <Lion>`}}
	res, body := w.browser(t, stranger).post(path, form)
	if res.StatusCode != http.StatusUnauthorized || !strings.Contains(body, `name="last_seen.place" value="The &#34;Red&#34; &lt;Lion&gt;"`) || !strings.Contains(body, `action="`+path+`"`) {
		t.Fatalf("%s\n%s", res.Status, body)
	}
	if res, body = w.browser(t, anna).post(path, form); res.StatusCode != http.StatusSeeOther || must(w.casework.Get(k.ID))(t).Facts.LastSeen.Place != `The "Red" <Lion>` {
		t.Errorf("%s\n%s", res.Status, body)
	}
}

// A name made of markup is text on every page, before the release, while it waits and live.
func TestMarkupIsText(t *testing.T) {
	w := newWorld(t, alert.Live, asking)
	const hostile = "<img src=x onerror=alert(1)>"
	d := draft()
	d.Criteria = &criteria.Answers{Override: hostile + " A girl of nine, alone at night."}
	d.Facts.Children[0].GivenName = hostile
	d.Facts.LastSeen.Place = "<b>Gare</b>"
	k := must(w.casework.Draft(t.Context(), anna, d))(t)
	pages := func(o auth.Officer, at string, pages ...string) {
		t.Helper()
		b := w.browser(t, o)
		for _, page := range pages {
			res, body := b.get(at + page)
			if res.StatusCode != 200 || strings.Contains(body, "<img src=x") || strings.Contains(body, "<b>Gare") {
				t.Errorf("%s: %s, or markup went through", at+page, res.Status)
			}
		}
	}
	at := "/console/cases/" + k.ID
	pages(anna, at, "", "/check", "/preview", "/board", "/board?wall=1", "/withdraw", "/texts", "/texts/fr/sms",
		"/edit/children", "/edit/children/0", "/edit/words", "/edit/area", "/edit/criteria", "/edit/last-seen")
	must(w.casework.Submit(t.Context(), anna, k.ID))(t)
	pages(bram, at, "/release")
	must(w.casework.Approve(t.Context(), bram, k.ID, casework.Approval{Digest: must(w.casework.Preview(t.Context(), k.ID))(t).Digest, Override: hostile + " No time is left."}))(t)
	w.ledger.set(board(k.ID, 1, alert.TypeAlert, 9_000))
	pages(carla, at, "", "/correct", "/board", "/board?part=1", "/board?wall=1", "/board?wall=1&part=1")
	if err := w.book.Add(t.Context(), auth.Officer{ID: "eve", Name: hostile, Unit: hostile, Roles: []auth.Role{auth.Auditor}}, password); err != nil {
		t.Fatal(err)
	}
	pages(dirk, "/console", "/cases?tab=live", "/cases?q="+url.QueryEscape(hostile), "/audit", "/audit?q="+url.QueryEscape(hostile))
	pages(ada, "/console/officers", "", "/account/eve", "/requests")
}

// The exercise says so on every page, the live system never.
func TestBand(t *testing.T) {
	for realm, want := range map[alert.Realm]bool{alert.Live: false, alert.Drill: true} {
		w := newWorld(t, realm)
		k := w.submitted(t)
		b := w.browser(t, carla)
		for _, path := range []string{"/console/cases", "/console/cases/new", "/console/cases/" + k.ID, "/console/cases/" + k.ID + "/release", "/console/cases/" + k.ID + "/board", "/console/nothing"} {
			if _, body := b.get(path); strings.Contains(body, "nothing here reaches the public") != want {
				t.Errorf("%s %s: the band is wrong", realm, path)
			}
		}
	}
}

// Who an alert needs now.
func TestNeeds(t *testing.T) {
	base := casework.Case{Author: "anna", LastEditor: "anna", Editors: []string{"anna"}, Submitter: "anna"}
	site := &console{Deps: Deps{Casework: newWorld(t, alert.Live).casework}, tongue: english}
	for _, c := range []struct {
		name   string
		change func(*casework.Case)
		of     []string
	}{
		{"a draft needs nobody", func(k *casework.Case) { k.Stage = casework.StageDraft }, nil},
		{"a returned draft needs its author", func(k *casework.Case) { k.Stage, k.Reason = casework.StageDraft, "plate" }, []string{"anna"}},
		{"a submission needs the approvers", func(k *casework.Case) { k.Stage = casework.StageSubmitted }, []string{"bram", "carla"}},
		{"but none who wrote in it", func(k *casework.Case) {
			k.Stage, k.Editors = casework.StageSubmitted, []string{"anna", "carla"}
		}, []string{"bram"}},
		{"what is pending needs everybody", func(k *casework.Case) { k.Stage, k.Pending = casework.StageReleased, true }, []string{"anna", "bram", "carla", "dirk"}},
	} {
		k := base
		c.change(&k)
		var got []string
		for _, o := range []auth.Officer{anna, bram, carla, dirk} {
			if site.needs(&k, o) {
				got = append(got, o.ID)
			}
		}
		if !slices.Equal(got, c.of) {
			t.Errorf("%s: %v, want %v", c.name, got, c.of)
		}
	}
}

func TestAgo(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0 seconds", time.Second: "1 second", 59 * time.Second: "59 seconds", time.Minute: "1 minute",
		72 * time.Minute: "1 hour 12 minutes", 47 * time.Hour: "47 hours 0 minutes", 49 * time.Hour: "2 days",
	} {
		if got := english.ago(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}
