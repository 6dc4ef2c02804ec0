// Package criteria is what a State asks before there may be an alert: whether
// the child is a minor, in danger, and so on. The questions are configuration,
// since States change them (Poland dropped one in August 2025), and they have
// versions, since a case must be judged by those it was begun under.
//
// A set is a JSON file, strictly decoded. The sets in the folder sets are
// embedded examples; a State writes its own. Answers are yes, no or unknown,
// with a reason where the set wants one. A criterion that is not fulfilled, or
// that nobody knows, never forbids an alert by itself: it makes it an override,
// which needs the author's reason and the approver's.
package criteria

import (
	"maps"
	"slices"
	"strings"

	"tocsin/internal/alert"
)

// Set is one version of a State's criteria. It is kept whole with every case
// begun under it, so that the record shows the very questions.
type Set struct {
	ID      string `json:"id"`                 // "us-amber": 2 to 24 of a-z, 0-9 and hyphens
	Version int    `json:"version"`            // 1 to 9999; a changed question is a new version
	InForce string `json:"in_force,omitempty"` // the day the version came into force: "2025-08-01"
	// Title, Note and the criteria's texts are in the same languages, those of Title.
	Title    alert.Localized `json:"title"`          // at most 80 characters
	Note     alert.Localized `json:"note,omitempty"` // below the title: the law, or what to mind; at most 300
	Criteria []Criterion     `json:"criteria"`       // 1 to 12, in the order they are asked
}

// Criterion is one question.
type Criterion struct {
	ID       string          `json:"id"`               // "danger": as Set.ID, once in a set
	Question alert.Localized `json:"question"`         // at most 200 characters
	Hint     alert.Localized `json:"hint,omitempty"`   // at most 300
	Want     Value           `json:"want,omitempty"`   // Yes or No fulfils it; "" = Yes
	Reason   Reason          `json:"reason,omitempty"` // when the answer needs one; "" = never
}

// Value is an answer.
type Value string

// The answers. Unanswered counts as Unknown.
const (
	Unanswered Value = ""
	Yes        Value = "yes"
	No         Value = "no"
	Unknown    Value = "unknown"
)

// Reason says which answers need words.
type Reason string

// ReasonUnmet: every answer that does not fulfil the criterion.
const (
	ReasonNever  Reason = ""
	ReasonAlways Reason = "always"
	ReasonUnmet  Reason = "unmet"
)

// Answers are what an officer answered of one set. They stay with the police.
type Answers struct {
	Set     string            `json:"set"`
	Version int               `json:"version"`
	Answers map[string]Answer `json:"answers,omitempty"` // by the criterion's id
	// Override is the author's reason for an alert although not every criterion
	// is fulfilled; at most 1,000 characters.
	Override string `json:"override,omitempty"`
}

// Answer is one of them.
type Answer struct {
	Value  Value  `json:"answer"`
	Reason string `json:"reason,omitempty"` // at most 500 characters
}

// Clone is a with nothing shared; nil for nil.
func (a *Answers) Clone() *Answers {
	if a == nil {
		return nil
	}
	c := *a
	c.Answers = make(map[string]Answer, len(a.Answers))
	maps.Copy(c.Answers, a.Answers)
	return &c
}

// Of is the answer to one criterion; Unanswered where there is none.
func (a *Answers) Of(id string) Answer {
	if a == nil {
		return Answer{}
	}
	return a.Answers[id]
}

// Met says whether v fulfils the criterion.
func (c Criterion) Met(v Value) bool {
	if c.Want == No {
		return v == No
	}
	return v == Yes
}

// NeedsReason says whether an answer v needs words. No answer needs none yet.
func (c Criterion) NeedsReason(v Value) bool {
	switch c.Reason {
	case ReasonAlways:
		return v != Unanswered
	case ReasonUnmet:
		return v != Unanswered && !c.Met(v)
	}
	return false
}

// Unmet are the criteria that a does not fulfil, in the set's order. Without a
// set nothing is asked, and nothing is unmet.
func (s *Set) Unmet(a *Answers) []Criterion {
	if s == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(s.Criteria), func(c Criterion) bool { return c.Met(a.Of(c.ID).Value) })
}

// Say is the text in lang, else in English, else in the first language there is.
func Say(text alert.Localized, lang alert.Lang) string {
	for _, l := range append([]alert.Lang{lang, alert.English}, alert.Langs...) {
		if s := strings.TrimSpace(text[l]); s != "" {
			return s
		}
	}
	return ""
}
