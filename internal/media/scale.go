package media

import (
	"image"
	"image/color"

	"golang.org/x/image/draw"
)

// scale draws img on white, with its long side at most side; it never enlarges.
// White, since JPEG has no transparency and a cut-out would stand on black.
func scale(img image.Image, side int) *image.RGBA {
	img = shrink(img, max(img.Bounds().Dx(), img.Bounds().Dy())/side)
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if long := max(w, h); long > side {
		w, h = max(1, w*side/long), max(1, h*side/long)
	}
	dst := canvas(w, h)
	if w == b.Dx() && h == b.Dy() {
		draw.Draw(dst, dst.Bounds(), img, b.Min, draw.Over)
	} else {
		draw.CatmullRom.Scale(dst, dst.Bounds(), img, b, draw.Over, nil)
	}
	return dst
}

// canvas is a white picture.
func canvas(w, h int) *image.RGBA {
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(dst, dst.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	return dst
}

// shrink averages squares of n times n pixels into one. CatmullRom keeps 32
// bytes for each pixel of its middle step, 360 MB for the largest photo; after
// shrink less than half of that. It works in strips of n rows for the same reason.
func shrink(img image.Image, n int) image.Image {
	b := img.Bounds()
	w, h := b.Dx()/max(n, 1), b.Dy()/max(n, 1)
	if n < 2 || w < 1 || h < 1 {
		return img
	}
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		strip := canvas(w*n, n)
		draw.Draw(strip, strip.Bounds(), img, image.Pt(b.Min.X, b.Min.Y+y*n), draw.Over)
		for x := range w {
			var sum [4]int
			for sy := range n {
				at := strip.PixOffset(x*n, sy)
				for i, v := range strip.Pix[at : at+4*n] {
					sum[i%4] += int(v)
				}
			}
			at := dst.PixOffset(x, y)
			for i := range sum {
				dst.Pix[at+i] = uint8((sum[i] + n*n/2) / (n * n))
			}
		}
	}
	return dst
}
