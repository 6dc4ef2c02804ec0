package sms

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"tocsin/internal/alert"
)

// story is a message with the product's own texts.
func story(t *testing.T, change func(*alert.Message)) *alert.Message {
	t.Helper()
	at := time.Date(2026, 11, 22, 13, 30, 0, 0, time.UTC)
	m := &alert.Message{
		Schema: 1, Realm: alert.Live, Revision: 1, MsgType: alert.TypeAlert, Status: alert.StatusActual,
		Languages: alert.Langs, Expires: at.Add(12 * time.Hour), Page: "https://alert.example/*/alerts/bcdfghjkmnpq",
		Areas: []alert.Area{{Code: "BE-BRU", Names: map[alert.Lang]string{
			alert.English: "Brussels-Capital", alert.French: "Bruxelles-Capitale", alert.German: "Brüssel-Hauptstadt",
			alert.Italian: "Bruxelles-Capitale", alert.Russian: "Брюссель-столица", alert.Spanish: "Bruselas-Capital",
		}}},
		Facts: &alert.Facts{
			Circumstances: alert.AbductionStranger,
			Children: []alert.Person{{
				GivenName: "Éloïse", Age: 7, Sex: alert.Female, HeightCM: 125, HairColour: alert.HairBlond,
				Clothing: []alert.Garment{{Item: alert.Jacket, Colour: alert.Red}, {Item: alert.Jeans, Colour: alert.Blue}},
			}},
			LastSeen:  alert.LastSeen{At: at, TimeZone: "Europe/Brussels", Place: "Gare du Nord", Transport: alert.ByCar},
			Vehicles:  []alert.Vehicle{{Kind: alert.Car, Make: "Renault", Model: "Clio", Colour: alert.Grey, Plate: "1-ABC-234", Country: "BE"}},
			Contact:   alert.Contact{Phone: "+3225544000", Hotline: "116000"},
			Authority: "Police fédérale", Instruction: alert.InstructionDoNotApproach,
		},
	}
	change(m)
	if err := alert.WriteAll(m); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestEveryLanguageFits holds what the channel counts against what the domain
// counted while drafting: a release can never fail on the length of an SMS.
func TestEveryLanguageFits(t *testing.T) {
	f := start(t, gate(t, "127.0.0.1:1"))
	for name, change := range map[string]func(*alert.Message){
		"alert":    func(*alert.Message) {},
		"update":   func(m *alert.Message) { m.MsgType, m.Revision = alert.TypeUpdate, 2 },
		"exercise": func(m *alert.Message) { m.Realm, m.Status = alert.Drill, alert.StatusExercise },
		"withdrawal": func(m *alert.Message) {
			m.MsgType, m.Revision, m.Facts, m.Outcome = alert.TypeCancel, 2, nil, alert.OutcomeFound
		},
	} {
		m := story(t, change)
		f.env.Realm = m.Realm
		for _, lang := range alert.Langs {
			p, err := f.Render(m, lang)
			if err != nil {
				t.Errorf("%s %s: %v", name, lang, err)
				continue
			}
			part := p.Parts[0]
			for _, c := range alert.Counts(m.Texts[lang]) {
				if c.Name == "sms" && (c.Count != part.Count || c.Limit != part.Limit || !strings.HasSuffix(part.Unit, plural(c.Parts))) {
					t.Errorf("%s %s: %d of %d %s, the domain counts %+v", name, lang, part.Count, part.Limit, part.Unit, c)
				}
			}
			if ucs2 := strings.HasPrefix(part.Unit, "UCS-2"); ucs2 != (lang == alert.Russian) {
				t.Errorf("%s %s travels as %s: %q", name, lang, part.Unit, part.Text)
			}
			if part.Text != m.Texts[lang].SMS {
				t.Errorf("%s %s: the words were changed to %q", name, lang, part.Text)
			}
			if name == "withdrawal" && (strings.Contains(part.Text, "loïse") || strings.Contains(part.Text, "loise")) {
				t.Errorf("%s %s names the child: %q", name, lang, part.Text)
			}
		}
	}
}
