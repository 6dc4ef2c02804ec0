// Package alert is the domain of Tocsin: what is known of a missing child, the
// message that tells a country, and the words each channel says.
//
// It imports only the standard library, so every other room may depend on it
// and its rules can be read and tested alone.
package alert

import (
	"time"
)

// Realm keeps exercise and life apart: by keys, subjects and settings.
// A running server belongs to exactly one realm, pinned in its data folder.
type Realm string

// The two realms. Every NATS subject starts with one of these words.
const (
	Live  Realm = "live"
	Drill Realm = "drill"
)

// MsgType is CAP's msgType: what a message does to the case's earlier messages.
type MsgType string

// The message types Tocsin issues. Anything else is refused, never guessed.
const (
	TypeAlert  MsgType = "Alert"
	TypeUpdate MsgType = "Update"
	TypeCancel MsgType = "Cancel" // the withdrawal; carries no personal data
)

// Status is CAP's status. The live realm issues Actual, the drill realm Exercise,
// and both issue Test for the weekly test of the lines to the stations.
type Status string

// The statuses Tocsin issues.
const (
	StatusActual   Status = "Actual"
	StatusExercise Status = "Exercise"
	StatusTest     Status = "Test"
)

// Lang is an ISO 639-1 code, as written in CAP's language element.
type Lang string

// The six OSCE languages.
const (
	English Lang = "en"
	French  Lang = "fr"
	German  Lang = "de"
	Italian Lang = "it"
	Russian Lang = "ru"
	Spanish Lang = "es"
)

// Langs lists the six OSCE languages in the order pages show them.
var Langs = []Lang{English, French, German, Italian, Russian, Spanish}

// Outcome says why an alert was withdrawn.
type Outcome string

// The outcomes of a case, as the officer's API names them.
const (
	OutcomeFound   Outcome = "found"
	OutcomeError   Outcome = "error"
	OutcomeExpired Outcome = "expired"
	OutcomeOther   Outcome = "other"
)

// Message is one signed, immutable revision of an alert: what lies on the
// ALERTS stream, and all that any channel may ever learn of the case.
// A withdrawal (TypeCancel) has neither Facts nor Media, and its Texts name nobody.
type Message struct {
	Schema     int       `json:"schema"` // 1; readers ignore fields they do not know
	Realm      Realm     `json:"realm"`
	Identifier string    `json:"identifier"` // CAP identifier, unique over all revisions
	Sender     string    `json:"sender"`     // CAP sender: the agency's address
	Agency     string    `json:"agency"`     // subject token, upper case letters and digits
	Case       string    `json:"case"`       // opaque case id, the same for all revisions
	Revision   int       `json:"revision"`   // 1, 2, 3 ...
	MsgType    MsgType   `json:"msg_type"`
	Status     Status    `json:"status"`
	Outcome    Outcome   `json:"outcome,omitempty"` // only on a withdrawal
	References []Ref     `json:"references,omitempty"`
	Languages  []Lang    `json:"languages"` // first = the language the officer wrote in
	Areas      []Area    `json:"areas"`
	Polygons   []Polygon `json:"polygons,omitempty"`
	Circle     *Circle   `json:"circle,omitempty"`

	Sent    time.Time `json:"sent,omitzero"` // set at release, whole seconds
	Expires time.Time `json:"expires"`

	Facts *Facts         `json:"facts,omitempty"`
	Texts map[Lang]Texts `json:"texts"`
	Media []Media        `json:"media,omitempty"`
	// Repeat is the pace at which stations are asked to air it, as policy was at
	// release; nil on a withdrawal and on a link test.
	Repeat *Cadence `json:"repeat,omitempty"`
	Page   string   `json:"page"` // address of the public page: "https://host/*/alerts/ID"; PageURL puts the language for *

	// CAP is the signed CAP 1.2 document. Its bytes are never changed after signing.
	CAP []byte `json:"cap,omitempty"`
}

// Ref names an earlier message of the case, as CAP's references element does.
type Ref struct {
	Sender     string    `json:"sender"`
	Identifier string    `json:"identifier"`
	Sent       time.Time `json:"sent"`
}

// Area is one administrative unit the alert is for.
type Area struct {
	Code  string          `json:"code"` // ISO 3166-1 ("BE") or ISO 3166-2 ("BE-VAN")
	Names map[Lang]string `json:"names"`
}

// Name is the area's name in lang, or in English, or its code.
func (a Area) Name(lang Lang) string {
	for _, l := range []Lang{lang, English} {
		if n := a.Names[l]; n != "" {
			return n
		}
	}
	return a.Code
}

// Point is a position in degrees, WGS 84.
type Point struct {
	Lat float64 `json:"lat"`
	Lon float64 `json:"lon"`
}

// Polygon is a closed ring of at least four points, the first equal to the last.
type Polygon []Point

// Media is a picture, sound or document that belongs to a revision.
type Media struct {
	// Kind is photo, slide (1920x1080), slide_tall (1080x1920), slide_square
	// (1080x1080), poster (A4), audio (the spoken text) or teletext (one page of text).
	Kind   string `json:"kind"`
	Lang   Lang   `json:"lang,omitempty"`
	Name   string `json:"name"` // what a screen reader says: "Photo of Anna"
	URL    string `json:"url"`  // unguessable and revocable
	MIME   string `json:"mime"`
	Bytes  int    `json:"bytes"`
	SHA256 string `json:"sha256"` // hex
	SHA1   string `json:"sha1"`   // hex; CAP's digest element still wants it
}

// Texts are the words of one revision in one language: each fits its channel's
// limit, and the same words travel in the CAP, so every station says the same.
type Texts struct {
	Headline      string `json:"headline"`       // at most 160 characters
	Description   string `json:"description"`    // the whole public account, paragraphs by \n
	Instruction   string `json:"instruction"`    // what to do, with the number
	Spoken        string `json:"spoken"`         // ready to read on air: numbers and units as words are said
	SpokenSeconds int    `json:"spoken_seconds"` // reading time of Spoken
	Crawl         string `json:"crawl"`          // at most 200 characters
	RadioText     string `json:"radiotext"`      // at most 64 characters
	PushTitle     string `json:"push_title"`     // at most 50 characters
	PushBody      string `json:"push_body"`      // at most 180 characters
	SMS           string `json:"sms"`            // at most 2 GSM parts (306) or 3 UCS-2 parts (201 UTF-16 units)
	Short90       string `json:"short90"`        // at most 90 GSM-alphabet characters where the script allows
	Long360       string `json:"long360"`        // at most 360 characters
}

// Expired says whether m's time has passed at now. Nothing goes out after expiry.
func (m *Message) Expired(now time.Time) bool { return !now.Before(m.Expires) }

// Supersedes says whether m makes any attempt for the revision rev pointless.
func (m *Message) Supersedes(rev int) bool { return m.Revision > rev }

// LinkTest says whether m is a test of the lines to the stations: it is about nobody.
func (m *Message) LinkTest() bool { return m.Status == StatusTest && m.Facts == nil }

// AreaCodes lists the codes of m's areas.
func (m *Message) AreaCodes() []string {
	codes := make([]string, len(m.Areas))
	for i, a := range m.Areas {
		codes[i] = a.Code
	}
	return codes
}

// Lang is want if m speaks it, else m's first language.
func (m *Message) Lang(want Lang) Lang {
	if _, ok := m.Texts[want]; ok {
		return want
	}
	return m.Languages[0]
}
