package alert

import (
	"strings"
	"testing"
	"time"
)

// A sheet says the same as the texts, in every language, and nothing of a message without a case.
func TestSheet(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	m := &Message{
		MsgType: TypeUpdate, Status: StatusExercise, Languages: Langs, Expires: now.Add(24 * time.Hour), Page: "https://alert.example/*/alerts/X",
		Facts: &Facts{
			Circumstances: AbductionParent, Instruction: InstructionDoNotApproach, Authority: "Police",
			Children: []Person{{GivenName: "Anna\u202e", Age: 7, Sex: Female, HeightCM: 125, Clothing: []Garment{{Jacket, Red}}, Photo: "p"}},
			Vehicles: []Vehicle{{Kind: Car, Make: "Renault", Plate: "1-ABC-234", Country: "BE"}},
			LastSeen: LastSeen{At: now, TimeZone: "Europe/Brussels", Place: "Gare du Nord", Transport: ByTrain},
			Contact:  Contact{Phone: "+3225544000", Hotline: "116000"},
		},
	}
	for _, lang := range Langs {
		s, ok, err := NewSheet(m, lang)
		if err != nil || !ok {
			t.Fatal(lang, ok, err)
		}
		for name, text := range map[string]string{
			"mark": s.Mark, "warning": s.Warning, "update": s.Update, "heading": s.Heading, "seen": s.Seen, "when": s.When, "clothing": s.Clothing,
			"direction": s.Direction.Value, "do not approach": s.DontApproach, "hotline": s.HotlineWords, "until": s.ValidUntil.Value,
			"about": s.Children[0].About, "looks": s.Children[0].Looks, "worn": s.Children[0].Clothing,
		} {
			if text == "" || strings.ContainsAny(text, "{}") {
				t.Errorf("%s: %s is %q", lang, name, text)
			}
		}
		if s.Children[0].Name != "Anna" || s.Phone != "+32 2 554 40 00" || s.Page != "https://alert.example/"+string(lang)+"/alerts/X" {
			t.Errorf("%s: %+v", lang, s)
		}
		if v := s.Vehicles[0]; !strings.Contains(v.Words, "Renault") || strings.Contains(v.Words, "ABC") || v.Plate != "1-ABC-234" {
			t.Errorf("%s: vehicle %+v", lang, v)
		}
	}
	m.MsgType, m.Outcome = TypeCancel, OutcomeFound
	if s, ok, err := NewSheet(m, English); ok || err != nil || len(s.Children) > 0 {
		t.Errorf("a withdrawal has a sheet: %+v %v", s, err)
	}
}
