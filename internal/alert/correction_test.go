package alert

import (
	"strings"
	"testing"
)

// Every language has its ready words, and they fit where they go.
func TestReadyWords(t *testing.T) {
	for _, l := range Langs {
		if w := Correction(l); w == "" || len([]rune(w)) > maxNote/2 {
			t.Errorf("%s: %q", l, w)
		}
		for _, o := range AllOutcomes {
			if Ending(l, o) == "" {
				t.Errorf("%s: no words for %s", l, o)
			}
		}
	}
	if Correction("xx")+Ending("xx", OutcomeError)+Ending(English, "lost") != "" {
		t.Error("words of no language")
	}
}

func TestCorrect(t *testing.T) {
	ready := Correction(English)
	long := strings.Repeat("ж", maxNote)
	for _, tt := range []struct{ name, note, want string }{
		{"nothing before", "", ready},
		{"a note stays behind it", "She has a dog.", ready + " She has a dog."},
		{"twice is once", ready + " She has a dog.", ready + " She has a dog."},
		{"no room", long, ready},
	} {
		note := Localized{English: tt.note, Russian: "Остаётся"}
		if tt.note == "" {
			delete(note, English)
		}
		got := Correct(note, []Lang{English, "xx"})
		if got[English] != tt.want || got[Russian] != "Остаётся" || got["xx"] != "" {
			t.Errorf("%s: %q", tt.name, got)
		}
		if note[English] != tt.note {
			t.Errorf("%s: the note itself was written to", tt.name)
		}
	}
}
