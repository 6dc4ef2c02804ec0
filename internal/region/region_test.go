package region

import (
	"slices"
	"strings"
	"testing"

	"tocsin/internal/alert"
)

func atlas(t testing.TB) *Atlas {
	t.Helper()
	a, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func codes(areas []alert.Area) []string {
	out := make([]string, len(areas))
	for i, a := range areas {
		out[i] = a.Code
	}
	return out
}

func TestAll57StatesInSixLanguages(t *testing.T) {
	a := atlas(t)
	if len(States) != 57 || !slices.IsSorted(States) || len(slices.Compact(slices.Clone(States))) != 57 {
		t.Fatalf("%d States, sorted and once each: want 57", len(States))
	}
	if got := codes(a.Countries()); !slices.Equal(got, States) {
		t.Errorf("countries %v", got)
	}
	for _, c := range States {
		if n := len(a.Units(c)); n == 0 && c != "MC" && c != "VA" {
			t.Errorf("%s has no units", c)
		}
	}
}

func TestEveryAreaIsSound(t *testing.T) {
	a := atlas(t)
	if len(a.places) < 1900 {
		t.Fatalf("only %d areas", len(a.places))
	}
	for _, p := range a.places {
		code := p.area.Code
		if !alert.AreaCode(code) || !slices.Contains(States, code[:2]) {
			t.Errorf("%q is no area of a participating State", code)
		}
		if len(p.area.Names) != 6 {
			t.Errorf("%s has %d names", code, len(p.area.Names))
		}
		for _, lang := range alert.Langs {
			name := p.area.Names[lang]
			if name == "" || name != strings.TrimSpace(name) || len([]rune(name)) > 60 {
				t.Errorf("%s in %s: %q", code, lang, name)
			}
			for _, bad := range []string{"d'", "de ", "dell", "province ", "canton ", "Opština", "(dt", "\uFFFD"} {
				if strings.HasPrefix(name, bad) || bad == "(dt" && strings.Contains(name, bad) {
					t.Errorf("%s in %s is cut from a phrase: %q", code, lang, name)
				}
			}
		}
		if !strings.ContainsFunc(p.area.Names[alert.Russian], func(r rune) bool { return r >= 'А' && r <= 'я' || r == 'ё' }) {
			t.Errorf("%s in Russian is not Cyrillic: %q", code, p.area.Names[alert.Russian])
		}
	}
}

// An officer who reads "Washington" twice in a list alerts the wrong coast.
func TestUnitsOfAStateHaveDifferentNames(t *testing.T) {
	a := atlas(t)
	for _, lang := range alert.Langs {
		seen := map[string]string{}
		for _, p := range a.places {
			if len(p.area.Code) == 2 {
				clear(seen)
				continue
			}
			name := p.area.Names[lang]
			if other := seen[name]; other != "" {
				t.Errorf("%s and %s are both %q in %s", other, p.area.Code, name, lang)
			}
			seen[name] = p.area.Code
		}
	}
}

// The source files Crimea and Sevastopol under RU; their codes are Ukraine's.
func TestCrimeaGoesByItsCode(t *testing.T) {
	a := atlas(t)
	ua, ru := codes(a.Units("UA")), codes(a.Units("RU"))
	for _, code := range []string{"UA-43", "UA-40"} {
		if !slices.Contains(ua, code) {
			t.Errorf("%s is not among the units of UA", code)
		}
	}
	if len(ua) != 27 {
		t.Errorf("UA has %d units, want 27", len(ua))
	}
	for _, code := range append(ru, "RU") {
		if strings.HasPrefix(code, "UA") {
			t.Errorf("%s is among the units of RU", code)
		}
	}
	for name, pt := range map[string]alert.Point{"UA-43": {Lat: 45.3, Lon: 34.3}, "UA-40": {Lat: 44.6, Lon: 33.6}} {
		if got := codes(a.At(pt)); !slices.Contains(got, name) || slices.ContainsFunc(got, func(c string) bool { return strings.HasPrefix(c, "RU") }) {
			t.Errorf("%v is in %v, want %s", pt, got, name)
		}
	}
}

func TestReviewedNames(t *testing.T) {
	a := atlas(t)
	for _, c := range []struct {
		code string
		lang alert.Lang
		want string
	}{
		{"BE", alert.French, "Belgique"},
		{"BE-VAN", alert.French, "Anvers"},
		{"BE-VAN", alert.Italian, "Anversa"},
		{"BE-VAN", alert.German, "Antwerpen"},
		{"CH-VD", alert.French, "Vaud"},
		{"CH-TI", alert.Italian, "Ticino"},
		{"PL-14", alert.English, "Masovian"},
		{"CZ-10", alert.German, "Prag"},
		{"NO-50", alert.English, "Trøndelag"},
		{"MK", alert.English, "North Macedonia"},
		{"VA", alert.English, "Holy See"},
		{"FI-01", alert.Russian, "Аландские острова"},
		{"IE-D", alert.English, "Dublin"},
		{"HR-11", alert.English, "Požega-Slavonia"},
		{"MK-607", alert.German, "Mavrovo und Rostuša"},
		{"RU-AMU", alert.French, "Amour"},
		{"ES-OR", alert.French, "Ourense"},
		{"LU-ES", alert.German, "Esch an der Alzette"},
	} {
		area, ok := a.Area(c.code)
		if got := area.Name(c.lang); !ok || got != c.want {
			t.Errorf("%s in %s is %q, want %q", c.code, c.lang, got, c.want)
		}
	}
}

func TestAreas(t *testing.T) {
	a := atlas(t)
	areas, faults := a.Areas([]string{"BE-VAN", "FR"})
	if len(faults) > 0 || !slices.Equal(codes(areas), []string{"BE-VAN", "FR"}) {
		t.Errorf("%v %v", areas, faults)
	}
	areas, faults = a.Areas([]string{"BE-VAN", "XX", "BE-XXX", "", "CN"})
	if len(areas) != 1 || len(faults) != 4 || faults[0].Field != "areas[1]" || faults[3].Field != "areas[4]" {
		t.Errorf("%v %v", areas, faults)
	}
}

func TestACallerCannotChangeTheAtlas(t *testing.T) {
	a := atlas(t)
	area, _ := a.Area("BE")
	area.Names[alert.English] = "x"
	a.Units("BE")[0].Names[alert.English] = "x"
	a.Outline("BE-VAN")[0][0] = alert.Point{}
	if again, _ := a.Area("BE"); again.Name(alert.English) != "Belgium" || a.Units("BE")[0].Name(alert.English) == "x" || a.Outline("BE-VAN")[0][0] == (alert.Point{}) {
		t.Error("the atlas gave away its own maps")
	}
}

func TestSearch(t *testing.T) {
	a := atlas(t)
	for _, c := range []struct {
		q    string
		lang alert.Lang
		want string
	}{
		{"anvers", alert.French, "BE-VAN"},
		{"Antwerpen", alert.English, "BE-VAN"},
		{"АНТВЕРПЕН", alert.Russian, "BE-VAN"},
		{"be-van", alert.English, "BE-VAN"},
		{"BE", alert.English, "BE"},
		{"luxemb", alert.French, "LU"},
		{"ile de wight", alert.French, "GB-IOW"},
		{"zurich", alert.English, "CH-ZH"},
		{"Zürich", alert.English, "CH-ZH"},
		{"saint-gall", alert.French, "CH-SG"},
		{"trondelag", alert.English, "NO-50"},
		{"lodz", alert.English, "PL-10"},
	} {
		got := codes(a.Search(c.q, c.lang, 5))
		if len(got) == 0 || got[0] != c.want {
			t.Errorf("%q in %s: %v, want %s first", c.q, c.lang, got, c.want)
		}
	}
	if got := a.Search("a", alert.English, 7); len(got) != 7 {
		t.Errorf("%d results, want the limit of 7", len(got))
	}
	for _, q := range []string{"", "   ", "qqqqqq", strings.Repeat("a", 10_000), "\u0301", "\xff"} {
		if got := a.Search(q, alert.English, 5); len(got) > 0 {
			t.Errorf("%.20q: %v", q, codes(got))
		}
	}
	if got := a.Search("be", alert.English, 0); len(got) > 0 {
		t.Errorf("limit 0: %v", got)
	}
}

func TestPoints(t *testing.T) {
	a := atlas(t)
	for want, pt := range map[string]alert.Point{
		"BE-BRU": {Lat: 50.85, Lon: 4.36}, "FR-75": {Lat: 48.857, Lon: 2.352}, "DE-BE": {Lat: 52.52, Lon: 13.40},
		"DE-BB": {Lat: 52.40, Lon: 12.55}, "US-CA": {Lat: 37.5, Lon: -120}, "IT-RM": {Lat: 41.9, Lon: 12.5},
		"NO-50": {Lat: 63.43, Lon: 10.4}, "MN-1": {Lat: 47.92, Lon: 106.92}, "MK-607": {Lat: 41.6, Lon: 20.6},
	} {
		if got := codes(a.At(pt)); !slices.Equal(got, []string{want}) {
			t.Errorf("%v is in %v, want %s", pt, got, want)
		}
	}
	for _, pt := range []alert.Point{{Lat: 45, Lon: -30}, {Lat: 91, Lon: 0}, {Lat: 35, Lon: 105}} {
		if got := a.At(pt); len(got) > 0 {
			t.Errorf("%v is in %v, want nothing", pt, codes(got))
		}
	}
}

// Each unit's centre should lie in its own outline or at least its box, and the
// outlines should be rings that a map can draw.
func TestOutlines(t *testing.T) {
	a := atlas(t)
	points, undrawn := 0, 0
	for i := range a.places {
		p := &a.places[i]
		if len(p.outline) == 0 {
			if len(p.area.Code) > 2 {
				undrawn++
			}
			continue
		}
		for _, r := range p.outline {
			points += len(r)
			if len(r) < 4 || r[0] != r[len(r)-1] {
				t.Errorf("%s has a ring of %d points, closed %v", p.area.Code, len(r), r[0] == r[len(r)-1])
			}
		}
		if p.centre == nil || !p.box.contains(*p.centre) {
			t.Errorf("%s has its centre %v outside of %v", p.area.Code, p.centre, p.box)
		}
	}
	t.Logf("%d points, %d units without an outline, %d bytes packed", points, undrawn, len(packed))
	if len(packed) > 400_000 || undrawn > 60 {
		t.Errorf("%d bytes packed, %d units without an outline", len(packed), undrawn)
	}
	if n := len(a.Outline("BE")); n < 11 {
		t.Errorf("Belgium's outline has %d rings, want those of its 11 units", n)
	}
	if a.Outline("XX") != nil {
		t.Error("an unknown code has an outline")
	}
	if _, ok := a.Centre("BE-VAN"); !ok {
		t.Error("Antwerp has no centre")
	}
}
