package console

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
)

// page is what the layout needs; every view embeds it.
type page struct {
	Title   string
	Officer *auth.Officer
	Drill   bool
	Back    string // address of the back link; "" = none
	Notice  string
	Errors  []fault // the error summary
	Scripts []string
	Wide    bool
}

// fault is one line of the error summary, leading to its field.
type fault struct{ Text, Href string }

// notices are the words after an act, by the word in the address. They are
// ours: nothing from the address itself is shown.
var notices = map[string]string{
	"submitted": "Submitted. An approver who did not write in it can now release it.",
	"returned":  "Returned to the author with your reason.",
	"rejected":  "Rejected. Nothing went out.",
	"saved":     "Saved.",
	"removed":   "Removed.",
	"released":  "Released. The channels are receiving it now.",
	"withdrawn": "Withdrawn. Everybody who got the alert is being told, and the child's name and photo are being removed.",
	"pending":   "Recorded, and safe. The channels could not be reached yet; it goes out by itself as soon as they can.",
	"signedout": "You are signed out.",
}

func (c *console) page(r *http.Request, title string) page {
	p := page{Title: title, Drill: c.Realm == alert.Drill, Notice: notices[r.URL.Query().Get("done")]}
	if o, ok := c.Officer(r.Context()); ok {
		p.Officer = &o
	}
	return p
}

// render writes a page whole or not at all: a fault in the middle must not leave half a page.
func (c *console) render(w http.ResponseWriter, r *http.Request, status int, name string, view any) {
	c.renderPart(w, r, status, name, "layout.html", view)
}

func (c *console) renderPart(w http.ResponseWriter, r *http.Request, status int, name, part string, view any) {
	var body bytes.Buffer
	if err := c.pages.Part(&body, name, part, view); err != nil {
		c.Log.ErrorContext(r.Context(), "page", "page", name, "err", err)
		http.Error(w, "Tocsin could not write this page. Go back and try again; the case itself is safe.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // the browser left: nothing to mend
}

func templateFuncs() template.FuncMap {
	return template.FuncMap{
		"ago":       func(t time.Time) string { return ago(time.Since(t)) },
		"rfc":       func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"thousands": thousands,
		"plural":    plural,
		"seconds":   seconds,
		"id":        fieldID,
		"inc":       func(i int) int { return i + 1 },
		"paragraphs": func(s string) []string {
			return strings.FieldsFunc(s, func(r rune) bool { return r == '\n' })
		},
		"language": languageName,
		"percent":  percent,
		"withCase": func(f *field, id string) photoField { return photoField{f, id} },
		"groupOf":  func(g group, id string) caseGroup { return caseGroup{g, id} },
	}
}

// seconds says milliseconds as a person reads them: "41 ms", "1.4 s", "12 s", "3 minutes".
func seconds(ms int64) string {
	switch {
	case ms < 0:
		return "–"
	case ms < 1000:
		return fmt.Sprintf("%d\u00a0ms", ms)
	case ms < 10_000:
		return fmt.Sprintf("%.1f\u00a0s", float64(ms)/1000)
	case ms < 120_000:
		return fmt.Sprintf("%d\u00a0s", ms/1000)
	default:
		return ago(time.Duration(ms) * time.Millisecond)
	}
}

// percent is a share for the width of a bar: never 0 when there is some, never 100 when there is not all.
func percent(n, of int) float64 {
	if of <= 0 || n <= 0 {
		return 0
	}
	p := 100 * float64(min(n, of)) / float64(of)
	return max(p, 0.5)
}

func itoa(n int) string { return strconv.Itoa(n) }

// photoField is the photo's question with the case whose photos it may show.
type photoField struct {
	Field *field
	ID    string
}

// caseGroup is a group of answers with the case whose photo it may show.
type caseGroup struct {
	Group group
	ID    string
}
