package casework

import (
	"context"
	"errors"
	"slices"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
)

// StagePractised ends a practice: everything was done as for an alert, and nothing was sent.
const StagePractised Stage = "practised"

// The kinds of events of a practice.
const (
	KindVisited   = "visited"   // who practises opened a page, or was refused on it
	KindPractised = "practised" // in the place of released; its message is never published
)

// PractisePolicy says where one person may play both roles. The live realm knows none but off.
type PractisePolicy string

// The policies; empty = PractiseInTour in the realm drill, PractiseOff in live.
const (
	PractiseOff    PractisePolicy = "off"
	PractiseInTour PractisePolicy = "tour"   // in a practice, which is never sent
	PractiseAlways PractisePolicy = "always" // in every exercise alert but a planned full test's; it goes out to the drill's own recipients
)

// Practice is what only a case that is never sent has.
type Practice struct {
	By     string `json:"by"`     // officer id: who practises
	Page   string `json:"page"`   // where he was last: the practice goes on there, on any machine
	Visits int    `json:"visits"` // pages opened
	// Example says that the pages come with the invented example filled in.
	Example bool `json:"example,omitempty"`
	// Done is when it was released into nothing; zero while it goes on.
	Done time.Time `json:"done,omitzero"`
}

// maxVisits protects the record from a page that loads itself for ever: a whole
// practice opens about 30 pages.
const maxVisits = 300

// errNoVisit ends a visit that is not worth noting.
var errNoVisit = errors.New("not noted")

// check says what of the policy cannot be, in a State's words.
func (p Policy) checkPractise(v *alert.Invalid) {
	switch {
	case !slices.Contains([]PractisePolicy{"", PractiseOff, PractiseInTour, PractiseAlways}, p.PractiseAlone):
		v.Add("practise_alone", "unknown", "Write tour, always or off.")
	case p.Realm == alert.Live && p.PractiseAlone != "" && p.PractiseAlone != PractiseOff:
		v.Add("practise_alone", "live", "Take it out: in the live realm a second person releases every alert.")
	}
}

// practises says whether there is a tour here at all.
func (p Policy) practises() bool {
	return p.Realm == alert.Drill && p.Status == alert.StatusExercise && p.PractiseAlone != PractiseOff
}

// Practises says whether officers may begin a practice on this server.
func (s *Service) Practises() bool { return s.d.Policy.practises() }

// Practise begins a case that is worked like any other and can never be sent:
// its release ends in the record. One person may play both roles in it.
// ErrForbidden in the live realm.
func (s *Service) Practise(ctx context.Context, by auth.Officer, d Draft) (Case, error) {
	if !s.d.Policy.practises() {
		return Case{}, forbidden("There is no practice on this server. It belongs to the exercise system.")
	}
	return s.begin(ctx, by, d, Event{Practice: true})
}

// DraftFor begins the exercise alert of a planned test. It is released by two
// like any other; the mark stays on its record. ErrForbidden in the live realm.
func (s *Service) DraftFor(ctx context.Context, by auth.Officer, exercise string, d Draft) (Case, error) {
	if s.d.Policy.Realm != alert.Drill {
		return Case{}, forbidden("A planned test belongs to the exercise system.")
	}
	return s.begin(ctx, by, d, Event{Exercise: exercise})
}

// Visit is a page of a practice being opened, or refused, or asked for the example.
type Visit struct {
	Page    string
	Refused bool // the form came back
	Example bool // the example was to fill it in: no new opening
}

// Visit notes what who practises does with the pages of his practice. Anybody else's, and what comes after the end, is not noted and no error.
func (s *Service) Visit(ctx context.Context, by auth.Officer, id string, v Visit) error {
	noted := func(c Case) bool {
		return c.Practice != nil && c.Practice.By == by.ID && open(c.Stage) == nil && c.Practice.Visits < maxVisits
	}
	if _, st, err := s.find(id); err != nil || !noted(st.c) {
		return nil // every page of every case asks: no look into the log for those
	}
	_, err := s.act(ctx, by, id, func(st *state) (*Event, error) {
		if !noted(st.c) {
			return nil, errNoVisit
		}
		return &Event{Kind: KindVisited, Page: v.Page, Refused: v.Refused, Example: v.Example}, nil
	})
	if errors.Is(err, errNoVisit) {
		return nil
	}
	return err
}

// alone says whether by may release what he wrote himself, for practice. It asks
// the realm anew: what an event or a form claims never opens the live realm.
func (p Policy) alone(c Case, by auth.Officer) bool {
	if !p.practises() || by.ID == "" {
		return false
	}
	if c.Practice != nil {
		return c.Practice.By == by.ID && (by.Has(auth.Author) || by.Has(auth.Approver))
	}
	// A planned full test goes to everybody in the exercise system, as an alert would.
	return c.Exercise == "" && p.PractiseAlone == PractiseAlways && by.Has(auth.Author) && by.Has(auth.Approver)
}

// Alone says whether this officer may release this case although he wrote it: in
// a practice, or where the drill's policy lets him. Never in the live realm.
func (s *Service) Alone(c Case, by auth.Officer) bool { return s.d.Policy.alone(c, by) }

// mayRelease is the two-person rule, and who is outside of it for practice.
// Alone is true when the same person wrote and releases: the record says so.
func (s *Service) mayRelease(c Case, by auth.Officer) (alone bool, err error) {
	if err = mayRelease(c, by); err != nil && s.d.Policy.alone(c, by) {
		return true, nil
	}
	return false, err
}

// practiceLife is how long a practice waits for who left it: its photos, perhaps
// of real people, would else stay for good.
const practiceLife = 7 * 24 * time.Hour

// left says whether nothing has happened in a practice for so long.
func (st *state) left(now time.Time) bool {
	return st.c.Practice != nil && open(st.c.Stage) == nil && now.Sub(st.c.Changed) >= practiceLife
}

// endPractice rejects a practice that was left, and deletes its photos.
func (s *Service) endPractice(ctx context.Context, id string) error {
	_, err := s.act(ctx, auth.Officer{ID: System}, id, func(st *state) (*Event, error) {
		if !st.left(time.Now()) { // somebody goes on with it, or another process was faster
			return nil, nil
		}
		return &Event{Kind: KindRejected}, nil
	})
	if err != nil {
		return err
	}
	return s.purge(ctx, id)
}

// practised is the end of a practice: what would have gone out, and to how many.
// The message stays unsigned and is never pending, so that no process, of this
// version or another, can publish it.
func practised(p Preview, alone bool) *Event {
	ev := &Event{Kind: KindPractised, Digest: p.Digest, Message: p.Message, Shown: p.shown(), Criteria: p.Criteria, Alone: alone}
	for _, ch := range p.Channels {
		if r := (Reached{ch.Channel, ch.Title, ch.Recipients}); !slices.Contains(ev.Reach, r) {
			ev.Reach = append(ev.Reach, r)
		}
	}
	return ev
}

// practise folds the three events of a practice; false for every other kind.
func (st *state) practise(ev Event) bool {
	c := &st.c
	switch ev.Kind {
	case KindVisited:
		if c.Practice != nil {
			p := *c.Practice
			p.Page, p.Visits, p.Example = ev.Page, p.Visits+1, p.Example || ev.Example
			c.Practice = &p
		}
	case KindPractised:
		if c.Practice == nil {
			return true // damaged: it must not end an alert
		}
		c.Version = st.seq
		p := *c.Practice
		p.Done = ev.At
		c.Practice, c.Stage = &p, StagePractised
		st.endKits()
		st.doomed = append(tokens(c.Photos), files(st.doomed)...)
	default:
		return false
	}
	return true
}

// Reached is one channel that a practice would have used.
type Reached struct {
	Channel    string `json:"channel"`
	Title      string `json:"title"`
	Recipients int    `json:"recipients"`
}

// Walk is a practice seen afterwards: where the time went, and what would have gone out.
type Walk struct {
	Begun, Done time.Time
	Alone       bool // one person played both roles
	Pages       []PageTime
	Message     *alert.Message // without facts' photos: they are deleted
	Shown       []Shown
	Reach       []Reached
}

// PageTime is what one page took.
type PageTime struct {
	Page    string
	Took    time.Duration // all visits together
	Visits  int
	Refused int // how often a form was sent back
}

// Took is the time from the report, which is when the practice began, to its release.
func (w Walk) Took() time.Duration { return w.Done.Sub(w.Begun) }

// WalkOf reads a practice's record; ok is false unless it was finished. Pages are in the order they were first opened.
func WalkOf(record []Event) (w Walk, ok bool) {
	at := map[string]int{}
	var since time.Time
	last := -1
	leave := func(now time.Time) {
		if last >= 0 {
			w.Pages[last].Took += now.Sub(since)
		}
		since = now
	}
	for _, ev := range record {
		switch ev.Kind {
		case KindDrafted:
			w.Begun = ev.At
		case KindVisited:
			leave(ev.At)
			i, known := at[ev.Page]
			if !known {
				i = len(w.Pages)
				at[ev.Page] = i
				w.Pages = append(w.Pages, PageTime{Page: ev.Page})
			}
			last = i
			switch {
			case ev.Refused:
				w.Pages[i].Refused++
			case !ev.Example:
				w.Pages[i].Visits++
			}
		case KindPractised:
			leave(ev.At)
			w.Done, w.Alone, w.Message, w.Shown, w.Reach = ev.At, ev.Alone, ev.Message, ev.Shown, slices.Clone(ev.Reach)
			ok = ev.Message != nil
		}
	}
	return w, ok
}

// Slowest are the pages that took longest, at most n of them.
func (w Walk) Slowest(n int) []PageTime {
	pages := slices.Clone(w.Pages)
	slices.SortStableFunc(pages, func(a, b PageTime) int { return int(b.Took - a.Took) })
	return pages[:min(n, len(pages))]
}
