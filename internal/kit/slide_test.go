package kit

import (
	"testing"

	"tocsin/internal/alert"
)

func TestSlides(t *testing.T) {
	s := studio(t)
	photos := map[string][]byte{"anna": face(t, 900, 1125, blond)}
	items, warnings := s.make(t, "plain", written(t, missing(t, alert.English, alert.French, alert.Russian)), photos)
	if len(warnings) > 0 {
		t.Errorf("warnings: %v", warnings)
	}
	for _, lang := range []alert.Lang{alert.English, alert.French, alert.Russian} {
		for _, f := range formats {
			it := of(t, items, f.kind, lang)
			if b := picture(t, it).Bounds(); b.Dx() != f.w || b.Dy() != f.h {
				t.Errorf("%s in %s is %v", f.kind, lang, b)
			}
			if len(it.Data) > maxSlide {
				t.Errorf("%s in %s has %d bytes", f.kind, lang, len(it.Data))
			}
		}
	}
}

func TestVariants(t *testing.T) {
	s := studio(t)
	photos := map[string][]byte{"anna": face(t, 900, 1125, blond), "luc": face(t, 1600, 900, brown)}
	for name, change := range map[string]func(m *alert.Message){
		"arabic": func(m *alert.Message) {
			m.Facts.Children[0].GivenName, m.Facts.LastSeen.Place = "ليلى محمد", "محطة الشمال, Brussels"
		},
		"two": func(m *alert.Message) {
			m.Facts.Children = append(m.Facts.Children, alert.Person{GivenName: "Луц", Age: 9, Sex: alert.Male, Photo: "luc", HairColour: alert.HairBrown, Clothing: []alert.Garment{{Item: alert.Coat, Colour: alert.Green}}})
			m.MsgType, m.Revision = alert.TypeUpdate, 2
		},
		"nophoto": func(m *alert.Message) { m.Facts.Children[0].Photo = "" },
		"drill":   func(m *alert.Message) { m.Status, m.Realm = alert.StatusExercise, alert.Drill },
		"longest": longest,
	} {
		m := missing(t, alert.Langs...)
		change(m)
		_, warnings := s.make(t, name, written(t, m), photos)
		if len(warnings) > 0 {
			t.Errorf("%s: %v", name, warnings)
		}
	}
}
