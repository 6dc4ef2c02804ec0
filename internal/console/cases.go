package console

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
)

// perPage bounds a page of the list: nobody reads more at once, on a telephone over a slow line.
const perPage = 40

type listView struct {
	page
	Tabs     []tab
	Tab      tab
	Rows     []caseRow
	MayBegin bool
	Reminder *reminder
	Practise bool   // the tour is offered
	Practice string // where the officer's own goes on, "" when none is under way
	Search   search
	Found    int    // in this tab
	From, To int    // of Found, from 1
	Earlier  string // address of the page of newer cases; "" = none
	Later    string // of older ones
}

type tab struct {
	Slug, Text, Empty string
	Count             int
	Current           bool
	Loud              bool
}

// caseRow is one case in a list, and the head of its pages.
type caseRow struct {
	ID, Name, What, Where string
	Tags                  []tag
	Clock                 caseClock
	Reason                string
	Do, DoHref            string // the next act
	Live                  bool
	MayWithdraw           bool
}

type tag struct{ Text, Class string }

func (c *console) listPage(w http.ResponseWriter, r *http.Request) {
	o := c.officer(r)
	tabs := []tab{
		{Slug: "needs", Text: tr("Needs you now"), Empty: tr("Nothing is waiting for you."), Loud: true},
		{Slug: "live", Text: tr("Live"), Empty: tr("No alert is live.")},
		{Slug: "drafts", Text: tr("Drafts"), Empty: tr("There are no drafts.")},
		{Slug: "ended", Text: tr("Ended"), Empty: tr("No case has ended yet.")},
	}
	find := c.searchOf(r)
	groups := make([][]*casework.Case, len(tabs))
	var practice *casework.Case // of the officer, that goes on
	for k := range c.Casework.Scan() {
		if p := k.Practice; p != nil {
			if p.By != o.ID {
				continue // another's practice is nobody's work
			}
			if k.Stage == casework.StageDraft || k.Stage == casework.StageSubmitted {
				practice = k
			}
		}
		if !find.finds(k) {
			continue
		}
		at := 2
		switch {
		case ended(*k):
			at = 3
		case k.Live != nil:
			at = 1
		}
		groups[at] = append(groups[at], k)
		if c.needs(k, o) {
			groups[0] = append(groups[0], k)
		}
	}
	at := slices.IndexFunc(tabs, func(t tab) bool { return t.Slug == r.URL.Query().Get("tab") })
	if at < 0 {
		at = slices.IndexFunc(groups, func(g []*casework.Case) bool { return len(g) > 0 })
		at = max(at, 0)
	}
	for i := range tabs {
		tabs[i].Count, tabs[i].Current = len(groups[i]), i == at
		tabs[i].Text, tabs[i].Empty = c.say(tabs[i].Text), c.say(tabs[i].Empty)
		if find.Any() {
			tabs[i].Empty = c.say("Nothing is found here. Look at the other lists, or search for less.")
		}
	}
	view := listView{page: c.page(r, c.say("Cases")), Tabs: tabs, Tab: tabs[at], Search: find, MayBegin: o.Has(auth.Author), Found: len(groups[at])}
	view.Scripts, view.Wide = []string{"clock.js"}, true
	view.Reminder = c.remind(r)
	if view.Practise = view.MayBegin && c.Casework.Practises(); view.Practise && practice != nil {
		view.Practice = whereNext(practice)
	}
	from := find.from(view.Found)
	for _, k := range newest(groups[at], from, perPage) {
		view.Rows = append(view.Rows, c.row(*k, o))
	}
	view.From, view.To = from+1, from+len(view.Rows)
	if from > 0 {
		view.Earlier = find.address(tabs[at].Slug, find.Page-1)
	}
	if view.To < view.Found {
		view.Later = find.address(tabs[at].Slug, find.Page+1)
	}
	c.render(w, r, http.StatusOK, "cases", view)
}

// needs says whether a case waits for this officer.
func (c *console) needs(k *casework.Case, o auth.Officer) bool {
	switch k.Stage {
	case casework.StageSubmitted:
		return c.whyNot(*k, o) == "" || len(mayAnswer(*k, o)) > 0
	case casework.StageDraft:
		return k.Reason != "" && o.Has(auth.Author) && (k.Author == o.ID || slices.Contains(k.Editors, o.ID))
	}
	return k.Pending
}

// whyNotRelease is the two-person rule in the officer's words, "" when he may.
// Package casework enforces it; this only spares a press of a button.
func (t *tongue) whyNotRelease(k casework.Case, o auth.Officer) string {
	switch {
	case k.Stage != casework.StageSubmitted:
		return t.say("This case is not waiting for release.")
	case !o.Has(auth.Approver):
		return t.say("Your account may not release alerts. An approver must do it.")
	case k.Author == o.ID:
		return t.say("You wrote this alert. Another approver must release it.")
	case k.LastEditor == o.ID, slices.Contains(k.Editors, o.ID):
		return t.say("You changed this alert. Another approver must release it.")
	case k.Submitter == o.ID:
		return t.say("You submitted this alert. Another approver must release it.")
	}
	return ""
}

func mayWithdraw(k casework.Case, o auth.Officer) bool {
	return k.Live != nil && (o.Has(auth.Approver) || o.Has(auth.Author) && (k.Author == o.ID || slices.Contains(k.Editors, o.ID)))
}

func (c *console) row(k casework.Case, o auth.Officer) caseRow {
	f := &k.Facts
	row := caseRow{
		ID: k.ID, Name: c.caseName(k), Clock: c.clock(k), What: c.textOf(circumstances, string(f.Circumstances)), Reason: k.Reason,
		Live: k.Live != nil, MayWithdraw: mayWithdraw(k, o),
	}
	row.Where = c.areaNames(f.Areas, c.lang)
	row.Tags = c.tags(k)
	at := "/console/cases/" + k.ID
	switch {
	case k.Stage == casework.StagePractised:
		row.Do, row.DoHref = c.say("How it went"), at+"/practice"
	case len(mayAnswer(k, o)) > 0 && c.whyNot(k, o) != "":
		row.Do, row.DoHref = c.say("Answer the request"), at
	case k.Stage == casework.StageSubmitted && c.whyNot(k, o) == "":
		row.Do, row.DoHref = c.say("Review and release"), at+"/release"
	case k.Stage == casework.StageDraft && o.Has(auth.Author) && k.Live == nil:
		row.Do, row.DoHref = c.say("Continue the draft"), at+"/check"
	case k.Live != nil:
		row.Do, row.DoHref = c.say("Open the board"), at+"/board"
	}
	return row
}

func (t *tongue) tags(k casework.Case) []tag {
	var list []tag
	if k.Practice != nil {
		list = append(list, tag{t.say("Practice – never sent"), "violet"})
	}
	if mark, ok := t.testTag(k); ok {
		list = append(list, mark)
	}
	if k.Live != nil {
		list = append(list, tag{t.say("Live – revision {n}", "n", k.Live.Revision), "solid"})
	}
	switch k.Stage {
	case casework.StageSubmitted:
		list = append(list, tag{t.say("Revision {n} waiting for release", "n", k.Revision), "amber"})
		if len(k.OpenAreas()) > 0 {
			list = append(list, tag{t.say("Waiting for another area's police"), "amber"})
		}
	case casework.StageDraft:
		text := t.say("Draft")
		if k.Live != nil {
			text = t.say("Update being written")
		}
		if k.Reason != "" {
			list = append(list, tag{t.say("Returned"), "amber"})
		}
		list = append(list, tag{text, "grey"})
	case casework.StageRejected:
		list = append(list, tag{t.say("Rejected"), "grey"})
	case casework.StageWithdrawn:
		class := "grey"
		if k.Outcome == alert.OutcomeFound {
			class = "green"
		}
		list = append(list, tag{t.say("Withdrawn: {why}", "why", t.textOf(outcomes, string(k.Outcome))), class})
	}
	if unmet, ok := t.criteriaTag(k); ok {
		list = append(list, unmet)
	}
	if k.Pending {
		list = append(list, tag{t.say("Publication pending"), "red"})
	}
	return list
}

// ended says that nothing more comes of a case: its photos are deleted, or about to be.
func ended(k casework.Case) bool {
	return k.Stage == casework.StagePractised || nameless(k)
}

// nameless says that whom a case was about is no longer told by name where it need not be.
func nameless(k casework.Case) bool {
	return k.Stage == casework.StageRejected || k.Stage == casework.StageWithdrawn
}

// caseName is what officers call a case: the children's names, and its number once it has ended.
func (t *tongue) caseName(k casework.Case) string {
	if nameless(k) {
		return t.say("Case {id}", "id", k.ID)
	}
	var names []string
	for _, p := range k.Facts.Children {
		name := p.GivenName
		if name == "" {
			continue
		}
		if p.Age > 0 {
			name += ", " + itoa(p.Age)
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return t.say("Case {id}", "id", k.ID)
	}
	if len(names) > 1 {
		return strings.Join(names, "; ")
	}
	return names[0]
}

// find is the case of the address; when there is none it has answered.
func (c *console) find(w http.ResponseWriter, r *http.Request) (casework.Case, bool) {
	k, err := c.Casework.Find(r.Context(), chi.URLParam(r, "id"))
	if err != nil {
		c.fail(w, r, err)
		return casework.Case{}, false
	}
	return k, true
}
