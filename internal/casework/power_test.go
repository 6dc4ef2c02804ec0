package casework

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"tocsin/internal/alert"
	"tocsin/internal/stream"
)

// story is a case's whole life told act by act, each safe to tell again after
// the power failed in the middle of it.
type story struct {
	id, token, first, second string
	acknowledged             []string // identifiers of releases and withdrawals that returned nil
}

// acts look at the case first, as an officer does who comes back to it.
func (st *story) acts() []func(context.Context, *Service) error {
	return []func(context.Context, *Service) error{
		func(ctx context.Context, s *Service) error {
			for _, c := range s.List() { // the answer was lost, the draft was not
				st.id = c.ID
				return nil
			}
			c, err := s.Draft(ctx, anna, draft())
			st.id = c.ID
			return err
		},
		func(ctx context.Context, s *Service) (err error) {
			st.token, err = s.AddPhoto(ctx, anna, st.id, strings.NewReader("photo of the child"))
			return err
		},
		st.edit(func(c Case) bool { return c.Facts.Children[0].Photo == st.token }, func(d *Draft) { d.Facts.Children[0].Photo = st.token }),
		st.submit(1, &st.first),
		st.release(1, &st.first),
		st.edit(func(c Case) bool { return c.Revision == 2 }, func(d *Draft) { d.Facts.Areas = []string{"BE"} }),
		st.submit(2, &st.second),
		st.release(2, &st.second),
		func(ctx context.Context, s *Service) error {
			_, err := s.Withdraw(ctx, cleo, st.id, alert.OutcomeFound, nil)
			if err == nil {
				st.acknowledged = append(st.acknowledged, alert.Identifier("BEPOL", alert.Drill, st.id, 3))
			}
			return err
		},
	}
}

func (st *story) edit(done func(Case) bool, change func(*Draft)) func(context.Context, *Service) error {
	return func(ctx context.Context, s *Service) error {
		c, err := s.Get(st.id)
		if err != nil || done(c) {
			return err
		}
		change(&c.Draft)
		_, err = s.Edit(ctx, anna, st.id, c.Version, c.Draft)
		return err
	}
}

func (st *story) submit(rev int, digest *string) func(context.Context, *Service) error {
	return func(ctx context.Context, s *Service) error {
		c, err := s.Get(st.id)
		if err == nil && c.Stage == StageDraft {
			c, err = s.Submit(ctx, anna, st.id)
		}
		if err == nil && c.Revision == rev {
			*digest = c.Digest
		}
		return err
	}
}

func (st *story) release(rev int, digest *string) func(context.Context, *Service) error {
	return func(ctx context.Context, s *Service) error {
		_, err := s.Release(ctx, cleo, st.id, *digest)
		if err == nil {
			st.acknowledged = append(st.acknowledged, alert.Identifier("BEPOL", alert.Drill, st.id, rev))
		}
		return err
	}
}

// TestPowerLoss pulls the plug at every write of a case's life in turn, before
// and after the write took effect, starts a new process on the same logs and
// tells the rest of the story.
func TestPowerLoss(t *testing.T) {
	for _, after := range []bool{false, true} {
		for n := 1; ; n++ {
			pulled := false
			t.Run(fmt.Sprintf("write %d, after=%v", n, after), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { pulled = lifeWithPowerLoss(t, n, after) })
			})
			if !pulled {
				if n < 15 {
					t.Fatalf("a whole life took only %d writes", n-1)
				}
				break
			}
			if t.Failed() {
				return
			}
		}
	}
}

func lifeWithPowerLoss(t *testing.T, n int, after bool) (pulled bool) {
	w := newWorld()
	power := &plug{at: n, after: after}
	boot := func() (*Service, error) {
		d := w.deps(power)
		d.Kit = (&maker{}).make
		return New(t.Context(), d)
	}
	s, err := boot()
	if err != nil {
		t.Fatal(err)
	}
	st := &story{}
	for i := 0; i < len(st.acts()); i++ {
		err := st.acts()[i](t.Context(), s)
		w.holds(t, st)
		if power.dead {
			pulled = true
			power = &plug{}
			if s, err = boot(); err != nil {
				t.Fatal(err)
			}
			w.holds(t, st)
			i-- // told again: an act whose answer was lost, or that stopped half way
			continue
		}
		if err != nil {
			t.Fatalf("act %d: %v", i, err)
		}
	}
	s.reconcile(t.Context())
	w.holds(t, st)
	if len(w.published(t, st.id)) != 3 {
		t.Errorf("%d messages published in all, want 3", len(w.published(t, st.id)))
	}
	c := must[Case](t)(s.Get(st.id))
	if c.Stage != StageWithdrawn || c.Pending || len(c.Photos) != 0 {
		t.Errorf("in the end: %+v", c)
	}
	if held := w.objects.held(); len(held) != 0 {
		t.Errorf("photos left after the withdrawal: %v", held)
	}
	return pulled
}

// holds checks what must be true at every moment: acknowledged is published,
// nothing is published twice, out of order, or without a release on record, and
// the record's chain holds.
func (w *world) holds(t *testing.T, st *story) {
	t.Helper()
	if st.id == "" {
		return
	}
	var raw [][]byte
	recorded := map[string]string{}
	for rec := range w.cases.Read(t.Context(), allCases, 0) {
		raw = append(raw, rec.Data)
		if ev := must[Event](t)(decode(rec.Data)); ev.Message != nil {
			recorded[ev.Message.Identifier] = string(ev.Message.CAP)
		}
	}
	if err := VerifyRecord(raw); err != nil {
		t.Fatal(err)
	}
	out, revision := map[string]bool{}, 0
	for _, m := range w.published(t, st.id) {
		if out[m.Identifier] {
			t.Fatalf("%s published twice", m.Identifier)
		}
		if recorded[m.Identifier] == "" || recorded[m.Identifier] != string(m.CAP) {
			t.Fatalf("%s published but not released", m.Identifier)
		}
		if m.Revision <= revision {
			t.Fatalf("revision %d published after %d", m.Revision, revision)
		}
		out[m.Identifier], revision = true, m.Revision
	}
	for _, id := range st.acknowledged {
		if !out[id] {
			t.Fatalf("%s acknowledged but not published", id)
		}
	}
}

// A withdrawal recorded before its alert was published must not be overtaken by it.
func TestWithdrawnBeforePublished(t *testing.T) {
	w := newWorld()
	s := w.boot(t)
	c, _ := withPhoto(t, s)
	w.alerts.fail(stream.ErrUnavailable)
	_, err := s.Release(t.Context(), cleo, c.ID, c.Digest)
	wantErr(t, err, ErrPending)
	_, st, _ := s.find(c.ID)
	late := st.pending
	got, err := s.Withdraw(t.Context(), anna, c.ID, alert.OutcomeError, nil)
	wantErr(t, err, ErrPending)
	if !got.Pending || got.Stage != StageWithdrawn {
		t.Fatalf("want withdrawn and pending: %+v", got)
	}
	s.reconcile(t.Context())
	if len(w.objects.held()) != 2 {
		t.Error("the photos went before the public was told")
	}
	w.alerts.fail(nil)
	got = must[Case](t)(s.Withdraw(t.Context(), anna, c.ID, alert.OutcomeError, nil))
	if got.Pending {
		t.Fatal("still pending")
	}
	// The process that took the release wakes up and goes on where it stopped.
	if err := s.deliver(t.Context(), late); !errors.Is(err, errSuperseded) {
		t.Fatalf("the late alert: %v", err)
	}
	// Nor if it had looked at ALERTS just before the withdrawal came.
	s.d.Alerts = &blind{AlertLog: s.d.Alerts}
	if err := s.deliver(t.Context(), late); !errors.Is(err, errSuperseded) {
		t.Fatalf("the alert that had looked already: %v", err)
	}
	if all := w.published(t, c.ID); len(all) != 1 || all[0].MsgType != alert.TypeCancel {
		t.Errorf("published %v, want the withdrawal alone", all)
	}
}

// The log forgets message ids after a while; a process that comes back later
// than that must still see that its message is there.
func TestPublishedOnceEvenMuchLater(t *testing.T) {
	w := newWorld()
	s := w.boot(t)
	c := submitted(t, s)
	dying := &plug{at: 3} // the release, the message, and then the note that it is out
	s = must[*Service](t)(New(t.Context(), w.deps(dying)))
	must[Case](t)(s.Release(t.Context(), cleo, c.ID, c.Digest))
	w.alerts.mu.Lock()
	clear(w.alerts.ids)
	w.alerts.mu.Unlock()
	s = w.boot(t)
	if c := must[Case](t)(s.Get(c.ID)); c.Pending || len(w.published(t, c.ID)) != 1 {
		t.Errorf("%d messages published, pending %v", len(w.published(t, c.ID)), c.Pending)
	}
}

// blind is an ALERTS whose first look shows nothing: what came later was not there yet.
type blind struct {
	AlertLog
	looked bool
}

func (b *blind) Last(ctx context.Context, subject string) (stream.Record, error) {
	if !b.looked {
		b.looked = true
		return stream.Record{}, stream.ErrNone
	}
	return b.AlertLog.Last(ctx, subject)
}
