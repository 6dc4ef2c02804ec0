package site

import (
	"errors"
	"io/fs"
	"net/http"

	"tocsin/internal/alert"
	"tocsin/web"
)

// fixed are the answers that are the same as long as the program runs.
type fixed map[string]reply

func (s *site) loadFixed() (fixed, error) {
	f := fixed{
		"/robots.txt":              still("text/plain; charset=utf-8", []byte(robots), hour),
		"/manifest.webmanifest":    still("application/manifest+json", encode(s.manifest()), hour),
		"/.well-known/tocsin.json": still("application/json", encode(s.wellKnown()), "public, max-age=300"),
	}
	for address, file := range map[string]struct{ name, kind, keep string }{
		"/sw.js":           {"static/sw.js", "text/javascript; charset=utf-8", fresh}, // an old worker must not outlive a new server
		"/favicon.svg":     {"static/bell.svg", "image/svg+xml", hour},
		"/v1/openapi.yaml": {"openapi.yaml", "application/yaml", hour},
		"/embed/v1.js":     {"embed/v1.js", "text/javascript; charset=utf-8", "public, max-age=300"},
	} {
		body, err := web.File(file.name)
		if errors.Is(err, fs.ErrNotExist) && address == "/embed/v1.js" {
			continue // a build without the widget has the frame
		}
		if err != nil {
			return nil, err
		}
		f[address] = still(file.kind, body, file.keep)
	}
	return f, nil
}

func still(kind string, body []byte, keep string) reply {
	a := newReply(kind, body)
	a.keep = keep
	return a
}

func (s *site) serveFixed(w http.ResponseWriter, r *http.Request) {
	a, ok := s.fixed[r.URL.Path]
	if !ok {
		s.notFound(w, r)
		return
	}
	a.write(w, r)
}

// robots does not forbid the alerts' pages: a search engine that may not read a
// page never learns that it must not keep it. X-Robots-Tag tells it.
const robots = "User-agent: *\nDisallow: /console\nDisallow: /v1/\n"

type manifestJSON struct {
	Name       string         `json:"name"`
	ShortName  string         `json:"short_name"`
	ID         string         `json:"id"`
	Start      string         `json:"start_url"`
	Scope      string         `json:"scope"`
	Display    string         `json:"display"`
	Lang       alert.Lang     `json:"lang"`
	Background string         `json:"background_color"`
	Theme      string         `json:"theme_color"`
	Icons      []manifestIcon `json:"icons"`
	Shortcuts  []manifestLink `json:"shortcuts"`
}

// manifestLink is an entry of the icon's own menu.
type manifestLink struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

type manifestIcon struct {
	Src     string `json:"src"`
	Sizes   string `json:"sizes"`
	Type    string `json:"type"`
	Purpose string `json:"purpose,omitempty"`
}

// manifest lets a phone keep the site on its home screen; some send notifications only then.
func (s *site) manifest() manifestJSON {
	words := s.words[s.Languages[0]]
	return manifestJSON{
		Name: words["service"], ShortName: words["service"], ID: "/", Start: "/", Scope: "/", Display: "standalone",
		Lang: s.Languages[0], Background: "#ffffff", Theme: "#0b2a55",
		Icons: []manifestIcon{
			{Src: "/favicon.svg", Sizes: "any", Type: "image/svg+xml"},
			{Src: web.Asset("icon-180.png"), Sizes: "180x180", Type: "image/png"},
			{Src: web.Asset("icon-512.png"), Sizes: "512x512", Type: "image/png", Purpose: "any"},
			{Src: web.Asset("icon-512.png"), Sizes: "512x512", Type: "image/png", Purpose: "maskable"},
		},
		Shortcuts: []manifestLink{{Name: words["nav.subscribe"], URL: "/" + string(s.Languages[0]) + "/subscribe"}},
	}
}

// wellKnownJSON is what others need to trust and to follow this server.
type wellKnownJSON struct {
	Version     int               `json:"version"`
	Realm       alert.Realm       `json:"realm"`
	Issuer      string            `json:"issuer,omitempty"`
	Country     string            `json:"country,omitempty"`
	Languages   []alert.Lang      `json:"languages"`
	Certificate string            `json:"certificate"` // PEM; signs the CAP documents
	WebhookKey  string            `json:"webhook_key"` // signs webhooks (v1a)
	Feeds       []string          `json:"feeds"`       // tocsin.feed.v1, every node
	Links       map[string]string `json:"links"`
}

func (s *site) wellKnown() wellKnownJSON {
	feeds := s.FeedAddresses
	if feeds == nil {
		feeds = []string{}
	}
	return wellKnownJSON{
		Version: 1, Realm: s.Realm, Issuer: s.Authority, Country: s.Country, Languages: s.Languages,
		Certificate: s.Certificate, WebhookKey: s.WebhookKey, Feeds: feeds,
		Links: map[string]string{
			"alerts": s.PublicURL + "/v1/alerts", "events": s.PublicURL + "/v1/events", "regions": s.PublicURL + "/v1/regions",
			"atom": s.PublicURL + "/feed.atom", "json_feed": s.PublicURL + "/feed.json", "verify": s.PublicURL + "/verify",
			"openapi": s.PublicURL + "/v1/openapi.yaml", "embed": s.PublicURL + "/embed/v1.js",
		},
	}
}
