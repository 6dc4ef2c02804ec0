package console

import (
	"bytes"
	"compress/gzip"
	"net/http"

	"github.com/go-chi/chi/v5"

	"tocsin/web"
)

// mapView is where the area page's map finds its parts: all of our own host.
type mapView struct{ Leaflet, Style string }

// areaMap is nil where the program was built without the map.
func areaMap() *mapView {
	m := mapView{web.Asset("vendor/leaflet.js"), web.Asset("vendor/leaflet.css")}
	if m.Leaflet == "" || m.Style == "" {
		return nil
	}
	return &m
}

// outlines serves a State's units as TopoJSON, in the officer's language. They
// hold nothing of a case: a browser may keep them for the hour of its work.
func (c *console) outlines(w http.ResponseWriter, r *http.Request) {
	doc, ok := c.Atlas.Topology(chi.URLParam(r, "country"), c.lang)
	if !ok {
		c.notFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "private, max-age=3600")
	h.Set("Vary", "Accept-Encoding, Cookie, Accept-Language")
	if web.AcceptsGzip(r.Header.Get("Accept-Encoding")) {
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		_, err := z.Write(doc)
		if err == nil && z.Close() == nil {
			doc = packed.Bytes()
			h.Set("Content-Encoding", "gzip")
		}
	}
	_, _ = w.Write(doc) // the browser left: nothing to mend
}
