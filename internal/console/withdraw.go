package console

import (
	"context"
	"errors"
	"net/http"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
)

// verdict is a decision with a reason.
type verdict func(ctx context.Context, by auth.Officer, id, reason string) (casework.Case, error)

type withdrawView struct {
	page
	Case     casework.Case
	Row      caseRow
	Outcome  *field
	Words    *field
	WhyNot   string
	Sentence string
}

func (c *console) withdrawPage(w http.ResponseWriter, r *http.Request) {
	if k, ok := c.find(w, r); ok {
		outcome := alert.OutcomeFound
		if r.URL.Query().Get("outcome") == string(alert.OutcomeError) { // from the page that corrects
			outcome = alert.OutcomeError
		}
		var words alert.Localized
		b := &form{tongue: c.tongue}
		c.renderWithdraw(w, r, http.StatusOK, k, b, askOutcome(b, &outcome, &words, k))
	}
}

// askOutcome asks why, with the good news chosen beforehand, and for a few words.
func askOutcome(b *form, outcome *alert.Outcome, words *alert.Localized, k casework.Case) []*field {
	pick(b, "outcome", "Why is it withdrawn?", outcome, outcomes)
	var langs []alert.Lang
	if k.Live != nil {
		langs = k.Live.Languages
	}
	b.words("words", "Words for the public", words, langs, 300).hint("Optional. No name: the withdrawal must not say who it was about.")
	return b.Fields
}

func (c *console) renderWithdraw(w http.ResponseWriter, r *http.Request, status int, k casework.Case, b *form, fields []*field) {
	view := withdrawView{page: c.page(r, c.say("Withdraw the alert")), Case: k, Row: c.row(k, c.officer(r)), Outcome: fields[0], Words: fields[1]}
	view.Back = "/console/cases/" + k.ID + "/board"
	switch {
	case k.Live == nil:
		view.WhyNot = c.say("This case has no live alert.")
	case !mayWithdraw(k, c.officer(r)):
		view.WhyNot = c.say("Only an approver or an author of this alert may withdraw it. Call one now.")
	}
	for _, f := range b.Faults {
		view.Errors = append(view.Errors, fault{c.retell(f.Text), "#" + fieldID(f.Field)})
	}
	c.render(w, r, status, "withdraw", view)
}

func (c *console) withdraw(w http.ResponseWriter, r *http.Request) {
	k, ok := c.find(w, r)
	if !ok {
		return
	}
	sent, ok := c.readForm(w, r)
	if !ok {
		return
	}
	outcome := alert.OutcomeFound
	var words alert.Localized
	b := &form{tongue: c.tongue, sent: sent}
	fields := askOutcome(b, &outcome, &words, k)
	if outcome == "" {
		b.fault(fields[0], "required", c.say("Choose why the alert is withdrawn."))
	}
	if len(b.Faults) > 0 {
		c.renderWithdraw(w, r, http.StatusUnprocessableEntity, k, b, fields)
		return
	}
	_, err := c.Casework.Withdraw(r.Context(), c.officer(r), k.ID, outcome, words)
	if invalid, ok := errors.AsType[alert.Invalid](err); ok {
		b.Faults = append(b.Faults, invalid...)
		c.mark(fields, invalid)
		c.renderWithdraw(w, r, http.StatusUnprocessableEntity, k, b, fields)
		return
	}
	switch {
	case errors.Is(err, casework.ErrPending):
		http.Redirect(w, r, "/console/cases/"+k.ID+"/board?done=pending", http.StatusSeeOther)
	case err != nil:
		c.fail(w, r, err)
	default:
		http.Redirect(w, r, "/console/cases/"+k.ID+"/board?done=withdrawn", http.StatusSeeOther)
	}
}
