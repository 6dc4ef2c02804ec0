package casework

import (
	"context"
	"maps"
	"slices"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/wording"
)

// Wording is one officer's act on one text of a channel.
type Wording struct {
	Lang alert.Lang  `json:"lang"`
	Name string      `json:"name"`           // one of alert.TextNames
	Edit *alert.Edit `json:"edit,omitempty"` // nil: the machine's words again
}

// Reword puts an officer's own words in place of the machine's in one text, or
// confirms them anew after the facts have changed. It is a change of the draft
// like any other: of the version that the officer saw, voiding a submission,
// beginning an update of a live alert. alert.Invalid says what is wrong with the
// text; the machine's own words are no edit, and take one back.
func (s *Service) Reword(ctx context.Context, by auth.Officer, id string, version uint64, lang alert.Lang, name, text string) (Case, error) {
	return s.word(ctx, by, id, version, func(st *state) (*Wording, error) {
		m, missing := s.message(st, time.Now())
		if !slices.Contains(m.Languages, lang) || !slices.Contains(alert.TextNames, name) {
			return nil, ErrNotFound
		}
		if len(missing) > 0 || s.write(m) != nil {
			return nil, wrongStage("The texts can be edited once nothing is missing from the answers.")
		}
		kept, faults := alert.CheckEdit(m, lang, name, text)
		if err := faults.Err(); err != nil {
			return nil, err
		}
		edit := alert.Edit{Text: kept, Machine: m.Texts[lang].Named(name)}
		old, had := st.c.Edits[lang][name]
		switch {
		case edit.Text == edit.Machine && had:
			return &Wording{Lang: lang, Name: name}, nil
		case edit.Text == edit.Machine, had && old == edit:
			return nil, nil
		}
		return &Wording{Lang: lang, Name: name, Edit: &edit}, nil
	})
}

// Unword goes back to the machine's words in one text.
func (s *Service) Unword(ctx context.Context, by auth.Officer, id string, version uint64, lang alert.Lang, name string) (Case, error) {
	return s.word(ctx, by, id, version, func(st *state) (*Wording, error) {
		if _, had := st.c.Edits[lang][name]; !had {
			return nil, nil
		}
		return &Wording{Lang: lang, Name: name}, nil
	})
}

// word is what both share. decide sees the draft as the act would find it: of a
// live case, the update that it would begin. Without a wording nothing is done.
func (s *Service) word(ctx context.Context, by auth.Officer, id string, version uint64, decide func(*state) (*Wording, error)) (Case, error) {
	if err := mayWrite(by); err != nil {
		return Case{}, err
	}
	return s.act(ctx, by, id, func(st *state) (*Event, error) {
		if err := open(st.c.Stage); err != nil {
			return nil, err
		}
		if version != st.c.Version {
			return nil, ErrConflict
		}
		w, err := decide(st.begun())
		if w == nil || err != nil {
			return nil, err
		}
		return &Event{Kind: KindWorded, Wording: w}, nil
	})
}

// begun is st, or of a live case the update that the next change begins.
func (st *state) begun() *state {
	n := *st
	n.begin()
	return &n
}

// word folds one wording.
func (st *state) word(ev Event) {
	w := ev.Wording
	if w.Edit == nil {
		st.c.Edits = st.c.Edits.Without(w.Lang, w.Name)
	} else {
		st.c.Edits = st.c.Edits.With(w.Lang, w.Name, *w.Edit)
	}
	st.changed(ev)
}

// Sketch is the words of a draft as far as it goes: what an officer sees while
// writing. Nothing of it is kept, nothing of it can go out.
type Sketch struct {
	// Message has the texts with the officers' edits; what is missing stands in
	// brackets, as alert.Placeholders says it.
	Message *alert.Message
	Machine map[alert.Lang]alert.Texts
	Edited  []alert.Edited
	Faults  alert.Invalid // of the edits
	// Warnings are words that the public should perhaps not read. They stop nothing.
	Warnings []wording.Warning
	Edits    alert.Edits // as kept, those of languages that the alert has no more included
	Live     alert.Edits // of the live revision, that an update may take over
	// Whole says that the facts are complete enough for texts to be written and edited.
	Whole bool
}

// words is what the agency decided about words.
func (s *Service) words() wording.Policy {
	return wording.Policy{NamelessSMS: s.d.Policy.NamelessSMS}
}

// sampleID stands for the id that a new case will have, and has its length: what
// is counted must not grow once the case exists.
const sampleID = "BCDFGHJKLMNP"

// Sketch writes the words of case id; id "" is a case that does not exist yet.
// With d they are those of d, which is not kept.
func (s *Service) Sketch(id string, d *Draft) (Sketch, error) {
	st := &state{c: Case{ID: sampleID, Stage: StageDraft, Revision: 1}}
	if id != "" {
		_, found, err := s.find(id)
		if err != nil {
			return Sketch{}, err
		}
		if err := open(found.c.Stage); err != nil {
			return Sketch{}, err
		}
		st = found.begun()
	}
	if d != nil {
		n := *st
		n.c.Draft = *d
		st = &n
	}
	m, missing := s.message(st, time.Now())
	k := Sketch{Message: m, Edits: st.c.Edits.Clone(), Live: st.c.LiveEdits.Clone(), Whole: len(missing) == 0 && s.write(m) == nil}
	if !k.Whole {
		alert.Sketch(m)
	}
	k.Machine = m.Texts
	m.Texts = maps.Clone(k.Machine)
	k.Edited, k.Faults = alert.Reword(m, st.c.Edits)
	k.Warnings = wording.Check(m, k.Edited, s.words())
	return k, nil
}
