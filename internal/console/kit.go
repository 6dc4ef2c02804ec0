package console

import (
	"net/http"
	"path"
	"slices"
	"strconv"

	"github.com/go-chi/chi/v5"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
)

// kitFile is a slide, poster, sound or page as the officer looks at it.
type kitFile struct {
	Name    string // in the language of the alert
	Kind    string
	Address string
	Picture bool
	Size    string // "210 kB"
}

// kitFiles are the files of k in one language.
func (c *console) kitFiles(id string, k *casework.Kit, lang alert.Lang) []kitFile {
	if k == nil {
		return nil
	}
	var files []kitFile
	for _, m := range k.Media {
		if m.Lang == lang {
			files = append(files, kitFile{
				Name: m.Name, Kind: m.Kind, Address: "/console/cases/" + id + "/kit/" + path.Base(m.URL),
				Picture: m.MIME == "image/jpeg", Size: strconv.Itoa(max(1, m.Bytes/1000)) + " kB",
			})
		}
	}
	return files
}

// kitFile serves a file of the draft's own kit: the very bytes that go out.
func (c *console) kitFile(w http.ResponseWriter, r *http.Request) {
	k, ok := c.find(w, r)
	if !ok {
		return
	}
	name := chi.URLParam(r, "file")
	var media []alert.Media
	if k.Kit != nil {
		media = k.Kit.Media
	}
	at := slices.IndexFunc(media, func(m alert.Media) bool { return path.Base(m.URL) == name })
	if at < 0 {
		c.refuse(w, r, http.StatusNotFound, c.say("There is no such slide"), c.say("The alert has changed since. Open its preview again."))
		return
	}
	data, err := c.Photos.Get(r.Context(), name)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	kind := media[at].MIME
	if kind == "text/plain" {
		kind += "; charset=utf-8"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	_, _ = w.Write(data) // the browser left: nothing to mend
}

// makeKit draws the slides ahead of submission, for the author to look at.
func (c *console) makeKit(w http.ResponseWriter, r *http.Request) {
	k, ok := c.find(w, r)
	if !ok {
		return
	}
	if _, ok := c.readForm(w, r); !ok {
		return
	}
	if _, err := c.Casework.Kit(r.Context(), c.officer(r), k.ID); err != nil {
		c.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/console/cases/"+k.ID+"/preview#kit", http.StatusSeeOther)
}
