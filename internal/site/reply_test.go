package site

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-chi/chi/v5"

	"tocsin/internal/alert"
	"tocsin/internal/current"
)

// kept are addresses whose answers a reader may ask for again by ETag.
var kept = []string{
	"/fr/", "/fr/subscribe", "/fr/privacy", "/fr/partners", "/feed.atom", "/feed.json", "/v1/alerts", "/v1/events", "/v1/regions",
	"/v1/regions?country=BE", "/embed/v1/alerts.json", "/embed/v1/frame", "/embed/v1.js", "/.well-known/tocsin.json",
	"/v1/openapi.yaml", "/robots.txt", "/sw.js", "/favicon.svg", "/manifest.webmanifest",
}

func TestETags(t *testing.T) {
	w := newWorld(t, nil)
	m := w.publish(w.story(nil))
	for _, address := range append(kept, "/fr/alerts/"+m.Case, "/cap/"+m.Identifier+".xml", "/v1/alerts/"+m.Case, "/photos/"+annaPhoto+".jpg") {
		r := w.get(address)
		body, tag := text(t, r), r.Header.Get("ETag")
		if r.StatusCode != http.StatusOK || len(tag) < 10 || strings.HasPrefix(tag, "W/") || r.Header.Get("Cache-Control") == "" {
			t.Errorf("%s: %d, ETag %q, Cache-Control %q", address, r.StatusCode, tag, r.Header.Get("Cache-Control"))
			continue
		}
		for match, want := range map[string]int{
			tag: 304, "W/" + tag: 304, `"other", ` + tag: 304, "*": 304, `"other"`: 200, "": 200,
		} {
			again := w.get(address, "If-None-Match", match)
			if got := text(t, again); again.StatusCode != want || want == 304 && got != "" || want == 200 && got != body {
				t.Errorf("%s with If-None-Match %s: %d, %d bytes", address, match, again.StatusCode, len(got))
			}
			if again.Header.Get("ETag") != tag {
				t.Errorf("%s: 304 without the tag", address)
			}
		}
	}
}

func TestGzip(t *testing.T) {
	w := newWorld(t, nil)
	w.publish(w.story(nil))
	for _, address := range []string{"/fr/", "/feed.atom", "/v1/alerts", "/v1/openapi.yaml", "/embed/v1.js"} {
		plain := w.get(address)
		body := text(t, plain)
		packed := w.get(address, "Accept-Encoding", "br, gzip;q=0.8")
		if packed.Header.Get("Content-Encoding") != "gzip" || packed.Header.Get("ETag") == plain.Header.Get("ETag") {
			t.Errorf("%s: %v: other bytes need another tag", address, packed.Header)
			continue
		}
		if plain.Header.Get("Vary") != "Accept-Encoding" || packed.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s: Vary is missing", address)
		}
		z, err := gzip.NewReader(packed.Body)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(z); err != nil || string(got) != body {
			t.Errorf("%s: %d bytes unpacked, want %d: %v", address, len(got), len(body), err)
		}
		for _, tag := range []string{packed.Header.Get("ETag"), plain.Header.Get("ETag")} {
			again := w.get(address, "Accept-Encoding", "gzip", "If-None-Match", tag)
			if again.StatusCode != http.StatusNotModified || again.Header.Get("Content-Encoding") != "" {
				t.Errorf("%s: %s is known, and the answer is %d %v", address, tag, again.StatusCode, again.Header)
			}
		}
	}
	for accept, want := range map[string]string{"": "", "gzip;q=0": "", "br": "", "*": "gzip", "identity, gzip": "gzip", "x-gzip": ""} {
		if got := w.get("/feed.atom", "Accept-Encoding", accept).Header.Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %q: %q, want %q", accept, got, want)
		}
	}
	if got := w.get("/photos/"+annaPhoto+".jpg", "Accept-Encoding", "gzip").Header.Get("Content-Encoding"); got != "" {
		t.Errorf("a picture is packed: %q", got)
	}
	if got := w.get("/robots.txt", "Accept-Encoding", "gzip").Header.Get("Content-Encoding"); got != "" {
		t.Errorf("fifty bytes are packed: %q", got)
	}
}

func TestHead(t *testing.T) {
	w := newWorld(t, nil)
	m := w.publish(w.story(nil))
	// Mounted as the app does it, behind a router of its own.
	outer := chi.NewRouter()
	outer.Handle("/*", w.handler)
	for name, h := range map[string]http.Handler{"alone": w.handler, "behind a router": outer} {
		w.handler = h
		for _, address := range append(kept, "/fr/alerts/"+m.Case, "/photos/"+annaPhoto+".jpg") {
			get, head := w.get(address), w.ask(http.MethodHead, address, nil)
			if body := text(t, head); head.StatusCode != http.StatusOK || body != "" {
				t.Errorf("%s, HEAD %s: %d with %d bytes", name, address, head.StatusCode, len(body))
			}
			for _, field := range []string{"Content-Length", "Content-Type", "ETag", "Cache-Control"} {
				if get.Header.Get(field) != head.Header.Get(field) {
					t.Errorf("%s, HEAD %s: %s is %q, GET has %q", name, address, field, head.Header.Get(field), get.Header.Get(field))
				}
			}
		}
	}
}

func TestOtherSitesMayRead(t *testing.T) {
	w := newWorld(t, nil)
	m := w.publish(w.story(nil))
	openTo := []string{
		"/feed.atom", "/feed.json", "/v1/alerts", "/v1/alerts/" + m.Case, "/v1/events", "/v1/regions", "/cap/" + m.Identifier + ".xml",
		"/photos/" + annaPhoto + ".jpg", "/embed/v1.js", "/embed/v1/alerts.json", "/embed/v1/frame", "/.well-known/tocsin.json", "/v1/openapi.yaml",
		"/v1/alerts/NONE", "/photos/none", "/feed.atom?lang=xx",
	}
	for _, address := range openTo {
		h := w.get(address, "Origin", "https://paper.example").Header
		if h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Credentials") != "" || h.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
			t.Errorf("%s: %v", address, h)
		}
		asked := w.ask(http.MethodOptions, address, nil, "Origin", "https://paper.example", "Access-Control-Request-Headers", "if-none-match")
		if asked.StatusCode != http.StatusNoContent || !strings.Contains(asked.Header.Get("Access-Control-Allow-Headers"), "If-None-Match") {
			t.Errorf("OPTIONS %s: %d %v", address, asked.StatusCode, asked.Header)
		}
	}
	for _, address := range []string{"/fr/", "/fr/alerts/" + m.Case, "/fr/subscribe", "/sw.js"} {
		h := w.get(address).Header
		if h.Get("Access-Control-Allow-Origin") != "" || h.Get("Cross-Origin-Resource-Policy") != "same-origin" {
			t.Errorf("%s is open to other sites: %v", address, h)
		}
	}
}

func TestSecurityHeaders(t *testing.T) {
	w := newWorld(t, nil)
	for address, frames := range map[string]string{"/fr/": "'none'", "/embed/v1/frame": "*", "/v1/alerts": "'none'", "/nowhere": "'none'"} {
		h := w.get(address).Header
		csp := h.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none'; script-src 'self'; ") || !strings.HasSuffix(csp, "frame-ancestors "+frames) || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", address, csp)
		}
		for field, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Strict-Transport-Security": "max-age=31536000"} {
			if h.Get(field) != want {
				t.Errorf("%s: %s is %q", address, field, h.Get(field))
			}
		}
		if len(w.get(address).Cookies()) > 0 {
			t.Errorf("%s sets a cookie", address)
		}
	}
}

// Two changes in one second must never look the same to who asks by time.
func TestLastModified(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.publish(w.story(nil))
		if got := w.get("/feed.atom").Header.Get("Last-Modified"); got != "" {
			t.Errorf("a time is told while its second lasts: %s", got)
		}
		time.Sleep(5 * time.Second)
		told := w.get("/feed.atom").Header.Get("Last-Modified")
		if r := w.get("/feed.atom", "If-Modified-Since", told); told == "" || r.StatusCode != http.StatusNotModified {
			t.Errorf("Last-Modified %q, then %d", told, r.StatusCode)
		}
		w.publish(w.story(func(m *alert.Message) { m.Case = "7GQ2XKPB4MNX" }))
		if r := w.get("/feed.atom", "If-Modified-Since", told); r.StatusCode != http.StatusOK {
			t.Errorf("after a change: %d", r.StatusCode)
		}
		// An expiry is no message, and yet a change.
		time.Sleep(5 * time.Second)
		told = w.get("/feed.atom").Header.Get("Last-Modified")
		time.Sleep(12 * time.Hour)
		if r := w.get("/feed.atom", "If-Modified-Since", told); r.StatusCode != http.StatusOK {
			t.Errorf("after an expiry: %d", r.StatusCode)
		}
	})
}

func TestMemoForgets(t *testing.T) {
	var m memo
	now := time.Now()
	m.state("a", now)
	m.put("a", "page", reply{status: 200, body: []byte(girl)})
	if _, ok := m.get("a", "page"); !ok {
		t.Error("not kept")
	}
	if since := m.state("a", now.Add(time.Minute)); !since.Equal(now) {
		t.Errorf("the state began at %v, not %v", since, now)
	}
	m.state("b", now.Add(time.Minute))
	if len(m.kept) > 0 {
		t.Error("the answers of the state before are still in memory")
	}
	m.put("a", "page", reply{}) // built while the state changed
	if _, ok := m.get("b", "page"); ok {
		t.Error("an answer of the state before is given in the new one")
	}
	heavy := reply{status: 200, body: make([]byte, maxKept/10)}
	for i := range 25 {
		m.put("b", strconv.Itoa(i), heavy)
		m.put("b", "same", reply{status: 200})
	}
	sum := 0
	for _, a := range m.kept {
		sum += a.weight()
	}
	if m.size > maxKept || m.size != sum || len(m.kept) < 8 {
		t.Errorf("%d bytes are counted, %d kept of at most %d, in %d answers", m.size, sum, maxKept, len(m.kept))
	}
	m.put("b", "huge", reply{status: 200, body: make([]byte, maxKept)})
	if _, ok := m.get("b", "huge"); ok {
		t.Error("one answer may push out all others")
	}
}

// late is a set that changes while it is being read.
type late struct {
	Current
	then func()
}

func (l *late) Case(id string) (current.Revision, bool) {
	r, ok := l.Current.Case(id)
	if l.then != nil {
		then := l.then
		l.then = nil
		then()
	}
	return r, ok
}

// A page that was built while the withdrawal came must not be kept as the state after it.
func TestPageBuiltDuringWithdrawal(t *testing.T) {
	var l *late
	w := newWorld(t, func(d *Deps) { l = &late{Current: d.Current}; d.Current = l })
	m := w.publish(w.story(nil))
	l.then = func() { w.withdraw(m, alert.OutcomeFound) }
	if r := w.get("/en/alerts/" + m.Case); r.StatusCode != http.StatusOK {
		t.Errorf("during: %d", r.StatusCode)
	}
	r := w.get("/en/alerts/" + m.Case)
	silent(t, "the page after it", r)
	if r.StatusCode != http.StatusGone {
		t.Errorf("after: %d", r.StatusCode)
	}
}

// A country opens one page within a minute.
func BenchmarkAlertPage(b *testing.B) {
	for _, c := range []struct{ name, address string }{{"page", "/fr/alerts/7GQ2XKPB4MNT"}, {"photo", "/photos/" + annaPhoto + ".jpg"}} {
		b.Run(c.name, func(b *testing.B) {
			w := newWorld(b, nil)
			w.publish(w.story(nil))
			r := httptest.NewRequest(http.MethodGet, testHost+c.address, nil)
			r.Header.Set("Accept-Encoding", "gzip")
			for b.Loop() {
				w.handler.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}
