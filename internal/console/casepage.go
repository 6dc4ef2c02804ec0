package console

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
	"tocsin/internal/criteria"
)

type caseView struct {
	page
	Case     casework.Case
	Row      caseRow
	Groups   []group
	Timeline []moment
	MayEdit  bool
	Approver string // who may not release, and why; "" when he may or nothing waits
	Public   string
	Measures []measureRow
	MayFix   bool
	Lines    []lineRow // the stations, while the alert is not out
	Off      int
	Criteria *standing // nil where nothing is asked
	Asked    *askedView
	Growth   *growthView
}

// shownFacts are a case's facts without the photos that are deleted: a case that
// has ended shows none, be they deleted yet or not.
func shownFacts(k casework.Case) alert.Facts {
	f := k.Facts
	for _, group := range [][]alert.Person{f.Children, f.Suspects} { // the case is a copy of ours
		for i := range group {
			if ended(k) || !slices.ContainsFunc(k.Photos, func(p casework.Photo) bool { return p.Token == group[i].Photo }) {
				group[i].Photo = ""
			}
		}
	}
	return f
}

// moment is one line of the timeline.
type moment struct {
	At        time.Time
	AtText    string
	What, Who string
	Detail    string
}

func (c *console) casePage(w http.ResponseWriter, r *http.Request) {
	k, ok := c.find(w, r)
	if !ok {
		return
	}
	record, err := c.Casework.Record(r.Context(), k.ID)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	o := c.officer(r)
	k.Facts = shownFacts(k)
	view := caseView{
		page: c.page(r, c.caseName(k)), Case: k, Row: c.row(k, o), MayEdit: mayEdit(k, o),
		Groups: c.answers(&k.Draft, k.ID, false), Timeline: c.timeline(record, c.zoneOf(&k.Draft)),
		Criteria: c.standing(k, k.Criteria),
	}
	view.Asked, view.Growth = c.askedOf(k, o), c.growthOf(k, o)
	view.Back, view.Scripts = "/console/cases", append(view.Scripts, "clock.js")
	view.MayFix = k.Live != nil && (view.MayEdit || view.Row.MayWithdraw)
	boards, err := c.Ledger.Boards(k.ID)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	rep := c.reportOf(k, record, boards)
	view.Measures, view.Timeline = c.measures(rep), c.withMeasured(view.Timeline, rep)
	if k.Stage == casework.StageSubmitted {
		view.Approver = c.whyNot(k, o)
	}
	if k.Live == nil && (k.Stage == casework.StageDraft || k.Stage == casework.StageSubmitted) {
		view.Lines = c.lineRows()
		view.Off = offLines(view.Lines)
	}
	if k.Live != nil && len(k.Live.Languages) > 0 {
		view.Public = c.PublicURL + "/" + string(k.Live.Languages[0]) + "/alerts/" + k.ID
	}
	c.render(w, r, http.StatusOK, "case", view)
}

func mayEdit(k casework.Case, o auth.Officer) bool {
	return o.Has(auth.Author) && !ended(k)
}

// timeline is the record in words, newest first.
func (c *console) timeline(record []casework.Event, zone *time.Location) []moment {
	names := c.namesOfOfficers()
	var list []moment
	var set *criteria.Set
	var answers *criteria.Answers
	for _, ev := range record {
		if ev.Kind == casework.KindVisited {
			continue // told at the end of the practice, not among what happened
		}
		what := c.say(eventWords[ev.Kind])
		if what == "" {
			what = ev.Kind
		}
		m := moment{At: ev.At, AtText: c.stamp(ev.At.In(zone)), What: what, Who: ev.Officer}
		if n := names[ev.Officer]; n != "" {
			m.Who = n
		}
		if ev.Asked != nil {
			set = ev.Asked
		}
		if ev.Draft != nil {
			m.Detail = c.answersChanged(set, answers, ev.Draft.Criteria)
			answers = ev.Draft.Criteria
		}
		switch {
		case c.areaDetail(ev) != "":
			m.Detail = c.areaDetail(ev)
		case ev.Resent != nil:
			m.Detail = cmp.Or(ev.Resent.Name, shortRecipient(ev.Resent.Recipient))
		case ev.Kind == casework.KindRejected && ev.Officer == casework.System:
			m.Detail = c.say("Nobody went on with the practice for 7 days.")
		case ev.Reason != "":
			m.Detail = ev.Reason
		case ev.Outcome != "":
			m.Detail = c.textOf(outcomes, string(ev.Outcome))
		case ev.Kind == casework.KindReleased && ev.Message != nil:
			m.Detail = c.say("Revision {n}, content code {code}", "n", ev.Message.Revision, "code", shortDigest(ev.Digest))
			if ev.Override != "" {
				m.Detail += ". " + c.say("Not every criterion was fulfilled: {reason}", "reason", ev.Override)
			}
		case ev.Wording != nil:
			m.Detail = c.say(titleOf(ev.Wording.Name)) + " (" + languageName(ev.Wording.Lang) + ")"
			if ev.Wording.Edit == nil {
				m.What = c.say("Back to the machine's words")
			}
		case ev.Kind == casework.KindPhotoMade:
			m.Detail = c.editedHow(ev.Photo)
		case ev.Digest != "":
			m.Detail = c.say("Content code {code}", "code", shortDigest(ev.Digest))
		}
		// Edits in a row by one person are one line: the record keeps each.
		if n := len(list); n > 0 && list[n-1].What == m.What && list[n-1].Who == m.Who && m.Detail == "" && list[n-1].Detail == "" {
			list[n-1] = m
			continue
		}
		list = append(list, m)
	}
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list
}
