package adaptertest

import (
	"fmt"
	"strings"
	"time"

	"tocsin/internal/alert"
)

// now is one moment for the whole run, so that a message can be built twice and
// compared. Messages end six hours later: some far ends look at the clock.
var now = time.Now().UTC().Truncate(time.Second)

// kind is one kind of message that a server issues.
type kind struct {
	realm  alert.Realm
	status alert.Status
	typ    alert.MsgType
	rev    int
}

func (k kind) String() string { return fmt.Sprintf("%s %s %s", k.realm, k.status, k.typ) }

// kinds are all there are: alert, update and withdrawal in both realms, and the
// weekly test of the links, which is about nobody.
var kinds = []kind{
	{alert.Drill, alert.StatusExercise, alert.TypeAlert, 1},
	{alert.Drill, alert.StatusExercise, alert.TypeUpdate, 2},
	{alert.Drill, alert.StatusExercise, alert.TypeCancel, 3},
	{alert.Live, alert.StatusActual, alert.TypeAlert, 1},
	{alert.Live, alert.StatusActual, alert.TypeUpdate, 2},
	{alert.Live, alert.StatusActual, alert.TypeCancel, 3},
	{alert.Live, alert.StatusTest, alert.TypeAlert, 1},
	{alert.Drill, alert.StatusTest, alert.TypeAlert, 1},
}

// drill is a message of the drill realm: only these are sent.
func drill(typ alert.MsgType) *alert.Message {
	for _, k := range kinds {
		if k.realm == alert.Drill && k.typ == typ {
			return k.message()
		}
	}
	return nil
}

// message is a released message of the kind. Two calls give equal messages that share nothing.
func (k kind) message() *alert.Message {
	m := k.bare()
	if k.typ == alert.TypeCancel {
		m.Outcome = alert.OutcomeFound
	} else if k.status != alert.StatusTest {
		m.Facts, m.Media = facts(), media()
	}
	k.write(m)
	return m
}

// write fills in the words.
func (k kind) write(m *alert.Message) {
	if err := alert.WriteAll(m); err != nil {
		panic(err) // the suite's own message is wrong
	}
}

// bare is a message without content.
func (k kind) bare() *alert.Message {
	m := &alert.Message{
		Schema: alert.Schema, Realm: k.realm, Identifier: fmt.Sprintf("bepol-c0042-r%d", k.rev), Sender: "alerts@police.example",
		Agency: "BEPOL", Case: "c0042", Revision: k.rev, MsgType: k.typ, Status: k.status,
		Languages: append([]alert.Lang(nil), alert.Langs...),
		Areas: []alert.Area{{Code: "BE-BRU", Names: map[alert.Lang]string{
			alert.English: "Brussels", alert.French: "Bruxelles", alert.German: "Brüssel", alert.Russian: "Брюссель",
		}}},
		Sent: now, Expires: now.Add(6 * time.Hour), Page: "https://alerts.example/*/alerts/c0042",
	}
	for r := 1; r < k.rev; r++ {
		m.References = append(m.References, alert.Ref{
			Sender: m.Sender, Identifier: fmt.Sprintf("bepol-c0042-r%d", r), Sent: now.Add(-time.Hour),
		})
	}
	m.CAP = []byte(`<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>` + m.Identifier + `</identifier></alert>`)
	return m
}

// traces are the words of facts and media that no withdrawal, log line or
// receipt may hold: nothing else in the suite's messages has them.
var traces = []string{
	"Zephyrine", "Quillfeather", "Barnabus", "Wherry", "QXZ4711", "Lanternquay", "Wibblecombe",
	"Lagonda", "crescent", "violin", "k3X9vQ2mT7", "25559911", "sightings",
}

// facts use a word of traces in each field that a channel could show.
func facts() *alert.Facts {
	return &alert.Facts{
		Circumstances: alert.AbductionStranger,
		Children: []alert.Person{{
			GivenName: "Zephyrine", FamilyName: "Quillfeather", Age: 7, Sex: alert.Female, HeightCM: 125,
			HairColour: alert.HairBlond, HairLength: alert.LengthLong, EyeColour: alert.EyesBlue,
			Clothing: []alert.Garment{{Item: alert.Jacket, Colour: alert.Red}},
			Marks:    everywhere("crescent"), Photo: "p1",
		}},
		Suspects: []alert.Person{{GivenName: "Barnabus", FamilyName: "Wherry", Age: 44, Sex: alert.Male}},
		Vehicles: []alert.Vehicle{{Kind: alert.Car, Make: "Lagonda", Colour: alert.Silver, Plate: "QXZ 4711", Country: "BE"}},
		LastSeen: alert.LastSeen{
			At: now.Add(-2 * time.Hour), TimeZone: "Europe/Brussels", Place: "Lanternquay", Towards: "Wibblecombe", Transport: alert.ByCar,
		},
		Instruction: alert.InstructionDoNotApproach,
		Contact:     alert.Contact{Phone: "+3225559911", Hotline: "116000", Form: "https://police.example/sightings"},
		Note:        everywhere("violin"),
		Areas:       []string{"BE-BRU"}, Languages: append([]alert.Lang(nil), alert.Langs...),
		Expires: now.Add(6 * time.Hour), Authority: "Police fédérale",
	}
}

func everywhere(word string) alert.Localized {
	out := alert.Localized{}
	for _, lang := range alert.Langs {
		out[lang] = word
	}
	return out
}

func media() []alert.Media {
	return []alert.Media{{
		Kind: "photo", Name: "Zephyrine", URL: "https://alerts.example/photos/k3X9vQ2mT7.jpg", MIME: "image/jpeg", Bytes: 40_000,
		SHA256: strings.Repeat("ab", 32), SHA1: strings.Repeat("ab", 20),
	}}
}
