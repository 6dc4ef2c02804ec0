package casework

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
)

func TestWhoMayResend(t *testing.T) {
	s := newWorld().boot(t)
	c := released(t, s)
	again := Resent{Revision: 1, Channel: "website", Recipient: "p", Name: "La Gazette"}
	sent := 0
	send := func(context.Context) error { sent++; return nil }
	for _, tt := range []struct {
		name string
		by   auth.Officer
		r    Resent
		want error
	}{
		{"nobody", auth.Officer{}, again, ErrForbidden},
		{"an auditor", auth.Officer{ID: "dirk", Roles: []auth.Role{auth.Auditor}}, again, ErrForbidden},
		{"of a revision to come", cleo, Resent{Revision: 2, Channel: "website", Recipient: "p"}, ErrStage},
		{"of no revision", cleo, Resent{Channel: "website", Recipient: "p"}, ErrStage},
		{"an approver", cleo, again, nil},
		{"at once again", anna, again, ErrThrottled},
		{"somebody else", anna, Resent{Revision: 1, Channel: "website", Recipient: "q"}, nil},
	} {
		before := sent
		err := s.Resend(t.Context(), tt.by, c.ID, tt.r, send)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		if (sent > before) != (tt.want == nil) {
			t.Errorf("%s: %d sent", tt.name, sent-before)
		}
	}
	record := must[[]Event](t)(s.Record(t.Context(), c.ID))
	var acts []string
	for _, ev := range record {
		if ev.Kind == KindResent {
			acts = append(acts, ev.Officer+" "+ev.Resent.Recipient)
		}
	}
	if fmt.Sprint(acts) != fmt.Sprintf("[%s p %s q]", cleo.ID, anna.ID) {
		t.Errorf("the record says %v", acts)
	}
	if now := must[Case](t)(s.Get(c.ID)); now.Version != c.Version {
		t.Error("an open form is void because a station was tried again")
	}
	if err := s.Resend(t.Context(), cleo, c.ID, Resent{Revision: 1, Channel: "sms", Recipient: "x"}, func(context.Context) error { return context.DeadlineExceeded }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a queue that is away: %v", err)
	}
	// A refusal is the sentence that the officer reads, as it was said: pages have it in six languages.
	if err := s.Resend(t.Context(), cleo, c.ID, Resent{Revision: 1, Channel: "sms", Recipient: "z"}, func(context.Context) error { return NotNow("Nothing is left to send.") }); !errors.Is(err, ErrStage) || err.Error() != NotNow("Nothing is left to send.").Error() {
		t.Errorf("who is not registered any more: %v", err)
	}
	// After the withdrawal only that goes out again.
	must[Case](t)(s.Withdraw(t.Context(), cleo, c.ID, alert.OutcomeFound, nil))
	again.Recipient = "r"
	if err := s.Resend(t.Context(), cleo, c.ID, again, send); !errors.Is(err, ErrStage) {
		t.Errorf("the alert after its withdrawal: %v", err)
	}
	again.Revision = 2
	if err := s.Resend(t.Context(), cleo, c.ID, again, send); err != nil {
		t.Errorf("the withdrawal: %v", err)
	}
}

// The pace is bounded for one and for all, on the record: a restart forgets nothing.
func TestResendIsThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s := w.boot(t)
		c := released(t, s)
		try := func(s *Service, i int) error {
			return s.Resend(t.Context(), cleo, c.ID, Resent{Revision: 1, Channel: "website", Recipient: fmt.Sprint("p", i)}, func(context.Context) error { return nil })
		}
		for i := range resendMost {
			if err := try(s, i); err != nil {
				t.Fatal(i, err)
			}
		}
		if err := try(s, resendMost); !errors.Is(err, ErrThrottled) {
			t.Errorf("one too many: %v", err)
		}
		if err := try(w.boot(t), resendMost); !errors.Is(err, ErrThrottled) {
			t.Errorf("after a restart: %v", err)
		}
		time.Sleep(resendPause)
		if err := try(s, 0); !errors.Is(err, ErrThrottled) {
			t.Errorf("the case's pace after 30 s: %v", err)
		}
		time.Sleep(resendSpan - resendPause)
		if err := try(s, 0); err != nil {
			t.Errorf("after a minute: %v", err)
		}
		if n := len(s.cases[c.ID].st.resent); n != 1 {
			t.Errorf("%d acts are kept", n)
		}
	})
}

// Scan gives every case once, and no empty shell of one that is not there.
func TestScan(t *testing.T) {
	s := newWorld().boot(t)
	want := map[string]bool{}
	for range 3 {
		want[must[Case](t)(s.Draft(t.Context(), anna, Draft{})).ID] = true
	}
	if _, err := s.hold(t.Context(), "NOSUCHCASE00"); !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	for c := range s.Scan() {
		if !want[c.ID] {
			t.Errorf("%q is not one of them, or comes twice", c.ID)
		}
		delete(want, c.ID)
	}
	for range s.Scan() {
		break // a reader may leave early
	}
	if len(want) > 0 {
		t.Errorf("not given: %v", want)
	}
}
