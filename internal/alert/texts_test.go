package alert_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
)

func TestWriteRefusesWithTheFieldAndTheMend(t *testing.T) {
	for _, tt := range []struct {
		name   string
		lang   alert.Lang
		change func(m *alert.Message)
		field  string
	}{
		{"a language without words", "nl", func(*alert.Message) {}, "languages"},
		{"a message type we do not issue", "en", func(m *alert.Message) { m.MsgType = "Ack" }, "msg_type"},
		{"a status we do not issue", "en", func(m *alert.Message) { m.Status = "Draft" }, "status"},
		{"no facts", "en", func(m *alert.Message) { m.Facts = nil }, "facts"},
		{"no child", "en", func(m *alert.Message) { m.Facts.Children = nil }, "children"},
		{"seven children", "ru", func(m *alert.Message) { m.Facts.Children = make([]alert.Person, 7) }, "children"},
		{"a time zone that is none", "en", func(m *alert.Message) { m.Facts.LastSeen.TimeZone = "Mars/Olympus" }, "last_seen.time_zone"},
		{"a withdrawal without outcome", "en", func(m *alert.Message) { m.MsgType, m.Facts = alert.TypeCancel, nil }, "outcome"},
		{"a number to call that no radio could show", "en", func(m *alert.Message) { m.Facts.Contact.Phone = strings.Repeat("9", 99) }, "texts.en.radiotext"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := stories()["alert"]
			tt.change(m)
			_, err := alert.Write(m, tt.lang)
			faults, ok := errors.AsType[alert.Invalid](err)
			if !ok || !slices.ContainsFunc(faults, func(f alert.Fault) bool { return f.Field == tt.field && f.Text != "" }) {
				t.Errorf("got %v, want a fault of %s", err, tt.field)
			}
		})
	}
}

func TestWriteAll(t *testing.T) {
	m := stories()["family"]
	if err := alert.WriteAll(m); err != nil {
		t.Fatal(err)
	}
	for _, lang := range alert.Langs {
		if m.Texts[lang].Headline == "" {
			t.Errorf("%s: no headline", lang)
		}
	}
	before := m.Texts
	m.Facts.LastSeen.TimeZone = "nowhere"
	faults, _ := errors.AsType[alert.Invalid](alert.WriteAll(m))
	if len(faults) != 1 {
		t.Errorf("one wrong zone gave %d faults: %v", len(faults), faults)
	}
	if len(m.Texts) != len(before) || m.Texts[alert.English] != before[alert.English] {
		t.Error("a refusal changed the texts")
	}
}

func TestWriteLeavesTheFactsAlone(t *testing.T) {
	m := stories()["family"]
	m.Facts.Children[0].GivenName = " Anna\nMaria "
	texts, err := alert.Write(m, alert.English)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(texts.Headline, "Anna Maria, 7") {
		t.Errorf("a line break became no space: %q", texts.Headline)
	}
	if m.Facts.Children[0].GivenName != " Anna\nMaria " {
		t.Error("Write changed the facts")
	}
}

// The preview of a draft that has hardly begun must not fall over.
func TestAnEmptyDraftHasWords(t *testing.T) {
	m := stories()["alert"]
	m.Facts = &alert.Facts{
		Children: make([]alert.Person, 1), Suspects: make([]alert.Person, 1),
		Vehicles: make([]alert.Vehicle, 1),
	}
	m.Facts.Children[0].Clothing = []alert.Garment{{Item: "sword", Colour: "puce"}}
	m.Areas, m.Page, m.Expires = nil, "", time.Time{}
	for _, lang := range alert.Langs {
		if texts, err := alert.Write(m, lang); err != nil || texts.Description == "" {
			t.Errorf("%s: %v, %q", lang, err, texts.Description)
		}
	}
}

func TestTextFromTheCaseStaysText(t *testing.T) {
	m := stories()["alert"]
	m.Facts.Children[0].GivenName = "<img onerror=x>{n}\u202e"
	texts, err := alert.Write(m, alert.English)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(texts.Description, "<img onerror=x>{n}, a 7-year-old girl") {
		t.Errorf("the name was not taken as it is: %q", texts.Description)
	}
}

// A suspect's age 0 is unknown: he must not become a baby.
func TestSuspectOfUnknownAge(t *testing.T) {
	m := stories()["family"]
	m.Facts.Suspects[0].Age = 0
	for _, lang := range alert.Langs {
		texts, err := alert.Write(m, lang)
		if err != nil {
			t.Fatal(err)
		}
		age := alert.DescribeSuspect(m.Facts.Suspects[0], lang)[0].Value
		grown := alert.DescribeSuspect(alert.Person{Sex: alert.Male, Age: 30}, lang)[0].Value
		if !strings.HasPrefix(grown, age) || strings.ContainsAny(age, "0123456789") {
			t.Errorf("%s: an unknown age is described as %q", lang, age)
		}
		baby := alert.Describe(alert.Person{Sex: alert.Male}, lang)[0].Value
		if strings.Contains(strings.ToLower(texts.Description), strings.ToLower(baby)) {
			t.Errorf("%s: the suspect became a baby: %q", lang, texts.Description)
		}
	}
}

func TestDescribe(t *testing.T) {
	f := stories()["alert"].Facts
	want := []alert.Detail{
		{"Alter", "Mädchen, 7 Jahre"},
		{"Größe", "1,25 m"},
		{"Statur", "Schlank"},
		{"Haare", "Lange blonde Haare"},
		{"Augen", "Blaue Augen"},
		{"Kleidung", "Rote Jacke, blaue Jeans, weiße Turnschuhe, rosa Rucksack"},
		{"Besondere Merkmale", "Kleine Narbe über der linken Augenbraue"},
	}
	if got := alert.Describe(f.Children[0], alert.German); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	want = []alert.Detail{{"Véhicule", "Voiture grise"}, {"Marque et modèle", "Renault Clio"}, {"Année", "2019"}, {"Immatriculation", "1-ABC-234 (Belgique)"}}
	if got := alert.DescribeVehicle(f.Vehicles[0], alert.French); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	want = []alert.Detail{{"Дата и время", "Воскресенье, 22 ноября, 14:30"}, {"Место", "Gare du Nord, Brussels"}, {"Направление", "Lille, на автомобиле"}}
	if got, err := alert.DescribeLastSeen(f, alert.Russian); err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if got := alert.Describe(alert.Person{Sex: alert.Female}, alert.English); len(got) != 1 || got[0].Value != "Baby girl, under 1" {
		t.Errorf("a baby of whom nothing is known: %v", got)
	}
	if alert.Describe(f.Children[0], "nl") != nil || alert.DescribeVehicle(f.Vehicles[0], "nl") != nil || alert.DescribeSuspect(f.Children[0], "nl") != nil {
		t.Error("a language without words described somebody")
	}
}

func TestFormatTime(t *testing.T) {
	at := time.Date(2026, 11, 22, 23, 30, 0, 0, time.UTC)
	for _, tt := range []struct {
		lang alert.Lang
		zone string
		want string
	}{
		{alert.English, "UTC", "Sunday 22 November, 23:30"},
		{alert.English, "Europe/Brussels", "Monday 23 November, 00:30"},
		{alert.French, "Europe/Paris", "lundi 23 novembre, 0 h 30"},
		{alert.German, "Europe/Berlin", "Montag, 23. November, 00:30 Uhr"},
		{alert.Italian, "Europe/Rome", "lunedì 23 novembre, ore 00:30"},
		{alert.Russian, "Asia/Almaty", "понедельник, 23 ноября, 04:30"},
		{alert.Spanish, "America/New_York", "domingo 22 de noviembre, 18:30"},
	} {
		if got, err := alert.FormatTime(at, tt.zone, tt.lang); err != nil || got != tt.want {
			t.Errorf("%s: %q, %v, want %q", tt.lang, got, err, tt.want)
		}
	}
	for _, bad := range [][2]string{{"nowhere", "en"}, {"UTC", "nl"}} {
		if got, err := alert.FormatTime(at, bad[0], alert.Lang(bad[1])); err == nil {
			t.Errorf("%v gave %q and no error", bad, got)
		}
	}
	if _, err := alert.DescribeLastSeen(&alert.Facts{LastSeen: alert.LastSeen{TimeZone: "nowhere"}}, alert.English); err == nil {
		t.Error("a zone that is none gave no error")
	}
}

func TestAnOtherYearIsNamed(t *testing.T) {
	m := stories()["alert"]
	m.Expires = m.Expires.AddDate(1, 0, 0)
	texts, err := alert.Write(m, alert.English)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(texts.Description, "Sunday 22 November, 14:30 (2026), Gare") {
		t.Errorf("a child missing since last year: %q", texts.Description)
	}
}

func TestFormatPhone(t *testing.T) {
	for number, want := range map[string]string{
		"112": "112", "1313": "1313", "116000": "116 000", "+3225544000": "+32 2 554 40 00", "+33123456789": "+33 1 23 45 67 89",
		"+74951234567": "+7 495 123 45 67", "+34912345678": "+34 912 345 678", "+12125550123": "+1 212 555 0123",
		"+4930123456": "+49 301 234 56", "+999123456789": "+999 123 456 789", "call me": "call me", "+": "+", "": "",
	} {
		if got := alert.FormatPhone(number); got != want {
			t.Errorf("%q is %q, want %q", number, got, want)
		}
	}
}

func TestNumberReadAloud(t *testing.T) {
	for _, tt := range []struct {
		phone string
		areas []string
		want  string
	}{
		{"+3225544000", []string{"BE-BRU", "BE-VAN"}, "call 0 2, 5 5 4, 4 0, 0 0 at once"},
		{"+3225544000", []string{"BE-BRU", "FR-59"}, "call plus 3 2, 2, 5 5 4, 4 0, 0 0 at once"},
		{"+3225544000", nil, "call plus 3 2, 2, 5 5 4, 4 0, 0 0 at once"},
		{"+77272541111", []string{"KZ-75"}, "call 8, 7 2 7, 2 5 4, 1 1, 1 1 at once"},
		{"+390612345678", []string{"IT"}, "call 0 6 1, 2 3 4, 5 6 7 8 at once"},
		{"+999123456", []string{"BE"}, "call plus 9 9 9, 1 2 3, 4 5 6 at once"},
		{"116000", []string{"BE"}, "call 1 1 6, 0 0 0 at once"},
	} {
		m := stories()["alert"]
		m.Facts.Contact.Phone, m.Areas = tt.phone, nil
		for _, code := range tt.areas {
			m.Areas = append(m.Areas, alert.Area{Code: code})
		}
		texts, err := alert.Write(m, alert.English)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(texts.Spoken, tt.want) {
			t.Errorf("%s in %v: %q is not in %q", tt.phone, tt.areas, tt.want, texts.Spoken)
		}
	}
}

// A Frenchman and a Russian say a group of digits as one number.
func TestNumberReadAloudInGroups(t *testing.T) {
	for lang, want := range map[alert.Lang]string{
		alert.French:  "appelez immédiatement le numéro 02, 554, 40, 00. Je répète le numéro : 02, 554, 40, 00. Ligne des enfants disparus : 116, 000.",
		alert.Russian: "по номеру 02, 554, 40, 00. Повторяем номер: 02, 554, 40, 00.",
	} {
		texts, err := alert.Write(stories()["alert"], lang)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(texts.Spoken, want) {
			t.Errorf("%s: %q is not in %q", lang, want, texts.Spoken)
		}
	}
}

// The limits are the channels', not ours: a changed constant must fail here.
func TestCounts(t *testing.T) {
	limits := map[string]int{
		"headline": 160, "description": 0, "instruction": 0, "spoken": 0, "crawl": 200, "radiotext": 64,
		"push_title": 50, "push_body": 180, "sms": 306, "short90": 90, "long360": 360,
	}
	texts, err := alert.Write(stories()["alert"], alert.English)
	if err != nil {
		t.Fatal(err)
	}
	counts := alert.Counts(texts)
	if len(counts) != len(limits) {
		t.Errorf("%d texts are counted, want %d", len(counts), len(limits))
	}
	for _, c := range counts {
		if limit, ok := limits[c.Name]; !ok || c.Limit != limit || c.Over() || c.Count == 0 || c.Text == "" {
			t.Errorf("%+v, want the limit %d", c, limit)
		}
	}
	long := alert.Counts(alert.Texts{Headline: strings.Repeat("é", 161), SMS: strings.Repeat("я", 202), Short90: strings.Repeat("€", 46), Spoken: "Anna", SpokenSeconds: 3})
	for i, want := range map[int]alert.Count{
		0: {Name: "headline", Count: 161, Limit: 160, Unit: "characters"},
		3: {Name: "spoken", Count: 3, Unit: "seconds"},
		8: {Name: "sms", Count: 202, Limit: 201, Unit: "UTF-16 units", Parts: 4},
		9: {Name: "short90", Count: 92, Limit: 90, Unit: "septets"},
	} {
		want.Text = long[i].Text
		if long[i] != want || long[i].Over() != (i != 3) {
			t.Errorf("got %+v, want %+v", long[i], want)
		}
	}
}

func TestStatusWordAndPageURL(t *testing.T) {
	if got := alert.StatusWord(alert.StatusActual, alert.English); got != "" {
		t.Errorf("a real alert begins with %q", got)
	}
	for lang, want := range map[alert.Lang]string{alert.English: "EXERCISE", alert.German: "ÜBUNG", alert.Russian: "УЧЕБНАЯ ТРЕВОГА", "nl": ""} {
		if got := alert.StatusWord(alert.StatusExercise, lang); got != want {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
	}
	m := &alert.Message{Page: "https://alert.example/*/alerts/abc"}
	if got := alert.PageURL(m, alert.French); got != "https://alert.example/fr/alerts/abc" {
		t.Errorf("got %q", got)
	}
}
