package console

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
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
	if c.mergeOwn(w, r, now, sent) {
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
	view.Sent = pairs(sent, "version", "return", "was")
	c.render(w, r, http.StatusPreconditionFailed, "conflict", view)
}

// answered stands for the stored answers of a page: the same for the same answers.
func (c *console) answered(p place) string {
	d := p.draft()
	h := sha256.New()
	for _, f := range c.fill(p.step, &d, max(p.n, 0)).Fields {
		fmt.Fprintf(h, "%s=%q\n", f.Name, f.Shown()) // a hash takes everything
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// mergeOwn saves a page that is older than the case where the officer himself made
// the newest change, and none to this page's answers: a node that had not yet seen
// his last page gave him this one. False when he has to be asked.
func (c *console) mergeOwn(w http.ResponseWriter, r *http.Request, now place, sent url.Values) bool {
	if now.k.LastEditor != c.officer(r).ID || sent.Get("was") == "" || sent.Get("was") != c.answered(now) {
		return false
	}
	d := now.draft()
	if b := c.take(now.step, &d, max(now.n, 0), sent); len(b.Faults) > 0 {
		return false
	}
	if many := now.step.many; many != nil && many.blank(&d, now.n) {
		many.remove(&d, now.n)
	}
	if _, err := c.Casework.Edit(r.Context(), c.officer(r), now.k.ID, now.k.Version, d); err != nil {
		return false
	}
	http.Redirect(w, r, c.after(r, now), http.StatusSeeOther)
	return true
}

func (c *console) nameOf(id string) string {
	for _, o := range c.Accounts.List() {
		if o.ID == id {
			return o.Name
		}
	}
	return id
}
