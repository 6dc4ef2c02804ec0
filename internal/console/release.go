package console

import (
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
	Stations []Station
	Off      []Station // registered, not connected
	Photos   []string
	Writers  string
	Ends     string
	Languages,
	Reason string // typed, after a fault
	ReasonFault string
	ReasonAt    string // return or reject: which box the fault belongs to
	IsUpdate    bool
}

func (c *console) releasePage(w http.ResponseWriter, r *http.Request) {
	k, ok := c.find(w, r)
	if !ok {
		return
	}
	if k.Stage != casework.StageSubmitted {
		c.refuse(w, r, http.StatusConflict, "This case is not waiting for release", "It is "+strings.ToLower(stageWords[k.Stage])+" now. Open the case to see what happened.")
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
		page: c.page(r, "Release: "+caseName(k)), Case: k, Row: c.row(k, o), Digest: p.Digest, Short: shortDigest(p.Digest),
		Langs: c.cards(k, p), WhyNot: whyNotRelease(k, o), MayJudge: o.Has(auth.Approver), Photos: photosOf(&k.Facts),
		Writers: c.writers(k), Ends: k.Facts.Expires.In(zone).Format("Monday 2 January, 15:04"),
		Languages: languagesText(k.Facts.Languages), IsUpdate: k.Live != nil,
	}
	view.Sentence, view.Nobody = c.onRelease(k, p)
	view.Errors = c.links(k, p.Faults)
	view.Scripts, view.Wide, view.Back = []string{"clock.js"}, true, "/console/cases/"+k.ID
	if len(p.Faults) > 0 && view.WhyNot == "" {
		view.WhyNot = "The content has faults, listed above. Return it to the author."
	}
	if c.Stations != nil {
		view.Stations = c.Stations.Stations()
		for _, s := range view.Stations {
			if !s.Connected {
				view.Off = append(view.Off, s)
			}
		}
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
	what := "this alert"
	if k.Live != nil {
		what = "this update"
	}
	if c.Realm == alert.Drill {
		what = "this EXERCISE message"
	}
	where := c.areaNames(k.Facts.Areas, first(k.Facts.Languages))
	if nobody {
		return "Nobody is registered in " + where + ". Only the public page and the feeds will show " + what + ".", true
	}
	return "On release, " + sentence(reachOf(p)) + " in " + where + " will get " + what + " within seconds.", false
}

func first(langs []alert.Lang) alert.Lang {
	if len(langs) == 0 {
		return alert.English
	}
	return langs[0]
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
	return sentence(names)
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
	_, err := c.Casework.Release(r.Context(), c.officer(r), k.ID, sent.Get("digest"))
	switch {
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
			v.Reason, v.ReasonFault, v.ReasonAt = reason, invalid[0].Text, which
			v.Errors = []fault{{invalid[0].Text, "#" + which + "-reason"}}
		})
		return
	}
	if err != nil {
		c.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/console/cases/"+k.ID+"?done="+done, http.StatusSeeOther)
}
