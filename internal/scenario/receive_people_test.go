package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/client"
	"tocsin/internal/ledger"
	"tocsin/internal/receive"
)

// says waits until the officer's board shows the station's state.
func says(t *testing.T, officer client.Officer, id string, want adapter.State, by string) {
	t.Helper()
	eventually(t, 30*time.Second, fmt.Sprintf("the board says %s", want), func() error {
		b, err := officer.Board(t.Context(), id)
		if err != nil {
			return err
		}
		for _, r := range b.Rows {
			if r.State == want && strings.Contains(r.By, by) {
				return nil
			}
		}
		return fmt.Errorf("%+v", rows(b))
	})
}

func rows(b ledger.Board) (out []string) {
	for _, r := range b.Rows {
		out = append(out, fmt.Sprintf("%s %s by %q: %s", r.Name, r.State, r.By, r.Reason))
	}
	return out
}

// What people at the station do reaches the officer: from the command line, from
// the page, with the receiver running or dead; and what makes no sense is
// refused in a sentence.
func TestPeopleAtTheStation(t *testing.T) {
	t.Parallel()
	s := newServer(t, quick)
	s.start()
	author, approver := s.officer("author", "author"), s.officer("approver", "approver")
	n := newNewsroom(t, s)
	status := freePort(t)
	n.args = append(n.args, "--status", status)
	n.start()
	first := released(t, author, approver)
	says(t, author, first, adapter.Received, "")

	got := tocsin(t, "receive", "seen", "--dir", n.dir, "--by", "Anna")
	if got.code != 0 || !strings.Contains(got.stdout, "the receiver sends it now") {
		t.Errorf("seen: %d %q %q", got.code, got.stdout, got.stderr)
	}
	says(t, author, first, adapter.Seen, "Anna")

	n.kill() // the word is given while nothing runs, and outlives the power cut
	got = tocsin(t, "receive", "on-air", "--dir", n.dir, "--by", "Ben", "--channel", "La Une")
	if got.code != 0 || !strings.Contains(got.stdout, "it is sent when one does") {
		t.Errorf("on-air: %d %q %q", got.code, got.stdout, got.stderr)
	}
	n.start()
	says(t, author, first, adapter.OnAir, "Ben")

	second := released(t, author, approver)
	says(t, author, second, adapter.Received, "")
	identifier := n.status(status, second).Identifier
	resp, err := http.PostForm("http://"+status+"/say", url.Values{
		"identifier": {identifier}, "revision": {"1"}, "state": {"declined"}, "by": {"Cleo"}, "reason": {"outside our area"},
	})
	if err != nil || resp.StatusCode != http.StatusOK { // after the redirect
		t.Fatalf("the page's button: %v %v", resp, err)
	}
	_ = resp.Body.Close()
	says(t, author, second, adapter.Declined, "Cleo")

	for args, want := range map[string]string{
		"seen":                   "2 alerts are live",
		"seen nobody-1":          "no such revision here",
		"declined " + identifier: "reason: declined needs one",
		"failed " + identifier:   "reason: failed needs one",
		"on-air x --at tomorrow": "--at",
		"removed " + first + "x": "no such revision here",
	} {
		got := tocsin(t, append([]string{"receive"}, append(strings.Fields(args), "--dir", n.dir)...)...)
		if got.code == 0 || !strings.Contains(got.stderr, want) || strings.Count(got.stderr, "\n") != 1 {
			t.Errorf("receive %s ends with %d and says %q, want %q", args, got.code, got.stderr, want)
		}
	}
	if err := author.Withdraw(t.Context(), first, alert.OutcomeFound); err != nil {
		t.Fatal(err)
	}
	says(t, author, first, adapter.Removed, "")
	if got := tocsin(t, "receive", "removed", first, "--dir", n.dir, "--by", "Anna"); got.code != 0 {
		t.Errorf("removed: %q", got.stderr)
	}
	says(t, author, first, adapter.Removed, "Anna")
}

// status asks the receiver's page for a case.
func (n *newsroom) status(addr, id string) (c receive.CaseStatus) {
	n.t.Helper()
	eventually(n.t, 20*time.Second, "the page shows "+id, func() error {
		resp, err := http.Get("http://" + addr + "/status.json")
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }()
		var s receive.Status
		if err := json.NewDecoder(resp.Body).Decode(&s); err != nil {
			return err
		}
		for _, c = range s.Alerts {
			if c.Case == id && len(c.Said) > 0 && !c.Said[0].Confirmed.IsZero() {
				return nil
			}
		}
		return errors.New("it does not")
	})
	return c
}

// A station runs the receiver on two machines with one token: both have
// everything, and neither disturbs the other. Two on one folder would overwrite
// each other's memory: the second refuses, and the first does not notice.
func TestTwoReceivers(t *testing.T) {
	t.Parallel()
	s := newServer(t, quick)
	s.start()
	author, approver := s.officer("author", "author"), s.officer("approver", "approver")
	one := newNewsroom(t, s)
	one.start()
	two := *one
	two.said, two.dir, two.aired = new(logBuffer), one.dir+"-2", one.aired+"-2"
	two.args = nil
	for _, arg := range one.args {
		if arg == one.dir {
			arg = two.dir
		}
		two.args = append(two.args, arg)
	}
	t.Cleanup(two.kill)
	two.start()
	id := released(t, author, approver)
	both := func(revision int) {
		t.Helper()
		for _, n := range []*newsroom{one, &two} {
			eventually(t, 20*time.Second, "the revision in "+n.dir, func() error {
				if len(glob(t, n.dir, fmt.Sprintf("%s-%d/manifest.json", id, revision))) != 1 {
					return fmt.Errorf("it is not there; the receiver says %s", tail(n.said.String(), 500))
				}
				return nil
			})
		}
	}
	both(1)
	refused := tocsin(t, one.args...)
	if refused.code == 0 || !strings.Contains(refused.stderr, "another receiver is using it") {
		t.Errorf("a second receiver on one folder: %d %q", refused.code, refused.stderr)
	}
	if err := author.Withdraw(t.Context(), id, alert.OutcomeFound); err != nil {
		t.Fatal(err)
	}
	both(2)
	says(t, author, id, adapter.Removed, "")
}

// glob is what lies below the receiver's alerts.
func glob(t *testing.T, dir, pattern string) []string {
	t.Helper()
	out, err := filepath.Glob(filepath.Join(dir, "alerts", pattern))
	if err != nil {
		t.Fatal(err)
	}
	return out
}
