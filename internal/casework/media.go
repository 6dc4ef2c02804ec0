package casework

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"tocsin/internal/alert"
	"tocsin/internal/stream"
)

// photoWords is what a screen reader says of a picture, with a name and without.
var photoWords = map[alert.Lang]struct{ named, alone string }{
	alert.English: {"Photo of %s", "Photo"},
	alert.French:  {"Photo de %s", "Photo"},
	alert.German:  {"Foto von %s", "Foto"},
	alert.Italian: {"Foto di %s", "Foto"},
	alert.Russian: {"Фото: %s", "Фото"},
	alert.Spanish: {"Foto de %s", "Foto"},
}

// media lists the photos that the draft shows, with a fault for each that is not
// there to be shown.
func (s *Service) media(ctx context.Context, st *state) ([]alert.Media, alert.Invalid, error) {
	var (
		list   []alert.Media
		faults alert.Invalid
		f      = &st.c.Facts
	)
	for _, group := range []struct {
		name    string
		persons []alert.Person
	}{{"children", f.Children}, {"suspects", f.Suspects}} {
		for i, person := range group.persons {
			if person.Photo == "" {
				continue
			}
			field := fmt.Sprintf("%s[%d].photo", group.name, i)
			at := slices.IndexFunc(st.c.Photos, func(p Photo) bool { return p.Token == person.Photo })
			if at < 0 || slices.Contains(st.doomed, person.Photo) {
				faults.Add(field, "unknown", "This is not a photo of this case; add the photo again and choose it.")
				continue
			}
			photo := st.c.Photos[at]
			whole, err := s.whole(ctx, photo)
			if err != nil {
				return nil, nil, err
			}
			if !whole {
				faults.Add(field, "missing", "The photo was not stored completely; add it again and choose it.")
			}
			list = append(list, alert.Media{
				Kind: "photo", Name: photoName(f.Languages, person), MIME: "image/jpeg",
				URL:   s.d.Policy.PublicURL + "/photos/" + photo.Object(),
				Bytes: photo.Bytes, SHA256: photo.SHA256, SHA1: photo.SHA1,
			})
		}
	}
	return list, faults, nil
}

// whole says whether the photo's bytes are stored as they were taken in. A crash
// between the event and the bytes leaves a photo that must not be announced.
func (s *Service) whole(ctx context.Context, p Photo) (bool, error) {
	if _, ok := s.stored.Load(p.Token); ok {
		return true, nil
	}
	if ok, err := s.stands(ctx, p.Object(), p.SHA256); !ok {
		return false, err
	}
	if _, err := s.d.Objects.Get(ctx, p.Thumbnail()); gone(err) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("reading a photo: %w", err)
	}
	s.stored.Store(p.Token, struct{}{})
	return true, nil
}

// stands says whether an object is stored with the bytes of the digest; it is read once.
func (s *Service) stands(ctx context.Context, name, sha256 string) (bool, error) {
	if _, ok := s.stored.Load(name); ok {
		return true, nil
	}
	data, err := s.d.Objects.Get(ctx, name)
	switch {
	case gone(err):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("reading a picture or sound: %w", err)
	}
	if hashOf(data) != sha256 {
		return false, nil
	}
	s.stored.Store(name, struct{}{})
	return true, nil
}

// gone says that an object is not there, which is what a deletion wants.
func gone(err error) bool { return errors.Is(err, stream.ErrNone) || errors.Is(err, stream.ErrGone) }

// photoName is in the officer's language, the alert's first.
func photoName(langs []alert.Lang, p alert.Person) string {
	lang := alert.English
	if len(langs) > 0 && photoWords[langs[0]].named != "" {
		lang = langs[0]
	}
	if p.GivenName == "" {
		return photoWords[lang].alone
	}
	return fmt.Sprintf(photoWords[lang].named, p.GivenName)
}
