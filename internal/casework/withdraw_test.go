package casework

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/stream"
)

func TestWithdrawalWords(t *testing.T) {
	s := newWorld().boot(t)
	c := released(t, s)
	for name, tt := range map[string]struct {
		lang  alert.Lang
		words string
	}{
		"too long":           {alert.English, strings.Repeat("ж", 301)},
		"another language":   {alert.Russian, "Спасибо"},
		"no language":        {"xx", "Thank you"},
		"the child's name":   {alert.English, "Lina is home."},
		"the name at an end": {alert.French, "Nous avons retrouvé Lina"},
		"bidi control":       {alert.English, "Thank \u202eyou"},
		"broken":             {alert.English, "Thank \xff you"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Withdraw(t.Context(), cleo, c.ID, alert.OutcomeFound, alert.Localized{tt.lang: tt.words})
			wantFaults(t, err, "words."+string(tt.lang))
		})
	}
	_, err := s.Withdraw(t.Context(), cleo, c.ID, "lost", nil)
	wantFaults(t, err, "outcome")
	// A word that only begins like the name is no name; empty words are none.
	c = must[Case](t)(s.Withdraw(t.Context(), cleo, c.ID, alert.OutcomeFound, alert.Localized{alert.English: "Linabella's shop thanks you.", alert.French: " "}))
	must[Case](t)(s.Withdraw(t.Context(), anna, c.ID, alert.OutcomeFound, nil))
	_, err = s.Withdraw(t.Context(), anna, c.ID, alert.OutcomeOther, nil)
	wantErr(t, err, ErrStage)
}

// An update that hides a name does not make it sayable.
func TestWithdrawalWordsAndEarlierNames(t *testing.T) {
	s := newWorld().boot(t)
	c := released(t, s)
	c.Facts.Children[0].GivenName = "Emma"
	c = must[Case](t)(s.Edit(t.Context(), anna, c.ID, c.Version, c.Draft))
	c = must[Case](t)(s.Submit(t.Context(), anna, c.ID))
	c = must[Case](t)(s.Release(t.Context(), cleo, c.ID, c.Digest))
	for _, name := range []string{"Lina", "Emma"} {
		_, err := s.Withdraw(t.Context(), cleo, c.ID, alert.OutcomeFound, alert.Localized{alert.English: name + " is well."})
		wantFaults(t, err, "words.en")
	}
}

// What the gazetteer has forgotten, or a text that cannot be written: the
// first must not stop a withdrawal, the second must.
func TestWithdrawalWithoutNamesOrTexts(t *testing.T) {
	w := newWorld()
	s := w.boot(t)
	c := released(t, s)
	bad := w.boot(t, func(d *Deps) { d.Write = func(*alert.Message) error { return errors.New("no templates") } })
	if _, err := bad.Withdraw(t.Context(), cleo, c.ID, alert.OutcomeFound, nil); err == nil {
		t.Fatal("withdrawn without a word")
	}
	lost := w.boot(t, func(d *Deps) { d.Areas = oblivious{} })
	must[Case](t)(lost.Withdraw(t.Context(), cleo, c.ID, alert.OutcomeFound, nil))
	if m := w.published(t, c.ID)[1]; strings.Join(m.AreaCodes(), " ") != "BE-BRU BE-VAN" || m.Areas[0].Name(alert.French) == "" {
		t.Errorf("areas %+v", m.Areas)
	}
}

// oblivious is a gazetteer that knows nothing.
type oblivious struct{}

func (oblivious) Areas([]string) ([]alert.Area, alert.Invalid) {
	return nil, alert.Invalid{{Field: "areas"}}
}

func TestWithdrawalEndsTheUpdate(t *testing.T) {
	w := newWorld()
	s := w.boot(t)
	c := released(t, s)
	must[Case](t)(s.Edit(t.Context(), erik, c.ID, c.Version, draft()))
	c = must[Case](t)(s.Submit(t.Context(), erik, c.ID))
	digest := c.Digest
	c = must[Case](t)(s.Withdraw(t.Context(), erik, c.ID, alert.OutcomeError, nil)) // erik wrote in it
	if c.Stage != StageWithdrawn || c.Revision != 2 {
		t.Fatalf("%+v", c)
	}
	_, err := s.Release(t.Context(), cleo, c.ID, digest)
	wantErr(t, err, ErrStage)
}

func TestWithdrawalReachesMoreThanOneMessageCanName(t *testing.T) {
	w := newWorld()
	s := w.boot(t)
	d := draft()
	wide := func(country string) (codes []string) {
		for i := range 40 {
			codes = append(codes, fmt.Sprintf("%s-%02d", country, i+10))
		}
		return codes
	}
	d.Facts.Areas = wide("BE")
	c := must[Case](t)(s.Draft(t.Context(), anna, d))
	c = must[Case](t)(s.Submit(t.Context(), anna, c.ID))
	c = must[Case](t)(s.Release(t.Context(), cleo, c.ID, c.Digest))
	d.Facts.Areas = wide("FR")
	c = must[Case](t)(s.Edit(t.Context(), anna, c.ID, c.Version, d))
	c = must[Case](t)(s.Submit(t.Context(), anna, c.ID))
	must[Case](t)(s.Release(t.Context(), cleo, c.ID, c.Digest))
	must[Case](t)(s.Withdraw(t.Context(), cleo, c.ID, alert.OutcomeFound, nil))
	if m := w.published(t, c.ID)[2]; strings.Join(m.AreaCodes(), " ") != "FR BE" {
		t.Errorf("the withdrawal goes to %v", m.AreaCodes())
	}
}

func TestPhotosGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s := w.boot(t)
		go s.Run(t.Context())
		ctx := t.Context()

		c, _ := withPhoto(t, s)
		must[Case](t)(s.Reject(ctx, cleo, c.ID, "a misunderstanding"))
		if held := w.objects.held(); len(held) != 0 {
			t.Fatalf("after the rejection: %v", held)
		}

		c, wrong := withPhoto(t, s)
		c = must[Case](t)(s.Release(ctx, cleo, c.ID, c.Digest))
		right := must[string](t)(s.AddPhoto(ctx, anna, c.ID, strings.NewReader("photo two")))
		c.Facts.Children[0].Photo = right
		c = must[Case](t)(s.Edit(ctx, anna, c.ID, c.Version, c.Draft))
		c = must[Case](t)(s.Submit(ctx, anna, c.ID))
		w.objects.fail(stream.ErrUnavailable)
		c = must[Case](t)(s.Release(ctx, cleo, c.ID, c.Digest))
		again := c.Draft
		again.Facts.Children[0].Photo = wrong
		c = must[Case](t)(s.Edit(ctx, anna, c.ID, c.Version, again))
		_, err := s.Submit(ctx, anna, c.ID) // it is not gone yet, but it goes
		wantFaults(t, err, "children[0].photo")
		w.objects.fail(nil)
		time.Sleep(2 * reconcileEvery)
		slices.Sort(c.Live.Media)
		if held := strings.Join(w.objects.held(), " "); held != strings.Join(c.Live.Media, " ") || !strings.Contains(held, right) {
			t.Fatalf("after the update: %v; %s shows the wrong child", held, wrong)
		}

		w.objects.fail(stream.ErrUnavailable)
		c = must[Case](t)(s.Withdraw(ctx, cleo, c.ID, alert.OutcomeFound, nil)) // the public is told even so
		if len(w.objects.held()) != 2 || len(c.Photos) != 1 {
			t.Fatalf("held %v, case %+v", w.objects.held(), c)
		}
		w.objects.fail(nil)
		time.Sleep(2 * reconcileEvery)
		if c := must[Case](t)(s.Get(c.ID)); len(w.objects.held()) != 0 || len(c.Photos) != 0 {
			t.Errorf("held %v, case %+v", w.objects.held(), c)
		}
	})
}

func TestBadPhotos(t *testing.T) {
	w := newWorld()
	s := w.boot(t)
	ctx := t.Context()
	c := must[Case](t)(s.Draft(ctx, anna, draft()))
	_, err := s.AddPhoto(ctx, anna, c.ID, strings.NewReader("PK\x03\x04 a zip"))
	wantFaults(t, err, "photo")
	_, err = s.AddPhoto(ctx, anna, c.ID, strings.NewReader("photo"+strings.Repeat("x", 10<<20)))
	wantFaults(t, err, "photo")

	// Bytes that never came, or are not those that were taken in, must not be announced.
	token := must[string](t)(s.AddPhoto(ctx, anna, c.ID, strings.NewReader("photo one")))
	c.Facts.Children[0].Photo = token
	must[Case](t)(s.Edit(ctx, anna, c.ID, c.Version, c.Draft))
	w.objects.data[token+".jpg"] = []byte("photo of somebody else")
	_, err = w.boot(t).Submit(ctx, anna, c.ID)
	wantFaults(t, err, "children[0].photo")
	delete(w.objects.data, token+".jpg")
	_, err = w.boot(t).Submit(ctx, anna, c.ID)
	wantFaults(t, err, "children[0].photo")

	// A store that is full leaves no photo behind.
	d := w.deps(&plug{at: 2})
	if s, err = New(ctx, d); err != nil {
		t.Fatal(err)
	}
	if _, err := s.AddPhoto(ctx, anna, c.ID, strings.NewReader("photo two")); !errors.Is(err, errPower) {
		t.Errorf("error %v", err)
	}

	s = w.boot(t)
	c = must[Case](t)(s.Draft(ctx, anna, draft()))
	for range maxPhotos {
		must[string](t)(s.AddPhoto(ctx, anna, c.ID, strings.NewReader("photo")))
	}
	_, err = s.AddPhoto(ctx, anna, c.ID, strings.NewReader("photo"))
	wantFaults(t, err, "photo")
}

func TestExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s := w.boot(t)
		go s.Run(t.Context())
		c, _ := withPhoto(t, s)
		c = must[Case](t)(s.Release(t.Context(), cleo, c.ID, c.Digest))
		must[Case](t)(s.Edit(t.Context(), erik, c.ID, c.Version, draft())) // an update that nobody finished

		time.Sleep(time.Until(c.Live.Expires) - time.Second)
		if c := must[Case](t)(s.Get(c.ID)); c.Live == nil {
			t.Fatal("withdrawn before its time")
		}
		time.Sleep(time.Second + sweepEvery)
		c = must[Case](t)(s.Get(c.ID))
		if c.Stage != StageWithdrawn || c.Outcome != alert.OutcomeExpired || len(w.objects.held()) != 0 {
			t.Fatalf("not withdrawn: %+v", c)
		}
		all := w.published(t, c.ID)
		m := all[len(all)-1]
		if m.MsgType != alert.TypeCancel || len(m.References) != 1 || !m.Expires.After(time.Now().Add(71*time.Hour)) {
			t.Errorf("withdrawal %+v", m)
		}
		events := must[[]Event](t)(s.Record(t.Context(), c.ID))
		for _, ev := range events {
			if ev.Kind == KindWithdrawn && ev.Officer != System {
				t.Errorf("withdrawn by %s", ev.Officer)
			}
		}
		time.Sleep(time.Hour)
		if n := len(w.published(t, c.ID)); n != len(all) {
			t.Errorf("%d messages an hour later, want %d", n, len(all))
		}
	})
}

// A release that waited longer than its alert lives must not go out any more;
// the withdrawal does, in case somebody had it.
func TestExpiredWhilePending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s := w.boot(t)
		c := submitted(t, s)
		w.alerts.fail(stream.ErrUnavailable)
		_, err := s.Release(t.Context(), cleo, c.ID, c.Digest)
		wantErr(t, err, ErrPending)
		time.Sleep(25 * time.Hour)
		w.alerts.fail(nil)
		if _, err := s.Release(t.Context(), cleo, c.ID, c.Digest); !errors.Is(err, ErrPending) {
			t.Errorf("an expired release was acknowledged: %v", err)
		}
		s = w.boot(t)
		go s.Run(t.Context())
		time.Sleep(sweepEvery)
		if all := w.published(t, c.ID); len(all) != 1 || all[0].MsgType != alert.TypeCancel {
			t.Errorf("published %+v", all)
		}
	})
}
