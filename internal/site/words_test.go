package site

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tocsin/internal/alert"
	"tocsin/internal/peertest"
)

// sources are the site's templates and its Go files without tests.
func sources(t *testing.T) string {
	t.Helper()
	root := peertest.Root(t)
	var all strings.Builder
	for _, pattern := range []string{"web/templates/site/*.html", "internal/site/*.go"} {
		names, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(names) == 0 {
			t.Fatal(pattern, err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(data)
		}
	}
	return all.String()
}

var (
	usedKey     = regexp.MustCompile(`(?:\bT |\.T\(|words\[\w+\]\[|refuse\(w, r, [\w.]+, |s\.page\([^"\n]*?(?:"/\w*"\+?\w*(?:\.\w+)?, )?)"([a-z]+(?:\.[a-z]+)*)"`)
	placeholder = regexp.MustCompile(`\{\w+\}`)
)

// Every text is there in every language with the same places to fill, and every one is used.
func TestWords(t *testing.T) {
	words, names, err := loadWords()
	if err != nil {
		t.Fatal(err)
	}
	code := sources(t)
	english := words[alert.English]
	for key, text := range english {
		if !strings.Contains(code, `"`+key+`"`) && !slices.Contains([]string{"privacy.title"}, key) {
			t.Errorf("no page says %q", key)
		}
		for _, lang := range alert.Langs {
			other, ok := words[lang][key]
			if !ok || strings.TrimSpace(other) == "" {
				t.Errorf("%s lacks %q", lang, key)
			}
			if !slices.Equal(placeholder.FindAllString(other, -1), placeholder.FindAllString(text, -1)) {
				t.Errorf("%s: %q has other places to fill: %q", lang, key, other)
			}
			if strings.ContainsAny(other, "<>&") {
				t.Errorf("%s: %q has markup: %q", lang, key, other)
			}
		}
	}
	for _, lang := range alert.Langs {
		for key := range words[lang] {
			if _, ok := english[key]; !ok {
				t.Errorf("%s has %q, which English lacks", lang, key)
			}
		}
	}
	for _, match := range usedKey.FindAllStringSubmatch(code, -1) {
		if _, ok := english[match[1]]; !ok {
			t.Errorf("a page says %q, which is no text", match[1])
		}
	}
	if len(names) != len(alert.Langs) || !strings.Contains(languages, "en|fr|de|it|ru|es") {
		t.Errorf("languages of the pages %v, of the addresses %s, of alerts %v", names, languages, alert.Langs)
	}
}

func TestLanguageOfTheReader(t *testing.T) {
	w := newWorld(t, nil)
	for accept, want := range map[string]string{
		"":                          "fr", // the State's first
		"de":                        "de",
		"de-CH, en;q=0.5":           "de",
		"nl, en;q=0.8":              "en",
		"nl":                        "fr",
		"ru-RU,ru;q=0.9":            "ru",
		"it;q=0.1, es;q=0.9":        "es",
		"*":                         "fr",
		"\x00nonsense;;;q=":         "fr",
		strings.Repeat("de,", 5000): "fr",
	} {
		for page, to := range map[string]string{"/": "/", "/verify": "/verify"} {
			r := w.get(page, "Accept-Language", accept)
			if got := r.Header.Get("Location"); r.StatusCode != http.StatusFound || got != "/"+want+to {
				t.Errorf("%.30q: %d to %s, want /%s%s", accept, r.StatusCode, got, want, to)
			}
			if r.Header.Get("Vary") != "Accept-Language" || r.Header.Get("Cache-Control") != "no-cache" {
				t.Errorf("%s: a cache would give everybody one language: %v", page, r.Header)
			}
		}
	}
}

func TestEveryPageSaysItsLanguage(t *testing.T) {
	w := newWorld(t, nil)
	m := w.publish(w.story(nil))
	for _, lang := range alert.Langs {
		for _, page := range []string{"/", "/alerts/" + m.Case, "/subscribe", "/privacy", "/partners", "/verify", "/nowhere"} {
			body := text(t, w.get("/"+string(lang)+page))
			if !strings.Contains(body, `<html lang="`+string(lang)+`" dir="ltr">`) {
				t.Errorf("/%s%s: %.200s", lang, page, body)
			}
			if page == "/nowhere" {
				continue
			}
			for _, other := range alert.Langs {
				if !strings.Contains(body, `href="/`+string(other)+page) {
					t.Errorf("/%s%s does not lead to its %s version", lang, page, other)
				}
			}
		}
	}
}
