package console

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
)

// maxListed bounds a tab: nobody reads more at once, and the record keeps the rest.
const maxListed = 100

type listView struct {
	page
	Tabs     []tab
	Tab      tab
	Rows     []caseRow
	More     int
	MayBegin bool
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
	Clock                 time.Time // since when the child is missing, or the draft exists
	ClockText             string
	Reason                string
	Do, DoHref            string // the next act
	Live                  bool
	MayWithdraw           bool
}

type tag struct{ Text, Class string }

func (c *console) listPage(w http.ResponseWriter, r *http.Request) {
	o := c.officer(r)
	tabs := []tab{
		{Slug: "needs", Text: "Needs you now", Empty: "Nothing is waiting for you.", Loud: true},
		{Slug: "live", Text: "Live", Empty: "No alert is live."},
		{Slug: "drafts", Text: "Drafts", Empty: "There are no drafts."},
		{Slug: "ended", Text: "Ended", Empty: "No case has ended yet."},
	}
	groups := make([][]casework.Case, len(tabs))
	for _, k := range c.Casework.List() {
		at := 2
		switch {
		case k.Stage == casework.StageRejected || k.Stage == casework.StageWithdrawn:
			at = 3
		case k.Live != nil:
			at = 1
		}
		groups[at] = append(groups[at], k)
		if needs(k, o) {
			groups[0] = append(groups[0], k)
		}
	}
	at := slices.IndexFunc(tabs, func(t tab) bool { return t.Slug == r.URL.Query().Get("tab") })
	if at < 0 {
		at = slices.IndexFunc(groups, func(g []casework.Case) bool { return len(g) > 0 })
		at = max(at, 0)
	}
	for i := range tabs {
		tabs[i].Count, tabs[i].Current = len(groups[i]), i == at
	}
	view := listView{page: c.page(r, "Cases"), Tabs: tabs, Tab: tabs[at], More: max(0, len(groups[at])-maxListed), MayBegin: o.Has(auth.Author)}
	view.Scripts, view.Wide = []string{"clock.js"}, true
	for _, k := range groups[at][:min(len(groups[at]), maxListed)] {
		view.Rows = append(view.Rows, c.row(k, o))
	}
	c.render(w, r, http.StatusOK, "cases", view)
}

// needs says whether a case waits for this officer.
func needs(k casework.Case, o auth.Officer) bool {
	switch k.Stage {
	case casework.StageSubmitted:
		return whyNotRelease(k, o) == ""
	case casework.StageDraft:
		return k.Reason != "" && o.Has(auth.Author) && (k.Author == o.ID || slices.Contains(k.Editors, o.ID))
	}
	return k.Pending
}

// whyNotRelease is the two-person rule in the officer's words, "" when he may.
// Package casework enforces it; this only spares a press of a button.
func whyNotRelease(k casework.Case, o auth.Officer) string {
	switch {
	case k.Stage != casework.StageSubmitted:
		return "This case is not waiting for release."
	case !o.Has(auth.Approver):
		return "Your account may not release alerts. An approver must do it."
	case k.Author == o.ID:
		return "You wrote this alert. Another approver must release it."
	case k.LastEditor == o.ID, slices.Contains(k.Editors, o.ID):
		return "You changed this alert. Another approver must release it."
	case k.Submitter == o.ID:
		return "You submitted this alert. Another approver must release it."
	}
	return ""
}

func mayWithdraw(k casework.Case, o auth.Officer) bool {
	return k.Live != nil && (o.Has(auth.Approver) || o.Has(auth.Author) && (k.Author == o.ID || slices.Contains(k.Editors, o.ID)))
}

func (c *console) row(k casework.Case, o auth.Officer) caseRow {
	f := &k.Facts
	row := caseRow{
		ID: k.ID, Name: caseName(k), What: textOf(circumstances, string(f.Circumstances)), Reason: k.Reason,
		Live: k.Live != nil, MayWithdraw: mayWithdraw(k, o), Clock: k.Created, ClockText: "Begun",
	}
	row.Where = c.areaNames(f.Areas, alert.English)
	if !k.Internal.ReportedAt.IsZero() {
		row.Clock, row.ClockText = k.Internal.ReportedAt, "Reported missing"
	}
	row.Tags = tags(k)
	at := "/console/cases/" + k.ID
	switch {
	case k.Stage == casework.StageSubmitted && whyNotRelease(k, o) == "":
		row.Do, row.DoHref = "Review and release", at+"/release"
	case k.Stage == casework.StageDraft && o.Has(auth.Author) && k.Live == nil:
		row.Do, row.DoHref = "Continue the draft", at+"/check"
	case k.Live != nil:
		row.Do, row.DoHref = "Open the board", at+"/board"
	}
	return row
}

func tags(k casework.Case) []tag {
	var list []tag
	if k.Live != nil {
		list = append(list, tag{"Live – revision " + itoa(k.Live.Revision), "solid"})
	}
	switch k.Stage {
	case casework.StageSubmitted:
		list = append(list, tag{"Revision " + itoa(k.Revision) + " waiting for release", "amber"})
	case casework.StageDraft:
		text := "Draft"
		if k.Live != nil {
			text = "Update being written"
		}
		if k.Reason != "" {
			list = append(list, tag{"Returned", "amber"})
		}
		list = append(list, tag{text, "grey"})
	case casework.StageRejected:
		list = append(list, tag{"Rejected", "grey"})
	case casework.StageWithdrawn:
		class := "grey"
		if k.Outcome == alert.OutcomeFound {
			class = "green"
		}
		list = append(list, tag{"Withdrawn – " + strings.ToLower(textOf(outcomes, string(k.Outcome))), class})
	}
	if k.Pending {
		list = append(list, tag{"Publication pending", "red"})
	}
	return list
}

// caseName is what officers call a case: the children's names.
func caseName(k casework.Case) string {
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
		return "Case " + k.ID
	}
	if len(names) > 1 {
		return strings.Join(names, "; ")
	}
	return names[0]
}

// find is the case of the address; when there is none it has answered.
func (c *console) find(w http.ResponseWriter, r *http.Request) (casework.Case, bool) {
	k, err := c.Casework.Get(chi.URLParam(r, "id"))
	if err != nil {
		c.fail(w, r, err)
		return casework.Case{}, false
	}
	return k, true
}
