package scenario

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/ledger"
)

// site is a person's browser at one of the server's sites, without script.
type site struct {
	t *testing.T
	*http.Client
	s *server
}

func (s *server) browser() site {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return site{s.t, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, s}
}

// send posts a form, or gets the page when there is none.
func (b site) send(path string, form url.Values) (*http.Response, string) {
	b.t.Helper()
	method := http.MethodGet
	if form != nil {
		method = http.MethodPost
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.s.url(path), strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := b.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return res, string(body)
}

// addEditor makes an account as the operator does, by the command.
func (w *world) addEditor(id, station string) error {
	path, err := binary()
	if err != nil {
		w.t.Fatal(err)
	}
	cmd := exec.Command(path, "users", "add", id, "--data", w.conf.Data, "--name", "Eva Maes", "--role", "editor", "--station", station)
	cmd.Stdin = strings.NewReader(password(id) + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// An editor trusts an alert, puts it on air and takes it down; the officer sees
// each within a second; and neither has any right on the other's side.
func TestNewsroom(t *testing.T) {
	w := newWorld(t)
	w.open(1, 1)
	var stations []adapter.Recipient
	w.operator("GET", "/recipients/broadcast", nil, &stations)
	if err := w.addEditor("eva", "st-nosuch"); err == nil || !strings.Contains(err.Error(), "no such station") {
		t.Errorf("an editor of no station: %v", err)
	}
	if err := w.addEditor("eva", stations[0].ID); err != nil {
		t.Fatal(err)
	}
	eva := w.browser()
	if res, body := eva.send("/newsroom/fr/sign-in", url.Values{"id": {"eva"}, "password": {password("eva")}}); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("sign-in: %s %s", res.Status, body)
	}
	id := w.published()
	_, page := eva.send("/newsroom/fr/", nil)
	for _, want := range []string{"Authentique.", "EXERCICE", "Connecté", "everything.zip"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	_, rest, _ := strings.Cut(page, `name="identifier" value="`)
	identifier, _, _ := strings.Cut(rest, `"`)
	pressed := time.Now()
	if res, body := eva.send("/newsroom/fr/receipts", url.Values{"identifier": {identifier}, "state": {"on_air"}, "when": {"now"}}); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("on air: %s %s", res.Status, body)
	}
	eventually(t, 5*time.Second, "the officer's board says on air by Eva", func() error { return w.boardSays(id, adapter.OnAir, "Eva Maes") })
	t.Logf("the board had it after %v", time.Since(pressed)) // a second is the promise; a loaded machine is given five

	for path, want := range map[string]int{"/console/cases": 303, "/console/cases/" + id + "/board": 303, "/v1/cases": 401, "/v1/cases/" + id: 401, "/v1/cases/" + id + "/deliveries": 401} {
		if res, body := eva.send(path, nil); res.StatusCode != want || strings.Contains(body, marker) {
			t.Errorf("an editor gets %s at %s, want %d", res.Status, path, want)
		}
	}
	if res, _ := w.browser().send("/console/sign-in", url.Values{"id": {"eva"}, "password": {password("eva")}}); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("an editor signs in to the console: %s", res.Status)
	}
	officer := w.browser()
	if res, _ := officer.send("/newsroom/fr/sign-in", url.Values{"id": {"author"}, "password": {password("author")}}); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("an officer signs in to the newsroom: %s", res.Status)
	}
	if res, _ := officer.send("/console/sign-in", url.Values{"id": {"author"}, "password": {password("author")}}); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("the officer's sign-in: %s", res.Status)
	}
	if res, _ := officer.send("/newsroom/fr/", nil); res.StatusCode != http.StatusSeeOther {
		t.Errorf("an officer gets %s in the newsroom", res.Status)
	}

	w.operator("DELETE", "/recipients/broadcast/"+stations[0].ID, nil, nil)
	if res, body := eva.send("/newsroom/fr/", nil); res.StatusCode != http.StatusSeeOther || strings.Contains(body, marker) {
		t.Errorf("after her station was removed an editor gets %s", res.Status)
	}
}

// boardSays is nil when the station's row on the officer's board has the state by the person.
func (w *world) boardSays(id string, state adapter.State, by string) error {
	got := ask(w.t, request{url: w.url("/v1/cases/" + id + "/deliveries"), token: w.authorToken})
	var b ledger.Board
	if err := json.Unmarshal(got.body, &b); err != nil {
		return err
	}
	if !slices.ContainsFunc(b.Rows, func(r ledger.Row) bool { return r.Channel == "broadcast" && r.State == state && r.By == by }) {
		return fmt.Errorf("the board has %+v", b.Rows)
	}
	return nil
}
