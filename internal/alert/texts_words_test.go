package alert

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// typedConstants reads the values of every named string type from the sources, so
// that a new enumeration value without words fails here and not on air.
func typedConstants(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	constants(t, "facts.go", found)
	constants(t, "alert.go", found)
	return found
}

func TestEveryValueHasAWord(t *testing.T) {
	values := typedConstants(t)
	if len(values["Item"]) < 28 || len(values["Circumstances"]) < 5 {
		t.Fatalf("the constants were not found: %v", values)
	}
	for _, code := range Langs {
		l := languages[code]
		if l == nil || l.code != code {
			t.Fatalf("%s: no language", code)
		}
		word := map[string]func(string) string{
			"Circumstances": func(s string) string {
				c := l.circumstances[Circumstances(s)]
				return all(c.headline.girl, c.headline.boy, c.headline.several, c.short.girl, c.short.boy, c.short.several,
					c.lead.girl, c.lead.boy, c.lead.several)
			},
			"Sex":         func(s string) string { return l.person(7, Sex(s)) },
			"Build":       func(s string) string { b := l.builds[Build(s)]; return all(b.alone, b.sentence) },
			"HairColour":  func(s string) string { return l.hair(HairColour(s), LengthUnknown, Female) },
			"HairLength":  func(s string) string { return l.hair(HairUnknown, HairLength(s), Female) },
			"EyeColour":   func(s string) string { return l.eyes[EyeColour(s)] },
			"Item":        func(s string) string { return l.items[Item(s)].word },
			"Colour":      func(s string) string { return l.colours[Colour(s)][masc] },
			"VehicleKind": func(s string) string { return l.vehicles[VehicleKind(s)].word },
			"Transport":   func(s string) string { return l.transports[Transport(s)] },
			"Instruction": func(string) string { return all(l.label.dontApproach, l.label.dontApproachShort, l.label.call) },
			"Outcome":     func(s string) string { e := l.endings[Outcome(s)]; return all(e.headline, e.account) },
			"Status": func(s string) string {
				if Status(s) == StatusActual {
					return "-"
				}
				return all(l.status[Status(s)], l.warning[Status(s)])
			},
			"MsgType": func(string) string { return all(l.update, l.updateSpoken, l.appeal) },
			"Realm":   func(string) string { return "-" },
			"Lang":    func(s string) string { return string(languages[Lang(s)].code) },
		}
		for kind, list := range values {
			of, ok := word[kind]
			if !ok {
				t.Errorf("no rule for the words of %s: add one", kind)
				continue
			}
			seen := map[string]string{}
			for _, v := range list {
				if v == "" {
					continue // unknown: left out of the words
				}
				w := of(v)
				if w == "" {
					t.Errorf("%s: %s %q has no word", code, kind, v)
				}
				if other, twice := seen[w]; twice && kind != "Instruction" && kind != "MsgType" && kind != "Realm" {
					t.Errorf("%s: %s %q and %q have the same words %q", code, kind, v, other, w)
				}
				seen[w] = v
			}
		}
	}
}

// all is "" when one of the words is.
func all(words ...string) string {
	if slices.Contains(words, "") {
		return ""
	}
	return strings.Join(words, "|")
}

func TestColoursAgreeInEveryGender(t *testing.T) {
	for code, l := range languages {
		for kind, n := range l.items {
			for c, a := range l.colours {
				for _, object := range []bool{false, true} {
					if got := l.thing(n, a, object); !strings.Contains(got, " ") || strings.Contains(got, "  ") {
						t.Errorf("%s: %s %s is %q", code, c, kind, got)
					}
				}
			}
		}
	}
}

func TestGarments(t *testing.T) {
	tests := []struct {
		lang   Lang
		item   Item
		colour Colour
		list   string
		object string
	}{
		{English, Coat, Orange, "orange coat", "an orange coat"},
		{English, Jeans, Blue, "blue jeans", "blue jeans"},
		{English, Cap, ColourUnknown, "cap", "a cap"},
		{German, Jacket, Red, "rote Jacke", "eine rote Jacke"},
		{German, Coat, Red, "roter Mantel", "einen roten Mantel"},
		{German, Dress, Red, "rotes Kleid", "ein rotes Kleid"},
		{German, Shoes, White, "weiße Schuhe", "weiße Schuhe"},
		{German, Backpack, Pink, "rosa Rucksack", "einen rosa Rucksack"},
		{German, Coat, Silver, "silberfarbener Mantel", "einen silberfarbenen Mantel"},
		{German, Scarf, ColourUnknown, "Schal", "einen Schal"},
		{French, Jacket, Red, "veste rouge", "une veste rouge"},
		{French, Shoes, White, "chaussures blanches", "des chaussures blanches"},
		{French, Skirt, DarkBlue, "jupe bleu foncé", "une jupe bleu foncé"},
		{French, Boots, Brown, "bottes marron", "des bottes marron"},
		{French, Gloves, Grey, "gants gris", "des gants gris"},
		{Italian, Backpack, Pink, "zaino rosa", "uno zaino rosa"},
		{Italian, Shoes, White, "scarpe bianche", "scarpe bianche"},
		{Italian, Skirt, Green, "gonna verde", "una gonna verde"},
		{Italian, Boots, Grey, "stivali grigi", "stivali grigi"},
		{Russian, Jacket, Red, "красная куртка", "красная куртка"},
		{Russian, Dress, Red, "красное платье", "красное платье"},
		{Russian, Jeans, Blue, "синие джинсы", "синие джинсы"},
		{Russian, Jacket, Blue, "синяя куртка", "синяя куртка"},
		{Russian, Coat, LightBlue, "голубое пальто", "голубое пальто"},
		{Spanish, Jacket, Red, "chaqueta roja", "una chaqueta roja"},
		{Spanish, Jeans, Blue, "vaqueros azules", "vaqueros azules"},
		{Spanish, Boots, Orange, "botas naranja", "botas naranja"},
	}
	for _, tt := range tests {
		l := languages[tt.lang]
		if got := l.thing(l.items[tt.item], l.colours[tt.colour], false); got != tt.list {
			t.Errorf("%s: in a list %q, want %q", tt.lang, got, tt.list)
		}
		if got := l.thing(l.items[tt.item], l.colours[tt.colour], true); got != tt.object {
			t.Errorf("%s: in a sentence %q, want %q", tt.lang, got, tt.object)
		}
	}
}

func TestAges(t *testing.T) {
	tests := []struct {
		lang  Lang
		years []int
		want  []string
	}{
		{English, []int{0, 1, 7}, []string{"under 1", "1", "7"}},
		{French, []int{0, 1, 7}, []string{"moins d'un an", "1 an", "7 ans"}},
		{German, []int{0, 1, 7}, []string{"unter 1 Jahr", "1 Jahr", "7 Jahre"}},
		{Italian, []int{0, 1, 7}, []string{"meno di 1 anno", "1 anno", "7 anni"}},
		{Spanish, []int{0, 1, 7}, []string{"menos de 1 año", "1 año", "7 años"}},
		{Russian, []int{0, 1, 2, 4, 5, 11, 12, 14, 21, 22, 41, 111}, []string{
			"младше 1 года", "1 год", "2 года", "4 года", "5 лет",
			"11 лет", "12 лет", "14 лет", "21 год", "22 года", "41 год", "111 лет",
		}},
	}
	for _, tt := range tests {
		for i, years := range tt.years {
			if got := languages[tt.lang].age(years); got != tt.want[i] {
				t.Errorf("%s: %d is %q, want %q", tt.lang, years, got, tt.want[i])
			}
		}
	}
}

func TestSomeone(t *testing.T) {
	tests := []struct {
		lang Lang
		age  int
		sex  Sex
		want string
	}{
		{English, 8, Female, "an 8-year-old girl"},
		{English, 11, Male, "an 11-year-old boy"},
		{English, 18, Female, "an 18-year-old woman"},
		{English, 80, Male, "an 80-year-old man"},
		{English, 41, Male, "a 41-year-old man"},
		{English, 0, Female, "a woman"},
		{German, 15, Female, "ein 15-jähriges Mädchen"},
		{German, 15, Male, "ein 15-jähriger Junge"},
		{German, 41, Female, "eine 41-jährige Frau"},
		{French, 1, Male, "un garçon d'un an"},
		{French, 13, Female, "une adolescente de 13 ans"},
		{French, 0, Male, "un homme"},
		{Italian, 13, Male, "un ragazzo di 13 anni"},
		{Italian, 12, Female, "una bambina di 12 anni"},
		{Spanish, 12, Male, "un niño de 12 años"},
		{Spanish, 40, Female, "una mujer de 40 años"},
		{Russian, 14, Female, "девушка, 14 лет"},
		{Russian, 22, Male, "мужчина, 22 года"},
		{Russian, 0, Female, "женщина"},
	}
	for _, tt := range tests {
		if got := languages[tt.lang].someone(Person{Age: tt.age, Sex: tt.sex}); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.lang, got, tt.want)
		}
	}
}

func TestAndHeedsTheNextWord(t *testing.T) {
	tests := []struct {
		lang Lang
		list []string
		want string
	}{
		{Spanish, []string{"Anna", "Inés"}, "Anna e Inés"},
		{Spanish, []string{"Anna", "Hierro"}, "Anna y Hierro"},
		{Spanish, []string{"Anna", "Luc", "Tom"}, "Anna, Luc y Tom"},
		{Spanish, []string{"Inés", "Hilda"}, "Inés e Hilda"},
		{Italian, []string{"Anna", "Elena"}, "Anna ed Elena"},
		{Italian, []string{"Anna", "Luca"}, "Anna e Luca"},
		{English, []string{"Anna"}, "Anna"},
		{German, nil, ""},
	}
	for _, tt := range tests {
		if got := languages[tt.lang].list(tt.list); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.lang, got, tt.want)
		}
	}
}

func TestTimesAsSaidOnRadio(t *testing.T) {
	at := func(hour, minute int) time.Time { return time.Date(2026, 11, 1, hour, minute, 0, 0, time.UTC) }
	girl := []Person{{Sex: Female}}
	tests := []struct {
		lang Lang
		at   time.Time
		want string
	}{
		{English, at(14, 30), "on Sunday 1 November at 2:30 p.m."},
		{English, at(0, 0), "at midnight"},
		{English, at(12, 0), "at noon"},
		{English, at(12, 5), "at 12:05 p.m."},
		{English, at(9, 0), "at 9 a.m."},
		{French, at(14, 30), "le dimanche 1er novembre à 14 heures 30"},
		{French, at(1, 5), "à 1 heure 5"},
		{French, at(0, 0), "à minuit"},
		{French, at(12, 0), "à midi"},
		{German, at(14, 30), "am Sonntag, dem 1. November, um 14 Uhr 30 gesehen"},
		{German, at(10, 0), "um 10 Uhr gesehen"},
		{German, at(10, 10), "um 10 Uhr 10 gesehen"},
		{Italian, at(14, 30), "domenica 1º novembre alle 14 e 30"},
		{Italian, at(1, 0), "all'una"},
		{Italian, at(0, 5), "a mezzanotte e 5"},
		{Russian, at(14, 30), "в воскресенье, 1 ноября, в 14 часов 30 минут"},
		{Russian, at(21, 1), "в 21 час 1 минуту"},
		{Russian, at(3, 0), "в 3 часа"},
		{Spanish, at(14, 30), "el domingo 1 de noviembre a las 14 y 30"},
		{Spanish, at(1, 0), "a la 1"},
		{Spanish, at(12, 0), "al mediodía"},
		{Spanish, at(0, 0), "a medianoche"},
	}
	for _, tt := range tests {
		if got := languages[tt.lang].seenSpoken(girl, tt.at); !strings.HasSuffix(got, tt.want) {
			t.Errorf("%s: %q, want it to end with %q", tt.lang, got, tt.want)
		}
	}
}

func TestHeights(t *testing.T) {
	for _, tt := range []struct {
		lang   Lang
		cm     int
		spoken bool
		want   string
	}{
		{French, 125, false, "1,25 m"},
		{French, 125, true, "1 mètre 25"},
		{French, 98, false, "98 cm"},
		{German, 98, true, "98 Zentimeter"},
		{German, 205, true, "2 Meter 5"},
		{German, 200, true, "2 Meter"},
		{Italian, 200, true, "2 metri"},
		{Italian, 105, false, "1,05 m"},
		{Spanish, 210, true, "2 metros 10"},
		{Russian, 121, true, "121 сантиметра"},
		{Russian, 125, true, "125 сантиметров"},
		{English, 125, false, "125 cm"},
	} {
		if got := languages[tt.lang].height(tt.cm, tt.spoken); got != tt.want {
			t.Errorf("%s: %d cm is %q, want %q", tt.lang, tt.cm, got, tt.want)
		}
	}
}
