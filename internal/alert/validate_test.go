package alert

import (
	"slices"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// good is a valid case in two languages. Each call makes a new one to break.
func good() *Facts {
	return &Facts{
		Circumstances: AbductionParent,
		Children: []Person{{
			GivenName: "Anna", Age: 6, Sex: Female, HeightCM: 118, HairColour: HairBlond, HairLength: LengthLong,
			Clothing: []Garment{{Item: Jacket, Colour: Red}},
			Marks:    Localized{English: "A scar over the left eye", French: "Une cicatrice"},
		}},
		Suspects:    []Person{{Age: 38, Sex: Male, HairLength: LengthBald}},
		Vehicles:    []Vehicle{{Kind: Car, Make: "Škoda", Colour: Blue, Plate: "1-ABC-234", Country: "BE"}},
		LastSeen:    LastSeen{At: noon.Add(-2 * time.Hour), TimeZone: "Europe/Brussels", Place: "Gare du Nord, Brussels", Point: &Point{50.86, 4.36}, Transport: ByCar, Towards: "Lille"},
		Instruction: InstructionDoNotApproach,
		Contact:     Contact{Phone: "+3225544000", Hotline: "116000", Form: "https://police.example/sighting"},
		Areas:       []string{"BE", "FR-59"},
		Polygons:    []Polygon{{{50, 4}, {50, 5}, {51, 5}, {51, 4}, {50, 4}}},
		Languages:   []Lang{French, English},
		Expires:     noon.Add(12 * time.Hour),
		Authority:   "Police fédérale",
	}
}

// wantFault fails unless faults has the code at the field and every fault has a mend to read.
func wantFault(t *testing.T, faults Invalid, field, code string) {
	t.Helper()
	found := false
	for _, f := range faults {
		found = found || f.Field == field && f.Code == code
		if !strings.HasSuffix(f.Text, ".") || f.Text[0] < 'A' || f.Text[0] > 'Z' {
			t.Errorf("%s: %q is no sentence", f.Field, f.Text)
		}
	}
	if !found {
		t.Errorf("no fault %q at %q in:\n%v", code, field, faults)
	}
}

func TestValidFacts(t *testing.T) {
	for name, change := range map[string]func(*Facts){
		"as it is":             func(*Facts) {},
		"a baby":               func(f *Facts) { f.Children[0].Age = 0 },
		"17":                   func(f *Facts) { f.Children[0].Age = 17 },
		"markup is text":       func(f *Facts) { f.Children[0].GivenName = "<img src=x onerror=alert(1)>" },
		"Arabic name":          func(f *Facts) { f.Children[0].GivenName = "ليلى" },
		"initials in a name":   func(f *Facts) { f.Children[0].GivenName = "St.Mary J.R." },
		"Cyrillic plate":       func(f *Facts) { f.Vehicles[0].Plate = "А123ВС 77" },
		"plate alone":          func(f *Facts) { f.Vehicles[0] = Vehicle{Kind: Van, Plate: "AB-12"} },
		"short number":         func(f *Facts) { f.Contact = Contact{Phone: "112"} },
		"no suspects":          func(f *Facts) { f.Suspects, f.Vehicles, f.Polygons = nil, nil, nil },
		"America zone":         func(f *Facts) { f.LastSeen.TimeZone = "America/Argentina/Buenos_Aires" },
		"just seen":            func(f *Facts) { f.LastSeen.At = noon },
		"seven days":           func(f *Facts) { f.Expires = noon.Add(7 * 24 * time.Hour) },
		"a name of 60":         func(f *Facts) { f.Children[0].GivenName = strings.Repeat("é", 60) },
		"photo":                func(f *Facts) { f.Children[0].Photo, f.Children[0].PhotoTaken = "p-7GQ2.jpg", "2026-05" },
		"units of one country": func(f *Facts) { f.Areas = []string{"BE-VAN", "BE-WBR", "XK"} },
	} {
		f := good()
		change(f)
		if v := f.Validate(noon); len(v) > 0 {
			t.Errorf("%s: %v", name, v)
		}
	}
}

func TestFactsFaults(t *testing.T) {
	for _, c := range []struct {
		field, code string
		change      func(*Facts)
	}{
		{"circumstances", "required", func(f *Facts) { f.Circumstances = "" }},
		{"circumstances", "unknown", func(f *Facts) { f.Circumstances = "abduction_alien" }},
		{"children", "required", func(f *Facts) { f.Children = nil }},
		{"children", "too_many", func(f *Facts) { f.Children = slices.Repeat(f.Children, 7) }},
		{"children[0].given_name", "required", func(f *Facts) { f.Children[0].GivenName = "  " }},
		{"children[0].given_name", "too_long", func(f *Facts) { f.Children[0].GivenName = strings.Repeat("a", 500) }},
		{"children[0].given_name", "bidi", func(f *Facts) { f.Children[0].GivenName = "Anna\u202Egpj" }},
		{"children[0].given_name", "bidi", func(f *Facts) { f.Children[0].GivenName = "Anna\u200F" }},
		{"children[0].given_name", "control", func(f *Facts) { f.Children[0].GivenName = "An\x00na" }},
		{"children[0].given_name", "encoding", func(f *Facts) { f.Children[0].GivenName = "An\xffna" }},
		{"children[0].given_name", "encoding", func(f *Facts) { f.Children[0].GivenName = "An\uFFFDna" }},
		{"children[0].given_name", "url", func(f *Facts) { f.Children[0].GivenName = "Anna https://evil.example" }},
		{"children[0].given_name", "url", func(f *Facts) { f.Children[0].GivenName = "Anna evil.com" }},
		{"children[0].given_name", "format", func(f *Facts) { f.Children[0].GivenName = "\u200B" }},
		{"children[0].family_name", "url", func(f *Facts) { f.Children[0].FamilyName = "www.evil" }},
		{"children[0].age", "range", func(f *Facts) { f.Children[0].Age = 19 }},
		{"children[0].age", "range", func(f *Facts) { f.Children[0].Age = -2 }},
		{"children[0].age", "required", func(f *Facts) { f.Children[0].Age = AgeUnknown }},
		{"children[0].sex", "required", func(f *Facts) { f.Children[0].Sex = "" }},
		{"children[0].height_cm", "range", func(f *Facts) { f.Children[0].HeightCM = 1180 }},
		{"children[0].build", "unknown", func(f *Facts) { f.Children[0].Build = "thin" }},
		{"children[0].hair_colour", "unknown", func(f *Facts) { f.Children[0].HairColour = "green" }},
		{"children[0].hair_length", "unknown", func(f *Facts) { f.Children[0].HairLength = "curly" }},
		{"children[0].eye_colour", "unknown", func(f *Facts) { f.Children[0].EyeColour = "red" }},
		{"children[0].clothing", "too_many", func(f *Facts) { f.Children[0].Clothing = make([]Garment, 9) }},
		{"children[0].clothing[0].item", "unknown", func(f *Facts) { f.Children[0].Clothing[0].Item = "cape" }},
		{"children[0].clothing[0].item", "required", func(f *Facts) { f.Children[0].Clothing[0].Item = "" }},
		{"children[0].clothing[0].colour", "unknown", func(f *Facts) { f.Children[0].Clothing[0].Colour = "ochre" }},
		{"children[0].marks.fr", "required", func(f *Facts) { delete(f.Children[0].Marks, French) }},
		{"children[0].marks.de", "language", func(f *Facts) { f.Children[0].Marks[German] = "Narbe" }},
		{"children[0].marks", "language", func(f *Facts) { f.Children[0].Marks["xx"] = "?" }},
		{"children[0].marks", "too_many", func(f *Facts) {
			for k := range strings.SplitSeq("abcdefgh", "") {
				f.Children[0].Marks[Lang(k)] = "x"
			}
		}},
		{"children[0].marks.en", "too_long", func(f *Facts) { f.Children[0].Marks[English] = strings.Repeat("я", 121) }},
		{"children[0].photo", "format", func(f *Facts) { f.Children[0].Photo = "../../etc/passwd" }},
		{"children[0].photo_taken", "format", func(f *Facts) { f.Children[0].PhotoTaken = "May 2026" }},
		{"children[0].photo_taken", "future", func(f *Facts) { f.Children[0].PhotoTaken = "2027-05" }},
		{"children[0]", "minimum", func(f *Facts) { f.Children[0].Marks, f.Children[0].Clothing = nil, nil }},
		{"suspects[0]", "minimum", func(f *Facts) { f.Suspects[0] = Person{Sex: Male} }},
		{"suspects[0].sex", "required", func(f *Facts) { f.Suspects[0].Sex = "" }},
		{"suspects[0].age", "range", func(f *Facts) { f.Suspects[0].Age = 380 }},
		{"suspects[0].hair_colour", "contradiction", func(f *Facts) { f.Suspects[0].HairColour = HairRed }},
		{"suspects", "too_many", func(f *Facts) { f.Suspects = slices.Repeat(f.Suspects, 5) }},
		{"vehicles", "too_many", func(f *Facts) { f.Vehicles = slices.Repeat(f.Vehicles, 5) }},
		{"vehicles[0].kind", "required", func(f *Facts) { f.Vehicles[0].Kind = "" }},
		{"vehicles[0].colour", "unknown", func(f *Facts) { f.Vehicles[0].Colour = "matt" }},
		{"vehicles[0]", "minimum", func(f *Facts) { f.Vehicles[0] = Vehicle{Kind: Car, Colour: Blue} }},
		{"vehicles[0].make", "too_long", func(f *Facts) { f.Vehicles[0].Make = strings.Repeat("x", 41) }},
		{"vehicles[0].model", "url", func(f *Facts) { f.Vehicles[0].Model = "http://x" }},
		{"vehicles[0].year", "range", func(f *Facts) { f.Vehicles[0].Year = 2028 }},
		{"vehicles[0].plate", "format", func(f *Facts) { f.Vehicles[0].Plate = "1<ABC>" }},
		{"vehicles[0].plate", "format", func(f *Facts) { f.Vehicles[0].Plate = "- -" }},
		{"vehicles[0].plate", "too_long", func(f *Facts) { f.Vehicles[0].Plate = strings.Repeat("1", 16) }},
		{"vehicles[0].country", "format", func(f *Facts) { f.Vehicles[0].Country = "B" }},
		{"vehicles[0].country", "format", func(f *Facts) { f.Vehicles[0].Country = "BE-VAN" }},
		{"last_seen.at", "required", func(f *Facts) { f.LastSeen.At = time.Time{} }},
		{"last_seen.at", "future", func(f *Facts) { f.LastSeen.At = noon.Add(time.Second) }},
		{"last_seen.at", "range", func(f *Facts) { f.LastSeen.At = noon.AddDate(0, 0, -91) }},
		{"last_seen.time_zone", "required", func(f *Facts) { f.LastSeen.TimeZone = "" }},
		{"last_seen.time_zone", "unknown", func(f *Facts) { f.LastSeen.TimeZone = "Europe/Atlantis" }},
		{"last_seen.time_zone", "unknown", func(f *Facts) { f.LastSeen.TimeZone = "Local" }},
		{"last_seen.time_zone", "unknown", func(f *Facts) { f.LastSeen.TimeZone = "Europe/../Brussels" }},
		{"last_seen.place", "required", func(f *Facts) { f.LastSeen.Place = "" }},
		{"last_seen.place", "too_long", func(f *Facts) { f.LastSeen.Place = strings.Repeat("x", 81) }},
		{"last_seen.place", "control", func(f *Facts) { f.LastSeen.Place = "Gare\ndu Nord" }},
		{"last_seen.point", "range", func(f *Facts) { f.LastSeen.Point.Lat = 148 }},
		{"last_seen.transport", "unknown", func(f *Facts) { f.LastSeen.Transport = "rocket" }},
		{"last_seen.towards", "too_long", func(f *Facts) { f.LastSeen.Towards = strings.Repeat("x", 61) }},
		{"instruction", "required", func(f *Facts) { f.Instruction = "" }},
		{"contact.phone", "required", func(f *Facts) { f.Contact.Phone = "" }},
		{"contact.phone", "format", func(f *Facts) { f.Contact.Phone = "+32 2 554 40 00" }},
		{"contact.phone", "format", func(f *Facts) { f.Contact.Phone = "1" }},
		{"contact.phone", "format", func(f *Facts) { f.Contact.Phone = "+1234567890123456" }},
		{"contact.hotline", "format", func(f *Facts) { f.Contact.Hotline = "116-000" }},
		{"contact.form", "format", func(f *Facts) { f.Contact.Form = "http://police.example/" }},
		{"contact.form", "format", func(f *Facts) { f.Contact.Form = "javascript:alert(1)" }},
		{"contact.form", "format", func(f *Facts) { f.Contact.Form = "https:///path" }},
		{"contact.form", "format", func(f *Facts) { f.Contact.Form = "https://pоlice.example/" }}, // a Cyrillic o
		{"contact.form", "userinfo", func(f *Facts) { f.Contact.Form = "https://police.example@evil.example/" }},
		{"contact.form", "too_long", func(f *Facts) { f.Contact.Form = "https://police.example/" + strings.Repeat("x", 200) }},
		{"note.fr", "required", func(f *Facts) { f.Note = Localized{English: "Call at once."} }},
		{"note.en", "bidi", func(f *Facts) { f.Note = Localized{English: "a\u2066b", French: "b"} }},
		{"note.en", "too_long", func(f *Facts) { f.Note = Localized{English: strings.Repeat("x", 301), French: "b"} }},
		{"areas", "required", func(f *Facts) { f.Areas = nil }},
		{"areas", "too_many", func(f *Facts) { f.Areas = slices.Repeat([]string{"BE"}, 61) }},
		{"areas[1]", "double", func(f *Facts) { f.Areas = []string{"BE-VAN", "BE-VAN"} }},
		{"areas[0]", "overlap", func(f *Facts) { f.Areas = []string{"BE-VAN", "BE"} }},
		{"areas[0]", "format", func(f *Facts) { f.Areas = []string{"be"} }},
		{"areas[0]", "format", func(f *Facts) { f.Areas = []string{"*"} }},
		{"languages", "required", func(f *Facts) { f.Languages = nil }},
		{"languages[1]", "double", func(f *Facts) { f.Languages = []Lang{French, French} }},
		{"languages[2]", "unknown", func(f *Facts) { f.Languages = []Lang{French, English, "nl"} }},
		{"languages", "too_many", func(f *Facts) { f.Languages = append(slices.Clone(Langs), English) }},
		{"expires", "required", func(f *Facts) { f.Expires = time.Time{} }},
		{"expires", "past", func(f *Facts) { f.Expires = noon }},
		{"expires", "range", func(f *Facts) { f.Expires = noon.Add(29 * time.Minute) }},
		{"expires", "range", func(f *Facts) { f.Expires = noon.Add(7*24*time.Hour + time.Second) }},
		{"polygons", "too_many", func(f *Facts) { f.Polygons = slices.Repeat(f.Polygons, 11) }},
		{"polygons[0]", "open", func(f *Facts) { f.Polygons[0][4] = Point{50, 4.5} }},
		{"polygons[0]", "crossing", func(f *Facts) { f.Polygons[0][1], f.Polygons[0][2] = f.Polygons[0][2], f.Polygons[0][1] }},
		{"polygons[0]", "too_short", func(f *Facts) { f.Polygons[0] = f.Polygons[0][:3] }},
		{"polygons[0]", "too_many", func(f *Facts) { f.Polygons[0] = make(Polygon, 201) }},
		{"polygons[0][2]", "range", func(f *Facts) { f.Polygons[0][2].Lat = 91 }},
		{"authority", "required", func(f *Facts) { f.Authority = "" }},
		{"authority", "too_long", func(f *Facts) { f.Authority = strings.Repeat("x", 61) }},
		{"authority", "control", func(f *Facts) { f.Authority = "Police\u2028fédérale" }},
	} {
		f := good()
		c.change(f)
		wantFault(t, f.Validate(noon), c.field, c.code)
	}
}

func TestAge19SaysWhoAnAlertIsFor(t *testing.T) {
	f := good()
	f.Children[0].Age = 19
	v := f.Validate(noon)
	if len(v) != 1 || !strings.HasPrefix(v[0].Text, "An alert is for a child under 18") {
		t.Errorf("got %v", v)
	}
}

func TestEveryFaultAtOnce(t *testing.T) {
	v := new(Facts).Validate(noon)
	for _, field := range []string{
		"circumstances", "children", "last_seen.at", "last_seen.time_zone", "last_seen.place",
		"instruction", "contact.phone", "areas", "languages", "expires", "authority",
	} {
		wantFault(t, v, field, "required")
	}
	if len(v) != 11 {
		t.Errorf("%d faults, want 11:\n%v", len(v), v)
	}
}

func TestStorableTakesADraftButNoFlood(t *testing.T) {
	if v := new(Facts).Storable(); len(v) > 0 {
		t.Errorf("an empty draft is refused: %v", v)
	}
	f := good()
	f.Expires, f.Children[0].Age, f.Areas = time.Time{}, 19, []string{"be"}
	if v := f.Storable(); len(v) > 0 {
		t.Errorf("a wrong draft is refused: %v", v)
	}
	f.Children[0].GivenName = strings.Repeat("a", 500)
	f.Children[0].Build = Build(strings.Repeat("b", 65))
	f.Areas = make([]string, 100_000)
	f.LastSeen.Place = "\xff"
	v := f.Storable()
	wantFault(t, v, "children[0].given_name", "too_long")
	wantFault(t, v, "children[0].build", "too_long")
	wantFault(t, v, "areas", "too_many")
	wantFault(t, v, "last_seen.place", "encoding")
	if len(v) != 4 {
		t.Errorf("%d faults, want 4:\n%v", len(v), v)
	}
}

func TestFaultsAreBounded(t *testing.T) {
	f := good()
	f.Children = make([]Person, 100_000)
	f.Note = Localized{}
	for i := range 10_000 {
		f.Note[Lang(strings.Repeat("x", i%5)+time.Duration(i).String())] = "x"
	}
	f.Polygons = slices.Repeat([]Polygon{make(Polygon, 100_000)}, 1000)
	if v := f.Validate(noon); len(v) > 100 {
		t.Errorf("%d faults: one flood must not make another", len(v))
	}
}

func TestLocalizedValidate(t *testing.T) {
	langs := []Lang{English, Russian}
	if v := (Localized{English: "Found.", Russian: "Найдена."}).Validate("words", langs, 20); len(v) > 0 {
		t.Error(v)
	}
	wantFault(t, Localized{English: "Found."}.Validate("words", langs, 20), "words.ru", "required")
	wantFault(t, Localized{English: strings.Repeat("x", 21), Russian: "x"}.Validate("words", langs, 20), "words.en", "too_long")
}
