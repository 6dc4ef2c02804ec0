package newsroom

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"tocsin/internal/alert"
)

// The rights table: what each kind of visitor gets of every address.
func TestRights(t *testing.T) {
	w := newWorld(t, alert.Live)
	m := w.publish(w.story(nil))
	file := "/newsroom/fr/alerts/" + m.Identifier + "/"
	visitors := map[string]browser{"eva": w.browser("eva"), "sam": w.browser("sam"), "guest": w.guest("Ivo"), "stranger": w.browser("")}
	for _, tt := range []struct {
		method, path string
		form         url.Values
		want         map[string]int
	}{
		{"GET", "/newsroom", nil, all(303)},
		{"GET", "/newsroom/fr/", nil, map[string]int{"eva": 200, "sam": 200, "guest": 200, "stranger": 303}},
		{"GET", "/newsroom/fr/?part=1", nil, map[string]int{"eva": 200, "sam": 200, "guest": 200, "stranger": 401}},
		{"HEAD", "/newsroom/fr/events", nil, map[string]int{"eva": 200, "sam": 200, "guest": 200, "stranger": 401}},
		{"GET", file + "alert.xml", nil, map[string]int{"eva": 200, "sam": 404, "guest": 200, "stranger": 401}},
		{"GET", file + "everything.zip", nil, map[string]int{"eva": 200, "sam": 404, "guest": 200, "stranger": 401}},
		{"GET", file + "1-photo.jpg", nil, map[string]int{"eva": 200, "sam": 404, "guest": 200, "stranger": 401}},
		{"GET", file + "99-photo.jpg", nil, map[string]int{"eva": 404, "sam": 404, "guest": 404, "stranger": 401}},
		{"GET", "/newsroom/fr/alerts/nothing/alert.xml", nil, map[string]int{"eva": 404, "sam": 404, "guest": 404, "stranger": 401}},
		{"GET", "/newsroom/fr/certificate.pem", nil, map[string]int{"eva": 200, "sam": 200, "guest": 200, "stranger": 401}},
		{"POST", "/newsroom/fr/receipts", url.Values{"identifier": {m.Identifier}, "state": {"seen"}}, map[string]int{"eva": 303, "sam": 404, "guest": 303, "stranger": 303}},
		{"POST", "/newsroom/fr/test", url.Values{}, map[string]int{"eva": 303, "sam": 303, "guest": 303, "stranger": 303}},
		{"GET", "/newsroom/fr/receipts", nil, all(404)},
		{"GET", "/newsroom/xx/", nil, all(404)},
		{"GET", "/newsroom/fr/sign-in", nil, map[string]int{"eva": 303, "sam": 303, "guest": 303, "stranger": 200}},
	} {
		for who, b := range visitors {
			r := must(http.NewRequestWithContext(t.Context(), tt.method, w.URL+tt.path, strings.NewReader(tt.form.Encode())))(t)
			if tt.method == http.MethodPost {
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			res, body := b.send(r)
			if res.StatusCode != tt.want[who] {
				t.Errorf("%s %s by %s: %s, want %d\n%.400s", tt.method, tt.path, who, res.Status, tt.want[who], body)
			}
			if res.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s %s by %s may be stored: %q", tt.method, tt.path, who, res.Header.Get("Cache-Control"))
			}
			if res.StatusCode >= 400 && strings.Contains(tt.path, "/alerts/") && res.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s %s by %s: a fault as %q", tt.method, tt.path, who, res.Header.Get("Content-Type"))
			}
			if who != "eva" && who != "guest" && strings.Contains(body, girl) {
				t.Errorf("%s %s names the child to %s", tt.method, tt.path, who)
			}
		}
	}
	if got := strings.Join(w.acts(nord), "\n"); got != "received |\nseen Eva Maes|\nseen Ivo|" && got != "received |\nseen Ivo|\nseen Eva Maes|" {
		t.Errorf("the ledger has\n%s", got)
	}
	if got := w.acts(sud); got != nil {
		t.Errorf("a station that was not meant has said %v", got)
	}
}

func all(status int) map[string]int {
	return map[string]int{"eva": status, "sam": status, "guest": status, "stranger": status}
}

// guest signs in with the token of Radio Nord and a name.
func (w *world) guest(name string) browser {
	w.t.Helper()
	b := w.browser("")
	if res, body := b.post("/newsroom/fr/sign-in", url.Values{"token": {"st-nord.secret"}, "name": {name}}); res.StatusCode != http.StatusSeeOther {
		w.t.Fatalf("guest: %s\n%s", res.Status, body)
	}
	return b
}

func TestSignIn(t *testing.T) {
	w := newWorld(t, alert.Drill)
	for _, tt := range []struct {
		name   string
		form   url.Values
		status int
		says   string
	}{
		{"an editor", url.Values{"id": {"eva"}, "password": {password}}, 303, ""},
		{"a wrong password", url.Values{"id": {"eva"}, "password": {"wrong horse battery"}}, 401, "Der Name oder das Passwort ist falsch"},
		{"an officer", url.Values{"id": {"bram"}, "password": {password}}, 401, "Der Name oder das Passwort ist falsch"},
		{"a name in markup", url.Values{"id": {`"><img src=x>`}, "password": {password}}, 401, "&#34;&gt;&lt;img src=x&gt;"},
		{"a token and a name", url.Values{"token": {"st-nord.secret"}, "name": {"Ivo"}}, 303, ""},
		{"a wrong token", url.Values{"token": {"st-nord.other"}, "name": {"Ivo"}}, 401, "Dieser Token gilt nicht"},
		{"a token and nobody", url.Values{"token": {"st-nord.secret"}, "name": {" "}}, 422, "1 bis 80 sichtbaren Zeichen"},
		{"too much", url.Values{"id": {strings.Repeat("x", maxForm)}}, 413, "zu groß"},
	} {
		res, body := w.browser("").post("/newsroom/de/sign-in", tt.form)
		if res.StatusCode != tt.status || !strings.Contains(body, tt.says) {
			t.Errorf("%s: %s, want %d and %q\n%.600s", tt.name, res.Status, tt.status, tt.says, body)
		}
	}
	b := w.browser("")
	for range 6 {
		if res, _ := b.post("/newsroom/fr/sign-in", url.Values{"id": {"sam"}, "password": {"guess number one"}}); res.StatusCode == http.StatusTooManyRequests {
			if res.Header.Get("Retry-After") == "" {
				t.Error("throttled without a word when to come back")
			}
			return
		}
	}
	t.Error("guessing is never slowed down")
}

// Whoever loses his right is out at the next press, whichever way he came in.
func TestRightsEnd(t *testing.T) {
	for name, tt := range map[string]struct {
		who func(*world) browser
		end func(*world) error
	}{
		"the editor is revoked":          {func(w *world) browser { return w.browser("eva") }, func(w *world) error { return w.book.Revoke(w.t.Context(), "eva") }},
		"the station is removed":         {func(w *world) browser { return w.browser("eva") }, func(w *world) error { return w.reg.Remove(w.t.Context(), "broadcast", nord) }},
		"the guest's station is removed": {func(w *world) browser { return w.guest("Ivo") }, func(w *world) error { return w.reg.Remove(w.t.Context(), "broadcast", nord) }},
		"the token is renewed": {func(w *world) browser { return w.guest("Ivo") }, func(w *world) error {
			w.desk.change(func() { w.desk.tokens = map[string]string{"st-nord.new": nord} })
			return nil
		}},
		"he signs out": {func(w *world) browser { return w.browser("eva") }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, alert.Live)
			m := w.publish(w.story(nil))
			b := tt.who(w)
			if res, body := b.get("/newsroom/fr/"); res.StatusCode != http.StatusOK || !strings.Contains(body, girl) {
				t.Fatalf("before: %s", res.Status)
			}
			if tt.end == nil {
				b.post("/newsroom/fr/sign-out", nil)
			} else if err := tt.end(w); err != nil {
				t.Fatal(err)
			}
			if res, body := b.get("/newsroom/fr/"); res.StatusCode != http.StatusSeeOther || strings.Contains(body, girl) {
				t.Errorf("after: %s", res.Status)
			}
			b.post("/newsroom/fr/receipts", url.Values{"identifier": {m.Identifier}, "state": {"on_air"}})
			if got := w.acts(nord); len(got) != 1 {
				t.Errorf("after: the ledger has %v", got)
			}
		})
	}
	w := newWorld(t, alert.Live)
	if err := w.reg.Remove(t.Context(), "broadcast", nord); err != nil {
		t.Fatal(err)
	}
	if res, _ := w.browser("").post("/newsroom/fr/sign-in", url.Values{"id": {"eva"}, "password": {password}}); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("an editor of a station that is no more signs in: %s", res.Status)
	}
}

// A form that another site sends with the editor's cookie is refused.
func TestForeignForm(t *testing.T) {
	w := newWorld(t, alert.Live)
	m := w.publish(w.story(nil))
	b := w.browser("eva")
	form := url.Values{"identifier": {m.Identifier}, "state": {"declined"}, "reason": {"area"}}
	for _, origin := range []string{"https://evil.example", "null"} {
		r := must(http.NewRequestWithContext(t.Context(), "POST", w.URL+"/newsroom/fr/receipts", strings.NewReader(form.Encode())))(t)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", origin)
		if res, body := b.send(r); res.StatusCode != http.StatusForbidden || !strings.Contains(body, "autre site") {
			t.Errorf("from %s: %s", origin, res.Status)
		}
	}
	if len(w.acts(nord)) != 1 {
		t.Errorf("the ledger has %v", w.acts(nord))
	}
}
