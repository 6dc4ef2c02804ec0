package region

import "testing"

func TestCovers(t *testing.T) {
	for _, c := range []struct {
		wide, narrow string
		want         bool
	}{
		{"BE", "BE-VAN", true},
		{"BE", "BE", true},
		{"BE-VAN", "BE-VAN", true},
		{"*", "BE-VAN", true},
		{"*", "*", true},
		{"BE-VAN", "BE", false},
		{"BE", "FR", false},
		{"BE", "*", false},
		{"BE-VAN", "BE-VBR", false},
		{"BE-V", "BE-VAN", false},
		{"", "BE", false},
		{"B", "BE", false},
		{"BE", "BEX", false},
		{"BE", "", false},
		{"MK-1", "MK-101", false},
	} {
		if got := Covers(c.wide, c.narrow); got != c.want {
			t.Errorf("Covers(%q, %q) = %v", c.wide, c.narrow, got)
		}
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		subscriber, areas []string
		want              bool
	}{
		{[]string{"BE-VAN"}, []string{"BE"}, true}, // the whole country is alerted
		{[]string{"BE"}, []string{"BE-VAN"}, true}, // the whole country is wanted
		{[]string{"*"}, []string{"UA-43"}, true},
		{[]string{"FR", "BE-VBR"}, []string{"NL", "BE-VBR"}, true},
		{[]string{"BE-VAN"}, []string{"BE-VBR"}, false},
		{[]string{"BE-VAN"}, []string{"FR", "NL"}, false},
		{nil, []string{"BE"}, false},
		{[]string{"BE"}, nil, false},
	} {
		if got := Match(c.subscriber, c.areas); got != c.want {
			t.Errorf("Match(%q, %q) = %v", c.subscriber, c.areas, got)
		}
	}
}
