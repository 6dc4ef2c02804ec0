package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

// asset is one file of static/ or vendor/, ready to be written.
type asset struct {
	name    string // "base.css", "vendor/leaflet.js"
	address string // "/static/3f9a12c4d01b/base.css"
	etag    string
	mime    string
	plain   []byte
	packed  []byte // gzip; nil when it would not be smaller
}

// assets are read and packed once, at the first use.
var assets = sync.OnceValues(loadAssets)

func loadAssets() (map[string]asset, error) {
	all := map[string]asset{}
	for _, dir := range []string{"static", "vendor"} {
		err := fs.WalkDir(files, dir, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || path.Ext(name) == ".md" {
				return err
			}
			data, err := files.ReadFile(name)
			if err != nil {
				return err
			}
			a, err := newAsset(strings.TrimPrefix(name, "static/"), data)
			all[a.name] = a
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("static files: %w", err)
		}
	}
	return all, nil
}

func newAsset(name string, data []byte) (asset, error) {
	sum := sha256.Sum256(data)
	hash := hex.EncodeToString(sum[:6])
	a := asset{name: name, address: "/static/" + hash + "/" + name, etag: `"` + hash + `"`, plain: data}
	a.mime = mimeOf(name)
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return a, err
	}
	_, werr := z.Write(data)
	if err := errors.Join(werr, z.Close()); err != nil {
		return a, err
	}
	if packed.Len() < len(data) {
		a.packed = packed.Bytes()
	}
	return a, nil
}

// mimeOf is set by hand for what pages need: the machine's own table differs from place to place.
func mimeOf(name string) string {
	switch ext := path.Ext(name); ext {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".json":
		return "application/json"
	default:
		if t := mime.TypeByExtension(ext); t != "" {
			return t
		}
		return "application/octet-stream"
	}
}

// Asset is the address of a file of static/ or vendor/, with the hash of its content in it.
// An unknown name gives an empty address; in a template it fails the page, which the tests of each site open.
func Asset(name string) string {
	all, err := assets()
	if err != nil {
		return ""
	}
	return all[name].address
}

// Static serves static/ under "/static/HASH/NAME". A file never changes under
// its address, so browsers keep it for a year; any other address is 404.
func Static() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "This address only answers GET.", http.StatusMethodNotAllowed)
			return
		}
		all, err := assets()
		_, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/static/"), "/")
		a, ok := all[name]
		if err != nil || !ok || a.address != r.URL.Path {
			http.Error(w, "There is no such file.", http.StatusNotFound)
			return
		}
		a.serve(w, r)
	})
}

func (a asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Etag", a.etag)
	h.Set("Vary", "Accept-Encoding")
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Header.Get("If-None-Match") == a.etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := a.plain
	if a.packed != nil && AcceptsGzip(r.Header.Get("Accept-Encoding")) {
		body = a.packed
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Type", a.mime)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // the browser left: nothing to mend
	}
}

// AcceptsGzip reads Accept-Encoding; "gzip;q=0" is a refusal.
func AcceptsGzip(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		coding, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.TrimSpace(coding) != "gzip" && strings.TrimSpace(coding) != "*" {
			continue
		}
		q, found := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
		weight, err := strconv.ParseFloat(q, 64)
		return !found || err != nil || weight > 0
	}
	return false
}
