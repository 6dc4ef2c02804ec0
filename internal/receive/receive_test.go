package receive

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func count(list []string, s string) (n int) {
	for _, x := range list {
		if x == s {
			n++
		}
	}
	return n
}

func TestRevisionIsStoredThenAcknowledged(t *testing.T) {
	photo := []byte("\xff\xd8 a photo")
	pics := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/p.jpg":
			_, _ = w.Write(photo)
		case "/moved.jpg":
			http.Redirect(w, r, "/p.jpg", http.StatusFound)
		default:
			_, _ = w.Write([]byte("\xff\xd8 b photo"))
		}
	}))
	defer pics.Close()
	f := newFeed(t)
	dir := t.TempDir()
	x := start(t, dir, nil, f)
	frame := alertOf("zoe", 1, "Alert", picture{pics.URL + "/p.jpg", photo}, picture{pics.URL + "/other.jpg", photo}, picture{pics.URL + "/moved.jpg", photo})
	x.until("connected", func() bool { f.mu.Lock(); defer f.mu.Unlock(); return len(f.resumes) == 1 })
	f.put(frame)
	x.until("acknowledged", func() bool { return count(f.states(), "zoe.1 received") == 1 })
	want := []string{"cap.xml", "fr-crawl.txt", "fr-headline.txt", "fr-radiotext.txt", "fr-spoken.txt", "manifest.json", "photo.jpg"}
	for i := range want {
		want[i] = filepath.Join("zoe-1", want[i])
	}
	if got := files(t, dir); !slices.Equal(got, want) {
		t.Errorf("files %v", got)
	}
	for name, want := range map[string]string{"cap.xml": frame["cap"].(string), "fr-headline.txt": "Zoé <7> & co\n", "photo.jpg": string(photo)} {
		if got, err := os.ReadFile(filepath.Join(dir, "alerts", "zoe-1", name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	m := readManifest(t, dir, "zoe-1")
	if m.Identifier != "zoe.1" || len(m.Media) != 3 || m.Media[0].File != "photo.jpg" || m.Media[1].File != "" || m.Media[1].Error == "" || m.Media[2].Error != "status 302" {
		t.Errorf("manifest %+v", m)
	}
	if !x.alarmed(AlarmMedia) {
		t.Error("a picture that is not what was signed raised no alarm")
	}
}

// A kit has kinds with words in them, and a newer feed may have others: none of
// them may cost the station the alert.
func TestEveryKindOfMediaIsTaken(t *testing.T) {
	data := []byte("\xff\xd8 a slide")
	pics := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(data) }))
	defer pics.Close()
	f := newFeed(t)
	dir := t.TempDir()
	kinds := []string{"photo", "slide", "slide_tall", "slide_square", "poster", "audio", "teletext", "hologram-3d"}
	var all []picture
	for _, kind := range kinds {
		all = append(all, picture{pics.URL + "/" + kind, data})
	}
	frame := alertOf("zoe", 1, "Alert", all...)
	for i, m := range frame["media"].([]map[string]any) {
		m["kind"], m["lang"] = kinds[i], "fr"
	}
	f.log = []map[string]any{frame}
	x := start(t, dir, nil, f)
	x.until("stored", func() bool { return len(f.states()) == 1 })
	for i, m := range readManifest(t, dir, "zoe-1").Media {
		if want := kinds[i] + "-fr.jpg"; m.File != want {
			t.Errorf("%s is in %q: %s", kinds[i], m.File, m.Error)
		}
	}
}

func TestMissingPictureIsFetchedLater(t *testing.T) {
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
	x := start(t, dir, func(o *Options) { o.Exec = []string{"/bin/sh", "-c", `ls $TOCSIN_DIR | grep -c photo >> ran`} }, f)
	ran := func() string { b, _ := os.ReadFile(filepath.Join(dir, "ran")); return string(b) }
	x.until("the words are there without it", func() bool { return count(f.states(), "zoe.1 received") == 1 && ran() == "1\n" })
	x.mendAll(t.Context())
	down.Store(false)
	x.mendAll(t.Context())
	m := readManifest(t, dir, "zoe-1")
	if len(m.Media) != 2 || m.Media[0].File != "photo.jpg" || m.Media[1].File != "photo-2.jpg" || m.Media[1].Error != "" {
		t.Errorf("manifest %+v", m.Media)
	}
	x.until("the command ran again", func() bool { return ran() == "1\n2\n" })
	f.put(alertOf("zoe", 2, "Cancel"))
	x.until("removed, and the command ended", func() bool {
		x.Receiver.mu.Lock()
		defer x.Receiver.mu.Unlock()
		return count(f.states(), "zoe.2 removed") == 1 && !x.state.Cases["zoe"].Run
	})
	x.Receiver.mu.Lock()
	defer x.Receiver.mu.Unlock()
	if len(x.wanting) != 0 {
		t.Error("a withdrawn case is still in memory")
	}
}

func TestNothingUnsignedIsStoredOrRun(t *testing.T) {
	good := alertOf("zoe", 1, "Alert")
	doc := good["cap"].(string)
	texts := func(field, text string) map[string]any {
		w := map[string]any{"headline": "Zoé <7> & co", "spoken": "Zoé,\nsept ans", "spoken_seconds": 3, "crawl": "Zoé 7", "radiotext": "Zoe"}
		w[field] = text
		return map[string]any{"texts": map[string]any{"fr": w}}
	}
	tests := []struct {
		name  string
		frame map[string]any
	}{
		{"no signature", change(good, map[string]any{"cap": strings.TrimSuffix(doc, seal)})},
		{"a byte changed on the way", change(good, map[string]any{"cap": doc + " ", "cap_sha256": good["cap_sha256"]})},
		{"not XML", change(good, map[string]any{"cap": "hello" + seal})},
		{"another's document", change(good, map[string]any{"cap": alertOf("leo", 1, "Alert")["cap"]})},
		{"another headline", change(good, texts("headline", "Léo"))},
		{"another spoken text", change(good, texts("spoken", "Léo"))},
		{"another crawl", change(good, texts("crawl", "Léo"))},
		{"another radiotext", change(good, texts("radiotext", "Léo"))},
		{"a language that was not signed", change(good, map[string]any{"texts": map[string]any{"de": map[string]any{"headline": "x"}}})},
		{"another case", change(good, map[string]any{"case": "leo"})},
		{"another revision", change(good, map[string]any{"revision": 2})},
		{"another type", change(good, map[string]any{"msg_type": "Cancel"})},
		{"another status", change(good, map[string]any{"status": "Exercise"})},
		{"a case that leads out of the folder", change(good, map[string]any{"case": "../../etc"})},
		{"a language that leads out of the folder", change(good, map[string]any{"texts": map[string]any{"../x": map[string]any{}}})},
		{"a type nobody knows", change(good, map[string]any{"msg_type": "Error"})},
		{"another time", change(good, map[string]any{"sent": "2026-01-01T00:00:00Z"})},
		{"another length of speech", change(good, map[string]any{"texts": map[string]any{"fr": map[string]any{
			"headline": "Zoé <7> & co", "spoken": "Zoé,\nsept ans", "spoken_seconds": 4, "crawl": "Zoé 7", "radiotext": "Zoe",
		}}})},
		{"no texts", change(good, map[string]any{"texts": map[string]any{}})},
		{"revision 0", change(good, map[string]any{"revision": 0})},
		{"endless media", change(good, map[string]any{"media": []map[string]any{{"kind": "photo", "bytes": 1 << 40}}})},
		{"media of a strange kind", change(good, map[string]any{"media": []map[string]any{{"kind": "../x", "bytes": 1}}})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFeed(t)
			f.log = []map[string]any{tt.frame, alertOf("after", 1, "Alert")}
			dir := t.TempDir()
			x := start(t, dir, func(o *Options) { o.Exec = []string{"/bin/sh", "-c", `echo $TOCSIN_CASE >> ran`} }, f)
			x.until("the next one is there", func() bool { return len(x.got()) > 0 })
			if got := x.got(); !slices.Equal(got, []string{"after-1"}) || !x.alarmed(AlarmForged) {
				t.Errorf("stored %v, alarm %v", got, x.alarmed(AlarmForged))
			}
			x.until("the command ran", func() bool { _, err := os.Stat(filepath.Join(dir, "ran")); return err == nil })
			x.until("acknowledged", func() bool { return len(f.states()) > 0 })
			if got := f.states(); count(got, "after.1 received") != len(got) {
				t.Errorf("receipts %v", got)
			}
			for _, name := range files(t, dir) {
				if !strings.HasPrefix(name, "after-1/") {
					t.Errorf("%s was written", name)
				}
			}
		})
	}
}

func TestRestartTwiceNothingTwice(t *testing.T) {
	f := newFeed(t)
	dir := t.TempDir()
	run := func(o *Options) {
		o.Exec = []string{"/bin/sh", "-c", `echo "$TOCSIN_CASE $TOCSIN_REVISION $TOCSIN_MSG_TYPE $TOCSIN_STATUS $(cat $TOCSIN_DIR/fr-crawl.txt)" >> ran`}
	}
	ran := func() string { b, _ := os.ReadFile(filepath.Join(dir, "ran")); return string(b) }
	f.log = []map[string]any{alertOf("zoe", 1, "Alert"), alertOf("zoe", 2, "Update")}
	want := "zoe 1 Alert Actual Zoé 7\nzoe 2 Update Actual Zoé 7\n"
	x := start(t, dir, run, f)
	x.until("both are acknowledged and run", func() bool {
		x.Receiver.mu.Lock()
		defer x.Receiver.mu.Unlock()
		return len(x.state.Owed) == 0 && len(x.state.Cases) == 1 && x.state.Cases["zoe"].Revision == 2 && !x.state.Cases["zoe"].Run
	})
	x.stop()
	for range 2 {
		f.mu.Lock()
		f.resumes = nil
		f.mu.Unlock()
		x = start(t, dir, run, f)
		x.until("connected", func() bool { f.mu.Lock(); defer f.mu.Unlock(); return len(f.resumes) == 1 })
		f.mu.Lock()
		if got := f.resumes[0]["cursor"]; got != "e1-2" {
			t.Errorf("resumed at %v", got)
		}
		f.mu.Unlock()
		x.stop()
	}
	f.mu.Lock()
	f.epoch = "e2" // the log was restored: everything comes once more
	f.mu.Unlock()
	x = start(t, dir, run, f)
	f.put(alertOf("leo", 1, "Alert"))
	x.until("the new one ran", func() bool { return strings.Contains(ran(), "leo") })
	if got := strings.Replace(ran(), "leo 1 Alert Actual Zoé 7\n", "", 1); !strings.HasSuffix(want, got) || strings.Count(got, "zoe 2") != 1 {
		t.Errorf("ran:\n%s", ran())
	}
	if got := x.got(); !slices.Equal(got, []string{"leo-1"}) {
		t.Errorf("after the restart %v came again", got)
	}
}

func TestTwoFeedsBringEachRevisionOnce(t *testing.T) {
	a, b := newFeed(t), newFeed(t)
	dir := t.TempDir()
	x := start(t, dir, nil, a, b)
	for _, f := range []*feed{a, b} {
		x.until("connected", func() bool { f.mu.Lock(); defer f.mu.Unlock(); return len(f.resumes) == 1 })
	}
	var want []string
	for i := range 10 {
		frame := alertOf(fmt.Sprintf("c%d", i), 1, "Alert")
		first, second := a, b
		if i%2 == 1 {
			first, second = b, a
		}
		first.put(frame)
		second.put(frame)
		want = append(want, fmt.Sprintf("c%d-1", i))
	}
	x.until("all are acknowledged", func() bool { return len(a.states())+len(b.states()) >= 10 })
	got := x.got()
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("stored %v", got)
	}
	if all := append(a.states(), b.states()...); len(all) != 10 {
		t.Errorf("receipts %v", all)
	}
	a.srv.CloseClientConnections() // one node dies; the other carries on
	b.put(alertOf("last", 1, "Alert"))
	x.until("the last one is there", func() bool { return slices.Contains(x.got(), "last-1") })
}

func TestWithdrawalRemovesTheFiles(t *testing.T) {
	f := newFeed(t)
	dir := t.TempDir()
	f.log = []map[string]any{alertOf("zoe", 1, "Alert"), alertOf("leo", 1, "Alert"), alertOf("zoe", 2, "Update")}
	x := start(t, dir, nil, f)
	x.until("all are there", func() bool { return len(x.got()) == 3 })
	f.put(alertOf("zoe", 3, "Cancel"))
	x.until("removal is acknowledged", func() bool { return count(f.states(), "zoe.3 removed") == 1 })
	if count(f.states(), "zoe.3 received") != 1 {
		t.Errorf("receipts %v", f.states())
	}
	for _, name := range files(t, dir) {
		if strings.HasPrefix(name, "zoe-") && !strings.HasPrefix(name, "zoe-3/") {
			t.Errorf("%s is still there", name)
		}
	}
	if !slices.Contains(files(t, dir), "leo-1/cap.xml") {
		t.Error("another case lost its files")
	}
	f.put(alertOf("zoe", 2, "Update")) // an old revision is played again
	f.put(alertOf("zoe", 4, "Update"))
	f.put(alertOf("end", 1, "Alert"))
	x.until("the last one is there", func() bool { return slices.Contains(x.got(), "end-1") })
	if got := x.got(); len(got) != 5 {
		t.Errorf("stored after the withdrawal: %v", got)
	}
	for _, name := range []string{"state.json", "log.jsonl"} {
		if data, err := os.ReadFile(filepath.Join(dir, name)); err != nil || strings.Contains(string(data), "Zo\u00e9") {
			t.Errorf("%s: %v, or it names the child", name, err)
		}
	}
}

func TestCrashInTheMiddleOfAWithdrawal(t *testing.T) {
	f := newFeed(t)
	dir := t.TempDir()
	f.log = []map[string]any{alertOf("zoe", 1, "Alert"), alertOf("zoe", 2, "Cancel")}
	x := start(t, dir, nil, f)
	x.until("withdrawn", func() bool { return count(f.states(), "zoe.2 removed") == 1 })
	x.stop()
	for _, left := range []string{"zoe-1", ".zoe-1.new", ".leo-1.new"} { // what a crash may leave
		if err := os.MkdirAll(filepath.Join(dir, "alerts", left), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	start(t, dir, nil, f).stop()
	entries, _ := os.ReadDir(filepath.Join(dir, "alerts"))
	if len(entries) != 1 || entries[0].Name() != "zoe-2" {
		t.Errorf("left over: %v", entries)
	}
}

func TestEndOfAnAlertRemovesTheFiles(t *testing.T) {
	f := newFeed(t)
	dir := t.TempDir()
	frame := alertOf("zoe", 1, "Alert")
	old := time.Now().Add(2 * time.Hour).Truncate(time.Second).Format(time.RFC3339)
	soon := time.Now().Add(1500 * time.Millisecond).Format(time.RFC3339Nano)
	past := time.Now().Add(-time.Hour).Format(time.RFC3339)
	doc := frame["cap"].(string)
	swap := func(at string) string {
		i := strings.Index(doc, "<expires>") + len("<expires>")
		return doc[:i] + at + doc[i+len(old):]
	}
	f.log = []map[string]any{change(frame, map[string]any{"cap": swap(past)}), change(frame, map[string]any{"cap": swap(soon)})}
	x := start(t, dir, nil, f)
	x.until("stored", func() bool { return len(x.got()) == 1 })
	x.until("removed", func() bool { return count(f.states(), "zoe.1 removed") == 1 })
	if got := files(t, dir); len(got) != 0 {
		t.Errorf("left over: %v", got)
	}
}

func TestReceiptsOnCommand(t *testing.T) {
	f := newFeed(t)
	dir := t.TempDir()
	f.log = []map[string]any{alertOf("zoe", 1, "Alert")}
	x := start(t, dir, nil, f)
	x.until("stored", func() bool { return len(f.states()) == 1 })
	f.srv.CloseClientConnections()
	for _, r := range []Receipt{
		{Identifier: "zoe.1", Revision: 1, State: "on_air", By: "Anna", Channel: "La Une"},
		{Identifier: "zoe.1", Revision: 1, State: "declined", Reason: "football"},
	} {
		if err := x.Report(r); err != nil {
			t.Errorf("%s: %v", r.State, err)
		}
	}
	for _, r := range []Receipt{
		{Identifier: "zoe.1", Revision: 1, State: "aired"},
		{Identifier: "zoe.1", Revision: 1, State: "declined"},
		{Identifier: "zoe.1", Revision: 2, State: "seen"},
		{Identifier: "leo.1", Revision: 1, State: "seen"},
	} {
		if err := x.Report(r); err == nil {
			t.Errorf("%+v was taken", r)
		}
	}
	x.until("both came after the reconnect", func() bool {
		return count(f.states(), "zoe.1 on_air") > 0 && count(f.states(), "zoe.1 declined") > 0
	})
	x.until("nothing is owed", func() bool { x.Receiver.mu.Lock(); defer x.Receiver.mu.Unlock(); return len(x.state.Owed) == 0 })
}

func TestRefusedReceiptIsNotRepeated(t *testing.T) {
	for retry, owed := range map[bool]int{false: 0, true: 1} {
		f := newFeed(t)
		f.refuse = map[string]any{"type": "receipt_refused", "code": "x", "retry": retry}
		f.log = []map[string]any{alertOf("zoe", 1, "Alert")}
		dir := t.TempDir()
		x := start(t, dir, nil, f)
		x.until("refused", func() bool { // and the answer has been heard, which changes nothing where it is to be repeated
			x.Receiver.mu.Lock()
			defer x.Receiver.mu.Unlock()
			return len(f.states()) == 1 && len(x.state.Owed) == owed
		})
		x.stop()
		s, err := loadState(dir)
		if err != nil || len(s.Owed) != owed {
			t.Errorf("retry %v: %d owed, %v", retry, len(s.Owed), err)
		}
	}
}
