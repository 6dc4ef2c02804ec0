package site

import (
	"encoding/json"
	"net/http"

	"tocsin/internal/alert"
)

// problem is an RFC 9457 document.
type problem struct {
	Type   string        `json:"type"`
	Title  string        `json:"title"`
	Status int           `json:"status"`
	Detail string        `json:"detail"`
	Errors alert.Invalid `json:"errors,omitempty"` // each names its field and the mend
	// Alert is what may still be known of an ended alert; it names nobody.
	Alert *alert.Public `json:"alert,omitempty"`
}

func (p problem) reply() reply {
	if p.Type == "" {
		p.Type = "about:blank"
	}
	a := newReply("application/problem+json", encode(p))
	a.status, a.keep = p.Status, never
	return a
}

// encode is v as JSON. What we encode are our own types, which always can be.
func encode(v any) []byte {
	body, err := json.Marshal(v)
	if err != nil {
		return []byte(`{}`)
	}
	return append(body, '\n')
}

func jsonReply(v any) reply { return newReply("application/json", encode(v)) }

func badParameter(field, text string) reply {
	return problem{
		Type: "urn:tocsin:problem:invalid", Title: "A parameter is wrong", Status: http.StatusBadRequest, Detail: text,
		Errors: alert.Invalid{{Field: field, Code: "invalid", Text: text}},
	}.reply()
}

func noSuch(what string) reply {
	return problem{
		Type: "urn:tocsin:problem:not-found", Title: "There is no such " + what, Status: http.StatusNotFound,
		Detail: "Check the address. /v1/alerts lists what is live.",
	}.reply()
}

func removed(what string, ended *alert.Public) reply {
	return problem{
		Type: "urn:tocsin:problem:ended", Title: "The alert has ended", Status: http.StatusGone,
		Detail: what + " Remove every copy you hold.", Alert: ended,
	}.reply()
}
