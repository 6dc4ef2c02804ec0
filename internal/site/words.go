package site

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"tocsin/internal/alert"
	"tocsin/web"
)

// loadWords reads the texts of every language. A test holds the languages against each other.
func loadWords() (map[alert.Lang]map[string]string, []web.Language, error) {
	names, err := web.Languages()
	if err != nil {
		return nil, nil, err
	}
	words := make(map[alert.Lang]map[string]string, len(alert.Langs))
	for _, l := range alert.Langs {
		if words[l], err = web.Words(string(l)); err != nil {
			return nil, nil, err
		}
		for key, text := range words[l] {
			words[l][key] = unbreakable(l, text, "")
		}
	}
	return words, names, nil
}

// say is the text of key in lang, with {name} replaced by the value after "name".
func (s *site) say(lang alert.Lang, key string, args ...string) (string, error) {
	text, ok := s.words[lang][key]
	if !ok {
		return "", fmt.Errorf("no text %q in %q", key, lang)
	}
	for pair := range slices.Chunk(args, 2) {
		if len(pair) == 2 {
			text = strings.ReplaceAll(text, "{"+pair[0]+"}", pair[1])
		}
	}
	return text, nil
}

// langOf is the language in a page's address, or the one the reader prefers.
func (s *site) langOf(r *http.Request) alert.Lang {
	first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if l := alert.Lang(first); slices.Contains(alert.Langs, l) {
		return l
	}
	return s.preferred(r)
}

// maxAccept bounds a header that the matcher works through: real ones have under 100 bytes.
const maxAccept = 500

// preferred matches Accept-Language with our languages, the State's own first.
func (s *site) preferred(r *http.Request) alert.Lang {
	ours := append(slices.Clone(s.Languages), alert.Langs...)
	tags := make([]language.Tag, len(ours))
	for i, l := range ours {
		tags[i] = language.Make(string(l))
	}
	accept := r.Header.Get("Accept-Language")
	if len(accept) > maxAccept {
		return ours[0]
	}
	want, _, err := language.ParseAcceptLanguage(accept)
	if err != nil {
		return ours[0]
	}
	_, i, _ := language.NewMatcher(tags).Match(want...)
	return ours[i]
}

// chooseLanguage sends a reader to the page in his language.
func (s *site) chooseLanguage(page string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Vary", "Accept-Language")
		w.Header().Set("Cache-Control", fresh)
		http.Redirect(w, r, "/"+string(s.preferred(r))+page, http.StatusFound)
	}
}
