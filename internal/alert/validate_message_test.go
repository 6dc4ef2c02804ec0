package alert

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// goodMessage is the first revision of good, as it is released.
func goodMessage() *Message {
	f := good()
	m := &Message{
		Schema: Schema, Realm: Live, Sender: "alerts@police.example", Agency: "BEPOL", Case: "7GQ2XKPB4MNT", Revision: 1,
		MsgType: TypeAlert, Status: StatusActual, Languages: f.Languages, Polygons: f.Polygons,
		Sent: noon, Expires: f.Expires, Facts: f, Texts: map[Lang]Texts{}, Page: "https://alert.example/alerts/7GQ2XKPB4MNT",
		Media: []Media{{
			Kind: "photo", Name: "Photo of Anna", URL: "https://alert.example/photos/x.jpg", MIME: "image/jpeg", Bytes: 1000,
			SHA256: strings.Repeat("ab", 32), SHA1: strings.Repeat("cd", 20),
		}},
	}
	m.Identifier = Identifier(m.Agency, m.Realm, m.Case, m.Revision)
	for _, code := range f.Areas {
		m.Areas = append(m.Areas, Area{Code: code})
	}
	for _, lang := range f.Languages {
		m.Texts[lang] = Texts{Headline: "h", Description: "d", Instruction: "i", Spoken: "s", SpokenSeconds: 1, Crawl: "c", RadioText: "r", PushTitle: "p", PushBody: "b", SMS: "s", Short90: "s", Long360: "l"}
	}
	return m
}

// goodCancel withdraws goodMessage.
func goodCancel() *Message {
	m := goodMessage()
	m.References = []Ref{{Sender: m.Sender, Identifier: m.Identifier, Sent: m.Sent}}
	m.MsgType, m.Revision, m.Outcome = TypeCancel, 2, OutcomeFound
	m.Identifier = Identifier(m.Agency, m.Realm, m.Case, m.Revision)
	m.Sent = noon.Add(time.Hour)
	m.Facts, m.Media = nil, nil
	return m
}

func TestValidMessages(t *testing.T) {
	drill := goodMessage()
	drill.Realm, drill.Status = Drill, StatusExercise
	drill.Identifier = Identifier(drill.Agency, Drill, drill.Case, 1)
	update := goodCancel()
	update.MsgType, update.Outcome, update.Facts, update.Media = TypeUpdate, "", good(), goodMessage().Media
	preview := goodMessage()
	preview.Sent = time.Time{}
	link := goodMessage()
	link.Status, link.Facts, link.Media = StatusTest, nil, nil
	for name, m := range map[string]*Message{
		"alert": goodMessage(), "cancel": goodCancel(), "drill": drill, "update": update, "preview": preview, "link test": link,
	} {
		if v := m.Validate(noon.Add(time.Minute)); len(v) > 0 {
			t.Errorf("%s: %v", name, v)
		}
	}
}

func TestMessageFaults(t *testing.T) {
	for _, c := range []struct {
		field, code string
		base        func() *Message
		change      func(*Message)
	}{
		{"schema", "unknown", goodMessage, func(m *Message) { m.Schema = 2 }},
		{"realm", "unknown", goodMessage, func(m *Message) { m.Realm = "test" }},
		{"status", "contradiction", goodMessage, func(m *Message) { m.Status = StatusExercise }},
		{"status", "contradiction", goodMessage, func(m *Message) { m.Status = "Draft" }},
		{"status", "contradiction", goodMessage, func(m *Message) { m.Realm = Drill }},
		{"status", "contradiction", goodMessage, func(m *Message) { m.Realm, m.Status = Drill, StatusTest }},
		{"repeat", "contradiction", goodCancel, func(m *Message) { m.Repeat = &Cadence{15 * time.Minute, time.Hour} }},
		{"repeat.every", "range", goodMessage, func(m *Message) { m.Repeat = &Cadence{time.Second, time.Hour} }},
		{"repeat", "range", goodMessage, func(m *Message) { m.Repeat = &Cadence{} }},
		{"identifier", "required", goodMessage, func(m *Message) { m.Identifier = "" }},
		{"identifier", "format", goodMessage, func(m *Message) { m.Identifier = "a b" }},
		{"identifier", "format", goodMessage, func(m *Message) { m.Identifier = "a,b" }},
		{"identifier", "format", goodMessage, func(m *Message) { m.Identifier = "a<b" }},
		{"identifier", "format", goodMessage, func(m *Message) { m.Identifier = "a&b" }},
		{"identifier", "format", goodMessage, func(m *Message) { m.Identifier = "é" }},
		{"identifier", "too_long", goodMessage, func(m *Message) { m.Identifier = strings.Repeat("x", 129) }},
		{"identifier", "contradiction", goodMessage, func(m *Message) { m.Identifier = Identifier(m.Agency, Drill, m.Case, 1) }},
		{"identifier", "contradiction", goodMessage, func(m *Message) { m.Identifier = Identifier(m.Agency, Live, "BCDFGHJKMNPQ", 1) }},
		{"sender", "format", goodMessage, func(m *Message) { m.Sender = "Police <x@y>" }},
		{"agency", "format", goodMessage, func(m *Message) { m.Agency = "be.pol" }},
		{"case", "format", goodMessage, func(m *Message) { m.Case = ">" }},
		{"revision", "range", goodMessage, func(m *Message) { m.Revision = 0 }},
		{"msg_type", "unknown", goodMessage, func(m *Message) { m.MsgType = "Ack" }},
		{"msg_type", "contradiction", goodMessage, func(m *Message) { m.Revision = 2 }},
		{"references", "contradiction", goodMessage, func(m *Message) { m.References = goodCancel().References }},
		{"revision", "contradiction", goodCancel, func(m *Message) { m.Revision = 1 }},
		{"references", "required", goodCancel, func(m *Message) { m.References = nil }},
		{"references", "too_many", goodCancel, func(m *Message) { m.References = slices.Repeat(m.References, 101) }},
		{"references[0].identifier", "contradiction", goodCancel, func(m *Message) { m.References[0].Identifier = m.Identifier }},
		{"references[0].sender", "format", goodCancel, func(m *Message) { m.References[0].Sender = "a b" }},
		{"references[0].sent", "range", goodCancel, func(m *Message) { m.References[0].Sent = time.Time{} }},
		{"references[0].sent", "range", goodCancel, func(m *Message) { m.References[0].Sent = m.Sent.Add(time.Second) }},
		{"facts", "contradiction", goodCancel, func(m *Message) { m.Facts = good() }},
		{"media", "contradiction", goodCancel, func(m *Message) { m.Media = goodMessage().Media }},
		{"outcome", "required", goodCancel, func(m *Message) { m.Outcome = "" }},
		{"outcome", "unknown", goodCancel, func(m *Message) { m.Outcome = "lost" }},
		{"outcome", "contradiction", goodMessage, func(m *Message) { m.Outcome = OutcomeFound }},
		{"facts", "required", goodMessage, func(m *Message) { m.Facts = nil }},
		{"facts.children[0].age", "range", goodMessage, func(m *Message) { m.Facts.Children[0].Age = 19 }},
		{"expires", "contradiction", goodMessage, func(m *Message) { m.Expires = m.Expires.Add(time.Hour) }},
		{"areas", "contradiction", goodMessage, func(m *Message) { m.Areas = m.Areas[:1] }},
		{"languages", "contradiction", goodMessage, func(m *Message) { m.Languages = m.Languages[:1] }},
		{"expires", "required", goodMessage, func(m *Message) { m.Expires = time.Time{} }},
		{"expires", "range", goodMessage, func(m *Message) { m.Expires = m.Sent }},
		{"expires", "past", goodCancel, func(m *Message) { m.Sent, m.Expires = noon.Add(-2*time.Hour), noon }},
		{"sent", "format", goodMessage, func(m *Message) { m.Sent = m.Sent.Add(time.Millisecond) }},
		{"areas", "required", goodCancel, func(m *Message) { m.Areas = nil }},
		{"areas[0]", "format", goodCancel, func(m *Message) { m.Areas[0].Code = "Belgium" }},
		{"languages", "required", goodCancel, func(m *Message) { m.Languages = nil }},
		{"polygons[0]", "open", goodCancel, func(m *Message) { m.Polygons[0] = m.Polygons[0][:4] }},
		{"texts.fr", "required", goodMessage, func(m *Message) { delete(m.Texts, French) }},
		{"texts.de", "language", goodMessage, func(m *Message) { m.Texts[German] = m.Texts[French] }},
		{"texts.fr.headline", "required", goodMessage, func(m *Message) { set(m, func(t *Texts) { t.Headline = "" }) }},
		{"texts.fr.headline", "too_long", goodMessage, func(m *Message) { set(m, func(t *Texts) { t.Headline = strings.Repeat("é", 161) }) }},
		{"texts.fr.radiotext", "too_long", goodMessage, func(m *Message) { set(m, func(t *Texts) { t.RadioText = strings.Repeat("x", 65) }) }},
		{"texts.fr.sms", "too_long", goodMessage, func(m *Message) { set(m, func(t *Texts) { t.SMS = strings.Repeat("🙂", 200) }) }},
		{"media[0].kind", "unknown", goodMessage, func(m *Message) { m.Media[0].Kind = "video" }},
		{"media[0].lang", "language", goodMessage, func(m *Message) { m.Media[0].Lang = German }},
		{"media[0].url", "required", goodMessage, func(m *Message) { m.Media[0].URL = "" }},
		{"media[0].mime", "required", goodMessage, func(m *Message) { m.Media[0].MIME = "" }},
		{"media[0].bytes", "range", goodMessage, func(m *Message) { m.Media[0].Bytes = 0 }},
		{"media[0].sha256", "format", goodMessage, func(m *Message) { m.Media[0].SHA256 = "" }},
		{"media[0].sha1", "format", goodMessage, func(m *Message) { m.Media[0].SHA1 = m.Media[0].SHA256 }},
		{"media", "too_many", goodMessage, func(m *Message) { m.Media = slices.Repeat(m.Media, 65) }},
		{"page", "format", goodMessage, func(m *Message) { m.Page = "/alerts/1" }},
	} {
		m := c.base()
		c.change(m)
		wantFault(t, m.Validate(noon.Add(time.Minute)), c.field, c.code)
	}
}

// set changes the French texts of m.
func set(m *Message, change func(*Texts)) {
	t := m.Texts[French]
	change(&t)
	m.Texts[French] = t
}

func TestEmptyMessageIsNoPanic(t *testing.T) {
	if v := new(Message).Validate(noon); len(v) < 10 {
		t.Errorf("only %d faults: %v", len(v), v)
	}
}
