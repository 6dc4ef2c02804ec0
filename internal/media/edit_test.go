package media

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"testing"
)

// black is a picture on which nothing is white: white in what is made of it came
// from outside.
func black(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(img, img.Bounds(), image.NewUniform(color.Black), image.Point{}, draw.Src)
	return img
}

// anyEdit is an edit that Check lets pass, often at its bounds.
func anyEdit(r *rand.Rand) Edit {
	pick := func(lo, hi float64) float64 {
		switch r.IntN(6) {
		case 0:
			return lo
		case 1:
			return hi
		}
		return lo + r.Float64()*(hi-lo)
	}
	e := Edit{Turn: r.IntN(4) * 90, Tilt: pick(-MaxTilt, MaxTilt), Width: pick(minPart, 100), Height: pick(minPart, 100)}
	e.Left, e.Top = pick(0, 100-e.Width), pick(0, 100-e.Height)
	return e
}

// Whatever is turned, straightened and cut: no pixel comes from outside the
// picture, and the part has the size that was asked for.
func TestEditStaysWithinThePicture(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 7))
	for range 400 {
		w, h := 20+r.IntN(140), 20+r.IntN(140)
		e := anyEdit(r)
		if err := e.Check(); err != nil {
			t.Fatalf("%+v: %v", e, err)
		}
		img := black(w, h)
		if e.Turn%180 != 0 {
			img = black(h, w)
		}
		got := e.apply(img)
		b, from := got.Bounds(), img.Bounds()
		share := frame(float64(from.Dx()), float64(from.Dy()), e.Tilt)
		if wantW, wantH := float64(from.Dx())*share*e.Width/100, float64(from.Dy())*share*e.Height/100; float64(b.Dx()) > max(1, wantW) || float64(b.Dx()) < wantW-1 || float64(b.Dy()) > max(1, wantH) || float64(b.Dy()) < wantH-1 {
			t.Fatalf("%+v of %v is %v, want %.1f by %.1f", e, from, b, wantW, wantH)
		}
		for y := range b.Dy() {
			for x := range b.Dx() {
				if c := got.RGBAAt(x, y); c.R > 8 || c.A != 255 {
					t.Fatalf("%+v of %v: %v at %d,%d of %v came from outside", e, from, c, x, y, b)
				}
			}
		}
	}
}

// The corners of every part, taken back through the way that made it, lie in the picture.
func TestPartCornersLieWithin(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	for range 20_000 {
		w, h := 1+r.IntN(WorkSide), 1+r.IntN(WorkSide)
		e := anyEdit(r)
		bw, bh, way := e.part(w, h)
		if bw > w || bh > h {
			t.Fatalf("%+v of %dx%d is %dx%d", e, w, h, bw, bh)
		}
		// The middles of the corner pixels; way has the determinant 1.
		for _, c := range [][2]float64{{0.5, 0.5}, {float64(bw) - 0.5, 0.5}, {0.5, float64(bh) - 0.5}, {float64(bw) - 0.5, float64(bh) - 0.5}} {
			dx, dy := c[0]-way[2], c[1]-way[5]
			x, y := way[0]*dx+way[3]*dy, way[1]*dx+way[4]*dy
			if min(bw, bh) > 1 && (x < 0 || y < 0 || x > float64(w) || y > float64(h)) {
				t.Fatalf("%+v of %dx%d: the corner %v is at %.3f,%.3f", e, w, h, c, x, y)
			}
		}
	}
}

func TestEditCheck(t *testing.T) {
	for _, tt := range []struct {
		e  Edit
		ok bool
	}{
		{Edit{}, true},
		{Edit{Turn: 270, Tilt: -15, Left: 10, Top: 20, Width: 90, Height: 80}, true},
		{Edit{Left: 33.333333, Width: 66.6666671}, true},
		{Edit{Left: 99}, true},
		{Edit{Turn: 45}, false},
		{Edit{Turn: 360}, false},
		{Edit{Turn: -90}, false},
		{Edit{Tilt: 15.01}, false},
		{Edit{Tilt: math.NaN()}, false},
		{Edit{Width: math.Inf(1)}, false},
		{Edit{Left: -1}, false},
		{Edit{Left: 50, Width: 51}, false},
		{Edit{Top: 99.5}, false},
		{Edit{Width: 0.5}, false},
		{Edit{Width: -10}, false},
		{Edit{Top: 100}, false},
	} {
		if err := tt.e.Check(); (err == nil) != tt.ok {
			t.Errorf("%+v: %v", tt.e, err)
		}
	}
}

func TestReworkTurns(t *testing.T) {
	data := asJPEG(t, corners(400, 240))
	for _, tt := range []struct {
		e    Edit
		want string
		w, h int
	}{
		{Edit{}, "RGBW", 400, 240},
		{Edit{Turn: 90}, "BRWG", 240, 400},
		{Edit{Turn: 180}, "WBGR", 400, 240},
		{Edit{Turn: 270}, "GWRB", 240, 400},
		{Edit{Left: 50, Top: 0, Width: 50, Height: 50}, "GGGG", 200, 120},
		{Edit{Turn: 90, Left: 50, Top: 50}, "GGGG", 120, 200}, // turned: B R above, W G below
		{Edit{Tilt: 5}, "RGBW", 0, 0},
	} {
		p, err := Rework(t.Context(), data, tt.e)
		if err != nil {
			t.Errorf("%+v: %v", tt.e, err)
			continue
		}
		if got := look(t, p.JPEG); got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.e, got, tt.want)
		}
		if tt.w > 0 && (p.Width != tt.w || p.Height != tt.h) {
			t.Errorf("%+v: %d by %d, want %d by %d", tt.e, p.Width, p.Height, tt.w, tt.h)
		}
	}
}

// A line that leans by some degrees stands upright after a tilt the other way.
func TestTiltStraightens(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 300, 300))
	draw.Draw(img, img.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	const lean = 10
	slope := math.Tan(lean * math.Pi / 180)
	for y := range 300 { // leans to the right at the top: straightened by turning it back, anticlockwise
		mid := 150 + slope*(150-float64(y))
		for x := range 300 {
			if math.Abs(float64(x)-mid) < 4 {
				img.Set(x, y, color.Black)
			}
		}
	}
	p, err := Rework(t.Context(), asJPEG(t, img), Edit{Tilt: -lean})
	if err != nil {
		t.Fatal(err)
	}
	got, err := jpeg.Decode(bytes.NewReader(p.JPEG))
	if err != nil {
		t.Fatal(err)
	}
	for _, y := range []int{10, p.Height / 2, p.Height - 10} {
		if r, _, _, _ := got.At(p.Width/2, y).RGBA(); r > 0x6000 {
			t.Errorf("at row %d the line is not in the middle", y)
		}
	}
}

func TestReworkRefuses(t *testing.T) {
	small, large := asJPEG(t, black(300, 300)), asJPEG(t, black(maxWork+1, 100))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		name string
		ctx  context.Context
		data []byte
		e    Edit
		want error
	}{
		{"no picture", t.Context(), []byte("GIF89a"), Edit{}, ErrDamaged},
		{"larger than Intake makes", t.Context(), large, Edit{}, ErrPixels},
		{"99 pixels", t.Context(), small, Edit{Width: 33}, ErrNarrow},
		{"100 pixels", t.Context(), small, Edit{Width: 33.4}, nil},
		{"numbers of nobody's", t.Context(), small, Edit{Turn: 1}, ErrEdit},
	} {
		_, err := Rework(tt.ctx, tt.data, tt.e)
		if tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		if v := Fault("photo", err); tt.want != nil && len(v) != 1 {
			t.Errorf("%s: no words for the officer", tt.name)
		}
	}
	for range cap(decoders) {
		decoders <- struct{}{}
	}
	if _, err := Rework(ended, small, Edit{}); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody waits for it any more: %v", err)
	}
	for range cap(decoders) {
		<-decoders
	}
}

// Shapes are as asked, within the box there was.
func TestShape(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for range 2000 {
		w, h := 200+r.IntN(3000), 200+r.IntN(3000)
		e := anyEdit(r)
		e.Width, e.Height = max(e.Width, 20), max(e.Height, 20)
		e.Left, e.Top = min(e.Left, 100-e.Width), min(e.Top, 100-e.Height)
		got := e.Shape(w, h, 4, 5)
		if e.Turn%180 != 0 {
			w, h = h, w
		}
		if ratio := got.Width * float64(w) / (got.Height * float64(h)); math.Abs(ratio-0.8) > 1e-9 {
			t.Fatalf("%+v of %dx%d has the shape %.4f", got, w, h, ratio)
		}
		if got.Left < e.Left-1e-9 || got.Top < e.Top-1e-9 || got.Left+got.Width > e.Left+e.Width+1e-9 || got.Top+got.Height > e.Top+e.Height+1e-9 {
			t.Fatalf("%+v became %+v", e, got)
		}
	}
}

// What a slider shows is what saving makes, smaller.
func TestTry(t *testing.T) {
	data := asJPEG(t, corners(800, 600))
	e := Edit{Turn: 90, Left: 10, Top: 10, Width: 80, Height: 80}
	p, err := Rework(t.Context(), data, e)
	if err != nil {
		t.Fatal(err)
	}
	quick, err := Try(t.Context(), data, e, 200)
	if err != nil || look(t, quick) != look(t, p.JPEG) {
		t.Errorf("%v: shows %s, makes %s", err, look(t, quick), look(t, p.JPEG))
	}
	c, err := jpeg.DecodeConfig(bytes.NewReader(quick))
	if err != nil || max(c.Width, c.Height) > 200 {
		t.Errorf("%v: %d by %d", err, c.Width, c.Height)
	}
	wide, err := TryIn(t.Context(), data, e, 320, 160, AboveOnPush)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = jpeg.DecodeConfig(bytes.NewReader(wide)); err != nil || c.Width != 320 || c.Height != 160 {
		t.Errorf("%v: %d by %d", err, c.Width, c.Height)
	}
	if _, err := Try(t.Context(), data, Edit{Tilt: 99}, 200); !errors.Is(err, ErrEdit) {
		t.Error(err)
	}
}

// A large upload keeps its pixels for the cut of a face, and no data with them.
func TestWorkCopy(t *testing.T) {
	p, err := Intake(bytes.NewReader(asJPEG(t, corners(4000, 3000))))
	if err != nil {
		t.Fatal(err)
	}
	c, err := jpeg.DecodeConfig(bytes.NewReader(p.Work))
	if err != nil || c.Width != WorkSide || p.Width != LongSide {
		t.Errorf("%v: kept at %d, published at %d", err, c.Width, p.Width)
	}
	if look(t, p.Work) != "RGBW" {
		t.Errorf("the copy shows %s", look(t, p.Work))
	}
	cut, err := Rework(t.Context(), p.Work, Edit{Left: 40, Top: 40, Width: 20, Height: 20})
	if err != nil || cut.Width != WorkSide/5 {
		t.Errorf("%v: a fifth has %d pixels", err, cut.Width)
	}
	if p, err = Intake(bytes.NewReader(asJPEG(t, corners(800, 600)))); err != nil || p.Work != nil {
		t.Errorf("%v: a small photo is kept twice", err)
	}
}

func BenchmarkReworkTilted(b *testing.B) {
	data := asJPEG(b, corners(WorkSide, WorkSide*3/4))
	for b.Loop() {
		if _, err := Rework(b.Context(), data, Edit{Tilt: 7}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTry(b *testing.B) {
	data := asJPEG(b, corners(WorkSide, WorkSide*3/4))
	for b.Loop() {
		if _, err := Try(b.Context(), data, Edit{Tilt: 7}, 640); err != nil {
			b.Fatal(err)
		}
	}
}
