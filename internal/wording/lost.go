package wording

import (
	"strings"
	"unicode/utf8"

	"tocsin/internal/alert"
)

// lost looks for what the machine says in a text and the edit no longer does:
// who, where, and the number to call.
func (c *check) lost(field string, e alert.Edited) {
	f := c.m.Facts
	for _, child := range f.Children {
		first, _, _ := strings.Cut(strings.TrimSpace(child.GivenName), " ")
		c.gone(field, e, first)
	}
	for _, v := range f.Vehicles {
		c.gone(field, e, v.Plate)
	}
	if c.m.MsgType == alert.TypeUpdate {
		c.gone(field, e, alert.UpdateWord(e.Lang)) // else people take it for the alert they know
	}
	place := f.LastSeen.Place
	if i := strings.LastIndex(place, ","); i >= 0 {
		place = place[i+1:]
	}
	c.gone(field, e, strings.TrimSpace(place))
	// The last digits are the same however the number is grouped and dialled.
	if d := digits(f.Contact.Phone); d != "" {
		d = d[max(0, len(d)-6):]
		if strings.Contains(digits(e.Machine), d) && !strings.Contains(digits(e.Text), d) {
			c.warn(Lost, field, e.Lang, alert.FormatPhone(f.Contact.Phone), "")
		}
	}
}

func (c *check) gone(field string, e alert.Edited, what string) {
	if utf8.RuneCountInString(what) > 1 && says(e.Machine, what) && !says(e.Text, what) {
		c.warn(Lost, field, e.Lang, what, "")
	}
}

// says looks for what as it was typed, and as a short message writes it: there Zoë is Zoe.
func says(text, what string) bool {
	return strings.Contains(text, what) || strings.Contains(text, alert.GSMText(what))
}

func (c *check) nameInSMS() {
	for _, lang := range c.m.Languages {
		for _, child := range c.m.Facts.Children {
			name, _, _ := strings.Cut(strings.TrimSpace(child.GivenName), " ")
			for _, written := range []string{name, alert.GSMText(name)} {
				if found, ok := find(c.m.Texts[lang].SMS, c.m.Texts[lang].SMS, written); ok {
					c.warn(NameInSMS, "texts."+string(lang)+".sms", lang, found, "")
					break
				}
			}
		}
	}
}
