package site

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tocsin/web"
)

// How long a copy may be used without asking.
const (
	// fresh is for all that names a child, or will: a cache may keep the bytes
	// but must ask before each use, and then hears 410. A copy with an age of its
	// own, be it ten seconds, would show a face after the child was found.
	fresh = "no-cache"
	// hour is for what names nobody and changes with the program.
	hour = "public, max-age=3600"
	// never is for answers that no cache may repeat: faults and refusals.
	never = "no-store"
)

// packFrom is the smallest text worth packing: below it gzip's own bytes eat the gain.
const packFrom = 1 << 10

// reply is one whole answer; it may be written any number of times.
type reply struct {
	status   int
	kind     string // content type
	body     []byte
	packed   []byte // gzip, where it is worth it
	etag     string // of body, without quotes; a good answer's only
	keep     string // Cache-Control
	hidden   bool   // search engines must not keep it
	modified time.Time
}

// newReply is a good answer of text, fresh and packed.
func newReply(kind string, body []byte) reply {
	sum := sha256.Sum256(body)
	r := reply{status: http.StatusOK, kind: kind, body: body, etag: hex.EncodeToString(sum[:12]), keep: fresh}
	if len(body) >= packFrom && packable(kind) {
		r.packed = pack(body)
	}
	return r
}

// packable says whether a kind is text; pictures and posters are packed already,
// and sound gains too little for its size.
func packable(kind string) bool {
	if strings.HasPrefix(kind, "audio/") || kind == "application/pdf" {
		return false
	}
	return !strings.HasPrefix(kind, "image/") || strings.HasPrefix(kind, "image/svg")
}

func pack(body []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(body) // a buffer takes everything
	_ = z.Close()
	if b.Len() >= len(body) {
		return nil
	}
	return b.Bytes()
}

// write answers r: 304 to who has it already, packed for who can unpack.
func (a reply) write(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", a.keep)
	if a.hidden {
		h.Set("X-Robots-Tag", "noindex, noarchive, noimageindex")
	}
	body, etag := a.body, a.etag
	if a.packed != nil {
		h.Add("Vary", "Accept-Encoding")
		if web.AcceptsGzip(r.Header.Get("Accept-Encoding")) {
			body, etag = a.packed, etag+"-gz" // other bytes, other strong tag
			h.Set("Content-Encoding", "gzip")
		}
	}
	if a.status == http.StatusOK && a.etag != "" {
		h.Set("ETag", `"`+etag+`"`)
		a.setModified(h)
		if a.known(r) {
			h.Del("Content-Encoding")
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	if a.status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "3")
	}
	h.Set("Content-Type", a.kind)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(a.status)
	_, _ = w.Write(body) // the reader left: nothing to mend
}

// setModified leaves the time out while its second lasts: a second change in
// the same second would carry the same time, and be missed by who has the first.
func (a reply) setModified(h http.Header) {
	if !a.modified.IsZero() && time.Since(a.modified) > time.Second {
		h.Set("Last-Modified", a.modified.UTC().Format(http.TimeFormat))
	}
}

// known says whether the reader has this very answer.
func (a reply) known(r *http.Request) bool {
	if tags := r.Header.Values("If-None-Match"); len(tags) > 0 {
		for tag := range strings.SplitSeq(strings.Join(tags, ","), ",") {
			tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
			if tag == "*" || tag == `"`+a.etag+`"` || a.packed != nil && tag == `"`+a.etag+`-gz"` {
				return true
			}
		}
		return false
	}
	since, err := http.ParseTime(r.Header.Get("If-Modified-Since"))
	return err == nil && !a.modified.IsZero() && !a.modified.Truncate(time.Second).After(since)
}
