package criteria

import (
	"slices"
	"strings"
	"testing"

	"tocsin/internal/alert"
)

func osce(t *testing.T) *Set {
	t.Helper()
	s, err := Load("osce")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fulfilled answers every criterion of s as it wants.
func fulfilled(s *Set) *Answers {
	a := s.Begin()
	a.Answers = map[string]Answer{}
	for _, c := range s.Criteria {
		v := Yes
		if c.Want == No {
			v = No
		}
		a.Answers[c.ID] = Answer{Value: v, Reason: "A witness saw it."}
	}
	return a
}

func TestMetAndReason(t *testing.T) {
	for _, tt := range []struct {
		c     Criterion
		v     Value
		met   bool
		words bool
	}{
		{Criterion{}, Yes, true, false},
		{Criterion{}, No, false, false},
		{Criterion{}, Unknown, false, false},
		{Criterion{}, Unanswered, false, false},
		{Criterion{Want: Yes, Reason: ReasonAlways}, Yes, true, true},
		{Criterion{Want: Yes, Reason: ReasonAlways}, Unknown, false, true},
		{Criterion{Want: Yes, Reason: ReasonAlways}, Unanswered, false, false},
		{Criterion{Want: No, Reason: ReasonUnmet}, No, true, false},
		{Criterion{Want: No, Reason: ReasonUnmet}, Yes, false, true},
		{Criterion{Want: No, Reason: ReasonUnmet}, Unknown, false, true},
		{Criterion{Want: No, Reason: ReasonUnmet}, Unanswered, false, false},
	} {
		if got := tt.c.Met(tt.v); got != tt.met {
			t.Errorf("%+v answered %q is met: %v", tt.c, tt.v, got)
		}
		if got := tt.c.NeedsReason(tt.v); got != tt.words {
			t.Errorf("%+v answered %q needs a reason: %v", tt.c, tt.v, got)
		}
	}
}

// Each answer but the wanted one makes an override of the submission.
func TestFaults(t *testing.T) {
	s := osce(t)
	if v := s.Faults(fulfilled(s)); len(v) > 0 {
		t.Errorf("all fulfilled: %v", v)
	}
	for _, c := range s.Criteria {
		for _, v := range []Value{Yes, No, Unknown, Unanswered} {
			a := fulfilled(s)
			a.Answers[c.ID] = Answer{Value: v, Reason: "Neighbours say so."}
			stopped := len(s.Faults(a)) > 0
			if stopped == c.Met(v) {
				t.Errorf("%s answered %q: stopped %v", c.ID, v, stopped)
			}
			if a.Override = "The mother begs for it."; len(s.Faults(a)) > 0 {
				t.Errorf("%s answered %q is stopped in spite of the override: %v", c.ID, v, s.Faults(a))
			}
		}
	}
}

func TestFaultsNameTheirFields(t *testing.T) {
	s := osce(t)
	for _, tt := range []struct {
		name   string
		change func(*Answers)
		want   []string
	}{
		{"nothing answered", func(a *Answers) { a.Answers = nil }, []string{"criteria.override"}},
		{"no reason", func(a *Answers) { a.Answers["danger"] = Answer{Value: Yes} }, []string{"criteria.answers.danger.reason"}},
		{"no reason although overridden", func(a *Answers) {
			a.Answers["danger"], a.Override = Answer{Value: Unknown}, "The mother begs for it."
		}, []string{"criteria.answers.danger.reason"}},
		{"an override of two letters", func(a *Answers) {
			a.Answers["minor"], a.Override = Answer{Value: No}, "ok"
		}, []string{"criteria.override"}},
	} {
		a := fulfilled(s)
		tt.change(a)
		var got []string
		for _, f := range s.Faults(a) {
			got = append(got, f.Field)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	if v := s.Faults(nil); len(v) != 1 {
		t.Errorf("no answers at all: %v", v)
	}
	if v := (*Set)(nil).Faults(nil); v != nil {
		t.Errorf("nothing is asked: %v", v)
	}
}

func TestFit(t *testing.T) {
	s := osce(t)
	for _, tt := range []struct {
		name string
		in   *Answers
		want string // field at fault
	}{
		{"none", nil, ""},
		{"without set and version", &Answers{Answers: map[string]Answer{"minor": {Value: Yes}}}, ""},
		{"another set", &Answers{Set: "fr", Version: 1}, "criteria.set"},
		{"another version", &Answers{Set: "osce", Version: 2}, "criteria.set"},
		{"another criterion", &Answers{Answers: map[string]Answer{"consent": {Value: Yes}}}, "criteria.answers"},
		{"another answer", &Answers{Answers: map[string]Answer{"minor": {Value: "perhaps"}}}, "criteria.answers.minor.answer"},
		{"a long reason", &Answers{Answers: map[string]Answer{"minor": {Value: Yes, Reason: strings.Repeat("я", 501)}}}, "criteria.answers.minor.reason"},
		{"a reason at the bound", &Answers{Answers: map[string]Answer{"minor": {Value: Yes, Reason: strings.Repeat("я", 500)}}}, ""},
		{"a control character", &Answers{Answers: map[string]Answer{"minor": {Reason: "a\x07b"}}}, "criteria.answers.minor.reason"},
		{"turned writing", &Answers{Override: "a\u202eb"}, "criteria.override"},
		{"no UTF-8", &Answers{Override: "a\xff"}, "criteria.override"},
		{"lines", &Answers{Override: "one\r\ntwo"}, ""},
		{"a long override", &Answers{Override: strings.Repeat("a", 1001)}, "criteria.override"},
	} {
		fit, v := s.Fit(tt.in)
		if tt.want == "" && len(v) > 0 || tt.want != "" && (len(v) != 1 || v[0].Field != tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, v, tt.want)
		}
		if fit == nil || fit.Set != "osce" || fit.Version != 1 {
			t.Errorf("%s: kept as %+v", tt.name, fit)
		}
	}
	fit, _ := s.Fit(&Answers{Override: "  why \n", Answers: map[string]Answer{"minor": {Value: Yes, Reason: " seen "}, "danger": {Reason: "  "}}})
	if fit.Override != "why" || len(fit.Answers) != 1 || fit.Answers["minor"].Reason != "seen" {
		t.Errorf("kept as %+v", fit)
	}
	if _, v := (*Set)(nil).Fit(&Answers{}); len(v) != 1 {
		t.Errorf("answers to nothing: %v", v)
	}
	if fit, v := (*Set)(nil).Fit(nil); fit != nil || v != nil {
		t.Errorf("nothing asked: %v %v", fit, v)
	}
}

func TestClone(t *testing.T) {
	a := &Answers{Set: "osce", Answers: map[string]Answer{"minor": {Value: Yes}}}
	b := a.Clone()
	b.Answers["minor"] = Answer{Value: No}
	if a.Of("minor").Value != Yes || (*Answers)(nil).Clone() != nil || (*Answers)(nil).Of("minor") != (Answer{}) {
		t.Error("a clone shares its answers")
	}
}

func TestSay(t *testing.T) {
	for _, tt := range []struct {
		text alert.Localized
		want string
	}{
		{alert.Localized{"en": "child", "de": "Kind"}, "Kind"},
		{alert.Localized{"en": "child", "fr": "enfant"}, "child"},
		{alert.Localized{"ru": "дитя", "de": " "}, "дитя"},
		{nil, ""},
	} {
		if got := Say(tt.text, alert.German); got != tt.want {
			t.Errorf("%v says %q, want %q", tt.text, got, tt.want)
		}
	}
}
