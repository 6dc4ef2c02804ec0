package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
	"tocsin/internal/media"
)

// marker is a name that nothing else contains.
const marker = "Quillais"

// address is one public address that carried the child.
type address struct {
	path    string
	token   string // the broadcasters' addresses want one
	after   int    // status after the withdrawal
	picture bool   // carries the photo's bytes rather than the name
	etag    string
	changed string // Last-Modified
}

// published is a case with a photo, released and updated.
func (w *world) published() (id string) {
	w.t.Helper()
	return w.publishedWith(portrait(w.t))
}

func (w *world) publishedWith(face []byte) (id string) {
	w.t.Helper()
	ctx := w.t.Context()
	d := missing()
	d.Facts.Children[0].GivenName = marker
	c, err := w.author.Draft(ctx, d)
	if err != nil {
		w.t.Fatal(err)
	}
	photo, err := w.author.AddPhoto(ctx, c.ID, face)
	if err != nil {
		w.t.Fatal(err)
	}
	w.revise(c.ID, func(d *casework.Draft) { d.Facts.Children[0].Photo = photo })
	w.everybody(c.ID, 1, 30*time.Second)
	w.revise(c.ID, func(d *casework.Draft) { d.Facts.LastSeen.Towards = "Gent" })
	w.everybody(c.ID, 2, 30*time.Second)
	return c.ID
}

// revise changes the draft, and has it submitted and released.
func (w *world) revise(id string, change func(*casework.Draft)) {
	w.t.Helper()
	err := w.author.Edit(w.t.Context(), id, change)
	if err == nil {
		err = w.author.Submit(w.t.Context(), id)
	}
	if err == nil {
		_, err = w.approver.Release(w.t.Context(), id)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// addresses are all that carry the case, by the server's own words.
func (w *world) addresses(id string) []*address {
	w.t.Helper()
	var live alert.Public
	got := ask(w.t, request{url: w.url("/v1/alerts/" + id)})
	if err := json.Unmarshal(got.body, &live); err != nil || live.Photo == nil {
		w.t.Fatalf("/v1/alerts/%s: %d %v %.300s", id, got.status, err, got.body)
	}
	photo := path.Base(live.Photo.URL)
	first := strings.TrimSuffix(live.Identifier, "2") + "1"
	all := []*address{
		{path: "/fr/", after: http.StatusOK},
		{path: "/en/", after: http.StatusOK},
		{path: "/feed.atom", after: http.StatusOK},
		{path: "/feed.json", after: http.StatusOK},
		{path: "/v1/alerts", after: http.StatusOK},
		{path: "/v1/events", after: http.StatusOK},
		{path: "/v1/events?after=0", after: http.StatusOK},
		{path: "/embed/v1/alerts.json", after: http.StatusOK},
		{path: "/embed/v1/alerts.json?area=BE&lang=fr", after: http.StatusOK},
		{path: "/embed/v1/frame?lang=fr", after: http.StatusOK},
		{path: "/v1/feed/poll?start=all&wait=0", token: w.stationToken, after: http.StatusOK},
		{path: "/v1/feed/poll?start=live&wait=0", token: w.stationToken, after: http.StatusOK},
		{path: "/v1/alerts/" + id, after: http.StatusGone},
		{path: "/v1/alerts/" + live.Identifier, after: http.StatusGone},
		{path: "/v1/alerts/" + first, after: http.StatusGone},
		{path: "/cap/" + live.Identifier + ".xml", after: http.StatusGone},
		{path: "/cap/" + first + ".xml", after: http.StatusGone},
		{path: "/photos/" + photo, after: http.StatusGone, picture: true},
		{path: "/photos/" + strings.TrimSuffix(photo, ".jpg") + "-s.jpg", after: http.StatusGone, picture: true},
	}
	uncut := "/photos/" + strings.TrimSuffix(photo, ".jpg") + "-o.jpg"
	if got := ask(w.t, request{url: w.url(uncut)}); got.status != http.StatusNotFound {
		w.t.Errorf("the photo's uncut copy, for officers alone: %d", got.status)
	}
	for _, lang := range alert.Langs {
		all = append(all, &address{path: "/" + string(lang) + "/alerts/" + id, after: http.StatusGone})
	}
	return all
}

// keeps says whether a cache may show its copy without asking.
func keeps(h http.Header) bool {
	said := strings.ToLower(h.Get("Cache-Control"))
	return !strings.Contains(said, "no-cache") && !strings.Contains(said, "no-store")
}

// After the withdrawal nothing that anybody can ask for, no cache that we can
// govern and no file of ours but the police's own record has name or face.
// Guards invariant 7.
func TestAfterWithdrawal(t *testing.T) {
	w := newWorld(t)
	w.open(2, 2)
	face := largePortrait(t)
	kept, err := media.Intake(bytes.NewReader(face))
	if err != nil || kept.Work == nil {
		t.Fatalf("no larger copy is kept of the photo: %v", err)
	}
	id := w.publishedWith(face)
	known := traces{}.word("the name", marker)
	known.picture("the photo's larger copy", kept.Work)
	everything := traces{} // and the photo's address, which the store marks as gone for ever
	all := w.addresses(id)
	for _, a := range all {
		got := ask(t, request{url: w.url(a.path), token: a.token})
		if got.status != http.StatusOK {
			t.Errorf("%s while the alert is live: %d", a.path, got.status)
		}
		if a.picture {
			known.picture("the photo of "+path.Base(a.path), got.body)
			everything["the photo's address "+path.Base(a.path)] = []byte(path.Base(a.path))
		} else if len(known.in(got.body)) == 0 {
			t.Errorf("%s does not carry the live alert", a.path)
		}
		if keeps(got.header) {
			t.Errorf("%s may be kept: %q", a.path, got.header.Get("Cache-Control"))
		}
		a.etag, a.changed = got.header.Get("ETag"), got.header.Get("Last-Modified")
	}
	maps.Copy(everything, known)
	if found, _ := known.files(t, w.conf.Data, func(string) bool { return false }); !slices.ContainsFunc(found, func(f string) bool { return strings.Contains(f, "larger copy") }) {
		t.Error("the larger copy is not found while the alert is live: the search would prove nothing")
	}
	files := func(skip ...string) ([]string, int) {
		return known.files(t, w.conf.Data, func(path string) bool {
			for _, s := range skip {
				if strings.HasSuffix(path, s) {
					return true
				}
			}
			return false
		})
	}
	if found, _ := files("/streams/CASES"); len(found) == 0 {
		t.Error("the search of the files finds nothing while the alert is live: it would prove nothing")
	}

	if err := w.author.Withdraw(t.Context(), id, alert.OutcomeFound); err != nil {
		t.Fatal(err)
	}
	w.gone(all, everything)
	w.everybody(id, 3, 30*time.Second)
	eventually(t, 20*time.Second, "the files forget", func() error {
		found, read := files("/streams/CASES")
		if len(found) > 0 || read == 0 {
			return fmt.Errorf("%d files, found: %s", read, strings.Join(found, "; "))
		}
		return nil
	})
	found, _ := known.files(t, w.stationDir, func(string) bool { return false })
	if len(found) > 0 {
		t.Errorf("the station still has %v", found)
	}
	w.kill() // nor does a restart bring anything back
	w.start()
	w.gone(all, everything)
	if found, _ := files("/streams/CASES"); len(found) > 0 {
		t.Errorf("after a restart: %v", found)
	}
}

// gone asks every address again: as a stranger, and as a cache that has the old answer.
func (w *world) gone(all []*address, known traces) {
	w.t.Helper()
	for _, a := range all {
		ways := map[string]map[string]string{
			"asked anew":                 nil,
			"asked for the packed bytes": {"Accept-Encoding": "gzip"},
		}
		if a.etag != "" {
			ways["asked with its old ETag"] = map[string]string{"If-None-Match": a.etag}
		}
		if a.changed != "" {
			ways["asked with its old time"] = map[string]string{"If-Modified-Since": a.changed}
		}
		for how, header := range ways {
			got := ask(w.t, request{url: w.url(a.path), token: a.token, header: header})
			if got.status != a.after {
				w.t.Errorf("%s %s after the withdrawal: %d, want %d", a.path, how, got.status, a.after)
			}
			if found := known.in(unpacked(w.t, got)); len(found) > 0 {
				w.t.Errorf("%s %s after the withdrawal has %v", a.path, how, found)
			}
		}
	}
}
