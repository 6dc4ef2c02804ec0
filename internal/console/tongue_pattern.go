package console

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// The rules of a case live in packages that speak English to programs: they
// give whole sentences, some with numbers and names filled in. A pattern finds
// the sentence's key again, and says it in the officer's language.
type pattern struct {
	shape *regexp.Regexp
	names []string // of the places, in order
	key   string
}

var placeholder = regexp.MustCompile(`\{[a-z0-9_]+\}`)

// patterns are the keys with places in them, longest first: the most exact fits before the loose.
func patterns(table map[string]phrase) []pattern {
	keys := slices.SortedFunc(maps.Keys(table), func(a, b string) int { return len(b) - len(a) })
	var list []pattern
	for _, key := range keys {
		places := placeholder.FindAllString(key, -1)
		if len(places) == 0 || table[key].text == "" {
			continue
		}
		var shape strings.Builder
		rest := key
		for _, p := range places {
			before, after, _ := strings.Cut(rest, p)
			shape.WriteString(regexp.QuoteMeta(before) + "(.+?)")
			rest = after
		}
		list = append(list, pattern{regexp.MustCompile("^" + shape.String() + regexp.QuoteMeta(rest) + "$"), places, key})
	}
	return list
}

// maxFault bounds what is matched: a longer text is nobody's sentence.
const maxFault = 1000

// value is a word of a program inside a sentence, such as a case's stage; names and numbers stay as they are.
func (t *tongue) value(word string) string {
	if p, ok := t.table["value|"+word]; ok {
		return p.text
	}
	return word
}

// retell is an English sentence of another room in this language, or as it is
// when the language has no words for it.
func (t *tongue) retell(text string) string {
	if _, ok := t.table[text]; ok || len(t.table) == 0 || len(text) > maxFault {
		return t.say(text)
	}
	for _, p := range t.shape {
		found := p.shape.FindStringSubmatch(text)
		if found == nil {
			continue
		}
		said := t.table[p.key].text
		for i, name := range p.names {
			said = strings.ReplaceAll(said, name, t.value(found[i+1]))
		}
		return said
	}
	return text
}
