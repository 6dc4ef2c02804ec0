package alert

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// writer writes one revision in one language.
type writer struct {
	m    *Message
	f    *Facts
	l    *language
	zone *time.Location
}

// maxChildrenInWords bounds the number words of every language: two to six.
const maxChildrenInWords = 6

// Write writes the words of m in lang. It reads nothing but m: the same
// message gives the same words on every machine. Its error is Invalid.
func Write(m *Message, lang Lang) (Texts, error) {
	w, err := newWriter(m, lang)
	if err != nil {
		return Texts{}, err
	}
	if w.f == nil {
		return w.withoutCase()
	}
	return w.alert()
}

// WriteAll fills m.Texts for every language of m. On an error, Invalid with
// the faults of all languages, it changes nothing.
func WriteAll(m *Message) error {
	texts := make(map[Lang]Texts, len(m.Languages))
	var faults Invalid
	for _, lang := range m.Languages {
		t, err := Write(m, lang)
		found, _ := errors.AsType[Invalid](err)
		for _, f := range found {
			if !slices.Contains(faults, f) { // one wrong zone is one fault, not one a language
				faults = append(faults, f)
			}
		}
		texts[lang] = t
	}
	if err := faults.Err(); err != nil {
		return err
	}
	m.Texts = texts
	return nil
}

func newWriter(m *Message, lang Lang) (*writer, error) {
	w := &writer{m: m, f: m.Facts, l: languages[lang]}
	var faults Invalid
	if w.l == nil {
		faults.Add("languages", "unknown", fmt.Sprintf("there are no words for language %q; choose from en, fr, de, it, ru, es", lang))
	}
	if m.MsgType != TypeAlert && m.MsgType != TypeUpdate && m.MsgType != TypeCancel {
		faults.Add("msg_type", "unknown", fmt.Sprintf("no words for message type %q; use Alert, Update or Cancel", m.MsgType))
	}
	if m.Status != StatusActual && m.Status != StatusExercise && m.Status != StatusTest {
		faults.Add("status", "unknown", fmt.Sprintf("no words for status %q; use Actual, Exercise or Test", m.Status))
	}
	switch {
	case m.MsgType == TypeCancel:
		w.f = nil // a withdrawal names nobody, whatever it was handed
	case m.Facts == nil && m.Status != StatusTest:
		faults.Add("facts", "required", "an alert needs the facts of the case; only a link test has none")
	case m.Facts != nil && len(m.Facts.Children) == 0:
		faults.Add("children", "required", "name at least one child")
	case m.Facts != nil && len(m.Facts.Children) > maxChildrenInWords:
		faults.Add("children", "range", "at most six children have words; open a second case")
	case m.Facts != nil:
		zone, err := time.LoadLocation(m.Facts.LastSeen.TimeZone)
		if err != nil {
			faults.Add("last_seen.time_zone", "unknown", fmt.Sprintf("%q is no time zone; write it like Europe/Brussels", m.Facts.LastSeen.TimeZone))
		}
		w.zone = zone
		w.f = tidy(m.Facts)
	}
	return w, faults.Err()
}

// alert writes an alert or an update.
func (w *writer) alert() (Texts, error) {
	t := Texts{
		Description: w.description(),
		Instruction: w.instruction(),
		Spoken:      w.spoken(),
	}
	t.SpokenSeconds = w.l.seconds(t.Spoken)
	return t, w.shorten(&t, w.shortTexts())
}

// PageURL is the address of m's public page in lang: the * of m.Page stands for the language.
func PageURL(m *Message, lang Lang) string {
	return strings.Replace(m.Page, "*", string(lang), 1)
}

// StatusWord begins every text that is not about a real case: EXERCISE, TEST. It is empty for Actual.
func StatusWord(s Status, lang Lang) string {
	if l := languages[lang]; l != nil {
		return l.status[s]
	}
	return ""
}

// UpdateWord begins the texts of an update that have room for it.
func UpdateWord(lang Lang) string {
	if l := languages[lang]; l != nil {
		return l.update
	}
	return ""
}

// seconds is the time a presenter takes to read s, never less than one second.
func (l *language) seconds(s string) int {
	return max(1, (len(strings.Fields(s))*60+l.words-1)/l.words)
}

// clean makes a case's text one line of text: line breaks become spaces, and
// characters without a shape go, among them those that turn the direction of writing.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// tidy is a copy of f whose free texts are clean.
func tidy(f *Facts) *Facts {
	c := *f
	c.Children, c.Suspects = tidyPeople(f.Children), tidyPeople(f.Suspects)
	c.Vehicles = slices.Clone(f.Vehicles)
	for i := range c.Vehicles {
		v := &c.Vehicles[i]
		v.Make, v.Model, v.Plate, v.Country = clean(v.Make), clean(v.Model), clean(v.Plate), clean(v.Country)
	}
	c.LastSeen.Place, c.LastSeen.Towards = clean(f.LastSeen.Place), clean(f.LastSeen.Towards)
	c.Note, c.Authority = tidyLocalized(f.Note), clean(f.Authority)
	c.Contact = Contact{clean(f.Contact.Phone), clean(f.Contact.Hotline), clean(f.Contact.Form)}
	return &c
}

func tidyPeople(people []Person) []Person {
	people = slices.Clone(people)
	for i := range people {
		p := &people[i]
		p.GivenName, p.FamilyName, p.Marks = clean(p.GivenName), clean(p.FamilyName), tidyLocalized(p.Marks)
	}
	return people
}

func tidyLocalized(t Localized) Localized {
	if t == nil {
		return nil
	}
	c := make(Localized, len(t))
	for lang, s := range t {
		c[lang] = clean(s)
	}
	return c
}
