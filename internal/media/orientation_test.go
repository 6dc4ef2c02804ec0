package media

import (
	"bytes"
	"testing"
)

func TestUpright(t *testing.T) {
	// What a picture looks like after its orientation was applied, by the EXIF
	// standard: the place of the first row and column as the camera stored them.
	for turn, want := range map[int]string{
		0: "RGBW", 1: "RGBW", 2: "GRWB", 3: "WBGR", 4: "BWRG",
		5: "RBGW", 6: "BRWG", 7: "WGBR", 8: "GWRB", 9: "RGBW",
	} {
		img := upright(corners(40, 20), turn)
		if got := look(t, asJPEG(t, img)); got != want {
			t.Errorf("orientation %d shows %s, want %s", turn, got, want)
		}
		if sideways := turn >= 5 && turn <= 8; (img.Bounds().Dx() == 20) != sideways {
			t.Errorf("orientation %d is %v", turn, img.Bounds())
		}
	}
}

func TestOrientationOfDamagedBlocks(t *testing.T) {
	whole := withExif([]byte("\xff\xd8\xff\xd9"), 6)
	if got := jpegOrientation(whole); got != 6 {
		t.Fatalf("%d, want 6", got)
	}
	for n := range whole {
		if got := jpegOrientation(whole[:n]); got != 1 && got != 6 {
			t.Errorf("cut after %d bytes: %d", n, got)
		}
	}
	little := []byte("II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x08\x00\x00\x00")
	if got := tiffOrientation(little); got != 8 {
		t.Errorf("little-endian: %d, want 8", got)
	}
	for name, b := range map[string][]byte{
		"no directory":      []byte("MM\x00*\xff\xff\xff\xff"),
		"directory at 0":    []byte("MM\x00*\x00\x00\x00\x00\x00\x01"),
		"directory cut off": []byte("MM\x00*\x00\x00\x00\x08\xff\xff\x01\x12"),
		"no TIFF":           []byte("XX\x00*\x00\x00\x00\x08\x00\x00"),
		"orientation 0":     bytes.Replace(little, []byte("\x08\x00\x00\x00\x01"), []byte("\x08\x00\x00\x00\x00"), 1),
	} {
		if got := tiffOrientation(b); got != 1 {
			t.Errorf("%s: %d", name, got)
		}
	}
	webp := append([]byte("RIFF\x00\x00\x00\x00WEBPVP8X\x01\x00\x00\x00x\x00EXIF\x1c\x00\x00\x00Exif\x00\x00"), little...)
	if got := webpOrientation(webp); got != 8 {
		t.Errorf("WebP: %d, want 8", got)
	}
	for n := range webp {
		_ = webpOrientation(webp[:n])
	}
}
