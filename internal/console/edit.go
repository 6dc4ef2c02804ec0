package console

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
)

type stepView struct {
	page
	Case    casework.Case
	Step    string
	Heading string
	Lede    string
	Action  string // where the form goes
	Version uint64
	Was     string // what the stored answers of this page were when it was shown
	Fields  []*field
	Number  int // "Step 2 of 9"
	Of      int
	File    bool // the form carries a photo
	Item    bool // one of several: may be removed
	ToCheck bool
	Country string
	// Criteria are the questions of the page before the first step.
	Criteria *criteriaForm
	Area     *areaView // only of the area page
}

// place is a step of a case as the address names it: which step, and which of several.
type place struct {
	step  step
	index int // of the step
	n     int // of the item; -1 = the list of items
	k     casework.Case
}

func (c *console) place(w http.ResponseWriter, r *http.Request) (place, bool) {
	k, ok := c.find(w, r)
	if !ok {
		return place{}, false
	}
	s, at, ok := stepNamed(chi.URLParam(r, "step"))
	if chi.URLParam(r, "step") == criteriaSlug && k.Asked != nil {
		s, at, ok = criteriaStep(k.Asked), -1, true
	}
	p := place{step: s, index: at, n: -1, k: k}
	if raw := chi.URLParam(r, "n"); ok && raw != "" {
		n, err := strconv.Atoi(raw)
		ok = err == nil && s.many != nil && n >= 0 && n < s.many.limit
		if next := 0; ok {
			next = s.many.count(&k.Draft)
			ok = n <= next || c.moveForm(r, s, n, next)
			n = min(n, next)
		}
		p.n = n
	}
	if !ok {
		c.notFound(w, r)
		return place{}, false
	}
	if !mayEdit(k, c.officer(r)) {
		c.refuse(w, r, http.StatusForbidden, c.say("You may not change this case"), c.say("Only authors write, and only while the case is open."))
		return place{}, false
	}
	return p, true
}

// moveForm makes the form of an item that is gone one of the next new item: a
// colleague removed it, or one before it, and what was written is kept to choose.
// False when there is no form to keep.
func (c *console) moveForm(r *http.Request, s step, from, to int) bool {
	if len(r.PostForm) == 0 || from == to {
		return false
	}
	was, is := fmt.Sprintf("%s[%d].", s.slug, from), fmt.Sprintf("%s[%d].", s.slug, to)
	for name, values := range r.PostForm {
		if rest, ok := strings.CutPrefix(name, was); ok {
			r.PostForm[is+rest] = values
			delete(r.PostForm, name)
		}
	}
	return true
}

// draft is a copy with room for the item that the address names.
func (p place) draft() casework.Draft {
	d := cloneDraft(p.k.Draft)
	if p.step.many != nil && p.n == p.step.many.count(&d) {
		p.step.many.grow(&d)
	}
	return d
}

func (c *console) stepPage(w http.ResponseWriter, r *http.Request) {
	p, ok := c.place(w, r)
	if !ok {
		return
	}
	if p.step.many != nil && p.n < 0 {
		c.itemsPage(w, r, p)
		return
	}
	d := c.filled(r, p)
	b := c.fill(p.step, &d, max(p.n, 0))
	view := c.stepView(r, p, b)
	if view.ToCheck { // coming from the list of faults: show them at their fields
		if preview, err := c.Casework.Preview(r.Context(), p.k.ID); err == nil {
			c.mark(b.Fields, preview.Faults)
		}
	}
	c.render(w, r, http.StatusOK, templateOf(p.step), view)
}

func templateOf(s step) string {
	if s.slug == "area" || s.slug == criteriaSlug {
		return s.slug
	}
	return "step"
}

func (c *console) stepView(r *http.Request, p place, b *form) stepView {
	at := "/console/cases/" + p.k.ID
	view := stepView{
		page: c.page(r, c.say(p.step.title)), Case: p.k, Step: p.step.slug, Heading: c.say(p.step.title), Lede: c.say(p.step.lede),
		Action: at + "/edit/" + p.step.slug, Version: p.k.Version, Fields: b.Fields, Number: p.index + 1, Of: len(steps),
	}
	view.ToCheck, view.Was = r.FormValue("return") == "check", c.answered(p)
	view.Back = at + "/check"
	if p.n >= 0 {
		view.Action += "/" + itoa(p.n)
		view.Item = p.n < p.step.many.count(&p.k.Draft)
		view.File = p.step.many.photo != nil
		view.Heading = c.say(p.step.title)
		if view.Item {
			view.Heading = p.step.many.name(c.tongue, &p.k.Draft, p.n)
			view.Title = view.Heading
		}
	} else if p.index > 0 && !view.ToCheck {
		view.Back = at + "/edit/" + steps[p.index-1].slug
	} else if p.index == 0 && p.k.Asked != nil && !view.ToCheck {
		view.Back = at + "/edit/" + criteriaSlug
	}
	if p.step.slug == criteriaSlug {
		view.Criteria = c.criteriaForm(p.k.Asked, b.Fields)
	}
	if p.step.slug == "area" {
		c.areaView(r, &view, b)
	}
	for _, f := range b.Faults {
		view.Errors = append(view.Errors, fault{c.retell(f.Text), "#" + fieldID(f.Field)})
	}
	c.putBeside(r, &view.page, p.k.ID, b.draft, view.Action+"/words")
	return view
}

// mark writes faults beside their fields.
func (t *tongue) mark(fields []*field, faults alert.Invalid) {
	for _, f := range fields {
		for _, v := range faults {
			if f.Error == "" && within(v.Field, f.Name) {
				f.Error = t.retell(v.Text)
			}
		}
	}
}

// within says whether a fault's path is the field or a part of it.
func within(path, name string) bool {
	if len(path) < len(name) || path[:len(name)] != name {
		return false
	}
	return len(path) == len(name) || path[len(name)] == '.' || path[len(name)] == '['
}

// saveStep takes one page of the guided draft.
func (c *console) saveStep(w http.ResponseWriter, r *http.Request) {
	sent, ok := c.readForm(w, r) // before the place: the item that it is for may be gone
	if !ok {
		return
	}
	p, ok := c.place(w, r)
	if !ok {
		return
	}
	photo := c.takePhoto(r, p, sent)
	d := p.draft()
	b := c.take(p.step, &d, max(p.n, 0), sent)
	if photo != nil {
		c.markPhoto(b, photo)
	}
	if c.lookUp(w, r, p, b, sent) {
		return
	}
	if len(b.Faults) > 0 {
		c.render(w, r, http.StatusUnprocessableEntity, templateOf(p.step), c.keep(c.stepView(r, p, b), sent))
		return
	}
	if p.step.many != nil && p.n < 0 {
		c.notFound(w, r)
		return
	}
	if p.step.many != nil && p.step.many.blank(&d, p.n) {
		p.step.many.remove(&d, p.n)
	}
	version, err := strconv.ParseUint(sent.Get("version"), 10, 64)
	if err != nil {
		c.refuse(w, r, http.StatusBadRequest, c.say("The form could not be read"), c.say("Go back and send it again."))
		return
	}
	_, err = c.Casework.Edit(r.Context(), c.officer(r), p.k.ID, version, d)
	if invalid, ok := errors.AsType[alert.Invalid](err); ok {
		b.Faults = append(b.Faults, invalid...)
		c.mark(b.Fields, invalid)
		c.render(w, r, http.StatusUnprocessableEntity, templateOf(p.step), c.keep(c.stepView(r, p, b), sent))
		return
	}
	switch {
	case errors.Is(err, casework.ErrConflict):
		c.conflict(w, r, p, b, sent)
	case err != nil:
		c.fail(w, r, err)
	default:
		http.Redirect(w, r, c.after(r, p), http.StatusSeeOther)
	}
}

// keep holds the version and the answers that the officer saw when a page is shown
// again: newer ones would let him overwrite what he has not read.
func (c *console) keep(v stepView, sent url.Values) stepView {
	v.Was = sent.Get("was")
	if n, err := strconv.ParseUint(sent.Get("version"), 10, 64); err == nil {
		v.Version = n
	}
	return v
}

// after is where a saved page leads.
func (c *console) after(r *http.Request, p place) string {
	at := "/console/cases/" + p.k.ID
	switch {
	case p.n >= 0 && r.FormValue("return") == "check":
		return at + "/edit/" + p.step.slug + "?return=check"
	case p.n >= 0:
		return at + "/edit/" + p.step.slug
	case r.FormValue("return") == "check" || p.index == len(steps)-1:
		return at + "/check"
	default:
		return at + "/edit/" + steps[p.index+1].slug
	}
}

// readForm reads a form of either kind, within the bound of limitForm.
func (c *console) readForm(w http.ResponseWriter, r *http.Request) (url.Values, bool) {
	// Apart from each other: ParseMultipartForm alone hides why a plain form could not be read.
	err := r.ParseForm()
	if err == nil {
		err = r.ParseMultipartForm(1 << 20) // larger parts wait on disk, not in memory
	}
	if err != nil && !errors.Is(err, http.ErrNotMultipart) {
		c.badForm(w, r, err)
		return nil, false
	}
	return r.PostForm, true
}
