package console

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/auth/authtest"
	"tocsin/internal/casework"
)

// choices are what a test has otherwise in its world.
type choices struct {
	casework []func(*casework.Deps)
	console  func(d *Deps, address string) // nil: as it is
	auth     []auth.Option
}

var ticketOnPage = regexp.MustCompile(`name="ticket" value="([^"]+)"`)

// enrolApp gives an officer an app behind the pages' back.
func (w *world) enrolApp(t *testing.T, o auth.Officer) *phone {
	t.Helper()
	app := must(w.book.NewApp(o, "Tocsin"))(t)
	p := &phone{secret: app.Secret}
	must(w.book.EnrolApp(t.Context(), o, app.Sealed, p.code(t)))(t)
	return p
}

// What the pages between a password and the session answer when something is
// wrong: each says what to do, and nobody is signed in by it.
func TestSecondStepRefused(t *testing.T) {
	w := newWorldWith(t, alert.Drill, choices{auth: []auth.Option{auth.RequireSecondFactor()}})
	w.enrolApp(t, bram)
	credentials := func(o auth.Officer) url.Values { return url.Values{"id": {o.ID}, "password": {password}} }
	stranger := w.browser(t, auth.Officer{})
	_, page := stranger.post("/console/sign-in", credentials(bram))
	code := ticketOnPage.FindStringSubmatch(page)[1]
	_, page = stranger.post("/console/sign-in", credentials(carla))
	setUp := ticketOnPage.FindStringSubmatch(page)[1]
	for _, tt := range []struct {
		name, path string
		form       url.Values
		status     int
		says       string
	}{
		{"no ticket", "/code", url.Values{"code": {"123456"}}, 401, "Sign in again from the beginning"},
		{"another step's ticket", "/code", url.Values{"ticket": {setUp}, "code": {"123456"}}, 401, "Sign in again from the beginning"},
		{"a wrong code", "/code", url.Values{"ticket": {code}, "code": {"000000"}}, 422, "The code is wrong"},
		{"no code", "/code", url.Values{"ticket": {code}}, 422, "The code is wrong"},
		{"a third", "/code", url.Values{"ticket": {code}, "code": {"00000"}}, 422, "The code is wrong"},
		{"guessing", "/code", url.Values{"ticket": {code}, "code": {"000000"}}, 429, "Too many attempts"},
		{"set-up without a ticket", "/set-up/app", url.Values{"code": {"123456"}}, 401, "Sign in again from the beginning"},
		{"set-up with another ticket", "/set-up/app", url.Values{"ticket": {code}, "code": {"123456"}}, 401, "Sign in again from the beginning"},
		{"set-up without the secret", "/set-up/app", url.Values{"ticket": {setUp}, "code": {"123456"}}, 401, "Sign in again from the beginning"},
		{"what to make a passkey of without a ticket", "/set-up/passkey/options", url.Values{"ticket": {"none"}}, 401, "Sign in again from the beginning"},
		{"a passkey that is none", "/set-up/passkey", url.Values{"ticket": {setUp}, "name": {"Phone"}, "answer": {"{}"}}, 422, "This passkey is not known here"},
		{"a passkey without a name", "/set-up/passkey", url.Values{"ticket": {setUp}, "answer": {"{}"}}, 422, "Give the passkey a name"},
		{"a passkey without a ticket", "/set-up/passkey", url.Values{"name": {"Phone"}, "answer": {"{}"}}, 401, "Sign in again from the beginning"},
		{"an endless form", "/code", url.Values{"ticket": {strings.Repeat("x", maxStep)}}, 413, "too large"},
	} {
		res, body := stranger.post("/console/sign-in"+tt.path, tt.form)
		if res.StatusCode != tt.status || !strings.Contains(body, tt.says) {
			t.Errorf("%s: %s, want %d and %q\n%s", tt.name, res.Status, tt.status, tt.says, body)
		}
		if tt.status == http.StatusTooManyRequests && res.Header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", tt.name)
		}
		if res, _ := stranger.get("/console/cases"); res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%s: signed in", tt.name)
		}
	}
	for path, says := range map[string]string{
		"/console/invitation/nosuch": "This invitation does not hold",
	} {
		if res, body := stranger.get(path); res.StatusCode < 400 || !strings.Contains(body, says) {
			t.Errorf("%s: %s\n%s", path, res.Status, body)
		}
	}
}

// A password is not enough for who has a passkey, and he is told what is.
func TestPasswordBesideAPasskey(t *testing.T) {
	w := newWorldWith(t, alert.Drill, choices{auth: []auth.Option{auth.RequireSecondFactor()}})
	token, _, err := w.book.Invite(t.Context(), "bram")
	if err != nil {
		t.Fatal(err)
	}
	_, ticket, err := w.book.Invited(token)
	if err != nil {
		t.Fatal(err)
	}
	w.withKey(t, bram, ticket)
	if err := w.book.ChangePassword(t.Context(), bram, password); err != nil {
		t.Fatal(err)
	}
	b := w.browser(t, auth.Officer{})
	res, body := b.post("/console/sign-in", url.Values{"id": {"bram"}, "password": {password}})
	if res.StatusCode != http.StatusForbidden || !strings.Contains(body, "A password alone is not enough here. Sign in with your passkey.") {
		t.Errorf("%s\n%s", res.Status, body)
	}
	if res, _ := b.get("/console/cases"); res.StatusCode != http.StatusSeeOther {
		t.Error("signed in")
	}
}

// withKey enrols a passkey for the holder of a ticket, behind the pages' back.
func (w *world) withKey(t *testing.T, o auth.Officer, ticket string) {
	t.Helper()
	k := authtest.NewKey(t, "localhost")
	k.Origin += ":" + port(w.Listener.Addr())
	must(w.passkeys.SetUp(t.Context(), ticket, "Phone", k.Create(must(w.passkeys.Creation(o))(t))))(t)
}

// unstarted are accounts whose sessions cannot be begun now.
type unstarted struct{ Accounts }

func (unstarted) StartSessionBy(http.ResponseWriter, *http.Request, auth.Officer, auth.Way) error {
	return errors.New("the log does not answer")
}

// The recovery codes exist once the app does, and are shown this once, whatever becomes of the session.
func TestRecoveryCodesWithoutASession(t *testing.T) {
	w := newWorldWith(t, alert.Drill, choices{console: func(d *Deps, _ string) { d.Accounts = unstarted{d.Accounts} }})
	b := w.browser(t, auth.Officer{})
	_, page := b.get("/console/invitation/" + w.invited(t, "bram"))
	value := func(name string) string {
		return regexp.MustCompile(`name="` + name + `" value="([^"]+)"`).FindStringSubmatch(page)[1]
	}
	p := &phone{secret: strings.ReplaceAll(regexp.MustCompile(`class="secret"[^>]*>([^<]+)<`).FindStringSubmatch(page)[1], " ", "")}
	res, body := b.post("/console/sign-in/set-up/app", url.Values{"ticket": {value("ticket")}, "app": {value("app")}, "new-password": {"a new long password"}, "code": {p.code(t)}})
	if res.StatusCode != http.StatusOK || !strings.Contains(body, `class="recovery"`) || !strings.Contains(body, `href="/console/sign-in"`) {
		t.Errorf("%s\n%s", res.Status, body)
	}
	if !strings.Contains(w.logged.String(), "the log does not answer") {
		t.Error("nobody is told why")
	}
}
