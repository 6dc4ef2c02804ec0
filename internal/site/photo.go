package site

import (
	"context"
	"errors"
	"net/http"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"tocsin/internal/current"
	"tocsin/internal/stream"
)

// photoName is the shape of a picture's address: an unguessable token, and -s for its small copy.
var photoName = regexp.MustCompile(`^([A-Za-z0-9_]{8,100}|[A-Za-z0-9_][A-Za-z0-9_-]{6,98}[A-Za-z0-9_])\.jpg$`)

// maxRemembered bounds the names of former photos: a State's photos of many years.
const maxRemembered = 10_000

// photo serves a picture of a live alert and of nothing else: a draft's are not
// public yet, an ended alert's not any more, whatever the store still holds.
func (s *site) photo(w http.ResponseWriter, r *http.Request) {
	name := chi.URLParam(r, "name")
	if !photoName.MatchString(name) {
		badParameter("name", "A photo's address ends in letters, digits and .jpg, as the alert gives it.").write(w, r)
		return
	}
	s.serve(w, r, "photo "+name, func(time.Time) reply { return s.picture(r.Context(), name) })
}

func (s *site) picture(ctx context.Context, name string) reply {
	was, is := s.pictures.look(s.live(), name)
	if !is && was {
		return removed("This picture or sound is no longer published.", nil)
	}
	data, err := s.Photos.Get(ctx, name)
	switch {
	case errors.Is(err, stream.ErrGone):
		return removed("This picture or sound is no longer published.", nil)
	case errors.Is(err, stream.ErrNone), err == nil && !is:
		return noSuch("picture or sound")
	case err != nil:
		s.Log.ErrorContext(ctx, "picture or sound", "err", err)
		return problem{Title: "The picture or sound cannot be read now", Status: http.StatusServiceUnavailable, Detail: "Try again in a few seconds."}.reply()
	}
	a := newReply("image/jpeg", data)
	a.hidden = true
	return a
}

// look says whether name is a photo of one of live, and whether it ever was.
func (p *pictures) look(live []current.Revision, name string) (was, is bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.had == nil {
		p.had = make(map[string]struct{})
	}
	big := strings.Replace(name, "-s.jpg", ".jpg", 1)
	for _, rev := range live {
		for _, m := range rev.Message.Media {
			own := path.Base(m.URL)
			if len(p.had) < maxRemembered {
				p.had[own] = struct{}{}
			}
			is = is || own == name || own == big
		}
	}
	_, exact := p.had[name]
	_, large := p.had[big]
	return exact || large, is
}
