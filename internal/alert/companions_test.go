package alert

import (
	"strings"
	"testing"
)

// accompanied is a child with an elder sister, who is no suspect, a man who is,
// two vehicles, and a direction: all that a case can say of who it is with.
func accompanied() *Message {
	f := good()
	f.Circumstances = AbductionParent
	f.Suspects = []Person{
		{GivenName: "Mila", Age: 16, Sex: Female, HairColour: HairRed, HairLength: LengthLong, EyeColour: EyesGreen},
		{Sex: Male, HeightCM: 190, Build: BuildHeavy, HairLength: LengthBald, Clothing: []Garment{{Item: Coat, Colour: Beige}}},
	}
	f.Vehicles = []Vehicle{
		{Kind: Van, Make: "Renault", Model: "Trafic", Colour: White, Plate: "1-ABC-234", Country: "BE"},
		{Kind: Motorcycle, Make: "Honda", Colour: Yellow, Plate: "M-XY 77", Country: "DE"},
	}
	f.LastSeen.Transport, f.LastSeen.Towards = ByCar, "Luxembourg"
	m := goodMessage()
	m.Facts, m.Languages = f, Langs
	return m
}

// Whoever reads the whole account, hears it, or prints the poster, learns of
// every companion, vehicle and of the direction, in every language.
func TestCompanionsAreToldEverywhere(t *testing.T) {
	m := accompanied()
	m.Facts.Languages, m.Facts.Note, m.Facts.Children[0].Marks = Langs, nil, nil
	if err := WriteAll(m); err != nil {
		t.Fatal(err)
	}
	for _, lang := range Langs {
		l, texts := languages[lang], m.Texts[lang]
		sister, man := l.suspect(m.Facts.Suspects[0]), l.suspect(m.Facts.Suspects[1])
		for name, text := range map[string]string{"description": texts.Description, "spoken": texts.Spoken} {
			said := strings.ToLower(text)
			for _, want := range []string{"mila", "16", "90", "renault trafic", "honda", "luxembourg"} {
				if !strings.Contains(said, want) {
					t.Errorf("%s %s does not say %q:\n%s", lang, name, want, text)
				}
			}
			if n := strings.Count(text, l.label.companion.of(m.Facts.Children)); n != 2 {
				t.Errorf("%s %s tells of %d companions:\n%s", lang, name, n, text)
			}
		}
		for _, plate := range []string{"1-ABC-234", "M-XY 77"} {
			if !strings.Contains(texts.Description, plate) {
				t.Errorf("%s: no plate %s", lang, plate)
			}
		}
		s, _, err := NewSheet(m, lang)
		if err != nil || len(s.Suspects) != 2 || len(s.Vehicles) != 2 || s.Suspects[0].Name != "Mila" || !strings.EqualFold(s.Suspects[0].About, sister) ||
			!strings.EqualFold(s.Suspects[1].About, man) || !strings.Contains(s.Direction.Value, "Luxembourg") {
			t.Errorf("%s: the sheet has %+v, %+v, direction %q", lang, s.Suspects, s.Vehicles, s.Direction.Value)
		}
	}
	// A companion is never called what he may not be: the words are the same for the sister and the man.
	for _, word := range []string{"suspect", "abductor", "kidnapper", "Entführer", "ravisseur"} {
		for lang, texts := range m.Texts {
			if strings.Contains(texts.Description+texts.Spoken, word) {
				t.Errorf("%s calls a companion %q", lang, word)
			}
		}
	}
}
