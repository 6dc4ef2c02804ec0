package site

import (
	"fmt"
	"net/http"
	"path"
	"regexp"
	"time"

	"github.com/go-chi/chi/v5"

	"tocsin/internal/alert"
)

// mediumName is the shape of the address of a slide, poster, sound or page: an
// unguessable token and an extension.
var mediumName = regexp.MustCompile(`^[a-z0-9]{16,64}\.(jpg|pdf|wav|txt)$`)

// medium serves a file of a live alert's kit, and of nothing else: a draft's are
// not public yet, an older revision's and an ended alert's not any more. With
// ?download it has a name to be saved under.
func (s *site) medium(w http.ResponseWriter, r *http.Request) {
	name := chi.URLParam(r, "name")
	if !mediumName.MatchString(name) {
		badParameter("name", "The address of a slide or sound ends in letters, digits and .jpg, .pdf, .wav or .txt, as the alert gives it.").write(w, r)
		return
	}
	m, x, ok := s.find(name)
	if ok && r.URL.Query().Has("download") {
		w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", fileName(m, x)))
	}
	s.serve(w, r, "media "+name, func(time.Time) reply {
		a := s.picture(r.Context(), name)
		if a.status == http.StatusOK {
			if a.kind = x.MIME; a.kind == "text/plain" {
				a.kind += "; charset=utf-8"
			}
		}
		return a
	})
}

// find is the live alert that has a medium of this name.
func (s *site) find(name string) (*alert.Message, alert.Media, bool) {
	for _, rev := range s.live() {
		for _, x := range rev.Message.Media {
			if path.Base(x.URL) == name {
				return rev.Message, x, true
			}
		}
	}
	return nil, alert.Media{}, false
}

// fileName names nobody: it lies in download folders long after the child is found.
func fileName(m *alert.Message, x alert.Media) string {
	name := m.Identifier + "-" + x.Kind
	if x.Lang != "" {
		name += "-" + string(x.Lang)
	}
	return name + path.Ext(x.URL)
}
