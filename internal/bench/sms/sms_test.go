package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"tocsin/internal/bench/measure"
	"tocsin/internal/peertest"
)

// TestMain lets the test program be the product's part.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "-role" {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestBothSendersReachEverybody(t *testing.T) {
	peertest.Node(t)
	s, err := run(options{messages: 150, rounds: 2}, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range s.senders {
		if len(p.rounds) != 2 || p.theirs <= 0 {
			t.Errorf("%s: %d rounds, the centre used %v µs", p.name, len(p.rounds), p.theirs)
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
	for _, want := range []string{"tocsin ", "npm smpp "} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in the report:\n%s", want, b.String())
		}
	}
}

// A sender that garbles the text must not pass for a fast one.
func TestWrongTextsAreFoundOut(t *testing.T) {
	peertest.Node(t)
	s, err := openStage(options{messages: 20}, 50)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	for _, p := range s.senders {
		if err := s.round(p, true); err != nil {
			t.Fatal(err)
		}
	}
	s.text += "."
	if err := s.round(s.senders[0], true); err == nil || !strings.Contains(err.Error(), "0 of 20 telephones") {
		t.Errorf("another text passed: %v", err)
	}
}

func TestParts(t *testing.T) {
	long := strings.Repeat("0123456789", 20)
	for _, tc := range []struct {
		text string
		want []string
	}{
		{"short", []string{"short"}},
		{long, []string{long[:153], long[153:]}},
	} {
		if got, err := parts(tc.text); err != nil || !slices.Equal(got, tc.want) {
			t.Errorf("parts of %d characters: %q, %v", len(tc.text), got, err)
		}
	}
	for _, text := range []string{"Анна", "5 €"} {
		if _, err := parts(text); err == nil {
			t.Errorf("%q was divided as if each character took one septet", text)
		}
	}
}

func TestMissingPeerIsNamed(t *testing.T) {
	t.Chdir(t.TempDir())
	if _, err := run(options{messages: 1, rounds: 1}, 10); err == nil {
		t.Error("a bench without its centre gave no error")
	}
}
