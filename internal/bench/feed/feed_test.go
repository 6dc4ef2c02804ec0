//go:build linux

package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"tocsin/internal/bench/measure"
)

// TestMain lets the test program be the bench's other processes.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "-role" {
		if err := play(os.Args[2]); err != nil {
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// TestRounds plays a whole round of every server that needs nothing installed:
// all alerts reach all clients, in order and once, also those missed before a storm.
func TestRounds(t *testing.T) {
	for _, kind := range []string{"tocsin", "bound", "nats", "jetstream"} {
		t.Run(kind, func(t *testing.T) {
			p := planFor(kind, 20)
			p.releases = min(p.releases, 2)
			f, err := p.run()
			if err != nil {
				t.Fatal(err)
			}
			if bad := f.faults; bad.Twice+bad.Disorder+bad.Refused+bad.Lost != 0 {
				t.Errorf("faults %+v", bad)
			}
			if p.releases > 0 && (f.median <= 0 || f.p99 < f.median || f.last < f.p99 || f.cpu <= 0) {
				t.Errorf("single releases %+v", f)
			}
			if p.burst != (f.burst > 0) || p.storm != (f.storm > 0) || (p.receipts > 0) != (f.receipt != 0) {
				t.Errorf("not all was measured: %+v", f)
			}
		})
	}
}

// TestFramesAreAlike: a comparison of two loads is none.
func TestFramesAreAlike(t *testing.T) {
	raw, err := frame(7, frameBytes)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Seq        int
		Identifier string
		Cap        string
		Texts      map[string]struct{ Headline string }
	}
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	if got.Seq != 7 || got.Identifier != identifier(7) || got.Texts["en"].Headline == "" || !strings.HasPrefix(got.Cap, "<alert>") {
		t.Errorf("frame %s", raw)
	}
	if len(raw) < frameBytes*9/10 || len(raw) > frameBytes*11/10 {
		t.Errorf("%d bytes, want about %d", len(raw), frameBytes)
	}
	if n, seq, ok := number(raw); n != 7 || seq != 7 || !ok {
		t.Errorf("the client reads %d, %d, %v", n, seq, ok)
	}
}

func TestReleasesShareOneSignedAlert(t *testing.T) {
	one, err := message(1, whole)
	if err != nil {
		t.Fatal(err)
	}
	two, err := message(2, whole)
	if err != nil {
		t.Fatal(err)
	}
	if one.Identifier == two.Identifier || one.Case == two.Case {
		t.Error("two releases are the same alert")
	}
	if !strings.Contains(string(one.CAP), "Signature") || string(one.CAP) != string(two.CAP) {
		t.Error("the alert is not the signed one")
	}
}

// TestCountingFindsFaults: a client that miscounts would praise any server.
func TestCountingFindsFaults(t *testing.T) {
	tests := []struct {
		name            string
		alerts          []int
		twice, disorder int64
		reached         bool
	}{
		{"in order", []int{1, 2, 3}, 0, 0, true},
		{"one twice", []int{1, 1, 2, 3}, 1, 0, true},
		{"one lost", []int{1, 3}, 0, 1, true},
		{"two changed places", []int{2, 1, 3}, 1, 1, true},
		{"the last is missing", []int{1, 2}, 0, 0, false},
	}
	for _, tt := range tests {
		c := &client{fd: -1, next: 1}
		f := &fleet{kind: feed{}, clients: []*client{c}}
		f.expect(3)
		th := &thread{f: f}
		for _, n := range tt.alerts {
			raw, err := frame(n, frameBytes)
			if err != nil {
				t.Fatal(err)
			}
			f.kind.take(th, c, raw)
		}
		if f.twice.Load() != tt.twice || f.disorder.Load() != tt.disorder || (c.reached > 0) != tt.reached {
			t.Errorf("%s: twice %d, disorder %d, reached %d", tt.name, f.twice.Load(), f.disorder.Load(), c.reached)
		}
	}
}

// TestNATSMessagesInPieces cuts a stream of protocol messages at every byte.
func TestNATSMessagesInPieces(t *testing.T) {
	var all strings.Builder
	for n := 1; n <= 3; n++ {
		raw, err := frame(n, 200)
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString("MSG bench.alert 1 " + itoa(len(raw)) + "\r\n" + string(raw) + "\r\nPING\r\n")
	}
	for cut := range len(all.String()) {
		c := &client{fd: -1, next: 1}
		f := &fleet{kind: natsWire{}, clients: []*client{c}}
		f.expect(3)
		th := &thread{f: f}
		f.kind.take(th, c, []byte(all.String()[:cut]))
		f.kind.take(th, c, []byte(all.String()[cut:]))
		if c.next != 4 || f.disorder.Load()+f.twice.Load() != 0 || strings.Count(string(th.out), "PONG") != 3 {
			t.Fatalf("cut at %d: next %d, %q", cut, c.next, th.out)
		}
	}
}

func itoa(n int) string { b, _ := json.Marshal(n); return string(b) }

// TestBars: a figure that was not taken is never a pass, and a ratio is the
// median of neighbours.
func TestBars(t *testing.T) {
	b := &bench{sizes: []int{5000}, failed: map[key]error{}, taken: map[key][]figures{
		{"tocsin", 5000}: {{last: 10, kb: 8}, {last: 40, kb: 8}, {last: 10, kb: 8}},
		{"nats", 5000}:   {{last: 20, kb: 50}, {last: 50, kb: 50}, {last: 100, kb: 50}},
	}}
	if v, err := b.ratio(5000, last, last, "nats"); v != 0.5 || err != nil {
		t.Errorf("ratio %v, %v", v, err)
	}
	var out strings.Builder
	b.compare(&out, 5000)
	for _, want := range []string{
		"bar feed-last-of-nats-5000 0.50 0.75 pass\n", "bar feed-memory-of-nats-5000 0.16 0.40 pass\n",
		"bar feed-last-of-bound-5000 - 1.25 short\n", "bar feed-storm-of-jetstream-5000 - 0.45 short\n", "bar feed-kb-5000 8.0 20.0 pass\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	out.Reset()
	show(&out, measure.Bar{Name: "x", Limit: 1}, 0, none(nil))
	if !strings.HasSuffix(out.String(), "bar x - 1 short\n") {
		t.Errorf("a figure that was not taken: %q", out.String())
	}
}
