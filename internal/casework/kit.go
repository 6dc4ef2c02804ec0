package casework

import (
	"context"
	"crypto/sha1" // CAP's digest element is SHA-1 by the standard; nothing is trusted to it
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
)

// Kit is what was made of a revision for stations: slides, poster, sound. It is
// made before submission and never changed, so that the approver sees the very
// bytes that go out, and a release makes nothing.
type Kit struct {
	Key      string        `json:"key"` // of the content it was made of
	Media    []alert.Media `json:"media,omitempty"`
	Warnings []string      `json:"warnings,omitempty"` // what is missing in it, and the mend
}

// Objects are the names of the kit's files in the object store.
func (k *Kit) objects() []string {
	if k == nil {
		return nil
	}
	names := make([]string, len(k.Media))
	for i, m := range k.Media {
		names[i] = path.Base(m.URL)
	}
	return names
}

// File is one finished file of a kit, as the maker gives it.
type File struct {
	Kind, Name, MIME string // as alert.Media
	Lang             alert.Lang
	Ext              string // of its address, without the dot: letters and digits
	Data             []byte
}

// KitMaker makes the kit of m, whose texts are written. photos are the JPEGs of
// persons by token; at is the time that an update bears. What cannot be made is
// a warning for the officer; an error is a kit that could not be begun.
type KitMaker func(ctx context.Context, m *alert.Message, photos map[string][]byte, at time.Time) ([]File, []string, error)

// kitFailed is the warning of an alert that goes out with words and photos alone.
const kitFailed = "Slides, poster and sound could not be made. The alert goes out without them."

// Kit makes the kit of the draft ahead of submission, so that its author can
// look at it. It is kept until the draft changes. Submit does the same by itself.
func (s *Service) Kit(ctx context.Context, by auth.Officer, id string) (Case, error) {
	if err := mayWrite(by); err != nil {
		return Case{}, err
	}
	_, st, err := s.find(id)
	if err != nil {
		return Case{}, err
	}
	if st.c.Stage != StageDraft {
		return Case{}, wrongStage("Slides are made of a draft; this case is " + string(st.c.Stage) + ".")
	}
	p, err := s.preview(ctx, st, time.Now())
	if err != nil {
		return Case{}, err
	}
	if err := p.Faults.Err(); err != nil {
		return Case{}, err
	}
	if err := s.prepare(ctx, by, id); err != nil {
		return Case{}, err
	}
	return s.Get(id)
}

// errMoved: the draft changed while its kit was being made.
var errMoved = errors.New("the draft changed meanwhile")

// prepare makes and stores the kit that the draft wants, unless it has it or has
// faults. The case is not held while the pictures are drawn: a withdrawal must
// never wait for them.
func (s *Service) prepare(ctx context.Context, by auth.Officer, id string) error {
	if s.d.Kit == nil {
		return nil
	}
	free, err := s.hold(ctx, id) // perhaps another process made the case a moment ago
	if err != nil {
		return err
	}
	free()
	for range rounds {
		_, st, err := s.find(id)
		if err != nil || st.c.Stage != StageDraft {
			return err
		}
		p, err := s.preview(ctx, st, time.Now())
		if err != nil || len(p.Faults) > 0 || p.Kit != nil {
			return err
		}
		err = s.makeKit(ctx, by, st, p)
		if !errors.Is(err, errMoved) {
			return err
		}
		if err := s.catchUp(ctx, id); err != nil {
			return err
		}
	}
	return ErrConflict
}

// makeKit makes the kit of p, notes it, then stores its files: in this order, so
// that whatever happens the case knows of every file that may have to be deleted.
func (s *Service) makeKit(ctx context.Context, by auth.Officer, st *state, p Preview) error {
	key, err := kitKey(s.d.KitVersion, p.Message)
	if err != nil {
		return err
	}
	files, warnings := s.drawn(ctx, st.c.ID, p.Message)
	if ctx.Err() != nil {
		return context.Cause(ctx) // the officer left; nothing is kept
	}
	k := &Kit{Key: key, Warnings: warnings}
	for _, f := range files {
		k.Media = append(k.Media, s.medium(f))
	}
	if err := s.noteKit(ctx, by, st, k); err != nil {
		return err
	}
	for i, f := range files {
		err := s.d.Objects.Put(ctx, path.Base(k.Media[i].URL), f.Data)
		switch {
		case err == nil:
			s.stored.Store(path.Base(k.Media[i].URL), struct{}{})
		case gone(err): // deleted already: the draft has changed
			return errMoved
		default:
			s.d.Log.Error("a kit could not be stored", "case", st.c.ID, "err", err)
			_, now, findErr := s.find(st.c.ID)
			if findErr != nil {
				return findErr
			}
			return s.noteKit(ctx, by, now, &Kit{Key: key, Warnings: []string{kitFailed}})
		}
	}
	return nil
}

// drawn asks the maker. Its failure is a warning: slides never hold up an alert.
func (s *Service) drawn(ctx context.Context, id string, m *alert.Message) ([]File, []string) {
	photos := map[string][]byte{}
	for _, token := range photosOf(m.Facts) {
		data, err := s.d.Objects.Get(ctx, Photo{Token: token}.Object())
		if err != nil {
			s.d.Log.Error("a photo could not be read for the kit", "case", id, "err", err)
			return nil, []string{kitFailed}
		}
		photos[token] = data
	}
	files, warnings, err := s.d.Kit(ctx, m, photos, time.Now())
	if err != nil {
		s.d.Log.Error("a kit could not be made", "case", id, "err", err)
		return nil, []string{kitFailed}
	}
	return files, warnings
}

// medium gives a file its address.
func (s *Service) medium(f File) alert.Media {
	sum, sum1 := sha256.Sum256(f.Data), sha1.Sum(f.Data)
	return alert.Media{
		Kind: f.Kind, Lang: f.Lang, Name: f.Name, MIME: f.MIME, Bytes: len(f.Data),
		URL:    s.d.Policy.PublicURL + "/media/" + newToken() + "." + f.Ext,
		SHA256: hex.EncodeToString(sum[:]), SHA1: hex.EncodeToString(sum1[:]),
	}
}

// noteKit appends the event that names the kit of the draft as st has it.
func (s *Service) noteKit(ctx context.Context, by auth.Officer, st *state, k *Kit) error {
	_, err := s.act(ctx, by, st.c.ID, func(now *state) (*Event, error) {
		if now.c.Version != st.c.Version {
			return nil, errMoved
		}
		return &Event{Kind: KindKit, Kit: k}, nil
	})
	return err
}

// kitKey is over all that a kit shows, so that it is made anew when any of it
// changes. The earlier messages are not in it: with time they expire by themselves.
func kitKey(version string, m *alert.Message) (string, error) {
	c := *m
	c.Sent, c.CAP, c.References = time.Time{}, nil, nil
	c.Media = slices.DeleteFunc(slices.Clone(m.Media), func(x alert.Media) bool { return x.Kind != "photo" })
	raw, err := json.Marshal(struct {
		Version string         `json:"version"`
		Message *alert.Message `json:"message"`
	}{version, &c})
	if err != nil {
		return "", fmt.Errorf("kit: %w", err)
	}
	return hashOf(raw), nil
}

// kitOf is the kit that m goes out with, nil when there is none yet. From
// submission on it is the one that was submitted, and a fault when a file of it is lost.
func (s *Service) kitOf(ctx context.Context, st *state, m *alert.Message) (*Kit, alert.Invalid, error) {
	k := st.c.Kit
	if k == nil || s.d.Kit == nil {
		return nil, nil, nil
	}
	frozen := st.c.Stage == StageSubmitted || st.c.Stage == StageReleased
	if !frozen {
		key, err := kitKey(s.d.KitVersion, m)
		if err != nil || key != k.Key {
			return nil, nil, err
		}
	}
	for _, x := range k.Media {
		ok, err := s.stands(ctx, path.Base(x.URL), x.SHA256)
		switch {
		case err != nil:
			return nil, nil, err
		case !ok && frozen:
			return k, alert.Invalid{{Field: "media", Code: "missing", Text: "A slide or sound of this alert is lost. Return it to the authors and have it submitted again."}}, nil
		case !ok: // a crash came between the note and the bytes
			return nil, nil, nil
		}
	}
	return k, nil, nil
}

// dropKit lets go of the draft's kit. What the public has of it stays until the
// next revision is out.
func (st *state) dropKit() {
	for _, name := range st.c.Kit.objects() {
		if !slices.Contains(st.aired, name) {
			st.doomed = withName(st.doomed, name)
		}
	}
	st.c.Kit = nil
}

// airKit makes the draft's kit the public's, and dooms the one before it.
func (st *state) airKit() {
	now := st.c.Kit.objects()
	for _, name := range st.aired {
		if !slices.Contains(now, name) {
			st.doomed = withName(st.doomed, name)
		}
	}
	st.aired = now
}

// endKits dooms every kit.
func (st *state) endKits() {
	for _, name := range slices.Concat(st.aired, st.c.Kit.objects()) {
		st.doomed = withName(st.doomed, name)
	}
	st.aired, st.c.Kit = nil, nil
}
