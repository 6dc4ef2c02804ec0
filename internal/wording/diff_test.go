package wording

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func shown(d []Span) string {
	var b strings.Builder
	for _, s := range d {
		b.WriteString(map[Op]string{Same: "", Gone: "-", New: "+"}[s.Op] + "[" + s.Text + "]")
	}
	return b.String()
}

func TestDiff(t *testing.T) {
	for name, c := range map[string]struct{ from, to, want string }{
		"nothing":    {"", "", ""},
		"the same":   {"Lina, 9 ans", "Lina, 9 ans", "[Lina, 9 ans]"},
		"all new":    {"", "Lina", "+[Lina]"},
		"all gone":   {"Lina", "", "-[Lina]"},
		"a word":     {"a red jacket worn", "a blue jacket worn", "[a ]-[red ]+[blue ][jacket worn]"},
		"put in":     {"Call 112.", "Call at once 112.", "[Call ]+[at once ][112.]"},
		"taken out":  {"Call at once 112.", "Call 112.", "[Call ]-[at once ][112.]"},
		"a line":     {"One.\nTwo.\nThree.", "One.\nThree.", "[One.\n]-[Two.\n][Three.]"},
		"moved":      {"a b c", "c a b", "+[c ][a ]-[b c]+[b]"},
		"other text": {"a b", "x y", "-[a b]+[x y]"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := shown(Diff(c.from, c.to)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// Whatever the two texts, both can be read off the difference.
func TestDiffKeepsBothTexts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	text := func(n int) string {
		var b strings.Builder
		for range r.IntN(n) {
			b.WriteString([]string{"a", "b", "é", " ", "  ", "\n", "a ", "b "}[r.IntN(8)])
		}
		return b.String()
	}
	check := func(from, to string) {
		t.Helper()
		var a, b strings.Builder
		d := Diff(from, to)
		for i, s := range d {
			if s.Op != New {
				a.WriteString(s.Text)
			}
			if s.Op != Gone {
				b.WriteString(s.Text)
			}
			if s.Text == "" || i > 0 && d[i-1].Op == s.Op {
				t.Fatalf("%q to %q: %s", from, to, shown(d))
			}
		}
		if a.String() != from || b.String() != to || Changed(d) != (from != to) {
			t.Fatalf("%q to %q: %s", from, to, shown(d))
		}
	}
	for range 3000 {
		check(text(30), text(30))
	}
	check(strings.Repeat("a ", 3000), strings.Repeat("b ", 3000)) // past the table's bound
}
