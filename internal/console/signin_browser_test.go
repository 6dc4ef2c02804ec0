package console

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
	"tocsin/internal/peertest/chromium"
	"tocsin/internal/peertest/oidc"
	"tocsin/internal/seal"
	"tocsin/internal/sso"
	"tocsin/internal/totp"
)

// phone is an authenticator app that knows one secret and never shows a code twice.
type phone struct {
	secret string
	step   int64
}

// scans takes the secret from the page, as it is typed where no camera is.
func (b *tabOf) scans() *phone {
	b.t.Helper()
	secret := ask(b, chromedp.Evaluate[string](`document.querySelector(".secret").textContent.replaceAll(" ", "")`))
	return &phone{secret: secret}
}

// code is one that was not shown yet: of this period, or of the next one, which
// is good as well. Who needs a third one within a period forgets the first.
func (p *phone) code(t *testing.T) string {
	t.Helper()
	at := time.Now()
	if totp.Step(at) <= p.step {
		at = at.Add(totp.Period)
	}
	p.step = totp.Step(at)
	return must(totp.Code(p.secret, at))(t)
}

// signOut ends the session.
func (b *tabOf) signOut() {
	b.t.Helper()
	b.press(".me form button")
}

// password gives name and password on the sign-in page.
func (b *tabOf) password(id, password string) {
	b.t.Helper()
	b.open("/console/sign-in")
	b.value("id", id)
	b.value("password", password)
	b.press(`form[action="/console/sign-in"] button`)
}

func (b *tabOf) wantAt(path, says string) {
	b.t.Helper()
	if text := b.text("main"); b.path() != path || !strings.Contains(text, says) {
		b.t.Fatalf("at %s, want %s saying %q:\n%s", b.path(), path, says, text)
	}
}

// A password alone is not enough: the first sign-in leads to an app, the next
// ones ask for its code, a recovery code stands for it once, and a release of
// somebody without a passkey is confirmed by a code. Also without script.
func TestPasswordAndCodeThroughTheBrowser(t *testing.T) {
	parent := chromium.Start(t)
	for _, c := range []struct {
		name   string
		width  int64
		script bool
	}{{"code", 1280, true}, {"code-noscript", 320, false}} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorldWith(t, alert.Live, choices{auth: []auth.Option{auth.RequireSecondFactor()}})
			if c.script {
				w.localhost()
			}
			k := w.submitted(t)
			b := w.tab(t, parent, c.name, c.width, 900, !c.script)
			if !c.script {
				b.run(chromedp.Func(noScript))
			}
			b.password("bram", password)
			b.wantAt("/console/sign-in", "Here a password alone is not enough")
			if !c.script {
				b.run(chromedp.Func(withScript)) // to read the secret alone
			}
			app := b.scans()
			b.look("01-set-up", c.script)
			b.value("code", "000000")
			b.press(`form[action="/console/sign-in/set-up/app"] button`)
			b.wantAt("/console/sign-in/set-up/app", "The code is wrong")
			b.look("02-set-up-fault", c.script)
			if again := b.scans(); again.secret != app.secret {
				t.Fatal("after a fault the page shows another secret than the app has read")
			}
			b.value("code", app.code(t))
			b.press(`form[action="/console/sign-in/set-up/app"] button`)
			b.wantAt("/console/sign-in/set-up/app", "Your recovery codes")
			b.look("03-recovery", c.script)
			recovery := ask(b, chromedp.Evaluate[string](`document.querySelector(".recovery code").textContent`))
			if !c.script {
				b.run(chromedp.Func(noScript))
			}
			b.press("main a.button")
			b.wantAt("/console/cases", "")

			b.open("/console/cases/" + k.ID + "/release")
			b.look("04-release", c.script)
			b.value("code", "000000")
			b.press("button.go")
			b.wantAt("/console/cases/"+k.ID+"/release", "The code is wrong")
			b.look("05-release-fault", c.script)
			b.value("code", app.code(t))
			b.press("button.go")
			if !strings.HasSuffix(b.path(), "/board") {
				t.Fatalf("after the release: %s", b.text("main"))
			}
			proofs := must(casework.Examine(must(w.casework.RawRecord(t.Context(), k.ID))(t)))(t)
			if len(proofs) != 1 || proofs[0].Event.Code != auth.ByCode || proofs[0].Event.Signature != nil {
				t.Errorf("the record proves %+v", proofs)
			}

			b.signOut()
			b.password("bram", password)
			b.wantAt("/console/sign-in", "Second step")
			b.look("06-code", c.script)
			b.value("code", "000000")
			b.press("main form button")
			b.wantAt("/console/sign-in/code", "The code is wrong")
			b.look("07-code-fault", c.script)
			b.value("code", strings.ToLower(recovery))
			b.press("main form button")
			b.wantAt("/console/account", "9 are left")
			b.look("08-account", c.script)
		})
	}
}

// An invitation: an officer who has nothing yet enrols a passkey with it, and
// one who lost everything a password and an app. A used link says so.
func TestInvitationThroughTheBrowser(t *testing.T) {
	parent := chromium.Start(t)
	w := newWorldWith(t, alert.Live, choices{auth: []auth.Option{auth.RequireSecondFactor()}})
	w.localhost()
	erik := auth.Officer{ID: "erik", Name: "Erik Jansen", Unit: "Ghent", Roles: []auth.Role{auth.Author}}
	token, _, err := w.book.AddInvited(t.Context(), erik)
	if err != nil {
		t.Fatal(err)
	}
	b := w.tab(t, parent, "invitation", 1280, 900, false)
	b.withSecurityKey()
	b.open("/console/invitation/" + token)
	b.check("01-invitation")
	b.value("name", "Phone")
	b.press(`form[data-passkey] button`)
	b.wantAt("/console/cases", "The passkey is added")
	b.open("/console/account")
	b.check("02-account-without-password")
	if in := w.book.Access("erik").Recent; len(in) != 1 || in[0].By != auth.ByInvite {
		t.Errorf("signed in %+v", in)
	}
	b.signOut()
	b.press("#passkey button")
	b.wantAt("/console/cases", "")
	b.open("/console/invitation/" + token)
	b.shot("03-used")
	if text := b.text("main"); !strings.Contains(text, "This invitation does not hold") {
		t.Errorf("a used link: %s", text)
	}

	token, _, err = w.book.Invite(t.Context(), "bram")
	if err != nil {
		t.Fatal(err)
	}
	phone := w.tab(t, parent, "invitation-phone", 320, 640, true)
	phone.open("/console/invitation/" + token)
	app := phone.scans()
	phone.value("new-password", "short")
	phone.value("code", app.code(t))
	phone.press(`form[action="/console/sign-in/set-up/app"] button`)
	phone.wantAt("/console/sign-in/set-up/app", "A password has at least 12 characters")
	phone.check("01-fault")
	phone.value("new-password", "another sentence of his")
	phone.value("code", app.code(t))
	phone.press(`form[action="/console/sign-in/set-up/app"] button`)
	phone.wantAt("/console/sign-in/set-up/app", "Your recovery codes")
	phone.check("02-recovery")
	phone.signOut()
	phone.password("bram", password)
	if text := phone.text(".errors"); !strings.Contains(text, "The name or the password is wrong") {
		t.Errorf("the lost password: %s", text)
	}
}

// The account page: another password, an app, new recovery codes, and everything else ended.
func TestAccountThroughTheBrowser(t *testing.T) {
	parent := chromium.Start(t)
	w := newWorld(t, alert.Drill)
	b := w.tab(t, parent, "account", 1280, 900, false)
	b.signIn("bram")
	b.open("/console/account")
	b.check("01-account")
	b.press(`form[action="/console/account/others"] button`)
	b.wantAt("/console/account", "Nothing acts for you now but this session")
	if a := w.book.Access("bram"); a.Tokens != 0 {
		t.Errorf("%d tokens still act", a.Tokens)
	}
	b.open("/console/account/password")
	b.check("02-password")
	b.value("password", password)
	b.value("new-password", "short")
	b.press("main form button")
	b.check("03-password-fault")
	b.value("password", "not his password")
	b.value("new-password", "another sentence of his")
	b.press("main form button")
	b.wantAt("/console/account/password", "The password is wrong")
	b.value("password", password)
	b.value("new-password", "another sentence of his")
	b.press("main form button")
	b.wantAt("/console/account", "The password is changed")
	b.open("/console/account/app")
	b.check("04-app")
	app := b.scans()
	b.value("code", app.code(t))
	b.value("password", "not his password")
	b.press("main form button")
	b.wantAt("/console/account/app", "The password is wrong")
	b.value("code", app.code(t))
	b.value("password", "another sentence of his")
	b.press("main form button")
	b.wantAt("/console/account/app", "Your recovery codes")
	b.press("main a.button")
	b.tick("details:has([action='/console/account/app/recovery']) summary")
	b.value("recovery-password", "not his password")
	b.press("form[action='/console/account/app/recovery'] button")
	b.check("05-account-fault")
	b.value("recovery-password", "another sentence of his")
	b.press("form[action='/console/account/app/recovery'] button")
	b.wantAt("/console/account/app/recovery", "Your recovery codes")
	b.open("/console/account")
	b.check("06-account-app")
	b.tick("details:has([action='/console/account/app/remove']) summary")
	b.value("app-password", "another sentence of his")
	b.press("form[action='/console/account/app/remove'] button")
	b.wantAt("/console/account", "Removed")
	if w.book.HasApp("bram") {
		t.Error("the app is still asked for")
	}
}

// Single sign-on in a real browser at a real provider: who is registered comes
// in, as the same officer as by password; who is not reads why.
func TestSingleSignOnThroughTheBrowser(t *testing.T) {
	parent := chromium.Start(t)
	w := newWorldWith(t, alert.Live, choices{auth: []auth.Option{auth.RequireSecondFactor()}, console: func(d *Deps, address string) {
		back := address + "/console/sign-in/sso/back"
		peer := oidc.Start(t, back, true)
		d.SSO = sso.New(sso.Options{
			Issuer: peer.Issuer, ClientID: peer.ClientID, Secret: func() (string, error) { return peer.Secret, nil },
			Claim: "preferred_username", Label: "Police login", Back: back, Key: seal.NewKey(),
		})
	}})
	if err := w.book.Link(t.Context(), "carla", "c.dubois"); err != nil {
		t.Fatal(err)
	}
	k := must(w.casework.Draft(t.Context(), carla, draft()))(t)
	must(w.casework.Submit(t.Context(), carla, k.ID))(t)
	b := w.tab(t, parent, "sso", 1280, 900, false)
	b.open("/console/cases/" + k.ID + "/release")
	b.check("01-sign-in")
	b.press(`a[href^="/console/sign-in/sso"]`)
	b.signsOnAs("c.dubois")
	b.wantAt("/console/cases/"+k.ID+"/release", "You cannot release this") // she wrote it, however she came
	b.check("02-release")
	b.open("/console/account")
	b.check("03-account")
	if in := w.book.Access("carla").Recent; len(in) != 1 || in[0].By != auth.BySSO {
		t.Errorf("signed in %+v", in)
	}
	b.signOut()

	before := len(w.book.List())
	other := w.tab(t, parent, "sso-stranger", 1280, 900, false)
	other.open("/console/sign-in")
	other.press(`a[href^="/console/sign-in/sso"]`)
	other.signsOnAs("mallory")
	if text := other.text(".errors"); !strings.Contains(text, "nobody is registered here under your name there") || len(w.book.List()) != before {
		t.Errorf("a stranger: %s, officers %v", text, w.book.List())
	}
	other.shot("01-stranger")
}

// signsOnAs goes through the provider's own pages.
func (b *tabOf) signsOnAs(name string) {
	b.t.Helper()
	b.run(chromedp.WaitReady(chromedp.CSS("[name=login]")), chromedp.SetValue(chromedp.CSS("[name=login]"), name), chromedp.SetValue(chromedp.CSS("[name=password]"), "any"))
	b.press("form button[type=submit], form input[type=submit]")
	b.press("form button[type=submit], form input[type=submit]") // it asks whether we may know who he is
	if at := must(url.Parse(ask(b, chromedp.Location())))(b.t); "http://"+at.Host != b.w.URL {
		b.t.Fatalf("the provider leads to %v", at)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults = nil // of the provider's own pages, which ask for fonts elsewhere
}

// Why single sign-on failed is said on the sign-in page, beside the other ways.
func TestSingleSignOnRefused(t *testing.T) {
	w := newWorldWith(t, alert.Drill, choices{console: func(d *Deps, address string) {
		d.SSO = sso.New(sso.Options{Issuer: "http://127.0.0.1:1", Label: "Police login", Back: address, Key: seal.NewKey(), Secret: func() (string, error) { return "", nil }})
	}})
	b := w.browser(t, auth.Officer{})
	for path, want := range map[string]string{
		"/console/sign-in/sso":                      "Single sign-on does not answer",
		"/console/sign-in/sso/back?state=x&code=y":  "it was begun in another browser",
		"/console/sign-in/sso/back?error=forbidden": "it was begun in another browser",
	} {
		res, body := b.get(path)
		if !strings.Contains(body, want) || !strings.Contains(body, `name="password"`) || res.StatusCode < 400 {
			t.Errorf("%s: %s\n%s", path, res.Status, body)
		}
	}
	if res, _ := w.browser(t, bram).get("/console/cases"); res.StatusCode != 200 {
		t.Errorf("by password meanwhile: %s", res.Status)
	}
	if res, _ := newWorld(t, alert.Drill).browser(t, auth.Officer{}).get("/console/sign-in/sso"); res.StatusCode != 404 {
		t.Errorf("without single sign-on: %s", res.Status)
	}
}
