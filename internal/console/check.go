package console

import (
	"errors"
	"net/http"
	"strings"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
)

type checkView struct {
	page
	Case    casework.Case
	Row     caseRow
	Groups  []group
	Percent int
	Missing []fault // what would help, most useful first
	Ready   bool
}

// group is the answers of one page of the draft.
type group struct {
	Title, Href string
	Rows        []answer
	Photo       string
	Many        bool
}

type answer struct{ Label, Text, Href string }

// maxMissing bounds the hints beside the meter: more is a wall nobody reads at night.
const maxMissing = 5

func (c *console) checkPage(w http.ResponseWriter, r *http.Request) {
	k, ok := c.find(w, r)
	if !ok {
		return
	}
	if !mayEdit(k, c.officer(r)) {
		http.Redirect(w, r, "/console/cases/"+k.ID, http.StatusSeeOther)
		return
	}
	preview, err := c.Casework.Preview(r.Context(), k.ID)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	c.renderCheck(w, r, http.StatusOK, k, preview.Faults)
}

func (c *console) renderCheck(w http.ResponseWriter, r *http.Request, status int, k casework.Case, faults alert.Invalid) {
	view := checkView{page: c.page(r, "Check your answers"), Case: k, Row: c.row(k, c.officer(r)),
		Groups: c.answers(&k.Draft, k.ID, true), Ready: len(faults) == 0}
	view.Back = "/console/cases/" + k.ID
	view.Errors = c.links(k, faults)
	var missing []string
	view.Percent, missing = k.Facts.Completeness()
	for _, path := range missing {
		label := c.labelOf(&k.Draft, path)
		if named(faults, path) || label == path || len(view.Missing) >= maxMissing {
			continue // named above, or not asked on these pages (a point on the map)
		}
		view.Missing = append(view.Missing, fault{label, c.whereIs(&k.Draft, k.ID, path)})
	}
	c.render(w, r, status, "check", view)
}

func named(faults alert.Invalid, path string) bool {
	for _, f := range faults {
		if f.Field == path {
			return true
		}
	}
	return false
}

// links turns faults into lines that lead to their fields.
func (c *console) links(k casework.Case, faults alert.Invalid) []fault {
	list := make([]fault, len(faults))
	for i, f := range faults {
		text := c.plainly(&k.Draft, f)
		if label := c.labelOf(&k.Draft, f.Field); label != f.Field {
			text = label + ": " + text
		}
		list[i] = fault{text, c.whereIs(&k.Draft, k.ID, f.Field)}
	}
	return list
}

// plainly says a fault in an officer's words where the domain's are for
// programs: a list's values are not what the page calls them.
func (c *console) plainly(d *casework.Draft, v alert.Fault) string {
	text := v.Text
	c.asked(d, func(_ step, _ int, fields []*field) bool {
		for _, f := range fields {
			if f.Name == v.Field && v.Code == "required" && len(f.Options) > 0 && f.Kind != "areas" {
				text = "Choose an answer."
			}
		}
		return true
	})
	return text
}

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
	label, best := path, -1
	c.asked(d, func(s step, n int, fields []*field) bool {
		for _, f := range fields {
			if within(path, f.Name) && len(f.Name) > best {
				label, best = f.Label, len(f.Name)
				if s.many != nil && s.many.count(d) > 1 {
					label = s.many.name(d, n) + " – " + label
				}
			}
		}
		return true
	})
	if best < 0 {
		for _, s := range steps {
			if s.prefixes[0] == path {
				return s.title
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
		g := group{Title: s.title, Href: at + s.slug, Many: s.many != nil}
		if n >= 0 {
			g.Title, g.Href = s.many.name(d, n), g.Href+"/"+itoa(n)
		}
		for _, f := range fields {
			if f.Kind == "photo" {
				g.Photo = f.Value
				continue
			}
			shown := f.Shown()
			if f.Kind == "areas" {
				shown = c.areaNames(d.Facts.Areas, alert.English)
			}
			if f.Name == "languages" {
				shown = languagesText(d.Facts.Languages)
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
				g.Rows = []answer{{Label: "Nothing added", Text: "–", Href: g.Href + "?return=check"}}
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
			text := "Add another " + s.many.one
			if count == 0 {
				text = "Add a " + s.many.one
			}
			g := group{Rows: []answer{{Text: text, Href: at + s.slug + "/" + itoa(count) + "?return=check"}}, Many: true}
			if count == 0 {
				g.Title = s.title
			}
			list = append(list, g)
		}
	}
	return list
}

func (c *console) submit(w http.ResponseWriter, r *http.Request) {
	k, ok := c.find(w, r)
	if !ok {
		return
	}
	if _, ok := c.readForm(w, r); !ok {
		return
	}
	_, err := c.Casework.Submit(r.Context(), c.officer(r), k.ID)
	if invalid, ok := errors.AsType[alert.Invalid](err); ok {
		c.renderCheck(w, r, http.StatusUnprocessableEntity, k, invalid)
		return
	}
	if err != nil {
		c.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/console/cases/"+k.ID+"?done=submitted", http.StatusSeeOther)
}

// shortDigest is the beginning of a digest, as two people can compare it by telephone.
func shortDigest(d string) string {
	if len(d) < 8 {
		return d
	}
	s := strings.ToUpper(d[:8])
	return s[:4] + "-" + s[4:]
}
