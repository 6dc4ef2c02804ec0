package alert

import (
	"slices"
	"strings"
	"time"
)

// Public is an alert as partners and programs read it: /v1/alerts, webhooks,
// feeds. After withdrawal it names nobody.
type Public struct {
	Identifier string               `json:"identifier"`
	Case       string               `json:"case"`
	Revision   int                  `json:"revision"`
	MsgType    MsgType              `json:"msg_type"`
	Status     Status               `json:"status"`
	Ended      bool                 `json:"ended"`
	Outcome    Outcome              `json:"outcome,omitempty"`
	Sent       time.Time            `json:"sent"`
	Expires    time.Time            `json:"expires"`
	Languages  []Lang               `json:"languages"`
	Areas      []Area               `json:"areas"`
	Texts      map[Lang]PublicTexts `json:"texts"`
	Children   []PublicChild        `json:"children,omitempty"`
	Phone      string               `json:"phone,omitempty"`
	Hotline    string               `json:"hotline,omitempty"`
	Photo      *PublicPhoto         `json:"photo,omitempty"`
	Pages      map[Lang]string      `json:"pages"` // the citizens' page in each language
	CAP        string               `json:"cap"`   // address of the signed document
}

// PublicTexts are the words a page shows.
type PublicTexts struct {
	Headline    string `json:"headline"`
	Description string `json:"description"`
	Instruction string `json:"instruction,omitempty"`
}

// PublicChild is a child as a list names it; the description is in the texts.
type PublicChild struct {
	GivenName string `json:"given_name"`
	Age       int    `json:"age"`
	Sex       Sex    `json:"sex"`
}

// PublicPhoto is the first photo of a child. Link it, do not copy it: it
// disappears with the alert.
type PublicPhoto struct {
	URL    string `json:"url"`
	Name   string `json:"name"`
	MIME   string `json:"mime"`
	SHA256 string `json:"sha256"`
}

// Public is m for partners and programs. base is the server's public address.
func (m *Message) Public(base string) Public {
	p := Public{
		Identifier: m.Identifier, Case: m.Case, Revision: m.Revision, MsgType: m.MsgType, Status: m.Status,
		Ended: m.MsgType == TypeCancel, Outcome: m.Outcome, Sent: m.Sent, Expires: m.Expires,
		Languages: m.Languages, Areas: m.Areas,
		Texts: make(map[Lang]PublicTexts, len(m.Texts)), Pages: make(map[Lang]string, len(m.Languages)),
		CAP: base + "/cap/" + m.Identifier + ".xml",
	}
	for _, lang := range m.Languages {
		t := m.Texts[lang]
		p.Texts[lang] = PublicTexts{Headline: t.Headline, Description: t.Description, Instruction: t.Instruction}
		p.Pages[lang] = PageURL(m, lang)
	}
	if m.Facts == nil || m.MsgType == TypeCancel { // a withdrawal names nobody, whatever it was handed
		return p
	}
	p.Phone, p.Hotline = m.Facts.Contact.Phone, m.Facts.Contact.Hotline
	for _, c := range m.Facts.Children {
		p.Children = append(p.Children, PublicChild{GivenName: c.GivenName, Age: c.Age, Sex: c.Sex})
	}
	if photo := m.childPhoto(); photo != nil {
		p.Photo = &PublicPhoto{URL: photo.URL, Name: photo.Name, MIME: photo.MIME, SHA256: photo.SHA256}
	}
	return p
}

// childPhoto is the first photo that is not a companion's: under the headline
// of a missing child a stranger's face would send people after the wrong person.
func (m *Message) childPhoto() *Media {
	for i, media := range m.Media {
		companion := slices.ContainsFunc(m.Facts.Suspects, func(s Person) bool {
			return s.Photo != "" && strings.HasSuffix(media.URL, "/"+s.Photo+".jpg")
		})
		if media.Kind == "photo" && !companion {
			return &m.Media[i]
		}
	}
	return nil
}

// EmbedAlert is an alert as the widget on a partner's page shows it, in one language.
type EmbedAlert struct {
	Identifier string    `json:"identifier"`
	Case       string    `json:"case"`
	Revision   int       `json:"revision"`
	Status     Status    `json:"status"`
	Exercise   string    `json:"exercise,omitempty"` // the word to show: "ÜBUNG"; empty when the alert is actual
	Lang       Lang      `json:"lang"`
	Headline   string    `json:"headline"`
	Text       string    `json:"text"`
	Phone      string    `json:"phone"`
	Page       string    `json:"page"`
	Photo      string    `json:"photo,omitempty"`
	PhotoName  string    `json:"photo_name,omitempty"`
	Expires    time.Time `json:"expires"`
}

// Embed is m for the widget in lang, or in the alert's first language.
func (m *Message) Embed(lang Lang) EmbedAlert {
	lang = m.Lang(lang)
	p := m.Public("")
	e := EmbedAlert{
		Identifier: m.Identifier, Case: m.Case, Revision: m.Revision, Status: m.Status,
		Exercise: StatusWord(m.Status, lang), Lang: lang, Headline: m.Texts[lang].Headline,
		Text: m.Texts[lang].PushBody, Phone: FormatPhone(p.Phone), Page: p.Pages[lang], Expires: m.Expires,
	}
	if p.Photo != nil {
		e.Photo, e.PhotoName = p.Photo.URL, p.Photo.Name
	}
	return e
}
