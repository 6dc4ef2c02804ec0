package scenario

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/internal/client"
	"tocsin/internal/peers/smsc"
	"tocsin/internal/stream/streamtest"
)

// liveServer is a server of the live realm with a telephone and a station.
type liveServer struct {
	*server
	smsc             *smsc.SMSC
	station          string // token
	author, approver client.Officer
}

const livePhone = "+32471000000"

func newLive(t *testing.T, nats string) *liveServer {
	t.Helper()
	centre, err := smsc.Start(smsc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = centre.Close() })
	secret := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(secret, []byte(gatewayPassword), 0o600); err != nil {
		t.Fatal(err)
	}
	l := &liveServer{smsc: centre, server: newServer(t, map[string]json.RawMessage{
		"broadcast": json.RawMessage(`{}`), "website": json.RawMessage(`{}`), "webpush": json.RawMessage(`{}`),
		"sms": asJSON(t, map[string]any{"gateways": []any{map[string]any{
			"kind": "smpp", "name": "local", "address": centre.Addr(), "system_id": "tocsin", "password_file": secret, "source": "POLICE",
		}}}),
	})}
	liveSettings(&l.conf)
	l.conf.NATS.URL = nats
	l.start()
	l.author, l.approver = l.officer("author", auth.Author), l.officer("approver", auth.Approver)
	l.station = l.recipient("broadcast", app.NewRecipient{Name: "Radio Sud", Areas: []string{"*"}, Lang: alert.French})
	l.recipient("sms", app.NewRecipient{Number: livePhone, Areas: []string{"BE"}, Lang: alert.English})
	return l
}

// carries says which public addresses of a server name the case.
func carries(t *testing.T, s *server, station, id string) (all []string) {
	t.Helper()
	for _, path := range []string{
		"/en/", "/fr/", "/feed.atom", "/feed.json", "/v1/alerts", "/v1/events", "/embed/v1/alerts.json",
		"/v1/feed/poll?start=all&wait=0", "/v1/alerts/" + id, "/en/alerts/" + id,
	} {
		in := request{url: s.url(path)}
		if strings.HasPrefix(path, "/v1/feed") {
			in.token = station
		}
		// Refusals may repeat the address that was asked for.
		if got := ask(t, in); got.status == http.StatusOK && strings.Contains(string(got.body), id) {
			all = append(all, path)
		}
	}
	return all
}

// A drill and the real thing on one event log: an exercise reaches nobody of the
// live side, nor the other way round, and credentials of one are nothing to the
// other. Guards invariant 6.
func TestExerciseCannotReachLive(t *testing.T) {
	nats, _, _ := streamtest.Server(t)
	drill := newWorld(t)
	drill.conf.NATS.URL = nats
	drill.open(2, 2)
	live := newLive(t, nats)

	exercise := drill.published()
	drill.speaksOfExercise(exercise, 1, 2)
	actual := released(t, live.author, live.approver) // after the exercise on the same log: who follows it has passed both
	eventually(t, 30*time.Second, "the live alert on its telephone", func() error {
		if n := len(live.smsc.Texts(livePhone)); n != 1 {
			return fmt.Errorf("%d texts", n)
		}
		return nil
	})
	text := live.smsc.Texts(livePhone)[0].Body
	if strings.Contains(strings.ToUpper(text), "EXERCI") {
		t.Errorf("the live alert says exercise: %q", text)
	}
	if got := carries(t, live.server, live.station, actual); len(got) < 9 {
		t.Errorf("only %v carry the live alert: the comparison below proves nothing", got)
	}
	if got := carries(t, live.server, live.station, exercise); len(got) > 0 {
		t.Errorf("the exercise is on the live server's %v", got)
	}
	if got := carries(t, drill.server, drill.stationToken, actual); len(got) > 0 {
		t.Errorf("the live alert is on the drill's %v", got)
	}
	if _, err := live.author.Get(t.Context(), exercise); err == nil {
		t.Error("a live officer reads the exercise's case")
	}
	if _, err := live.author.Board(t.Context(), exercise); err == nil {
		t.Error("the live ledger knows the exercise")
	}
	for path, token := range map[string]string{"/v1/cases": drill.authorToken, "/v1/feed/poll?wait=0": drill.stationToken} {
		if got := ask(t, request{url: live.url(path), token: token}); got.status != http.StatusUnauthorized {
			t.Errorf("the drill's token at the live server's %s: %d, want 401", path, got.status)
		}
	}

	if err := drill.author.Withdraw(t.Context(), exercise, alert.OutcomeFound); err != nil {
		t.Fatal(err)
	}
	drill.everybody(exercise, 3, 30*time.Second)
	drill.speaksOfExercise(exercise, 3)
	if n := len(live.smsc.Texts(livePhone)); n != 1 {
		t.Errorf("the live telephone got %d texts of one alert", n)
	}
	if got := carries(t, live.server, live.station, actual); len(got) < 9 {
		t.Errorf("after the exercise ended only %v carry the live alert", got)
	}
	if want := drill.phones; len(live.smsc.Texts(want[0]))+len(live.smsc.Texts(want[1])) > 0 {
		t.Error("the live gateway was used for the drill's telephones")
	}
}

// speaksOfExercise holds every text of these revisions at the far ends against
// the word of its language.
func (w *world) speaksOfExercise(id string, revisions ...int) {
	w.t.Helper()
	says := func(where, text string, langs ...alert.Lang) {
		w.t.Helper()
		for _, lang := range langs {
			if word := alert.StatusWord(alert.StatusExercise, lang); word != "" && strings.Contains(strings.ToUpper(text), strings.ToUpper(word)) {
				return
			}
		}
		w.t.Errorf("%s does not say that it is an exercise: %q", where, text)
	}
	for _, n := range revisions {
		for _, number := range w.phones {
			says("an SMS", w.smsc.Texts(number)[n-1].Body, alert.English)
		}
		for _, c := range w.citizens {
			plain, err := c.Decrypt(c.Messages()[n-1])
			if err != nil {
				w.t.Fatal(err)
			}
			says("a push", string(plain), alert.French)
		}
		w.kitSpeaks(n, says)
	}
	for _, path := range []string{"/fr/", "/v1/alerts", "/feed.atom", "/feed.json", "/embed/v1/alerts.json?lang=fr", "/embed/v1/frame?lang=fr"} {
		if got := ask(w.t, request{url: w.url(path)}); strings.Contains(string(got.body), id) {
			says(path, string(got.body), alert.French, alert.English)
		}
	}
}

// kitSpeaks reads what the station may put on the air.
func (w *world) kitSpeaks(revision int, says func(string, string, ...alert.Lang)) {
	w.t.Helper()
	folders, err := filepath.Glob(filepath.Join(w.stationDir, "alerts", fmt.Sprintf("*-%d", revision)))
	if err != nil || len(folders) != 1 {
		w.t.Fatalf("the station has %v of revision %d: %v", folders, revision, err)
	}
	texts, err := filepath.Glob(filepath.Join(folders[0], "*.txt"))
	if err != nil || len(texts) < 8 {
		w.t.Fatalf("the station has the texts %v: %v", texts, err)
	}
	for _, path := range append(texts, filepath.Join(folders[0], "cap.xml")) {
		data, err := os.ReadFile(path)
		if err != nil {
			w.t.Fatal(err)
		}
		if name := filepath.Base(path); name == "cap.xml" {
			if !strings.Contains(string(data), "<status>Exercise</status>") {
				w.t.Errorf("the CAP document's status is not Exercise")
			}
			for headline := range strings.SplitSeq(string(data), "<headline>") {
				if text, _, ok := strings.Cut(headline, "</headline>"); ok {
					says("a CAP headline", text, alert.French, alert.English)
				}
			}
		} else {
			lang := strings.TrimPrefix(name, "teletext-")[:2]
			says("the station's "+name, string(data), alert.Lang(lang))
		}
	}
}
