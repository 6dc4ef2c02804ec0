package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"tocsin/internal/alert"
)

// A secret of a form that came too late is in no page: whoever signs in next on
// that machine would send it for himself.
func TestLateSecretsAreNotKept(t *testing.T) {
	w := newWorld(t, alert.Drill)
	k := w.submitted(t)
	b := w.browser(t, stranger)
	form := url.Values{
		"password": {"old secret"}, "new-password": {"new secret"}, "app-password": {"app secret"}, "recovery-password": {"paper secret"},
		"code": {"123456secret"}, "answer": {`{"secret":1}`}, "name": {"Phone"}, "override": {"The child is in danger."}, "digest": {k.Digest},
	}
	for _, path := range []string{"/password", "/app", "/app/remove", "/app/recovery", "/passkeys", "/passkeys/x/remove", ""} {
		res, body := b.post("/console/account"+path, form)
		if to := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || to != "/console/sign-in?next=%2Fconsole%2Faccount" || strings.Contains(body, "secret") {
			t.Errorf("%s: %s to %q\n%s", path, res.Status, to, body)
		}
	}
	res, body := b.post("/console/cases/"+k.ID+"/release", form)
	if res.StatusCode != http.StatusUnauthorized || strings.Contains(body, "secret") || !strings.Contains(body, k.Digest) || !strings.Contains(body, "The child is in danger.") {
		t.Errorf("release: %s\n%s", res.Status, body)
	}
}
