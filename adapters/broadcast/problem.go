package broadcast

import (
	"errors"
	"net/http"
	"strconv"

	rfc9457 "tocsin/internal/problem"
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
	switch p.status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="tocsin feed"`)
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		w.Header().Set("Retry-After", strconv.Itoa(retrySeconds))
	}
	doc := rfc9457.Document{Status: p.status, Detail: p.detail}
	if p.field != "" {
		doc = rfc9457.Field(p.status, p.field, "invalid", p.detail)
	}
	doc.Write(w)
}

// retrySeconds is when somebody refused for a passing reason may come back.
const retrySeconds = 2
