package console

import (
	"net/http"
	"time"

	"tocsin/internal/auth"
	"tocsin/internal/exercise"
)

type exerciseView struct {
	page
	Test        testRow
	Run         bool // somebody may begin it now
	MayClose    bool
	MayCancel   bool
	ReasonFault string
	Sentence    string // of the report
	Closed      string // when the report was kept; "" = it is of this moment
	Channels    []testChannel
	Lines       []testLine
	Compared    string // the day of the test compared with; "" = there is none
	Planner     string
}

// testChannel is one channel of a report, beside the last test's.
type testChannel struct {
	Name, Reached, First, Last, Before string
	Silent, Failed                     int
}

// testLine is one named recipient of a report, beside the last test's.
type testLine struct {
	Name, Channel, Took, Removed, Before, Reason string
	Silent, Failed                               bool
}

func (c *console) exercisePage(w http.ResponseWriter, r *http.Request) {
	if t, ok := c.test(w, r); ok {
		c.renderExercise(w, r, http.StatusOK, t, "")
	}
}

func (c *console) renderExercise(w http.ResponseWriter, r *http.Request, status int, t exercise.Test, reasonFault string) {
	o, stage := c.officer(r), t.Stage(time.Now())
	view := exerciseView{
		page: c.page(r, c.say("Full test of {day}", "day", t.ID)), Test: c.testRow(t), ReasonFault: reasonFault, Planner: c.nameOf(t.By),
		Run: t.Case == "" && t.Cancelled == "" && o.Has(auth.Author), MayClose: t.Case != "" && t.Cancelled == "" && mayPlan(o),
		MayCancel: t.Cancelled == "" && t.Report == nil && mayPlan(o),
	}
	view.Back, view.Wide = "/console/exercises", true
	if reasonFault != "" {
		view.Errors = []fault{{reasonFault, "#cancel-reason"}}
	}
	if stage == exercise.Running || stage == exercise.Reported {
		report, last, err := c.testReport(r.Context(), t)
		if err != nil {
			c.failTest(w, r, err)
			return
		}
		c.reported(&view, t, report, last)
	}
	c.render(w, r, status, "exercise", view)
}

// reported fills in what arrived where.
func (c *console) reported(view *exerciseView, t exercise.Test, report, last *exercise.Report) {
	if report.Released.IsZero() {
		view.MayClose = false
		view.Sentence = c.say("The alert of this test has not been released yet.")
		return
	}
	view.MayCancel = false // it has gone out
	if t.Report != nil {
		view.Closed = c.moment(report.Closed.In(c.zone))
	}
	if last != nil {
		view.Compared = c.day(last.Released.In(c.zone))
	}
	silent := 0
	for _, ch := range report.Channels {
		row := testChannel{
			Name: c.retell(ch.Title), Reached: c.say("{n} of {of}", "n", c.thousands(ch.Reached), "of", c.thousands(ch.Recipients)),
			First: c.seconds(ch.FirstMS), Last: c.seconds(ch.LastMS), Silent: ch.Silent, Failed: ch.Failed,
		}
		if before, ok := last.Channel(ch.Name); ok {
			row.Before = c.seconds(before.LastMS)
		}
		silent += ch.Silent
		view.Channels = append(view.Channels, row)
	}
	for _, l := range report.Lines {
		row := testLine{
			Name: l.Name, Channel: c.channelName(l.Channel), Took: c.seconds(l.MS), Removed: c.seconds(l.RemovedMS),
			Reason: l.Reason, Silent: l.Silent, Failed: !l.Silent && l.MS < 0,
		}
		if ms, ok := last.Before(l.Channel, l.Recipient); ok {
			row.Before = c.seconds(ms)
			if ms < 0 {
				row.Before = c.say("silent")
			}
		}
		view.Lines = append(view.Lines, row)
	}
	if view.Sentence = c.say("Everybody answered."); silent > 0 {
		view.Sentence = c.count(silent, "{n} recipient has not answered.", "{n} recipients have not answered.")
	}
}
