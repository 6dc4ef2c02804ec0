package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"tocsin/internal/alert"
	"tocsin/internal/problem"
)

func writeProblem(w http.ResponseWriter, t trouble, v alert.Invalid) {
	problem.Document{
		Type: "urn:tocsin:problem:" + t.kind, Title: t.title, Status: t.status, Detail: t.detail, Errors: v,
	}.Write(w)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		writeProblem(w, (&console{tongue: english}).diagnose(err), nil)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}

// readJSON decodes a body of one JSON value strictly: a misspelt field must
// never be ignored silently. When it returns false it has answered.
func (c *console) readJSON(w http.ResponseWriter, r *http.Request, dst any) bool {
	if !contentType(w, r, "application/json") || !bounded(w, r, maxJSON) {
		return false
	}
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	err := dec.Decode(dst)
	if err == nil {
		if _, err = dec.Token(); errors.Is(err, io.EOF) {
			return true
		}
		err = errors.Join(errors.New("there is more than one JSON value"), err)
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		w.Header().Set("Connection", "close")
		c.fail(w, r, err)
		return false
	}
	t, v := jsonFault(err)
	writeProblem(w, t, v)
	return false
}

// jsonFault says where a document is wrong, without repeating what it holds.
func jsonFault(err error) (trouble, alert.Invalid) {
	t := trouble{http.StatusBadRequest, "json", "The body is not the JSON we expect", "Send one JSON object with the fields of the documentation."}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		t.status = http.StatusUnprocessableEntity
		return t, alert.Invalid{{Field: e.Field, Code: "type", Text: fmt.Sprintf("This field must be of another type than %s.", strings.Fields(e.Value)[0])}}
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		t.detail = fmt.Sprintf("The JSON breaks off or is wrong at byte %d. Mend it there.", e.Offset)
		return t, nil
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		field := strings.Trim(name, `"`)
		t.status = http.StatusUnprocessableEntity
		return t, alert.Invalid{{Field: field, Code: "unknown_field", Text: "There is no such field. Check its spelling, or leave it out."}}
	}
	return t, nil
}

// contentType refuses a body of another kind: 415.
func contentType(w http.ResponseWriter, r *http.Request, allowed ...string) bool {
	got, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && slices.Contains(allowed, got) {
		return true
	}
	w.Header().Set("Accept-Post", strings.Join(allowed, ", "))
	writeProblem(w, trouble{http.StatusUnsupportedMediaType, "content-type", "Wrong Content-Type", "Send " + strings.Join(allowed, " or ") + "."}, nil)
	return false
}

// bounded refuses a body that says it is too large before a byte of it is
// read, and cuts one that does not say.
func bounded(w http.ResponseWriter, r *http.Request, limit int64) bool {
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	if r.ContentLength <= limit {
		return true
	}
	w.Header().Set("Connection", "close")
	writeProblem(w, (&console{tongue: english}).diagnose(&http.MaxBytesError{Limit: limit}), nil)
	return false
}

// routeOf is the pattern of the request's address: an address itself may name a case.
func routeOf(r *http.Request) string {
	if ctx := chi.RouteContext(r.Context()); ctx != nil {
		return ctx.RoutePattern()
	}
	return ""
}
