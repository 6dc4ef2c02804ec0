package console

import (
	"net/http"
	"strconv"
	"time"

	"tocsin/internal/auth"
	"tocsin/internal/casework"
	"tocsin/internal/growth"
)

// growthView proposes a wider area of a live alert.
type growthView struct {
	ID      string
	KM      int
	Version uint64
	Add     string // units by name
	Abroad  string // States whose police would be asked first
	Reach   string // who would get the update
	MayGrow bool   // he may write the update; else he may only decline
}

// growthOf is the proposal for a case; nil when none is due, an update is being
// written already, or the officer decides nothing.
func (c *console) growthOf(k casework.Case, o auth.Officer) *growthView {
	if k.Live == nil || k.Stage != casework.StageReleased || !o.Has(auth.Author) && !o.Has(auth.Approver) {
		return nil
	}
	km := growth.Due(c.Growth, &k.Facts, k.GrowthDeclined, time.Now())
	p, ok := growth.Propose(c.Atlas, &k.Facts, km)
	if !ok {
		return nil
	}
	return &growthView{
		ID: k.ID, KM: km, Version: k.Version, Add: c.areaNames(p.Add, c.lang), Abroad: c.areaNames(p.Abroad, c.lang),
		Reach: c.sentence(c.reachOf(casework.Preview{Channels: c.Casework.Reach(p.Areas)})), MayGrow: mayEdit(k, o),
	}
}

// grow prepares the update with the wider area. It is sent by nobody: it goes
// the way of every update, from the check of its answers to another's release.
func (c *console) grow(w http.ResponseWriter, r *http.Request) {
	k, ok := c.find(w, r)
	if !ok {
		return
	}
	sent, ok := c.readForm(w, r)
	if !ok {
		return
	}
	version, err := strconv.ParseUint(sent.Get("version"), 10, 64)
	v := c.growthOf(k, c.officer(r))
	if err != nil || v == nil || strconv.Itoa(v.KM) != sent.Get("km") {
		c.refuse(w, r, http.StatusConflict, c.say("This proposal is no longer due"), c.say("The case changed, or the next step was reached. Open the case and look again."))
		return
	}
	p, _ := growth.Propose(c.Atlas, &k.Facts, v.KM)
	d := cloneDraft(k.Draft)
	d.Facts.Areas, d.Facts.Circle = p.Areas, new(p.Circle)
	if _, err := c.Casework.Edit(r.Context(), c.officer(r), k.ID, version, d); err != nil {
		c.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/console/cases/"+k.ID+"/check?done=grown", http.StatusSeeOther)
}

// declineGrowth keeps the area until the next step.
func (c *console) declineGrowth(w http.ResponseWriter, r *http.Request) {
	k, ok := c.find(w, r)
	if !ok {
		return
	}
	sent, ok := c.readForm(w, r)
	if !ok {
		return
	}
	km, _ := strconv.Atoi(sent.Get("km")) // what is no number is out of range too
	if _, err := c.Casework.DeclineGrowth(r.Context(), c.officer(r), k.ID, km); err != nil {
		c.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/console/cases/"+k.ID+"?done=kept", http.StatusSeeOther)
}

// areaDetail is what the timeline adds to an act on the area; "" for other acts.
func (c *console) areaDetail(ev casework.Event) string {
	switch {
	case ev.Kind == casework.KindAgreed && ev.Reason != "":
		return c.areaNames(ev.Areas, c.lang) + ": " + ev.Reason
	case ev.Kind == casework.KindAgreed:
		return c.areaNames(ev.Areas, c.lang)
	case ev.Kind == casework.KindDeclined:
		return c.say("Up to {n} km", "n", ev.KM)
	case len(ev.AskedAreas) > 0:
		return c.say("Content code {code}. Asked: the police of {names}", "code", shortDigest(ev.Digest), "names", c.areaNames(ev.AskedAreas, c.lang))
	}
	return ""
}
