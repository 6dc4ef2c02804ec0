// Package exercise is what an exercise is made of: an invented child for whoever
// practises, and the planned full test, from its date to its report.
package exercise

import (
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
)

// Where the example plays: what the agency's own settings say.
type Where struct {
	Area      alert.Area // one unit of the country
	TimeZone  string
	Authority string // "" = the example's own
	Phone     string // "" = the example's own
	Hotline   string
	Languages []alert.Lang
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
	}
	if d.Facts.Contact.Phone == "" {
		d.Facts.Contact.Phone = "116000"
	}
	if d.Facts.Authority == "" {
		d.Facts.Authority = "Police"
	}
	return d
}
