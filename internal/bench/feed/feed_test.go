package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"tocsin/internal/bench/measure"
)

// TestMain lets the test program be the clients.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "-role" {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestEveryReleaseReachesAllClientsOfBoth(t *testing.T) {
	for _, size := range []int{2000, whole} {
		got, err := run(20, 2, size)
		if err != nil {
			t.Fatal(err)
		}
		var bytes [2]int
		for i, name := range []string{"product", "plain"} {
			for _, f := range got[name] {
				if f.median <= 0 || f.p99 < f.median || f.last < f.p99 {
					t.Errorf("size %d, %s: figures %+v", size, name, f)
				}
				bytes[i] = f.bytes
			}
			if len(got[name]) != 2 {
				t.Errorf("size %d, %s: %d releases, want 2", size, name, len(got[name]))
			}
		}
		// A comparison of two loads is none.
		if bytes[0] > bytes[1]*21/20 || bytes[1] > bytes[0]*21/20 {
			t.Errorf("size %d: frames of %d and of %d bytes", size, bytes[0], bytes[1])
		}
		if size != whole && (bytes[0] < size*9/10 || bytes[0] > size*11/10) {
			t.Errorf("frames of %d bytes, want about %d", bytes[0], size)
		}
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

func TestPlainFrameIsJSON(t *testing.T) {
	m, err := message(1, whole)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := frame(1, m)
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Identifier, Cap string }
	if err := json.Unmarshal(raw, &got); err != nil || got.Identifier != identifier(1) || got.Cap != string(m.CAP) {
		t.Errorf("frame holds %q, %v", got.Identifier, err)
	}
}

func TestBarsAreNamedByTheirFrames(t *testing.T) {
	for size, want := range map[int]measure.Bar{
		2000:  {Name: "feed-last-ms-1000", Limit: 100, Digits: 1},
		whole: {Name: "feed-last-ms-1000-signed", Limit: 100, Digits: 1},
	} {
		if got := bar(1000, size); got != want {
			t.Errorf("size %d: %+v, want %+v", size, got, want)
		}
	}
}
