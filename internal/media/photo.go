// Package media takes in photos and makes what stations air: pictures and sound.
//
// A photo is never passed on as it came. It is decoded and encoded anew, so
// that nothing travels with it: no place, camera, owner, thumbnail of an
// earlier crop, comment or hidden archive.
package media

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"strings"

	"golang.org/x/image/webp"

	"tocsin/internal/alert"
)

// The bounds of a photo.
const (
	MaxBytes  = 10 << 20   // read of an upload; a phone's photo has 2 to 8 MB
	MaxPixels = 50_000_000 // decoded, a picture takes 4 bytes a pixel and more: a small file can hold gigabytes
	LongSide  = 1600       // of the photo: a page's width twice over
	WorkSide  = 3200       // of what edits are made of: a face in a group keeps its pixels
	ThumbSide = 480        // of the thumbnail: a list, a notification
	minSide   = 100        // a face on less is not to be recognised
	quality   = 85         // of the JPEG: faults are not yet seen, and a photo has some 200 KB
)

// Photo is a picture as Tocsin publishes it.
type Photo struct {
	JPEG, Thumb   []byte
	Width, Height int
	// Work is the photo larger than it is published, for edits: nil when it is no larger.
	Work         []byte
	SHA256, SHA1 string // hex, of JPEG; CAP's digest element still wants SHA-1
}

// Why a photo is refused. Fault turns each into a fault for the officer's form.
var (
	ErrTooLarge = errors.New("the photo is larger than 10 MB; save it smaller")
	ErrFormat   = errors.New("the file is no JPEG, PNG or WebP picture, whatever its name says; save the photo as JPEG")
	ErrPixels   = errors.New("the photo has more than 50 million pixels; save it smaller")
	ErrSmall    = errors.New("the photo is less than 100 pixels wide or high; a face cannot be recognised, find a larger one")
	ErrDamaged  = errors.New("the photo is damaged and cannot be read; save it anew as JPEG")
)

// maxScans bounds the passes of a progressive JPEG. Cameras write about ten; a
// file of 10 MB could ask for a million, each over all pixels, and keep a
// processor busy for hours.
const maxScans = 100

// decoders bounds the photos decoded at once. A picture of 50 million pixels
// takes 75 to 400 MB, as a progressive JPEG up to 800: two of them fit in a
// small machine, twenty uploads at once would end the server that must send the alert.
var decoders = make(chan struct{}, 2)

// Intake reads one picture of at most MaxBytes from r, and makes the photo and
// its thumbnail of it. Its errors are the ones above, or r's own.
func Intake(r io.Reader) (Photo, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return Photo{}, fmt.Errorf("read photo: %w", err)
	}
	if len(data) > MaxBytes {
		return Photo{}, ErrTooLarge
	}
	kind, err := check(data)
	if err != nil {
		return Photo{}, err
	}
	decoders <- struct{}{}
	defer func() { <-decoders }()
	img, err := kind.decode(bytes.NewReader(data))
	if err != nil {
		return Photo{}, ErrDamaged
	}
	turn := kind.orientation(data)
	b := img.Bounds()
	if max(b.Dx(), b.Dy()) <= LongSide {
		return publish(img, turn)
	}
	work := upright(scale(img, WorkSide), turn)
	p, err := publish(work, 1)
	if err != nil {
		return Photo{}, err
	}
	p.Work, err = encode(work)
	return p, err
}

// format is a kind of picture that is taken.
type format struct {
	magic  func([]byte) bool
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)

	orientation func([]byte) int
}

// formats are told by their first bytes. The list is our own, not that of
// package image, where any other import may register a decoder.
var formats = []format{
	{func(b []byte) bool { return bytes.HasPrefix(b, []byte("\xff\xd8\xff")) }, jpeg.DecodeConfig, jpeg.Decode, jpegOrientation},
	{func(b []byte) bool { return bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")) }, png.DecodeConfig, png.Decode, pngOrientation},
	{func(b []byte) bool { return len(b) > 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP" }, webp.DecodeConfig, webp.Decode, webpOrientation},
}

// check finds the format and judges the size by the header alone, before any
// memory is spent on pixels.
func check(data []byte) (format, error) {
	for _, f := range formats {
		if !f.magic(data) {
			continue
		}
		c, err := f.config(bytes.NewReader(data))
		switch {
		case err != nil:
			return format{}, ErrDamaged
		case c.Width > MaxPixels || c.Height > MaxPixels || c.Width*c.Height > MaxPixels:
			return format{}, ErrPixels
		case bytes.Count(data, []byte("\xff\xda")) > maxScans && bytes.HasPrefix(data, []byte("\xff\xd8")):
			return format{}, ErrDamaged
		case c.Width < minSide || c.Height < minSide:
			return format{}, ErrSmall
		}
		return f, nil
	}
	return format{}, ErrFormat
}

// publish scales img, turns it upright and encodes it. Scaling comes first:
// turning a small picture is cheap.
func publish(img image.Image, turn int) (Photo, error) {
	large := upright(scale(img, LongSide), turn)
	thumb := scale(large, ThumbSide)
	var p Photo
	var err error
	if p.JPEG, err = encode(large); err != nil {
		return Photo{}, err
	}
	if p.Thumb, err = encode(thumb); err != nil {
		return Photo{}, err
	}
	p.Width, p.Height = large.Bounds().Dx(), large.Bounds().Dy()
	s256, s1 := sha256.Sum256(p.JPEG), sha1.Sum(p.JPEG)
	p.SHA256, p.SHA1 = hex.EncodeToString(s256[:]), hex.EncodeToString(s1[:])
	return p, nil
}

func encode(img image.Image) ([]byte, error) {
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, img, &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("encode photo: %w", err)
	}
	return buf.Bytes(), nil
}

// Fault is err as the officer's form shows it: the fault of field, or nil when
// err is none of a photo's own.
func Fault(field string, err error) alert.Invalid {
	for code, known := range map[string]error{
		"too_large": ErrTooLarge, "format": ErrFormat, "pixels": ErrPixels, "too_small": ErrSmall, "damaged": ErrDamaged,
		"edit": ErrEdit, "narrow": ErrNarrow,
	} {
		if errors.Is(err, known) {
			text := known.Error()
			return alert.Invalid{{Field: field, Code: code, Text: strings.ToUpper(text[:1]) + text[1:] + "."}}
		}
	}
	return nil
}
