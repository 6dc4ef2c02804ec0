package console

import (
	"time"

	"tocsin/internal/casework"
)

// caseClock says on every page of a case how long the child has been missing:
// each step of the work costs some of it.
type caseClock struct {
	Name, Text string
	Since      time.Time // zero: it stands still
	Took       string    // what it stands at
}

// clockOf is the clock of the case of the page's address; nil on the pages of none.
func (c *console) clockOf(id string) *caseClock {
	if id == "" {
		return nil
	}
	k, err := c.Casework.Get(id)
	if err != nil {
		return nil // the page itself says so
	}
	clock := c.clock(k)
	return &clock
}

// clock is that of a case. It stands still once the case has ended, however it did.
func (t *tongue) clock(k casework.Case) caseClock {
	clock := caseClock{Name: t.caseName(k)}
	clock.Since, clock.Text = t.missingSince(k)
	if !ended(k) {
		return clock
	}
	at, report, draft := k.Changed, t.say("From the report to the end:"), t.say("From the draft to the end:")
	switch {
	case k.Stage == casework.StageWithdrawn:
		at, report, draft = k.Withdrawn, t.say("From the report to the withdrawal:"), t.say("From the draft to the withdrawal:")
	case k.Practice != nil && !k.Practice.Done.IsZero():
		at = k.Practice.Done
	}
	clock.Took, clock.Text = t.ago(at.Sub(clock.Since)), report
	if k.Internal.ReportedAt.IsZero() {
		clock.Text = draft
	}
	clock.Since = time.Time{}
	return clock
}

// missingSince is when a case's clock began, and the words before it.
func (t *tongue) missingSince(k casework.Case) (time.Time, string) {
	if k.Internal.ReportedAt.IsZero() {
		return k.Created, t.say("Since the draft was begun:")
	}
	return k.Internal.ReportedAt, t.say("Since the report:")
}
