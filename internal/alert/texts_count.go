package alert

import "unicode/utf8"

// The limits of the channels, in the unit that Counts names.
const (
	limitHeadline  = 160
	limitCrawl     = 200
	limitRadioText = 64
	limitPushTitle = 50
	limitPushBody  = 180
	limitSMSParts  = 2 // in the GSM alphabet: 306 septets
	limitUCS2Parts = 3 // else: 201 UTF-16 units
	limitShort90   = 90
	limitLong360   = 360

	// The machine's words never come near these; an officer's own could.
	limitDescription = 8000 // the whole account, as a page and a CAP document carry it
	limitInstruction = 2000
	limitSpoken      = 90 // seconds: longer is cut off by the newsreader
)

// Count says how full one text is.
type Count struct {
	Name  string `json:"name"` // as in Texts' JSON
	Text  string `json:"text"`
	Count int    `json:"count"`
	Limit int    `json:"limit"`           // 0 = none
	Unit  string `json:"unit"`            // characters, septets, UTF-16 units, seconds
	Parts int    `json:"parts,omitempty"` // short messages, of an SMS
}

// Over says whether the text exceeds its limit.
func (c Count) Over() bool { return c.Limit > 0 && c.Count > c.Limit }

// Counts counts every text, in the order of Texts. Those that no channel cuts have no limit here.
func Counts(t Texts) []Count {
	list := make([]Count, len(TextNames))
	for i, name := range TextNames {
		list[i] = countOf(name, *t.text(name))
		if name == "spoken" {
			list[i].Count = t.SpokenSeconds
		}
	}
	return list
}

// TextNames are the texts of a message by their names in Texts' JSON, in its order.
var TextNames = []string{
	"headline", "description", "instruction", "spoken", "crawl", "radiotext", "push_title", "push_body", "sms", "short90", "long360",
}

// Named is the text of that name; "" when there is none.
func (t Texts) Named(name string) string {
	if p := t.text(name); p != nil {
		return *p
	}
	return ""
}

// text is where a text lies, or nil when there is none of that name.
func (t *Texts) text(name string) *string {
	switch name {
	case "headline":
		return &t.Headline
	case "description":
		return &t.Description
	case "instruction":
		return &t.Instruction
	case "spoken":
		return &t.Spoken
	case "crawl":
		return &t.Crawl
	case "radiotext":
		return &t.RadioText
	case "push_title":
		return &t.PushTitle
	case "push_body":
		return &t.PushBody
	case "sms":
		return &t.SMS
	case "short90":
		return &t.Short90
	case "long360":
		return &t.Long360
	}
	return nil
}

// Measure counts one text in its channel's own measure, with the limit that an
// officer's own words have there: each text has one. The reading time is that of lang.
func Measure(name, text string, lang Lang) Count {
	c := countOf(name, text)
	switch name {
	case "description":
		c.Limit = limitDescription
	case "instruction":
		c.Limit = limitInstruction
	case "spoken":
		c.Limit = limitSpoken
		if l := languages[lang]; l != nil {
			c.Count = l.seconds(text)
		}
	}
	return c
}

// countOf counts a text; of the spoken one it does not know the language, hence no seconds.
func countOf(name, text string) Count {
	characters := Count{Name: name, Text: text, Count: utf8.RuneCountInString(text), Unit: "characters"}
	switch name {
	case "headline":
		characters.Limit = limitHeadline
	case "spoken":
		return Count{Name: name, Text: text, Unit: "seconds"}
	case "crawl":
		characters.Limit = limitCrawl
	case "radiotext":
		characters.Limit = limitRadioText
	case "push_title":
		characters.Limit = limitPushTitle
	case "push_body":
		characters.Limit = limitPushBody
	case "sms":
		return countSMS(text)
	case "short90":
		return countShort90(text)
	case "long360":
		characters.Limit = limitLong360
	}
	return characters
}

func countSMS(text string) Count {
	units, parts, gsm := smsParts(text)
	c := Count{Name: "sms", Text: text, Count: units, Limit: limitSMSParts * gsmPart, Unit: "septets", Parts: parts}
	if !gsm {
		c.Limit, c.Unit = limitUCS2Parts*ucs2Part, "UTF-16 units"
	}
	return c
}

// countShort90 counts septets, so that 90 also holds in cell broadcast; a
// script without GSM letters counts characters.
func countShort90(text string) Count {
	c := Count{Name: "short90", Text: text, Limit: limitShort90, Unit: "septets"}
	n, ok := GSM(text)
	if !ok {
		n, c.Unit = utf8.RuneCountInString(text), "characters"
	}
	c.Count = n
	return c
}

func fitsSMS(s string) bool {
	_, parts, gsm := smsParts(s)
	return gsm && parts <= limitSMSParts || !gsm && parts <= limitUCS2Parts
}

// shorten fills t's short texts from s. Its error names every text that does
// not fit even in its shortest form; with valid facts there is none.
func (w *writer) shorten(t *Texts, s shortTexts) error {
	var faults Invalid
	for _, c := range []struct {
		name  string
		to    *string
		lines []line
		limit int
		shape func(string) string
		fits  func(string) bool
	}{
		{"headline", &t.Headline, s.headline, limitHeadline, same, nil},
		{"crawl", &t.Crawl, s.crawl, limitCrawl, same, nil},
		{"radiotext", &t.RadioText, s.radiotext, limitRadioText, plain, nil},
		{"push_title", &t.PushTitle, s.pushTitle, limitPushTitle, same, nil},
		{"push_body", &t.PushBody, s.pushBody, limitPushBody, same, nil},
		{"sms", &t.SMS, s.sms, limitSMSParts * gsmPart, toGSM, fitsSMS},
		{"short90", &t.Short90, s.short90, limitShort90, toGSM, func(s string) bool { return !countShort90(s).Over() }},
		{"long360", &t.Long360, s.long360, limitLong360, same, nil},
	} {
		if c.fits == nil {
			c.fits = func(s string) bool { return utf8.RuneCountInString(s) <= c.limit }
		}
		text, ok := fit(c.lines, c.limit, func(s string) bool { return c.fits(c.shape(s)) })
		if !ok {
			faults.Add("texts."+string(w.l.code)+"."+c.name, "too_long", "does not fit even in its shortest form; shorten the number to call or the names")
		}
		*c.to = c.shape(text)
	}
	return faults.Err()
}

func same(s string) string { return s }
