package casework

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/stream"
)

func TestDigest(t *testing.T) {
	w := newWorld()
	s := w.boot(t)
	ctx := t.Context()

	t.Run("stolen", func(t *testing.T) {
		one, two := submitted(t, s), submitted(t, s)
		for _, digest := range []string{two.Digest, "", strings.ToUpper(one.Digest), one.Digest[1:]} {
			_, err := s.Release(ctx, cleo, one.ID, digest)
			wantErr(t, err, ErrDigest)
		}
	})
	t.Run("changed after it was shown", func(t *testing.T) {
		c := submitted(t, s)
		shown := c.Digest
		d := draft()
		d.Facts.LastSeen.Place = "Liège-Guillemins"
		c = must[Case](t)(s.Edit(ctx, anna, c.ID, c.Version, d))
		if c.Stage != StageDraft || c.Digest != "" {
			t.Fatalf("the edit left the submission standing: %+v", c)
		}
		_, err := s.Release(ctx, cleo, c.ID, shown)
		wantErr(t, err, ErrStage)
		c = must[Case](t)(s.Submit(ctx, anna, c.ID))
		_, err = s.Release(ctx, cleo, c.ID, shown)
		wantErr(t, err, ErrDigest)
	})
	t.Run("the server says something else than at submission", func(t *testing.T) {
		c := submitted(t, s)
		newer := w.boot(t, func(d *Deps) {
			d.Write = func(m *alert.Message) error {
				err := write(m)
				x := m.Texts[alert.French]
				x.SMS += "!"
				m.Texts[alert.French] = x
				return err
			}
		})
		p := must[Preview](t)(newer.Preview(ctx, c.ID))
		for _, digest := range []string{c.Digest, p.Digest} {
			_, err := newer.Release(ctx, cleo, c.ID, digest)
			wantErr(t, err, ErrDigest)
		}
	})
	t.Run("does not change by waiting", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newWorld().boot(t)
			d := draft()
			d.Facts.Expires = time.Now().Add(2 * time.Hour)
			c := must[Case](t)(s.Draft(t.Context(), anna, d))
			c = must[Case](t)(s.Submit(t.Context(), anna, c.ID))
			c = must[Case](t)(s.Release(t.Context(), cleo, c.ID, c.Digest))
			c = must[Case](t)(s.Edit(t.Context(), anna, c.ID, c.Version, draft())) // lives for 24 h
			c = must[Case](t)(s.Submit(t.Context(), anna, c.ID))
			c = must[Case](t)(s.Release(t.Context(), cleo, c.ID, c.Digest))
			c = must[Case](t)(s.Edit(t.Context(), anna, c.ID, c.Version, draft()))
			c = must[Case](t)(s.Submit(t.Context(), anna, c.ID))
			time.Sleep(3 * time.Hour) // the first revision would no longer be referenced
			must[Case](t)(s.Release(t.Context(), cleo, c.ID, c.Digest))
		})
	})
	t.Run("covers every part of every channel", func(t *testing.T) {
		c := submitted(t, s)
		_, st, _ := s.find(c.ID)
		seen := map[string]bool{}
		for _, change := range []func(*Preview){
			func(*Preview) {},
			func(p *Preview) { p.Message.Facts.Children[0].Age++ },
			func(p *Preview) { p.Message.Expires = p.Message.Expires.Add(time.Second) },
			func(p *Preview) { p.Message.Texts[alert.English] = alert.Texts{} },
			func(p *Preview) { p.Channels[3].Parts[0].Text += " " },
			func(p *Preview) { p.Channels[0].Lang = alert.English },
			func(p *Preview) { p.Message.Status = alert.StatusActual },
		} {
			p := must[Preview](t)(s.preview(ctx, st, time.Now()))
			change(&p)
			seen[must[string](t)(digest(p.Message, p.shown(), p.Criteria))] = true
		}
		if len(seen) != 7 {
			t.Errorf("%d digests of 7 different previews", len(seen))
		}
		p := must[Preview](t)(s.preview(ctx, st, time.Now()))
		p.Channels[0].Recipients++
		if must[string](t)(digest(p.Message, p.shown(), p.Criteria)) != c.Digest {
			t.Error("one subscriber more voids the digest")
		}
	})
}

func TestSubmitListsEveryFault(t *testing.T) {
	s := newWorld().boot(t, func(d *Deps) {
		d.Write = func(m *alert.Message) error {
			_ = write(m)
			return alert.Invalid{{Field: "texts.fr.crawl", Code: "too_long", Text: "Shorten the place."}}
		}
	})
	d := draft()
	d.Facts.Areas = []string{"BE-BRU", "XX"}
	d.Facts.Children[0].FamilyName = "Petit"
	d.Facts.Children[0].Photo = "of-another-case"
	d.Facts.Children[0].Age = 19
	d.Facts.LastSeen.Place = ""
	d.Facts.Children[0].GivenName = strings.Repeat("Lina", 15)
	d.Facts.Expires = time.Now().Add(72 * time.Hour)
	c := must[Case](t)(s.Draft(t.Context(), anna, d))
	_, err := s.Submit(t.Context(), anna, c.ID)
	wantFaults(t, err, "areas", "children[0].family_name", "children[0].photo", "children[0].age", "last_seen.place", "expires", "texts.fr.crawl")
	if c := must[Case](t)(s.Get(c.ID)); c.Stage != StageDraft {
		t.Errorf("the case is %s", c.Stage)
	}
}

func TestChannelFaults(t *testing.T) {
	s := newWorld().boot(t, func(d *Deps) {
		d.Channels[0].Render = func(m *alert.Message, l alert.Lang) (p adapter.Payload, err error) {
			return rendered("SMS", strings.Repeat("x", 307), 306)
		}
		d.Channels[1].Render = func(*alert.Message, alert.Lang) (adapter.Payload, error) { panic("half-written") }
	})
	c := must[Case](t)(s.Draft(t.Context(), anna, draft()))
	_, err := s.Submit(t.Context(), anna, c.ID)
	wantFaults(t, err, "channels.sms.fr", "channels.sms.en", "channels.webpush.fr", "channels.webpush.en")
	if !strings.Contains(err.Error(), "SMS (fr): the text is too long") {
		t.Errorf("the fault does not name channel, language and mend: %v", err)
	}
	// An empty draft can be looked at all the same.
	c = must[Case](t)(s.Draft(t.Context(), anna, Draft{}))
	if p := must[Preview](t)(s.Preview(t.Context(), c.ID)); len(p.Faults) == 0 || p.Digest == "" {
		t.Errorf("preview of nothing: %+v", p)
	}
}

func TestNoSignatureNoRelease(t *testing.T) {
	for name, bad := range map[string]Signer{
		"error":       func(*alert.Message) ([]byte, error) { return nil, errors.New("key locked") },
		"no document": func(*alert.Message) ([]byte, error) { return nil, nil },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			s := w.boot(t, func(d *Deps) { d.Sign = bad })
			c := submitted(t, s)
			if _, err := s.Release(t.Context(), cleo, c.ID, c.Digest); err == nil || !strings.Contains(err.Error(), "did not go out") {
				t.Fatalf("released without a signature: %v", err)
			}
			if c := must[Case](t)(s.Get(c.ID)); c.Stage != StageSubmitted || len(w.published(t, c.ID)) != 0 {
				t.Errorf("the case is %s with %d messages out", c.Stage, len(w.published(t, c.ID)))
			}
		})
	}
}

// A log that does not answer may have stored the release all the same: the
// officer is told so, and his second try finds out.
func TestReleaseOfUncertainEnd(t *testing.T) {
	w := newWorld()
	p := &plug{}
	s := must[*Service](t)(New(t.Context(), w.deps(p)))
	c := submitted(t, s)
	p.at, p.after = p.writes+1, true
	if _, err := s.Release(t.Context(), cleo, c.ID, c.Digest); err == nil || !strings.Contains(err.Error(), "not certain") {
		t.Fatalf("error %v", err)
	}
	p.dead = false // the network is back; the same process goes on
	c = must[Case](t)(s.Release(t.Context(), cleo, c.ID, c.Digest))
	if n := len(w.published(t, c.ID)); c.Live == nil || n != 1 {
		t.Errorf("%d messages out, case %+v", n, c)
	}
}

func TestFaultsAreSaidOnce(t *testing.T) {
	s := newWorld().boot(t, func(d *Deps) {
		d.Write = func(*alert.Message) error {
			return alert.Invalid{{Field: "children", Code: "required", Text: "Name at least one child."}}
		}
	})
	d := draft()
	d.Facts.Children = nil
	c := must[Case](t)(s.Draft(t.Context(), anna, d))
	_, err := s.Submit(t.Context(), anna, c.ID)
	wantFaults(t, err, "children")
}

func TestExpiredWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s := w.boot(t)
		c := submitted(t, s)
		time.Sleep(25 * time.Hour)
		if _, err := s.Release(t.Context(), cleo, c.ID, c.Digest); err == nil {
			t.Fatal("an expired alert was released")
		} else if v, ok := errors.AsType[alert.Invalid](err); !ok || v[0].Field != "expires" {
			t.Fatal(err)
		}
		if n := len(w.published(t, c.ID)); n != 0 {
			t.Errorf("%d messages out", n)
		}
	})
}

func TestFullStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s := w.boot(t)
		go s.Run(t.Context())
		c := submitted(t, s)

		w.cases.fail(stream.ErrFull)
		_, err := s.Release(t.Context(), cleo, c.ID, c.Digest)
		wantErr(t, err, stream.ErrFull)
		if errors.Is(err, ErrPending) {
			t.Error("what was not recorded is called pending")
		}
		if c := must[Case](t)(s.Get(c.ID)); c.Stage != StageSubmitted {
			t.Fatalf("half released: %+v", c)
		}

		w.cases.fail(nil)
		w.alerts.fail(stream.ErrFull)
		got, err := s.Release(t.Context(), cleo, c.ID, c.Digest)
		wantErr(t, err, ErrPending)
		wantErr(t, err, stream.ErrFull)
		if !got.Pending || got.Stage != StageReleased || len(w.published(t, c.ID)) != 0 {
			t.Fatalf("want released and pending: %+v", got)
		}
		// The next revision has to wait.
		got = must[Case](t)(s.Edit(t.Context(), anna, c.ID, got.Version, draft()))
		got = must[Case](t)(s.Submit(t.Context(), anna, c.ID))
		_, err = s.Release(t.Context(), cleo, c.ID, got.Digest)
		wantErr(t, err, ErrPending)

		w.alerts.fail(nil)
		time.Sleep(2 * reconcileEvery)
		if c := must[Case](t)(s.Get(c.ID)); c.Pending || len(w.published(t, c.ID)) != 1 {
			t.Fatalf("not published by itself: %+v", c)
		}
		must[Case](t)(s.Release(t.Context(), cleo, c.ID, got.Digest))
		if n := len(w.published(t, c.ID)); n != 2 {
			t.Errorf("%d messages out, want 2", n)
		}
	})
}
