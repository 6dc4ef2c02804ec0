package console

import (
	"encoding/json"
	"errors"
	"net/http"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
)

// preset is the draft that a new case begins with: what the agency always says.
func (c *console) preset() casework.Draft {
	var d casework.Draft
	d.Facts.Languages = c.Languages
	d.Facts.LastSeen.TimeZone = c.zone.String()
	d.Facts.Authority, d.Facts.Contact.Phone, d.Facts.Contact.Hotline = c.Authority, c.Phone, c.Hotline
	return d
}

func (c *console) newPage(w http.ResponseWriter, r *http.Request) {
	d := c.preset()
	if !c.mayBegin(w, r) {
		return
	}
	first, _ := c.firstPage()
	c.render(w, r, http.StatusOK, templateOf(first), c.newView(r, c.fill(first, &d, 0)))
}

func (c *console) mayBegin(w http.ResponseWriter, r *http.Request) bool {
	if !c.officer(r).Has(auth.Author) {
		c.refuse(w, r, http.StatusForbidden, c.say("You may not begin a case"), c.say("Your account has no author's role. Ask an administrator to add it."))
		return false
	}
	return true
}

// firstPage is what a new case is asked first, and where its answers lead: the
// criteria where there are any, else the first step.
func (c *console) firstPage() (first step, next string) {
	if set := c.Casework.Asks(); set != nil {
		return criteriaStep(set), steps[0].slug
	}
	return steps[0], steps[1].slug
}

func (c *console) newView(r *http.Request, b *form) stepView {
	first, _ := c.firstPage()
	view := stepView{
		page: c.page(r, c.say("New case: what happened")), Step: first.slug, Heading: c.say(first.title), Lede: c.say(first.lede),
		Action: "/console/cases/new", Fields: b.Fields, Number: 1, Of: len(steps),
	}
	if first.slug == criteriaSlug {
		view.Title = c.say("New case: criteria")
		view.Criteria = c.criteriaForm(c.Casework.Asks(), b.Fields)
	}
	view.Back = "/console/cases"
	for _, f := range b.Faults {
		view.Errors = append(view.Errors, fault{c.retell(f.Text), "#" + fieldID(f.Field)})
	}
	if first.slug == criteriaSlug {
		return view // no word of an alert comes of it
	}
	c.putBeside(r, &view.page, "", b.draft, "/console/cases/new/words")
	return view
}

func (c *console) newCase(w http.ResponseWriter, r *http.Request) {
	if !c.mayBegin(w, r) {
		return
	}
	sent, ok := c.readForm(w, r)
	if !ok {
		return
	}
	d := c.preset()
	first, next := c.firstPage()
	b := c.take(first, &d, 0, sent)
	if len(b.Faults) == 0 {
		k, err := c.Casework.Draft(r.Context(), c.officer(r), d)
		if err == nil {
			http.Redirect(w, r, "/console/cases/"+k.ID+"/edit/"+next, http.StatusSeeOther)
			return
		}
		invalid, ok := errors.AsType[alert.Invalid](err)
		if !ok {
			c.fail(w, r, err)
			return
		}
		b.Faults = append(b.Faults, invalid...)
		c.mark(b.Fields, invalid)
	}
	c.render(w, r, http.StatusUnprocessableEntity, templateOf(first), c.newView(r, b))
}

// cloneDraft copies through JSON, as the draft is stored: nothing of the
// service's own state may be written to.
func cloneDraft(d casework.Draft) casework.Draft {
	var copied casework.Draft
	data, err := json.Marshal(d)
	if err == nil {
		err = json.Unmarshal(data, &copied)
	}
	if err != nil { // impossible: it came from JSON
		return d
	}
	return copied
}
