package exercise

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/internal/alert"
)

// Times of the planned full test.
const (
	// RemindBefore is how long before its day a test is on the list of cases.
	RemindBefore = 14 * 24 * time.Hour
	// Every is how often there should be one: twice a year, with two weeks of grace.
	Every = 196 * 24 * time.Hour
	// farthest bounds a plan: nobody knows the stations of the year after next.
	farthest = 400 * 24 * time.Hour
)

// maxNote bounds the words of a plan.
const maxNote = 500

// Plan is a full test as it was planned.
type Plan struct {
	At       time.Time `json:"at"`       // to the minute
	Channels []string  `json:"channels"` // in the report, driver names, sorted; the alert itself goes to every channel
	Note     string    `json:"note,omitempty"`
	By       string    `json:"by"` // officer id, or "operator"
}

// ID is the test's day in UTC, "2026-11-25", which names it on the log: there is one a day at most.
func (p Plan) ID() string { return p.At.UTC().Format(time.DateOnly) }

// check says what of a plan made now is wrong. known are the channels that are on.
func (p Plan) check(now time.Time, known []string) error {
	var v alert.Invalid
	switch {
	case p.At.IsZero():
		v.Add("at", "required", "Give the day and time of the test.")
	case p.At.Before(now):
		v.Add("at", "past", "Choose a time that lies ahead.")
	case p.At.Sub(now) > farthest:
		v.Add("at", "range", "Choose a day within the next 13 months.")
	}
	if len(p.Channels) == 0 {
		v.Add("channels", "required", "Choose at least one channel for the report.")
	}
	for _, c := range p.Channels {
		if !slices.Contains(known, c) {
			v.Add("channels", "unknown", fmt.Sprintf("There is no channel %q here: %s.", c, strings.Join(known, ", ")))
		}
	}
	if !utf8.ValidString(p.Note) || utf8.RuneCountInString(p.Note) > maxNote {
		v.Add("note", "too_long", "Shorten the note to 500 characters.")
	}
	return v.Err()
}

// Test is a planned full test and what became of it.
type Test struct {
	ID string `json:"id"`
	Plan
	// Case is the exercise alert; "" before it was begun, and once it was rejected.
	Case  string    `json:"case,omitempty"`
	Begun time.Time `json:"begun,omitzero"`
	// Report is what arrived where; nil until it was closed.
	Report *Report `json:"report,omitempty"`
	// Cancelled is why there was no test, "" unless it was called off.
	Cancelled string `json:"cancelled,omitempty"`
}

// Stage is how far a test is.
type Stage string

// The stages.
const (
	Planned   Stage = "planned"
	Due       Stage = "due" // within RemindBefore
	Overdue   Stage = "overdue"
	Running   Stage = "running"
	Reported  Stage = "reported"
	Cancelled Stage = "cancelled"
)

// Stage of the test at now.
func (t Test) Stage(now time.Time) Stage {
	switch {
	case t.Cancelled != "":
		return Cancelled
	case t.Report != nil:
		return Reported
	case t.Case != "":
		return Running
	case now.After(t.At):
		return Overdue
	case t.At.Sub(now) <= RemindBefore:
		return Due
	default:
		return Planned
	}
}

// Reminder is what the list of cases says of the tests; the zero value: nothing.
type Reminder struct {
	Test Test
	// Missing: none is planned, and the last one, at Test.At or never, is too long ago.
	Missing bool
}

// Remind picks what must be said at now: a test that is due, overdue or running,
// or that there is none ahead.
func Remind(all []Test, now time.Time) (r Reminder, ok bool) {
	ahead := false
	for _, t := range all {
		switch t.Stage(now) {
		case Due, Overdue, Running:
			if !ok || t.At.Before(r.Test.At) {
				r, ok = Reminder{Test: t}, true
			}
		case Planned:
			ahead = true
		case Reported:
			if t.At.After(r.Test.At) && !ok {
				r.Test = t
			}
		}
	}
	if ok || ahead {
		return r, ok
	}
	return Reminder{Test: r.Test, Missing: true}, now.Sub(r.Test.At) > Every
}
