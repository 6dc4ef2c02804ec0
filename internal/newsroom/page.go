package newsroom

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/problem"
	"tocsin/web"
)

// page is what the layout needs; every view embeds it.
type page struct {
	room    *newsroom
	Lang    alert.Lang
	Dir     string
	Title   string
	Here    string // the address after the language: "/", "/sign-in"
	Drill   bool
	Person  *person // nil: nobody is signed in
	Notice  string  // word for word after an act
	Errors  []fault // the error summary
	Scripts []string
	Refresh int // seconds after which a browser without script asks anew; 0 = never
}

// fault is one line of the error summary, leading to its field.
type fault struct{ Text, Href string }

func (n *newsroom) page(lang alert.Lang, here, titleKey string) page {
	p := page{room: n, Lang: lang, Dir: "ltr", Here: here, Title: n.words[lang][titleKey], Drill: n.Realm == alert.Drill}
	for _, l := range n.names {
		if l.Code == string(lang) {
			p.Dir = l.Dir
		}
	}
	return p
}

// T is a text of the page's language.
func (p page) T(key string, args ...any) (string, error) { return p.room.say1(p.Lang, key, args...) }

// To is the address of another page in the same language.
func (p page) To(path string) string { return "/newsroom/" + string(p.Lang) + path }

// Languages are the page's versions.
func (p page) Languages() []web.Language { return p.room.names }

// Authority is who issues the alerts.
func (p page) Authority() string { return p.room.Deps.Authority }

// Zone names the clocks of the page.
func (p page) Zone() string { return p.room.zone.String() }

// At is a moment on the State's clocks: "14:05", or with its day when that is another.
func (p page) At(t time.Time) string {
	t = t.In(p.room.zone)
	if now := time.Now().In(p.room.zone); t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04")
	}
	text, err := alert.FormatTime(t, p.room.zone.String(), p.Lang)
	if err != nil { // the zone and the language were checked at start
		return t.Format("2006-01-02 15:04")
	}
	return text
}

// loadWords reads the newsroom's texts of every language. A test holds the languages against each other.
func loadWords() (map[alert.Lang]map[string]string, []web.Language, error) {
	names, err := web.Languages()
	if err != nil {
		return nil, nil, err
	}
	words := make(map[alert.Lang]map[string]string, len(alert.Langs))
	for _, l := range alert.Langs {
		if words[l], err = web.Words("newsroom/" + string(l)); err != nil {
			return nil, nil, err
		}
	}
	return words, names, nil
}

// say1 is the text of key in lang, with {name} replaced by the value after "name".
func (n *newsroom) say1(lang alert.Lang, key string, args ...any) (string, error) {
	text, ok := n.words[lang][key]
	if !ok {
		return "", fmt.Errorf("no text %q in %q", key, lang)
	}
	for pair := range slices.Chunk(args, 2) {
		if len(pair) == 2 {
			text = strings.ReplaceAll(text, fmt.Sprint("{", pair[0], "}"), fmt.Sprint(pair[1]))
		}
	}
	return text, nil
}

func (n *newsroom) templateFuncs() template.FuncMap {
	return template.FuncMap{
		"rfc":   func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"clock": func(t time.Time) string { return clock(time.Since(t)) },
		"until": func(t time.Time) string { return clock(time.Until(t)) },
		"size":  size,
	}
}

// clock is a duration as a stopwatch shows it, in every language: "4:07", "1:04:07".
func clock(d time.Duration) string {
	s := int(max(d, 0) / time.Second)
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// size is how much a download is: "412 KB".
func size(bytes int) string {
	if bytes < 1<<20 {
		return fmt.Sprintf("%d\u00a0KB", (bytes+1023)>>10)
	}
	return fmt.Sprintf("%.1f\u00a0MB", float64(bytes)/(1<<20))
}

// inLanguage reads the language of the address; an unknown one is no page of ours.
func (n *newsroom) inLanguage(next func(w http.ResponseWriter, r *http.Request, lang alert.Lang)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		lang := alert.Lang(r.PathValue("lang"))
		if n.words[lang] == nil {
			n.notFound(w, r)
			return
		}
		next(w, r, lang)
	}
}

// render writes a page whole or not at all: a fault in the middle must not leave half a page.
func (n *newsroom) render(w http.ResponseWriter, r *http.Request, status int, name string, view any) {
	n.renderPart(w, r, status, name, "newsroom", view)
}

func (n *newsroom) renderPart(w http.ResponseWriter, r *http.Request, status int, name, part string, view any) {
	var body bytes.Buffer
	if err := n.pages.Part(&body, name, part, view); err != nil {
		n.Log.ErrorContext(r.Context(), "page", "page", name, "err", err)
		http.Error(w, "This page could not be written. Try again in a minute.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // the browser left: nothing to mend
}

// forPrograms says whether an address is read by programs: its faults are problem documents.
func forPrograms(r *http.Request) bool {
	return r.PathValue("file") != "" || strings.HasSuffix(r.URL.Path, "/events") || strings.HasSuffix(r.URL.Path, ".pem") ||
		r.URL.Query().Has("part")
}

type errorView struct {
	page
	Text string
}

// refuse answers in the reader's language, or in English with a problem
// document where programs read. key + ".title" is the title.
func (n *newsroom) refuse(w http.ResponseWriter, r *http.Request, status int, key string) {
	if forPrograms(r) {
		words := n.words[alert.English]
		problem.Document{
			Type: "urn:tocsin:problem:" + strings.TrimPrefix(key, "refused."), Title: words[key+".title"],
			Status: status, Detail: words[key],
		}.Write(w)
		return
	}
	lang := alert.Lang(r.PathValue("lang"))
	if n.words[lang] == nil {
		lang = n.Languages[0]
	}
	p := n.page(lang, "/", key+".title")
	if who, ok := n.who(r); ok {
		p.Person = &who
	}
	n.render(w, r, status, "error", errorView{page: p, Text: n.words[lang][key]})
}

func (n *newsroom) notFound(w http.ResponseWriter, r *http.Request) {
	n.refuse(w, r, http.StatusNotFound, "refused.nothing")
}

// badForm answers a form that could not be read.
func (n *newsroom) badForm(w http.ResponseWriter, r *http.Request, err error) {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		w.Header().Set("Connection", "close") // do not read the rest of it
		n.refuse(w, r, http.StatusRequestEntityTooLarge, "refused.large")
		return
	}
	n.refuse(w, r, http.StatusBadRequest, "refused.form")
}
