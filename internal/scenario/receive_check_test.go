package scenario

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/app"
	"tocsin/internal/cap"
	"tocsin/internal/casework"
	"tocsin/internal/client"
	"tocsin/internal/receive"
	"tocsin/internal/receive/feedcheck"
)

// checked runs the conformance check of the feed at url.
func (s *server) checked(t *testing.T, url, token string) feedcheck.Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	rep, err := feedcheck.Run(ctx, feedcheck.Options{URL: url, Token: token, Verify: s.verifier(t), Patience: 5 * time.Second}, func(feedcheck.Result) {})
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// verifier trusts the server's issuer.
func (s *server) verifier(t *testing.T) receive.Verifier {
	t.Helper()
	keys, err := app.Keys(s.conf)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := cap.ParseCertificate([]byte(keys.Certificate))
	if err != nil {
		t.Fatal(err)
	}
	return func(doc []byte) error { _, err := cap.Verify(doc, cert); return err }
}

// station registers a broadcaster of every area and gives its token.
func (s *server) station(name string) string {
	s.t.Helper()
	return s.recipient("broadcast", app.NewRecipient{Name: name, Areas: []string{"*"}, Lang: alert.French})
}

// quick is a feed with heartbeats each second, so that checks need not wait.
var quick = map[string]json.RawMessage{"broadcast": json.RawMessage(`{"heartbeat_s": 1}`)}

// A station checks the feed before it relies on it: with nothing live, with
// alerts, and by the command it will type. Guards the feed's contract.
func TestFeedCheckOfTheRealServer(t *testing.T) {
	t.Parallel()
	s := newServer(t, quick)
	s.start()
	token := s.station("Radio Nord")
	empty := s.checked(t, s.url(""), token)
	if empty.Failed != 0 || empty.Skipped == 0 || empty.Passed < 12 || empty.Live != 0 {
		t.Errorf("with nothing live: %s", told(empty))
	}
	author, approver := s.officer("author", "author"), s.officer("approver", "approver")
	var ids []string
	for range 3 {
		ids = append(ids, withPhoto(t, author, approver))
	}
	if err := author.Withdraw(t.Context(), ids[0], alert.OutcomeFound); err != nil {
		t.Fatal(err)
	}
	full := s.checked(t, s.url(""), token)
	if full.Failed != 0 || full.Skipped != 0 || full.Live != 2 {
		t.Errorf("with alerts: %s", told(full))
	}
	home := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(home, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	keys, err := app.Keys(s.conf)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"receive", "--check", s.url(""), "--token-file", file("token", token), "--cert", file("issuer.pem", keys.Certificate)}
	good := tocsin(t, args...)
	if good.code != 0 || strings.Count(good.stdout, " pass ") != len(feedcheck.Names()) {
		t.Errorf("the command ends with %d and says\n%s%s", good.code, good.stdout, good.stderr)
	}
	args[4] = file("wrong", "st-nobody.nothing")
	bad := tocsin(t, append(args, "--json")...)
	var rep feedcheck.Report
	if err := json.Unmarshal([]byte(bad.stdout), &rep); err != nil || bad.code == 0 || rep.Failed == 0 || !strings.Contains(bad.stderr, "does not keep its protocol") {
		t.Errorf("with a wrong token it ends with %d, %v: %s", bad.code, err, bad.stderr)
	}
}

// told is what a report says that is not pass.
func told(r feedcheck.Report) string {
	var out []string
	for _, res := range r.Results {
		if res.Outcome != feedcheck.Pass {
			out = append(out, res.Name+": "+string(res.Outcome)+": "+res.Reason)
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// withPhoto releases a case with a picture.
func withPhoto(t *testing.T, author, approver client.Officer) string {
	t.Helper()
	c, err := author.Draft(t.Context(), missing())
	if err != nil {
		t.Fatal(err)
	}
	photo, err := author.AddPhoto(t.Context(), c.ID, portrait(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := author.Edit(t.Context(), c.ID, func(d *casework.Draft) { d.Facts.Children[0].Photo = photo }); err != nil {
		t.Fatal(err)
	}
	if err := author.Submit(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := approver.Release(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	return c.ID
}
