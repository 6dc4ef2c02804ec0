package ledger

import (
	"slices"
	"time"

	"tocsin/internal/adapter"
)

const (
	// maxWords bounds what is kept of one recipient's own words about a revision:
	// an airing every minute for three hours fits. Beyond it only news of a
	// further state is taken, so that a receiver gone mad fills neither disk nor memory.
	maxWords = 200
	// sameAiring is how close two airings on one programme are one: a station has
	// two receivers, and both report what the playout did.
	sameAiring = time.Minute
)

// Word is one thing that a recipient has said of a revision.
type Word struct {
	State  adapter.State `json:"state"`
	At     time.Time     `json:"at"`
	Millis int64         `json:"ms"` // from release
	By     string        `json:"by,omitempty"`
	Outlet string        `json:"outlet,omitempty"` // the programme
	Reason string        `json:"reason,omitempty"`
}

// Story is what one recipient has said of a revision, and since when it says nothing.
type Story struct {
	Received   time.Time `json:"received,omitzero"`
	ReceivedMS int64     `json:"received_ms"` // from release; -1 = not yet
	SeenBy     []string  `json:"seen_by,omitempty"`
	OnAir      time.Time `json:"on_air,omitzero"` // the first airing
	Airings    int       `json:"airings"`
	LastAired  time.Time `json:"last_aired,omitzero"`
	Outlets    []string  `json:"outlets,omitempty"`
	Removed    time.Time `json:"removed,omitzero"`
	// SilentSince is set while an expected word is missing: since the last word, or the release.
	SilentSince time.Time `json:"silent_since,omitzero"`
	Words       []Word    `json:"words"` // all, oldest first
}

// hear adds e to the recipient's own words, in the order of their times, and says whether it was new.
func (s *status) hear(e Entry) bool {
	if !e.Said || len(s.words) >= maxWords {
		return false
	}
	at := len(s.words)
	for i, w := range s.words {
		if w.At.Equal(e.At) && w.State == e.State && w.By == e.By && w.Outlet == e.Outlet && w.Reason == e.Reason {
			return false // the same record read again
		}
		if at == len(s.words) && w.At.After(e.At) {
			at = i
		}
	}
	s.words = slices.Insert(s.words, at, e)
	return true
}

// said says whether e tells nothing that was not said before. A person sees an
// alert once; an airing is told by its time.
func (s *status) said(e Entry) bool {
	if len(s.words) >= maxWords && rank(e) <= rank(s.Entry) {
		return true
	}
	return slices.ContainsFunc(s.words, func(w Entry) bool {
		if w.State != e.State || w.By != e.By || w.Outlet != e.Outlet || w.Reason != e.Reason {
			return false
		}
		return e.State != adapter.OnAir || e.At.Sub(w.At).Abs() < sameAiring
	})
}

// story tells s's words; nil when it has none.
func (a *account) story(s status) *Story {
	if len(s.words) == 0 {
		return nil
	}
	st := &Story{ReceivedMS: -1}
	for _, e := range s.words {
		st.Words = append(st.Words, Word{e.State, e.At, a.since(e.At), e.By, e.Outlet, e.Reason})
		// Who says anything but that it failed has it.
		if e.State != adapter.Failed && st.Received.IsZero() {
			st.Received, st.ReceivedMS = e.At, a.since(e.At)
		}
		switch e.State {
		case adapter.Seen:
			st.SeenBy = adds(st.SeenBy, e.By)
		case adapter.OnAir:
			st.Airings++
			st.LastAired = e.At
			if st.OnAir.IsZero() {
				st.OnAir = e.At
			}
			st.Outlets = adds(st.Outlets, e.Outlet)
		case adapter.Removed:
			if st.Removed.IsZero() {
				st.Removed = e.At
			}
		}
	}
	return st
}

// last is when the recipient was last heard of, or since when the release is out.
func (s *Story) last(released time.Time) time.Time {
	if n := len(s.Words); n > 0 {
		return s.Words[n-1].At
	}
	return released
}

// adds puts s into all unless it is empty or there.
func adds(all []string, s string) []string {
	if s == "" || slices.Contains(all, s) {
		return all
	}
	return append(all, s)
}
