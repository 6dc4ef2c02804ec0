package site

import (
	"bytes"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tocsin/internal/alert"
	"tocsin/web"
)

// page is what the layout needs; every view embeds it.
type page struct {
	site    *site
	Lang    alert.Lang
	Dir     string
	Title   string
	Here    string // the address after the language: "/", "/subscribe"
	Query   string // kept by the language switch, with its ?
	Scripts []string
	Drill   bool
	Hidden  bool // search engines must not keep it
	// Revision changes with what the page tells; a script compares it. Expires is when the page must be asked anew.
	Revision string
	Expires  time.Time
}

func (s *site) page(lang alert.Lang, here, titleKey string) page {
	p := page{site: s, Lang: lang, Dir: "ltr", Here: here, Title: s.words[lang][titleKey], Drill: s.Realm == alert.Drill}
	for _, l := range s.names {
		if l.Code == string(lang) {
			p.Dir = l.Dir
		}
	}
	return p
}

// T is a text of the page's language.
func (p page) T(key string, args ...string) (string, error) { return p.site.say(p.Lang, key, args...) }

// To is the address of another page in the same language.
func (p page) To(path string) string { return "/" + string(p.Lang) + path }

// Languages are the pages's versions.
func (p page) Languages() []web.Language { return p.site.names }

// Authority is who runs the service.
func (p page) Authority() string { return p.site.Authority }

// Push says whether this server sends notifications.
func (p page) Push() bool { return p.site.PushEnabled }

// Base is the site's public address.
func (p page) Base() string { return p.site.PublicURL }

// Time is t as the page's language writes it, on the clocks of zone or of the State.
func (p page) Time(t time.Time, zone string) string {
	if zone == "" {
		zone = p.site.TimeZone
	}
	text, err := alert.FormatTime(t, zone, p.Lang)
	if err != nil { // validation refused such a zone before release
		return t.UTC().Format(time.RFC3339)
	}
	return text
}

func (s *site) templateFuncs() template.FuncMap {
	return template.FuncMap{
		"rfc":   func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"phone": alert.FormatPhone,
		"tel":   tel,
		"snippet": func(v partnersView, id, code string) (snippetView, error) {
			label, err := v.T("partners.code")
			done, err2 := v.T("alert.copied")
			copied, err3 := v.T("partners.copy")
			return snippetView{id, code, label, copied, done}, errors.Join(err, err2, err3)
		},
		"paragraphs": func(text string) []string {
			return strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
		},
	}
}

// tel is a link that dials. Only digits and a leading plus get into it, so that
// a number of a case can never be an address of another kind.
func tel(number string) template.URL {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '+' {
			return r
		}
		return -1
	}, number)
	return template.URL("tel:" + digits) //nolint:gosec // digits and plus alone
}

// html renders a page whole or not at all: a fault in the middle must not leave half a page.
func (s *site) html(status int, name, layout string, p page, view any) reply {
	var body bytes.Buffer
	if err := s.pages.Part(&body, name, layout, view); err != nil {
		s.Log.Error("page", "page", name, "err", err)
		return reply{
			status: http.StatusInternalServerError, kind: "text/plain; charset=utf-8", keep: never,
			body: []byte("This page could not be written. Try again in a minute.\n"),
		}
	}
	a := newReply("text/html; charset=utf-8", body.Bytes())
	a.status, a.hidden = status, p.Hidden
	if status >= http.StatusBadRequest {
		a.keep = never
	}
	return a
}

// plainPage is a page that is the same whatever is live.
func (s *site) plainPage(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		lang := s.langOf(r)
		s.serve(w, r, string(lang)+"/"+name, func(time.Time) reply {
			p := s.page(lang, "/"+name, name+".title")
			return s.html(http.StatusOK, name, "layout.html", p, p)
		})
	}
}

// errorView is a refusal in the reader's language.
type errorView struct {
	page
	Text string
}

func (s *site) refuse(w http.ResponseWriter, r *http.Request, status int, title, text string) {
	s.refusal(s.langOf(r), status, title, text).write(w, r)
}

func (s *site) refusal(lang alert.Lang, status int, title, text string) reply {
	p := s.page(lang, "/", title)
	return s.html(status, "error", "layout.html", p, errorView{page: p, Text: s.words[lang][text]})
}

// forPrograms says whether an address is read by programs: its faults are problem documents.
func forPrograms(u *url.URL) bool {
	for _, prefix := range []string{"/v1/", "/cap/", "/photos/", "/embed/", "/.well-known/", "/feed."} {
		if strings.HasPrefix(u.Path, prefix) {
			return true
		}
	}
	return false
}

func (s *site) notFound(w http.ResponseWriter, r *http.Request) {
	if forPrograms(r.URL) {
		noSuch("address").write(w, r)
		return
	}
	s.refuse(w, r, http.StatusNotFound, "notfound.title", "notfound.text")
}

func (s *site) wrongMethod(w http.ResponseWriter, r *http.Request) {
	if forPrograms(r.URL) {
		problem{
			Title: "This address does not take that method", Status: http.StatusMethodNotAllowed,
			Detail: "Read it with GET; /v1/openapi.yaml describes every address.",
		}.reply().write(w, r)
		return
	}
	s.refuse(w, r, http.StatusMethodNotAllowed, "method.title", "method.text")
}
