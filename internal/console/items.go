package console

import (
	"net/http"
	"strconv"

	"tocsin/internal/casework"
)

type itemsView struct {
	page
	Case    casework.Case
	Step    string
	Heading string
	Lede    string
	AddText string
	None    string
	Items   []item
	Add     string
	Next    string
	Version uint64
	Number  int
	Of      int
	ToCheck bool
}

type item struct{ Name, Photo, Change, Remove string }

func (c *console) itemsPage(w http.ResponseWriter, r *http.Request, p place) {
	m := p.step.many
	at := "/console/cases/" + p.k.ID + "/edit/" + p.step.slug
	count := m.count(&p.k.Draft)
	if count == 0 && p.step.slug == "children" { // there is always one: ask at once
		http.Redirect(w, r, at+"/0", http.StatusSeeOther)
		return
	}
	view := itemsView{
		page: c.page(r, c.say(p.step.title)), Case: p.k, Step: p.step.slug, Heading: c.say(p.step.title), Lede: c.say(p.step.lede),
		None: c.say(m.none), AddText: c.say(m.add), Version: p.k.Version, Number: p.index + 1, Of: len(steps),
	}
	view.ToCheck = r.URL.Query().Get("return") == "check"
	view.Back = "/console/cases/" + p.k.ID + "/edit/" + steps[p.index-1].slug
	view.Next = "/console/cases/" + p.k.ID + "/edit/" + steps[p.index+1].slug
	suffix := ""
	if view.ToCheck {
		view.Next, view.Back, suffix = "/console/cases/"+p.k.ID+"/check", "/console/cases/"+p.k.ID+"/check", "?return=check"
	}
	if count > 0 {
		view.Heading = m.described(c.tongue, count)
		view.AddText = c.say(m.another)
		view.Title = view.Heading
	}
	for i := range count {
		it := item{Name: m.name(c.tongue, &p.k.Draft, i), Change: at + "/" + itoa(i) + suffix, Remove: at + "/" + itoa(i) + "/remove"}
		if m.photo != nil {
			it.Photo = m.photo(&p.k.Draft, i)
		}
		view.Items = append(view.Items, it)
	}
	if count < m.limit {
		view.Add = at + "/" + itoa(count) + suffix
	}
	c.putBeside(r, &view.page, p.k.ID, &p.k.Draft, "")
	c.render(w, r, http.StatusOK, "items", view)
}

func (c *console) removeItem(w http.ResponseWriter, r *http.Request) {
	p, ok := c.place(w, r)
	if !ok {
		return
	}
	sent, ok := c.readForm(w, r)
	if !ok {
		return
	}
	d := cloneDraft(p.k.Draft)
	if p.n >= p.step.many.count(&d) {
		c.notFound(w, r)
		return
	}
	p.step.many.remove(&d, p.n)
	version, _ := strconv.ParseUint(sent.Get("version"), 10, 64) // 0 is nobody's version
	if _, err := c.Casework.Edit(r.Context(), c.officer(r), p.k.ID, version, d); err != nil {
		c.fail(w, r, err)
		return
	}
	http.Redirect(w, r, c.after(r, p), http.StatusSeeOther)
}
