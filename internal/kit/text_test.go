package kit

import (
	"slices"
	"testing"

	"github.com/go-text/typesetting/di"

	"tocsin/internal/alert"
	"tocsin/internal/peertest"
)

// noto is the fonts of this machine; the test needs them.
func noto(t testing.TB) *fonts {
	t.Helper()
	f, err := loadFonts(FontDir)
	if err != nil {
		t.Fatal(err)
	}
	if f.covering('ქ', bold) == nil {
		peertest.Missing(t, "Noto Sans Georgian", "run `make peers`, or apt-get install fonts-noto-core")
	}
	return f
}

// Arabic letters join, and run from the right.
func TestArabicIsShaped(t *testing.T) {
	s := newSetter(noto(t), "fr")
	name, _ := s.set("محمد", style{size: 40, weight: bold}, 1000, 1)
	run := name[0].runs[0]
	for _, g := range run.Glyphs {
		if alone, _ := run.Face.NominalGlyph([]rune("محمد")[g.TextIndex()]); g.GlyphID == alone {
			t.Errorf("letter %d stands alone, not joined to its neighbours", g.TextIndex())
		}
	}
	line, _ := s.set("محطة الشمال, Brussels", style{size: 40, weight: bold}, 1000, 1)
	first := line[0].runs[0]
	if first.Direction != di.DirectionRTL || first.Glyphs[0].TextIndex() < first.Glyphs[len(first.Glyphs)-1].TextIndex() {
		t.Errorf("the first run goes %v, its first glyph is of letter %d", first.Direction, first.Glyphs[0].TextIndex())
	}
	if want := "لامشلا ةطحم, Brussels"; line[0].text != want {
		t.Errorf("seen from the left %q, want %q", line[0].text, want)
	}
}

func TestEveryScriptHasItsFont(t *testing.T) {
	f := noto(t)
	for script, text := range map[string]string{
		"Latin": "Łódź Əliyev Þór", "Greek": "Μαρία", "Cyrillic": "Ўлугбек Қайрат Ђорђе", "Arabic": "فاطمة", "Hebrew": "שירה",
		"Georgian": "ქეთევან", "Armenian": "Անահիտ", "Thai": "สมชาย", "Devanagari": "प्रिया", "Mongolian": "ᠪᠣᠯᠤᠷ", "Ethiopic": "ሰላም", "Bengali": "রিয়া",
	} {
		for _, w := range []weight{regular, bold} {
			s := newSetter(f, "en")
			lines, _ := s.set(text, style{size: 40, weight: w}, 2000, 1)
			if len(s.missing) > 0 {
				t.Errorf("%s: no font for %q", script, s.missing)
			}
			for _, run := range lines[0].runs {
				for _, g := range run.Glyphs {
					if g.GlyphID == 0 {
						t.Errorf("%s: a glyph is an empty box", script)
					}
				}
			}
		}
	}
}

// Without a font for a name there are no slides with boxes in it, but a warning
// that says what to install; the sound and the teletext page do without fonts.
func TestMissingScriptIsAWarning(t *testing.T) {
	s := studio(t, func(o *Options) { o.Fonts, o.Espeak = "", "" })
	m := missing(t, alert.English)
	m.Facts.Children[0].GivenName = "ქეთევან"
	items, warnings := s.make(t, "nofont", written(t, m), nil)
	if len(items) != 1 || items[0].Kind != KindTeletext {
		t.Errorf("made %d items", len(items))
	}
	var about []string
	for _, w := range warnings {
		about = append(about, w.Kind)
	}
	// The photo that cannot be read comes first; then no voice, and no letters for the name.
	want := []string{"photo", KindSlide, KindTall, KindSquare, KindPoster, KindAudio, KindTeletext}
	if slices.Compare(about, want) != 0 {
		t.Errorf("warned of %v, want %v", about, want)
	}
}

// The font within the program alone sets all six languages.
func TestOwnFontHasSixLanguages(t *testing.T) {
	s := studio(t, func(o *Options) { o.Fonts = "" })
	items, warnings := s.make(t, "ownfont", written(t, missing(t, alert.Langs...)), album(t))
	if len(items) != 6*len(alert.Langs) || len(warnings) > 0 {
		t.Errorf("%d items, warnings %v", len(items), warnings)
	}
}

func TestSignsThatNoFontHasAreLeftOut(t *testing.T) {
	s := newSetter(noto(t), "en")
	lines, _ := s.set("Anna 🧸\ufe0f Luc", style{size: 40}, 1000, 1)
	if len(s.missing) > 0 || lines[0].text != "Anna  Luc" {
		t.Errorf("set %q, missing %q", lines[0].text, s.missing)
	}
}

func TestLinesEndInAnEllipsis(t *testing.T) {
	s := newSetter(noto(t), "en")
	lines, whole := s.set("one two three four five six seven eight nine ten", style{size: 40}, 260, 2)
	if whole || len(lines) != 2 {
		t.Fatalf("%d lines, whole: %v", len(lines), whole)
	}
	if lines[1].width > 260 {
		t.Errorf("the last line is %.0f wide", lines[1].width)
	}
	last := lines[1].runs[len(lines[1].runs)-1]
	if gid, _ := last.Face.NominalGlyph('…'); last.Glyphs[len(last.Glyphs)-1].GlyphID != gid {
		t.Error("no ellipsis at the end")
	}
}
