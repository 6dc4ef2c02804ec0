package newsroom

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"

	"tocsin/internal/alert"
)

// Every file of the alert has an address, a safe content type and a name that tells nobody's.
func TestFiles(t *testing.T) {
	w := newWorld(t, alert.Drill)
	m := w.publish(w.story(nil))
	b := w.browser("eva")
	for _, tt := range []struct{ name, kind, disposition string }{
		{"alert.xml", "application/cap+xml", `attachment; filename="EXERCISE-alert.xml"`},
		{"1-photo.jpg", "image/jpeg", ""},
		{"1-photo.jpg?download=1", "image/jpeg", `attachment; filename="EXERCISE-1-photo.jpg"`},
		{"2-slide-fr.jpg", "image/jpeg", ""},
		{"3-slide_tall-fr.jpg", "image/jpeg", ""},
		{"5-poster-fr.pdf", "application/pdf", `attachment; filename="EXERCISE-5-poster-fr.pdf"`},
		{"6-audio-fr.wav", "audio/wav", ""},
		{"7-teletext-fr.txt", "text/plain", ""},
		{"8-hologram-en", "application/octet-stream", `attachment; filename="EXERCISE-8-hologram-en"`},
	} {
		res, body := b.get("/newsroom/fr/alerts/" + m.Identifier + "/" + tt.name)
		h := res.Header
		if res.StatusCode != 200 || h.Get("Content-Type") != tt.kind || h.Get("Content-Disposition") != tt.disposition || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %s %q %q", tt.name, res.Status, h.Get("Content-Type"), h.Get("Content-Disposition"))
		}
		if tt.name == "alert.xml" && body != string(m.CAP) {
			t.Error("the signed document is not the signed bytes")
		}
	}
	r := must(http.NewRequestWithContext(t.Context(), "GET", w.URL+"/newsroom/fr/alerts/"+m.Identifier+"/6-audio-fr.wav", nil))(t)
	r.Header.Set("Range", "bytes=0-3")
	if res, body := b.send(r); res.StatusCode != http.StatusPartialContent || body != "RIFF" {
		t.Errorf("a part of the sound: %s %q", res.Status, body)
	}
}

// What the store holds is held against the signed digest, and its troubles have names.
func TestFilesInTrouble(t *testing.T) {
	w := newWorld(t, alert.Live)
	m := w.publish(w.story(nil))
	b := w.browser("eva")
	at := "/newsroom/fr/alerts/" + m.Identifier + "/"
	w.store.put("AAAA.jpg", []byte("another picture"))
	w.store.put("AAAB.jpg", nil)
	for name, want := range map[string]int{"2-slide-fr.jpg": 502, "3-slide_tall-fr.jpg": 410, "4-slide-de.jpg": 200} {
		if res, body := b.get(at + name); res.StatusCode != want || want != 200 && !strings.Contains(body, `"status":`) {
			t.Errorf("%s: %s, want %d\n%.200s", name, res.Status, want, body)
		}
	}
	w.store.fail = errors.New("secret of the store")
	if res, body := b.get(at + "4-slide-de.jpg"); res.StatusCode != 503 || res.Header.Get("Retry-After") == "" || strings.Contains(body, "secret") {
		t.Errorf("no store: %s %s", res.Status, body)
	}
	if res, _ := b.get("/newsroom/fr/"); res.StatusCode != 200 {
		t.Errorf("the page without its store: %s", res.Status)
	}
}

// unzip lists an archive's files; ok is false when it is not whole.
func unzip(body string) (files map[string]string, ok bool) {
	z, err := zip.NewReader(strings.NewReader(body), int64(len(body)))
	if err != nil {
		return nil, false
	}
	files = map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return nil, false
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return nil, false
		}
		files[f.Name] = string(data)
	}
	return files, true
}

func TestEverything(t *testing.T) {
	w := newWorld(t, alert.Drill)
	m := w.publish(w.story(nil))
	w.store.put("AAAC.jpg", []byte("another picture")) // is left out, and said so
	b := w.browser("eva")
	res, body := b.get("/newsroom/de/alerts/" + m.Identifier + "/everything.zip")
	files, ok := unzip(body)
	if !ok || res.Header.Get("Content-Disposition") != `attachment; filename="EXERCISE-alert-7GQ2XKPB4MNT-r1.zip"` {
		t.Fatalf("%s %q, whole: %v", res.Status, res.Header.Get("Content-Disposition"), ok)
	}
	if files["EXERCISE-alert.xml"] != string(m.CAP) {
		t.Error("the signed document is not the signed bytes")
	}
	for _, lang := range m.Languages {
		text := files["EXERCISE-texts-"+string(lang)+".txt"]
		for _, want := range []string{m.Texts[lang].Spoken, m.Texts[lang].Crawl, m.Texts[lang].RadioText, m.Texts[lang].Headline} {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %q", lang, want)
			}
		}
	}
	for i, f := range m.Media {
		name := "EXERCISE-" + fileName(i, f)
		stored, _ := w.store.Get(t.Context(), path.Base(f.URL))
		if i == 3 {
			if _, there := files[name]; there || !strings.Contains(files["EXERCISE-contents.txt"], "MISSING  4-slide-de.jpg") {
				t.Error("a picture that was not signed is in the archive, or is not named as missing")
			}
			continue
		}
		if !bytes.Equal(stored, []byte(files[name])) || !strings.Contains(files["EXERCISE-contents.txt"], f.SHA256+"  "+fileName(i, f)) {
			t.Errorf("%s is not whole in the archive", name)
		}
	}
	for name := range files {
		if strings.Contains(name, girl) {
			t.Errorf("a file's name names the child: %s", name)
		}
	}
}

// A withdrawal in the middle of a download breaks it off: nothing that looks whole leaves after it.
func TestWithdrawnWhileDownloading(t *testing.T) {
	w := newWorld(t, alert.Live)
	m := w.publish(w.story(nil))
	w.store.each = func(name string) {
		if name == "AAAD.pdf" {
			w.store.each = nil
			w.end(m, alert.OutcomeFound) // the files are deleted a moment later
		}
	}
	b := w.browser("eva")
	_, body := b.get("/newsroom/fr/alerts/" + m.Identifier + "/everything.zip")
	if _, whole := unzip(body); whole {
		t.Error("the archive of a withdrawn alert is whole")
	}
	if strings.Contains(body, "%PDF") {
		t.Error("a file left after the withdrawal")
	}
}

// More downloads than there is room for wait their turn, and are told when it does not come.
func TestEverythingAtOnce(t *testing.T) {
	w := newWorld(t, alert.Live)
	m := w.publish(w.story(nil))
	hold := make(chan struct{})
	begun := make(chan struct{}, 100)
	w.store.each = func(string) { begun <- struct{}{}; <-hold }
	b := w.browser("eva")
	got := make(chan string, zipsAtOnce+1)
	for range zipsAtOnce + 1 {
		go func() {
			r, err := http.NewRequest(http.MethodGet, w.URL+"/newsroom/fr/alerts/"+m.Identifier+"/everything.zip", nil)
			if err != nil {
				got <- err.Error()
				return
			}
			res, err := b.Do(r)
			if err != nil {
				got <- err.Error()
				return
			}
			_, err = io.Copy(io.Discard, res.Body)
			got <- fmt.Sprint(res.StatusCode, err, res.Body.Close())
		}()
	}
	for range zipsAtOnce {
		<-begun
	}
	select {
	case <-begun:
		t.Error("more archives are read at once than there is room for")
	case s := <-got:
		t.Error("a download ended early:", s)
	default:
	}
	close(hold)
	for range zipsAtOnce + 1 {
		if s := <-got; s != "200 <nil> <nil>" {
			t.Error(s)
		}
	}
}

// After the withdrawal nothing of the child is left at any address, for anybody.
func TestNothingIsLeft(t *testing.T) {
	w := newWorld(t, alert.Live)
	m := w.publish(w.story(nil))
	b := w.browser("eva")
	_, page := b.get("/newsroom/fr/")
	addresses := []string{"/newsroom/fr/", "/newsroom/fr/?part=1", "/newsroom/en/"}
	for _, attribute := range []string{`src="`, `href="`} {
		for _, part := range strings.Split(page, attribute)[1:] {
			a, _, _ := strings.Cut(part, `"`)
			if strings.HasPrefix(a, "/newsroom/fr/alerts/") && !slices.Contains(addresses, a) {
				addresses = append(addresses, a)
			}
		}
	}
	if len(addresses) < 12 {
		t.Fatalf("only %d addresses on the page: %v", len(addresses), addresses)
	}
	w.withdraw(m, alert.OutcomeFound)
	for _, a := range addresses {
		res, body := b.get(a)
		if strings.Contains(a, "/alerts/") && res.StatusCode != http.StatusGone {
			t.Errorf("%s: %s, want 410", a, res.Status)
		}
		for _, bad := range []string{girl, annaPhoto, "Renault", "AAAA"} {
			if strings.Contains(body, bad) {
				t.Errorf("%s still says %q", a, bad)
			}
		}
	}
	if strings.Contains(w.logged.String(), girl) {
		t.Error("the log names the child")
	}
}
