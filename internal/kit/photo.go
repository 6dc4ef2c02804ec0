package kit

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math"

	xdraw "golang.org/x/image/draw"

	"tocsin/internal/media"
)

// portrait is the shape of a photo on a sheet, height by width.
const portrait = 1.25

// maxPhotoPixels bounds what is decoded: casework stores photos of 1600 pixels.
const maxPhotoPixels = 16_000_000

func decode(data []byte) (image.Image, error) {
	c, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if c.Width*c.Height > maxPhotoPixels {
		return nil, fmt.Errorf("the photo has %d by %d pixels", c.Width, c.Height)
	}
	return jpeg.Decode(bytes.NewReader(data))
}

// largest is the width, in pixels, at which a photo is kept for all sheets: what
// the poster's single photo has. The costly way from a camera's picture is gone once.
const largest = 710

// prepared is the part of a photo that sheets show.
func prepared(img image.Image) image.Image {
	c := media.Fill(img.Bounds(), 1, portrait)
	w := min(largest, c.Dx())
	dst := image.NewRGBA(image.Rect(0, 0, w, int(math.Round(float64(w)*portrait))))
	xdraw.CatmullRom.Scale(dst, dst.Bounds(), img, c, xdraw.Src, nil)
	return dst
}

// cut is img at the pixels that w by h units want, unless it has fewer.
func cut(img image.Image, w, h, density float64) image.Image {
	dw, dh := int(math.Round(w*density)), int(math.Round(h*density))
	if b := img.Bounds(); b.Dx() == dw && b.Dy() == dh || density > 1 && dw > b.Dx() {
		return img
	}
	dst := image.NewRGBA(image.Rect(0, 0, dw, dh))
	xdraw.CatmullRom.Scale(dst, dst.Bounds(), img, img.Bounds(), xdraw.Src, nil)
	return dst
}

// grid is how n photos of the portrait's shape stand in r, each with room for a
// caption of the given height below it: as large as they get.
func grid(n int, r rect, caption, gap float64) []rect {
	best, cols := 0.0, 1
	for c := 1; c <= n; c++ {
		if w := cellWidth(n, c, r, caption, gap); w > best {
			best, cols = w, c
		}
	}
	cells := make([]rect, n)
	for i := range cells {
		x := r.x + float64(i%cols)*(best+gap)
		y := r.y + float64(i/cols)*(best*portrait+caption+gap)
		cells[i] = rect{x, y, best, best * portrait}
	}
	return cells
}

func cellWidth(n, cols int, r rect, caption, gap float64) float64 {
	rows := (n + cols - 1) / cols
	w := (r.w - gap*float64(cols-1)) / float64(cols)
	h := (r.h-gap*float64(rows-1))/float64(rows) - caption
	return math.Min(w, h/portrait)
}
