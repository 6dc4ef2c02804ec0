package alert

import (
	"testing"
	"unicode/utf8"
)

func TestFit(t *testing.T) {
	who := fixed("Anna Maria").or(30, "Anna")
	coat := fixed("red coat").or(10, "coat").orNothing(20)
	call := fixed("Call +32 2").or(5, "Call +322")
	lines := []line{say(who), say(coat), sayBare(call)}
	for _, tt := range []struct {
		limit int
		want  string
		ok    bool
	}{
		{100, "Anna Maria. red coat. Call +32 2", true},
		{32, "Anna Maria. red coat. Call +32 2", true},
		{31, "Anna Maria. red coat. Call +322", true},
		{30, "Anna Maria. coat. Call +32 2", true}, // dropping the colour gave the space back
		{27, "Anna Maria. coat. Call +322", true},
		{26, "Anna Maria. Call +32 2", true},
		{21, "Anna Maria. Call +322", true},
		{20, "Anna. Call +32 2", true}, // the name went last, but needed more than the number's spaces gave
		{16, "Anna. Call +32 2", true},
		{15, "Anna. Call +322", true},
		{14, "Anna. Call +322", false},
	} {
		got, ok := fit(lines, tt.limit, func(s string) bool { return utf8.RuneCountInString(s) <= tt.limit })
		if got != tt.want || ok != tt.ok {
			t.Errorf("limit %d: %q, %v, want %q, %v", tt.limit, got, ok, tt.want, tt.ok)
		}
	}
}

func TestFitTakesEqualStepsFromTheEnd(t *testing.T) {
	lines := []line{say(fixed("first").orNothing(1)), say(fixed("other").orNothing(1))}
	if got, ok := fit(lines, 6, func(s string) bool { return len(s) <= 6 }); got != "first." || !ok {
		t.Errorf("got %q, %v, want the first line kept", got, ok)
	}
}

func TestWordingsThatAreNotShorterAreLeftOut(t *testing.T) {
	s := fixed("Anna").or(1, "Annabelle").or(2, "Anna").or(3, "A").orNothing(4).orNothing(5)
	if len(s.forms) != 3 || len(s.costs) != 2 {
		t.Errorf("got %q at %v, want Anna, A and nothing", s.forms, s.costs)
	}
}

func TestStop(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", ""}, {"Anna", "Anna."}, {"Really?", "Really?"}, {"at 2 p.m.", "at 2 p.m."}, {" a, ", "a."}, {"so…", "so…"},
	} {
		if got := stop(tt.text); got != tt.want {
			t.Errorf("stop(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}
