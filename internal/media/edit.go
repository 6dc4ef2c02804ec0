package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"math"

	"golang.org/x/image/draw"
	"golang.org/x/image/math/f64"
)

// Edit is how an officer cuts a photo to the face: turned by quarters, then
// straightened, then cut. The zero value is the photo as it is.
//
// Straightening turns the picture about its middle and keeps of it the largest
// upright frame of the same shape, so that no empty corner is ever shown. The
// box is in per cent of that frame: whatever is asked stays within the picture.
type Edit struct {
	Turn   int     `json:"turn,omitempty"`   // degrees clockwise: 0, 90, 180 or 270
	Tilt   float64 `json:"tilt,omitempty"`   // degrees clockwise: -15 to 15
	Left   float64 `json:"left,omitempty"`   // per cent of the frame's width
	Top    float64 `json:"top,omitempty"`    // per cent of its height
	Width  float64 `json:"width,omitempty"`  // per cent; 0 = to the frame's right edge
	Height float64 `json:"height,omitempty"` // per cent; 0 = to its lower edge
}

// MaxTilt is the most that a photo is straightened by: who needs more wants a quarter turn.
const MaxTilt = 15

// minPart is the least per cent of a side that a box keeps.
const minPart = 1

// ErrEdit: the numbers of an edit are not possible.
var ErrEdit = errors.New("the turn is 0, 90, 180 or 270, the tilt -15 to 15 degrees, and the part lies within 0 to 100 per cent of the picture")

// ErrNarrow: a face on less than minSide pixels is not to be recognised.
var ErrNarrow = errors.New("the part is less than 100 pixels wide or high; choose a larger one")

// Whole is e with the box in full: Width and Height are never 0.
func (e Edit) Whole() Edit {
	if e.Width == 0 {
		e.Width = 100 - e.Left
	}
	if e.Height == 0 {
		e.Height = 100 - e.Top
	}
	return e
}

// Check is ErrEdit when the numbers are not possible.
func (e Edit) Check() error {
	for _, n := range []float64{e.Tilt, e.Left, e.Top, e.Width, e.Height} {
		if math.IsNaN(n) || math.IsInf(n, 0) {
			return ErrEdit
		}
	}
	w := e.Whole()
	const slack = 1e-6 // sums of decimals that a browser rounded
	if e.Turn%90 != 0 || e.Turn < 0 || e.Turn > 270 || math.Abs(e.Tilt) > MaxTilt || w.Left < 0 || w.Top < 0 ||
		w.Width < minPart || w.Height < minPart || w.Left+w.Width > 100+slack || w.Top+w.Height > 100+slack {
		return ErrEdit
	}
	return nil
}

// frame is the upright frame that straightening leaves of w by h pixels, as a share of each side.
func frame(w, h, tilt float64) float64 {
	sin, cos := math.Sincos(math.Abs(tilt) * math.Pi / 180)
	return min(1, w/(w*cos+h*sin), h/(w*sin+h*cos))
}

// Shape is e with its box cut to width by height as they stand to each other:
// the largest such box within the one there is, about its middle. The picture
// as it was taken in is w by h pixels.
func (e Edit) Shape(w, h int, width, height float64) Edit {
	e = e.Whole()
	if e.Turn%180 != 0 {
		w, h = h, w
	}
	bw, bh := e.Width*float64(w), e.Height*float64(h) // the frame has the picture's shape
	if want := bh * width / height; want < bw {
		part := want / float64(w)
		e.Left, e.Width = e.Left+(e.Width-part)/2, part
	} else {
		part := bw * height / width / float64(h)
		e.Top, e.Height = e.Top+(e.Height-part)/2, part
	}
	return e
}

// Rework makes the photo of a picture that Intake made. It waits for its turn
// to decode until ctx ends. Its errors are ErrEdit, ErrNarrow, ErrPixels and ErrDamaged.
func Rework(ctx context.Context, data []byte, e Edit) (Photo, error) {
	img, err := edited(ctx, data, e, LongSide)
	if err != nil {
		return Photo{}, err
	}
	if img.Bounds().Dx() < minSide || img.Bounds().Dy() < minSide {
		return Photo{}, ErrNarrow
	}
	return publish(img, 1)
}

// Try is a JPEG of what Rework would make, scaled to side pixels: quickly, and
// small enough for every movement of a slider.
func Try(ctx context.Context, data []byte, e Edit, side int) ([]byte, error) {
	img, err := edited(ctx, data, e, side)
	if err != nil {
		return nil, err
	}
	return encode(scale(img, side))
}

// TryBox is Try of the whole frame, with what the box leaves out in the dark.
func TryBox(ctx context.Context, data []byte, e Edit, side int) ([]byte, error) {
	img, err := edited(ctx, data, Edit{Turn: e.Turn, Tilt: e.Tilt}, side)
	if err != nil {
		return nil, err
	}
	if err := e.Check(); err != nil {
		return nil, err
	}
	img = scale(img, side)
	e = e.Whole()
	w, h := float64(img.Bounds().Dx())/100, float64(img.Bounds().Dy())/100
	box := image.Rect(int(w*e.Left), int(h*e.Top), int(math.Ceil(w*(e.Left+e.Width))), int(math.Ceil(h*(e.Top+e.Height))))
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			if !image.Pt(x, y).In(box) {
				at := img.PixOffset(x, y)
				for i := range 3 {
					img.Pix[at+i] /= 4
				}
			}
		}
	}
	return encode(img)
}

// TryIn is Try cut to w by h pixels, as FillFrom does it.
func TryIn(ctx context.Context, data []byte, e Edit, w, h int, above float64) ([]byte, error) {
	img, err := edited(ctx, data, e, max(w, h))
	if err != nil {
		return nil, err
	}
	dst := canvas(w, h)
	draw.CatmullRom.Scale(dst, dst.Bounds(), img, FillFrom(img.Bounds(), float64(w), float64(h), above), draw.Src, nil)
	return encode(dst)
}

// edited decodes a picture and edits it. A part that is larger than side is made
// of a smaller picture: nobody sees the pixels that would be thrown away after.
func edited(ctx context.Context, data []byte, e Edit, side int) (*image.RGBA, error) {
	if err := e.Check(); err != nil {
		return nil, err
	}
	c, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, ErrDamaged
	}
	if c.Width > maxWork || c.Height > maxWork {
		return nil, ErrPixels
	}
	select {
	case decoders <- struct{}{}:
		defer func() { <-decoders }()
	case <-ctx.Done():
		return nil, fmt.Errorf("edit photo: %w", context.Cause(ctx))
	}
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, ErrDamaged
	}
	turn := map[int]int{90: 6, 180: 3, 270: 8}[e.Turn]
	long := max(c.Width, c.Height)
	w, h := c.Width, c.Height
	if e.Turn%180 != 0 {
		w, h = h, w
	}
	if bw, bh, _ := e.part(w, h); max(bw, bh) > side {
		long = max(1, int(math.Ceil(float64(long)*float64(side)/float64(max(bw, bh)))))
	}
	return e.apply(upright(scale(img, long), turn)), nil
}

// maxWork bounds the side of what is edited: Intake never makes a larger one.
const maxWork = WorkSide

// part is the box in pixels of a w by h picture that is upright already, and the
// way from the picture's pixels to the box's.
func (e Edit) part(w, h int) (bw, bh int, way f64.Aff3) {
	e = e.Whole()
	fw, fh := float64(w), float64(h)
	share := frame(fw, fh, e.Tilt)
	iw, ih := fw*share, fh*share
	bw, bh = max(1, int(iw*e.Width/100)), max(1, int(ih*e.Height/100))
	// The box's corner, from the frame's middle; a rounded box never sticks out.
	left := min(iw*e.Left/100, iw-float64(bw)) - iw/2
	top := min(ih*e.Top/100, ih-float64(bh)) - ih/2
	sin, cos := math.Sincos(e.Tilt * math.Pi / 180)
	return bw, bh, f64.Aff3{
		cos, -sin, -cos*fw/2 + sin*fh/2 - left,
		sin, cos, -sin*fw/2 - cos*fh/2 - top,
	}
}

// apply straightens and cuts a picture that is upright already.
func (e Edit) apply(img *image.RGBA) *image.RGBA {
	bw, bh, way := e.part(img.Bounds().Dx(), img.Bounds().Dy())
	dst := canvas(bw, bh)
	if e.Tilt == 0 { // whole pixels: what is only cut loses no sharpness
		at := image.Pt(int(math.Round(-way[2])), int(math.Round(-way[5])))
		at.X, at.Y = min(at.X, img.Bounds().Dx()-bw), min(at.Y, img.Bounds().Dy()-bh)
		draw.Draw(dst, dst.Bounds(), img, at, draw.Src)
		return dst
	}
	// At its own size a picture loses little by this, and a finer way takes ten times as long.
	draw.ApproxBiLinear.Transform(dst, way, img, img.Bounds(), draw.Src, nil)
	return dst
}

// Fill is the part of a picture that fills w by h. What is cut off of a high
// picture goes from below: a face is in the upper part.
func Fill(b image.Rectangle, w, h float64) image.Rectangle { return FillFrom(b, w, h, AboveOnAir) }

// The share of what is cut off of a high picture that goes from above: on our
// own sheets, and in a browser's notification, which keeps the middle.
const (
	AboveOnAir  = 0.25
	AboveOnPush = 0.5
)

// FillFrom is Fill with the share of what is cut off that goes from above.
func FillFrom(b image.Rectangle, w, h, above float64) image.Rectangle {
	iw, ih := float64(b.Dx()), float64(b.Dy())
	if iw/ih > w/h { // too wide
		cw := ih * w / h
		x := (iw - cw) / 2
		return image.Rect(int(x), 0, int(x+cw), b.Dy()).Add(b.Min)
	}
	ch := iw * h / w
	y := (ih - ch) * above
	return image.Rect(0, int(y), b.Dx(), int(y+ch)).Add(b.Min)
}
