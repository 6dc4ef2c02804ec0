package report

import (
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// Tongue is the language that a report is written in: the console's own.
type Tongue struct {
	Lang alert.Lang
	// Say is an English text in this language, {name} replaced by the value after "name".
	Say func(text string, args ...any) string
	// Count is Say of a text with a number, in the language's own forms.
	Count func(n int, one, many string, args ...any) string
	// Retell is what an adapter or a driver said in English.
	Retell func(text string) string
	State  func(s adapter.State) string
	// Outcome is why an alert was withdrawn.
	Outcome func(o alert.Outcome) string
	Number  func(n int) string // with the language's groups of digits
	Took    func(ms int64) string
	Stamp   func(at time.Time) string
}

var kindWords = map[Kind]string{
	Reported: tr("Reported missing"), Drafted: tr("Draft begun"), Submitted: tr("Submitted for release"),
	Returned: tr("Returned to the author"), Rejected: tr("Rejected"), Released: tr("Released"),
	FirstAccepted: tr("First who has it"), LastAccepted: tr("Last who has it"), FirstSeen: tr("First seen at a station"),
	FirstOnAir: tr("First on air"), Resent: tr("Sent again to one"), Withdrawn: tr("Withdrawn"),
	FirstRemoved: tr("First removal confirmed"), LastRemoved: tr("Last removal confirmed"),
}

// What says what happened at m.
func (t Tongue) What(m Moment) string { return t.Say(kindWords[m.Kind]) }

// Beside says what stands beside it: the channel, how many, who and why.
func (t Tongue) Beside(m Moment) (parts []string) {
	if m.Revision > 0 {
		parts = append(parts, t.Say("revision {n}", "n", m.Revision))
	}
	if m.Channel != "" {
		parts = append(parts, t.Retell(m.Channel))
	}
	if m.Of > 0 {
		parts = append(parts, t.Say("{n} of {of}", "n", t.Number(m.Count), "of", t.Number(m.Of)))
	}
	detail := m.Detail
	if m.Kind == Withdrawn {
		detail = t.Outcome(alert.Outcome(detail))
	}
	for _, x := range []string{m.Who, detail} {
		if x != "" {
			parts = append(parts, x)
		}
	}
	return parts
}

// After says a length of time; a dash for Never.
func (t Tongue) After(d time.Duration) string {
	if d < 0 {
		return "–"
	}
	return t.Took(d.Milliseconds())
}
