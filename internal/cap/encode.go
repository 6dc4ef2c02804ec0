package cap

import (
	"fmt"
	"strconv"
)

const header = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

// defaultLanguage is what the standard takes an info without language to be in.
const defaultLanguage = "en-US"

// Encode writes a as a document that is valid by the official schema: right
// order, times and words, language always written, all text escaped. The bytes
// after the XML declaration are their own canonical form (C14N), so a signature
// can be made over them as they are. An error is an alert.Invalid that lists
// every element that cannot be written.
func Encode(a *Alert) ([]byte, error) {
	e := &encoder{}
	e.buf.WriteString(header + `<alert xmlns="` + Namespace + `">` + "\n")
	e.depth = 1
	e.alert(a)
	e.buf.WriteString("</alert>\n")
	if e.buf.Len() > MaxDocument {
		e.faults.Add("alert", "too_long", fmt.Sprintf("the document has %d bytes; shorten the texts or list fewer files until it has at most %d", e.buf.Len(), MaxDocument))
	}
	if err := e.faults.Err(); err != nil {
		return nil, err
	}
	return e.buf.Bytes(), nil
}

func (e *encoder) alert(a *Alert) {
	e.must("identifier", a.Identifier)
	e.must("sender", a.Sender)
	if a.Sent.IsZero() {
		e.faults.Add("sent", "required", "set the time at which the message is sent")
	}
	e.when("sent", a.Sent)
	e.word("status", a.Status, statuses)
	e.word("msgType", a.MsgType, msgTypes)
	e.text("source", a.Source)
	e.word("scope", a.Scope, scopes)
	e.text("restriction", a.Restriction)
	e.text("addresses", a.Addresses)
	for _, c := range a.Code {
		e.text("code", c)
	}
	e.text("note", a.Note)
	e.text("references", a.References)
	e.text("incidents", a.Incidents)
	for i := range a.Info {
		e.group("info", i, func() { e.info(&a.Info[i]) })
	}
}

func (e *encoder) info(i *Info) {
	language := i.Language
	if language == "" {
		language = defaultLanguage
	}
	if !languageTag(language) {
		e.fault("language", "language", "write a tag such as fr or fr-BE")
	}
	e.must("language", language)
	if len(i.Category) == 0 {
		e.fault("category", "required", "name at least one category, for a missing child Rescue")
	}
	for _, c := range i.Category {
		e.word("category", c, categories)
	}
	e.must("event", i.Event)
	for _, r := range i.ResponseType {
		e.word("responseType", r, responseTypes)
	}
	e.word("urgency", i.Urgency, urgencies)
	e.word("severity", i.Severity, severities)
	e.word("certainty", i.Certainty, certainties)
	e.text("audience", i.Audience)
	e.values("eventCode", i.EventCode)
	e.when("effective", i.Effective)
	e.when("onset", i.Onset)
	e.when("expires", i.Expires)
	e.text("senderName", i.SenderName)
	e.text("headline", i.Headline)
	e.text("description", i.Description)
	e.text("instruction", i.Instruction)
	e.uri("web", i.Web)
	e.text("contact", i.Contact)
	e.values("parameter", i.Parameter)
	for n := range i.Resource {
		e.group("resource", n, func() { e.resource(&i.Resource[n]) })
	}
	for n := range i.Area {
		e.group("area", n, func() { e.area(&i.Area[n]) })
	}
}

func (e *encoder) resource(r *Resource) {
	e.must("resourceDesc", r.ResourceDesc)
	e.must("mimeType", r.MimeType)
	if r.Size != 0 {
		e.must("size", strconv.FormatInt(r.Size, 10))
	}
	e.uri("uri", r.URI)
	e.text("derefUri", r.DerefURI)
	e.text("digest", r.Digest)
}

func (e *encoder) area(a *Area) {
	e.must("areaDesc", a.AreaDesc)
	for _, p := range a.Polygon {
		e.text("polygon", p)
	}
	for _, c := range a.Circle {
		e.text("circle", c)
	}
	e.values("geocode", a.Geocode)
	e.number("altitude", a.Altitude)
	e.number("ceiling", a.Ceiling)
}

func (e *encoder) values(name string, values []Value) {
	for i, v := range values {
		e.group(name, i, func() {
			e.must("valueName", v.Name)
			e.must("value", v.Value)
		})
	}
}
