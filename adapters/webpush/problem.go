package webpush

import (
	"encoding/json"
	"errors"
	"net/http"

	"tocsin/internal/alert"
	rfc9457 "tocsin/internal/problem"
)

// problem is an RFC 9457 problem document.
type problem struct {
	status int
	title  string
	detail string
	faults alert.Invalid
}

// Error is the title and the detail.
func (p problem) Error() string { return p.title + ": " + p.detail }

// respond answers with err as a problem document. Faults of the input name
// their field and its mend; anything unforeseen says nothing of itself.
func respond(w http.ResponseWriter, err error) {
	p, ok := errors.AsType[problem](err)
	if faults, invalid := errors.AsType[alert.Invalid](err); invalid {
		p = problem{http.StatusUnprocessableEntity, "The subscription was not taken", faults[0].Field + ": " + faults[0].Text, faults}
	} else if !ok {
		p = problem{http.StatusInternalServerError, "Something went wrong", "Try again in a minute.", nil}
	}
	if p.status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "60")
	}
	rfc9457.Document{Title: p.title, Status: p.status, Detail: p.detail, Errors: p.faults}.Write(w)
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if w.Header().Get("Cache-Control") == "" {
		w.Header().Set("Cache-Control", "no-store")
	}
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		return nil // the header has gone out; the client has left
	}
	return nil
}
