package console

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/go-chi/chi/v5"

	"tocsin/internal/casework"
)

// photo serves a case's own photo to a signed-in officer; "?small" the thumbnail.
func (c *console) photo(w http.ResponseWriter, r *http.Request) {
	k, ok := c.find(w, r)
	if !ok {
		return
	}
	at := slices.IndexFunc(k.Photos, func(p casework.Photo) bool { return p.Token == chi.URLParam(r, "photo") })
	if at < 0 {
		c.refuse(w, r, http.StatusNotFound, "There is no such photo", "It belongs to another case, or was removed.")
		return
	}
	name := k.Photos[at].Object()
	if r.URL.Query().Has("small") {
		name = k.Photos[at].Thumbnail()
	}
	data, err := c.Photos.Get(r.Context(), name)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	_, _ = w.Write(data) // the browser left: nothing to mend
}
