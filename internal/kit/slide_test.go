package kit

import (
	"bytes"
	"image/color"
	"testing"

	"tocsin/internal/alert"
)

// stories are the alerts that slides are held against, and looked at.
var stories = map[string]func(m *alert.Message){
	"plain": func(*alert.Message) {},
	"arabic": func(m *alert.Message) {
		m.Facts.Children[0].GivenName, m.Facts.LastSeen.Place = "ليلى محمد", "محطة الشمال, Brussels"
	},
	"georgian": func(m *alert.Message) { m.Facts.Children[0].GivenName = "ქეთევან" },
	"two": func(m *alert.Message) {
		m.Facts.Children = append(m.Facts.Children, alert.Person{
			GivenName: "Луц", Age: 9, Sex: alert.Male, Photo: "luc", HairColour: alert.HairBrown,
			Clothing: []alert.Garment{{Item: alert.Coat, Colour: alert.Green}},
		})
		m.MsgType, m.Revision = alert.TypeUpdate, 2
	},
	"nophoto": func(m *alert.Message) { m.Facts.Children[0].Photo = "" },
	"nomap":   func(m *alert.Message) { m.Facts.Areas = []string{"LU"} }, // the atlas does not draw it
	"drill":   func(m *alert.Message) { m.Status, m.Realm = alert.StatusExercise, alert.Drill },
	"longest": longest,
}

// album is the photos that the stories name.
func album(t testing.TB) map[string][]byte {
	return map[string][]byte{"anna": face(t, 900, 1125, blond), "luc": face(t, 1600, 1100, brown)}
}

// langsFor keeps the suite short: TestTextKeepsToItsPlace goes through them all.
func langsFor(name string) []alert.Lang {
	switch {
	case *samples != "":
		return alert.Langs
	case name == "longest":
		return []alert.Lang{alert.German, alert.Russian}
	}
	return []alert.Lang{alert.Russian}
}

func TestStories(t *testing.T) {
	s := studio(t)
	photos := album(t)
	for name, change := range stories {
		t.Run(name, func(t *testing.T) {
			m := missing(t, langsFor(name)...)
			change(m)
			items, warnings := s.make(t, name, written(t, m), photos)
			for _, w := range warnings {
				switch {
				case w.Kind == KindAudio && name == "longest": // ten minutes of names
				case w.Kind == KindTeletext && (name == "arabic" || name == "two" || name == "georgian"):
				default:
					t.Errorf("warning %v", w)
				}
			}
			for _, lang := range m.Languages {
				for _, f := range formats {
					it := of(t, items, f.kind, lang)
					if b := picture(t, it).Bounds(); b.Dx() != f.w || b.Dy() != f.h {
						t.Errorf("%s in %s is %v", f.kind, lang, b)
					}
					if len(it.Data) > maxSlide {
						t.Errorf("%s in %s has %d bytes", f.kind, lang, len(it.Data))
					}
				}
				if it := of(t, items, KindPoster, lang); len(it.Data) > maxPoster || !bytes.HasPrefix(it.Data, []byte("%PDF")) {
					t.Errorf("poster in %s has %d bytes: %.8q", lang, len(it.Data), it.Data)
				}
			}
		})
	}
}

// spy is a surface that notes where text lies.
type spy struct {
	*raster
	t    testing.TB
	what string
	safe rect
	over []rect // of the texts so far
}

func (s *spy) read(l line, x, y float64) {
	const hair = 1.5 // a letter may lean out of its own width by so much
	at := rect{x, y - l.style.size*0.74, l.width, l.style.size * 0.74}
	if at.x < s.safe.x-hair || at.right() > s.safe.right()+hair || at.y < s.safe.y-hair || at.bottom() > s.safe.bottom()+hair {
		s.t.Errorf("%s: %q lies at %v, outside of %v", s.what, l.text, at, s.safe)
	}
	for _, other := range s.over {
		if meets(at.inset(hair), other.inset(hair)) {
			s.t.Errorf("%s: %q at %v lies over another text at %v", s.what, l.text, at, other)
		}
	}
	s.over = append(s.over, at)
}

// No text leaves the part of the picture that every screen shows, and none lies
// on another, whatever an officer may write.
func TestTextKeepsToItsPlace(t *testing.T) {
	s := studio(t)
	photos := album(t)
	for name, change := range stories {
		m := missing(t, alert.Langs...)
		change(m)
		j, err := s.begin(written(t, m), photos, made)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range append(formats, a4) {
			f = j.arrange(f)
			w, h := float64(f.w), float64(f.h)
			for _, lang := range m.Languages {
				a := &artist{setter: newSetter(j.fonts, string(lang)), theme: screen}
				a.surface = &spy{raster: newRaster(1, 1), t: t, what: name + " " + f.kind + " " + string(lang), safe: rect{w * 0.05, h * 0.05, w * 0.9, h * 0.9}.fitted(f)}
				if err := j.letter(a, f, lang); err != nil {
					t.Fatal(err)
				}
				if len(a.missing) > 0 {
					t.Errorf("%s: no font for %q", name, a.missing)
				}
			}
		}
	}
}

// fitted is the safe part of a slide; paper has no edge that is lost but a printer's.
func (r rect) fitted(f format) rect {
	if f.kind != KindPoster {
		return r
	}
	return rect{20, 20, float64(f.w) - 40, float64(f.h) - 40}
}

// An exercise says so all over the picture: in each quarter, over face and number.
func TestExerciseIsStamped(t *testing.T) {
	s := studio(t)
	m := missing(t, alert.English)
	plain, _ := s.make(t, "plain", written(t, m), album(t))
	m = missing(t, alert.English)
	stories["drill"](m)
	drill, _ := s.make(t, "drill", written(t, m), album(t))
	for _, f := range formats {
		a, b := picture(t, of(t, plain, f.kind, alert.English)), picture(t, of(t, drill, f.kind, alert.English))
		for quarter := range 4 {
			x0, y0 := quarter%2*f.w/2, quarter/2*f.h/2
			changed := 0
			for y := y0; y < y0+f.h/2; y += 4 {
				for x := x0; x < x0+f.w/2; x += 4 {
					if differs(a.At(x, y), b.At(x, y)) {
						changed++
					}
				}
			}
			if share := float64(changed) / float64(f.w*f.h/64); share < 0.15 {
				t.Errorf("%s, quarter %d: the mark covers %.0f %%", f.kind, quarter, 100*share)
			}
		}
	}
}

func differs(a, b color.Color) bool {
	ar, ag, ab, _ := a.RGBA()
	br, bg, bb, _ := b.RGBA()
	apart := func(x, y uint32) bool { return max(x, y)-min(x, y) > 0x1000 }
	return apart(ar, br) || apart(ag, bg) || apart(ab, bb)
}

// The same alert gives the same bytes: an approver's digest is good on any server with the same fonts.
func TestSameAlertSameBytes(t *testing.T) {
	s := studio(t)
	first, _ := s.make(t, "plain", written(t, missing(t, alert.French, alert.Italian)), album(t))
	again, _ := studio(t).make(t, "plain", written(t, missing(t, alert.French, alert.Italian)), album(t))
	for i := range first {
		if first[i].Kind != again[i].Kind || !bytes.Equal(first[i].Data, again[i].Data) {
			t.Errorf("%s in %s differs from run to run", first[i].Kind, first[i].Lang)
		}
	}
}
