package alert

import (
	"strings"
	"testing"
)

// A draft with every gap shows a placeholder for each, in every language and channel that has room.
func TestSketchOfAnEmptyDraft(t *testing.T) {
	for _, kids := range [][]Person{nil, {{}}, {{}, {}}} {
		m := &Message{MsgType: TypeAlert, Status: StatusExercise, Realm: Drill, Languages: Langs, Facts: &Facts{Languages: Langs, Children: kids}}
		Sketch(m)
		for _, lang := range Langs {
			x := m.Texts[lang]
			for _, c := range Counts(x) {
				if strings.TrimSpace(c.Text) == "" {
					t.Errorf("%s: nothing in %s", lang, c.Name)
				}
				if !strings.HasPrefix(c.Text, StatusWord(StatusExercise, lang)) {
					t.Errorf("%s %s: %q does not say that it is an exercise", lang, c.Name, c.Text)
				}
				if strings.Contains(c.Text, "0001") || strings.Contains(c.Text, "(1)") || strings.Contains(c.Text, " 1 ") && len(kids) == 1 && lang == English {
					t.Errorf("%s %s: %q names a time that nobody gave", lang, c.Name, c.Text)
				}
			}
			h := holdersOf[lang]
			for _, want := range []string{h.what, h.name, h.age, h.place, h.when, h.phone} {
				if !strings.Contains(x.Description+x.Instruction, want) || !strings.Contains(x.Spoken, want) {
					t.Errorf("%s: no %s in\n%s\n%s\n%s", lang, want, x.Description, x.Instruction, x.Spoken)
				}
			}
			if s, ok := SketchSheet(m, lang); !ok || s.When != capital(h.when) || s.Place != h.place || s.Phone != h.phone || len(s.Children) == 0 || s.Children[0].Name != h.name {
				t.Errorf("%s: the sheet has no gaps: %+v", lang, s)
			}
			if !strings.Contains(x.Headline, h.name) {
				t.Errorf("%s: headline %q", lang, x.Headline)
			}
		}
	}
}

// A child with a name and no age is nobody's baby.
func TestSketchOfAnUnknownAge(t *testing.T) {
	m := goodMessage()
	m.Facts.Children[0].Age = AgeUnknown
	Sketch(m)
	for lang, x := range m.Texts {
		h := holdersOf[lang]
		if !strings.Contains(x.Description, h.age) || !strings.Contains(x.Spoken, h.age) {
			t.Errorf("%s: no %s in\n%s\n%s", lang, h.age, x.Description, x.Spoken)
		}
	}
	m.Facts.Children[0].Age = 0
	Sketch(m)
	if text := m.Texts[English].Spoken; strings.Contains(text, "[age]") || !strings.Contains(text, "baby") {
		t.Errorf("of age 0: %s", text)
	}
}

// Of a complete draft a sketch is what goes out, word for word.
func TestSketchOfACompleteDraftIsTheAlert(t *testing.T) {
	m := goodMessage()
	if err := WriteAll(m); err != nil {
		t.Fatal(err)
	}
	want := m.Texts
	Sketch(m)
	for lang, x := range want {
		if m.Texts[lang] != x {
			t.Errorf("%s:\n%+v\n%+v", lang, m.Texts[lang], x)
		}
	}
	for _, lang := range m.Languages {
		for _, h := range Placeholders(lang) {
			if strings.Contains(m.Texts[lang].Description, h) {
				t.Errorf("%s: %s in a complete text", lang, h)
			}
		}
	}
}

// The sketch works on copies: the facts and the words of every other alert stay.
func TestSketchLeavesTheFactsAndTheLanguageAlone(t *testing.T) {
	f := &Facts{Languages: []Lang{English}}
	Sketch(&Message{MsgType: TypeAlert, Status: StatusActual, Languages: f.Languages, Facts: f})
	if len(f.Children) > 0 || f.LastSeen.Place != "" || f.Contact.Phone != "" {
		t.Errorf("%+v", f)
	}
	if _, ok := english.circumstances[""]; ok || english.person(9, "") != "boy" {
		t.Error("the language has a placeholder now")
	}
}
