// Package exercise is what an exercise is made of: an invented child for whoever
// practises, and the planned full test, from its date to its report.
package exercise

import (
	"strings"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
	"tocsin/internal/criteria"
)

// Where the example plays: what the agency's own settings say.
type Where struct {
	Area      alert.Area // one unit of the country
	TimeZone  string
	Authority string // "" = the example's own
	Phone     string // "" = 116000 in a practice, which is never sent; nothing in a test, which is
	Hotline   string
	Languages []alert.Lang
	Criteria  *criteria.Set // asked first; nil = nothing is
}

// Example is a complete invented draft: nobody's child. photo is the token of its
// picture in the case, "" for none. reported is when the clock starts.
func Example(at Where, reported time.Time, photo string) casework.Draft {
	d := casework.Draft{
		Facts: alert.Facts{
			Circumstances: alert.EndangeredRunaway,
			Children: []alert.Person{{
				GivenName: "Mila", Age: 9, Sex: alert.Female, HeightCM: 134, Build: alert.BuildSlim, Photo: photo,
				HairColour: alert.HairBrown, HairLength: alert.LengthLong, EyeColour: alert.EyesBlue,
				Clothing: []alert.Garment{
					{Item: alert.Jacket, Colour: alert.Red}, {Item: alert.Jeans, Colour: alert.Blue}, {Item: alert.Backpack, Colour: alert.Yellow},
				},
			}},
			LastSeen: alert.LastSeen{
				At: reported.Add(-50 * time.Minute).Truncate(5 * time.Minute), TimeZone: at.TimeZone,
				Place: "Station, " + at.Area.Name(at.Languages[0]), Transport: alert.ByBus,
			},
			Instruction: alert.InstructionCall,
			Contact:     alert.Contact{Phone: at.Phone, Hotline: at.Hotline},
			Areas:       []string{at.Area.Code},
			Languages:   at.Languages,
			Authority:   at.Authority,
		},
		Internal: casework.Internal{Reference: "EXERCISE-1", ReportedAt: reported},
		Criteria: fulfilled(at.Criteria),
	}
	if at.TimeZone == "" || at.TimeZone == "UTC" {
		d.Facts.LastSeen.TimeZone = "Europe/Brussels" // a child is missing in a place, and UTC is none
	}
	if d.Facts.Contact.Phone == "" {
		d.Facts.Contact.Phone = "116000"
	}
	if d.Facts.Authority == "" {
		d.Facts.Authority = "Police"
	}
	return d
}

// invented is the reason of an answer that wants one.
const invented = "Invented, for practice."

// fulfilled answers a set so that every criterion is fulfilled; nil without a set.
func fulfilled(set *criteria.Set) *criteria.Answers {
	a := set.Begin()
	if a == nil {
		return nil
	}
	a.Answers = map[string]criteria.Answer{}
	for _, q := range set.Criteria {
		one := criteria.Answer{Value: criteria.Yes}
		if !q.Met(one.Value) {
			one.Value = criteria.No
		}
		if q.NeedsReason(one.Value) {
			one.Reason = invented
		}
		a.Answers[q.ID] = one
	}
	return a
}

// testNote says in public which exercise this is; {day} is its day.
var testNote = map[alert.Lang]string{
	alert.English: "This is the planned full test of {day}.",
	alert.French:  "Ceci est le test général prévu le {day}.",
	alert.German:  "Dies ist der geplante Gesamttest vom {day}.",
	alert.Italian: "Questa è la prova generale prevista per il {day}.",
	alert.Russian: "Это плановая общая проверка {day}.",
	alert.Spanish: "Esta es la prueba general prevista para el {day}.",
}

// testLife is how long a test's alert lives: a working day has time to answer.
const testLife = 3 * time.Hour

// Draft is the exercise alert of a test begun now: the example, marked as this
// test in every language by its day where it plays. Without at.Phone it lacks the
// number to call, and cannot be submitted before somebody gives one: everybody in
// the exercise system is told to call it, and the hotline of real children is not for that.
func (t Test) Draft(at Where, now time.Time) casework.Draft {
	d := Example(at, now.Truncate(time.Minute), "")
	d.Facts.Contact.Phone = at.Phone
	d.Facts.Expires = now.Add(testLife).Truncate(time.Minute)
	d.Internal.Reference = "TEST " + t.ID
	d.Facts.Note = alert.Localized{}
	zone, err := time.LoadLocation(d.Facts.LastSeen.TimeZone)
	if err != nil {
		zone = time.UTC // validation names the zone
	}
	for _, l := range d.Facts.Languages {
		d.Facts.Note[l] = strings.ReplaceAll(testNote[l], "{day}", t.At.In(zone).Format(time.DateOnly))
	}
	return d
}
