package alert

import (
	"strings"
	"unicode/utf8"
)

// A short text is a row of lines, a line a row of slots, and a slot one thing
// said in ever shorter words. fit takes the cheapest step first until the text
// is within its channel's limit, so a word is never cut and what matters most
// (who, where, the number) stays longest.
type slot struct {
	forms []string // from the fullest to the shortest; "" leaves it out
	costs []int    // costs[i] is what the reader loses from forms[i] to forms[i+1]
}

// line is a sentence of slots. A bare line gets no full stop: an address would
// swallow it, a headline has none.
type line struct {
	slots []slot
	bare  bool
}

func say(slots ...slot) line     { return line{slots: slots} }
func sayBare(slots ...slot) line { return line{slots: slots, bare: true} }
func fixed(s string) slot        { return slot{forms: []string{s}} }

// or adds a shorter wording that costs the reader cost. Wordings that are not
// shorter, or that come after the slot is already empty, are left out.
func (s slot) or(cost int, form string) slot {
	last := s.forms[len(s.forms)-1]
	if utf8.RuneCountInString(form) >= utf8.RuneCountInString(last) {
		return s
	}
	return slot{append(s.forms[:len(s.forms):len(s.forms)], form), append(s.costs[:len(s.costs):len(s.costs)], cost)}
}

// orNothing lets the slot be left out at that cost.
func (s slot) orNothing(cost int) slot { return s.or(cost, "") }

// fit takes equal steps from the end, so that of several children the first
// keeps its description longest. It is the fullest wording of lines for which fits is true. When even the
// shortest does not fit, ok is false.
func fit(lines []line, fits func(string) bool) (text string, ok bool) {
	at := make([][]int, len(lines))
	for i, l := range lines {
		at[i] = make([]int, len(l.slots))
	}
	type step struct{ line, slot int }
	var taken []step
	for text = render(lines, at); !fits(text); text = render(lines, at) {
		best, found, cheapest := step{}, false, 0
		for i, l := range lines {
			for j, s := range l.slots {
				if k := at[i][j]; k < len(s.costs) && (!found || s.costs[k] <= cheapest) {
					best, found, cheapest = step{i, j}, true, s.costs[k]
				}
			}
		}
		if !found {
			return text, false
		}
		at[best.line][best.slot]++
		taken = append(taken, best)
	}
	// A dear step may have made room for a cheap one taken before: give back what fits.
	for i := len(taken) - 1; i >= 0; i-- {
		s := taken[i]
		at[s.line][s.slot]--
		if longer := render(lines, at); fits(longer) {
			text = longer
			continue
		}
		at[s.line][s.slot]++
	}
	return text, true
}

func render(lines []line, at [][]int) string {
	var words []string
	for i, l := range lines {
		var b strings.Builder
		for j, s := range l.slots {
			b.WriteString(s.forms[at[i][j]])
		}
		text := strings.TrimSpace(b.String())
		if !l.bare {
			text = stop(text)
		}
		if text != "" {
			words = append(words, text)
		}
	}
	return strings.Join(words, " ")
}

// stop ends a sentence, unless it is empty or has its own end.
func stop(s string) string {
	s = strings.TrimRight(strings.TrimSpace(s), ",;:")
	if s == "" || strings.HasSuffix(s, ".") || strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?") || strings.HasSuffix(s, "…") {
		return s
	}
	return s + "."
}

// runes is the measure of a text that may have at most limit characters.
func runes(limit int) func(string) bool {
	return func(s string) bool { return utf8.RuneCountInString(s) <= limit }
}
