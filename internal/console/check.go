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
	// Criteria is how the case stands to them; nil where nothing is asked.
	Criteria *standing
}

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
	view := checkView{
		page: c.page(r, c.say("Check your answers")), Case: k, Row: c.row(k, c.officer(r)),
		Groups: c.answers(&k.Draft, k.ID, true), Ready: len(faults) == 0,
		Criteria: c.standing(k, k.Criteria).changeable(k, c.officer(r)),
	}
	view.Back = "/console/cases/" + k.ID
	if !view.Ready {
		c.stuck(view.Tour)
	}
	view.Errors = c.links(k, faults)
	view.Percent, view.Missing = c.completeness(&k.Draft, k.ID, faults)
	c.render(w, r, status, "check", view)
}

// completeness is the meter: how much of what a useful alert says is there, and
// what would help most, with where it is asked once the case exists.
func (c *console) completeness(d *casework.Draft, id string, said alert.Invalid) (percent int, missing []fault) {
	percent, paths := d.Facts.Completeness()
	for _, path := range paths {
		label := c.labelOf(d, path)
		if named(said, path) || label == path || len(missing) >= maxMissing {
			continue // named above, or not asked on these pages (a point on the map)
		}
		f := fault{Text: label}
		if id != "" {
			f.Href = c.whereIs(d, id, path)
		}
		missing = append(missing, f)
	}
	return percent, missing
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
	text := c.retell(v.Text)
	c.asked(d, func(_ step, _ int, fields []*field) bool {
		for _, f := range fields {
			if f.Name == v.Field && v.Code == "required" && len(f.Options) > 0 && f.Kind != "areas" {
				text = c.say("Choose an answer.")
			}
		}
		return true
	})
	return text
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
	to := "/console/cases/" + k.ID
	if k.Practice == nil { // who practises is led on by the tour
		to += "?done=submitted"
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// shortDigest is the beginning of a digest, as two people can compare it by telephone.
func shortDigest(d string) string {
	if len(d) < 8 {
		return d
	}
	s := strings.ToUpper(d[:8])
	return s[:4] + "-" + s[4:]
}
