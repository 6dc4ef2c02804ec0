package console

import (
	"slices"
	"strings"

	"tocsin/internal/report"
)

// measureRow is one measured time of the case.
type measureRow struct{ Text, Revision, Took string }

// measures says the times by which the case is judged.
func (c *console) measures(rep *report.Report) []measureRow {
	var rows []measureRow
	for _, m := range rep.Measures() {
		rows = append(rows, measureRow{c.say(m.Text), c.say("revision {n}", "n", m.Revision), c.took(m.Took.Milliseconds())})
	}
	return rows
}

// measuredKinds are the moments that the record of acts does not have: nobody
// pressed anything when they came.
var measuredKinds = []report.Kind{
	report.Reported, report.FirstAccepted, report.LastAccepted, report.FirstSeen, report.FirstOnAir,
	report.FirstRemoved, report.LastRemoved,
}

// withMeasured puts the measured moments between the acts, newest first.
func (c *console) withMeasured(list []moment, rep *report.Report) []moment {
	t := c.reporter()
	ended := map[int]bool{}
	for _, m := range rep.Moment {
		ended[m.Revision] = ended[m.Revision] || m.Kind == report.Withdrawn
		if !slices.Contains(measuredKinds, m.Kind) || m.Kind == report.LastAccepted && m.Count < 2 {
			continue // the only one was the first one
		}
		detail := t.Beside(m)
		switch {
		case m.SinceRelease >= 0 && ended[m.Revision]:
			detail = append(detail, c.say("{time} after the withdrawal", "time", t.After(m.SinceRelease)))
		case m.SinceRelease >= 0:
			detail = append(detail, c.say("{time} after the release", "time", t.After(m.SinceRelease)))
		}
		list = append(list, moment{At: m.At, AtText: c.stamp(m.At.In(rep.Zone)), What: t.What(m), Detail: strings.Join(detail, " · ")})
	}
	slices.SortStableFunc(list, func(a, b moment) int { return b.At.Compare(a.At) })
	return list
}
