package alert_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"tocsin/internal/alert"
)

var update = flag.Bool("update", false, "write the golden files anew")

// stories are the messages that the golden files tell in six languages.
func stories() map[string]*alert.Message {
	at := time.Date(2026, 11, 22, 13, 30, 0, 0, time.UTC)
	brussels := func() *alert.Facts {
		return &alert.Facts{
			Circumstances: alert.AbductionStranger,
			Children: []alert.Person{{
				GivenName: "Anna", Age: 7, Sex: alert.Female, HeightCM: 125, Build: alert.BuildSlim,
				HairColour: alert.HairBlond, HairLength: alert.LengthLong, EyeColour: alert.EyesBlue,
				Clothing: []alert.Garment{
					{Item: alert.Jacket, Colour: alert.Red},
					{Item: alert.Jeans, Colour: alert.Blue},
					{Item: alert.Trainers, Colour: alert.White},
					{Item: alert.Backpack, Colour: alert.Pink},
				},
				Marks: alert.Localized{
					alert.English: "small scar above the left eyebrow", alert.French: "petite cicatrice au-dessus du sourcil gauche",
					alert.German: "kleine Narbe über der linken Augenbraue", alert.Italian: "piccola cicatrice sopra il sopracciglio sinistro",
					alert.Russian: "небольшой шрам над левой бровью", alert.Spanish: "pequeña cicatriz sobre la ceja izquierda",
				},
			}},
			LastSeen: alert.LastSeen{At: at, TimeZone: "Europe/Brussels", Place: "Gare du Nord, Brussels", Towards: "Lille", Transport: alert.ByCar},
			Vehicles: []alert.Vehicle{{Kind: alert.Car, Make: "Renault", Model: "Clio", Colour: alert.Grey, Year: 2019, Plate: "1-ABC-234", Country: "BE"}},
			Contact:  alert.Contact{Phone: "+3225544000", Hotline: "116000", Form: "https://police.example/anna"},

			Instruction: alert.InstructionDoNotApproach,
			Authority:   "Police fédérale",
		}
	}
	message := func(f *alert.Facts) *alert.Message {
		return &alert.Message{
			Schema: 1, Realm: alert.Live, Revision: 1, MsgType: alert.TypeAlert, Status: alert.StatusActual, Languages: alert.Langs,
			Areas: []alert.Area{{Code: "BE-BRU", Names: map[alert.Lang]string{
				alert.English: "Brussels-Capital", alert.French: "Bruxelles-Capitale", alert.German: "Brüssel-Hauptstadt",
				alert.Italian: "Bruxelles-Capitale", alert.Russian: "Брюссель-столица", alert.Spanish: "Bruselas-Capital",
			}}},
			Expires: at.Add(12 * time.Hour), Facts: f, Page: "https://alert.example/*/alerts/bcdfghjkmnpq",
		}
	}
	withdrawal := func(o alert.Outcome) *alert.Message {
		m := message(nil)
		m.MsgType, m.Outcome, m.Revision = alert.TypeCancel, o, 2
		return m
	}
	change := func(f func(*alert.Message)) *alert.Message {
		m := message(brussels())
		f(m)
		return m
	}
	return map[string]*alert.Message{
		"alert": message(brussels()),
		"update": change(func(m *alert.Message) {
			m.MsgType, m.Revision = alert.TypeUpdate, 2
			m.Facts.Note = alert.Localized{
				alert.English: "The car was seen on the E17 near Ghent at 15:10.", alert.French: "La voiture a été vue sur l'E17 près de Gand à 15 h 10.",
				alert.German: "Das Auto wurde um 15:10 Uhr auf der E17 bei Gent gesehen.", alert.Italian: "L'auto è stata vista alle 15:10 sulla E17 vicino a Gand.",
				alert.Russian: "Автомобиль видели в 15:10 на трассе E17 под Гентом.", alert.Spanish: "El coche fue visto a las 15:10 en la E17 cerca de Gante.",
			}
		}),
		"exercise":           change(func(m *alert.Message) { m.Realm, m.Status = alert.Drill, alert.StatusExercise }),
		"withdrawal_found":   withdrawal(alert.OutcomeFound),
		"withdrawal_error":   withdrawal(alert.OutcomeError),
		"withdrawal_expired": withdrawal(alert.OutcomeExpired),
		"withdrawal_other":   withdrawal(alert.OutcomeOther),
		"withdrawal_exercise": func() *alert.Message {
			m := withdrawal(alert.OutcomeFound)
			m.Realm, m.Status = alert.Drill, alert.StatusExercise
			return m
		}(),
		"linktest": func() *alert.Message {
			m := message(nil)
			m.Status = alert.StatusTest
			return m
		}(),
		"family": change(func(m *alert.Message) {
			f := m.Facts
			f.Circumstances = alert.AbductionParent
			f.Children = []alert.Person{f.Children[0], {
				GivenName: "Luc", Age: 9, Sex: alert.Male, HeightCM: 138, Build: alert.BuildMedium,
				HairColour: alert.HairBrown, HairLength: alert.LengthShort, EyeColour: alert.EyesBrown,
				Clothing: []alert.Garment{{Item: alert.Coat, Colour: alert.DarkBlue}, {Item: alert.Trousers, Colour: alert.Beige}, {Item: alert.Cap, Colour: alert.Green}},
			}}
			f.Suspects = []alert.Person{{
				GivenName: "Marc", FamilyName: "Peeters", Age: 41, Sex: alert.Male, HeightCM: 183, Build: alert.BuildStrong,
				HairLength: alert.LengthBald, EyeColour: alert.EyesGrey, Clothing: []alert.Garment{{Item: alert.Sweater, Colour: alert.Black}, {Item: alert.Glasses}},
			}}
			f.Vehicles = append(f.Vehicles, alert.Vehicle{Kind: alert.Camper, Colour: alert.White, Plate: "AB-123-CD", Country: "FR"})
			m.Areas = append(m.Areas, alert.Area{Code: "FR-59", Names: map[alert.Lang]string{alert.English: "Nord", alert.Russian: "Нор"}})
		}),
		"infant": change(func(m *alert.Message) {
			f := m.Facts
			f.Circumstances, f.Instruction, f.Vehicles = alert.OtherEndangered, alert.InstructionCall, nil
			f.Children = []alert.Person{{
				GivenName: "Mia", FamilyName: "Rossi", Sex: alert.Female, HairColour: alert.HairLightBrown,
				Clothing: []alert.Garment{{Item: alert.Pyjamas, Colour: alert.Yellow}, {Item: alert.WoollyHat, Colour: alert.White}, {Item: alert.SoftToy, Colour: alert.Brown}},
			}}
			f.LastSeen = alert.LastSeen{At: time.Date(2026, 3, 1, 0, 5, 0, 0, time.UTC), TimeZone: "Europe/Rome", Place: "Via Garibaldi 12, Torino"}
			f.Suspects = []alert.Person{{Sex: alert.Female, HairColour: alert.HairDyed, HairLength: alert.LengthMedium, Clothing: []alert.Garment{{Item: alert.Dress, Colour: alert.Orange}}}}
			f.Contact = alert.Contact{Phone: "112"}
			m.Expires = f.LastSeen.At.Add(24 * time.Hour)
			m.Areas = []alert.Area{{Code: "IT-21", Names: map[alert.Lang]string{alert.English: "Piedmont", alert.French: "Piémont", alert.German: "Piemont", alert.Italian: "Piemonte", alert.Russian: "Пьемонт", alert.Spanish: "Piamonte"}}}
		}),
		"runaway": change(func(m *alert.Message) {
			f := m.Facts
			f.Circumstances, f.Instruction, f.Vehicles = alert.EndangeredRunaway, alert.InstructionCall, nil
			f.Children = []alert.Person{{
				GivenName: "Иван", Age: 15, Sex: alert.Male, HeightCM: 171, Build: alert.BuildSlim, HairColour: alert.HairBlack,
				HairLength: alert.LengthShort, EyeColour: alert.EyesGreen, Clothing: []alert.Garment{
					{Item: alert.Hoodie, Colour: alert.Grey},
					{Item: alert.Tracksuit, Colour: alert.Black},
					{Item: alert.Scarf, Colour: alert.LightBlue},
					{Item: alert.Bag},
				},
			}}
			f.LastSeen = alert.LastSeen{At: time.Date(2026, 5, 3, 10, 21, 0, 0, time.UTC), TimeZone: "Asia/Almaty", Place: "вокзал Алматы-2", Transport: alert.ByTrain}
			f.Contact, f.Authority = alert.Contact{Phone: "+77272541111"}, "МВД Республики Казахстан"
			m.Expires = f.LastSeen.At.Add(24 * time.Hour)
			m.Areas = []alert.Area{{Code: "KZ-75", Names: map[alert.Lang]string{alert.English: "Almaty", alert.Russian: "Алматы"}}}
		}),
		"lost": change(func(m *alert.Message) {
			f := m.Facts
			f.Circumstances, f.Instruction, f.Vehicles = alert.LostOrInjured, alert.InstructionCall, nil
			f.Children = []alert.Person{{
				GivenName: "Jonas", Age: 4, Sex: alert.Male, HeightCM: 98,
				Clothing: []alert.Garment{{Item: alert.Swimsuit, Colour: alert.Green}, {Item: alert.Sandals, Colour: alert.Brown}},
			}}
			f.LastSeen.Towards, f.LastSeen.Transport, f.LastSeen.Place = "", alert.OnFoot, "Strandbad Wannsee, Berlin"
			f.LastSeen.TimeZone, f.Contact, f.Authority = "Europe/Berlin", alert.Contact{Phone: "110"}, "Polizei Berlin"
		}),
	}
}

// page lays the texts out for reading: each with its count and limit.
func page(t alert.Texts) string {
	var b strings.Builder
	for _, c := range alert.Counts(t) {
		fmt.Fprintf(&b, "%s: %d", c.Name, c.Count)
		if c.Limit > 0 {
			fmt.Fprintf(&b, "/%d", c.Limit)
		}
		fmt.Fprintf(&b, " %s", c.Unit)
		if c.Parts > 0 {
			fmt.Fprintf(&b, ", in %d", c.Parts)
		}
		b.WriteString("\n\t" + strings.ReplaceAll(c.Text, "\n", "\n\t") + "\n\n")
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	for name, m := range stories() {
		for _, lang := range alert.Langs {
			t.Run(name+"/"+string(lang), func(t *testing.T) {
				texts, err := alert.Write(m, lang)
				if err != nil {
					t.Fatal(err)
				}
				got := page(texts)
				file := filepath.Join("testdata", "texts", name+"."+string(lang)+".golden")
				if *update {
					if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if got != string(want) {
					t.Errorf("%s differs; run go test ./internal/alert -run Golden -update and read the difference\n got:\n%s\nwant:\n%s", file, got, want)
				}
			})
		}
	}
}
