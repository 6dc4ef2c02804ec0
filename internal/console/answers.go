package console

import (
	"tocsin/internal/casework"
)

// group is the answers of one page of the draft.
type group struct {
	Title, Href string
	Rows        []answer
	Photo       string
	Many        bool
}

type answer struct{ Label, Text, Href string }

// asked calls fn for every page of the draft that has answers, until it says stop.
func (c *console) asked(d *casework.Draft, fn func(s step, n int, fields []*field) bool) {
	copied := cloneDraft(*d)
	for _, s := range steps {
		count := 1
		if s.many != nil {
			count = s.many.count(&copied)
		}
		for i := range count {
			n := -1
			if s.many != nil {
				n = i
			}
			if !fn(s, n, c.fill(s, &copied, i).Fields) {
				return
			}
		}
	}
}

// whereIs is the address of the field that asks for the fact at path.
func (c *console) whereIs(d *casework.Draft, id, path string) string {
	if href, ok := c.criteriaField(id, path); ok {
		return href
	}
	if lang, name, ok := textOfPath(path); ok {
		return textAddress(id, lang, name)
	}
	at := "/console/cases/" + id + "/edit/"
	href, best := "", -1
	c.asked(d, func(s step, n int, fields []*field) bool {
		for _, f := range fields {
			if within(path, f.Name) && len(f.Name) > best {
				page := at + s.slug
				if n >= 0 {
					page += "/" + itoa(n)
				}
				href, best = page+"?return=check#"+f.ID(), len(f.Name)
			}
		}
		return true
	})
	if href != "" {
		return href
	}
	for _, s := range steps {
		for _, prefix := range s.prefixes {
			if within(path, prefix) {
				return at + s.slug + "?return=check"
			}
		}
	}
	return "" // a text of a channel: no field to go to, the words say the mend
}

// labelOf is the question that asks for the fact at path, with whose it is.
func (c *console) labelOf(d *casework.Draft, path string) string {
	if lang, name, ok := textOfPath(path); ok {
		return c.say(titleOf(name)) + " (" + languageName(lang) + ")"
	}
	label, best := path, -1
	c.asked(d, func(s step, n int, fields []*field) bool {
		for _, f := range fields {
			if within(path, f.Name) && len(f.Name) > best {
				label, best = f.Label, len(f.Name)
				if s.many != nil && s.many.count(d) > 1 {
					label = s.many.name(c.tongue, d, n) + " – " + label
				}
			}
		}
		return true
	})
	if best < 0 {
		for _, s := range steps {
			if s.prefixes[0] == path {
				return c.say(s.title)
			}
		}
	}
	return label
}

// answers lists every page's answers. Optional questions without an answer are
// left out, so that what is there can be read at a glance.
func (c *console) answers(d *casework.Draft, id string, change bool) []group {
	at := "/console/cases/" + id + "/edit/"
	var groups []group
	c.asked(d, func(s step, n int, fields []*field) bool {
		g := group{Title: c.say(s.title), Href: at + s.slug, Many: s.many != nil}
		if n >= 0 {
			g.Title, g.Href = s.many.name(c.tongue, d, n), g.Href+"/"+itoa(n)
		}
		for _, f := range fields {
			if f.Kind == "photo" {
				g.Photo = f.Value
				continue
			}
			shown := f.Shown()
			if f.Kind == "areas" {
				shown = c.areaNames(d.Facts.Areas, c.lang)
			}
			if f.Name == "languages" {
				shown = c.languages(d.Facts.Languages)
			}
			if shown == "" && f.Optional || f.Name == "languages.first" {
				continue
			}
			a := answer{Label: f.Label, Text: shown}
			if change {
				a.Href = g.Href + "?return=check#" + f.ID()
			}
			g.Rows = append(g.Rows, a)
		}
		if change {
			if len(g.Rows) == 0 {
				g.Rows = []answer{{Label: c.say("Nothing added"), Text: "–", Href: g.Href + "?return=check"}}
			}
			g.Href += "?return=check"
		} else {
			g.Href = ""
		}
		groups = append(groups, g)
		return true
	})
	if change {
		groups = c.withEmpty(d, groups, at)
	}
	return groups
}

// withEmpty adds the pages that were never answered, so that they can be reached.
func (c *console) withEmpty(d *casework.Draft, groups []group, at string) []group {
	var list []group
	i := 0
	for _, s := range steps {
		count := 1
		if s.many != nil {
			count = s.many.count(d)
		}
		list = append(list, groups[i:i+count]...)
		i += count
		if s.many != nil && count < s.many.limit {
			text := c.say(s.many.another)
			if count == 0 {
				text = c.say(s.many.add)
			}
			g := group{Rows: []answer{{Text: text, Href: at + s.slug + "/" + itoa(count) + "?return=check"}}, Many: true}
			if count == 0 {
				g.Title = c.say(s.title)
			}
			list = append(list, g)
		}
	}
	return list
}
