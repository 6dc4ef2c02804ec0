package alert

import (
	"strings"
	"testing"
)

func TestGSM(t *testing.T) {
	for _, tt := range []struct {
		text    string
		septets int
		ok      bool
	}{
		{"", 0, true},
		{"Anna, 7", 7, true},
		{"été à Köln, señor, garçon", 0, false},
		{"été à Köln, señor, Ç", 20, true},
		{"€", 2, true},
		{"[a]", 5, true},
		{"{}~^|\\", 12, true},
		{"ΔΦΓΛΩΠΨΣΘΞ", 10, true},
		{"Α", 0, false},
		{"Анна", 0, false},
		{"`", 0, false},
		{"¡¿§¤@£$¥", 8, true},
		{"\x1b", 0, false},
		{"😀", 0, false},
		{"\xff", 0, false},
	} {
		if n, ok := GSM(tt.text); n != tt.septets || ok != tt.ok {
			t.Errorf("GSM(%q) = %d, %v, want %d, %v", tt.text, n, ok, tt.septets, tt.ok)
		}
	}
	if n, _ := GSM(gsmBasic); n != 127 {
		t.Errorf("the basic table has %d characters, want 127 and the escape", n)
	}
}

func TestParts(t *testing.T) {
	for _, tt := range []struct {
		name  string
		text  string
		units int
		parts int
	}{
		{"one GSM message", strings.Repeat("a", 160), 160, 1},
		{"two GSM messages", strings.Repeat("a", 161), 161, 2},
		{"two full GSM messages", strings.Repeat("a", 306), 306, 2},
		{"three GSM messages", strings.Repeat("a", 307), 307, 3},
		{"an escape that would be divided moves to the next part", strings.Repeat("a", 152) + "€" + strings.Repeat("a", 152), 306, 3},
		{"one UCS-2 message", strings.Repeat("я", 70), 70, 1},
		{"two UCS-2 messages", strings.Repeat("я", 71), 71, 2},
		{"three full UCS-2 messages", strings.Repeat("я", 201), 201, 3},
		{"four UCS-2 messages", strings.Repeat("я", 202), 202, 4},
		{"a surrogate pair that would be divided moves to the next part", strings.Repeat("я", 66) + "😀" + strings.Repeat("я", 133), 201, 4},
	} {
		if units, parts, _ := smsParts(tt.text); units != tt.units || parts != tt.parts {
			t.Errorf("%s: %d units in %d parts, want %d in %d", tt.name, units, parts, tt.units, tt.parts)
		}
	}
}

func TestToGSM(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"l’enfant “Anna” – 7 ans…", `l'enfant "Anna" - 7 ans...`},
		{"à 14 h\u00a030\u202f!", "à 14 h 30 !"},
		{"garçon disparu, peut-être blessé", "garcon disparu, peut-etre blessé"},
		{"última, señas, marrón", "ultima, señas, marron"},
		{"Łukasz Żądło, İstanbul, Ștefan, Þór, Œuvre", "Lukasz Zadlo, Istanbul, Stefan, Thór, OEuvre"},
		{"Ha\u0302", "Ha"},
		{"Kőszeg, Größe, Ærø", "Köszeg, Größe, Ærø"},
		{"Анна, peut-être", "Анна, peut-être"}, // UCS-2 in any case: the accents stay
		{"", ""},
	} {
		// ó is outside the alphabet and loses its accent.
		want := strings.ReplaceAll(tt.want, "ó", "o")
		if got := toGSM(tt.text); got != want {
			t.Errorf("toGSM(%q) = %q, want %q", tt.text, got, want)
		}
	}
}

// Whatever replaces a letter must be in the alphabet itself, or SMS would become UCS-2 after all.
func TestReplacementsAreInTheAlphabet(t *testing.T) {
	for r, s := range bare {
		if _, ok := GSM(s); !ok || s == "" {
			t.Errorf("%c becomes %q, which is not in the GSM alphabet", r, s)
		}
		if widthOf(r) > 0 {
			t.Errorf("%c is in the GSM alphabet and needs no replacement", r)
		}
	}
}
