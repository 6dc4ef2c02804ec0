package casework

import (
	"context"
	"fmt"
	"slices"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/media"
)

// EditPhoto makes a new photo of one of the case's, turned, straightened and cut
// as e says, and returns its token, for Person.Photo. The photo it is made of
// stays as it was uploaded, until the case ends or the release of an update no
// longer shows it: an edit can be undone, and made anew from all its pixels. An
// edit of an edited photo begins from that one too, while it is there.
// A photo so made that the next edit of the draft does not name is deleted.
func (s *Service) EditPhoto(ctx context.Context, by auth.Officer, id, token string, e media.Edit) (photoID string, err error) {
	if err := mayWrite(by); err != nil {
		return "", err
	}
	_, st, err := s.find(id)
	if err != nil {
		return "", err
	}
	if err := open(st.c.Stage); err != nil {
		return "", err
	}
	from, ok := st.c.Origin(token)
	if !ok || s.d.Rework == nil {
		return "", alert.Invalid{{Field: "photo", Code: "unknown", Text: "This is not a photo of this case; add the photo again and choose it."}}
	}
	name := from.Object()
	if from.Work {
		name = from.Original()
	}
	data, err := s.d.Objects.Get(ctx, name)
	if from.Work && gone(err) { // a crash kept the photo, and not yet its larger copy
		data, err = s.d.Objects.Get(ctx, from.Object())
	}
	if err != nil {
		return "", fmt.Errorf("reading the photo: %w", err)
	}
	img, err := s.d.Rework(ctx, data, e)
	if err != nil {
		return "", err
	}
	return s.keep(ctx, by, id, KindPhotoMade, Photo{From: from.Token, Edit: &e}, img)
}

// Origin is the photo as it was uploaded that the photo of this token was made
// of, or is; the photo itself when that upload was public and an update took it
// away. False when the case has no such photo.
func (c Case) Origin(token string) (Photo, bool) {
	p, ok := c.PhotoOf(token)
	if from, found := c.PhotoOf(p.From); found {
		return from, true
	}
	return p, ok
}

// PhotoOf is the case's photo of this token.
func (c Case) PhotoOf(token string) (Photo, bool) {
	at := slices.IndexFunc(c.Photos, func(p Photo) bool { return p.Token == token })
	if at < 0 || token == "" {
		return Photo{}, false
	}
	return c.Photos[at], true
}

// dropCuts lets go of edited photos that the draft no longer names and the
// public does not see: each try would else stay, and count, until the case ends.
func (st *state) dropCuts() {
	used := photosOf(&st.c.Facts)
	if n := len(st.sent); n > 0 {
		used = append(used, st.sent[n-1].photos...)
	}
	for _, p := range st.c.Photos {
		if p.From != "" && !slices.Contains(used, p.Token) {
			st.doomed = withName(st.doomed, p.Token)
		}
	}
}
