package console

import (
	"errors"
	"net/http"
	"net/url"

	"tocsin/internal/casework"
)

type conflictView struct {
	page
	Who, When string
	Rows      []difference
	Same      bool        // the two say the same: only the version moved
	Sent      [][2]string // everything the officer sent, to send again
	Action    string
	Version   uint64
	Theirs    string // the page as it is now
}

// difference is one answer on which the two officers differ.
type difference struct{ Label, Mine, Theirs string }

// conflict shows what the officer wrote beside what a colleague stored
// meanwhile, and lets him choose. What he wrote travels in the page, so nothing
// is lost whichever way he goes.
func (c *console) conflict(w http.ResponseWriter, r *http.Request, p place, mine *form, sent url.Values) {
	k, err := c.Casework.Get(p.k.ID)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	now := place{step: p.step, index: p.index, n: p.n, k: k}
	if p.step.many != nil && p.n > p.step.many.count(&k.Draft) {
		c.fail(w, r, errors.Join(casework.ErrConflict, errors.New("the item is gone")))
		return
	}
	d := now.draft()
	theirs := c.fill(p.step, &d, max(p.n, 0))
	view := conflictView{
		page: c.page(r, c.say("Somebody else changed this case")), Who: c.nameOf(k.LastEditor), Version: k.Version,
		When: k.Changed.In(c.zoneOf(&k.Draft)).Format("15:04:05"),
	}
	view.Action = "/console/cases/" + k.ID + "/edit/" + p.step.slug
	if p.n >= 0 {
		view.Action += "/" + itoa(p.n)
	}
	view.Theirs = view.Action
	if r.FormValue("return") == "check" {
		view.Action += "?return=check"
	}
	for i, f := range mine.Fields {
		if i >= len(theirs.Fields) {
			break
		}
		if a, b := f.Shown(), theirs.Fields[i].Shown(); a != b {
			view.Rows = append(view.Rows, difference{f.Label, a, b})
		}
	}
	view.Same = len(view.Rows) == 0
	view.Sent = pairs(sent, "version", "return")
	c.render(w, r, http.StatusPreconditionFailed, "conflict", view)
}

func (c *console) nameOf(id string) string {
	for _, o := range c.Accounts.List() {
		if o.ID == id {
			return o.Name
		}
	}
	return id
}
