package adaptertest

import (
	"strings"
	"testing"
)

// A good channel passes: what follows shows nothing unless this holds.
func TestGoodChannelPasses(t *testing.T) {
	c := broken(fault{})
	c.patience = patience // a busy machine is no fault
	Run(t, c)
}

// TestBrokenChannelsFail breaks the channel in one way at a time and wants the
// check that is there for it to say so, in words that lead to the fault.
func TestBrokenChannelsFail(t *testing.T) {
	for _, b := range faults() {
		t.Run(b.name, func(t *testing.T) {
			for _, q := range checks {
				if q.name != b.check {
					continue
				}
				found := verdict(t, q, broken(b.fault))
				if len(found) == 0 || !strings.Contains(strings.Join(found, "\n"), b.says) {
					t.Errorf("%q found %q, want %q", q.name, found, b.says)
				}
				return
			}
			t.Fatalf("there is no check %q", b.check)
		})
	}
}

// Every check has at least one fault that it finds: a check that cannot fail guards nothing.
func TestEveryCheckCanFail(t *testing.T) {
	shown := map[string]bool{}
	for _, b := range faults() {
		shown[b.check] = true
	}
	for _, q := range checks {
		if !shown[q.name] {
			t.Errorf("no fault shows that %q can fail", q.name)
		}
	}
}

type example struct {
	name  string
	check string
	says  string
	fault fault
}

func faults() []example {
	return append(append(append(driverFaults(), renderFaults()...), textFaults()...), sendFaults()...)
}
