package scenario

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/ledger"
)

// An officer has one partner told again; the board names the push service and
// the gateway; and the operator writes the report, which after the end names nobody.
func TestSendAgainAndReport(t *testing.T) {
	w := newWorld(t)
	w.open(2, 2)
	id := w.published()
	b := w.everybody(id, 2, 30*time.Second)
	at := slices.IndexFunc(b.Rows, func(r ledger.Row) bool { return r.Channel == "website" })
	if at < 0 {
		t.Fatalf("no partner on the board: %+v", b.Rows)
	}
	partner, hits := b.Rows[at].Recipient, w.gate.hits.Load()
	if got := w.sendAgain(id, 2, partner); got != http.StatusSeeOther {
		t.Fatalf("sending again: %d", got)
	}
	eventually(t, 10*time.Second, "the partner was asked once more", func() error {
		if n := w.gate.hits.Load(); n != hits+1 {
			return fmt.Errorf("%d times, before %d", n, hits)
		}
		return nil
	})
	if got := w.sendAgain(id, 2, partner); got != http.StatusTooManyRequests {
		t.Errorf("pressed twice: %d", got)
	}
	if len(b.Services) != 2 {
		t.Errorf("services on the board: %+v", b.Services)
	}
	for _, s := range b.Services {
		if s.Accepted != 2 || s.Lamp != ledger.Green || s.Channel == "webpush" && (s.Devices != 2 || !strings.HasPrefix(s.Name, "https://")) {
			t.Errorf("service %+v", s)
		}
	}
	if err := w.approver.Withdraw(t.Context(), id, alert.OutcomeFound); err != nil {
		t.Fatal(err)
	}
	w.everybody(id, 3, 30*time.Second)
	if got := w.sendAgain(id, 2, partner); got != http.StatusConflict {
		t.Errorf("an alert after its withdrawal: %d", got)
	}
	w.reports(id)
}

// sendAgain presses the board's button, and gives the answer's status.
func (w *world) sendAgain(id string, revision int, recipient string) int {
	w.t.Helper()
	form := url.Values{"revision": {fmt.Sprint(revision)}, "channel": {"website"}, "recipient": {recipient}}
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url("/console/cases/"+id+"/resend"), strings.NewReader(form.Encode()))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+w.approverToken)
	resp, err := http.DefaultTransport.RoundTrip(r) // the way on is the answer
	if err != nil {
		w.t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// reports writes the report as the operator does.
func (w *world) reports(id string) {
	w.t.Helper()
	table := tocsin(w.t, "report", id, "--data", w.conf.Data, "-o", "-")
	for _, want := range []string{"moment,released,2,", "moment,resent,2,", "moment,withdrawn,3,", "moment,last_accepted,3,", "recipient,Cancel,3,website,Town,"} {
		if !strings.Contains(table.stdout, want) {
			w.t.Errorf("no %q in\n%s%s", want, table.stdout, table.stderr)
		}
	}
	if strings.Contains(table.stdout, marker) {
		w.t.Error("the report of an ended case names the child")
	}
	file := filepath.Join(w.t.TempDir(), "report.pdf")
	if got := tocsin(w.t, "report", id, "--data", w.conf.Data, "--lang", "fr", "-o", file); got.code != 0 {
		w.t.Errorf("%s", got.stderr)
	}
	if data, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(data), "%PDF-") {
		w.t.Errorf("%v, %.20q", err, data)
	}
	for want, args := range map[string][]string{
		"file exists":          {"report", id, "--data", w.conf.Data, "-o", file},
		"no such case":         {"report", "NOSUCHCASE00", "--data", w.conf.Data, "-o", "-"},
		"ends in .pdf or .csv": {"report", id, "--data", w.conf.Data, "-o", "report.doc"},
	} {
		if got := tocsin(w.t, args...); got.code == 0 || !strings.Contains(got.stderr, want) {
			w.t.Errorf("%q ends with %d: %s", want, got.code, got.stderr)
		}
	}
}
