package scenario

import (
	"bytes"
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/config"
	"tocsin/internal/stream/streamtest"
)

// refusedStart runs the server that must not start, and gives its sentence.
func refusedStart(t *testing.T, s *server) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var errs bytes.Buffer
	cmd := exec.CommandContext(ctx, path, "serve", "--config", s.configFile())
	cmd.Stderr = &errs
	if err := cmd.Run(); err == nil || ctx.Err() != nil {
		t.Fatalf("the server started, or did not end: %v", err)
	}
	lines := strings.Split(strings.TrimSpace(errs.String()), "\n")
	last := lines[len(lines)-1]
	if !strings.HasPrefix(last, "tocsin: ") {
		t.Errorf("the last line is no sentence for the operator: %q", last)
	}
	return last
}

// second is another server's settings on the first one's folder.
func second(t *testing.T, first *server) *server {
	t.Helper()
	s := newServer(t, nil)
	s.conf.Data, s.conf.NATS = first.conf.Data, first.conf.NATS
	return s
}

// Two processes on one folder would damage the log that holds every alert: the
// second refuses, and the first does not even notice. Guards invariant 3.
func TestTwoServersOneFolder(t *testing.T) {
	for name, prepare := range map[string]func(*server){
		"embedded log": func(*server) {},
		"outside log": func(s *server) {
			s.conf.NATS.URL, _, _ = streamtest.Server(t)
		},
	} {
		t.Run(name, func(t *testing.T) {
			first := newServer(t, nil)
			prepare(first)
			first.start()
			author := first.officer("author", auth.Author)
			said := refusedStart(t, second(t, first))
			if !strings.Contains(said, first.conf.Data) || !strings.Contains(said, "in use by another tocsin process") {
				t.Errorf("the second server says %q, want the folder and the reason", said)
			}
			approver := first.officer("approver", auth.Approver) // the operator's socket is still the first one's
			released(t, author, approver)
		})
	}
}

// liveSettings are sound ones of the live realm.
func liveSettings(c *config.Config) {
	c.Realm, c.AllowLoopback = alert.Live, false
	c.PublicURL = "https://alerts.example"
	c.Sender, c.Contact = "alerts@police.example", "mailto:ops@police.example"
}

// What was an exercise never continues as a real alert. Guards invariant 6.
func TestWrongRealm(t *testing.T) {
	for name, url := range map[string]func() string{
		"embedded log": func() string { return "" },
		"outside log":  func() string { url, _, _ := streamtest.Server(t); return url },
	} {
		t.Run(name, func(t *testing.T) {
			drill := newServer(t, nil)
			drill.conf.NATS.URL = url()
			drill.start()
			drill.kill()
			live := second(t, drill)
			liveSettings(&live.conf)
			said := refusedStart(t, live)
			for _, want := range []string{drill.conf.Data, `"drill"`, `"live"`} {
				if !strings.Contains(said, want) {
					t.Errorf("the live server on an exercise's folder says %q, want %s in it", said, want)
				}
			}
		})
	}
}

// An operator mends his settings once, not fault by fault, and before the night
// of the alert. Guards invariant 6.
func TestCheckTellsEveryFaultAtOnce(t *testing.T) {
	s := newServer(t, nil)
	s.conf.Realm = alert.Live // with everything that only a drill may have
	s.conf.Agency, s.conf.Country = "police!", "Belgium"
	got := tocsin(t, "check", "--config", s.configFile())
	if got.code == 0 {
		t.Error("check ends with 0")
	}
	for _, field := range []string{"allow_loopback", "public_url", "sender", "agency", "country"} {
		if !strings.Contains(got.stderr, field+": ") {
			t.Errorf("check does not name %s:\n%s", field, got.stderr)
		}
	}
	sound := newServer(t, nil)
	liveSettings(&sound.conf)
	if got := tocsin(t, "check", "--config", sound.configFile()); got.code != 0 {
		t.Errorf("check refuses sound settings: %s", got.stderr)
	}
}
