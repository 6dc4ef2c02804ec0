package console

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"tocsin/internal/alert"
	"tocsin/internal/audit"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
	"tocsin/internal/stream"
)

// routes are all that the console answers, as a chi route has them: method and pattern.
func (w *world) routes(t *testing.T) [][2]string {
	t.Helper()
	d := Deps{
		Casework: w.casework, Accounts: w.book, Officer: auth.From, Passkeys: w.passkeys, Ledger: w.ledger, Realm: alert.Live,
		Office: w.book, Audit: w.audit,
	}
	c := &console{Deps: d, tongue: english}
	routes, ok := c.routes().(chi.Routes)
	if !ok {
		t.Fatal("the routes cannot be walked")
	}
	var all [][2]string
	if err := chi.Walk(routes, func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		all = append(all, [2]string{method, route})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// own are the acts of anybody upon himself: sign-in, sign-out, his language and his own ways of signing in.
var own = regexp.MustCompile(`^/console/(sign-|language|account|invitation|second-step|set-up|sso)`)

// An auditor reads everything and changes nothing: each route that changes
// something refuses him with the reason, and so does each that will be added.
func TestAuditorChangesNothing(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := w.live(t)
	params := strings.NewReplacer("{id}", k.ID, "{officer}", "anna", "{request}", "none", "{step}", "what", "{n}", "0", "{photo}", k.Facts.Children[0].Photo, "{file}", "x", "{key}", "x", "{token}", "x", "/*", "")
	b := w.browser(t, dirk)
	changing := 0
	for _, route := range w.routes(t) {
		method, path := route[0], params.Replace(route[1])
		if method == http.MethodGet || method == http.MethodHead || own.MatchString(path) {
			continue
		}
		changing++
		r := must(http.NewRequestWithContext(t.Context(), method, w.URL+path, strings.NewReader("{}")))(t)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if res, body := b.send(r); res.StatusCode != http.StatusForbidden || !strings.Contains(body, "Auditors read everything and change nothing.") {
			t.Errorf("%s %s: %s\n%.300s", method, path, res.Status, body)
		}
	}
	if changing < 25 {
		t.Errorf("only %d routes change something: the walk is broken", changing)
	}
	for path, want := range map[string]string{
		"/console/cases/" + k.ID: "Lina", "/console/cases/" + k.ID + "/board": "Board", "/console/cases/" + k.ID + "/preview": "Lina",
		"/console/audit": "Alert released", "/console/audit/export": `"kind":"case_released"`, "/console/officers": "Anna Peeters",
		"/console/officers/requests": "No request is waiting", "/console/officers/keys": "Signature of alerts", "/console/officers/account/anna": "Brussels North",
		"/v1/cases": k.ID, "/v1/cases/" + k.ID + "/record": `"events"`,
	} {
		if res, body := b.get(path); res.StatusCode != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("reading %s: %s, no %q", path, res.Status, want)
		}
	}
}

// Who sees the pages of administration, and who acts there.
func TestOfficePages(t *testing.T) {
	w := newWorld(t, alert.Live)
	for _, c := range []struct {
		name   string
		as     auth.Officer
		method string
		path   string
		status int
		want   string
	}{
		{"an author sees no list", anna, "GET", "/console/officers", 403, "Only administrators and auditors"},
		{"nor the record", carla, "GET", "/console/audit", 403, "Only administrators and auditors"},
		{"nor its file", bram, "GET", "/console/audit/export", 403, "Only administrators and auditors"},
		{"nor asks", anna, "POST", "/console/officers/new", 403, "Only administrators and auditors"},
		{"an auditor asks for nobody", dirk, "GET", "/console/officers/new", 403, "Only an administrator"},
		{"an administrator", ada, "GET", "/console/officers", 200, "Ask for a new officer"},
		{"the list has roles", ada, "GET", "/console/officers", 200, "Approver"},
		{"a form", ada, "GET", "/console/officers/new", 200, "Sign-in name"},
		{"an account", ada, "GET", "/console/officers/account/anna", 200, "Revoke this account"},
		{"his own", ada, "GET", "/console/officers/account/ada", 200, "You cannot revoke your own account"},
		{"nobody's", ada, "GET", "/console/officers/account/zoe", 404, "There is no such officer"},
		{"nobody's change", ada, "POST", "/console/officers/account/zoe/change", 404, "There is no such officer"},
		{"keys", ada, "GET", "/console/officers/keys", 200, "0123 4567 89ab cdef"},
		{"an administrator drafts nothing", ada, "GET", "/console/cases/new", 403, "no author&#39;s role"},
		{"and begins nothing", ada, "POST", "/console/cases/new", 403, ""},
		{"revoking himself", ada, "POST", "/console/officers/account/ada/revoke", 403, "your own account"},
		{"a request that is not there", ada, "POST", "/console/officers/account/anna/requests/none/confirm", 409, "meanwhile"},
		{"a reset without a reason", ada, "POST", "/console/officers/account/anna/reset", 422, "Say why"},
		{"a strange day", dirk, "GET", "/console/audit?day=tomorrow&before=x&kind=no", 200, "Signed in"},
		{"a day long ago", dirk, "GET", "/console/audit?day=1999-01-01", 200, "Nothing fits"},
		{"one officer's acts", dirk, "GET", "/console/audit?officer=anna", 200, "Account added"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := w.browser(t, c.as)
			ask := b.get
			if c.method != "GET" {
				ask = func(path string) (*http.Response, string) { return b.post(path, url.Values{}) }
			}
			res, body := ask(c.path)
			if res.StatusCode != c.status || !strings.Contains(body, c.want) {
				t.Errorf("%s, want %d with %q\n%s%s", res.Status, c.status, c.want, body, w.logged)
			}
		})
	}
}

// The fault of a reset's reason is at its box, which is open, with what was typed.
func TestResetFaultIsAtItsBox(t *testing.T) {
	w := newWorld(t, alert.Live)
	long := strings.Repeat("x", 501)
	res, body := w.browser(t, ada).post("/console/officers/account/anna/reset", url.Values{"reset-reason": {long}})
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Fatalf("%s\n%s", res.Status, body)
	}
	for _, want := range []string{`<details open><summary>Ask to reset`, `href="#reset-reason"`, `id="reset-reason-error"`, `value="` + long + `"`, `value="Anna Peeters"`} {
		if !strings.Contains(body, want) {
			t.Errorf("no %.60s in\n%s", want, body)
		}
	}
}

// An administrator who is no approver releases nothing, by page or by API.
func TestAdministratorReleasesNothing(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := w.submitted(t)
	p := must(w.casework.Preview(t.Context(), k.ID))(t)
	b := w.browser(t, ada)
	for _, path := range []string{"/release", "/return", "/reject", "/submit", "/withdraw"} {
		if res, body := b.post("/console/cases/"+k.ID+path, url.Values{"digest": {p.Digest}, "reason": {"because"}, "outcome": {"found"}}); res.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s\n%.200s", path, res.Status, body)
		}
	}
	if now := must(w.casework.Get(k.ID))(t); now.Stage != casework.StageSubmitted {
		t.Errorf("the case is %s", now.Stage)
	}
}

// newNils is the form of a new account.
func newNils() url.Values {
	return url.Values{
		"id": {"nils"}, "name": {"Nils Holm"}, "unit": {"Namur"}, "roles": {"author", "approver"},
		"areas": {"Namur, BE-BRU"}, "reason": {"starts on Monday"},
	}
}

// Each fault of the form of an account is told at its field, with what was typed.
func TestOfficerFormFaults(t *testing.T) {
	w := newWorld(t, alert.Live)
	b := w.browser(t, ada)
	for name, tt := range map[string]struct{ field, value, want string }{
		"no name":         {"name", "", "#name"},
		"a name in use":   {"id", "anna", "#id"},
		"a strange name":  {"id", "<b>", "#id"},
		"no role":         {"roles", "", "#roles"},
		"an unknown role": {"roles", "root", "#roles"},
		"no such area":    {"areas", "Atlantis", "#areas"},
		"no reason":       {"reason", "", "#reason"},
		"mixed sides":     {"roles", "editor", "#station"},
	} {
		t.Run(name, func(t *testing.T) {
			form := newNils()
			form.Set(tt.field, tt.value)
			res, body := b.post("/console/officers/new", form)
			if res.StatusCode != http.StatusUnprocessableEntity || tt.want != "#station" && !strings.Contains(body, `href="`+tt.want+`"`) {
				t.Errorf("%s, no link to %s\n%s", res.Status, tt.want, body)
			}
			if tt.field != "name" && !strings.Contains(body, "Nils Holm") {
				t.Error("what was typed is lost")
			}
		})
	}
	if n := len(w.book.Requests()); n != 0 {
		t.Errorf("%d requests wait", n)
	}
}

var secretShown = regexp.MustCompile(`https://alert\.example/console/invitation/([a-z0-9]+)`)

// unheard is the accounts whose event log gives no answer to a confirmation.
type unheard struct{ Office }

func (unheard) Confirm(context.Context, auth.Officer, string, string) (*auth.Admission, error) {
	return nil, stream.ErrUnavailable
}

// A confirmation without an answer may be stored, and its link lost: to repeat it would be no way out.
func TestConfirmationWithoutAnAnswer(t *testing.T) {
	w := newWorldWith(t, alert.Live, choices{console: func(d *Deps, _ string) { d.Office = unheard{d.Office} }})
	res, body := w.browser(t, boris).post("/console/officers/account/nils/requests/any/confirm", nil)
	if res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "if it was, and no link was shown, ask for a reset") {
		t.Errorf("%s\n%s", res.Status, body)
	}
}

// Two administrators without script: asked, seen, confirmed, handed over; what
// was shown once is nowhere else, and every step is on the record.
func TestNewOfficerWithoutScript(t *testing.T) {
	w := newWorld(t, alert.Live)
	asker := w.browser(t, ada)
	if res, body := asker.post("/console/officers/new", newNils()); res.Header.Get("Location") != "/console/officers/requests?done=asked" {
		t.Fatalf("%s\n%s", res.Status, body)
	}
	if _, body := asker.get("/console/officers/requests"); !strings.Contains(body, "You asked for this. Another administrator must confirm it.") || strings.Contains(body, ">Confirm<") {
		t.Error("the asker is offered to confirm")
	}
	request := w.book.Requests()[0]
	at := "/console/officers/account/nils/requests/" + request.ID
	if res, body := asker.post(at+"/confirm", nil); res.StatusCode != http.StatusForbidden || !strings.Contains(body, "You asked for this") {
		t.Errorf("the asker confirms: %s", res.Status)
	}
	second := w.browser(t, boris)
	_, body := second.get("/console/officers/requests")
	for _, want := range []string{"Nils Holm", "starts on Monday", "Asked by Ada Lind", "Namur and Brussels", "Author, Approver"} {
		if !strings.Contains(body, want) {
			t.Errorf("the request does not show %q:\n%s", want, body)
		}
	}
	if res, body := second.post(at+"/decline", url.Values{"reason": {" "}}); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, "#reason-"+request.ID) {
		t.Errorf("declined without a reason: %s", res.Status)
	}
	res, body := second.post(at+"/confirm", nil)
	shown := secretShown.FindStringSubmatch(body)
	if res.StatusCode != http.StatusOK || shown == nil || res.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("confirmed: %s\n%s", res.Status, body)
	}
	if o, _, err := w.book.Invited(shown[1]); err != nil || o.ID != "nils" || !slices.Equal(o.Areas, []string{"BE-WNA", "BE-BRU"}) {
		t.Errorf("the invitation leads to %+v, %v", o, err)
	}
	if res, body := second.post(at+"/confirm", nil); res.StatusCode != http.StatusConflict || strings.Contains(body, shown[1]) {
		t.Errorf("confirmed twice: %s", res.Status)
	}
	if w.logged.Len() > 0 {
		t.Errorf("logged: %s", w.logged)
	}
	_, record := w.browser(t, dirk).get("/console/audit/export")
	if strings.Contains(record, shown[1]) || strings.Contains(record, "starts on Monday") {
		t.Error("the record holds the secret, or words that somebody wrote")
	}
}

// Rights go at once by one administrator, and come only by two; the session that had them ends.
func TestChangeWithoutScript(t *testing.T) {
	w := newWorld(t, alert.Live)
	b, carlas := w.browser(t, ada), w.browser(t, carla)
	form := url.Values{"name": {carla.Name}, "unit": {carla.Unit}, "roles": {"author"}, "reason": {"no longer approves"}}
	res, body := b.post("/console/officers/account/carla/change", form)
	if res.Header.Get("Location") != "/console/officers/account/carla?done=narrowed" {
		t.Fatalf("%s\n%s", res.Status, body)
	}
	if res, _ := carlas.get("/console/cases"); !strings.HasPrefix(res.Header.Get("Location"), "/console/sign-in") {
		t.Errorf("the session goes on with other rights: %s", res.Status)
	}
	form["roles"] = []string{"author", "admin"}
	if res, _ := b.post("/console/officers/account/carla/change", form); res.Header.Get("Location") != "/console/officers/requests?done=asked" {
		t.Fatalf("a right more: %s", res.Status)
	}
	if s, _ := w.book.Standing("carla"); s.Has(auth.Admin) {
		t.Error("one administrator made another")
	}
	if res, body := b.post("/console/officers/account/carla/change", form); res.StatusCode != http.StatusConflict || !strings.Contains(body, "is waiting") {
		t.Errorf("a second request: %s", res.Status)
	}
	if res, _ := b.post("/console/officers/account/carla/revoke", nil); res.Header.Get("Location") != "/console/officers/account/carla?done=revoked" {
		t.Errorf("revoked: %s", res.Status)
	}
	if _, body := b.get("/console/officers"); !strings.Contains(body, "Revoked accounts") {
		t.Error("the list does not show who is revoked")
	}
	if len(w.book.Requests()) != 0 {
		t.Error("the request outlives the account")
	}
}

// The pages of the record lead on to older entries, and back, within what is looked for.
func TestAuditPages(t *testing.T) {
	w := newWorld(t, alert.Live)
	b := w.browser(t, dirk)
	for range 3 * auditPageSize / 2 {
		b.get("/v1/cases/none/record") // refused: notes nothing
		w.audit.Note(t.Context(), audit.Event{Kind: audit.Exported, By: "dirk"})
	}
	_, first := b.get("/console/audit?kind=exports")
	older := regexp.MustCompile(`href="(/console/audit\?before=[^"]+)">Older`).FindStringSubmatch(first)
	if older == nil || strings.Count(first, "<li><time") != auditPageSize {
		t.Fatalf("%d entries on the first page\n%s", strings.Count(first, "<li><time"), first)
	}
	_, second := b.get(strings.ReplaceAll(older[1], "&amp;", "&"))
	if n := strings.Count(second, "<li><time"); n != auditPageSize/2 || strings.Contains(second, ">Older<") || !strings.Contains(second, `href="/console/audit?kind=exports">Newest`) {
		t.Errorf("%d entries on the second page\n%s", n, second)
	}
}
