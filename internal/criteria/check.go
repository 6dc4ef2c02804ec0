package criteria

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/internal/alert"
)

// The bounds of a set. They protect the event that keeps it, and the officer
// who has to answer it at three in the morning.
const (
	maxCriteria = 12
	maxVersion  = 9999
	maxTitle    = 80
	maxQuestion = 200
	maxHint     = 300
	maxIDLength = 24
)

// faults are for the operator who writes a set, in English as all he reads; what
// officers are told goes through alert.Invalid's own Add and is said in their languages.
type faults alert.Invalid

func (f *faults) wrong(field, code, text string) { (*alert.Invalid)(f).Add(field, code, text) }

// ids stand in the names of a form's fields, and in records.
var idShape = regexp.MustCompile(`^[a-z][a-z0-9-]*[a-z0-9]$`)

// check lists the faults of a set.
func (s *Set) check() alert.Invalid {
	var v faults
	checkID(&v, "id", s.ID)
	if s.Version < 1 || s.Version > maxVersion {
		v.wrong("version", "range", "Number the versions from 1 to 9999; a changed question is a new version.")
	}
	if _, err := time.Parse(time.DateOnly, s.InForce); s.InForce != "" && err != nil {
		v.wrong("in_force", "format", "Write the day as 2025-08-01.")
	}
	langs := slices.Sorted(maps.Keys(s.Title))
	if len(langs) == 0 {
		v.wrong("title", "required", "Give the set a title in each language of your officers.")
	}
	for _, l := range langs {
		if !slices.Contains(alert.Langs, l) {
			v.wrong("title", "language", "Use the languages en, fr, de, it, ru and es.")
		}
	}
	s.texts(&v, "title", s.Title, maxTitle)
	if len(s.Note) > 0 {
		s.texts(&v, "note", s.Note, maxHint)
	}
	if n := len(s.Criteria); n < 1 || n > maxCriteria {
		v.wrong("criteria", "range", "Ask 1 to 12 criteria.")
	}
	seen := map[string]bool{}
	for i, c := range s.Criteria[:min(len(s.Criteria), maxCriteria)] {
		at := fmt.Sprintf("criteria[%d].", i)
		checkID(&v, at+"id", c.ID)
		if seen[c.ID] {
			v.wrong(at+"id", "double", "Two criteria have this id; give each its own.")
		}
		seen[c.ID] = true
		s.texts(&v, at+"question", c.Question, maxQuestion)
		if len(c.Hint) > 0 {
			s.texts(&v, at+"hint", c.Hint, maxHint)
		}
		if c.Want != "" && c.Want != Yes && c.Want != No {
			v.wrong(at+"want", "unknown", "Write yes or no: the answer that fulfils the criterion.")
		}
		if !slices.Contains([]Reason{ReasonNever, ReasonAlways, ReasonUnmet}, c.Reason) {
			v.wrong(at+"reason", "unknown", "Write always or unmet, or leave it out.")
		}
	}
	return alert.Invalid(v)
}

func checkID(v *faults, field, id string) {
	if len(id) > maxIDLength || !idShape.MatchString(id) {
		v.wrong(field, "format", "Use 2 to 24 of a-z, 0-9 and hyphens, a letter first.")
	}
}

// texts are faults of a text that is not in exactly the title's languages, or
// not to be read.
func (s *Set) texts(v *faults, field string, text alert.Localized, limit int) {
	for _, l := range alert.Langs {
		_, wanted := s.Title[l]
		said, ok := text[l]
		at := field + "." + string(l)
		switch {
		case wanted && strings.TrimSpace(said) == "":
			v.wrong(at, "required", "Write this in each language of the title.")
		case !wanted && ok:
			v.wrong(at, "language", "The title is not in this language; add it there, or leave this out.")
		case utf8.RuneCountInString(said) > limit:
			v.wrong(at, "too_long", fmt.Sprintf("Shorten this to %d characters.", limit))
		case strings.ContainsFunc(said, func(r rune) bool { return hidden(r) || r == '\n' || r == '\r' || r == '\t' }):
			v.wrong(at, "control", "There is an invisible character or a line break in this text; write it as one plain line.")
		}
	}
	for l := range text {
		if !slices.Contains(alert.Langs, l) && field != "title" {
			v.wrong(field, "language", "Use the languages en, fr, de, it, ru and es.")
			return
		}
	}
}
