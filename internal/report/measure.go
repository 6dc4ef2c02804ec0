package report

import (
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/ledger"
)

// Measure is one length of time that says how well the case went.
type Measure struct {
	Text     string // English: the key of the other languages
	Revision int
	Took     time.Duration
}

// Measures are the times by which a case is judged, as far as they are known.
func (r *Report) Measures() (all []Measure) {
	var submitted time.Time
	for _, m := range r.Moment {
		switch m.Kind {
		case Submitted:
			submitted = m.At
		case Released:
			if begun, ok := r.begun[m.Revision]; ok {
				all = append(all, Measure{tr("From the first change to the release of the update"), m.Revision, m.At.Sub(begun)})
			} else if m.Revision == 1 {
				all = append(all, Measure{tr("From the report to the release"), 1, m.At.Sub(r.reported)})
			}
			if !submitted.IsZero() {
				all = append(all, Measure{tr("Of this, waiting for the approver"), m.Revision, m.At.Sub(submitted)})
			}
			all = append(all, r.delivered(m.Revision)...)
		case Withdrawn:
			if out, ok := r.releases[1]; ok {
				all = append(all, Measure{tr("From the first release to the withdrawal"), m.Revision, m.At.Sub(out)})
			}
			all = append(all, r.delivered(m.Revision)...)
		}
	}
	return all
}

// delivered are the measures of a revision on its way, from its board.
func (r *Report) delivered(revision int) (all []Measure) {
	for i := range r.Boards {
		if r.Boards[i].Revision == revision {
			all = Delivered(&r.Boards[i])
		}
	}
	return all
}

// Delivered are the measures of one revision on its way to its recipients.
func Delivered(b *ledger.Board) (all []Measure) {
	first, last, aired, gone := int64(-1), int64(-1), int64(-1), int64(-1)
	for _, t := range b.Channels {
		first, last = earlier(first, t.FirstMS), max(last, t.LastMS)
		aired, gone = earlier(aired, t.FirstOnAirMS), max(gone, t.LastRemovedMS)
	}
	add := func(text string, ms int64) {
		if ms >= 0 {
			all = append(all, Measure{text, b.Revision, time.Duration(ms) * time.Millisecond})
		}
	}
	if b.MsgType == alert.TypeCancel {
		add(tr("From the withdrawal to the last who was told"), last)
		add(tr("From the withdrawal to the last confirmed removal"), gone)
		return all
	}
	add(tr("From the release to the first who has it"), first)
	add(tr("From the release to the last who has it"), last)
	add(tr("From the release to the first airing"), aired)
	return all
}

// tr marks a text that is said later: the test that compares the languages finds it by this call.
func tr(text string) string { return text }
