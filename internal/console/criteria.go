package console

import (
	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
	"tocsin/internal/criteria"
)

// criteriaSlug is the page of the criteria: before the first step, and not one
// of them, since which questions it asks hangs on the case.
const criteriaSlug = "criteria"

// criteriaWords are what an officer can answer.
var criteriaWords = []option{
	{string(criteria.Yes), "answer|Yes"},
	{string(criteria.No), "answer|No"},
	{string(criteria.Unknown), "answer|Not known"},
}

// criteriaStep is the page that asks the set. Saving it leads to the first step.
func criteriaStep(set *criteria.Set) step {
	return step{
		slug: criteriaSlug, title: tr("Criteria"), prefixes: []string{"criteria"},
		lede: tr("Answer what you know now. You can change an answer later; each change is recorded. Nothing on this page leaves the police."),
		bind: func(c *console, b *form, d *casework.Draft, _ int) { b.criteria(set, &d.Criteria) },
	}
}

// criteria asks the set: for each criterion an answer, and a reason where the set may want one.
func (b *form) criteria(set *criteria.Set, p **criteria.Answers) {
	sent := set.Begin()
	sent.Answers = map[string]criteria.Answer{}
	for _, q := range set.Criteria {
		one := (*p).Of(q.ID)
		at := "criteria.answers." + q.ID
		f := pick(b, at+".answer", "", &one.Value, criteriaWords)
		f.Kind, f.Label, f.Hint = "radios-inline", criteria.Say(q.Question, b.lang), criteria.Say(q.Hint, b.lang)
		why := text(b, at+".reason", "Reason", &one.Reason).max(criteria.MaxReason).optional()
		why.Kind = "textarea"
		if one != (criteria.Answer{}) {
			sent.Answers[q.ID] = one
		}
	}
	if *p != nil {
		sent.Override = (*p).Override
	}
	all := text(b, "criteria.override", "Why should there be an alert all the same?", &sent.Override).max(criteria.MaxOverride).
		hint("Needed when not every criterion is fulfilled. The approver reads it, and must give a reason too.")
	all.Kind = "textarea"
	if b.sent != nil {
		*p = sent
	}
}

// criteriaForm is the page's questions as the template shows them.
type criteriaForm struct {
	Title, Note string
	Version     int
	List        []criterionForm
	Override    *field
	Open        bool // the override is asked for whatever is chosen
}

// criterionForm is one question: its answer, and the reason for it.
type criterionForm struct {
	Answer, Reason *field
	Want           string // the answer that fulfils it
	Ask            string // when a reason is asked for: "always", "unmet" or "" for never
}

func (t *tongue) criteriaForm(set *criteria.Set, fields []*field) *criteriaForm {
	v := &criteriaForm{Title: criteria.Say(set.Title, t.lang), Note: criteria.Say(set.Note, t.lang), Version: set.Version}
	for i, q := range set.Criteria {
		one := criterionForm{Answer: fields[2*i], Reason: fields[2*i+1], Want: string(q.Want), Ask: string(q.Reason)}
		if one.Want == "" {
			one.Want = string(criteria.Yes)
		}
		if one.Ask == "" && one.Reason.Value != "" {
			one.Ask = string(criteria.ReasonAlways) // somebody gave one: it must stay in sight
		}
		v.List = append(v.List, one)
	}
	v.Override = fields[len(fields)-1]
	v.Open = v.Override.Value != "" || v.Override.Error != ""
	return v
}

// standing is how a case stands to its criteria, as pages show it.
type standing struct {
	Title    string
	Version  int
	Rows     []criterionRow
	Unmet    int
	Override string // the author's reason
	Approver string // the approver's, after the release
	Change   string // address of the page that changes it; "" = not here
	Matters  bool   // nothing is released yet: what is not fulfilled makes an override
}

type criterionRow struct {
	Question, Answer, Reason string
	Met                      bool
}

// standing is nil where nothing is asked. The answers are given apart from the
// case: a release page shows those that its digest is over.
func (t *tongue) standing(k casework.Case, a *criteria.Answers) *standing {
	if k.Asked == nil {
		return nil
	}
	s := &standing{Title: criteria.Say(k.Asked.Title, t.lang), Version: k.Asked.Version, Approver: k.OverrideReason, Matters: k.Released.IsZero()}
	for _, q := range k.Asked.Criteria {
		one := a.Of(q.ID)
		row := criterionRow{Question: criteria.Say(q.Question, t.lang), Reason: one.Reason, Met: q.Met(one.Value)}
		if row.Answer = t.textOf(criteriaWords, string(one.Value)); row.Answer == "" {
			row.Answer = t.say("Not answered")
		}
		if !row.Met {
			s.Unmet++
		}
		s.Rows = append(s.Rows, row)
	}
	if a != nil && s.Unmet > 0 {
		s.Override = a.Override
	}
	return s
}

// changeable is s with the way to its page, for who may change the answers.
func (s *standing) changeable(k casework.Case, o auth.Officer) *standing {
	if s != nil && mayEdit(k, o) {
		s.Change = "/console/cases/" + k.ID + "/edit/" + criteriaSlug + "?return=check"
	}
	return s
}

// Overridden says that the release is one although criteria are not fulfilled.
func (s *standing) Overridden() bool { return s != nil && s.Matters && s.Unmet > 0 }

// criteriaField is the address and the name of a fault in the answers; ok is
// false for a fault elsewhere.
func (c *console) criteriaField(id, path string) (href string, ok bool) {
	if !within(path, "criteria") {
		return "", false
	}
	return "/console/cases/" + id + "/edit/" + criteriaSlug + "?return=check#" + fieldID(path), true
}

// criteriaTag marks a case in lists that waits although not every criterion is fulfilled.
func (t *tongue) criteriaTag(k casework.Case) (tag, bool) {
	open := k.Stage == casework.StageSubmitted || k.Stage == casework.StageDraft
	if !open || !k.Released.IsZero() || len(k.Asked.Unmet(k.Criteria)) == 0 {
		return tag{}, false
	}
	return tag{t.say("Criteria not fulfilled"), "amber"}, true
}

// answersChanged is the timeline's line about an event that changed answers; "" where it did not.
func (t *tongue) answersChanged(set *criteria.Set, before, now *criteria.Answers) string {
	if set == nil || now == nil || len(now.Answers) == 0 || sameAnswers(set, before, now) {
		return ""
	}
	n := len(set.Criteria)
	return t.say("Criteria: {n} of {of} fulfilled", "n", n-len(set.Unmet(now)), "of", n)
}

func sameAnswers(set *criteria.Set, a, b *criteria.Answers) bool {
	for _, q := range set.Criteria {
		if a.Of(q.ID) != b.Of(q.ID) {
			return false
		}
	}
	return (a == nil) == (b == nil) && (a == nil || a.Override == b.Override)
}

// overrideFault is the fault of the approver's reason, or "".
func overrideFault(v alert.Invalid) string {
	for _, f := range v {
		if f.Field == "override" {
			return f.Text
		}
	}
	return ""
}
