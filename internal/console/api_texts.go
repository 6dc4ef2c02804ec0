package console

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
)

// ifMatch is the version that a program saw. When it returns false it has answered.
func (c *console) ifMatch(w http.ResponseWriter, r *http.Request) (version uint64, ok bool) {
	match := r.Header.Get("If-Match")
	if match == "" {
		writeProblem(w, trouble{
			http.StatusPreconditionRequired, "precondition-required", "If-Match is missing",
			"Send the ETag that GET gave as If-Match, so that a colleague's change is not overwritten.",
		}, nil)
		return 0, false
	}
	version, err := strconv.ParseUint(strings.Trim(match, `"`), 10, 64)
	if err != nil || match != `"`+strconv.FormatUint(version, 10)+`"` {
		c.fail(w, r, casework.ErrConflict) // an ETag that we never gave is nobody's version
		return 0, false
	}
	return version, true
}

// apiReword puts own words in place of the machine's in one text, or confirms them.
func (c *console) apiReword(w http.ResponseWriter, r *http.Request) {
	version, ok := c.ifMatch(w, r)
	if !ok {
		return
	}
	var body struct {
		Text string `json:"text"`
	}
	if !c.readJSON(w, r, &body) {
		return
	}
	k, err := c.Casework.Reword(r.Context(), c.officer(r), chi.URLParam(r, "id"), version, alert.Lang(chi.URLParam(r, "lang")), chi.URLParam(r, "name"), body.Text)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	writeCase(w, http.StatusOK, k)
}

// apiUnword goes back to the machine's words.
func (c *console) apiUnword(w http.ResponseWriter, r *http.Request) {
	version, ok := c.ifMatch(w, r)
	if !ok {
		return
	}
	k, err := c.Casework.Unword(r.Context(), c.officer(r), chi.URLParam(r, "id"), version, alert.Lang(chi.URLParam(r, "lang")), chi.URLParam(r, "name"))
	if err != nil {
		c.fail(w, r, err)
		return
	}
	writeCase(w, http.StatusOK, k)
}
