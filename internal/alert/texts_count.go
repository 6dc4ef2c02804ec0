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

// Counts counts every text, in the order of Texts.
func Counts(t Texts) []Count {
	characters := func(name, text string, limit int) Count {
		return Count{Name: name, Text: text, Count: utf8.RuneCountInString(text), Limit: limit, Unit: "characters"}
	}
	return []Count{
		characters("headline", t.Headline, limitHeadline),
		characters("description", t.Description, 0),
		characters("instruction", t.Instruction, 0),
		{Name: "spoken", Text: t.Spoken, Count: t.SpokenSeconds, Unit: "seconds"},
		characters("crawl", t.Crawl, limitCrawl),
		characters("radiotext", t.RadioText, limitRadioText),
		characters("push_title", t.PushTitle, limitPushTitle),
		characters("push_body", t.PushBody, limitPushBody),
		countSMS(t.SMS),
		countShort90(t.Short90),
		characters("long360", t.Long360, limitLong360),
	}
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
