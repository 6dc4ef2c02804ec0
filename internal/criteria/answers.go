package criteria

import (
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tocsin/internal/alert"
)

// The bounds of what an officer writes: they keep one event within what the log
// takes, and a release page readable.
const (
	MaxReason   = 500
	MaxOverride = 1000
	minOverride = 10 // "ok" is no reason that a court could follow
)

// Begin is no answer yet, to the set's questions. nil without a set.
func (s *Set) Begin() *Answers {
	if s == nil {
		return nil
	}
	return &Answers{Set: s.ID, Version: s.Version}
}

// Fit is a as it is kept: of this set, without empty answers and the space
// around words. Its faults are what cannot be kept at all; unanswered criteria
// are no fault here. A nil a is Begin. Fields begin with "criteria".
func (s *Set) Fit(a *Answers) (*Answers, alert.Invalid) {
	var v alert.Invalid
	if s == nil {
		if a != nil {
			v.Add("criteria", "unknown", "No criteria are asked of this case; leave the answers out.")
		}
		return nil, v
	}
	fit := s.Begin()
	if a == nil {
		return fit, nil
	}
	// A program may leave set and version out; what it names must be right.
	if a.Set != "" && a.Set != s.ID || a.Version != 0 && a.Version != s.Version {
		v.Add("criteria.set", "version", "These answers are to another set of criteria, or another version of it; read the case's criteria and answer those.")
	}
	for _, id := range slices.Sorted(maps.Keys(a.Answers)) {
		one := a.Answers[id]
		if !slices.ContainsFunc(s.Criteria, func(c Criterion) bool { return c.ID == id }) {
			v.Add("criteria.answers", "unknown", "There is an answer to a criterion that this set does not ask; leave it out.")
			continue
		}
		at := "criteria.answers." + id
		switch one.Value {
		case Unanswered, Yes, No, Unknown:
		default:
			v.Add(at+".answer", "unknown", "Answer yes, no or unknown.")
		}
		one.Reason = strings.TrimSpace(one.Reason)
		checkWords(&v, at+".reason", one.Reason, MaxReason, "Shorten the reason to 500 characters.")
		if one == (Answer{}) {
			continue
		}
		if fit.Answers == nil {
			fit.Answers = map[string]Answer{}
		}
		fit.Answers[id] = one
	}
	fit.Override = strings.TrimSpace(a.Override)
	checkWords(&v, "criteria.override", fit.Override, MaxOverride, "Shorten the reason to 1,000 characters.")
	return fit, v
}

// checkWords is a fault for what is too long, or does not show as it is.
func checkWords(v *alert.Invalid, field, s string, limit int, mend string) {
	switch {
	case !utf8.ValidString(s):
		v.Add(field, "encoding", "This is not valid UTF-8; type it again.")
	case utf8.RuneCountInString(s) > limit:
		v.Add(field, "too_long", mend)
	case strings.ContainsFunc(s, hidden):
		v.Add(field, "control", "There is an invisible character in these words; type them again without copying.")
	}
}

// hidden says that r does not show, or turns the direction of writing. Lines may end.
func hidden(r rune) bool {
	return r != '\n' && r != '\r' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) || r == '\u2028' || r == '\u2029'
}

// Faults stop the submission of a first alert: a reason that the set wants and
// is not there, and, where not every criterion is fulfilled, a missing override.
func (s *Set) Faults(a *Answers) alert.Invalid {
	var v alert.Invalid
	if s == nil {
		return nil
	}
	for _, c := range s.Criteria {
		if one := a.Of(c.ID); c.NeedsReason(one.Value) && one.Reason == "" {
			v.Add("criteria.answers."+c.ID+".reason", "required", "This answer needs a reason; write it below the answer.")
		}
	}
	if len(s.Unmet(a)) == 0 {
		return v
	}
	var override string
	if a != nil {
		override = a.Override
	}
	switch n := utf8.RuneCountInString(override); {
	case n >= minOverride:
	case n > 0:
		v.Add("criteria.override", "too_short", "Say in at least 10 characters why there should be an alert all the same.")
	default:
		v.Add("criteria.override", "required", "Not every criterion is fulfilled. Complete the answers, or say why there should be an alert all the same.")
	}
	return v
}
