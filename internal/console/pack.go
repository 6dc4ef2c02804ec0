package console

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"
	"sync"

	"tocsin/web"
)

// packFrom is the smallest page worth packing: below it gzip's own bytes eat the gain.
const packFrom = 1 << 10

// packers are kept: one weighs more than a page.
var packers = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is one of the package's own
	return z
}}

// writePage sends a page whole, packed where the browser takes that: an old
// police PC is often at the far end of a slow line. Pages hold no secret that
// another site could have guessed by their length: forms are guarded by where
// they come from, not by a token in the page.
func writePage(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Add("Vary", "Accept-Encoding")
	if len(body) >= packFrom && web.AcceptsGzip(r.Header.Get("Accept-Encoding")) {
		var packed bytes.Buffer
		z, _ := packers.Get().(*gzip.Writer)
		z.Reset(&packed)
		_, err := z.Write(body)
		if z.Close() == nil && err == nil {
			h.Set("Content-Encoding", "gzip")
			body = packed.Bytes()
		}
		packers.Put(z)
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the browser left: nothing to mend
}
