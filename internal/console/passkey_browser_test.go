package console

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
	"tocsin/internal/peertest/chromium"
)

// withSecurityKey gives the tab the browser's own virtual authenticator.
func (b *tabOf) withSecurityKey() {
	b.t.Helper()
	b.run(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		if _, err := cdp.Call(ctx, t, webauthn.Enable, webauthn.EnableParams{}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, t, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: "ctap2", Transport: "internal", HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		}})
		return err
	}))
}

// enrols adds a passkey on the account page.
func (b *tabOf) enrols(name string) {
	b.t.Helper()
	b.open("/console/account")
	b.value("name", name)
	b.value("password", password)
	b.press("form[data-passkey] button")
	if got := b.text("main"); !strings.Contains(got, "The passkey is added") || !strings.Contains(got, name) {
		b.t.Fatalf("after adding a passkey: %s", got)
	}
}

// localhost makes the world's address one that browsers make passkeys for.
func (w *world) localhost() { w.URL = strings.Replace(w.URL, "127.0.0.1", "localhost", 1) }

// A passkey through the browser: enrol, sign in without a name, rename, remove.
func TestPasskeyThroughTheBrowser(t *testing.T) {
	parent := chromium.Start(t)
	w := newWorld(t, alert.Drill)
	w.localhost()
	b := w.tab(t, parent, "passkey", 1280, 900, false)
	b.withSecurityKey()
	b.signIn("bram")
	b.open("/console/account")
	b.check("01-account")
	b.value("name", "Phone")
	b.value("password", "a wrong password")
	b.press("form[data-passkey] button")
	b.check("02-account-fault")
	if got := b.text(".errors"); !strings.Contains(got, "The password is wrong") || len(w.passkeys.List("bram")) != 0 {
		t.Errorf("with a wrong password: %s, keys %v", got, w.passkeys.List("bram"))
	}
	b.enrols("Phone")
	b.check("03-account-key")
	b.press(".me button")
	b.check("04-sign-in")
	b.press("#passkey button")
	if got := b.text("header"); b.path() != "/console/cases" || !strings.Contains(got, "Bram Willems") {
		t.Fatalf("signed in by passkey: %s at %s", got, b.path())
	}
	b.open("/console/account")
	key := w.passkeys.List("bram")[0].ID
	b.tick("details:nth-of-type(1) summary")
	b.run(chromedp.SetValue(chromedp.CSS("#name"+key), "Old phone"))
	b.press("details:nth-of-type(1) button")
	if got := w.passkeys.List("bram")[0]; got.Name != "Old phone" || got.Used.IsZero() {
		t.Errorf("after renaming: %+v", got)
	}
	b.tick("details:nth-of-type(2) summary")
	b.run(chromedp.SetValue(chromedp.CSS("#password"+key), password))
	b.check("05-account-remove")
	b.press("details:nth-of-type(2) button")
	if list := w.passkeys.List("bram"); len(list) != 0 {
		t.Errorf("after removing: %v", list)
	}
	b.press(".me button")
	b.press("#passkey button") // the browser still has it
	if got := b.text(".errors"); !strings.Contains(got, "This passkey is not known here") {
		t.Errorf("a removed passkey: %s", got)
	}
	b.shot("06-sign-in-unknown")
}

// A release confirmed by passkey: the second officer's key signs the content, the record keeps it.
func TestReleaseByPasskeyThroughTheBrowser(t *testing.T) {
	parent := chromium.Start(t)
	w := newWorld(t, alert.Live)
	w.localhost()
	k := w.submitted(t)
	b := w.tab(t, parent, "release-passkey", 1280, 900, false)
	b.withSecurityKey()
	b.signIn("bram")
	b.enrols("Phone")
	w.browser(t, bram).refusesPlainRelease(k) // it ends the session of the tab
	b.open("/console/cases/" + k.ID + "/release")
	if got := b.text("main"); !strings.Contains(got, "You signed in on another machine or browser") {
		t.Errorf("the older session is not told why it ended: %s", got)
	}
	b.press("#passkey button")
	b.open("/console/cases/" + k.ID + "/release")
	b.check("01-release")
	b.press("button.go")
	if !strings.HasSuffix(b.path(), "/board") {
		t.Fatalf("after the release: %s", b.text("main"))
	}
	raw := must(w.casework.RawRecord(t.Context(), k.ID))(t)
	proofs := must(casework.Examine(raw))(t)
	if len(proofs) != 1 || proofs[0].Event.Officer != "bram" || proofs[0].Event.Signature == nil || !proofs[0].Whole {
		t.Errorf("the record proves %+v", proofs)
	}
}

// refusesPlainRelease: without script, and by the API, the passkey cannot be left out.
func (b browser) refusesPlainRelease(k casework.Case) {
	b.t.Helper()
	_, page := b.get("/console/cases/" + k.ID + "/release")
	if !strings.Contains(page, "Your releases are confirmed by passkey, and that needs script") {
		b.t.Error("the page does not say that the passkey needs script")
	}
	res, body := b.post("/console/cases/"+k.ID+"/release", url.Values{"digest": {k.Digest}})
	if res.StatusCode != http.StatusForbidden || !strings.Contains(body, "Your releases are confirmed by passkey") {
		b.t.Errorf("a release without the passkey: %s", res.Status)
	}
}

// A server that refuses says so: it is not the browser's fault, nor the key's.
func TestServerRefusesAPasskey(t *testing.T) {
	parent := chromium.Start(t)
	w := newWorld(t, alert.Drill)
	w.localhost()
	var full atomic.Bool
	site := w.Config.Handler
	w.Config.Handler = http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if full.Load() && strings.HasSuffix(r.URL.Path, "/challenge") {
			http.Error(out, "too many", http.StatusTooManyRequests)
			return
		}
		site.ServeHTTP(out, r)
	})
	b := w.tab(t, parent, "passkey-refused", 1280, 900, false)
	b.expected = "status of 429"
	b.open("/console/sign-in")
	said := func(text string) {
		t.Helper()
		b.tick("#passkey button")
		b.until(`(() => { const p = document.querySelector("#passkey [data-failed]"); return !p.hidden && p.textContent.startsWith("` + text + `"); })()`)
	}
	full.Store(true)
	said("The server did not take this now.")
	b.check("1-refused")
	full.Store(false)
	b.run(chromedp.Evaluate[chromedp.Void](`navigator.credentials.get = () => Promise.reject(new DOMException("no", "NotAllowedError")); 0`))
	said("The browser gave no passkey.")
}
