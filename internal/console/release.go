package console

import (
	"cmp"
	"errors"
	"net/http"
	"strings"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
)

type releaseView struct {
	page
	Case     casework.Case
	Row      caseRow
	Sentence string
	Nobody   bool // nobody is registered in the area
	Digest   string
	Short    string
	Langs    []langPreview
	WhyNot   string
	MayJudge bool
	Lines    []lineRow
	Off      int // how many of them are not connected
	Photos   []string
	Kit      *casework.Kit
	Writers  string
	Ends     string
	Languages,
	Reason string // typed, after a fault
	ReasonFault string
	ReasonAt    string // return or reject: which box the fault belongs to
	IsUpdate    bool
	Asked       *askedView
	Confirm     *confirmView // nil: no passkey is asked for
	Warn        []warnLine
	Code        *question // nil: no code is asked for
	Criteria    *standing // nil where nothing is asked
	// OverrideReason was typed before a fault.
	OverrideReason, OverrideFault string
}

// confirmView is what the page asks the approver's passkey with.
type confirmView struct{ Challenge, Host, Keys string }

func (c *console) releasePage(w http.ResponseWriter, r *http.Request) {
	k, ok := c.find(w, r)
	if !ok {
		return
	}
	if k.Stage != casework.StageSubmitted {
		c.refuse(w, r, http.StatusConflict, c.say("This case is not waiting for release"), c.say("Its state is now: {stage}. Open the case to see what happened.", "stage", c.say(stageWords[k.Stage])))
		return
	}
	c.renderRelease(w, r, http.StatusOK, k, func(*releaseView) {})
}

func (c *console) renderRelease(w http.ResponseWriter, r *http.Request, status int, k casework.Case, more func(*releaseView)) {
	p, err := c.Casework.Preview(r.Context(), k.ID)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	o := c.officer(r)
	zone := c.zoneOf(&k.Draft)
	view := releaseView{
		page: c.page(r, c.say("Release: {case}", "case", c.caseName(k))), Case: k, Row: c.row(k, o), Digest: p.Digest, Short: shortDigest(p.Digest),
		Langs: c.cards(k, p), WhyNot: c.whyNot(k, o), MayJudge: o.Has(auth.Approver), Photos: photosOf(&k.Facts), Kit: p.Kit,
		Writers: c.writers(k), Ends: c.day(k.Facts.Expires.In(zone)),
		Languages: c.languages(k.Facts.Languages), IsUpdate: k.Live != nil, Criteria: c.standing(k, p.Criteria),
	}
	view.Sentence, view.Nobody = c.onRelease(k, p)
	view.Errors = c.links(k, p.Faults)
	view.Warn = c.warnings(&k.Draft, k.ID, p.Warnings, false)
	view.Scripts, view.Wide, view.Back = append(view.Scripts, "clock.js"), true, "/console/cases/"+k.ID
	with := c.Casework.Confirmation(o)
	if with.Code && view.WhyNot == "" && k.Practice == nil {
		view.Code = new(c.askCode(""))
	}
	// Whoever has no passkey yet can practise all the same.
	if with.Needed && view.WhyNot == "" && (k.Practice == nil || len(with.Keys) > 0) {
		view.Confirm = &confirmView{auth.DigestChallenge(p.Digest), with.Host, strings.Join(with.Keys, " ")}
		view.Scripts = append(view.Scripts, "passkey.js")
		if len(with.Keys) == 0 {
			view.WhyNot = c.say("Releases are confirmed by passkey here, and you have none that can be used. Add one on your account page.")
		}
	}
	if len(p.Faults) > 0 && view.WhyNot == "" {
		view.WhyNot = c.say("The content has faults, listed above. Return it to the author.")
	}
	if view.Asked = c.askedOf(k, o); view.Asked != nil {
		view.Asked.Here = "release"
	}
	if view.WhyNot == "" {
		view.WhyNot = c.whyNotAgreed(k)
	}
	view.Lines = c.lineRows()
	if view.Off = offLines(view.Lines); view.Off > 0 {
		view.Sentence += " " + c.count(view.Off, "{n} broadcaster is not connected.", "{n} broadcasters are not connected.")
	}
	more(&view)
	c.render(w, r, status, "release", view)
}

// onRelease says in one sentence who will get what, where.
func (c *console) onRelease(k casework.Case, p casework.Preview) (sentenceText string, nobody bool) {
	nobody = true
	for _, ch := range p.Channels {
		nobody = nobody && ch.Recipients == 0
	}
	where, to := c.areaNames(k.Facts.Areas, c.lang), c.sentence(c.reachOf(p))
	switch {
	case k.Practice != nil:
		return c.say("In an exercise or an alert, {who} in {where} would get this within seconds. This is practice: nothing is sent.", "who", to, "where", where), false
	case nobody && c.Realm == alert.Drill:
		return c.say("Nobody is registered in {where}. Only the public page and the feeds will show this EXERCISE message.", "where", where), true
	case nobody:
		return c.say("Nobody is registered in {where}. Only the public page and the feeds will show this alert.", "where", where), true
	case c.Realm == alert.Drill:
		return c.say("On release, {who} in {where} will get this EXERCISE message within seconds.", "who", to, "where", where), false
	case k.Live != nil:
		return c.say("On release, {who} in {where} will get this update within seconds.", "who", to, "where", where), false
	default:
		return c.say("On release, {who} in {where} will get this alert within seconds.", "who", to, "where", where), false
	}
}

// writers are all who had a hand in it, by name.
func (c *console) writers(k casework.Case) string {
	var names []string
	seen := map[string]bool{"": true}
	for _, id := range append([]string{k.Author, k.LastEditor, k.Submitter}, k.Editors...) {
		if !seen[id] {
			seen[id] = true
			names = append(names, c.nameOf(id))
		}
	}
	return c.sentence(names)
}

func (c *console) release(w http.ResponseWriter, r *http.Request) {
	k, ok := c.find(w, r)
	if !ok {
		return
	}
	sent, ok := c.readForm(w, r)
	if !ok {
		return
	}
	if len(sent.Get("answer")) > auth.MaxAnswer {
		c.fail(w, r, &http.MaxBytesError{Limit: auth.MaxAnswer})
		return
	}
	after, err := c.Casework.Approve(r.Context(), c.officer(r), k.ID, casework.Approval{
		Digest: sent.Get("digest"), Answer: []byte(cmp.Or(sent.Get("answer"), sent.Get("code"))), Override: sent.Get("override"),
	})
	if field, text, ok := c.wayFault(err); ok && field == "code" {
		c.renderRelease(w, r, statusOf(w, err), k, func(v *releaseView) {
			v.OverrideReason, v.Errors = sent.Get("override"), []fault{{text, "#code"}}
			if v.Code != nil {
				v.Code.Error = text
			}
		})
		return
	}
	if v, ok := errors.AsType[alert.Invalid](err); ok && overrideFault(v) != "" {
		c.renderRelease(w, r, http.StatusUnprocessableEntity, k, func(view *releaseView) {
			view.OverrideReason, view.OverrideFault = sent.Get("override"), c.retell(overrideFault(v))
			view.Errors = []fault{{view.OverrideFault, "#override"}}
		})
		return
	}
	if t := c.diagnose(err); err != nil && !errors.Is(err, casework.ErrPending) && t.status >= http.StatusInternalServerError {
		c.Log.ErrorContext(r.Context(), "console", "path", routeOf(r), "err", err)
		c.renderRelease(w, r, t.status, k, func(v *releaseView) { // what confirmed it is asked for anew
			v.OverrideReason, v.Errors = sent.Get("override"), []fault{{Text: t.title + ". " + t.detail}}
		})
		return
	}
	switch {
	case err == nil && after.Stage == casework.StagePractised:
		http.Redirect(w, r, "/console/cases/"+k.ID+"/practice", http.StatusSeeOther)
	case errors.Is(err, casework.ErrPending):
		http.Redirect(w, r, "/console/cases/"+k.ID+"/board?done=pending", http.StatusSeeOther)
	case err != nil:
		c.fail(w, r, err)
	default:
		http.Redirect(w, r, "/console/cases/"+k.ID+"/board?done=released", http.StatusSeeOther)
	}
}

func (c *console) giveBack(w http.ResponseWriter, r *http.Request) {
	c.judge(w, r, "return", "returned", c.Casework.Return)
}

func (c *console) reject(w http.ResponseWriter, r *http.Request) {
	c.judge(w, r, "reject", "rejected", c.Casework.Reject)
}

// judge is what return and reject share: a reason that is asked again when it is missing.
func (c *console) judge(w http.ResponseWriter, r *http.Request, which, done string, act verdict) {
	k, ok := c.find(w, r)
	if !ok {
		return
	}
	sent, ok := c.readForm(w, r)
	if !ok {
		return
	}
	reason := strings.TrimSpace(sent.Get("reason"))
	_, err := act(r.Context(), c.officer(r), k.ID, reason)
	if invalid, ok := errors.AsType[alert.Invalid](err); ok && len(invalid) > 0 {
		c.renderRelease(w, r, http.StatusUnprocessableEntity, k, func(v *releaseView) {
			said := c.retell(invalid[0].Text)
			v.Reason, v.ReasonFault, v.ReasonAt = reason, said, which
			v.Errors = []fault{{said, "#" + which + "-reason"}}
		})
		return
	}
	if err != nil {
		c.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/console/cases/"+k.ID+"?done="+done, http.StatusSeeOther)
}
