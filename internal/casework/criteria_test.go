package casework

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/criteria"
)

// asking boots a process whose new cases are asked a set.
func (w *world) asking(t testing.TB, name string) *Service {
	t.Helper()
	set := must[*criteria.Set](t)(criteria.Load(name))
	return w.boot(t, func(d *Deps) { d.Criteria = set })
}

// poland answers version 2 of the Polish set; the changes come last.
func poland(change ...func(*criteria.Answers)) *criteria.Answers {
	a := &criteria.Answers{Answers: map[string]criteria.Answer{
		"minor": {Value: criteria.Yes}, "suspicion": {Value: criteria.Yes, Reason: "Seen by a neighbour, secretly-noted."},
		"information": {Value: criteria.Yes}, "headquarters": {Value: criteria.Yes, Reason: "Insp. Nowak, 02:10"},
	}}
	for _, c := range change {
		c(a)
	}
	return a
}

func unsure(a *criteria.Answers) {
	a.Answers["suspicion"] = criteria.Answer{Value: criteria.Unknown, Reason: "Nobody saw it."}
}

// begun is a case of anna's with these answers.
func begun(t testing.TB, s *Service, a *criteria.Answers) Case {
	t.Helper()
	d := draft()
	d.Criteria = a
	return must[Case](t)(s.Draft(t.Context(), anna, d))
}

func TestFulfilledCriteriaAskNothingMore(t *testing.T) {
	s := newWorld().asking(t, "pl")
	c := begun(t, s, poland())
	if c.Criteria.Set != "pl" || c.Criteria.Version != 2 || c.Asked.ID != "pl" {
		t.Fatalf("kept as %+v of %v", c.Criteria, c.Asked)
	}
	c = must[Case](t)(s.Submit(t.Context(), anna, c.ID))
	c = must[Case](t)(s.Approve(t.Context(), cleo, c.ID, Approval{Digest: c.Digest, Override: "not needed"}))
	if c.OverrideReason != "" {
		t.Errorf("an override that nobody needed is on the case: %q", c.OverrideReason)
	}
}

// What is not fulfilled goes out only with two reasons, the author's and the approver's.
func TestOverrideNeedsBoth(t *testing.T) {
	for name, answers := range map[string]*criteria.Answers{
		"unknown":        poland(unsure),
		"not fulfilled":  poland(func(a *criteria.Answers) { a.Answers["minor"] = criteria.Answer{Value: criteria.No} }),
		"not answered":   poland(func(a *criteria.Answers) { delete(a.Answers, "headquarters") }),
		"nothing at all": nil, // a program that knows nothing of criteria
	} {
		t.Run(name, func(t *testing.T) {
			s, ctx := newWorld().asking(t, "pl"), t.Context()
			c := begun(t, s, answers)
			_, err := s.Submit(ctx, anna, c.ID)
			wantFaults(t, err, "criteria.override")
			d := c.Draft
			if d.Criteria == nil {
				d.Criteria = &criteria.Answers{}
			}
			d.Criteria.Override = "Every minute counts; the mother asks for it."
			c = must[Case](t)(s.Edit(ctx, anna, c.ID, c.Version, d))
			c = must[Case](t)(s.Submit(ctx, anna, c.ID))
			for _, reason := range []string{"", "  ", "ok", strings.Repeat("x", 501)} {
				_, err = s.Approve(ctx, cleo, c.ID, Approval{Digest: c.Digest, Override: reason})
				wantFaults(t, err, "override")
			}
			_, err = s.Release(ctx, cleo, c.ID, c.Digest)
			wantFaults(t, err, "override")
			c = must[Case](t)(s.Approve(ctx, cleo, c.ID, Approval{Digest: c.Digest, Override: " The risk to life outweighs it. "}))
			if c.Stage != StageReleased || c.OverrideReason != "The risk to life outweighs it." {
				t.Errorf("stage %s, reason %q", c.Stage, c.OverrideReason)
			}
		})
	}
}

func TestReasonThatTheSetWants(t *testing.T) {
	s := newWorld().asking(t, "pl")
	c := begun(t, s, poland(func(a *criteria.Answers) { a.Answers["headquarters"] = criteria.Answer{Value: criteria.Yes} }))
	_, err := s.Submit(t.Context(), anna, c.ID)
	wantFaults(t, err, "criteria.answers.headquarters.reason")
}

// Updates and withdrawals keep right what is public: no criterion stops them.
func TestCriteriaNeverStopAnUpdate(t *testing.T) {
	s, ctx := newWorld().asking(t, "pl"), t.Context()
	c := begun(t, s, poland())
	c = must[Case](t)(s.Submit(ctx, anna, c.ID))
	c = must[Case](t)(s.Release(ctx, cleo, c.ID, c.Digest))
	d := c.Draft
	d.Criteria = poland(func(a *criteria.Answers) { a.Answers = nil })
	d.Facts.LastSeen.Place = "Liège-Guillemins"
	c = must[Case](t)(s.Edit(ctx, anna, c.ID, c.Version, d))
	c = must[Case](t)(s.Submit(ctx, anna, c.ID))
	c = must[Case](t)(s.Release(ctx, cleo, c.ID, c.Digest))
	if c.Revision != 2 || c.Live == nil {
		t.Errorf("%+v", c)
	}
	must[Case](t)(s.Withdraw(ctx, anna, c.ID, alert.OutcomeFound, nil))
}

// A case begun under one version is asked that version for ever.
func TestOldVersionStays(t *testing.T) {
	w := newWorld()
	before := w.asking(t, "pl@1")
	c := begun(t, before, poland(func(a *criteria.Answers) { a.Answers["consent"] = criteria.Answer{Value: criteria.Yes} }))
	after := w.asking(t, "pl@2")
	ctx := t.Context()
	got := must[Case](t)(after.Get(c.ID))
	if got.Asked.Version != 1 || got.Criteria.Version != 1 {
		t.Fatalf("version %d asked, version %d answered", got.Asked.Version, got.Criteria.Version)
	}
	d := got.Draft
	d.Criteria = got.Criteria.Clone()
	delete(d.Criteria.Answers, "consent")
	got = must[Case](t)(after.Edit(ctx, anna, c.ID, got.Version, d))
	_, err := after.Submit(ctx, anna, c.ID)
	wantFaults(t, err, "criteria.override")
	d.Criteria.Version = 2
	_, err = after.Edit(ctx, anna, c.ID, got.Version, d)
	wantFaults(t, err, "criteria.set")
	if fresh := begun(t, after, nil); fresh.Criteria.Version != 2 {
		t.Errorf("a new case is asked version %d", fresh.Criteria.Version)
	}
	plain := begun(t, w.boot(t), nil)
	if plain.Criteria != nil || plain.Asked != nil {
		t.Errorf("without a set something is asked: %+v", plain.Criteria)
	}
	d.Criteria = poland()
	_, err = after.Edit(ctx, anna, plain.ID, plain.Version, d)
	wantFaults(t, err, "criteria")
}

// Each change of an answer is an event; an edit that says nothing of them loses none.
func TestAnswersAreOnTheRecord(t *testing.T) {
	s, ctx := newWorld().asking(t, "pl"), t.Context()
	c := begun(t, s, poland(unsure))
	d := draft()
	d.Facts.LastSeen.Place = "Liège-Guillemins"
	c = must[Case](t)(s.Edit(ctx, anna, c.ID, c.Version, d)) // as a program that knows nothing of criteria
	if c.Criteria.Of("suspicion").Value != criteria.Unknown {
		t.Fatalf("the answers are lost: %+v", c.Criteria)
	}
	d.Criteria = poland()
	c = must[Case](t)(s.Edit(ctx, anna, c.ID, c.Version, d))
	var values []criteria.Value
	for _, ev := range must[[]Event](t)(s.Record(ctx, c.ID)) {
		if ev.Kind == KindDrafted && len(ev.Asked.Criteria) != 4 {
			t.Errorf("the questions are not on the record: %+v", ev.Asked)
		}
		values = append(values, ev.Draft.Criteria.Of("suspicion").Value)
	}
	if want := []criteria.Value{criteria.Unknown, criteria.Unknown, criteria.Yes}; !slices.Equal(values, want) {
		t.Errorf("the record says %q, want %q", values, want)
	}
	got := must[Case](t)(s.Get(c.ID))
	got.Criteria.Answers["minor"] = criteria.Answer{Value: criteria.No}
	if must[Case](t)(s.Get(c.ID)).Criteria.Of("minor").Value != criteria.Yes {
		t.Error("a caller wrote into the service's memory")
	}
}

// The approver releases the answers that he saw, too.
func TestDigestCoversCriteria(t *testing.T) {
	s, ctx := newWorld().asking(t, "pl"), t.Context()
	c := begun(t, s, poland())
	c = must[Case](t)(s.Submit(ctx, anna, c.ID))
	shown := c.Digest
	d := c.Draft
	d.Criteria = poland(func(a *criteria.Answers) {
		a.Answers["suspicion"] = criteria.Answer{Value: criteria.Yes, Reason: "Another reason altogether."}
	})
	c = must[Case](t)(s.Edit(ctx, anna, c.ID, c.Version, d))
	c = must[Case](t)(s.Submit(ctx, anna, c.ID))
	_, err := s.Release(ctx, cleo, c.ID, shown)
	wantErr(t, err, ErrDigest)
	c = must[Case](t)(s.Release(ctx, cleo, c.ID, c.Digest))
	raw := must[[][]byte](t)(s.RawRecord(ctx, c.ID))
	proofs := must[[]ReleaseProof](t)(Examine(raw))
	if len(proofs) != 1 || !proofs[0].Whole || proofs[0].Event.Criteria.Of("suspicion").Reason != "Another reason altogether." {
		t.Fatalf("the record proves %+v", proofs)
	}
	// One who rewrites the answers of the release, and every hash behind it, is found out.
	at := slices.IndexFunc(raw, func(b []byte) bool { return bytes.Contains(b, []byte(`"kind":"released"`)) })
	forged := slices.Clone(raw)
	forged[at] = bytes.Replace(raw[at], []byte("Another reason altogether."), []byte("A better reason, added later."), 1)
	for i := at + 1; i < len(forged); i++ {
		forged[i] = bytes.Replace(forged[i], []byte(hashOf(raw[i-1])), []byte(hashOf(forged[i-1])), 1)
	}
	_, err = Examine(forged)
	wantErr(t, err, ErrRecord)
}

// Answers and reasons stay with the police.
func TestCriteriaNeverGoOut(t *testing.T) {
	w := newWorld()
	s, ctx := w.asking(t, "pl"), t.Context()
	c := begun(t, s, poland(unsure, func(a *criteria.Answers) { a.Override = "secretly-noted override" }))
	c = must[Case](t)(s.Submit(ctx, anna, c.ID))
	must[Case](t)(s.Approve(ctx, cleo, c.ID, Approval{Digest: c.Digest, Override: "secretly-noted approval"}))
	for _, m := range w.published(t, c.ID) {
		out := must[[]byte](t)(json.Marshal(m))
		for _, word := range []string{"secretly-noted", "Nowak", "suspicion", `"criteria"`} {
			if bytes.Contains(out, []byte(word)) {
				t.Errorf("%q went out", word)
			}
		}
	}
	if strings.Contains(w.log.String(), "secretly-noted") {
		t.Error("a reason is in the log")
	}
}

// Ten thousand cases share a handful of sets.
func TestSetsAreKeptOnce(t *testing.T) {
	w := newWorld()
	one, two := begun(t, w.asking(t, "pl"), nil), begun(t, w.asking(t, "pl"), nil)
	s := w.boot(t)
	a, b := must[Case](t)(s.Get(one.ID)), must[Case](t)(s.Get(two.ID))
	if a.Asked == nil || a.Asked != b.Asked {
		t.Error("each case keeps its own copy of the questions")
	}
}

func TestWhoMayOverride(t *testing.T) {
	s, ctx := newWorld().asking(t, "pl"), t.Context()
	c := begun(t, s, poland(unsure, func(a *criteria.Answers) { a.Override = "Every minute counts." }))
	c = must[Case](t)(s.Submit(ctx, anna, c.ID))
	for _, by := range []auth.Officer{anna, erik, audit} {
		_, err := s.Approve(ctx, by, c.ID, Approval{Digest: c.Digest, Override: "I think so too."})
		wantErr(t, err, ErrForbidden)
	}
}
