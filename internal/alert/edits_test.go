package alert

import (
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// exercise is a message of an exercise with its texts written.
func exercise(t *testing.T) *Message {
	t.Helper()
	m := goodMessage()
	m.Realm, m.Status, m.Page = Drill, StatusExercise, "https://alert.example/*/alerts/BCDF"
	m.Languages, m.Facts.Languages = []Lang{French, English, Russian}, []Lang{French, English, Russian}
	m.Facts.Children[0].Marks = nil
	if err := WriteAll(m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestRewordReplacesOneTextAndNoOther(t *testing.T) {
	m := exercise(t)
	before := m.Texts[French]
	e := Edits{}.With(French, "spoken", Edit{Text: "EXERCICE. Lina, 9 ans, a disparu à Bruxelles.", Machine: before.Spoken})
	edited, faults := Reword(m, e)
	if len(faults) > 0 || len(edited) != 1 || edited[0].Stale || edited[0].Machine != before.Spoken || edited[0].field() != "texts.fr.spoken" {
		t.Fatalf("%+v %v", edited, faults)
	}
	after := m.Texts[French]
	if after.Spoken != e[French]["spoken"].Text || after.SpokenSeconds >= before.SpokenSeconds || after.SpokenSeconds < 1 {
		t.Errorf("spoken %q in %d s", after.Spoken, after.SpokenSeconds)
	}
	after.Spoken, after.SpokenSeconds = before.Spoken, before.SpokenSeconds
	if after != before {
		t.Errorf("another text changed:\n%+v\n%+v", after, before)
	}
}

// Without edits a message says what the machine says.
func TestWithoutEditsNothingChanges(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 2))
	for range 60 {
		m := randomMessage(r)
		if WriteAll(m) != nil {
			continue
		}
		want := maps.Clone(m.Texts)
		for _, e := range []Edits{nil, {}, {English: nil}, Edits{}.With("xx", "sms", Edit{Text: "x"})} {
			if edited, faults := Reword(m, e); len(edited)+len(faults) > 0 || !reflect.DeepEqual(m.Texts, want) {
				t.Fatalf("%v: %v %v", e, edited, faults)
			}
		}
	}
}

func TestAnEditIsStaleOnceTheMachineSaysOtherwise(t *testing.T) {
	m := exercise(t)
	e := Edits{}.With(French, "push_title", Edit{Text: "EXERCICE. Lina", Machine: m.Texts[French].PushTitle})
	m.Facts.Children[0].GivenName = "Léna"
	if err := WriteAll(m); err != nil {
		t.Fatal(err)
	}
	edited, faults := Reword(m, e)
	if len(edited) != 1 || !edited[0].Stale || len(faults) != 1 || faults[0].Field != "texts.fr.push_title" || faults[0].Code != "stale" {
		t.Fatalf("%+v %v", edited, faults)
	}
	e = e.With(French, "push_title", Edit{Text: e[French]["push_title"].Text, Machine: edited[0].Machine})
	if err := WriteAll(m); err != nil {
		t.Fatal(err)
	}
	if _, faults := Reword(m, e); len(faults) > 0 {
		t.Errorf("confirmed anew: %v", faults)
	}
	if e = e.Without(French, "push_title"); e != nil {
		t.Errorf("dropped: %v", e)
	}
}

// With and Without leave the edits that somebody else holds alone.
func TestEditsAreNeverChangedInPlace(t *testing.T) {
	e := Edits{}.With(French, "sms", Edit{Text: "a"})
	_ = e.With(French, "sms", Edit{Text: "b"}).With(English, "crawl", Edit{Text: "c"})
	_ = e.Without(French, "sms")
	if len(e) != 1 || len(e[French]) != 1 || e[French]["sms"].Text != "a" {
		t.Errorf("%v", e)
	}
}

func TestCheckEdit(t *testing.T) {
	m := exercise(t)
	m.Facts.Contact.Form = "https://police.example/sighting"
	for name, c := range map[string]struct {
		text, name string
		want       string // the text that is kept
		codes      []string
	}{
		"as it is":          {"EXERCICE. Lina a disparu.", "crawl", "EXERCICE. Lina a disparu.", nil},
		"line breaks":       {"EXERCICE.\r\nLina \t a disparu.\n\n", "crawl", "EXERCICE. Lina a disparu.", nil},
		"paragraphs":        {"EXERCICE.\r\nLina  a disparu.\n\n", "description", "EXERCICE.\nLina a disparu.", nil},
		"markup is text":    {"EXERCICE. <b onclick=x>Lina</b>", "push_body", "EXERCICE. <b onclick=x>Lina</b>", nil},
		"plain for phones":  {"EXERCICE. « Lina » – où ?", "sms", `EXERCICE. "Lina" - où ?`, nil},
		"its own page":      {"EXERCICE. Voir https://alert.example/fr/alerts/BCDF.", "sms", "EXERCICE. Voir https://alert.example/fr/alerts/BCDF.", nil},
		"its form":          {"EXERCICE. https://police.example/sighting", "sms", "EXERCICE. https://police.example/sighting", nil},
		"no exercise":       {"Lina a disparu.", "crawl", "Lina a disparu.", []string{"exercise"}},
		"not quite":         {"EXERCICES de Lina", "crawl", "EXERCICES de Lina", []string{"exercise"}},
		"another page":      {"EXERCICE. https://alert.example/fr/alerts/OTHER", "sms", "EXERCICE. https://alert.example/fr/alerts/OTHER", []string{"url"}},
		"a link":            {"EXERCICE. bit.ly/x", "sms", "EXERCICE. bit.ly/x", []string{"url"}},
		"a script":          {"EXERCICE. javascript://x", "sms", "EXERCICE. javascript://x", []string{"url"}},
		"right to left":     {"EXERCICE. 1-ABC\u202e-234", "crawl", "EXERCICE. 1-ABC\u202e-234", []string{"bidi"}},
		"an isolate":        {"EXERCICE. \u2066x", "crawl", "EXERCICE. \u2066x", []string{"bidi"}},
		"a bell":            {"EXERCICE. \a", "crawl", "EXERCICE. \a", []string{"control"}},
		"a null":            {"EXERCICE. \x00", "description", "EXERCICE. \x00", []string{"control"}},
		"no width":          {"EXERCICE. Li\u200bna", "crawl", "EXERCICE. Li\u200bna", []string{"control"}},
		"piled accents":     {"EXERCICE. Li\u0301\u0301\u0301\u0301na", "crawl", "EXERCICE. Li\u0301\u0301\u0301\u0301na", []string{"control"}},
		"broken":            {"EXERCICE. \xff", "crawl", "EXERCICE. \xff", []string{"encoding"}},
		"lost":              {"EXERCICE. \ufffd", "crawl", "EXERCICE. \ufffd", []string{"encoding"}},
		"empty":             {" \n ", "crawl", "", []string{"required"}},
		"long":              {"EXERCICE. " + strings.Repeat("x", 55), "radiotext", "EXERCICE. " + strings.Repeat("x", 55), []string{"too_long"}},
		"many septets":      {"EXERCICE. " + strings.Repeat("€", 149), "sms", "EXERCICE. " + strings.Repeat("€", 149), []string{"too_long"}},
		"too long to read":  {"EXERCICE. " + strings.Repeat("mot ", 300), "spoken", "EXERCICE. " + strings.Repeat("mot ", 299) + "mot", []string{"too_long"}},
		"beyond all bounds": {strings.Repeat("x", 50_000), "crawl", strings.Repeat("x", 50_000), []string{"too_long"}},
		"no such text":      {"EXERCICE.", "fax", "EXERCICE.", []string{"unknown"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, faults := CheckEdit(m, French, c.name, c.text)
			var codes []string
			for _, f := range faults {
				codes = append(codes, f.Code)
				if want := "texts.fr." + c.name; f.Field != want {
					t.Errorf("field %q, want %q", f.Field, want)
				}
			}
			if got != c.want || !slices.Equal(codes, c.codes) {
				t.Errorf("got %.80q %v, want %.80q %v", got, faults, c.want, c.codes)
			}
		})
	}
	if _, faults := CheckEdit(m, "xx", "sms", "EXERCISE"); len(faults) != 1 {
		t.Errorf("a language without words: %v", faults)
	}
}

// Whatever an officer writes: what passes fits its channel, and shaping it again changes nothing.
func TestWhatPassesFits(t *testing.T) {
	m := exercise(t)
	r := rand.New(rand.NewPCG(7, 11))
	passed, machine := 0, m.Texts
	for range 4000 {
		lang, name := pick(r, French, English, Russian), pick(r, TextNames...)
		m.Texts = maps.Clone(machine)
		limit := Measure(name, "", lang).Limit
		if name == "spoken" {
			limit = 800 // characters enough for more than its seconds
		}
		text := StatusWord(m.Status, lang) + ". " + filler(r, r.IntN(min(2*limit, 1600)+2), r.IntN(2) == 0)
		kept, faults := CheckEdit(m, lang, name, text)
		c := Measure(name, kept, lang)
		if c.Over() && len(faults) == 0 {
			t.Fatalf("%s: %d of %d %s passes: %q", name, c.Count, c.Limit, c.Unit, kept)
		}
		again, _ := CheckEdit(m, lang, name, kept)
		if again != kept {
			t.Fatalf("%s: %q becomes %q", name, kept, again)
		}
		_, late := Reword(m, Edits{}.With(lang, name, Edit{Text: kept, Machine: m.Texts[lang].Named(name)}))
		if (len(late) == 0) != (len(faults) == 0) {
			t.Fatalf("%s: faults %v when written, %v when submitted", name, faults, late)
		}
		if len(faults) == 0 {
			passed++
			if bad := m.Validate(m.Sent); slices.ContainsFunc(bad, func(f Fault) bool { return strings.HasPrefix(f.Field, "texts.") }) {
				t.Fatalf("%s: %q passes here and not in the message: %v", name, kept, bad)
			}
		}
	}
	if passed < 500 {
		t.Errorf("only %d texts passed: the test tests little", passed)
	}
}
