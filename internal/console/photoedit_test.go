package console

import (
	"bytes"
	"context"
	"image/jpeg"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
	"tocsin/internal/media"
)

// cutting lets a world's photos be edited, as the server does.
func cutting(d *casework.Deps) {
	d.Rework = func(ctx context.Context, data []byte, e media.Edit) (casework.Image, error) {
		p, err := media.Rework(ctx, data, e)
		if v := media.Fault("photo", err); len(v) > 0 {
			return casework.Image{}, v
		}
		return casework.Image{Full: p.JPEG, Small: p.Thumb, Width: p.Width, Height: p.Height, Work: p.Work}, err
	}
}

// photographed is a draft of anna's whose child has the portrait, and the page of that photo.
func (w *world) photographed(t testing.TB) (k casework.Case, page string) {
	t.Helper()
	k = must(w.casework.Draft(t.Context(), anna, draft()))(t)
	d := k.Draft
	d.Facts.Children[0].Photo = must(w.casework.AddPhoto(t.Context(), anna, k.ID, bytes.NewReader(portrait(t))))(t)
	k = must(w.casework.Edit(t.Context(), anna, k.ID, k.Version, d))(t)
	return k, "/console/cases/" + k.ID + "/edit/children/0/photo"
}

func edit(k casework.Case, pairs ...string) url.Values {
	v := url.Values{"version": {version(k)}, "turn": {"0"}}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

// The whole way without a script: numbers, buttons, the pictures the server draws, saving, undoing.
func TestPhotoWithoutScript(t *testing.T) {
	w := newWorld(t, alert.Drill, cutting)
	k, page := w.photographed(t)
	b := w.browser(t, anna)
	_, body := b.get("/console/cases/" + k.ID + "/edit/children/0")
	wantAll(t, body, `href="`+page+`"`)
	_, body = b.get(page + "?turn=0&tilt=4.5&left=10&top=5&width=60&height=70&do=portrait")
	wantAll(t, body, `name="tilt" type="number" inputmode="decimal" min="-15" max="15" step="0.5" value="4.5"`, `tilt=4.5&amp;top=`, `as=push`, `as=air`, `name="height"`)
	_, body = b.get(page + "?turn=270&do=right&left=10&width=20")
	wantAll(t, body, `name="turn" value="0"`, `name="width" type="number" inputmode="decimal" min="1" max="100" step="any" value="100"`)
	original := k.Facts.Children[0].Photo
	res, body := b.post(page, edit(k, "tilt", "4.5", "left", "10", "top", "5", "width", "60", "height", "70", "do", "save"))
	if res.StatusCode != http.StatusSeeOther || !strings.HasSuffix(res.Header.Get("Location"), "/edit/children/0") {
		t.Fatal(res.Status, body)
	}
	k = must(w.casework.Get(k.ID))(t)
	cut, ok := k.PhotoOf(k.Facts.Children[0].Photo)
	if !ok || cut.From != original || *cut.Edit != (media.Edit{Tilt: 4.5, Left: 10, Top: 5, Width: 60, Height: 70}) {
		t.Fatalf("kept as %+v", cut)
	}
	_, body = b.get(page) // opens where it was left
	wantAll(t, body, `value="4.5"`, "Back to the photo as it was uploaded", original+"/try")
	_, body = b.get("/console/cases/" + k.ID)
	wantAll(t, body, "Photo edited", "straightened by 4.5° and cut to")
	if res, body = b.post(page, edit(k, "tilt", "4.5", "do", "undo")); res.StatusCode != http.StatusSeeOther {
		t.Fatal(res.Status, body)
	}
	if k = must(w.casework.Get(k.ID))(t); k.Facts.Children[0].Photo != original {
		t.Error("the upload is not back")
	}
}

// After an update that shows the cut instead of the upload, the cut is the photo to edit.
func TestPhotoWhoseUploadWasReplaced(t *testing.T) {
	w := newWorld(t, alert.Drill, cutting)
	k, page := w.photographed(t)
	release := func() {
		k = must(w.casework.Submit(t.Context(), anna, k.ID))(t)
		k = must(w.casework.Release(t.Context(), bram, k.ID, k.Digest))(t)
	}
	release()
	b := w.browser(t, anna)
	if res, body := b.post(page, edit(k, "tilt", "4.5", "left", "10", "width", "60", "do", "save")); res.StatusCode != http.StatusSeeOther {
		t.Fatal(res.Status, body)
	}
	k = must(w.casework.Get(k.ID))(t)
	release()
	cut := k.Facts.Children[0].Photo
	res, body := b.get(page)
	if res.StatusCode != http.StatusOK || strings.Contains(body, "Back to the photo as it was uploaded") || !strings.Contains(body, `name="tilt" type="number" inputmode="decimal" min="-15" max="15" step="0.5" value="0"`) {
		t.Errorf("%s\n%s", res.Status, mainOf(body))
	}
	wantAll(t, body, cut+"/try")
}

func TestPhotoFaults(t *testing.T) {
	w := newWorld(t, alert.Drill, cutting)
	k, page := w.photographed(t)
	b := w.browser(t, anna)
	for _, c := range []struct {
		name   string
		v      url.Values
		status int
		want   string
	}{
		{"a tilt beyond", edit(k, "tilt", "16"), 422, "The turn is 0, 90, 180 or 270"},
		{"no number", edit(k, "left", "ten"), 422, "The turn is"},
		{"not a number", edit(k, "left", "NaN"), 422, "The turn is"},
		{"half a quarter", edit(k, "turn", "45"), 422, "The turn is"},
		{"too narrow", edit(k, "width", "10"), 422, "less than 100 pixels"},
		{"sticking out is cut at the edge", edit(k, "left", "50", "width", "90"), 303, ""},
		{"a colleague was faster", edit(k, "version", "1", "tilt", "1"), 412, "Look at the photo, then save it again."},
		{"no version", url.Values{"turn": {"0"}}, 400, "could not be read"},
	} {
		res, body := b.post(page, c.v)
		if res.StatusCode != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s: %s, no %q in\n%s", c.name, res.Status, c.want, body)
		}
	}
	at := "/console/cases/" + k.ID
	other := must(w.casework.Draft(t.Context(), anna, draft()))(t)
	photo := k.Facts.Children[0].Photo
	for path, want := range map[string]int{
		at + "/edit/children/1/photo":                              404, // nobody there
		at + "/edit/suspects/0/photo":                              404, // no photo
		at + "/edit/vehicles/0/photo":                              404,
		at + "/edit/what/0/photo":                                  404,
		"/console/cases/" + other.ID + "/photos/" + photo + "/try": 404,
		at + "/photos/" + photo + "/try?turn=1":                    422,
		at + "/photos/" + photo + "/try?tilt=1e99":                 422,
		at + "/edit/children/0/photo?turn=7":                       200, // says the fault, shows the photo
	} {
		if res, _ := b.get(path); res.StatusCode != want {
			t.Errorf("%s: %s, want %d", path, res.Status, want)
		}
	}
	if res, _ := w.browser(t, bram).post(page, edit(k, "tilt", "1")); res.StatusCode != http.StatusForbidden {
		t.Errorf("an approver edits: %s", res.Status)
	}
	if res, _ := w.browser(t, stranger).get(at + "/photos/" + photo + "/try"); res.StatusCode != http.StatusSeeOther {
		t.Errorf("a stranger sees a photo: %s", res.Status)
	}
}

// A colleague's change is in the way of no crop: its numbers are on the page, to be saved again.
func TestPhotoConflictKeepsTheNumbers(t *testing.T) {
	w := newWorld(t, alert.Drill, cutting)
	k, page := w.photographed(t)
	d := k.Draft
	d.Internal.Notes = "Called the school."
	now := must(w.casework.Edit(t.Context(), carla, k.ID, k.Version, d))(t)
	b, numbers := w.browser(t, anna), []string{"tilt", "4.5", "left", "10", "top", "5", "width", "60", "height", "70", "do", "save"}
	res, body := b.post(page, edit(k, numbers...))
	if res.StatusCode != http.StatusPreconditionFailed {
		t.Fatal(res.Status, body)
	}
	wantAll(t, body, "Carla Dubois changed this case meanwhile", `value="4.5"`, `value="70"`, `name="version" value="`+version(now)+`"`)
	if strings.Contains(body, "aria-invalid") {
		t.Error("a number is said to be wrong")
	}
	if res, body = b.post(page, edit(now, numbers...)); res.StatusCode != http.StatusSeeOther {
		t.Error(res.Status, body)
	}
}

// The pictures that the page shows have the sizes of the phone and the air.
func TestPhotoTries(t *testing.T) {
	w := newWorld(t, alert.Drill, cutting)
	k, _ := w.photographed(t)
	b := w.browser(t, anna)
	at := "/console/cases/" + k.ID + "/photos/" + k.Facts.Children[0].Photo + "/try?tilt=5&left=20&width=50&as="
	for as, want := range map[string][2]int{"push": {pushWide, pushHigh}, "air": {airWide, airHigh}, "whole": {0, 0}, "box": {0, 0}, "pigeon": {0, 0}} {
		res, body := b.get(at + as)
		c, err := jpeg.DecodeConfig(strings.NewReader(body))
		if err != nil || res.Header.Get("Content-Type") != "image/jpeg" || max(c.Width, c.Height) > trySide {
			t.Errorf("%s: %v, %d by %d", as, err, c.Width, c.Height)
		}
		if want[0] != 0 && (c.Width != want[0] || c.Height != want[1]) {
			t.Errorf("%s: %d by %d", as, c.Width, c.Height)
		}
	}
	if photos := must(w.casework.Get(k.ID))(t).Photos; len(photos) != 1 {
		t.Errorf("looking stored something: %+v", photos)
	}
}
