// Package report is the account of one alert with its measured times: from the
// report of the child's disappearance to the last confirmed removal. It is made
// of the case's record and the ledger's boards, and of nothing else, so that
// the page, the sheet of paper and the table say the same.
//
// A case that has ended is told by its number and area alone: no child's name,
// no photo, and none of the sentences that officers and stations wrote freely.
package report

import (
	"slices"
	"time"

	"tocsin/internal/casework"
	"tocsin/internal/ledger"
)

// Kind is what happened at a moment.
type Kind string

// The kinds, in the order of a case's life.
const (
	Reported      Kind = "reported"
	Drafted       Kind = "drafted"
	Submitted     Kind = "submitted"
	Returned      Kind = "returned"
	Rejected      Kind = "rejected"
	Released      Kind = "released"
	FirstAccepted Kind = "first_accepted"
	LastAccepted  Kind = "last_accepted"
	FirstSeen     Kind = "first_seen"
	FirstOnAir    Kind = "first_on_air"
	Resent        Kind = "resent"
	Withdrawn     Kind = "withdrawn"
	FirstRemoved  Kind = "first_removed"
	LastRemoved   Kind = "last_removed"
)

// Never is a duration that cannot be told: its beginning or end is not there.
const Never = time.Duration(-1)

// Moment is one thing that happened, with how long after what it came.
type Moment struct {
	Kind     Kind
	At       time.Time
	Revision int    // 0 = before the first release
	Channel  string // title in English; "" where none is meant
	Who      string // officer's name
	Detail   string // English, or an officer's own words
	// Count of Of have got so far; both 0 where nothing is counted.
	Count, Of int
	// SinceReport is from the report, or where none is noted from the draft;
	// SinceRelease from the release of the same revision. Never where there is none.
	SinceReport, SinceRelease time.Duration
}

// Report is the account of one case.
type Report struct {
	Case   string
	Names  []string // given names of the children; none after the end
	Areas  string
	Drill  bool
	Ended  bool
	Made   time.Time
	Zone   *time.Location // of the case: every clock time is said in it
	Moment []Moment       // oldest first
	Boards []ledger.Board // of each revision that is still in memory, oldest first

	reported time.Time
	releases map[int]time.Time // of each revision: when its message was on its way
	begun    map[int]time.Time // of each update: its first change
	out      int               // the newest revision that was released, while the record is read
}

// Source is what a report is made of.
type Source struct {
	Case   casework.Case
	Events []casework.Event
	Boards []ledger.Board              // named and judged, oldest revision first
	Name   func(officer string) string // of an officer by id
	Areas  string                      // in the reader's language
	Drill  bool
	Zone   *time.Location
	Now    time.Time
}

// Build makes the report.
func Build(s Source) *Report {
	k := s.Case
	// An alert that has expired is over, also before it is withdrawn as such.
	expired := k.Live != nil && !s.Now.Before(k.Live.Expires)
	r := &Report{
		Case: k.ID, Areas: s.Areas, Drill: s.Drill, Made: s.Now, Zone: s.Zone, Boards: slices.Clone(s.Boards),
		Ended:    k.Stage == casework.StageWithdrawn || k.Stage == casework.StageRejected || k.Stage == casework.StagePractised || expired,
		reported: k.Created, releases: map[int]time.Time{}, begun: map[int]time.Time{},
	}
	if at := k.Internal.ReportedAt; !at.IsZero() {
		r.reported = at
		r.add(Moment{Kind: Reported, At: at})
	}
	if !r.Ended {
		for _, c := range k.Facts.Children {
			if c.GivenName != "" {
				r.Names = append(r.Names, c.GivenName)
			}
		}
	}
	for _, ev := range s.Events {
		r.event(ev, s.Name)
	}
	for i := range r.Boards {
		if r.Ended {
			r.Boards[i] = plain(r.Boards[i])
		}
		r.board(&r.Boards[i])
	}
	slices.SortStableFunc(r.Moment, func(a, b Moment) int { return a.At.Compare(b.At) })
	for i := range r.Moment {
		r.measure(&r.Moment[i])
		r.title(&r.Moment[i])
	}
	return r
}

func (r *Report) add(m Moment) { r.Moment = append(r.Moment, m) }

// title says a channel by its title, where a board knows it.
func (r *Report) title(m *Moment) {
	for _, b := range r.Boards {
		for _, t := range b.Channels {
			if t.Channel == m.Channel && t.Title != "" {
				m.Channel = t.Title
				return
			}
		}
	}
}

// measure fills in how long after the report and the release m came.
func (r *Report) measure(m *Moment) {
	m.SinceReport, m.SinceRelease = Never, Never
	if !m.At.Before(r.reported) {
		m.SinceReport = m.At.Sub(r.reported)
	}
	if at, ok := r.releases[m.Revision]; ok && m.Kind != Released && m.Kind != Withdrawn && m.Revision > 0 && !m.At.Before(at) {
		m.SinceRelease = m.At.Sub(at)
	}
}

// event takes one act of the record.
func (r *Report) event(ev casework.Event, name func(string) string) {
	m := Moment{At: ev.At, Who: name(ev.Officer)}
	if !r.Ended {
		m.Detail = ev.Reason
	}
	switch ev.Kind {
	case casework.KindDrafted:
		m.Kind = Drafted
	case casework.KindEdited:
		if _, known := r.begun[r.out+1]; r.out > 0 && !known {
			r.begun[r.out+1] = ev.At
		}
		return
	case casework.KindSubmitted:
		m.Kind = Submitted
	case casework.KindReturned:
		m.Kind = Returned
	case casework.KindRejected:
		m.Kind = Rejected
	case casework.KindReleased:
		m.Kind, m.Revision = Released, ev.Message.Revision
		r.releases[m.Revision] = ev.At
	case casework.KindWithdrawn:
		m.Kind, m.Revision, m.Detail = Withdrawn, ev.Message.Revision, string(ev.Outcome)
		r.releases[m.Revision] = ev.At
	case casework.KindResent:
		m.Kind, m.Revision, m.Channel, m.Detail = Resent, ev.Resent.Revision, ev.Resent.Channel, ev.Resent.Name
	default:
		return
	}
	r.out = max(r.out, m.Revision)
	r.add(m)
}

// board takes what the ledger knows of one revision.
func (r *Report) board(b *ledger.Board) {
	r.releases[b.Revision] = b.Released // every figure of the board is measured from here
	at := func(ms int64) time.Time { return b.Released.Add(time.Duration(ms) * time.Millisecond) }
	seen, aired, gone, last := int64(-1), int64(-1), int64(-1), int64(-1)
	for _, t := range b.Channels {
		if t.FirstMS >= 0 {
			r.add(Moment{Kind: FirstAccepted, At: at(t.FirstMS), Revision: b.Revision, Channel: t.Title, Count: 1, Of: t.Recipients})
			r.add(Moment{Kind: LastAccepted, At: at(t.LastMS), Revision: b.Revision, Channel: t.Title, Count: t.Accepted, Of: t.Recipients})
		}
		seen, aired = earlier(seen, t.FirstSeenMS), earlier(aired, t.FirstOnAirMS)
		gone, last = earlier(gone, t.FirstRemovedMS), max(last, t.LastRemovedMS)
	}
	if seen >= 0 {
		r.add(Moment{Kind: FirstSeen, At: at(seen), Revision: b.Revision})
	}
	if aired >= 0 {
		r.add(Moment{Kind: FirstOnAir, At: at(aired), Revision: b.Revision})
	}
	if gone >= 0 && b.Removal != nil {
		r.add(Moment{Kind: FirstRemoved, At: at(gone), Revision: b.Revision, Count: 1, Of: b.Removal.Of})
		r.add(Moment{Kind: LastRemoved, At: at(last), Revision: b.Revision, Count: b.Removal.Confirmed, Of: b.Removal.Of})
	}
}

// earlier is the smaller of two times from release, of which -1 is none.
func earlier(a, b int64) int64 {
	if a < 0 || b >= 0 && b < a {
		return b
	}
	return a
}

// plain is b without what people wrote freely at stations: their reasons, and
// who they are. What adapters say of failures stays.
func plain(b ledger.Board) ledger.Board {
	b.Rows = slices.Clone(b.Rows)
	for i := range b.Rows {
		row := &b.Rows[i]
		row.By = ""
		if row.Story != nil {
			if len(row.Story.Words) > 0 {
				row.Reason = ""
			}
			row.Story = &ledger.Story{
				Received: row.Story.Received, ReceivedMS: row.Story.ReceivedMS, OnAir: row.Story.OnAir,
				Airings: row.Story.Airings, LastAired: row.Story.LastAired, Removed: row.Story.Removed,
			}
		}
	}
	return b
}
