package casework

import (
	"bytes"
	"context"
	"errors"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/stream"
)

// maker makes two files a language and counts how often it was asked.
type maker struct {
	calls    int
	warnings []string
	err      error
	during   func() // while it draws
}

func (k *maker) make(_ context.Context, m *alert.Message, photos map[string][]byte, _ time.Time) ([]File, []string, error) {
	k.calls++
	if k.during != nil {
		k.during()
	}
	var files []File
	for _, l := range m.Languages {
		body := []byte(m.Texts[l].Headline + string(bytes.Join(slicesOf(photos), nil)))
		files = append(files,
			File{Kind: "slide", Lang: l, Name: "Slide", MIME: "image/jpeg", Ext: "jpg", Data: append([]byte("slide "), body...)},
			File{Kind: "audio", Lang: l, Name: "Words", MIME: "audio/wav", Ext: "wav", Data: append([]byte("sound "), body...)})
	}
	return files, k.warnings, k.err
}

func slicesOf(m map[string][]byte) [][]byte {
	var all [][]byte
	for _, b := range m {
		all = append(all, b)
	}
	return all
}

// studio starts a process whose kits k makes.
func (w *world) studio(t testing.TB, k *maker) *Service {
	return w.boot(t, func(d *Deps) { d.Kit, d.KitVersion = k.make, "1" })
}

// kitMedia is what of a message is the kit's.
func kitMedia(m *alert.Message) []alert.Media {
	return slices.DeleteFunc(slices.Clone(m.Media), func(x alert.Media) bool { return x.Kind == "photo" })
}

func TestKitGoesOutAsShown(t *testing.T) {
	w, k := newWorld(), &maker{warnings: []string{"no voice"}}
	s := w.studio(t, k)
	c, _ := withPhoto(t, s)
	p := must[Preview](t)(s.Preview(t.Context(), c.ID))
	media := kitMedia(p.Message)
	if len(media) != 4 || p.Kit == nil || p.Kit.Warnings[0] != "no voice" {
		t.Fatalf("shown before the release: %+v", p.Kit)
	}
	for _, x := range media {
		data, err := w.objects.Get(t.Context(), path.Base(x.URL))
		if err != nil || hashOf(data) != x.SHA256 || len(data) != x.Bytes || !strings.HasPrefix(x.URL, "https://alert.example/media/") {
			t.Errorf("%+v: stored %q, %v", x, data, err)
		}
		if !bytes.Contains(data, []byte("photo one")) {
			t.Errorf("the maker did not get the photo: %q", data)
		}
	}
	if p.Digest != c.Digest {
		t.Error("the approver sees another digest than the one submitted")
	}
	writes := len(w.objects.held())
	must[Case](t)(s.Release(t.Context(), cleo, c.ID, p.Digest))
	if k.calls != 1 || len(w.objects.held()) != writes {
		t.Errorf("asked %d times, %d objects before and %d after: a release makes nothing", k.calls, writes, len(w.objects.held()))
	}
	if out := kitMedia(w.published(t, c.ID)[0]); !slices.Equal(out, media) {
		t.Errorf("published %+v\nshown %+v", out, media)
	}
}

func TestKitIsPartOfTheDigest(t *testing.T) {
	w := newWorld()
	s := w.studio(t, &maker{})
	c := submitted(t, s)
	plain := must[Preview](t)(w.boot(t).Preview(t.Context(), c.ID))
	if plain.Digest == c.Digest {
		t.Error("the digest is the same with a kit and without")
	}
}

func TestKitFollowsTheDraft(t *testing.T) {
	w, k := newWorld(), &maker{}
	s := w.studio(t, k)
	ctx := t.Context()
	c := must[Case](t)(s.Draft(ctx, anna, draft()))
	if p := must[Preview](t)(s.Preview(ctx, c.ID)); p.Kit != nil || len(p.Message.Media) != 0 {
		t.Fatal("a kit before anybody asked")
	}
	version := c.Version
	if c = must[Case](t)(s.Kit(ctx, anna, c.ID)); c.Kit == nil || c.Version != version {
		t.Fatal("no kit, or an open form is void by it")
	}
	must[Case](t)(s.Kit(ctx, anna, c.ID))
	c = must[Case](t)(s.Submit(ctx, anna, c.ID))
	c = must[Case](t)(s.Return(ctx, cleo, c.ID, "look again"))
	c = must[Case](t)(s.Submit(ctx, anna, c.ID))
	if k.calls != 1 {
		t.Errorf("made %d times of the same content", k.calls)
	}
	old := c.Kit.objects()
	c = must[Case](t)(s.Return(ctx, cleo, c.ID, "another place"))
	c.Facts.LastSeen.Place = "Antwerp"
	c = must[Case](t)(s.Edit(ctx, anna, c.ID, c.Version, c.Draft))
	if c.Kit != nil {
		t.Error("the kit outlived the draft")
	}
	s.reconcile(ctx)
	for _, name := range old {
		if _, err := w.objects.Get(ctx, name); !errors.Is(err, stream.ErrGone) {
			t.Errorf("%s of the old draft: %v", name, err)
		}
	}
	must[Case](t)(s.Submit(ctx, anna, c.ID))
	must[Case](t)(s.Reject(ctx, cleo, c.ID, "no case"))
	if held := w.objects.held(); len(held) != 0 || k.calls != 2 {
		t.Errorf("left after the rejection: %v; made %d times", held, k.calls)
	}
}

// The public's slides stay until the next ones are out, and no longer.
func TestKitOfTheOlderRevision(t *testing.T) {
	w := newWorld()
	s := w.studio(t, &maker{})
	ctx := t.Context()
	first := released(t, s).Kit.objects()
	id := s.List()[0].ID
	c := must[Case](t)(s.Get(id))
	c.Facts.LastSeen.Place = "Antwerp"
	c = must[Case](t)(s.Edit(ctx, anna, id, c.Version, c.Draft))
	c = must[Case](t)(s.Submit(ctx, anna, id))
	s.reconcile(ctx)
	w.alerts.fail(stream.ErrUnavailable)
	_, err := s.Release(ctx, cleo, id, c.Digest)
	wantErr(t, err, ErrPending)
	s.reconcile(ctx)
	if _, err := w.objects.Get(ctx, first[0]); err != nil {
		t.Errorf("the live alert's slide is gone before the update is out: %v", err)
	}
	w.alerts.fail(nil)
	s.reconcile(ctx)
	for _, name := range first {
		if _, err := w.objects.Get(ctx, name); !errors.Is(err, stream.ErrGone) {
			t.Errorf("%s of the older revision: %v", name, err)
		}
	}
	must[Case](t)(s.Withdraw(ctx, cleo, id, alert.OutcomeFound, nil))
	if held := w.objects.held(); len(held) != 0 {
		t.Errorf("left after the withdrawal: %v", held)
	}
	if m := w.published(t, id)[2]; len(m.Media) != 0 {
		t.Errorf("the withdrawal carries %+v", m.Media)
	}
}

func TestKitThatFailsHoldsUpNothing(t *testing.T) {
	for name, change := range map[string]func(*maker, *Deps){
		"maker":  func(k *maker, _ *Deps) { k.err = errors.New("no fonts") },
		"store":  func(_ *maker, d *Deps) { d.Objects = full{d.Objects} },
		"nobody": func(_ *maker, d *Deps) { d.Kit = nil },
	} {
		t.Run(name, func(t *testing.T) {
			k := &maker{}
			s := newWorld().boot(t, func(d *Deps) { d.Kit = k.make; change(k, d) })
			c := submitted(t, s)
			p := must[Preview](t)(s.Preview(t.Context(), c.ID))
			if len(p.Message.Media) != 0 || name != "nobody" && (len(p.Kit.Warnings) != 1 || p.Kit.Warnings[0] != kitFailed) {
				t.Errorf("preview %+v", p.Kit)
			}
			must[Case](t)(s.Release(t.Context(), cleo, c.ID, c.Digest))
		})
	}
}

// full is a store without room.
type full struct{ Objects }

func (full) Put(context.Context, string, []byte) error { return stream.ErrFull }

func TestKitLostAfterSubmission(t *testing.T) {
	w := newWorld()
	s := w.studio(t, &maker{})
	c := submitted(t, s)
	delete(w.objects.data, c.Kit.objects()[0])
	other := w.studio(t, &maker{}) // remembers nothing of what it saw stored
	p := must[Preview](t)(other.Preview(t.Context(), c.ID))
	wantFaults(t, p.Faults.Err(), "media")
	_, err := other.Release(t.Context(), cleo, c.ID, c.Digest)
	if err == nil {
		t.Error("released with a slide that is lost")
	}
}

// While slides are drawn the case is free: the live alert can be withdrawn at once.
func TestWithdrawWhileDrawing(t *testing.T) {
	w, k := newWorld(), &maker{}
	s := w.studio(t, k)
	c := released(t, s)
	c.Facts.LastSeen.Place = "Antwerp"
	c = must[Case](t)(s.Edit(t.Context(), anna, c.ID, c.Version, c.Draft))
	k.during = func() { must[Case](t)(s.Withdraw(t.Context(), cleo, c.ID, alert.OutcomeFound, nil)) }
	_, err := s.Submit(t.Context(), anna, c.ID)
	wantErr(t, err, ErrStage)
	if held := w.objects.held(); len(held) != 0 {
		t.Errorf("left after the withdrawal: %v", held)
	}
}

// Who edits while slides are drawn gets slides of the new words.
func TestEditWhileDrawing(t *testing.T) {
	w, k := newWorld(), &maker{}
	s := w.studio(t, k)
	c := must[Case](t)(s.Draft(t.Context(), anna, draft()))
	k.during = func() {
		k.during = nil
		c.Facts.LastSeen.Place = "Antwerp"
		must[Case](t)(s.Edit(t.Context(), erik, c.ID, c.Version, c.Draft))
	}
	c = must[Case](t)(s.Submit(t.Context(), anna, c.ID))
	data, err := w.objects.Get(t.Context(), c.Kit.objects()[0])
	if err != nil || !bytes.Contains(data, []byte("Antwerp")) || k.calls != 2 {
		t.Errorf("slide %q, %v, made %d times", data, err, k.calls)
	}
}
