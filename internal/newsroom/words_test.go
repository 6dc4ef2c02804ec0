package newsroom

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/peertest"
)

var placeholder = regexp.MustCompile(`\{\w+\}`)

// built are the keys that a page puts together from what it shows.
func built() (keys []string) {
	for _, s := range []adapter.State{adapter.Received, adapter.Seen, adapter.OnAir, adapter.Declined, adapter.Failed, adapter.Removed} {
		keys = append(keys, "act."+string(s))
	}
	for state, list := range reasons {
		for _, r := range list {
			keys = append(keys, "reason."+r)
		}
		for _, end := range []string{"", ".why", ".do"} {
			keys = append(keys, "answer."+string(state)+end)
		}
	}
	for _, n := range notices {
		keys = append(keys, "done."+n)
	}
	for _, o := range []alert.Outcome{alert.OutcomeFound, alert.OutcomeError, alert.OutcomeExpired, alert.OutcomeOther} {
		keys = append(keys, "ended."+string(o))
	}
	for _, kind := range []string{"photo", "slide", "slide_tall", "slide_square", "poster", "audio", "teletext"} {
		keys = append(keys, "kind."+kind)
	}
	for _, o := range []string{"good", "late", "waiting", "failed"} {
		keys = append(keys, "test."+o)
	}
	for _, text := range append(texts, "teletext") {
		keys = append(keys, "text."+text)
	}
	return keys
}

// Every text is there in every language with the same places to fill, and every one is used.
func TestWords(t *testing.T) {
	words, names, err := loadWords()
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	for _, pattern := range []string{"web/templates/newsroom/*.html", "internal/newsroom/*.go"} {
		files, err := filepath.Glob(filepath.Join(peertest.Root(t), pattern))
		if err != nil || len(files) == 0 {
			t.Fatal(pattern, err)
		}
		for _, f := range files {
			if !strings.HasSuffix(f, "_test.go") {
				source.Write(must(os.ReadFile(f))(t))
			}
		}
	}
	code := source.String()
	english := words[alert.English]
	for _, key := range built() {
		if english[key] == "" {
			t.Errorf("there is no text %q", key)
		}
	}
	for key, text := range english {
		plain := strings.TrimSuffix(key, ".title")
		if !strings.Contains(code, `"`+key+`"`) && !slices.Contains(built(), key) && !(strings.HasPrefix(key, "refused.") && strings.Contains(code, `"`+plain+`"`)) {
			t.Errorf("no page says %q", key)
		}
		for _, lang := range alert.Langs {
			other := words[lang][key]
			a, b := placeholder.FindAllString(other, -1), placeholder.FindAllString(text, -1)
			slices.Sort(a)
			slices.Sort(b)
			switch {
			case strings.TrimSpace(other) == "":
				t.Errorf("%s lacks %q", lang, key)
			case !slices.Equal(a, b):
				t.Errorf("%s: %q has other places to fill: %q", lang, key, other)
			case strings.ContainsAny(other, "<>&"):
				t.Errorf("%s: %q has markup: %q", lang, key, other)
			case lang != alert.English && len(text) > 24 && other == text:
				t.Errorf("%s: %q is in English", lang, key)
			}
		}
	}
	for _, lang := range alert.Langs {
		if len(words[lang]) != len(english) {
			t.Errorf("%s has %d texts, English %d", lang, len(words[lang]), len(english))
		}
	}
	if len(names) != len(alert.Langs) {
		t.Errorf("%d languages", len(names))
	}
}

// Every page is whole in every language, in each of its states.
func TestEveryLanguage(t *testing.T) {
	w := newWorld(t, alert.Drill)
	first := w.publish(w.story(func(m *alert.Message) { m.Case = "AAAAAAAAAAAA" }))
	b := w.browser("eva")
	b.say(first, "state", "failed", "reason", "line")
	w.withdraw(first, alert.OutcomeError)
	w.publish(w.story(nil))
	stranger := w.browser("")
	for _, lang := range alert.Langs {
		for address, who := range map[string]browser{"/": b, "/?part=1": b, "/sign-in": stranger, "/nothing": b} {
			res, body := who.get("/newsroom/" + string(lang) + address)
			if res.StatusCode >= 500 || strings.Contains(body, "could not be written") || placeholder.MatchString(body) {
				t.Errorf("%s%s: %s %s", lang, address, res.Status, placeholder.FindString(body))
			}
		}
	}
	if got := w.logged.String(); got != "" {
		t.Error(got)
	}
	if res, _ := b.get("/newsroom/"); res.Header.Get("Location") != "/newsroom/fr/" {
		t.Errorf("the station's language is not first: %q", res.Header.Get("Location"))
	}
}
