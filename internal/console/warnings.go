package console

import (
	"tocsin/internal/casework"
	"tocsin/internal/wording"
)

// warnLine is one thing that the public should perhaps not read, as a page shows it.
type warnLine struct {
	Where, Href string // the question or the text it stands in; no address for who may not change it
	Lang        string // of what was found
	Found       string
	Text        string
	More        string // on the last of a list that was cut: how many are not in it
}

// warnings are what package wording found, in the officer's language.
func (c *console) warnings(d *casework.Draft, id string, found []wording.Warning, change bool) []warnLine {
	list := make([]warnLine, len(found))
	for i, w := range found {
		list[i] = warnLine{Where: c.labelOf(d, w.Field), Lang: string(w.Lang), Found: w.Found, Text: c.retell(w.Text)}
		if w.More > 0 {
			list[i].More = c.count(w.More, "{n} more is not listed.", "{n} more are not listed.")
		}
		if change && id != "" {
			list[i].Href = c.whereIs(d, id, w.Field)
		}
	}
	return list
}

// warningsOf are those of one text.
func warningsOf(found []wording.Warning, field string) []wording.Warning {
	var own []wording.Warning
	for _, w := range found {
		if w.Field == field {
			own = append(own, w)
		}
	}
	return own
}
