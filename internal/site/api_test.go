package site

import (
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"tocsin/internal/alert"
)

// read decodes a good answer.
func read[T any](w *world, address string) (v T) {
	w.t.Helper()
	r := w.get(address)
	if err := json.NewDecoder(r.Body).Decode(&v); err != nil || r.StatusCode != http.StatusOK {
		w.t.Fatalf("%s: %d %v", address, r.StatusCode, err)
	}
	return v
}

func TestPhotos(t *testing.T) {
	w := newWorld(t, nil)
	w.photos.put("DRAFTDRAFTDRAFT7.jpg", face("draft"))
	w.publish(w.story(nil))
	for name, want := range map[string]int{
		annaPhoto + ".jpg": 200, annaPhoto + "-s.jpg": 200, marcPhoto + ".jpg": 200,
		"DRAFTDRAFTDRAFT7.jpg": 404, // stored, and of no live alert: an officer's draft
		"NEVERNEVERNEVER7.jpg": 404,
	} {
		r := w.get("/photos/" + name)
		if r.StatusCode != want {
			t.Errorf("%s: %d, want %d", name, r.StatusCode, want)
		}
		if want == 200 && (r.Header.Get("Content-Type") != "image/jpeg" || r.Header.Get("X-Content-Type-Options") != "nosniff") {
			t.Errorf("%s: %v", name, r.Header)
		}
	}
	w.photos.put("GONEGONEGONEGONE.jpg", nil)
	if r := w.get("/photos/GONEGONEGONEGONE.jpg"); r.StatusCode != http.StatusGone {
		t.Errorf("a deleted photo: %d", r.StatusCode)
	}
	w.photos.fail = errors.New("the store of " + marcPhoto + " is away")
	r := w.get("/photos/" + marcPhoto + "-s.jpg")
	if body := text(t, r); r.StatusCode != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" || strings.Contains(body, "away") {
		t.Errorf("a store that is away: %d %s", r.StatusCode, body)
	}
	// What was fetched before needs no store as long as nothing changes.
	if r := w.get("/photos/" + annaPhoto + ".jpg"); r.StatusCode != http.StatusOK {
		t.Errorf("a photo that was asked for before: %d", r.StatusCode)
	}
}

// A companion's face under the headline of a missing child would send people after the wrong person.
func TestCompanionsFaceNeverStandsForTheChild(t *testing.T) {
	w := newWorld(t, nil)
	m := w.publish(w.story(func(m *alert.Message) { m.Facts.Children[0].Photo = "" }))
	for _, address := range []string{"/en/", "/v1/alerts", "/v1/events", "/feed.json", "/embed/v1/alerts.json", "/embed/v1/frame"} {
		if strings.Contains(text(t, w.get(address)), marcPhoto) {
			t.Errorf("%s shows the companion", address)
		}
	}
	body := text(t, w.get("/en/alerts/"+m.Case))
	_, below, _ := strings.Cut(body, "May be with")
	if strings.Count(body, marcPhoto) != 1 || !strings.Contains(below, marcPhoto) {
		t.Error("the companion's photo is not, or not only, under his own heading")
	}
}

func TestFormerPhotosAreBounded(t *testing.T) {
	p := pictures{had: make(map[string]struct{})}
	for i := range maxRemembered {
		p.had[strconv.Itoa(i)] = struct{}{}
	}
	w := newWorld(t, nil)
	w.publish(w.story(nil))
	if _, is := p.look(w.set.Live(), annaPhoto+".jpg"); !is || len(p.had) > maxRemembered {
		t.Errorf("live %v, %d names remembered", is, len(p.had))
	}
}

func TestRegions(t *testing.T) {
	w := newWorld(t, nil)
	type answer struct{ Regions []regionJSON }
	if all := read[answer](w, "/v1/regions?lang=de").Regions; len(all) != 57 || all[0].Name != "Albanien" {
		t.Errorf("%d States, first %v", len(all), all[0])
	}
	units := read[answer](w, "/v1/regions?country=BE&lang=fr").Regions
	if len(units) != 11 || units[0].Name != "Anvers" || units[0].Code != "BE-VAN" || units[0].Names["de"] != "Antwerpen" {
		t.Errorf("Belgium's units: %v", units)
	}
	if found := read[answer](w, "/v1/regions?q=antwerp&lang=en").Regions; len(found) == 0 || found[0].Code != "BE-VAN" {
		t.Errorf("antwerp: %v", found)
	}
	if found := read[answer](w, "/v1/regions?q=a&country=BE&lang=en").Regions; len(found) == 0 || len(found) > maxMatches {
		t.Errorf("a in Belgium: %d", len(found))
	} else {
		for _, a := range found {
			if !strings.HasPrefix(a.Code, "BE") {
				t.Errorf("a in Belgium finds %s", a.Code)
			}
		}
	}
	if found := read[answer](w, "/v1/regions?country=MC").Regions; found == nil || len(found) != 0 {
		t.Errorf("Monaco has no units: %v", found)
	}
}

func TestEmbedByArea(t *testing.T) {
	w := newWorld(t, nil)
	w.publish(w.story(nil)) // Brussels and Antwerp
	for query, want := range map[string]int{"": 1, "?area=BE": 1, "?area=BE-VAN": 1, "?area=NL,BE-BRU": 1, "?area=NL": 0, "?area=BE-WLG": 0, "?area=": 1} {
		got := read[struct{ Alerts []alert.EmbedAlert }](w, "/embed/v1/alerts.json"+query)
		if got.Alerts == nil || len(got.Alerts) != want {
			t.Errorf("%q: %d alerts, want %d", query, len(got.Alerts), want)
		}
		frame := text(t, w.get("/embed/v1/frame"+query))
		if has := strings.Contains(frame, girl); has != (want == 1) {
			t.Errorf("the frame for %q shows the alert: %v", query, has)
		}
	}
	got := read[struct{ Alerts []alert.EmbedAlert }](w, "/embed/v1/alerts.json?lang=de").Alerts[0]
	if got.Lang != "de" || got.Page != testHost+"/de/alerts/7GQ2XKPB4MNT" || got.Photo != testHost+"/photos/"+annaPhoto+".jpg" {
		t.Errorf("%+v", got)
	}
}

func TestWellKnown(t *testing.T) {
	w := newWorld(t, nil)
	k := read[wellKnownJSON](w, "/.well-known/tocsin.json")
	if block, _ := pem.Decode([]byte(k.Certificate)); block == nil || block.Type != "CERTIFICATE" {
		t.Errorf("certificate %q", k.Certificate)
	}
	if k.Realm != alert.Live || k.WebhookKey != "whpk_test" || len(k.Feeds) != 1 || k.Links["atom"] != testHost+"/feed.atom" {
		t.Errorf("%+v", k)
	}
	for name, address := range k.Links {
		if r := w.get(strings.TrimPrefix(address, testHost)); r.StatusCode >= 400 {
			t.Errorf("%s leads to %d", name, r.StatusCode)
		}
	}
}

// A phone that keeps the site on its home screen needs icons that are there.
func TestManifest(t *testing.T) {
	w := newWorld(t, nil)
	m := read[manifestJSON](w, "/manifest.webmanifest")
	if len(m.Icons) != 4 || len(m.Shortcuts) != 1 || m.Start != "/" || m.Scope != "/" || m.Lang != "fr" {
		t.Errorf("%+v", m)
	}
	for _, icon := range m.Icons {
		if r := w.get(icon.Src); r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") != icon.Type {
			t.Errorf("%s: %d %s", icon.Src, r.StatusCode, r.Header.Get("Content-Type"))
		}
	}
}

func TestFixedFiles(t *testing.T) {
	w := newWorld(t, nil)
	for address, want := range map[string]struct{ kind, says string }{
		"/sw.js":                {"text/javascript; charset=utf-8", "addEventListener(\"push\""},
		"/embed/v1.js":          {"text/javascript; charset=utf-8", "child-alert"},
		"/favicon.svg":          {"image/svg+xml", "<svg"},
		"/robots.txt":           {"text/plain; charset=utf-8", "Disallow: /console"},
		"/manifest.webmanifest": {"application/manifest+json", `"name":"Alerte enfant"`},
		"/v1/openapi.yaml":      {"application/yaml", "openapi: 3.1.0"},
	} {
		r := w.get(address)
		if body := text(t, r); r.Header.Get("Content-Type") != want.kind || !strings.Contains(body, want.says) {
			t.Errorf("%s: %s, %.100s", address, r.Header.Get("Content-Type"), body)
		}
	}
	if got := w.get("/sw.js").Header.Get("Cache-Control"); got != "no-cache" {
		t.Errorf("an old worker would stay: %q", got)
	}
	if strings.Contains(text(t, w.get("/robots.txt")), "alerts") {
		t.Error("a robot that may not read an alert's page never reads that it must not keep it")
	}
}

// Copies in messengers and networks outlive the alert: there is nothing on the page for them to copy.
func TestPagesGivePreviewsNothing(t *testing.T) {
	w := newWorld(t, nil)
	m := w.publish(w.story(nil))
	body := text(t, w.get("/en/alerts/"+m.Case))
	head, _, _ := strings.Cut(body, "</head>")
	for _, word := range []string{"og:", "twitter:", `name="description"`, "ld+json", annaPhoto} {
		if strings.Contains(head, word) {
			t.Errorf("the page's head has %q", word)
		}
	}
	if !strings.Contains(head, `<meta name="robots" content="noindex`) {
		t.Error("the page may be indexed")
	}
	if r := w.get("/en/privacy"); r.Header.Get("X-Robots-Tag") != "" {
		t.Error("the privacy page is hidden")
	}
}

func TestExerciseSaysSo(t *testing.T) {
	w := newWorld(t, func(d *Deps) { d.Realm = alert.Drill })
	m := w.publish(w.story(nil))
	for _, address := range []string{"/de/", "/de/alerts/" + m.Case, "/de/subscribe", "/de/verify", "/feed.atom?lang=de", "/feed.json?lang=de", "/embed/v1/alerts.json?lang=de", "/embed/v1/frame?lang=de"} {
		if body := text(t, w.get(address)); !strings.Contains(body, "ÜBUNG") {
			t.Errorf("%s does not say that it is an exercise", address)
		}
	}
	live := newWorld(t, nil)
	live.publish(live.story(nil))
	if body := text(t, live.get("/de/")); strings.Contains(body, "ÜBUNG") {
		t.Error("the live system speaks of an exercise")
	}
}

func TestDependencies(t *testing.T) {
	good := newWorld(t, nil).deps
	for name, change := range map[string]func(*Deps){
		"a dependency":   func(d *Deps) { d.Photos = nil },
		"realm":          func(d *Deps) { d.Realm = "both" },
		"public address": func(d *Deps) { d.PublicURL = "alert.example" },
		"without a path": func(d *Deps) { d.PublicURL = "https://alert.example/" },
		"time zone":      func(d *Deps) { d.TimeZone = "Mars/Phobos" },
		"has no pages":   func(d *Deps) { d.Languages = []alert.Lang{"tlh"} },
	} {
		d := good
		change(&d)
		if _, err := New(d); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	bare := Deps{Current: good.Current, Photos: good.Photos, Atlas: good.Atlas, Verify: good.Verify, PublicURL: "http://127.0.0.1:80", Realm: alert.Drill}
	if _, err := New(bare); err != nil {
		t.Errorf("the least that is needed: %v", err)
	}
}
