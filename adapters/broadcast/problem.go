package broadcast

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
)

// problem is an error with its public face (RFC 9457).
type problem struct {
	status int
	detail string
	field  string
}

func (p *problem) Error() string { return p.field + ": " + p.detail }

// refuse answers with err as a problem document; anything that is no problem stays inside.
func refuse(w http.ResponseWriter, err error) {
	p, ok := errors.AsType[*problem](err)
	if !ok {
		p = &problem{http.StatusInternalServerError, "this is our fault; try again", ""}
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	switch p.status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="tocsin feed"`)
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		h.Set("Retry-After", strconv.Itoa(retrySeconds))
	}
	w.WriteHeader(p.status)
	doc := map[string]any{"title": http.StatusText(p.status), "status": p.status, "detail": p.detail}
	if p.field != "" {
		doc["field"] = p.field
	}
	_ = json.NewEncoder(w).Encode(doc) // the client is gone if this fails
}

// retrySeconds is when somebody refused for a passing reason may come back.
const retrySeconds = 2
