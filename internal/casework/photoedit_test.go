package casework

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/media"
)

// cutting boots a process that can edit photos: what is made tells what of, and how wide.
func (w *world) cutting(t testing.TB) *Service {
	t.Helper()
	return w.boot(t, func(d *Deps) {
		d.Intake = intakeLarge
		d.Rework = func(_ context.Context, jpeg []byte, e media.Edit) (Image, error) {
			if err := e.Check(); err != nil {
				return Image{}, media.Fault("photo", err)
			}
			return Image{Full: append([]byte("cut "), jpeg...), Small: []byte("c"), Width: int(e.Width), Height: 100}, nil
		}
	})
}

// intakeLarge keeps a larger copy of what begins with "photo large".
func intakeLarge(r io.Reader) (Image, error) {
	img, err := intake(r)
	if err == nil && strings.HasPrefix(string(img.Full), "photo large") {
		img.Work = append([]byte("work of "), img.Full...)
	}
	return img, err
}

// named is the case with its child's photo being the one of the token.
func named(t testing.TB, s *Service, id, token string) Case {
	t.Helper()
	c := must[Case](t)(s.Get(id))
	c.Facts.Children[0].Photo = token
	return must[Case](t)(s.Edit(t.Context(), anna, id, c.Version, c.Draft))
}

func TestEditPhoto(t *testing.T) {
	w := newWorld()
	s, ctx := w.cutting(t), t.Context()
	c := must[Case](t)(s.Draft(ctx, anna, draft()))
	original := must[string](t)(s.AddPhoto(ctx, anna, c.ID, strings.NewReader("photo large")))
	face := media.Edit{Tilt: 3, Left: 10, Width: 40, Height: 50}
	cut := must[string](t)(s.EditPhoto(ctx, anna, c.ID, original, face))
	c = named(t, s, c.ID, cut)
	p, _ := c.PhotoOf(cut)
	if p.From != original || p.Edit == nil || *p.Edit != face || p.Width != 40 || p.By != anna.ID {
		t.Errorf("kept as %+v", p)
	}
	if got := must[[]byte](t)(w.objects.Get(ctx, p.Object())); string(got) != "cut work of photo large" {
		t.Errorf("made of the wrong pixels: %s", got)
	}
	// An edit of the edit begins from the upload, and the one it replaces is deleted.
	again := must[string](t)(s.EditPhoto(ctx, anna, c.ID, cut, media.Edit{Width: 70}))
	c = named(t, s, c.ID, again)
	s.reconcile(ctx)
	c = must[Case](t)(s.Get(c.ID))
	if from, ok := c.Origin(again); !ok || from.Token != original || len(c.Photos) != 2 {
		t.Errorf("of %v, photos %+v", from.Token, c.Photos)
	}
	if held := w.objects.held(); slices.Contains(held, cut+".jpg") || !slices.Contains(held, original+"-o.jpg") {
		t.Errorf("held %v", held)
	}
	// Back to the upload.
	named(t, s, c.ID, original)
	s.reconcile(ctx)
	if c = must[Case](t)(s.Get(c.ID)); len(c.Photos) != 1 || c.Photos[0].Token != original {
		t.Errorf("photos %+v", c.Photos)
	}
	var kinds []string
	for _, ev := range must[[]Event](t)(s.Record(ctx, c.ID)) {
		kinds = append(kinds, ev.Kind)
	}
	if n := len(slices.DeleteFunc(slices.Clone(kinds), func(k string) bool { return k != KindPhotoMade })); n != 2 {
		t.Errorf("%d edits on the record: %v", n, kinds)
	}
}

// The upload, all its pixels, and every cut go with the rest at the end; the
// public only ever sees the cut.
func TestEditedPhotoIsPurged(t *testing.T) {
	w := newWorld()
	s, ctx := w.cutting(t), t.Context()
	c := must[Case](t)(s.Draft(ctx, anna, draft()))
	original := must[string](t)(s.AddPhoto(ctx, anna, c.ID, strings.NewReader("photo large")))
	cut := must[string](t)(s.EditPhoto(ctx, anna, c.ID, original, media.Edit{}))
	c = named(t, s, c.ID, cut)
	c = must[Case](t)(s.Submit(ctx, anna, c.ID))
	c = must[Case](t)(s.Release(ctx, cleo, c.ID, c.Digest))
	if want := []string{cut + ".jpg", cut + "-s.jpg"}; !slices.Equal(c.Live.Media, want) {
		t.Errorf("the public sees %v", c.Live.Media)
	}
	for _, m := range w.published(t, c.ID) {
		for _, x := range m.Media {
			if strings.Contains(x.URL, original) {
				t.Errorf("the upload is in the alert: %s", x.URL)
			}
		}
	}
	// A try that the update did not take leaves the live one alone.
	must[string](t)(s.EditPhoto(ctx, anna, c.ID, original, media.Edit{Turn: 90}))
	named(t, s, c.ID, original)
	s.reconcile(ctx)
	if held := w.objects.held(); !slices.Contains(held, cut+".jpg") {
		t.Fatalf("the public's picture is gone while it is live: %v", held)
	}
	must[Case](t)(s.Withdraw(ctx, anna, c.ID, alert.OutcomeFound, nil))
	if held := w.objects.held(); len(held) != 0 {
		t.Errorf("held after the withdrawal: %v", held)
	}
}

// An update that shows the cut instead of the upload takes the upload away. The
// cut, which is now the child's picture, can be edited all the same.
func TestEditPhotoWhoseUploadWasReplaced(t *testing.T) {
	w := newWorld()
	s, ctx := w.cutting(t), t.Context()
	c := must[Case](t)(s.Draft(ctx, anna, draft()))
	original := must[string](t)(s.AddPhoto(ctx, anna, c.ID, strings.NewReader("photo large")))
	named(t, s, c.ID, original)
	release := func() {
		c = must[Case](t)(s.Submit(ctx, anna, c.ID))
		c = must[Case](t)(s.Release(ctx, cleo, c.ID, c.Digest))
		s.reconcile(ctx)
		c = must[Case](t)(s.Get(c.ID))
	}
	release()
	cut := must[string](t)(s.EditPhoto(ctx, anna, c.ID, original, media.Edit{Width: 40}))
	named(t, s, c.ID, cut)
	release()
	if held := w.objects.held(); slices.ContainsFunc(held, func(name string) bool { return strings.HasPrefix(name, original) }) || !slices.Contains(held, cut+".jpg") {
		t.Fatalf("held after the update: %v", held)
	}
	if from, ok := c.Origin(cut); !ok || from.Token != cut {
		t.Fatalf("the live photo is made of %v, %v", from.Token, ok)
	}
	again := must[string](t)(s.EditPhoto(ctx, anna, c.ID, cut, media.Edit{Width: 20}))
	if got := must[[]byte](t)(w.objects.Get(ctx, again+".jpg")); string(got) != "cut cut work of photo large" {
		t.Errorf("made of %q", got)
	}
	named(t, s, c.ID, again)
	release()
	if c.Live.Media[0] != again+".jpg" {
		t.Errorf("the public sees %v", c.Live.Media)
	}
}

// A crash between a photo and its larger copy leaves a photo that is edited from what there is.
func TestEditPhotoWithoutItsLargerCopy(t *testing.T) {
	w := newWorld()
	s, ctx := w.cutting(t), t.Context()
	c := must[Case](t)(s.Draft(ctx, anna, draft()))
	original := must[string](t)(s.AddPhoto(ctx, anna, c.ID, strings.NewReader("photo large")))
	if err := w.objects.Delete(ctx, original+"-o.jpg"); err != nil {
		t.Fatal(err)
	}
	cut := must[string](t)(s.EditPhoto(ctx, anna, c.ID, original, media.Edit{Width: 40}))
	if got := must[[]byte](t)(w.objects.Get(ctx, cut+".jpg")); string(got) != "cut photo large" {
		t.Errorf("made of %q", got)
	}
}

func TestEditPhotoRefused(t *testing.T) {
	w := newWorld()
	s, ctx := w.cutting(t), t.Context()
	c := must[Case](t)(s.Draft(ctx, anna, draft()))
	other := must[Case](t)(s.Draft(ctx, anna, draft()))
	token := must[string](t)(s.AddPhoto(ctx, anna, c.ID, strings.NewReader("photo one")))
	for _, tt := range []struct {
		name, id, token string
		by              auth.Officer
		e               media.Edit
		want            error
		field           string
	}{
		{"by an approver", c.ID, token, cleo, media.Edit{}, ErrForbidden, ""},
		{"of another case", other.ID, token, anna, media.Edit{}, nil, "photo"},
		{"of no photo", c.ID, "", anna, media.Edit{}, nil, "photo"},
		{"with numbers of nobody's", c.ID, token, anna, media.Edit{Turn: 7}, nil, "photo"},
		{"of no case", "NOSUCHCASE00", token, anna, media.Edit{}, ErrNotFound, ""},
	} {
		_, err := s.EditPhoto(ctx, tt.by, tt.id, tt.token, tt.e)
		if tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if v, ok := errors.AsType[alert.Invalid](err); tt.field != "" && (!ok || v[0].Field != tt.field) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	if got := must[Case](t)(s.Get(c.ID)); len(got.Photos) != 1 {
		t.Errorf("a refused edit left %+v", got.Photos)
	}
	plain := w.boot(t)
	if _, err := plain.EditPhoto(ctx, anna, c.ID, token, media.Edit{}); err == nil {
		t.Error("edited where nothing can edit")
	}
	must[Case](t)(s.Reject(ctx, cleo, c.ID, "Found at home."))
	if _, err := s.EditPhoto(ctx, anna, c.ID, token, media.Edit{}); !errors.Is(err, ErrStage) {
		t.Errorf("of a rejected case: %v", err)
	}
}
