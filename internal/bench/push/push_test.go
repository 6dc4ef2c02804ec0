package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

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

// small is a run that ends in a second.
var small = options{people: 60, rounds: 2, atOnce: 8, connections: 2}

func TestAllSendersReachEverybody(t *testing.T) {
	peertest.Node(t)
	s, err := run(small)
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, p := range s.senders {
		want += (small.rounds + 1) * (small.people / p.share)
		if len(p.rounds) != small.rounds || p.conns == 0 || p.theirs <= 0 || p.wire <= 0 || p.back <= 0 {
			t.Errorf("%s: %+v", p.name, p)
		}
		for i, u := range p.rounds {
			if u.Seconds <= 0 || u.CPU <= 0 || u.Failed > 0 || p.armed != (p.arming[i].CPU > 0) {
				t.Errorf("%s: %+v, arming %+v", p.name, u, p.arming[i])
			}
		}
	}
	if s.pushes != want || s.twice != 0 {
		t.Errorf("%d pushes, %d twice; want %d", s.pushes, s.twice, want)
	}
	if ours := s.sender("tocsin armed"); ours.conns > small.connections {
		t.Errorf("%d connections, %d are set", ours.conns, small.connections)
	}
	var table, bars strings.Builder
	s.report(&table)
	for _, k := range senders {
		if !strings.Contains(table.String(), k.name+" ") {
			t.Errorf("%q is not in the report:\n%s", k.name, table.String())
		}
	}
	nearBars(&bars, s, nil)
	farBars(&bars, s, nil)
	if n := strings.Count(bars.String(), "bar push-"); n != 6 || strings.Contains(bars.String(), " 0.0 ") {
		t.Errorf("%d bars:\n%s", n, bars.String())
	}
}

// A sender whose pushes nobody can read must not pass for a fast one.
func TestUnreadableMessagesAreFoundOut(t *testing.T) {
	t.Chdir(t.TempDir()) // and npm web-push is missing, with its reason
	s, err := openStage(small)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	for _, k := range senders {
		if err := s.join(k); err != nil {
			t.Fatal(err)
		}
	}
	npm := s.sender("npm web-push")
	if npm.part != nil || npm.absent == "" {
		t.Error("npm web-push was found outside of the tree")
	}
	if err := s.check(); err == nil {
		t.Error("no message at all passed the check")
	}
	for _, p := range s.senders {
		if err := s.round(p, 5, true); err != nil {
			t.Fatal(err)
		}
		if p.part == nil {
			continue
		}
		if err := s.check(); err != nil {
			t.Errorf("%s: %v", p.name, err)
		}
	}
	s.task.Notice.Payload += " "
	if err := s.check(); err == nil {
		t.Error("another payload passed the check")
	}
	var b strings.Builder
	s.report(&b)
	if !strings.Contains(b.String(), npm.absent) {
		t.Errorf("the report does not say why a peer is missing:\n%s", b.String())
	}
}

func TestRefusedPushesEndTheRun(t *testing.T) {
	s, err := openStage(small)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	s.task.People.Origin += "1" // nobody is there
	for _, k := range []kind{senders[0], senders[4]} {
		if err := s.join(k); err != nil {
			t.Fatal(err)
		}
		if err := s.round(s.senders[len(s.senders)-1], 1, true); err == nil || !strings.Contains(err.Error(), "1 of 1 pushes failed") {
			t.Errorf("%s without success gave %v", k.name, err)
		}
	}
}

func TestLongRun(t *testing.T) {
	o := options{crowd: 1500}
	var bars strings.Builder
	o.long(&bars)
	if got := bars.String(); got != "bar push-duplicates-1500 0 0 pass\n" {
		t.Errorf("%q", got)
	}
}

func TestMissingFiguresAreSaid(t *testing.T) {
	var b strings.Builder
	nearBars(&b, nil, os.ErrNotExist)
	farBars(&b, nil, os.ErrNotExist)
	if n := strings.Count(b.String(), " short\n"); n != 6 {
		t.Errorf("%d of 6 bars are short:\n%s", n, b.String())
	}
	if got := each(measure.Used{Seconds: 3, CPU: 6}, 3); got.Seconds != 1 || got.CPU != 2 {
		t.Errorf("%+v", got)
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
