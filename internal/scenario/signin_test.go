package scenario

import (
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"tocsin/internal/config"
	"tocsin/internal/peertest/oidc"
	"tocsin/internal/totp"
)

// command runs the program as the operator does.
func (s *server) command(args ...string) string {
	s.t.Helper()
	path, err := binary()
	if err != nil {
		s.t.Fatal(err)
	}
	out, err := exec.Command(path, append(args, "--data", s.conf.Data)...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("%v: %v: %s", args, err, out)
	}
	return string(out)
}

var (
	secretOnPage = regexp.MustCompile(`class="secret">([A-Z2-7 ]+)<`)
	hiddenOnPage = regexp.MustCompile(`name="(ticket|app)" value="([^"]+)"`)
)

// enrols ends the set-up page with a password and an app, and gives the app's secret.
func (b site) enrols(page, newPassword string) (secret string) {
	b.t.Helper()
	found := secretOnPage.FindStringSubmatch(page)
	if found == nil {
		b.t.Fatalf("no secret on the page:\n%s", page)
	}
	secret = strings.ReplaceAll(found[1], " ", "")
	form := url.Values{"new-password": {newPassword}, "code": {codeOf(b.t, secret, 0)}}
	for _, hidden := range hiddenOnPage.FindAllStringSubmatch(page, -1) {
		form.Set(hidden[1], hidden[2])
	}
	if res, body := b.send("/console/sign-in/set-up/app", form); res.StatusCode != http.StatusOK || !strings.Contains(body, "recovery codes") {
		b.t.Fatalf("%s\n%s", res.Status, body)
	}
	return secret
}

func codeOf(t *testing.T, secret string, shift time.Duration) string {
	t.Helper()
	code, err := totp.Code(secret, time.Now().Add(shift))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// An officer comes by invitation, sets up a password with an app, and is still
// signed in after the server was killed; his app and the single sign-on that the
// operator linked him to go on as well.
func TestSignInOutlivesTheServer(t *testing.T) {
	s := newServer(t, nil)
	secretFile := filepath.Join(t.TempDir(), "oidc.secret")
	peer := oidc.Start(t, s.conf.PublicURL+"/console/sign-in/sso/back", false)
	if err := os.WriteFile(secretFile, []byte(peer.Secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.conf.SecondFactor = "required"
	s.conf.OIDC = config.OIDC{Issuer: peer.Issuer, ClientID: peer.ClientID, ClientSecretFile: secretFile, Label: "Police login"}
	s.start()
	said := s.command("users", "add", "erik", "--name", "Erik Jansen", "--role", "author", "--invite", "--sso", "e.jansen")
	link := regexp.MustCompile(`https?://\S+/console/invitation/\w+`).FindString(said)
	if link == "" || !strings.Contains(said, "good once") {
		t.Fatalf("the command says %q", said)
	}
	path := link[strings.Index(link, "/console/"):]
	b := s.browser()
	res, page := b.send(path, nil)
	if res.StatusCode != http.StatusOK || !strings.Contains(page, "Erik Jansen") {
		t.Fatalf("the link: %s\n%s", res.Status, page)
	}
	secret := b.enrols(page, password("erik"))
	if res, _ := b.send(path, nil); res.StatusCode != http.StatusGone {
		t.Errorf("the link again: %s", res.Status)
	}

	s.kill()
	s.start()
	if res, _ := b.send("/console/cases", nil); res.StatusCode != http.StatusOK {
		t.Errorf("after the server was killed: %s", res.Status)
	}
	other := s.browser()
	res, page = other.send("/console/sign-in", url.Values{"id": {"erik"}, "password": {password("erik")}})
	if res.StatusCode != http.StatusOK || !strings.Contains(page, "Second step") {
		t.Fatalf("by password: %s\n%s", res.Status, page)
	}
	form := url.Values{"code": {codeOf(t, secret, totp.Period)}} // that of the enrolment is used
	for _, hidden := range hiddenOnPage.FindAllStringSubmatch(page, -1) {
		form.Set(hidden[1], hidden[2])
	}
	if res, page := other.send("/console/sign-in/code", form); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("by code: %s\n%s", res.Status, page)
	}
	if res, page := b.send("/console/cases", nil); res.StatusCode != http.StatusSeeOther || !strings.Contains(res.Header.Get("Location"), "elsewhere") {
		t.Errorf("the older session: %s to %s\n%s", res.Status, res.Header.Get("Location"), page)
	}
	res, _ = s.browser().send("/console/sign-in/sso", nil)
	if res.StatusCode != http.StatusSeeOther || !strings.HasPrefix(res.Header.Get("Location"), peer.Issuer) {
		t.Errorf("single sign-on leads to %s %s", res.Status, res.Header.Get("Location"))
	}

	again := s.command("users", "invite", "erik")
	if !strings.Contains(again, "/console/invitation/") {
		t.Errorf("invited again: %q", again)
	}
	if out := s.command("users", "sso", "erik"); !strings.Contains(out, "sign-in name") {
		t.Errorf("unlinked: %q", out)
	}
}
