package demo

import (
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
	"tocsin/internal/criteria"
)

// anna is the exercise: a girl last seen at a station in Brussels, in three languages.
func anna(now time.Time) casework.Draft {
	return casework.Draft{
		Facts: alert.Facts{
			Circumstances: alert.AbductionStranger,
			Children: []alert.Person{{
				GivenName: "Anna", Age: 7, Sex: alert.Female, HeightCM: 122, Build: alert.BuildSlim,
				HairColour: alert.HairBrown, HairLength: alert.LengthLong, EyeColour: alert.EyesBlue,
				Clothing: []alert.Garment{
					{Item: alert.Jacket, Colour: alert.Red},
					{Item: alert.Jeans, Colour: alert.Blue},
					{Item: alert.Backpack, Colour: alert.Yellow},
				},
			}},
			LastSeen: alert.LastSeen{
				At: now.Add(-95 * time.Minute).Truncate(5 * time.Minute), TimeZone: "Europe/Brussels",
				Place: "Gare du Nord, Bruxelles", Transport: alert.ByCar, Towards: "Liège",
			},
			Instruction: alert.InstructionDoNotApproach,
			Contact:     alert.Contact{Phone: "+3225544000", Hotline: "116000"},
			Areas:       []string{"BE"},
			Languages:   []alert.Lang{alert.French, alert.German, alert.English},
			Expires:     now.Add(12 * time.Hour).Truncate(time.Minute),
			Authority:   "Police fédérale",
		},
		Internal: casework.Internal{Reference: "EX-2026-114", ReportedAt: now.Add(-70 * time.Minute)},
		Criteria: answers(),
	}
}

// answers fulfil the neutral criteria.
func answers() *criteria.Answers {
	return &criteria.Answers{Set: "osce", Version: 1, Answers: map[string]criteria.Answer{
		"minor":       {Value: criteria.Yes},
		"missing":     {Value: criteria.Yes},
		"danger":      {Value: criteria.Yes, Reason: "Two witnesses saw a man pull the child into a van."},
		"information": {Value: criteria.Yes},
		"harm":        {Value: criteria.No},
	}}
}

// addVehicle is the update: a witness saw the car.
func addVehicle(d *casework.Draft) {
	d.Facts.Vehicles = []alert.Vehicle{{
		Kind: alert.Van, Make: "Renault", Model: "Trafic", Colour: alert.White, Plate: "1-ABC-234", Country: "BE",
	}}
}

// luc is a second exercise, which stays live for whoever clicks through the pages.
func luc(now time.Time) casework.Draft {
	d := anna(now)
	d.Facts.Circumstances = alert.EndangeredRunaway
	d.Facts.Instruction = alert.InstructionCall
	d.Facts.Children = []alert.Person{{
		GivenName: "Luc", Age: 13, Sex: alert.Male, HeightCM: 158, Build: alert.BuildMedium,
		HairColour: alert.HairBlond, HairLength: alert.LengthShort, EyeColour: alert.EyesGreen,
		Clothing: []alert.Garment{
			{Item: alert.Hoodie, Colour: alert.Green}, {Item: alert.Trainers, Colour: alert.White},
		},
	}}
	d.Facts.LastSeen.Place = "Meir, Antwerpen"
	d.Facts.LastSeen.Transport = alert.ByTrain
	d.Facts.LastSeen.Towards = "Gent"
	d.Internal.Reference = "EX-2026-115"
	return d
}
