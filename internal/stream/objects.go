package stream

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	chunkSize = 128 << 10
	// maxObject bounds one object: a photo is at most 10 MB, a spoken text less.
	maxObject = 32 << 20
)

// Objects is the object store MEDIA: photos, slides, sound. It is laid out like
// every NATS object store, so that its tools can read it, but written by
// ourselves: the library's deletion leaves the bytes in the file, and an upload
// that a crash cut short would leave chunks that nobody knows of. Here the chunks'
// subject follows from the name, so that Delete finds them all.
type Objects struct{ e *Engine }

// Objects is the object store of this realm.
func (e *Engine) Objects() *Objects { return &Objects{e} }

// objectInfo is the object store's own format.
type objectInfo struct {
	Name    string    `json:"name"`
	Bucket  string    `json:"bucket"`
	NUID    string    `json:"nuid"`
	Size    uint64    `json:"size"`
	ModTime time.Time `json:"mtime"`
	Chunks  uint32    `json:"chunks"`
	Digest  string    `json:"digest,omitempty"`
	Deleted bool      `json:"deleted,omitempty"`
}

type place struct{ name, nuid, meta, chunks string }

func (o *Objects) place(name string) (place, error) {
	if name == "" || len(name) > 128 {
		return place{}, fmt.Errorf("object name has %d bytes: give it 1 to 128", len(name))
	}
	return placeOf(string(o.e.realm) + "/" + name), nil
}

// placeOf is where the object of a name with its realm lies.
func placeOf(full string) place {
	sum := sha256.Sum256([]byte(full))
	nuid := hex.EncodeToString(sum[:16])
	return place{full, nuid, "$O.MEDIA.M." + base64.URLEncoding.EncodeToString([]byte(full)), "$O.MEDIA.C." + nuid}
}

// look reads the object's entry; ErrNone when there is none.
func (o *Objects) look(ctx context.Context, p place) (objectInfo, uint64, error) {
	var info objectInfo
	raw, err := o.e.last(ctx, streamMedia, p.meta)
	if err != nil {
		return info, 0, err
	}
	if err := json.Unmarshal(raw.Data, &info); err != nil {
		return info, 0, fmt.Errorf("entry: %w", err)
	}
	return info, raw.Sequence, nil
}

// Put stores data under the name. The same data again is fine; other data under a
// name in use is ErrConflict, and a deleted name is ErrGone for ever.
func (o *Objects) Put(ctx context.Context, name string, data []byte) error {
	if err := o.put(ctx, name, data); err != nil {
		return fmt.Errorf("store object: %w", err)
	}
	return nil
}

func (o *Objects) put(ctx context.Context, name string, data []byte) error {
	p, err := o.place(name)
	if err != nil {
		return err
	}
	if len(data) > maxObject {
		return fmt.Errorf("object of %d bytes: %d are allowed", len(data), maxObject)
	}
	if err := o.e.room(false); err != nil {
		return err
	}
	digest := digestOf(data)
	info, _, err := o.look(ctx, p)
	switch {
	case err == nil && info.Deleted:
		return ErrGone
	case err == nil && info.Digest == digest:
		return nil
	case err == nil:
		return ErrConflict
	case !errors.Is(err, ErrNone):
		return err
	}
	// Chunks of an upload that was cut short: they may be of other data.
	if err := o.e.eraseBefore(ctx, streamMedia, p.chunks, 0); err != nil {
		return err
	}
	var n uint32
	for rest := data; len(rest) > 0; n++ {
		size := min(chunkSize, len(rest))
		if _, err := o.e.publish(ctx, message(p.chunks, Entry{Data: rest[:size]})); err != nil {
			return err
		}
		rest = rest[size:]
	}
	return o.entry(ctx, p, objectInfo{Size: uint64(len(data)), Chunks: n, Digest: digest}, 0)
}

func (o *Objects) entry(ctx context.Context, p place, info objectInfo, after uint64) error {
	info.Name, info.Bucket, info.NUID, info.ModTime = p.name, "MEDIA", p.nuid, time.Now().UTC()
	b, err := json.Marshal(info)
	if err != nil {
		return err
	}
	_, err = o.e.publish(ctx, message(p.meta, Entry{Data: b, After: &after}))
	return err
}

// Get reads an object: ErrNone when it never was, ErrGone after Delete.
func (o *Objects) Get(ctx context.Context, name string) ([]byte, error) {
	b, err := o.get(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("read object: %w", err)
	}
	return b, nil
}

func (o *Objects) get(ctx context.Context, name string) ([]byte, error) {
	p, err := o.place(name)
	if err != nil {
		return nil, err
	}
	info, _, err := o.look(ctx, p)
	if err != nil {
		return nil, err
	}
	if info.Deleted {
		return nil, ErrGone
	}
	if info.Size > maxObject {
		return nil, fmt.Errorf("object of %d bytes: %d are allowed", info.Size, maxObject)
	}
	data := make([]byte, 0, info.Size)
	for next := uint64(1); uint64(len(data)) < info.Size; {
		raw, err := o.e.next(ctx, streamMedia, p.chunks, next)
		if errors.Is(err, ErrNone) {
			// Deleted while we read, else damaged.
			if info, _, err := o.look(ctx, p); err == nil && info.Deleted {
				return nil, ErrGone
			}
			return nil, errors.New("object is incomplete")
		}
		if err != nil {
			return nil, err
		}
		data = append(data, raw.Data...)
		next = raw.Sequence + 1
	}
	if digestOf(data) != info.Digest {
		return nil, errors.New("object is damaged: its digest differs")
	}
	return data, nil
}

// Delete erases an object from disk and leaves a mark, so that Get says ErrGone
// for ever. The mark comes first: nobody reads half a photo, and a Delete that a
// crash cut short is finished when it is called again or at the next Open. A name that never was is marked too.
func (o *Objects) Delete(ctx context.Context, name string) error {
	p, err := o.place(name)
	if err == nil {
		err = o.erase(ctx, p)
	}
	if err != nil {
		return fmt.Errorf("delete object: %w", err)
	}
	return nil
}

func (o *Objects) erase(ctx context.Context, p place) error {
	info, seq, err := o.look(ctx, p)
	if err != nil && !errors.Is(err, ErrNone) {
		return err
	}
	if !info.Deleted {
		if err := o.entry(ctx, p, objectInfo{Deleted: true}, seq); err != nil {
			return err
		}
	}
	return o.e.eraseBefore(ctx, streamMedia, p.chunks, 0)
}

// resume erases chunks whose object is marked as deleted, of any realm: the mark
// is final. Chunks without an entry stay, for their upload may be under way.
func (o *Objects) resume(ctx context.Context) error {
	chunks, err := o.e.info(ctx, streamMedia, "$O.MEDIA.C.>")
	if err != nil {
		return err
	}
	if len(chunks.State.Subjects) == 0 {
		return nil
	}
	metas, err := o.e.info(ctx, streamMedia, "$O.MEDIA.M.>")
	if err != nil {
		return err
	}
	for subject := range metas.State.Subjects {
		name, err := base64.URLEncoding.DecodeString(strings.TrimPrefix(subject, "$O.MEDIA.M."))
		if err != nil {
			continue // not ours
		}
		p := placeOf(string(name))
		if chunks.State.Subjects[p.chunks] == 0 {
			continue
		}
		if info, _, err := o.look(ctx, p); err != nil || !info.Deleted {
			continue
		}
		if err := o.e.eraseBefore(ctx, streamMedia, p.chunks, 0); err != nil {
			return err
		}
	}
	return nil
}

func digestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return "SHA-256=" + base64.URLEncoding.EncodeToString(sum[:])
}
