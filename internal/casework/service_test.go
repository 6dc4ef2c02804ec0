package casework

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/stream"
)

func TestTwoEditorsAtOnce(t *testing.T) {
	s := newWorld().boot(t)
	c := must[Case](t)(s.Draft(t.Context(), anna, draft()))
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			switch _, err := s.Edit(t.Context(), erik, c.ID, c.Version, draft()); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, ErrConflict):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d of 8 editors of one version won, want 1", won.Load())
	}
	_, err := s.Edit(t.Context(), anna, c.ID, c.Version+1000, draft())
	wantErr(t, err, ErrConflict)
	// A photo does not void an open form.
	c = must[Case](t)(s.Get(c.ID))
	must[string](t)(s.AddPhoto(t.Context(), erik, c.ID, strings.NewReader("photo")))
	must[Case](t)(s.Edit(t.Context(), anna, c.ID, c.Version, draft()))
}

// Two servers on one log, the second never told of what the first does: every
// act still decides on what is stored.
func TestTwoServers(t *testing.T) {
	w := newWorld()
	one, two := w.boot(t), w.boot(t)
	ctx := t.Context()
	c := must[Case](t)(one.Draft(ctx, anna, draft()))
	_, err := two.Get(c.ID)
	wantErr(t, err, ErrNotFound)
	c = must[Case](t)(two.Edit(ctx, anna, c.ID, c.Version, draft()))
	newer := must[Case](t)(one.Edit(ctx, erik, c.ID, c.Version, draft()))
	_, err = two.Edit(ctx, anna, c.ID, c.Version, draft())
	wantErr(t, err, ErrConflict)
	// An officer who was shown the newer version elsewhere is served here.
	newer = must[Case](t)(one.Edit(ctx, erik, c.ID, newer.Version, draft()))
	newer = must[Case](t)(two.Edit(ctx, anna, c.ID, newer.Version, draft()))
	sub := must[Case](t)(one.Submit(ctx, anna, c.ID))
	must[Case](t)(two.Withdraw(ctx, cleo, must[Case](t)(two.Release(ctx, cleo, c.ID, must[Preview](t)(one.Preview(ctx, c.ID)).Digest)).ID, alert.OutcomeFound, nil))
	// The first server does not know yet; the same release again must not go out again.
	if _, err := one.Release(ctx, cleo, c.ID, sub.Digest); !errors.Is(err, ErrStage) {
		t.Errorf("release on the server that is behind: %v", err)
	}
	if n := len(w.published(t, c.ID)); n != 2 {
		t.Errorf("%d messages published, want 2", n)
	}
	if newer.LastEditor != "anna" {
		t.Errorf("last editor %s", newer.LastEditor)
	}
}

func TestFollowAndWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		one, two := w.boot(t), w.boot(t)
		go two.Run(t.Context())
		synctest.Wait()
		any, stopAny := two.Watch("")
		c := must[Case](t)(one.Draft(t.Context(), anna, draft()))
		synctest.Wait()
		must[Case](t)(two.Get(c.ID))
		pulsed(t, any, true)
		mine, stop := two.Watch(c.ID)
		other := must[Case](t)(one.Draft(t.Context(), anna, draft()))
		synctest.Wait()
		pulsed(t, mine, false)
		must[Case](t)(one.Submit(t.Context(), anna, c.ID))
		must[Case](t)(one.Return(t.Context(), cleo, c.ID, "once more"))
		synctest.Wait()
		pulsed(t, mine, true)
		pulsed(t, mine, false) // many changes, one pulse
		pulsed(t, any, true)
		stop()
		stopAny()
		must[Case](t)(one.Submit(t.Context(), anna, c.ID))
		synctest.Wait()
		pulsed(t, mine, false)
		if len(two.watch.byID) != 0 {
			t.Errorf("watchers left: %v", two.watch.byID)
		}
		time.Sleep(time.Second)
		must[Case](t)(one.Edit(t.Context(), anna, other.ID, other.Version, draft()))
		synctest.Wait()
		if l := two.List(); len(l) != 2 || l[0].ID != other.ID {
			t.Errorf("the newest change is not first: %v", l)
		}
	})
}

// What a server wrote itself must not hide what another wrote before it.
func TestFollowBeginsAtWhatWasRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		one, two := w.boot(t), w.boot(t)
		c := must[Case](t)(one.Draft(t.Context(), anna, draft()))
		must[Case](t)(two.Draft(t.Context(), erik, draft()))
		go two.Run(t.Context())
		synctest.Wait()
		must[Case](t)(two.Get(c.ID))
	})
}

// stumbling is a log whose first follower falls.
type stumbling struct {
	CaseLog
	falls atomic.Int32
}

func (l *stumbling) Follow(ctx context.Context, filter string, after uint64, fn func(stream.Record) error, caughtUp func()) error {
	if l.falls.Add(1) == 1 {
		return stream.ErrUnavailable
	}
	return l.CaseLog.Follow(ctx, filter, after, fn, caughtUp)
}

func TestFollowBeginsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		one := w.boot(t)
		two := w.boot(t, func(d *Deps) { d.Cases = &stumbling{CaseLog: d.Cases} })
		go two.Run(t.Context())
		synctest.Wait()
		c := must[Case](t)(one.Draft(t.Context(), anna, draft()))
		time.Sleep(2 * reconcileEvery)
		must[Case](t)(two.Get(c.ID))
		if !strings.Contains(w.log.String(), "following again") {
			t.Error("nobody was told")
		}
	})
}

// hanging is an ALERTS that never answers.
type hanging struct{ AlertLog }

func (hanging) Last(ctx context.Context, _ string) (stream.Record, error) {
	<-ctx.Done()
	return stream.Record{}, ctx.Err()
}

func TestStartWhileAlertsIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s := w.boot(t)
		w.alerts.fail(stream.ErrUnavailable)
		for range 5 {
			c := submitted(t, s)
			_, err := s.Release(t.Context(), cleo, c.ID, c.Digest)
			wantErr(t, err, ErrPending)
		}
		began := time.Now()
		s = w.boot(t, func(d *Deps) { d.Alerts = hanging{d.Alerts} })
		if took := time.Since(began); took > startWait {
			t.Errorf("the start waits %v for ALERTS", took)
		}
		for _, c := range s.List() {
			if !c.Pending {
				t.Errorf("%s is not pending", c.ID)
			}
		}
		if !strings.Contains(w.log.String(), "still pending") {
			t.Error("nobody was told")
		}
	})
}

func TestPolicy(t *testing.T) {
	w := newWorld()
	for name, tt := range map[string]struct {
		change func(*Policy)
		field  string
	}{
		"no agency":             {func(p *Policy) { p.Agency = "" }, "agency"},
		"dot in the agency":     {func(p *Policy) { p.Agency = "BE.POL" }, "agency"},
		"actual in the drill":   {func(p *Policy) { p.Status = alert.StatusActual }, "status"},
		"exercise in real life": {func(p *Policy) { p.Realm = alert.Live }, "status"},
		"no realm":              {func(p *Policy) { p.Realm = "" }, "status"},
		"no sender":             {func(p *Policy) { p.Sender = "" }, "sender"},
		"sender with a comma":   {func(p *Policy) { p.Sender = "a,b" }, "sender"},
		"path alone":            {func(p *Policy) { p.PublicURL = "/alerts" }, "public_url"},
		"slash at the end":      {func(p *Policy) { p.PublicURL += "/" }, "public_url"},
		"password in it":        {func(p *Policy) { p.PublicURL = "https://u:p@alert.example" }, "public_url"},
	} {
		t.Run(name, func(t *testing.T) {
			d := w.deps(&plug{})
			tt.change(&d.Policy)
			_, err := New(t.Context(), d)
			wantFaults(t, err, tt.field)
		})
	}
}

func pulsed(t *testing.T, ch <-chan struct{}, want bool) {
	t.Helper()
	select {
	case <-ch:
		if !want {
			t.Error("a pulse too many")
		}
	default:
		if want {
			t.Error("no pulse")
		}
	}
}

// Everybody at once on a few cases: nothing may go out twice or unreleased. Run with -race.
func TestEverybodyAtOnce(t *testing.T) {
	w := newWorld()
	s := w.boot(t)
	two := w.boot(t)
	ids := []string{submitted(t, s).ID, submitted(t, s).ID}
	var wg sync.WaitGroup
	for i := range 6 {
		srv := []*Service{s, two}[i%2]
		for _, id := range ids {
			_ = two.catchUp(t.Context(), id)
			wg.Go(func() {
				for range 20 {
					if p, err := srv.Preview(t.Context(), id); err == nil {
						_, _ = srv.Release(t.Context(), cleo, id, p.Digest)
					}
					c, _ := srv.Get(id)
					c.Facts.Children = append(c.Facts.Children[:0], draft().Facts.Children...) // the copy is ours
					_, _ = srv.Edit(t.Context(), anna, id, c.Version, c.Draft)
					_, _ = srv.Submit(t.Context(), erik, id)
					_ = srv.List()
					srv.reconcile(t.Context())
				}
			})
		}
	}
	wg.Wait()
	for _, id := range ids {
		must[Case](t)(s.Get(id))
		raw := must[[][]byte](t)(s.RawRecord(t.Context(), id))
		if err := VerifyRecord(raw); err != nil {
			t.Fatal(err)
		}
		released := 0
		for _, b := range raw {
			if must[Event](t)(decode(b)).Kind == KindReleased {
				released++
			}
		}
		out := w.published(t, id)
		if len(out) != released || released == 0 {
			t.Errorf("%d released, %d published", released, len(out))
		}
		for i, m := range out {
			if m.Revision != i+1 {
				t.Errorf("revision %d published at place %d", m.Revision, i+1)
			}
		}
	}
}

func TestCopiesAreTheCallers(t *testing.T) {
	s := newWorld().boot(t)
	c := released(t, s)
	before := string(must[[]byte](t)(json.Marshal(c)))
	c.Facts.Children[0].GivenName = "Nobody"
	c.Facts.Children[0].Clothing[0].Item = alert.Boots
	c.Facts.Areas[0], c.Facts.Languages[0], c.Live.Areas[0], c.Editors[0] = "XX", "xx", "XX", "mallory"
	if after := string(must[[]byte](t)(json.Marshal(must[Case](t)(s.Get(c.ID))))); after != before {
		t.Errorf("a caller changed the service's memory\n%s", after)
	}
}

func TestRecord(t *testing.T) {
	w := newWorld()
	s := w.boot(t)
	c := released(t, s)
	raw := must[[][]byte](t)(s.RawRecord(t.Context(), c.ID))
	if err := VerifyRecord(raw); err != nil {
		t.Fatal(err)
	}
	other := must[[][]byte](t)(s.RawRecord(t.Context(), released(t, s).ID))
	for name, broken := range map[string][][]byte{
		"a letter changed": append([][]byte{[]byte(strings.Replace(string(raw[0]), "Lina", "Mina", 1))}, raw[1:]...),
		"left out":         append(slices.Clone(raw[:1]), raw[2:]...),
		"first left out":   raw[1:],
		"moved":            {raw[0], raw[2], raw[1], raw[3]},
		"slipped in":       slices.Insert(slices.Clone(raw), 1, raw[1]),
		"another case's":   append(slices.Clone(raw), other[len(raw)-1]),
		"not an event":     append(slices.Clone(raw), []byte("{")),
	} {
		t.Run(name, func(t *testing.T) { wantErr(t, VerifyRecord(broken), ErrRecord) })
	}
	_, err := s.Record(t.Context(), "NOSUCHCASE")
	wantErr(t, err, ErrNotFound)

	// A damaged case is seen, said and survived: the others go on.
	w.cases.mu.Lock()
	w.cases.records[1].Data = []byte(`{"kind":"edited","case":"` + c.ID + `"}`)
	w.cases.mu.Unlock()
	again := w.boot(t)
	_, err = again.Record(t.Context(), c.ID)
	wantErr(t, err, ErrRecord)
	if !strings.Contains(w.log.String(), "broken") {
		t.Error("nobody was told of the damage")
	}
	submitted(t, again)
}

func TestForeignEventsOnTheLog(t *testing.T) {
	w := newWorld()
	c := released(t, w.boot(t))
	for _, data := range []string{"", "null", "[]", `{"case":"OTHER","kind":"withdrawn","message":{}}`, `{"kind":"published"}`, `{"case":"` + c.ID + `","kind":"from the future"}`} {
		if _, err := w.cases.Append(t.Context(), stream.Entry{Subject: "cases." + c.ID, ID: data, Data: []byte(data)}); err != nil {
			t.Fatal(err)
		}
	}
	s := w.boot(t)
	if got := must[Case](t)(s.Get(c.ID)); got.Stage != StageReleased {
		t.Errorf("the case is %s", got.Stage)
	}
	must[Case](t)(s.Withdraw(t.Context(), cleo, c.ID, alert.OutcomeFound, nil))
}

func FuzzFold(f *testing.F) {
	w := newWorld()
	s := w.boot(f)
	c := released(f, s)
	must[Case](f)(s.Withdraw(f.Context(), cleo, c.ID, alert.OutcomeFound, nil))
	for _, b := range must[[][]byte](f)(s.RawRecord(f.Context(), c.ID)) {
		f.Add(b, []byte(`{"kind":"edited","draft":{}}`))
	}
	f.Add([]byte(`{"kind":"released","message":{}}`), []byte(`{"kind":"released","message":{"revision":-1}}`))
	f.Fuzz(func(t *testing.T, one, two []byte) {
		st := &state{}
		for i, raw := range [][]byte{one, two, one, two} {
			if ev, err := decode(raw); err == nil {
				st = st.with(ev, raw, uint64(i+1))
			}
		}
		_ = st.c.clone()
		_ = VerifyRecord([][]byte{one, two})
	})
}
