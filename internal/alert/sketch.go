package alert

import (
	"maps"
	"time"
)

// holders stand in a sketch where an alert cannot go out without a fact: in
// brackets, so that nobody takes them for words. A name is one word: of several
// the short texts keep the first.
type holders struct{ what, name, age, sex, place, when, phone string }

var holdersOf = map[Lang]holders{
	English: {"[what happened]", "[name]", "[age]", "[girl or boy]", "[place last seen]", "[time last seen]", "[number to call]"},
	French:  {"[ce qui s'est passé]", "[prénom]", "[âge]", "[fille ou garçon]", "[lieu]", "[date et heure]", "[numéro à appeler]"},
	German:  {"[was geschehen ist]", "[Vorname]", "[Alter]", "[Mädchen oder Junge]", "[Ort]", "[Zeit]", "[Rufnummer]"},
	Italian: {"[che cosa è successo]", "[nome]", "[età]", "[bambina o bambino]", "[luogo]", "[data e ora]", "[numero da chiamare]"},
	Russian: {"[что произошло]", "[имя]", "[возраст]", "[девочка или мальчик]", "[место]", "[время]", "[номер телефона]"},
	Spanish: {"[qué ha pasado]", "[nombre]", "[edad]", "[niña o niño]", "[lugar]", "[fecha y hora]", "[número de teléfono]"},
}

// Placeholders are the words that stand in a sketch in lang for missing facts,
// as any channel writes them.
func Placeholders(lang Lang) []string {
	h := holdersOf[lang]
	var list []string
	for _, s := range []string{h.what, h.name, h.age, h.sex, h.place, h.when, h.phone} {
		list = append(list, s)
		if gsm := toGSM(s); gsm != s {
			list = append(list, gsm)
		}
	}
	return list
}

// Sketch fills m.Texts as far as the facts go, with placeholders for what an
// alert cannot go out without: what an officer sees while writing. A sketch is
// never released. A text that does not fit is there all the same: Counts says so.
func Sketch(m *Message) {
	m.Texts = make(map[Lang]Texts, len(m.Languages))
	for _, lang := range m.Languages {
		if w := newSketch(m, lang); w != nil {
			m.Texts[lang], _ = w.alert() // what is too long shows in the counts
		}
	}
}

// newSketch is a writer whose facts have no gaps; nil when lang has no words.
func newSketch(m *Message, lang Lang) *writer {
	own := languages[lang]
	if own == nil || m.Facts == nil {
		return nil
	}
	l, h := *own, holdersOf[lang]
	w := &writer{m: m, f: tidy(m.Facts), l: &l}
	var err error
	if w.zone, err = time.LoadLocation(w.f.LastSeen.TimeZone); err != nil {
		w.zone = time.UTC
	}
	if len(w.f.Children) == 0 {
		w.f.Children = []Person{{}}
	}
	w.f.Children = clip(w.f.Children, maxChildrenInWords)
	for i := range w.f.Children {
		p := &w.f.Children[i]
		if p.Age == 0 && (p.GivenName == "" || p.Sex == "") {
			p.Age = AgeUnknown // of a girl or boy with a name, 0 is a baby
		}
		orElse(&p.GivenName, h.name)
	}
	orElse(&w.f.LastSeen.Place, h.place)
	orElse(&w.f.Contact.Phone, h.phone)
	l.circumstances = maps.Clone(l.circumstances)
	l.circumstances[""] = circumstance{alike(h.what), alike(h.what), alike(h.what + l.colon + "{who}.")}
	h.people(&l, own)
	if w.f.LastSeen.At.IsZero() {
		l.dateShort = func(time.Time) string { return h.when }
		l.seenSpoken = func(people []Person, _ time.Time) string { return l.label.seen.of(people) + l.colon + h.when }
		l.date = func(t time.Time) string {
			if t.IsZero() {
				return h.when
			}
			return own.date(t) // of the end
		}
	}
	return w
}

// people lets l speak of children without age or sex.
func (h holders) people(l, own *language) {
	l.person = func(age int, sex Sex) string {
		if sex == "" {
			return h.sex
		}
		if age == AgeUnknown {
			age = 9 // any child's
		}
		return own.person(age, sex)
	}
	l.age = func(years int) string {
		if years == AgeUnknown {
			return h.age
		}
		return own.age(years)
	}
	l.aged = func(name string, years int) string {
		if years == AgeUnknown {
			return name + ", " + h.age
		}
		return own.aged(name, years)
	}
	l.child = func(name string, p Person) string {
		if p.Age == AgeUnknown {
			return name + ", " + h.age
		}
		return own.child(name, p)
	}
}

func orElse(s *string, placeholder string) {
	if *s == "" {
		*s = placeholder
	}
}
