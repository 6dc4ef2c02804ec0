package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"tocsin/internal/alert"
)

func TestPieces(t *testing.T) {
	gaps := []string{"[name]", "[age]", "[name and age]"}
	for text, want := range map[string]string{
		"":                           "",
		"none":                       "none",
		"[name]":                     "<[name]>",
		"[name], [age]. [name]!":     "<[name]>, <[age]>. <[name]>!",
		"[[name][age]] [name and":    "[<[name]><[age]>] [name and",
		"a [name and age][name] [ag": "a <[name and age]><[name]> [ag",
	} {
		got := ""
		for _, p := range pieces(text, gaps) {
			if p.Gap {
				p.Text = "<" + p.Text + ">"
			}
			got += p.Text
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// What could not be stored is not made into words: those of the stored draft are shown.
func TestWordsOfWhatIsFarTooLong(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := must(w.casework.Draft(t.Context(), anna, draft()))(t)
	b := w.browser(t, anna)
	for path, says := range map[string]string{
		"/console/cases/" + k.ID + "/edit/words/words": "Lina",
		"/console/cases/new/words":                     "[",
	} {
		form := url.Values{"version": {version(k)}, "note.fr": {strings.Repeat("[prénom] ", 1500)}, "circumstances": {strings.Repeat("x", 5000)}}
		r := must(http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+path, strings.NewReader(form.Encode())))(t)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set(partHeader, "words")
		res, body := b.send(r)
		if res.StatusCode != http.StatusOK || !strings.Contains(body, says) || strings.Count(body, "<mark>[prénom]</mark>") > 100 {
			t.Errorf("%s: %s, %d bytes: %.500s", path, res.Status, len(body), body)
		}
	}
}
