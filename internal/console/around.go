package console

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"tocsin/internal/casework"
)

// around is what every page of a case knows besides its own: which page it is,
// who else has the case open, and whether the officer practises with it.
type around struct {
	page     string // "what", "check", "release" ...; "" = a picture, a part, not a page
	list     bool   // of a step that may be asked several times: the list of its items
	id       string
	practice *casework.Case // nil unless it is the officer's own practice
	filled   bool           // the practice fills its pages with the example
}

type aroundKey struct{}

// aroundOf is the case's surroundings; the zero value outside of a case's pages.
func aroundOf(ctx context.Context) around {
	a, _ := ctx.Value(aroundKey{}).(around)
	return a
}

// watched are the pages on which others see who is looking.
var watched = []string{"case", "check", "preview", "release"}

// pageName is the name of a case's page by the path after the case's number.
// It is one of a fixed set: what a stranger writes into an address goes no further.
func pageName(rest string) (name string, list bool) {
	parts := strings.Split(strings.Trim(rest, "/"), "/")
	switch {
	case parts[0] == "":
		return "case", false
	case parts[0] == "edit" && len(parts) > 1:
		if s, _, ok := stepNamed(parts[1]); ok {
			return s.slug, s.many != nil && len(parts) == 2
		}
		if parts[1] == criteriaSlug {
			return criteriaSlug, false
		}
		return "", false
	case parts[0] == "submit":
		return "preview", false // where its refusal leads back to
	case slices.Contains(watched, parts[0]):
		return parts[0], false
	}
	return "", false
}

// isStep says whether a page asks questions of the draft.
func isStep(page string) bool {
	_, _, ok := stepNamed(page)
	return ok || page == criteriaSlug
}

// surround puts the case's surroundings into the request, says that the officer
// has the page open, and notes in a practice how the pages went.
func (c *console) surround(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := around{id: chi.URLParam(r, "id")}
		_, rest, _ := strings.Cut(r.URL.Path, "/console/cases/"+a.id)
		a.page, a.list = pageName(rest)
		k, err := c.Casework.Get(a.id)
		if a.page == "" || err != nil {
			next.ServeHTTP(w, r)
			return
		}
		o := c.officer(r)
		if k.Practice != nil && k.Practice.By == o.ID {
			a.practice = &k
			a.filled = k.Practice.Example || r.URL.Query().Has("example") || r.Method != http.MethodGet
		}
		if r.Method == http.MethodGet && c.Presence != nil {
			c.Presence.Look(a.id, o.ID, a.page)
		}
		seen := &statusWriter{ResponseWriter: w}
		next.ServeHTTP(seen, r.WithContext(context.WithValue(r.Context(), aroundKey{}, a)))
		switch {
		case seen.status == http.StatusUnprocessableEntity:
			c.visited(r, a, casework.Visit{Page: a.page, Refused: true})
		case r.Method == http.MethodGet && seen.status == http.StatusOK:
			c.visited(r, a, casework.Visit{Page: a.page, Example: r.URL.Query().Has("example")})
		}
	})
}

// visited notes a page of a practice. A practice goes on when it cannot be noted.
func (c *console) visited(r *http.Request, a around, v casework.Visit) {
	if a.practice == nil {
		return
	}
	if err := c.Casework.Visit(r.Context(), c.officer(r), a.id, v); err != nil {
		c.Log.WarnContext(r.Context(), "a page of a practice is not noted", "case", a.id, "err", err)
	}
}

// statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
