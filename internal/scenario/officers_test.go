package scenario

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
	"tocsin/internal/client"
)

// office is a server with officers alone: what counts is what it refuses.
type office struct {
	*server
	tokens map[string]string
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{server: newServer(t, nil), tokens: map[string]string{}}
	o.start()
	both := []auth.Role{auth.Author, auth.Approver}
	for id, roles := range map[string][]auth.Role{
		"anna": both, "boris": both, "clara": both, "david": {auth.Approver}, "emma": {auth.Author}, "fred": {auth.Auditor},
	} {
		o.tokens[id] = o.token(id, roles...)
	}
	return o
}

// as makes a request of the officers' API with a JSON body.
func (o *office) as(officer, method, path string, body any) answer {
	o.t.Helper()
	in := request{method: method, url: o.url("/v1/cases" + path), token: o.tokens[officer]}
	if body != nil {
		in.contentType, in.body = "application/json", asJSON(o.t, body)
	}
	return ask(o.t, in)
}

// want is one answer's status and a part of its reason.
func (o *office) want(what string, got answer, status int, reason string) {
	o.t.Helper()
	if got.status != status {
		o.t.Errorf("%s: %d %.300s, want %d", what, got.status, got.body, status)
		return
	}
	if p := got.problem(o.t); !strings.Contains(p.Title+" "+p.Detail, reason) {
		o.t.Errorf("%s: the officer reads %q, want the reason: %q", what, p.Title+" "+p.Detail, reason)
	}
}

// draft opens a case of the officer's and gives its id.
func (o *office) draft(officer string) string {
	o.t.Helper()
	c, err := client.New(o.url(""), o.tokens[officer]).Draft(o.t.Context(), missing())
	if err != nil {
		o.t.Fatal(err)
	}
	return c.ID
}

func (o *office) ok(what string, got answer) answer {
	o.t.Helper()
	if got.status/100 != 2 {
		o.t.Fatalf("%s: %d %.300s", what, got.status, got.body)
	}
	return got
}

func (o *office) digest(officer, id string) map[string]string {
	o.t.Helper()
	return map[string]string{"digest": digestIn(o.t, o.as(officer, "GET", "/"+id+"/preview", nil))}
}

// edit changes the draft as an officer who has just read it.
func (o *office) edit(officer, id string, change func(*casework.Draft)) {
	o.t.Helper()
	if err := client.New(o.url(""), o.tokens[officer]).Edit(o.t.Context(), id, change); err != nil {
		o.t.Fatal(err)
	}
}

// Nobody releases what he had a hand in, and each is told why. Guards invariant 1.
func TestTwoOfficers(t *testing.T) {
	o := newOffice(t)
	id := o.draft("anna")
	o.edit("boris", id, func(d *casework.Draft) { d.Facts.LastSeen.Towards = "Gent" })
	o.ok("clara submits", o.as("clara", "POST", "/"+id+"/submit", nil))
	digest := o.digest("david", id)
	for officer, reason := range map[string]string{
		"anna":  "You wrote this alert",
		"boris": "You made the last change",
		"clara": "You submitted this alert",
		"emma":  "may not release",
		"fred":  "Auditors read everything and change nothing",
	} {
		o.want(officer+" releases", o.as(officer, "POST", "/"+id+"/release", digest), http.StatusForbidden, reason)
	}
	for token, reason := range map[string]string{"": "Sign in", "tocsin_wrong": "unknown or was revoked"} {
		got := ask(t, request{
			method: "POST", url: o.url("/v1/cases/" + id + "/release"), token: token, contentType: "application/json", body: asJSON(t, digest),
		})
		o.want("a stranger releases", got, http.StatusUnauthorized, reason)
	}
	o.want("an auditor writes", o.as("fred", "POST", "", missing()), http.StatusForbidden, "Auditors read everything and change nothing")
	o.want("an author rejects", o.as("emma", "POST", "/"+id+"/reject", map[string]string{"reason": "a double"}), http.StatusForbidden, "Only an approver")
	o.want("an uninvolved author withdraws", o.as("emma", "POST", "/"+id+"/withdraw", map[string]string{"outcome": "found"}), http.StatusForbidden, "may withdraw")
	o.ok("david releases", o.as("david", "POST", "/"+id+"/release", digest))
	o.ok("anna withdraws her own", o.as("anna", "POST", "/"+id+"/withdraw", map[string]string{"outcome": "error"}))
}

// What the approver saw is what goes out, whoever else is at work. Guards invariant 2.
func TestReleaseIsOfWhatWasShown(t *testing.T) {
	o := newOffice(t)
	one, other := o.draft("anna"), o.draft("anna")
	for _, id := range []string{one, other} {
		o.ok("submit", o.as("anna", "POST", "/"+id+"/submit", nil))
	}
	seen := o.digest("david", one)
	o.want("another case's digest", o.as("david", "POST", "/"+one+"/release", o.digest("david", other)), http.StatusConflict, "not what you were shown")
	o.want("no digest", o.as("david", "POST", "/"+one+"/release", map[string]string{}), http.StatusConflict, "not what you were shown")

	o.ok("return", o.as("david", "POST", "/"+one+"/return", map[string]string{"reason": "the van is missing"}))
	o.edit("anna", one, func(d *casework.Draft) {
		d.Facts.Vehicles = []alert.Vehicle{{Kind: alert.Van, Colour: alert.White, Plate: "1-ABC-234", Country: "BE"}}
	})
	o.want("a draft", o.as("david", "POST", "/"+one+"/release", seen), http.StatusConflict, "Only a submitted alert")
	o.ok("submit again", o.as("anna", "POST", "/"+one+"/submit", nil))
	o.want("the digest of before the change", o.as("david", "POST", "/"+one+"/release", seen), http.StatusConflict, "not what you were shown")

	// A change after submission is refused, or takes the submission back: it never goes out unseen.
	c := o.ok("read", o.as("anna", "GET", "/"+one, nil))
	changed := missing()
	changed.Facts.Children[0].Age = 9
	late := ask(t, request{
		method: "PUT", url: o.url("/v1/cases/" + one), token: o.tokens["anna"], contentType: "application/json",
		header: map[string]string{"If-Match": c.header.Get("ETag")}, body: asJSON(t, changed),
	})
	if late.status != http.StatusConflict && late.status/100 != 2 {
		t.Errorf("an edit after submission: %d %.300s", late.status, late.body)
	}
	if late.status/100 == 2 {
		if got := o.as("david", "POST", "/"+one+"/release", seen); got.status != http.StatusConflict {
			t.Errorf("a release of what was changed meanwhile: %d, want 409", got.status)
		}
	}
	o.want("an address that is no case", o.as("david", "POST", "/nobody/release", seen), http.StatusNotFound, "no such case")
}

// Two officers on one draft: the second one's work is not lost and not lost sight of.
func TestTwoEditorsAtOnce(t *testing.T) {
	o := newOffice(t)
	id := o.draft("anna")
	tag := o.as("anna", "GET", "/"+id, nil).header.Get("ETag")
	put := func(officer, match string) answer {
		return ask(t, request{
			method: "PUT", url: o.url("/v1/cases/" + id), token: o.tokens[officer], contentType: "application/json",
			header: map[string]string{"If-Match": match}, body: asJSON(t, missing()),
		})
	}
	o.ok("the first", put("anna", tag))
	o.want("the second", put("boris", tag), http.StatusPreconditionFailed, "Somebody else changed")
	o.want("an invented version", put("boris", `"newest"`), http.StatusPreconditionFailed, "Somebody else changed")
	bare := ask(t, request{method: "PUT", url: o.url("/v1/cases/" + id), token: o.tokens["boris"], contentType: "application/json", body: asJSON(t, missing())})
	o.want("no version", bare, http.StatusPreconditionRequired, "If-Match")
}

// Every fault is named at once, with its field and the mend.
func TestBadFactsAreNamed(t *testing.T) {
	o := newOffice(t)
	cases := []struct {
		name   string
		change func(*casework.Draft)
		fields []string
	}{
		{"nothing at all", func(d *casework.Draft) { *d = casework.Draft{} }, []string{
			"facts.children", "facts.circumstances", "facts.last_seen.place", "facts.contact.phone", "facts.areas", "facts.languages", "facts.expires", "facts.authority",
		}},
		{"an age of 19", func(d *casework.Draft) { d.Facts.Children[0].Age = 19 }, []string{"facts.children[0].age"}},
		{"expired", func(d *casework.Draft) { d.Facts.Expires = time.Now().Add(-time.Hour) }, []string{"facts.expires"}},
		{"a polygon that crosses itself", func(d *casework.Draft) {
			d.Facts.Polygons = []alert.Polygon{{{Lat: 50, Lon: 4}, {Lat: 51, Lon: 5}, {Lat: 51, Lon: 4}, {Lat: 50, Lon: 5}, {Lat: 50, Lon: 4}}}
		}, []string{"facts.polygons[0]"}},
		{"a name of 500 characters", func(d *casework.Draft) { d.Facts.Children[0].GivenName = strings.Repeat("a", 500) }, []string{"facts.children[0].given_name"}},
		{"marks that turn the text around", func(d *casework.Draft) { d.Facts.Children[0].GivenName = "Zo\u202eé" }, []string{"facts.children[0].given_name"}},
		{"an area that does not exist", func(d *casework.Draft) { d.Facts.Areas = []string{"BE-NOWHERE"} }, []string{"facts.areas[0]"}},
		{"several at once", func(d *casework.Draft) {
			d.Facts.Children[0].Age, d.Facts.Children[0].Sex, d.Facts.Contact.Phone = 19, "", "call us"
		}, []string{"facts.children[0].age", "facts.children[0].sex", "facts.contact.phone"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := missing()
			c.change(&d)
			got := o.as("anna", "POST", "", d)
			if got.status == http.StatusCreated { // some faults need the atlas, and are told at submission
				id := strings.TrimPrefix(got.header.Get("Location"), "/v1/cases")
				got = o.as("anna", "POST", id+"/submit", nil)
			}
			if got.status != http.StatusUnprocessableEntity {
				t.Fatalf("%d %.300s, want 422", got.status, got.body)
			}
			p := got.problem(t)
			for _, field := range c.fields {
				at := slices.IndexFunc(p.Errors, func(e struct{ Field, Code, Text string }) bool { return strings.HasPrefix(e.Field, field) })
				if at < 0 || p.Errors[at].Text == "" || p.Errors[at].Code == "" {
					t.Errorf("no fault of %s among %v", field, p.Errors)
				}
			}
		})
	}
	hostile := missing()
	hostile.Facts.Children[0].GivenName = `<img onerror=alert(1) src=x>`
	if got := o.as("anna", "POST", "", hostile); got.status/100 == 5 {
		t.Errorf("a name that is markup: %d", got.status)
	}
	for what, body := range map[string]string{
		"half a document": `{"facts":`, "two documents": `{} {}`, "a misspelt field": `{"fact":{}}`, "a list": `[]`, "a number for a name": `{"facts":{"authority":7}}`,
	} {
		got := ask(t, request{method: "POST", url: o.url("/v1/cases"), token: o.tokens["anna"], contentType: "application/json", body: []byte(body)})
		if p := got.problem(t); got.status != http.StatusBadRequest && got.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %+v, want 400 or 422", what, got.status, p)
		}
	}
	for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded"} {
		got := ask(t, request{method: "POST", url: o.url("/v1/cases"), token: o.tokens["anna"], contentType: kind, body: asJSON(t, missing())})
		o.want(fmt.Sprintf("a draft as %q", kind), got, http.StatusUnsupportedMediaType, "application/json")
	}
}
