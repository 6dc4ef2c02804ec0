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
	clock := &caseClock{Name: c.caseName(k)}
	clock.Since, clock.Text = c.missingSince(k)
	if k.Stage == casework.StageWithdrawn {
		clock.Took = c.ago(k.Withdrawn.Sub(clock.Since))
		clock.Since, clock.Text = time.Time{}, c.say("From the report to the withdrawal:")
		if k.Internal.ReportedAt.IsZero() {
			clock.Text = c.say("From the draft to the withdrawal:")
		}
	}
	return clock
}

// missingSince is when a case's clock began, and the words before it.
func (t *tongue) missingSince(k casework.Case) (time.Time, string) {
	if k.Internal.ReportedAt.IsZero() {
		return k.Created, t.say("Since the draft was begun:")
	}
	return k.Internal.ReportedAt, t.say("Since the report:")
}
