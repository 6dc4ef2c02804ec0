package measure

import (
	"time"

	"tocsin/internal/alert"
)

// Alert is the drill's message that the benches send, in the product's words.
func Alert() (*alert.Message, error) {
	expires := time.Now().Add(time.Hour).Truncate(time.Second)
	m := &alert.Message{
		Schema: 1, Realm: alert.Drill, Identifier: "bepol-case0042-r1", Sender: "alerts@police.example", Agency: "BEPOL",
		Case: "case0042", Revision: 1, MsgType: alert.TypeAlert, Status: alert.StatusExercise,
		Languages: []alert.Lang{alert.English, alert.French},
		Areas:     []alert.Area{{Code: "BE-BRU", Names: map[alert.Lang]string{alert.English: "Brussels", alert.French: "Bruxelles"}}},
		Expires:   expires, Page: "https://alerts.example/*/alerts/case0042",
		Media: []alert.Media{{Kind: "photo", URL: "https://alerts.example/photos/k3X9vQ2mT7.jpg", MIME: "image/jpeg"}},
		Facts: &alert.Facts{
			Circumstances: alert.AbductionStranger,
			Children: []alert.Person{{
				GivenName: "Anna", Age: 7, Sex: alert.Female, HeightCM: 125, HairColour: alert.HairBlond, HairLength: alert.LengthLong,
				Clothing: []alert.Garment{{Item: alert.Jacket, Colour: alert.Red}, {Item: alert.Jeans, Colour: alert.Blue}},
			}},
			LastSeen: alert.LastSeen{
				At: time.Now().Add(-time.Hour), TimeZone: "Europe/Brussels", Place: "Gare du Nord, Brussels",
			},
			Instruction: alert.InstructionDoNotApproach, Contact: alert.Contact{Phone: "+3225544000"},
			Areas: []string{"BE-BRU"}, Languages: alert.Langs, Expires: expires, Authority: "Police fédérale",
		},
	}
	return m, alert.WriteAll(m)
}
