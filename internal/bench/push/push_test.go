package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"tocsin/internal/bench/measure"
	"tocsin/internal/peertest"
)

// TestMain lets the test program be the parts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "-role" {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestAllSendersReachEverybody(t *testing.T) {
	peertest.Node(t)
	o := options{people: 60, rounds: 2, atOnce: 8}
	s, err := run(o, 0)
	if err != nil {
		t.Fatal(err)
	}
	if want := 3 * 3 * o.people; s.pushes != want {
		t.Errorf("%d pushes, want %d", s.pushes, want)
	}
	for _, p := range s.senders {
		if len(p.rounds) != o.rounds || p.conns == 0 || p.theirs <= 0 {
			t.Errorf("%s: %d rounds, %d connections", p.name, len(p.rounds), p.conns)
		}
		for _, u := range p.rounds {
			if u.Seconds <= 0 || u.CPU <= 0 || u.Failed > 0 {
				t.Errorf("%s: %+v", p.name, u)
			}
		}
	}
	if s.ratio(measure.Seconds) <= 0 || s.ratio(measure.CPUTime) <= 0 {
		t.Error("there are no ratios")
	}
	var b strings.Builder
	s.report(&b)
	for _, want := range []string{"tocsin ", "webpush-go ", "web-push "} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in the report:\n%s", want, b.String())
		}
	}
}

// A sender whose pushes nobody can read must not pass for a fast one.
func TestUnreadableMessagesAreFoundOut(t *testing.T) {
	t.Chdir(t.TempDir()) // and npm web-push is missing, with its reason
	s, err := openStage(options{people: 5, rounds: 1, atOnce: 2}, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if s.senders[2].part != nil || s.senders[2].absent == "" {
		t.Error("npm web-push was found outside of the tree")
	}
	if err := s.check(); err == nil {
		t.Error("no message at all passed the check")
	}
	for _, p := range s.senders {
		if err := s.round(p, 5, true); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.check(); err != nil {
		t.Error(err)
	}
	s.notice.Payload += " "
	if err := s.check(); err == nil {
		t.Error("another payload passed the check")
	}
	var b strings.Builder
	s.report(&b)
	if !strings.Contains(b.String(), s.senders[2].absent) {
		t.Errorf("the report does not say why a peer is missing:\n%s", b.String())
	}
}

func TestRefusedPushesEndTheRun(t *testing.T) {
	s, err := openStage(options{people: 5, rounds: 1, atOnce: 2}, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	wrong := task{
		KeyDir: t.TempDir(), Certificate: s.dir + "/roots.pem", Subject: "mailto:a@b.example", AtOnce: 1,
		Subscriptions: []subscription{{Endpoint: "https://127.0.0.1:1/push/nobody"}}, Notice: notice{Payload: "x", TTL: 1},
	}
	if err := wrong.makeKeys(); err != nil {
		t.Fatal(err)
	}
	stranger := &sender{name: "webpush-go"}
	if err := stranger.join(nil, wrong); err != nil {
		t.Fatal(err)
	}
	defer stranger.part.Stop()
	if err := s.round(stranger, 1, true); err == nil || !strings.Contains(err.Error(), "1 of 1 pushes failed") {
		t.Errorf("a sender without success gave %v", err)
	}
}

func TestBarsAreNamedByTheirDelay(t *testing.T) {
	for delay, want := range map[time.Duration]string{0: "push-speed-ratio", 20 * time.Millisecond: "push-speed-ratio-20ms"} {
		if speed, cpu := bars(delay); speed.Name != want || cpu.Name != strings.Replace(want, "speed", "cpu", 1) {
			t.Errorf("delay %v: %s and %s", delay, speed.Name, cpu.Name)
		}
	}
}

func TestUnknownRole(t *testing.T) {
	if err := play("nobody"); err == nil {
		t.Error("played a part that does not exist")
	}
	if _, err := newTocsin(json.RawMessage(`{`)); err == nil {
		t.Error("took a broken task")
	}
}
