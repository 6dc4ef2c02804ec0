package console

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"tocsin/internal/alert"
)

var digestInput = regexp.MustCompile(`/agree"><input type="hidden" name="from" value="[a-z]*"><input type="hidden" name="digest" value="([^"]+)"`)

// digestOn is what the page's button agrees to.
func digestOn(t *testing.T, body string) string {
	t.Helper()
	m := digestInput.FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("no agreement is asked on\n%s", body)
	}
	return m[1]
}

// The button of a page that shows an earlier submission agrees to nothing.
func TestAgreementFromAnOldPage(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := w.across(t)
	at, neighbour := "/console/cases/"+k.ID, w.browser(t, lille)
	_, body := neighbour.get(at)
	old := digestOn(t, body)
	d := k.Draft
	d.Facts.Areas = []string{"BE-WHT", "FR-59", "FR-62"}
	k = must(w.casework.Edit(t.Context(), mons, k.ID, k.Version, d))(t)
	k = must(w.casework.Submit(t.Context(), mons, k.ID))(t)
	res, body := neighbour.post(at+"/agree", url.Values{"digest": {old}})
	if res.StatusCode != http.StatusConflict || !strings.Contains(body, "The content is not what you were shown") {
		t.Errorf("%s\n%s", res.Status, body)
	}
	r := must(http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+"/v1/cases/"+k.ID+"/agree", strings.NewReader(`{}`)))(t)
	r.Header.Set("Authorization", "Bearer "+must(w.book.NewToken(t.Context(), lille.ID))(t))
	r.Header.Set("Content-Type", "application/json")
	if res, body = w.browser(t, stranger).send(r); res.StatusCode != http.StatusConflict || !strings.Contains(body, "urn:tocsin:problem:digest") {
		t.Errorf("by the API without a digest: %s\n%s", res.Status, body)
	}
	if open := must(w.casework.Get(k.ID))(t).OpenAreas(); len(open) != 2 {
		t.Errorf("open: %v", open)
	}
}
