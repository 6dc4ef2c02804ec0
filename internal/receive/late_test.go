package receive

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// slowPicture is a host of pictures that answers when it is told to.
func slowPicture(t *testing.T, photo []byte) (url string, let chan struct{}, asked *atomic.Int32) {
	t.Helper()
	let, asked = make(chan struct{}), new(atomic.Int32)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		select {
		case <-let:
			_, _ = w.Write(photo)
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(func() { srv.CloseClientConnections(); srv.Close() })
	return srv.URL, let, asked
}

// One line fetches the picture of an alert while the other brings its
// withdrawal: the child's picture must not come back.
func TestLatePictureDoesNotOutliveTheWithdrawal(t *testing.T) {
	photo := []byte("\xff\xd8 a photo")
	url, let, asked := slowPicture(t, photo)
	a, b := newFeed(t), newFeed(t)
	dir := t.TempDir()
	x := start(t, dir, nil, a, b)
	for _, f := range []*feed{a, b} {
		x.until("connected", func() bool { f.mu.Lock(); defer f.mu.Unlock(); return len(f.resumes) == 1 })
	}
	a.put(alertOf("zoe", 1, "Alert", picture{url + "/p.jpg", photo}))
	x.until("the picture is asked for", func() bool { return asked.Load() == 1 })
	b.put(alertOf("zoe", 2, "Cancel"))
	x.until("it is withdrawn", func() bool { return count(b.states(), "zoe.2 removed")+count(a.states(), "zoe.2 removed") > 0 })
	close(let)
	a.put(alertOf("end", 1, "Alert"))
	x.until("the line goes on", func() bool { return slices.Contains(x.got(), "end-1") })
	for _, name := range files(t, dir) {
		if strings.HasPrefix(name, "zoe-1") {
			t.Errorf("%s was written after the withdrawal", name)
		}
	}
	if got := x.got(); slices.Contains(got, "zoe-1") {
		t.Errorf("the alert was shown after its withdrawal: %v", got)
	}
	x.Receiver.mu.Lock()
	defer x.Receiver.mu.Unlock()
	if h := x.state.Cases["zoe"]; h.Revision != 2 || !slices.Contains(h.Earlier, "zoe.1") {
		t.Errorf("state %+v", h)
	}
}

// A host of pictures that hangs delays the first alert by some seconds, and the rest of a burst not at all.
func TestHangingPicturesDoNotHoldUpTheWords(t *testing.T) {
	photo := []byte("\xff\xd8 a photo")
	url, let, _ := slowPicture(t, photo)
	defer close(let)
	f := newFeed(t)
	for _, id := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		f.log = append(f.log, alertOf(id, 1, "Alert", picture{url + "/" + id, photo}))
	}
	began := time.Now()
	x := start(t, t.TempDir(), nil, f)
	x.until("all words are there", func() bool { return len(x.got()) == 8 })
	if took := time.Since(began); took > 4*firstWait { // each would have waited: eight times
		t.Errorf("it took %v", took)
	}
	if !x.alarmed(AlarmMedia) {
		t.Error("no alarm")
	}
}

// Power is cut before the picture could be had: it is asked for again after the restart.
func TestMissingPictureIsAskedForAfterARestart(t *testing.T) {
	photo := []byte("\xff\xd8 a photo")
	var down atomic.Bool
	down.Store(true)
	pics := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down.Load() && r.URL.Path == "/b.jpg" {
			w.WriteHeader(503)
			return
		}
		_, _ = w.Write(photo)
	}))
	defer pics.Close()
	f := newFeed(t)
	dir := t.TempDir()
	f.log = []map[string]any{alertOf("zoe", 1, "Alert", picture{pics.URL + "/a.jpg", photo}, picture{pics.URL + "/b.jpg", photo})}
	x := start(t, dir, nil, f)
	x.until("the words are there", func() bool { return count(f.states(), "zoe.1 received") == 1 })
	if s := x.Status(); s.Alerts[0].Missing != 1 {
		t.Errorf("the status says that %d are missing", s.Alerts[0].Missing)
	}
	x.stop()
	down.Store(false)
	x = start(t, dir, nil, f)
	x.mendAll(t.Context())
	m := readManifest(t, dir, "zoe-1")
	if len(m.Media) != 2 || m.Media[1].File != "photo-2.jpg" || m.Media[1].Error != "" || m.Media[1].URL != "" {
		t.Errorf("manifest %+v", m.Media)
	}
	if s := x.Status(); s.Alerts[0].Missing != 0 || len(s.Alarms) != 0 {
		t.Errorf("status %+v", s)
	}
}

// The address to ask after a restart comes from the disk: what is not in the signed document is not asked.
func TestManifestIsNotTrusted(t *testing.T) {
	url, let, asked := slowPicture(t, nil)
	defer close(let)
	f := newFeed(t)
	dir := t.TempDir()
	f.log = []map[string]any{alertOf("zoe", 1, "Alert")}
	x := start(t, dir, nil, f)
	x.until("stored", func() bool { return len(f.states()) == 1 })
	x.stop()
	m := readManifest(t, dir, "zoe-1")
	m.Media = []mediaFile{{Kind: "photo", MIME: "image/jpeg", URL: url + "/x", Bytes: 5, Error: "no answer"}}
	data, err := m.encode()
	if err == nil {
		err = writeFile(dir+"/alerts/zoe-1/manifest.json", data)
	}
	if err != nil {
		t.Fatal(err)
	}
	x = start(t, dir, nil, f)
	x.mendAll(t.Context())
	if n := asked.Load(); n != 0 {
		t.Errorf("a stranger's address was asked %d times", n)
	}
}

// The log was made anew: what is owed goes to the new one.
func TestReceiptsFollowANewEpoch(t *testing.T) {
	f := newFeed(t)
	dir := t.TempDir()
	f.log = []map[string]any{alertOf("zoe", 1, "Alert")}
	x := start(t, dir, nil, f)
	x.until("stored", func() bool { return len(f.states()) == 1 })
	x.stop()
	f.mu.Lock()
	f.epoch = "e2"
	f.receipts = nil
	f.mu.Unlock()
	if _, err := Note(dir, Receipt{State: "on_air"}); err != nil {
		t.Fatal(err)
	}
	x = start(t, dir, nil, f)
	x.until("it is sent", func() bool { return count(f.states(), "zoe.1 on_air") == 1 && count(f.states(), "zoe.1 received") == 1 })
	if got := x.got(); len(got) != 0 {
		t.Errorf("stored again: %v", got)
	}
}
