package casework

import (
	"errors"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/media"
)

func TestTwoPersonRule(t *testing.T) {
	base := Case{Author: "anna", LastEditor: "erik", Editors: []string{"anna", "dora", "erik"}, Submitter: "ben"}
	for _, tt := range []struct {
		name string
		by   auth.Officer
		c    Case
		why  string // a part of the sentence; "" = may release
	}{
		{"approver with no hand in it", cleo, base, ""},
		{"approver who may also write, with no hand in it", dora, Case{Author: "anna", LastEditor: "anna", Editors: []string{"anna"}, Submitter: "anna"}, ""},
		{"author with the role", auth.Officer{ID: "anna", Roles: []auth.Role{auth.Approver}}, base, "You wrote this alert."},
		{"author of the case who did not touch this revision", auth.Officer{ID: "anna", Roles: []auth.Role{auth.Approver}}, Case{Author: "anna", LastEditor: "erik", Editors: []string{"erik"}, Submitter: "erik"}, "You wrote this alert."},
		{"last editor", auth.Officer{ID: "erik", Roles: []auth.Role{auth.Approver}}, base, "You made the last change"},
		{"editor, but not the last", dora, base, "You wrote a part"},
		{"submitter", ben, base, "You submitted this alert."},
		{"author without the role", anna, base, "Your account may not release"},
		{"auditor and administrator", audit, base, "Your account may not release"},
		{"nobody", auth.Officer{Roles: []auth.Role{auth.Approver}}, Case{}, "Sign in"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := mayRelease(tt.c, tt.by)
			if tt.why == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if !errors.Is(err, ErrForbidden) || !strings.HasPrefix(err.Error(), tt.why) || !strings.HasSuffix(err.Error(), ".") {
				t.Errorf("refused with %v, want a sentence that begins with %q", err, tt.why)
			}
		})
	}
}

// The rule as the server keeps it, through the whole way of a case.
func TestTwoPersonRuleOnTheWay(t *testing.T) {
	s := newWorld().boot(t)
	ctx := t.Context()
	c := must[Case](t)(s.Draft(ctx, anna, draft()))
	c = must[Case](t)(s.Edit(ctx, ben, c.ID, c.Version, draft()))
	must[Case](t)(s.Edit(ctx, erik, c.ID, c.Version, draft()))
	must[string](t)(s.AddPhoto(ctx, dora, c.ID, strings.NewReader("photo")))
	c = must[Case](t)(s.Submit(ctx, erik, c.ID))
	for _, by := range []auth.Officer{anna, ben, erik, dora, audit} {
		_, err := s.Release(ctx, by, c.ID, c.Digest)
		wantErr(t, err, ErrForbidden)
	}
	c = must[Case](t)(s.Release(ctx, cleo, c.ID, c.Digest))

	// The next revision begins with a clean slate, but for who adds to it meanwhile.
	must[string](t)(s.AddPhoto(ctx, dora, c.ID, strings.NewReader("photo two")))
	c = must[Case](t)(s.Edit(ctx, erik, c.ID, c.Version, draft()))
	c = must[Case](t)(s.Submit(ctx, erik, c.ID))
	_, err := s.Release(ctx, dora, c.ID, c.Digest)
	wantErr(t, err, ErrForbidden)
	must[Case](t)(s.Release(ctx, ben, c.ID, c.Digest))
}

func TestRights(t *testing.T) {
	s := newWorld().boot(t)
	ctx := t.Context()
	c := submitted(t, s)
	live := released(t, s)
	words := alert.Localized{}
	for name, act := range map[string]func() error{
		"draft by an approver":      func() error { _, err := s.Draft(ctx, cleo, draft()); return err },
		"draft by nobody":           func() error { _, err := s.Draft(ctx, auth.Officer{Roles: anna.Roles}, draft()); return err },
		"edit by an auditor":        func() error { _, err := s.Edit(ctx, audit, c.ID, c.Version, draft()); return err },
		"photo by an approver":      func() error { _, err := s.AddPhoto(ctx, cleo, c.ID, strings.NewReader("photo")); return err },
		"submission by an approver": func() error { _, err := s.Submit(ctx, cleo, c.ID); return err },
		"return by an author":       func() error { _, err := s.Return(ctx, anna, c.ID, "why not"); return err },
		"rejection by an author":    func() error { _, err := s.Reject(ctx, anna, c.ID, "why not"); return err },
		"withdrawal by a stranger":  func() error { _, err := s.Withdraw(ctx, erik, live.ID, alert.OutcomeFound, words); return err },
		"withdrawal by an auditor":  func() error { _, err := s.Withdraw(ctx, audit, live.ID, alert.OutcomeFound, words); return err },
		"withdrawal without the role": func() error {
			_, err := s.Withdraw(ctx, auth.Officer{ID: "anna"}, live.ID, alert.OutcomeFound, words)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) { wantErr(t, act(), ErrForbidden) })
	}
}

func TestStages(t *testing.T) {
	s := newWorld().boot(t)
	ctx := t.Context()
	in := map[Stage]string{
		StageDraft:     must[Case](t)(s.Draft(ctx, anna, draft())).ID,
		StageSubmitted: submitted(t, s).ID,
		StageReleased:  released(t, s).ID,
		StageRejected:  must[Case](t)(s.Reject(ctx, cleo, submitted(t, s).ID, "not enough to go on")).ID,
		StageWithdrawn: must[Case](t)(s.Withdraw(ctx, cleo, released(t, s).ID, alert.OutcomeError, nil)).ID,
	}
	acts := map[string]func(Case) error{
		"edit":     func(c Case) error { _, err := s.Edit(ctx, anna, c.ID, c.Version, draft()); return err },
		"photo":    func(c Case) error { _, err := s.AddPhoto(ctx, anna, c.ID, strings.NewReader("photo")); return err },
		"preview":  func(c Case) error { _, err := s.Preview(ctx, c.ID); return err },
		"submit":   func(c Case) error { _, err := s.Submit(ctx, anna, c.ID); return err },
		"release":  func(c Case) error { _, err := s.Release(ctx, dora, c.ID, "x"); return err },
		"return":   func(c Case) error { _, err := s.Return(ctx, cleo, c.ID, "look again"); return err },
		"reject":   func(c Case) error { _, err := s.Reject(ctx, cleo, c.ID, "not now"); return err },
		"withdraw": func(c Case) error { _, err := s.Withdraw(ctx, cleo, c.ID, alert.OutcomeFound, nil); return err },
	}
	for stage, refused := range map[Stage][]string{
		StageDraft:     {"release", "return", "withdraw"},
		StageSubmitted: {"submit", "withdraw"},
		StageReleased:  {"submit", "release", "return", "reject"},
		StageRejected:  {"edit", "photo", "preview", "submit", "release", "return", "reject", "withdraw"},
		StageWithdrawn: {"edit", "photo", "preview", "submit", "release", "return", "reject", "withdraw"},
	} {
		for _, name := range refused {
			c := must[Case](t)(s.Get(in[stage]))
			if c.Stage != stage {
				t.Fatalf("%s, want %s", c.Stage, stage)
			}
			err := acts[name](c)
			if !errors.Is(err, ErrStage) || !strings.HasSuffix(err.Error(), ".") {
				t.Errorf("%s of a case that is %s: %v, want a sentence of ErrStage", name, stage, err)
			}
		}
	}
	for _, act := range acts {
		for _, id := range []string{"NOSUCHCASE", "", "*", ">", strings.Repeat("X", 300), in[StageDraft] + ".x"} {
			wantErr(t, act(Case{ID: id}), ErrNotFound)
		}
	}
	_, err := s.Reject(ctx, cleo, must[Case](t)(s.Edit(ctx, anna, in[StageReleased], must[Case](t)(s.Get(in[StageReleased])).Version, draft())).ID, "an update")
	wantErr(t, err, ErrStage)
}

func TestReasons(t *testing.T) {
	s := newWorld().boot(t)
	c := submitted(t, s)
	for name, reason := range map[string]string{
		"empty": "", "blank": "        ", "short": " ab ", "long": strings.Repeat("é", 501), "broken": "no\xff way",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Return(t.Context(), cleo, c.ID, reason)
			wantFaults(t, err, "reason")
			_, err = s.Reject(t.Context(), cleo, c.ID, reason)
			wantFaults(t, err, "reason")
		})
	}
	c = must[Case](t)(s.Return(t.Context(), cleo, c.ID, "  the place is wrong "))
	if c.Stage != StageDraft || c.Reason != "the place is wrong" || c.Digest != "" {
		t.Errorf("returned: %+v", c)
	}
	must[Case](t)(s.Submit(t.Context(), anna, c.ID))
	c = must[Case](t)(s.Return(t.Context(), cleo, c.ID, strings.Repeat("é", 500)))
	if c.LastEditor != "anna" || c.Submitter != "" {
		t.Errorf("returned: %+v", c)
	}
}

func TestInternalBounds(t *testing.T) {
	s := newWorld().boot(t)
	d := draft()
	d.Internal = Internal{
		Reference: strings.Repeat("r", 121), ReportedBy: "a\xff", Notes: strings.Repeat("n", 10_001),
		ReportedAt: time.Date(19, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	_, err := s.Draft(t.Context(), anna, d)
	wantFaults(t, err, "internal.reference", "internal.reported_by", "internal.notes", "internal.reported_at")
	// What is missing may be stored.
	must[Case](t)(s.Draft(t.Context(), anna, Draft{}))
}

// Who cut the child's picture had a hand in what goes out, in the first alert and in an update.
func TestWhoCutThePhotoDoesNotRelease(t *testing.T) {
	s, ctx := newWorld().cutting(t), t.Context()
	c := must[Case](t)(s.Draft(ctx, anna, draft()))
	original := must[string](t)(s.AddPhoto(ctx, anna, c.ID, strings.NewReader("photo large")))
	for _, width := range []float64{40, 60} { // the second is made while the alert is live, before the update's first word
		cut := must[string](t)(s.EditPhoto(ctx, ben, c.ID, original, media.Edit{Width: width}))
		named(t, s, c.ID, cut) // by anna, who edits last
		c = must[Case](t)(s.Submit(ctx, anna, c.ID))
		_, err := s.Release(ctx, ben, c.ID, c.Digest)
		wantErr(t, err, ErrForbidden)
		c = must[Case](t)(s.Release(ctx, cleo, c.ID, c.Digest))
	}
}
