package exercise

import (
	"bytes"
	"image"
	"image/color"
	"image/png"

	"golang.org/x/image/vector"
)

// Colours of hair and clothes: what the exercises' children look like.
var (
	Brown = color.RGBA{92, 58, 34, 255}
	Blond = color.RGBA{214, 178, 104, 255}
	Red   = color.RGBA{184, 40, 48, 255}
	Green = color.RGBA{46, 116, 74, 255}
)

// Portrait draws a child's face: nobody's, so that no real child's picture is
// ever in an exercise.
func Portrait(hair, clothes color.RGBA) ([]byte, error) {
	const w, h = 900, 1125
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h { // a soft wall behind
		for x := range w {
			img.SetRGBA(x, y, color.RGBA{uint8(196 - y/24), uint8(214 - y/26), uint8(224 - y/40), 255})
		}
	}
	shapes := []struct {
		cx, cy, rx, ry float32
		c              color.RGBA
	}{
		{450, 1180, 400, 330, clothes},
		{450, 480, 270, 330, hair},
		{450, 880, 92, 120, color.RGBA{222, 172, 142, 255}},  // neck
		{450, 560, 215, 270, color.RGBA{240, 194, 165, 255}}, // face
		{450, 330, 225, 120, hair},
		{365, 545, 38, 26, color.RGBA{255, 255, 255, 255}},
		{535, 545, 38, 26, color.RGBA{255, 255, 255, 255}},
		{367, 547, 19, 21, color.RGBA{70, 110, 160, 255}},
		{533, 547, 19, 21, color.RGBA{70, 110, 160, 255}},
		{367, 547, 9, 10, color.RGBA{20, 24, 30, 255}},
		{533, 547, 9, 10, color.RGBA{20, 24, 30, 255}},
		{450, 630, 20, 15, color.RGBA{226, 170, 140, 255}}, // nose
		{330, 650, 42, 28, color.RGBA{238, 178, 152, 255}}, // cheeks
		{570, 650, 42, 28, color.RGBA{238, 178, 152, 255}},
		{450, 715, 70, 26, color.RGBA{196, 92, 88, 255}}, // mouth
		{450, 700, 74, 22, color.RGBA{240, 194, 165, 255}},
	}
	for _, s := range shapes {
		ellipse(img, s.cx, s.cy, s.rx, s.ry, s.c)
	}
	var out bytes.Buffer
	err := png.Encode(&out, img)
	return out.Bytes(), err
}

// ellipse fills one, smoothly: four cubic arcs.
func ellipse(dst *image.RGBA, cx, cy, rx, ry float32, c color.RGBA) {
	const k = 0.5523 // the control points' distance that makes a cubic look like a quarter of a circle
	r := vector.NewRasterizer(dst.Bounds().Dx(), dst.Bounds().Dy())
	r.MoveTo(cx+rx, cy)
	r.CubeTo(cx+rx, cy+k*ry, cx+k*rx, cy+ry, cx, cy+ry)
	r.CubeTo(cx-k*rx, cy+ry, cx-rx, cy+k*ry, cx-rx, cy)
	r.CubeTo(cx-rx, cy-k*ry, cx-k*rx, cy-ry, cx, cy-ry)
	r.CubeTo(cx+k*rx, cy-ry, cx+rx, cy-k*ry, cx+rx, cy)
	r.ClosePath()
	r.Draw(dst, dst.Bounds(), image.NewUniform(c), image.Point{})
}
