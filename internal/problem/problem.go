// Package problem is the one shape of an error over HTTP: an RFC 9457 document
// that names each field at fault and its mend.
package problem

import (
	"cmp"
	"encoding/json"
	"net/http"

	"tocsin/internal/alert"
)

// Document is one problem. It holds no personal data and nothing of the request's body.
type Document struct {
	Type   string        `json:"type"` // about:blank when empty
	Title  string        `json:"title"`
	Status int           `json:"status"`
	Detail string        `json:"detail"`
	Errors alert.Invalid `json:"errors,omitempty"`
}

// Field is a document about one field.
func Field(status int, field, code, mend string) Document {
	return Document{Status: status, Detail: mend, Errors: alert.Invalid{{Field: field, Code: code, Text: mend}}}
}

// Filled is d with its defaults: the type, and the status's own words for a title.
func (d Document) Filled() Document {
	d.Type = cmp.Or(d.Type, "about:blank")
	d.Title = cmp.Or(d.Title, http.StatusText(d.Status))
	return d
}

// Write answers with d. No cache keeps it.
func (d Document) Write(w http.ResponseWriter) {
	d = d.Filled()
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(d.Status)
	_ = json.NewEncoder(w).Encode(d) // a client that left is nothing to mend
}
