package console

import (
	"net/http"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
)

// correctView is the page that puts a wrong alert right: an update with ready
// words, or the withdrawal of what should never have gone out. Both go the way
// and at the pace of the alert itself.
type correctView struct {
	page
	Case        casework.Case
	Row         caseRow
	MayUpdate   bool
	MayWithdraw bool
	WhyNot      string
	Update      []readyWords // what the update begins with
	Mistake     []readyWords // what the withdrawal says
	Took        string       // how fast the wrong alert went out: as fast as it can be caught
}

// readyWords are a sentence for the public in one language of the alert.
type readyWords struct{ Lang, Name, Text string }

func (c *console) correctPage(w http.ResponseWriter, r *http.Request) {
	k, ok := c.find(w, r)
	if !ok {
		return
	}
	o := c.officer(r)
	view := correctView{
		page: c.page(r, c.say("Correct the alert")), Case: k, Row: c.row(k, o),
		MayUpdate: k.Live != nil && mayEdit(k, o), MayWithdraw: mayWithdraw(k, o),
	}
	view.Back, view.Scripts = "/console/cases/"+k.ID, []string{"clock.js"}
	switch {
	case k.Live == nil:
		view.WhyNot = c.say("This case has no live alert.")
	case !view.MayUpdate && !view.MayWithdraw:
		view.WhyNot = c.say("Only an approver or an author of this alert may correct it. Call one now.")
	default:
		for _, l := range k.Live.Languages {
			view.Update = append(view.Update, readyWords{string(l), languageName(l), alert.Correction(l)})
			view.Mistake = append(view.Mistake, readyWords{string(l), languageName(l), alert.Ending(l, alert.OutcomeError)})
		}
	}
	if b, err := c.board(k.ID); err == nil {
		view.Took = c.lastTold(b)
	}
	c.render(w, r, http.StatusOK, "correct", view)
}

// correct begins the update: the ready words are in it, and the officer goes on
// to what was wrong.
func (c *console) correct(w http.ResponseWriter, r *http.Request) {
	k, ok := c.find(w, r)
	if !ok {
		return
	}
	if k.Live == nil {
		c.refuse(w, r, http.StatusConflict, c.say("Not possible now"), c.say("This case has no live alert."))
		return
	}
	d := cloneDraft(k.Draft)
	d.Facts.Note = alert.Correct(d.Facts.Note, d.Facts.Languages)
	if _, err := c.Casework.Edit(r.Context(), c.officer(r), k.ID, k.Version, d); err != nil {
		c.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/console/cases/"+k.ID+"/check?done=correcting", http.StatusSeeOther)
}
