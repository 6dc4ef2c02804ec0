package site

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"

	"tocsin/web"
)

// languages is the pattern of the first part of a page's address. A test holds it against alert.Langs.
const languages = "/{lang:en|fr|de|it|ru|es}"

func (s *site) routes() http.Handler { return alone(s.router()) }

func (s *site) router() chi.Router {
	r := chi.NewRouter()
	r.Use(s.headers)
	r.NotFound(s.notFound)
	r.MethodNotAllowed(s.wrongMethod)
	r.Handle("/static/*", web.Static())
	r.Get("/", s.chooseLanguage("/"))
	r.Get("/verify", s.chooseLanguage("/verify"))
	r.Post("/verify", s.verifyDocument)
	r.Get("/sw.js", s.serveFixed)
	r.Get("/favicon.svg", s.serveFixed)
	r.Get("/robots.txt", s.serveFixed)
	r.Get("/manifest.webmanifest", s.serveFixed)
	r.Route(languages, s.pageRoutes)
	r.Group(s.openRoutes)
	return r
}

// alone hides a router around this one, whose method chi would take for ours,
// and answers HEAD wherever GET is answered.
func alone(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(context.WithValue(r.Context(), chi.RouteCtxKey, nil))
		if r.Method == http.MethodHead {
			r.Method = http.MethodGet // of our own copy of the request
			w = headWriter{w}
		}
		next.ServeHTTP(w, r)
	})
}

// headWriter drops the body: the handler believes that it answers a GET.
type headWriter struct{ http.ResponseWriter }

func (w headWriter) Write(p []byte) (int, error) { return len(p), nil }

// pageRoutes are the pages of one language.
func (s *site) pageRoutes(r chi.Router) {
	r.Get("/", s.home)
	r.Get("/alerts/{case}", s.alertPage)
	r.Get("/subscribe", s.subscribe)
	r.Get("/privacy", s.plainPage("privacy"))
	r.Get("/partners", s.partners)
	r.Get("/verify", s.verifyPage)
	r.Post("/verify", s.verifyForm)
}

// openRoutes may be read by programs and by any site's pages.
func (s *site) openRoutes(r chi.Router) {
	r.Use(open)
	for pattern, h := range map[string]http.HandlerFunc{
		"/cap/{identifier}.xml":    s.document,
		"/photos/{name}":           s.photo,
		"/media/{name}":            s.medium,
		"/feed.atom":               s.atom,
		"/feed.json":               s.jsonFeed,
		"/v1/alerts":               s.alerts,
		"/v1/alerts/{id}":          s.oneAlert,
		"/v1/events":               s.events,
		"/v1/regions":              s.regions,
		"/v1/openapi.yaml":         s.serveFixed,
		"/embed/v1.js":             s.serveFixed,
		"/embed/v1/alerts.json":    s.embedAlerts,
		"/embed/v1/frame":          s.frame,
		"/.well-known/tocsin.json": s.serveFixed,
	} {
		r.Get(pattern, h)
		r.Options(pattern, preflight)
	}
}
