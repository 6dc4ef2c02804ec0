package kit

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	xdraw "golang.org/x/image/draw"
	"golang.org/x/image/vector"
)

// surface is what a sheet is drawn on: pixels or a page of PDF.
type surface interface {
	// fill paints the shape in one colour, which may be translucent.
	fill(p path, c color.NRGBA)
	// picture draws img into r, whose shape it has.
	picture(img image.Image, r rect)
	// within draws what do draws, but only inside r.
	within(r rect, do func())
	// read notes a line of text where it stands, for whoever searches or copies it.
	read(l line, x, y float64)
	// density is the pixels that one unit of the sheet is worth drawing with.
	density() float64
}

// raster is a surface of pixels; one unit is one pixel.
type raster struct{ img *image.RGBA }

func newRaster(w, h int) *raster { return &raster{image.NewRGBA(image.Rect(0, 0, w, h))} }

// clone is a copy to draw another language on.
func (r *raster) clone() *raster {
	c := *r.img
	c.Pix = append([]byte(nil), r.img.Pix...)
	return &raster{&c}
}

func (r *raster) density() float64 { return 1 }

func (r *raster) read(line, float64, float64) {}

func (r *raster) fill(p path, c color.NRGBA) {
	b := p.bounds()
	area := image.Rect(int(math.Floor(b.x)), int(math.Floor(b.y)), int(math.Ceil(b.right())), int(math.Ceil(b.bottom()))).
		Intersect(r.img.Bounds())
	if area.Empty() {
		return
	}
	if c.A == 255 && p.square() { // bands and grounds: no edge to smooth
		draw.Draw(r.img, area, image.NewUniform(c), image.Point{}, draw.Src)
		return
	}
	// The rasteriser costs by its area, so it gets no more than the shape's own.
	z := vector.NewRasterizer(area.Dx(), area.Dy())
	at := func(q point) (float32, float32) {
		return float32(q.x - float64(area.Min.X)), float32(q.y - float64(area.Min.Y))
	}
	for _, s := range p {
		x0, y0 := at(s.p[0])
		x1, y1 := at(s.p[1])
		x2, y2 := at(s.p[2])
		switch s.op {
		case moveTo:
			z.ClosePath()
			z.MoveTo(x0, y0)
		case lineTo:
			z.LineTo(x0, y0)
		case quadTo:
			z.QuadTo(x0, y0, x1, y1)
		case cubeTo:
			z.CubeTo(x0, y0, x1, y1, x2, y2)
		}
	}
	z.ClosePath()
	z.Draw(r.img, area, image.NewUniform(c), image.Point{})
}

func (r *raster) picture(img image.Image, at rect) {
	dst := image.Rect(int(math.Round(at.x)), int(math.Round(at.y)), int(math.Round(at.right())), int(math.Round(at.bottom())))
	if dst.Dx() == img.Bounds().Dx() && dst.Dy() == img.Bounds().Dy() {
		draw.Draw(r.img, dst, img, img.Bounds().Min, draw.Src)
		return
	}
	xdraw.CatmullRom.Scale(r.img, dst, img, img.Bounds(), xdraw.Src, nil)
}

func (r *raster) within(at rect, do func()) {
	whole := r.img
	part := image.Rect(int(math.Round(at.x)), int(math.Round(at.y)), int(math.Round(at.right())), int(math.Round(at.bottom())))
	r.img, _ = whole.SubImage(part).(*image.RGBA)
	do()
	r.img = whole
}
