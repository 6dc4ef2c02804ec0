package alert

import (
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// Schema is the version of Message that this code writes.
const Schema = 1

// The bounds of a message as a whole.
const (
	maxReferences = 100 // revisions of one case; more is a loop somewhere
	maxMedia      = 64  // ten photos, and six files of the kit for each language, with room
	maxMediaBytes = 20 << 20
)

// The kinds of Media.
var mediaKinds = []string{"photo", "slide", "slide_tall", "slide_square", "poster", "audio", "teletext"}

// Validate lists every fault that stops m from being released at now. A Sent of
// zero, as in a preview, means now.
func (m *Message) Validate(now time.Time) Invalid {
	c := &checker{now: now, langs: m.Languages}
	if m.Schema != Schema {
		c.add("schema", "unknown", "The schema must be %d.", Schema)
	}
	c.identifier(m)
	c.realm(m)
	c.revision(m)
	c.times(m)
	c.count("languages", len(m.Languages), len(Langs))
	c.languages("languages", m.Languages)
	codes := m.AreaCodes()
	c.count("areas", len(codes), maxAreas)
	c.areas(codes)
	c.count("polygons", len(m.Polygons), maxPolygons)
	for i, p := range clip(m.Polygons, maxPolygons) {
		c.count(fmt.Sprintf("polygons[%d]", i), len(p), maxPoints)
		c.polygon(fmt.Sprintf("polygons[%d]", i), p)
	}
	c.circle("circle", m.Circle)
	c.content(m)
	c.repeat(m)
	c.texts(m)
	c.count("media", len(m.Media), maxMedia)
	for i := range clip(m.Media, maxMedia) {
		c.media(fmt.Sprintf("media[%d]", i), m.Media[i])
	}
	if u, err := url.Parse(m.Page); err != nil || u.Host == "" || u.User != nil {
		c.add("page", "format", "Give the full address of the public page.")
	}
	return c.faults
}

// realm keeps exercise and life apart: the last gate before a signature.
func (c *checker) realm(m *Message) {
	switch {
	case m.Realm != Live && m.Realm != Drill:
		c.add("realm", "unknown", "The value is not known; use one of: live, drill.")
	case m.Realm == Drill && m.Status != StatusExercise && !m.LinkTest():
		c.add("status", "contradiction", "The drill realm issues nothing but status Exercise, and link tests about nobody.")
	case m.Realm == Live && m.Status != StatusActual && m.Status != StatusTest:
		c.add("status", "contradiction", "The live realm issues nothing but status Actual and Test.")
	}
}

func (c *checker) revision(m *Message) {
	if m.Revision < 1 {
		c.add("revision", "range", "Revisions count from 1.")
	}
	switch m.MsgType {
	case TypeAlert:
		if m.Revision > 1 {
			c.add("msg_type", "contradiction", "Only revision 1 is an Alert; a later one is an Update or a Cancel.")
		}
		if len(m.References) > 0 {
			c.add("references", "contradiction", "An Alert is the first of its case and references nothing; remove the references.")
		}
	case TypeUpdate, TypeCancel:
		if m.Revision == 1 {
			c.add("revision", "contradiction", "An Update or Cancel follows an earlier revision; its number is 2 or more.")
		}
		if len(m.References) == 0 {
			c.add("references", "required", "An Update or Cancel must reference the earlier messages of its case.")
		}
	default:
		c.add("msg_type", "unknown", "The value is not known; use one of: Alert, Update, Cancel.")
	}
	c.count("references", len(m.References), maxReferences)
	for i, r := range clip(m.References, maxReferences) {
		at := fmt.Sprintf("references[%d]", i)
		c.capWord(at+".sender", r.Sender)
		c.capWord(at+".identifier", r.Identifier)
		if r.Identifier == m.Identifier {
			c.add(at+".identifier", "contradiction", "A message cannot reference itself; remove the reference.")
		}
		if r.Sent.IsZero() || !m.Sent.IsZero() && r.Sent.After(m.Sent) {
			c.add(at+".sent", "range", "Give the time the earlier message was sent; it lies before this one's.")
		}
	}
}

func (c *checker) times(m *Message) {
	sent := m.Sent
	if sent.IsZero() {
		sent = c.now
	}
	switch {
	case m.Expires.IsZero():
		c.add("expires", "required", "Say when the alert ends.")
	case !m.Expires.After(sent):
		c.add("expires", "range", "The alert would end before it is sent; choose a later end.")
	case m.Expired(c.now):
		c.add("expires", "past", "The alert would end in the past; choose a later end.")
	}
	if !m.Sent.Equal(m.Sent.Truncate(time.Second)) {
		c.add("sent", "format", "CAP's times have whole seconds; cut off the fraction.")
	}
}

// content wants the facts in an alert, and nothing of the child in a withdrawal.
func (c *checker) content(m *Message) {
	if m.MsgType == TypeCancel {
		if m.Facts != nil {
			c.add("facts", "contradiction", "A withdrawal carries no personal data; remove the facts.")
		}
		if len(m.Media) > 0 {
			c.add("media", "contradiction", "A withdrawal carries no picture or sound; remove the media.")
		}
		enum(c, "outcome", m.Outcome, AllOutcomes, true)
		return
	}
	if m.Outcome != "" {
		c.add("outcome", "contradiction", "Only a withdrawal has an outcome; remove it.")
	}
	if m.Facts == nil {
		if m.Status != StatusTest { // a link test is about nobody
			c.add("facts", "required", "An alert needs the facts of the case.")
		}
		return
	}
	at := m.Sent
	if at.IsZero() {
		at = c.now
	}
	for _, f := range m.Facts.Validate(at) {
		c.faults.Add("facts."+f.Field, f.Code, f.Text)
	}
	if !m.Facts.Expires.Equal(m.Expires) {
		c.add("expires", "contradiction", "The message and its facts end at different times; make the message anew from the facts.")
	}
	if !slices.Equal(m.Facts.Areas, m.AreaCodes()) {
		c.add("areas", "contradiction", "The message and its facts are for different areas; make the message anew from the facts.")
	}
	if !slices.Equal(m.Facts.Languages, m.Languages) {
		c.add("languages", "contradiction", "The message and its facts are in different languages; make the message anew from the facts.")
	}
}

func (c *checker) repeat(m *Message) {
	if m.Repeat == nil {
		return
	}
	if m.MsgType == TypeCancel || m.Status == StatusTest {
		c.add("repeat", "contradiction", "A withdrawal and a link test are not aired again and again; remove the cadence.")
	}
	if *m.Repeat == (Cadence{}) {
		c.add("repeat", "range", "Leave the cadence out where none is asked.")
	}
	c.faults = append(c.faults, m.Repeat.Check("repeat")...)
}

func (c *checker) texts(m *Message) {
	for _, lang := range clip(m.Languages, len(Langs)) {
		t, ok := m.Texts[lang]
		if !ok {
			c.add(at("texts", lang), "required", "The texts in this language are missing; write the message anew.")
			continue
		}
		c.textsOf(at("texts", lang), t)
	}
	for _, lang := range Langs {
		if _, ok := m.Texts[lang]; ok && !slices.Contains(m.Languages, lang) {
			c.add(at("texts", lang), "language", "The alert is not in this language; remove its texts.")
		}
	}
	c.count("texts", len(m.Texts), len(Langs))
}

// textsOf is the last look at the lengths: a text over its limit is cut or
// refused somewhere far away, where nobody can mend it. What an SMS counts in
// is judged where its alphabets are known; here it has its outermost bound.
func (c *checker) textsOf(field string, t Texts) {
	for _, x := range []struct {
		name, text string
		limit      int
	}{
		{"headline", t.Headline, 160},
		{"description", t.Description, 8000},
		{"spoken", t.Spoken, 4000},
		{"crawl", t.Crawl, 200},
		{"radiotext", t.RadioText, 64},
		{"push_title", t.PushTitle, 50},
		{"push_body", t.PushBody, 180},
		{"sms", t.SMS, 306},
		{"short90", t.Short90, 90},
		{"long360", t.Long360, 360},
	} {
		c.required(field+"."+x.name, x.text, "The text is empty; write the message anew.")
		c.size(field+"."+x.name, x.text, x.limit)
	}
	c.size(field+".instruction", t.Instruction, 2000) // a withdrawal may have none
	if n := len(utf16.Encode([]rune(t.SMS))); n > 306 && utf8.RuneCountInString(t.SMS) <= 306 {
		c.add(field+".sms", "too_long", "The text has %d UTF-16 units, more than any SMS of ours; shorten it.", n)
	}
}

func (c *checker) media(at string, x Media) {
	if !slices.Contains(mediaKinds, x.Kind) {
		c.add(at+".kind", "unknown", "The value is not known; use one of: %s.", strings.Join(mediaKinds, ", "))
	}
	if x.Lang != "" && !slices.Contains(c.langs, x.Lang) {
		c.add(at+".lang", "language", "The alert is not in this language; remove the medium.")
	}
	c.required(at+".url", x.URL, "Give the address of the medium.")
	c.size(at+".url", x.URL, 2048)
	c.size(at+".name", x.Name, 300)
	c.required(at+".mime", x.MIME, "Give the media type; CAP wants one.")
	c.short(at+".mime", x.MIME)
	if x.Bytes < 1 || x.Bytes > maxMediaBytes {
		c.add(at+".bytes", "range", "Give the size in bytes, 1 to %d.", maxMediaBytes)
	}
	c.digest(at+".sha256", x.SHA256, 32)
	c.digest(at+".sha1", x.SHA1, 20)
}

func (c *checker) digest(field, s string, size int) {
	if b, err := hex.DecodeString(s); err != nil || len(b) != size {
		c.add(field, "format", "Give the digest as %d hexadecimal digits; a receiver checks the bytes by it.", 2*size)
	}
}
