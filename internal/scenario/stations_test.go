package scenario

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/app"
	"tocsin/internal/ledger"
)

// The test of the lines reaches every station, is stored, confirmed and handed
// to its machine as a test, and nobody else hears of it: no citizen, no partner,
// no page. Guards invariant 6 and the operator's table.
func TestLinkTest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open(1, 1)
	n := newNewsroom(t, w.server)
	if err := os.WriteFile(n.args[len(n.args)-1], []byte("#!/bin/sh\necho \"$TOCSIN_CASE $TOCSIN_STATUS $TOCSIN_MSG_TYPE\" >> "+n.aired+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	n.start()
	metrics := func(want string) {
		t.Helper()
		eventually(t, 20*time.Second, want, func() error {
			if a := ask(t, request{url: "http://" + w.conf.Ops + "/metrics"}); !strings.Contains(string(a.body), "\n"+want+"\n") {
				return errMissing
			}
			return nil
		})
	}
	metrics("tocsin_stations_connected 2")

	got := tocsin(t, "recipients", "link-test", "--now", "--data", w.conf.Data)
	if got.code != 0 || strings.Count(got.stdout, "good, ") != 2 {
		t.Fatalf("the test of two sound lines ends with %d:\n%s%s", got.code, got.stdout, got.stderr)
	}
	id := strings.Fields(got.stderr)[1] // "sent TOCSIN-..."
	_, _, caseID, _, err := alert.ParseIdentifier(id)
	if err != nil {
		t.Fatalf("%q: %v", id, err)
	}
	eventually(t, 10*time.Second, "the station's machine", func() error {
		if n.runs()[caseID+" Test Alert"] != 1 {
			return fmt.Errorf("it ran %v", n.runs())
		}
		return nil
	})
	metrics("tocsin_stations_proven 2")
	document := filepath.Join(n.dir, "alerts", caseID+"-1", "cap.xml")
	if got := tocsin(t, "verify", document, "--cert", n.cert); got.code != 0 || !strings.HasPrefix(got.stdout, "genuine: Test Alert ") {
		t.Errorf("verify of the stored test: %d %q %q", got.code, got.stdout, got.stderr)
	}
	for _, lang := range alert.Langs {
		text, err := os.ReadFile(filepath.Join(w.stationDir, "alerts", caseID+"-1", string(lang)+"-spoken.txt"))
		words := alert.StatusWord(alert.StatusExercise, lang) + ". " + alert.StatusWord(alert.StatusTest, lang)
		if err != nil || !strings.HasPrefix(string(text), words) {
			t.Errorf("%s: %v, the test of a drill says %q", lang, err, text)
		}
	}

	// An alert afterwards proves that the others had time to hear of the test, and have not.
	real := released(t, w.author, w.approver)
	w.everybody(real, 1, 20*time.Second)
	if got := len(w.citizens[0].Messages()); got != 1 {
		t.Errorf("the citizen has %d messages, want the alert's alone", got)
	}
	if got := w.smsc.Texts(w.phones[0]); len(got) != 1 {
		t.Errorf("the telephone has %d messages: %q", len(got), got)
	}
	if got := w.partner.Got(); len(got) != 1 {
		t.Errorf("the partner has %d webhooks", len(got))
	}
	for _, path := range []string{"/en/", "/v1/alerts", "/v1/events", "/feed.atom", "/feed.json", "/embed/v1/alerts.json", "/console/sign-in"} {
		a := ask(t, request{url: w.url(path)})
		if a.status != http.StatusOK || strings.Contains(string(a.body), caseID) {
			t.Errorf("%s answers %d and shows the test", path, a.status)
		}
	}

	// While the alert is young there is no test, and the operator is told why.
	if got := tocsin(t, "recipients", "link-test", "--now", "--data", w.conf.Data); got.code == 0 || !strings.Contains(got.stderr, "an alert is live") {
		t.Errorf("a test beside a young alert ends with %d: %s", got.code, got.stderr)
	}
	w.recipient("broadcast", app.NewRecipient{Name: "Radio Sud", Areas: []string{"*"}, Lang: alert.French})
	if got := tocsin(t, "recipients", "link-test", "--data", w.conf.Data); got.code == 0 ||
		!strings.Contains(got.stderr, "1 of 3 lines are not proven") || !strings.HasPrefix(strings.Split(got.stdout, "\n")[1], "Radio Sud") {
		t.Errorf("the table with an untested station ends with %d:\n%s%s", got.code, got.stdout, got.stderr)
	}
}

// The way back: what a station says is on the officer's board within a second and
// stays there, one that says nothing is red at once and gets an SMS after half
// a minute, and after the withdrawal the board says who has not confirmed removal.
func TestReturnPath(t *testing.T) {
	t.Parallel() // it waits more than it works
	w := newWorld(t)
	w.open(1, 1)
	const phone = "+32470999999"
	w.recipient("broadcast", app.NewRecipient{Name: "Radio Sud", Areas: []string{"BE"}, Lang: alert.French, Phone: phone})
	id := released(t, w.author, w.approver)
	pressed := time.Now()
	row := func(b ledger.Board, name string) ledger.Row {
		for _, r := range b.Rows {
			if r.Name == name {
				return r
			}
		}
		return ledger.Row{}
	}
	board := func() ledger.Board {
		b, err := w.author.Board(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	eventually(t, 10*time.Second, "Radio Nord has it", func() error {
		if s := row(board(), "Radio Nord").Story; s == nil || s.ReceivedMS < 0 {
			return errMissing
		}
		return nil
	})
	if r := row(board(), "Radio Sud"); r.Incident == nil || r.Incident.Kind != ledger.NotConnected || r.Lamp != ledger.Red || board().Rows[0].Name != "Radio Sud" {
		t.Errorf("a station without a line is not the first incident of the board: %+v", r)
	}

	identifier := board().Identifier
	say := func(state, by string, more map[string]any) {
		body := map[string]any{"identifier": identifier, "revision": 1, "state": state, "by": by}
		maps.Copy(body, more)
		a := ask(t, request{
			method: "POST", url: w.url("/v1/feed/receipts"), body: asJSON(t, body),
			token: w.stationToken, header: map[string]string{"Content-Type": "application/json"},
		})
		if a.status != http.StatusOK {
			t.Fatalf("%s: %d %s", state, a.status, a.body)
		}
	}
	say("seen", "Eva Claes", nil)
	said := time.Now()
	say("on_air", "Tom Maes", map[string]any{"channel": "La Une"})
	say("declined", "Eva Claes", map[string]any{"reason": "football"})
	eventually(t, time.Second, "the station's words on the board", func() error {
		r := row(board(), "Radio Nord")
		words, err := json.Marshal(r.Story)
		if err != nil || len(r.Story.Words) != 4 || r.State != "on_air" || r.Story.Airings != 1 {
			return fmt.Errorf("%s %s %v", r.State, words, err)
		}
		return nil
	})
	t.Logf("on the board %v after the station said it", time.Since(said).Round(time.Millisecond))
	if a := board().Airing; a == nil || a.EverySeconds != 900 || a.AiredSince != 1 {
		t.Errorf("the pace on the board is %+v", a)
	}

	eventually(t, 45*time.Second, "the second way", func() error {
		if len(w.smsc.Texts(phone)) == 0 {
			return errMissing
		}
		return nil
	})
	if after := time.Since(pressed); after < 29*time.Second {
		t.Errorf("the station's telephone was told after %v, before its receiver had its time", after)
	}
	if err := w.author.Withdraw(t.Context(), id, alert.OutcomeFound); err != nil {
		t.Fatal(err)
	}
	eventually(t, 15*time.Second, "the withdrawal at the station, the partner and the telephone", func() error {
		b := board()
		if b.Removal == nil || b.Removal.Confirmed != 2 || b.Removal.Of != 3 || fmt.Sprint(b.Removal.Missing) != "[Radio Sud]" || len(w.smsc.Texts(phone)) != 2 {
			return fmt.Errorf("%+v, %d SMS", b.Removal, len(w.smsc.Texts(phone)))
		}
		return nil
	})
}
