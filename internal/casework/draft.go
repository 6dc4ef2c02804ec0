package casework

import (
	"bytes"
	"context"
	"crypto/sha1" // CAP's digest element is SHA-1 by the standard; nothing is trusted to it
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
)

// The bounds on a case's photos: what fills the disk, and the memory of one request.
const (
	maxPhotoBytes = 10 << 20
	maxPhotos     = 30
)

// storable says what of a draft cannot even be kept.
func storable(d Draft) error {
	return append(d.Facts.Storable(), checkInternal(d.Internal)...).Err()
}

// Draft begins a case. The draft may be incomplete; alert.Invalid is only for
// what cannot even be stored.
func (s *Service) Draft(ctx context.Context, by auth.Officer, d Draft) (Case, error) {
	return s.begin(ctx, by, d, Event{})
}

// begin stores a case's first event, with the marks that ev carries already.
func (s *Service) begin(ctx context.Context, by auth.Officer, d Draft, ev Event) (Case, error) {
	if err := mayWrite(by); err != nil {
		return Case{}, err
	}
	if err := storable(d); err != nil {
		return Case{}, err
	}
	answers, faults := s.d.Criteria.Fit(d.Criteria)
	if err := faults.Err(); err != nil {
		return Case{}, err
	}
	d.Criteria = answers
	ev.Kind, ev.Officer, ev.Draft, ev.Asked = KindDrafted, by.ID, &d, s.d.Criteria
	return s.store(ctx, alert.NewCaseID(), &state{}, &ev)
}

// Edit replaces the draft of the version that the officer saw; ErrConflict when
// somebody else changed it since. It voids a submission. On a live case it
// begins the update, or changes it. A draft without Criteria leaves the answers as they are.
func (s *Service) Edit(ctx context.Context, by auth.Officer, id string, version uint64, d Draft) (Case, error) {
	if err := mayWrite(by); err != nil {
		return Case{}, err
	}
	if err := storable(d); err != nil {
		return Case{}, err
	}
	return s.act(ctx, by, id, func(st *state) (*Event, error) {
		if err := open(st.c.Stage); err != nil {
			return nil, err
		}
		if version != st.c.Version {
			return nil, ErrConflict
		}
		answers, err := st.answered(d.Criteria)
		if err != nil {
			return nil, err
		}
		next := d
		next.Criteria = answers
		return &Event{Kind: KindEdited, Draft: &next}, nil
	})
}

// open refuses to write into a case that has ended.
func open(stage Stage) error {
	switch stage {
	case StageRejected:
		return wrongStage("This case was rejected. Begin a new one.")
	case StageWithdrawn:
		return wrongStage("This alert was withdrawn. Begin a new case.")
	case StagePractised:
		return wrongStage("This practice is over. Begin a new one.")
	}
	return nil
}

// AddPhoto stores a picture, encoded anew, and returns the id that Person.Photo
// may name. The event comes before the bytes, so that whatever happens the case
// knows of every picture that may have to be deleted.
func (s *Service) AddPhoto(ctx context.Context, by auth.Officer, id string, r io.Reader) (photoID string, err error) {
	if err := mayWrite(by); err != nil {
		return "", err
	}
	img, err := s.intake(r)
	if err != nil {
		return "", err
	}
	return s.keep(ctx, by, id, KindPhotoAdded, Photo{}, img)
}

// keep stores a picture as p, whose origin is filled in, and returns its token.
func (s *Service) keep(ctx context.Context, by auth.Officer, id, kind string, p Photo, img Image) (photoID string, err error) {
	sum, sum1 := sha256.Sum256(img.Full), sha1.Sum(img.Full)
	p.Token, p.By, p.At, p.Width, p.Height = newToken(), by.ID, time.Now().UTC(), img.Width, img.Height
	p.Bytes, p.SHA256, p.SHA1, p.Work = len(img.Full), hex.EncodeToString(sum[:]), hex.EncodeToString(sum1[:]), img.Work != nil
	free, err := s.hold(ctx, id)
	if err != nil {
		return "", err
	}
	defer free()
	_, err = s.decided(ctx, by, id, func(st *state) (*Event, error) {
		if err := open(st.c.Stage); err != nil {
			return nil, err
		}
		if len(st.c.Photos) >= maxPhotos {
			return nil, alert.Invalid{{Field: "photo", Code: "too_many", Text: "The case has 30 photos already; use one of them."}}
		}
		return &Event{Kind: kind, Photo: &p}, nil
	})
	if err != nil {
		return "", err
	}
	if err := s.put(ctx, id, p, img); err != nil {
		s.forget(ctx, id, []string{p.Token})
		return "", fmt.Errorf("storing the photo: %w", err)
	}
	return p.Token, nil
}

// intake reads one picture within its bound.
func (s *Service) intake(r io.Reader) (Image, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxPhotoBytes+1))
	if err != nil {
		return Image{}, fmt.Errorf("reading the photo: %w", err)
	}
	if len(raw) > maxPhotoBytes {
		return Image{}, alert.Invalid{{Field: "photo", Code: "too_large", Text: "The photo is larger than 10 MB; send a smaller one."}}
	}
	return s.d.Intake(bytes.NewReader(raw))
}

// put stores every size. Another process may have ended the case meanwhile: then
// the bytes must not stay.
func (s *Service) put(ctx context.Context, id string, p Photo, img Image) error {
	if err := s.d.Objects.Put(ctx, p.Object(), img.Full); err != nil {
		return err
	}
	if err := s.d.Objects.Put(ctx, p.Thumbnail(), img.Small); err != nil {
		return err
	}
	if p.Work {
		if err := s.d.Objects.Put(ctx, p.Original(), img.Work); err != nil {
			return err
		}
	}
	if err := s.catchUp(ctx, id); err != nil {
		return err
	}
	c, err := s.Get(id)
	if err != nil {
		return err
	}
	if open(c.Stage) != nil {
		return errors.New("the case has ended meanwhile")
	}
	s.stored.Store(p.Token, struct{}{})
	return nil
}
