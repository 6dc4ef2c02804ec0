package console

import (
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/go-chi/chi/v5"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
	"tocsin/internal/stream"
)

// photo serves a case's own photo to a signed-in officer; "?small" the thumbnail.
func (c *console) photo(w http.ResponseWriter, r *http.Request) {
	k, ok := c.find(w, r)
	if !ok {
		return
	}
	if ended(k) {
		c.fail(w, r, stream.ErrGone)
		return
	}
	at := slices.IndexFunc(k.Photos, func(p casework.Photo) bool { return p.Token == chi.URLParam(r, "photo") })
	if at < 0 {
		c.refuse(w, r, http.StatusNotFound, c.say("There is no such photo"), c.say("It belongs to another case, or was removed."))
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

// takePhoto stores an uploaded photo and names it in the form, as if it had
// been there from the start: whatever else goes wrong, the upload is kept.
func (c *console) takePhoto(r *http.Request, p place, sent url.Values) error {
	if p.n < 0 || r.MultipartForm == nil {
		return nil
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }() // temporary files; the system cleans what stays
	name := fmt.Sprintf("%s[%d].photo", p.step.slug, p.n)
	if sent.Get("remove_photo") != "" {
		sent.Set(name, "")
	}
	heads := r.MultipartForm.File["photo_file"]
	if len(heads) == 0 || heads[0].Size == 0 {
		return nil
	}
	return c.storePhoto(r, p.k.ID, heads[0], func(id string) { sent.Set(name, id) })
}

func (c *console) storePhoto(r *http.Request, caseID string, head *multipart.FileHeader, use func(string)) error {
	if head.Size > maxPhoto {
		return alert.Invalid{{Field: "photo", Code: "too_large", Text: tr("The photo is larger than 10 MB. Choose a smaller one.")}}
	}
	file, err := head.Open()
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // read only
	id, err := c.Casework.AddPhoto(r.Context(), c.officer(r), caseID, file)
	if err == nil {
		use(id)
	}
	return err
}

// markPhoto says at the photo's field why it was not taken.
func (c *console) markPhoto(b *form, err error) {
	t := c.diagnose(err)
	text := t.title + ". " + t.detail
	if v, ok := errors.AsType[alert.Invalid](err); ok && len(v) > 0 {
		text = c.retell(v[0].Text)
	}
	for _, f := range b.Fields {
		if f.Kind == "photo" {
			b.fault(f, "photo", text)
		}
	}
}
