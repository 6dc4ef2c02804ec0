package alert

import (
	"slices"
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

// fit is the fullest wording of lines for which fits is true; a text that fits
// has at most limit characters, give or take a transliteration. Of equal steps
// it takes the last, so that of several children the first keeps its
// description longest. When even the shortest wording does not fit, ok is false.
func fit(lines []line, limit int, fits func(string) bool) (text string, ok bool) {
	at := make([][]int, len(lines))
	size := 0 // of the chosen forms: spares the rendering of what is far too long
	for i, l := range lines {
		at[i] = make([]int, len(l.slots))
		for _, s := range l.slots {
			size += utf8.RuneCountInString(s.forms[0])
		}
	}
	var taken []step
	for {
		if size <= 2*limit {
			if text = render(lines, at); fits(text) {
				break
			}
		}
		s, found := cheapest(lines, at)
		if !found {
			return render(lines, at), false
		}
		size -= s.spares(lines, at)
		at[s.line][s.slot]++
		taken = append(taken, s)
	}
	// A dear step may have made room for a cheap one taken before: give back what fits.
	for _, s := range slices.Backward(taken) {
		at[s.line][s.slot]--
		if spared := s.spares(lines, at); size+spared <= limit {
			if longer := render(lines, at); fits(longer) {
				text = longer
				size += spared
				continue
			}
		}
		at[s.line][s.slot]++
	}
	return text, true
}

// step is the next shorter wording of one slot.
type step struct{ line, slot int }

// spares says how many characters the step saves.
func (s step) spares(lines []line, at [][]int) int {
	forms, k := lines[s.line].slots[s.slot].forms, at[s.line][s.slot]
	return utf8.RuneCountInString(forms[k]) - utf8.RuneCountInString(forms[k+1])
}

func cheapest(lines []line, at [][]int) (best step, found bool) {
	least := 0
	for i, l := range lines {
		for j, s := range l.slots {
			if k := at[i][j]; k < len(s.costs) && (!found || s.costs[k] <= least) {
				best, found, least = step{i, j}, true, s.costs[k]
			}
		}
	}
	return best, found
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
