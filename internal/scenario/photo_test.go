package scenario

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"testing"

	"tocsin/internal/media"
)

// portrait is a picture of nobody: noise, so that no two tests share bytes and
// a part of it can be looked for.
func portrait(t *testing.T) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 240, 300))
	for y := range 300 {
		for x := range 240 {
			img.SetRGBA(x, y, color.RGBA{uint8(rand.N(256)), uint8(rand.N(256)), uint8(rand.N(256)), 255})
		}
	}
	return encoded(t, img)
}

// largePortrait has more pixels than are published: the server keeps a larger copy for edits.
func largePortrait(t *testing.T) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 1300, media.LongSide+100))
	for i := range img.Pix {
		img.Pix[i] = uint8(rand.N(256))
	}
	return encoded(t, img)
}

func encoded(t *testing.T, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
