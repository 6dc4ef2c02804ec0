package console

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
)

// slides stands for the studio, which has tests of its own: one picture and one
// sound a language, and a warning.
func slides(_ context.Context, m *alert.Message, _ map[string][]byte, _ time.Time) ([]casework.File, []string, error) {
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, image.NewGray(image.Rect(0, 0, 192, 108)), nil); err != nil {
		return nil, nil, err
	}
	var files []casework.File
	for _, l := range m.Languages {
		files = append(files,
			casework.File{Kind: "slide", Lang: l, Name: "Slide " + string(l), MIME: "image/jpeg", Ext: "jpg", Data: picture.Bytes()},
			casework.File{Kind: "teletext", Lang: l, Name: "Page " + string(l), MIME: "text/plain", Ext: "txt", Data: []byte("page " + l)})
	}
	return files, []string{"No voice is installed."}, nil
}

// The author looks at the slides before he submits, the approver at the same ones before he releases.
func TestKitIsShown(t *testing.T) {
	w := newWorld(t, alert.Live)
	c := must(w.casework.Draft(t.Context(), anna, draft()))(t)
	at := "/console/cases/" + c.ID
	author, approver := w.browser(t, anna), w.browser(t, bram)
	if _, page := author.get(at + "/preview"); strings.Contains(page, at+"/kit/") || !strings.Contains(page, "made when you submit") {
		t.Errorf("before: %.500s", page)
	}
	if r, _ := author.post(at+"/kit", url.Values{}); r.StatusCode != http.StatusSeeOther {
		t.Fatalf("making them: %s", r.Status)
	}
	if _, page := author.get(at + "/preview"); !strings.Contains(page, "No voice is installed.") || !strings.Contains(page, at+"/kit/") {
		t.Errorf("made: %.500s", page)
	}
	if r, _ := approver.post(at+"/kit", url.Values{}); r.StatusCode != http.StatusForbidden {
		t.Errorf("who may not write had slides made: %s", r.Status)
	}
	c = must(w.casework.Submit(t.Context(), anna, c.ID))(t)
	if c.Kit == nil || len(c.Kit.Media) != 2*len(c.Facts.Languages) {
		t.Fatalf("kit %+v", c.Kit)
	}
	_, page := approver.get(at + "/release")
	for _, m := range c.Kit.Media {
		address := at + "/kit/" + path.Base(m.URL)
		if !strings.Contains(page, address) {
			t.Errorf("the approver is not shown %s", m.Name)
		}
		r, _ := approver.get(address)
		if r.StatusCode != http.StatusOK || !strings.HasPrefix(r.Header.Get("Content-Type"), m.MIME) {
			t.Errorf("%s: %d %s", m.Name, r.StatusCode, r.Header.Get("Content-Type"))
		}
	}
	if r, _ := approver.get(at + "/kit/aaaaaaaaaaaaaaaaaaaaaaaaaa.jpg"); r.StatusCode != http.StatusNotFound {
		t.Errorf("a slide of nobody: %d", r.StatusCode)
	}
}
