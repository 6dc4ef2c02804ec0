package webpush

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

const (
	titleLimit = 50
	bodyLimit  = 180
	// maxPlain is what fits into the 4,096 bytes that every service takes:
	// header 86, tag 16, end mark 1.
	maxPlain = 4096 - recordOverhead
	// wantPlain is the size to stay under: some services refuse or delay more,
	// and a million messages are a load. The picture goes first.
	wantPlain = 2048
	// payloadType is the declarative message's own type; services pass it on unseen.
	payloadType = "application/notification+json"
)

// declared is a declarative push message. Safari shows it without any script;
// our service worker shows it elsewhere. Its names are the standard's.
type declared struct {
	WebPush      int          `json:"web_push"` // 8030: "I am declarative"
	Notification notification `json:"notification"`
	Tocsin       mark         `json:"tocsin"`
}

type notification struct {
	Title              string     `json:"title"`
	Body               string     `json:"body"`
	Navigate           string     `json:"navigate"`
	Lang               alert.Lang `json:"lang"`
	Dir                string     `json:"dir,omitempty"` // empty: as the letters run
	Tag                string     `json:"tag"`           // the same for a case: the newer one takes the older one's place
	Silent             bool       `json:"silent,omitempty"`
	Renotify           bool       `json:"renotify,omitempty"`
	RequireInteraction bool       `json:"requireInteraction,omitempty"`
	Image              string     `json:"image,omitempty"`
	Actions            []action   `json:"actions,omitempty"`
}

type action struct {
	Action   string `json:"action"`
	Title    string `json:"title"`
	Navigate string `json:"navigate"`
}

// mark is ours: by it the service worker never shows an older revision over a newer one.
type mark struct {
	Identifier string        `json:"identifier"`
	Revision   int           `json:"revision"`
	MsgType    alert.MsgType `json:"msg_type"`
	Test       string        `json:"test,omitempty"` // the token by which the device says that the test was shown
}

// Topic is the name under which a case's newest message lies at a push service
// and on a device: an update takes the place of what was not yet delivered, or
// not yet read. It tells the push service nothing of the case.
func Topic(m *alert.Message) string {
	sum := sha256.Sum256([]byte(string(m.Realm) + "/" + m.Agency + "/" + m.Case))
	return b64.EncodeToString(sum[:])[:32]
}

// Render writes m as a declarative push message in lang.
func (a *Adapter) Render(m *alert.Message, lang alert.Lang) (adapter.Payload, error) {
	if err := adapter.CheckMessage(m, a.env.Realm, lang); err != nil {
		return adapter.Payload{}, err
	}
	texts := m.Texts[lang]
	if err := checkTexts(texts, lang); err != nil {
		return adapter.Payload{}, err
	}
	if err := a.checkExercise(texts, lang); err != nil {
		return adapter.Payload{}, err
	}
	page, err := pageIn(m, lang)
	if err != nil {
		return adapter.Payload{}, err
	}
	d := declare(m, lang, texts, page)
	body, err := encode(d)
	if err == nil && len(body) > wantPlain && d.Notification.Image != "" {
		d.Notification.Image = ""
		body, err = encode(d)
	}
	if err != nil {
		return adapter.Payload{}, fmt.Errorf("push message in %s: %w", lang, err)
	}
	if len(body) > maxPlain {
		return adapter.Payload{}, fmt.Errorf("push message in %s: %d bytes, push services take %d: shorten the addresses of page and form", lang, len(body), maxPlain)
	}
	return adapter.Payload{MIME: payloadType, Body: body, Parts: []adapter.Part{
		part("Push title", texts.PushTitle, titleLimit),
		part("Push body", texts.PushBody, bodyLimit),
	}}, nil
}

func part(name, text string, limit int) adapter.Part {
	return adapter.Part{Name: name, Text: text, Count: utf8.RuneCountInString(text), Limit: limit, Unit: "characters"}
}

func checkTexts(t alert.Texts, lang alert.Lang) error {
	for _, p := range []struct {
		field, text string
		limit       int
	}{{"push_title", t.PushTitle, titleLimit}, {"push_body", t.PushBody, bodyLimit}} {
		n := utf8.RuneCountInString(p.text)
		switch {
		case strings.TrimSpace(p.text) == "":
			return fmt.Errorf("texts.%s.%s: empty, a notification needs it", lang, p.field)
		case n > p.limit:
			return fmt.Errorf("texts.%s.%s: %d characters, shorten it to %d", lang, p.field, n, p.limit)
		case !utf8.ValidString(p.text):
			return fmt.Errorf("texts.%s.%s: not UTF-8, type it anew", lang, p.field)
		}
	}
	return nil
}

// checkExercise wants the word in every text of a drill, by the adapter's own
// realm and not by what the message says of itself.
func (a *Adapter) checkExercise(t alert.Texts, lang alert.Lang) error {
	if a.env.Realm != alert.Drill {
		return nil
	}
	for field, text := range map[string]string{"push_title": t.PushTitle, "push_body": t.PushBody} {
		if !saysExercise(text, lang) {
			return fmt.Errorf("texts.%s.%s: does not begin with %q, every text of a drill must", lang, field, alert.StatusWord(alert.StatusExercise, lang))
		}
	}
	return nil
}

func declare(m *alert.Message, lang alert.Lang, t alert.Texts, page string) declared {
	// A touch on the notification opens the page, so there is no button for it:
	// each byte is sent a million times.
	n := notification{
		Title: t.PushTitle, Body: t.PushBody, Navigate: page, Lang: lang, Dir: direction(lang), Tag: Topic(m),
	}
	if m.MsgType == alert.TypeCancel {
		n.Silent = true // the quiet all-clear: no picture, no number, no sound
	} else {
		n.Renotify, n.RequireInteraction = true, true
		n.Image = photo(m)
		if m.Facts != nil && m.Facts.Contact.Phone != "" {
			n.Actions = append(n.Actions, action{Action: "call", Title: buttons(lang).call, Navigate: "tel:" + m.Facts.Contact.Phone})
		}
	}
	return declared{WebPush: 8030, Notification: n, Tocsin: mark{Identifier: m.Identifier, Revision: m.Revision, MsgType: m.MsgType}}
}

// buttons falls back to English for a language that a State has added.
func buttons(lang alert.Lang) wordset {
	if w, ok := words[lang]; ok {
		return w
	}
	return words[alert.English]
}

// photo is the first child's picture. A drill's pictures carry the word themselves.
func photo(m *alert.Message) string {
	for _, media := range m.Media {
		if media.Kind == "photo" {
			return media.URL
		}
	}
	return ""
}

// direction of the script where a browser must be told: for the languages of the
// region that run from the right.
func direction(lang alert.Lang) string {
	switch lang {
	case "ar", "fa", "he", "ps", "ug", "ur", "yi":
		return "rtl"
	}
	return ""
}

// pageIn is the absolute address of the public page in lang.
func pageIn(m *alert.Message, lang alert.Lang) (string, error) {
	address := alert.PageURL(m, lang)
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", errors.New("page: not an absolute address, set the site's public address")
	}
	return address, nil
}

// encode is JSON without HTML escapes: text stays text by the notification's
// nature, and six bytes for an ampersand are wasted.
func encode(d declared) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(d); err != nil {
		return nil, err
	}
	return bytes.Clone(bytes.TrimRight(buf.Bytes(), "\n")), nil
}
