package alert

import (
	"maps"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Edit is an officer's own wording of one text, in place of the machine's.
type Edit struct {
	Text string `json:"text"`
	// Machine is what the machine said when the edit was written or confirmed:
	// once it says something else, the facts have changed under the edit.
	Machine string `json:"machine"`
}

// Edits are the officers' wordings of a draft, by language and by the text's name in TextNames.
type Edits map[Lang]map[string]Edit

// With is e with one text reworded, and Without with the machine's words again.
// Neither changes e.
func (e Edits) With(lang Lang, name string, edit Edit) Edits {
	c := e.Clone()
	if c == nil {
		c = Edits{}
	}
	if c[lang] == nil {
		c[lang] = map[string]Edit{}
	}
	c[lang][name] = edit
	return c
}

// Without is e without the edit of that text.
func (e Edits) Without(lang Lang, name string) Edits {
	c := e.Clone()
	delete(c[lang], name)
	if len(c[lang]) == 0 {
		delete(c, lang)
	}
	if len(c) == 0 {
		return nil
	}
	return c
}

// Clone is e with nothing shared; nil of nil.
func (e Edits) Clone() Edits {
	if e == nil {
		return nil
	}
	c := make(Edits, len(e)+1)
	for lang, texts := range e {
		c[lang] = maps.Clone(texts)
	}
	return c
}

// Edited is one text that an officer worded.
type Edited struct {
	Lang    Lang   `json:"lang"`
	Name    string `json:"name"`
	Text    string `json:"text"`    // what goes out
	Machine string `json:"machine"` // what would go out without the edit
	// Stale says that the machine says something else than when the edit was
	// written: it is in the way of a submission until confirmed anew or dropped.
	Stale bool `json:"stale,omitempty"`
}

// Reword puts the officers' wordings in place of the machine's: m.Texts must be
// written. It is the one place where they enter a message, so every channel's
// texts, the CAP and the sound say the same. Slides, poster and teletext are drawn
// from the facts and say the machine's words. It returns what it replaced, in the
// message's order, and the faults that stand in the way of a submission, each
// naming "texts.LANG.NAME". Edits of a language that m does not speak wait.
func Reword(m *Message, e Edits) ([]Edited, Invalid) {
	var all []Edited
	var faults Invalid
	for _, lang := range m.Languages {
		t, ok := m.Texts[lang]
		if !ok || len(e[lang]) == 0 {
			continue
		}
		for _, name := range TextNames {
			edit, ok := e[lang][name]
			if !ok {
				continue
			}
			at := t.text(name)
			kept, wrong := CheckEdit(m, lang, name, edit.Text)
			x := Edited{Lang: lang, Name: name, Text: kept, Machine: *at, Stale: edit.Machine != *at}
			if x.Stale {
				faults.Add(x.field(), "stale", "The facts have changed since this text was edited; confirm your words anew, or go back to the machine's.")
			}
			faults = append(faults, wrong...)
			*at = kept
			if name == "spoken" {
				t.SpokenSeconds = languages[lang].seconds(kept)
			}
			all = append(all, x)
		}
		m.Texts[lang] = t
	}
	return all, faults
}

func (x Edited) field() string { return textField(x.Lang, x.Name) }

func textField(lang Lang, name string) string { return "texts." + string(lang) + "." + name }

// CheckEdit makes an officer's wording ready for its channel, as the machine's
// words are, and lists what is wrong with it; m is the message it is for, whose
// texts are not looked at. Markup is no fault: text is text everywhere.
func CheckEdit(m *Message, lang Lang, name, text string) (string, Invalid) {
	c := &checker{}
	field := textField(lang, name)
	l := languages[lang]
	if l == nil || (&Texts{}).text(name) == nil {
		c.add(field, "unknown", "There is no such text; choose one of the list.")
		return text, c.faults
	}
	if len(text) > maxEditBytes || !utf8.ValidString(text) {
		c.size(field, text, limitDescription)
		if len(c.faults) == 0 { // few characters of many bytes
			c.add(field, "too_long", "The text is far too long; shorten it.")
		}
		return text, c.faults
	}
	text = shaped(name, text)
	c.hidden(field, text)
	if strings.TrimSpace(text) == "" {
		c.add(field, "required", "The text is empty; write it, or go back to the machine's words.")
		return text, c.faults
	}
	if word := StatusWord(m.Status, lang); word != "" {
		if rest, ok := strings.CutPrefix(text, word); !ok || startsWithLetter(rest) {
			c.add(field, "exercise", "Every text of an exercise or test begins with the word %s; put it back.", word)
		}
	}
	if other := link(withoutOwn(m, lang, text)); other != "" {
		c.add(field, "url", "Telephones make a link of %s. Only the addresses of the alert's own page and of its sighting form may stand in a text: take it out, or put a space after the full stop.", other)
	}
	if n := Measure(name, text, lang); n.Over() {
		c.add(field, "too_long", "The text takes %d %s and its channel takes %d; shorten it.", n.Count, n.Unit, n.Limit)
	}
	return text, c.faults
}

// maxEditBytes protects the log: no text of a channel is longer.
const maxEditBytes = 4 * limitDescription

// shaped is text as its channel's machine words are: one line where the machine
// writes one, and in the letters that every telephone and radio set has.
func shaped(name, text string) string {
	paragraphs := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' })
	for i, p := range paragraphs {
		paragraphs[i] = strings.Join(strings.FieldsFunc(p, func(r rune) bool { return r == ' ' || r == '\t' }), " ")
	}
	sep := " "
	if name == "description" {
		sep = "\n"
	}
	text = join(sep, paragraphs)
	switch name {
	case "radiotext":
		return plain(text)
	case "sms", "short90":
		return toGSM(text)
	}
	return text
}

// hidden refuses characters that do not show, or that turn what shows.
func (c *checker) hidden(field, text string) {
	for line := range strings.SplitSeq(text, "\n") {
		before := len(c.faults)
		if c.plain(field, line); len(c.faults) > before {
			return
		}
	}
	marks := 0
	for _, r := range text {
		switch {
		case unicode.In(r, unicode.Cf, unicode.Co):
			c.add(field, "control", "The text has a character that does not show (U+%04X); type it again without copying.", r)
			return
		case unicode.Is(unicode.Mn, r):
			if marks++; marks > maxMarksOnLetter {
				c.add(field, "control", "The text has accents piled on one letter; type it again without copying.")
				return
			}
		default:
			marks = 0
		}
	}
}

// maxMarksOnLetter is more than any European word has; a pile of them covers the lines around it.
const maxMarksOnLetter = 3

func startsWithLetter(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

// withoutOwn is text without the addresses that may stand in it.
func withoutOwn(m *Message, lang Lang, text string) string {
	own := []string{PageURL(m, lang)}
	if m.Facts != nil {
		own = append(own, m.Facts.Contact.Form)
	}
	words := strings.Fields(text)
	for i, w := range words {
		for _, address := range own {
			if address != "" && strings.TrimRight(w, ".,;:!?)") == address {
				words[i] = ""
			}
		}
	}
	return strings.Join(words, " ")
}
