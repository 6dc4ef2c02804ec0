package newsroom

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// hostile is text that would be markup, script or another address if anybody let it.
const hostile = `</p><script>alert(1)</script><img src=x onerror=alert(1)>"'{{.}}`

// alive is what of it would be alive: the template escapes every < and > of a text.
var alive = []string{"<script>alert", "<img src=x", "alert(1)>", `onerror=alert(1)"`}

// Text of a case, of a station, of a person and of a file is text everywhere.
func TestHostileTexts(t *testing.T) {
	w := newWorld(t, alert.Live)
	w.station(nord, hostile, alert.French, "BE")
	w.sealed = func(m *alert.Message) {
		for lang, x := range m.Texts {
			x.Headline, x.Spoken, x.Crawl, x.RadioText, x.Description, x.Instruction = hostile, hostile, hostile, hostile, hostile, hostile
			m.Texts[lang] = x
		}
		m.Areas[0].Names = map[alert.Lang]string{"fr": hostile, "en": hostile}
	}
	teletext := w.put("media/BBBB.txt", "teletext", "fr", hostile, "text/plain", []byte(hostile))
	photo := w.put("photos/BBBC.jpg", `pho"to<`, "fr", hostile, `image/jpeg`, picture(480, 600))
	other := w.put("media/BBBD", hostile, "fr", hostile, `text/html`, []byte(hostile))
	svg := w.put("media/BBBE.svg", "slide", "fr", hostile, `image/svg+xml`, []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`))
	m := w.publish(w.story(func(m *alert.Message) { m.Media = []alert.Media{teletext, photo, other, svg} }))
	w.report(m, adapter.Report{Recipient: nord, State: adapter.Declined, By: hostile, Reason: hostile})
	b := w.browser("eva")
	b.say(m, "state", "declined", "reason", "other", "words", hostile)
	for _, address := range []string{"/newsroom/fr/", "/newsroom/fr/?part=1", "/newsroom/fr/?done=" + url.QueryEscape(hostile)} {
		res, body := b.get(address)
		if res.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", address, res.Status)
		}
		for _, bad := range alive {
			if strings.Contains(body, bad) {
				t.Errorf("%s holds %q", address, bad)
			}
		}
		if !strings.Contains(body, "&lt;script&gt;alert(1)") {
			t.Errorf("%s does not show the text at all", address)
		}
	}
	for _, name := range []string{fileName(2, other), fileName(3, svg)} {
		res, _ := b.get("/newsroom/fr/alerts/" + m.Identifier + "/" + name)
		if res.Header.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(res.Header.Get("Content-Disposition"), "attachment") {
			t.Errorf("%s may be shown as %q", name, res.Header.Get("Content-Type"))
		}
	}
	for _, name := range []string{fileName(1, photo), fileName(2, other)} {
		if !regexp.MustCompile(`^[0-9]+-[a-z0-9_.-]+$`).MatchString(name) {
			t.Errorf("a file is called %q", name)
		}
	}
}

// A forged document is shown as what it is, and never as genuine.
func TestForgedAlert(t *testing.T) {
	for name, forge := range map[string]func(*alert.Message){
		"changed after signing": func(m *alert.Message) {
			m.CAP = []byte(strings.Replace(string(m.CAP), girl, "Somebody", 1))
		},
		"not signed": func(m *alert.Message) { m.CAP = nil },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, alert.Live)
			w.sealed = forge
			w.publish(w.story(nil))
			_, body := w.browser("eva").get("/newsroom/fr/")
			if strings.Contains(body, "Authentique.") || !strings.Contains(body, "Non vérifiée.") {
				t.Error("the alert passes for genuine")
			}
		})
	}
	w := newWorld(t, alert.Live)
	w.publish(w.story(nil))
	_, body := w.browser("eva").get("/newsroom/fr/")
	if !strings.Contains(body, "Authentique.") || !strings.Contains(body, "BEPOL live") || !strings.Contains(body, w.fingerprint()) {
		t.Error("a genuine alert does not say who signed it")
	}
}

func (w *world) fingerprint() string { return fingerprint(w.signer.Certificate().Raw) }

// An exercise says so in every language, on every page and in every file's name; the link test is no alert.
func TestExercise(t *testing.T) {
	w := newWorld(t, alert.Drill)
	w.publish(w.story(nil))
	b := w.browser("eva")
	for lang, word := range map[string]string{"en": "EXERCISE", "fr": "EXERCICE", "de": "ÜBUNG", "it": "ESERCITAZIONE", "ru": "УЧЕНИЯ", "es": "SIMULACRO"} {
		_, body := b.get("/newsroom/" + lang + "/")
		if !strings.Contains(body, `<strong>`+word+`</strong>`) || !strings.Contains(body, "<title>"+word) {
			t.Errorf("%s: the page does not say %s", lang, word)
		}
	}
	w.publish(w.story(func(m *alert.Message) {
		m.Case, m.Status, m.Facts, m.Media = "TESTTESTTEST", alert.StatusTest, nil, nil
	}))
	if _, body := b.get("/newsroom/fr/"); strings.Contains(body, "TESTTESTTEST") {
		t.Error("a link test is shown as an alert")
	}
}
