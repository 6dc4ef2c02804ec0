package media

import (
	"bytes"
	"image/jpeg"
	"testing"
)

// FuzzIntake takes in what a stranger may send: it never panics, and what it
// takes is a JPEG within the bounds without any segment of metadata.
func FuzzIntake(f *testing.F) {
	small := asJPEG(f, corners(120, 100))
	f.Add(small)
	f.Add(withExif(small, 6))
	f.Add(asPNG(f, corners(100, 120)))
	f.Add([]byte("RIFF\x10\x00\x00\x00WEBPVP8L\x05\x00\x00\x00\x2f\x63\xc0\x18\x00"))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if kind, err := check(data); err == nil {
			if c, _ := kind.config(bytes.NewReader(data)); c.Width*c.Height > 1_000_000 {
				return // allowed, but too slow to fuzz
			}
		}
		p, err := Intake(bytes.NewReader(data))
		if err != nil {
			if len(Fault("photo", err)) != 1 {
				t.Fatalf("%v has no fault", err)
			}
			return
		}
		c, err := jpeg.DecodeConfig(bytes.NewReader(p.JPEG))
		if err != nil || c.Width != p.Width || c.Height != p.Height || max(c.Width, c.Height) > LongSide {
			t.Fatalf("%v %+v", err, c)
		}
		if bytes.Contains(p.JPEG[:24], []byte("Exif")) {
			t.Fatal("metadata travels with the photo")
		}
	})
}
