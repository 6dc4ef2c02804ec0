package media

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"sync"
	"testing"
)

// corners is a picture of w times h whose quarters are red, green, blue and
// white, row by row: what turns it shows.
func corners(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i, c := range []color.RGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {255, 255, 255, 255}} {
		x, y := i%2*w/2, i/2*h/2
		draw.Draw(img, image.Rect(x, y, x+(w+1)/2, y+(h+1)/2), image.NewUniform(c), image.Point{}, draw.Src)
	}
	return img
}

// look reads the quarters of a JPEG back: "RGBW" is upright.
func look(t *testing.T, data []byte) string {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	b := img.Bounds()
	var out strings.Builder
	for _, q := range [][2]int{{1, 1}, {3, 1}, {1, 3}, {3, 3}} {
		r, g, bl, _ := img.At(b.Dx()*q[0]/4, b.Dy()*q[1]/4).RGBA()
		switch {
		case r > 0x8000 && g > 0x8000:
			out.WriteByte('W')
		case r > 0x8000:
			out.WriteByte('R')
		case g > 0x8000:
			out.WriteByte('G')
		case bl > 0x8000:
			out.WriteByte('B')
		default:
			out.WriteByte('?')
		}
	}
	return out.String()
}

func asJPEG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, img, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func asPNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// tiff is a block as a phone writes it: an orientation, a GPS directory with a
// latitude, and the owner's name.
func tiff(turn byte) []byte {
	b := []byte("MM\x00*\x00\x00\x00\x08" +
		"\x00\x02" +
		"\x01\x12\x00\x03\x00\x00\x00\x01\x00" + string(rune(turn)) + "\x00\x00" + // orientation
		"\x88\x25\x00\x04\x00\x00\x00\x01\x00\x00\x00\x26" + // GPS directory at 38
		"\x00\x00\x00\x00" +
		"\x00\x01\x00\x02\x00\x05\x00\x00\x00\x03\x00\x00\x00\x38\x00\x00\x00\x00" + // GPSLatitude
		"\x00\x00\x00\x32\x00\x00\x00\x01\x00\x00\x00\x33\x00\x00\x00\x01\x00\x00\x00\x1e\x00\x00\x00\x01")
	return append(b, "GPS-50-51-30 Owner: Anna's mother"...)
}

// withExif puts an EXIF block, a comment and a colour profile into a JPEG.
func withExif(jpeg []byte, turn byte) []byte {
	out := []byte("\xff\xd8")
	for _, s := range []struct{ marker, body string }{
		{"\xff\xe1", "Exif\x00\x00" + string(tiff(turn))},
		{"\xff\xe2", "ICC_PROFILE\x00secret profile"},
		{"\xff\xed", "Photoshop 3.0\x008BIM home address"},
		{"\xff\xfe", "comment by the photographer"},
	} {
		n := len(s.body) + 2
		out = append(out, s.marker...)
		out = append(out, byte(n>>8), byte(n))
		out = append(out, s.body...)
	}
	return append(out, jpeg[2:]...)
}

func pngWithExif(data []byte, turn byte) []byte {
	body := append([]byte("eXIf"), tiff(turn)...)
	chunk := []byte{0, 0, byte((len(body) - 4) >> 8), byte(len(body) - 4)}
	chunk = append(chunk, body...)
	sum := crc32.ChecksumIEEE(body)
	chunk = append(chunk, byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum))
	const header = 8 + 25 // signature and IHDR
	return append(append(append([]byte(nil), data[:header]...), chunk...), data[header:]...)
}

// asWebP is a lossless WebP of one colour: a code of a single symbol for each
// channel, so that no pixel takes a bit.
func asWebP(w, h int, c color.RGBA, after string) []byte {
	var bits []byte
	n := 0
	put := func(v, count int) {
		for i := range count {
			if n%8 == 0 {
				bits = append(bits, 0)
			}
			bits[n/8] |= byte(v>>i&1) << (n % 8)
			n++
		}
	}
	put(0x2f, 8)
	put(w-1, 14)
	put(h-1, 14)
	put(0, 4) // opaque, version 0
	put(0, 3) // no transform, no colour cache, one group of codes
	for _, symbol := range []uint8{c.G, c.R, c.B, c.A, 0} {
		put(1|0<<1|1<<2, 3) // a simple code of one symbol of 8 bits
		put(int(symbol), 8)
	}
	if len(bits)%2 == 1 {
		bits = append(bits, 0)
	}
	body := "WEBPVP8L" + string([]byte{byte(len(bits)), 0, 0, 0}) + string(bits) + after
	size := len(body)
	return []byte("RIFF" + string([]byte{byte(size), byte(size >> 8), 0, 0}) + body)
}

func TestIntake(t *testing.T) {
	for _, c := range []struct {
		name string
		data []byte
		w, h int
		see  string
	}{
		{"small JPEG keeps its size", asJPEG(t, corners(400, 300)), 400, 300, "RGBW"},
		{"PNG", asPNG(t, corners(400, 300)), 400, 300, "RGBW"},
		{"WebP", asWebP(200, 120, color.RGBA{0, 0, 255, 255}, ""), 200, 120, "BBBB"},
		{"WebP with orientation 6", asWebP(200, 120, color.RGBA{0, 0, 255, 255}, "EXIF\x1a\x00\x00\x00"+string(tiff(6)[:26])), 120, 200, "BBBB"},
		{"large", asJPEG(t, corners(3400, 2550)), 1600, 1200, "RGBW"},
		{"a little too large", asJPEG(t, corners(1200, 1700)), 1129, 1600, "RGBW"},
		{"panorama", asPNG(t, corners(9000, 200)), 1600, 35, "RGBW"},
		{"orientation 6", withExif(asJPEG(t, corners(400, 300)), 6), 300, 400, "BRWG"},
		{"orientation 6, large", withExif(asJPEG(t, corners(3600, 1800)), 6), 800, 1600, "BRWG"},
		{"PNG with orientation 3", pngWithExif(asPNG(t, corners(400, 300)), 3), 400, 300, "WBGR"},
		{"nonsense orientation", withExif(asJPEG(t, corners(400, 300)), 9), 400, 300, "RGBW"},
	} {
		p, err := Intake(bytes.NewReader(c.data))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if p.Width != c.w || p.Height != c.h {
			t.Errorf("%s: %dx%d, want %dx%d", c.name, p.Width, p.Height, c.w, c.h)
		}
		if got := look(t, p.JPEG); got != c.see {
			t.Errorf("%s: seen %s, want %s", c.name, got, c.see)
		}
		if got := look(t, p.Thumb); got != c.see {
			t.Errorf("%s: the thumbnail shows %s, want %s", c.name, got, c.see)
		}
		large, err1 := jpeg.DecodeConfig(bytes.NewReader(p.JPEG))
		thumb, err2 := jpeg.DecodeConfig(bytes.NewReader(p.Thumb))
		if err1 != nil || err2 != nil || large.Width != c.w || large.Height != c.h || max(thumb.Width, thumb.Height) > ThumbSide {
			t.Errorf("%s: photo %+v thumbnail %+v", c.name, large, thumb)
		}
		s256, s1 := sha256.Sum256(p.JPEG), sha1.Sum(p.JPEG)
		if p.SHA256 != hex.EncodeToString(s256[:]) || p.SHA1 != hex.EncodeToString(s1[:]) {
			t.Errorf("%s: digests %s %s are not the photo's", c.name, p.SHA256, p.SHA1)
		}
	}
}

func TestNothingTravelsWithThePhoto(t *testing.T) {
	in := withExif(asJPEG(t, corners(400, 300)), 6)
	in = append(in, "PK\x03\x04 an archive behind the picture"...)
	p, err := Intake(bytes.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"Exif", "GPS", "MM\x00*", "ICC_PROFILE", "Photoshop", "8BIM", "comment", "Owner", "PK\x03\x04"} {
		if !bytes.Contains(in, []byte(secret)) {
			t.Fatalf("%q is not in the upload: the test tests nothing", secret)
		}
		if bytes.Contains(p.JPEG, []byte(secret)) || bytes.Contains(p.Thumb, []byte(secret)) {
			t.Errorf("%q travels with the photo", secret)
		}
	}
	for name, data := range map[string][]byte{"photo": p.JPEG, "thumbnail": p.Thumb} {
		for i := 2; i+4 <= len(data) && data[i+1] != 0xDA; i += 2 + int(data[i+2])<<8 + int(data[i+3]) {
			if m := data[i+1]; m >= 0xE0 && m <= 0xEF || m == 0xFE {
				t.Errorf("the %s has a segment %X", name, m)
			}
		}
	}
}

// counter says how much was read of an endless upload.
type counter struct{ n int }

func (c *counter) Read(p []byte) (int, error) {
	copy(p, "\xff\xd8\xff\xe0")
	c.n += len(p)
	return len(p), nil
}

func TestRefused(t *testing.T) {
	huge := asPNG(t, image.NewGray(image.Rect(0, 0, 120, 120)))
	for i, b := range []byte{0, 1, 0, 0, 0, 1, 0, 0} { // 65,536 by 65,536 in the header alone
		huge[16+i] = b
	}
	sum := crc32.ChecksumIEEE(huge[12:29])
	for i := range 4 {
		huge[29+i] = byte(sum >> (24 - 8*i))
	}
	good := asJPEG(t, corners(400, 300))
	for _, c := range []struct {
		name string
		data []byte
		want error
		code string
	}{
		{"a zip called .jpg", []byte("PK\x03\x04" + strings.Repeat("x", 5000)), ErrFormat, "format"},
		{"nothing", nil, ErrFormat, "format"},
		{"GIF", []byte("GIF89a\x90\x01\x2c\x01"), ErrFormat, "format"},
		{"SVG", []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), ErrFormat, "format"},
		{"a sound in RIFF", []byte("RIFF\x00\x00\x00\x00WAVEfmt "), ErrFormat, "format"},
		{"pixels by the header", huge, ErrPixels, "pixels"},
		{"a postage stamp", asJPEG(t, corners(99, 300)), ErrSmall, "too_small"},
		{"cut off", good[:len(good)/2], ErrDamaged, "damaged"},
		{"a header alone", []byte("\xff\xd8\xff\xe0"), ErrDamaged, "damaged"},
		{"WebP header alone", []byte("RIFF\x10\x00\x00\x00WEBPVP8 "), ErrDamaged, "damaged"},
		{"a thousand passes", append(bytes.Clone(good), bytes.Repeat([]byte("\xff\xda"), 1000)...), ErrDamaged, "damaged"},
		{"one byte too much", append(bytes.Clone(good), make([]byte, MaxBytes)...), ErrTooLarge, "too_large"},
	} {
		_, err := Intake(bytes.NewReader(c.data))
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
			continue
		}
		f := Fault("photo", err)
		if len(f) != 1 || f[0].Field != "photo" || f[0].Code != c.code || !strings.HasPrefix(f[0].Text, "The ") || !strings.HasSuffix(f[0].Text, ".") {
			t.Errorf("%s: fault %+v", c.name, f)
		}
	}
}

func TestAnUploadOf30MBIsNotReadThrough(t *testing.T) {
	var c counter
	if _, err := Intake(io.LimitReader(&c, 30<<20)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%v", err)
	}
	if c.n > MaxBytes+1<<20 {
		t.Errorf("%d bytes read of an upload that may have %d", c.n, MaxBytes)
	}
}

func TestAReadersErrorIsItsOwn(t *testing.T) {
	_, err := Intake(io.MultiReader(strings.NewReader("\xff\xd8\xff"), errReader{}))
	if !errors.Is(err, io.ErrClosedPipe) || Fault("photo", err) != nil {
		t.Errorf("%v", err)
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestTransparencyBecomesWhite(t *testing.T) {
	for _, side := range []int{200, 2000, 3300} {
		p, err := Intake(bytes.NewReader(asPNG(t, image.NewNRGBA(image.Rect(0, 0, side, side)))))
		if err != nil {
			t.Fatal(err)
		}
		if got := look(t, p.JPEG); got != "WWWW" {
			t.Errorf("%d: %s", side, got)
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	data := asJPEG(t, corners(800, 600))
	first, err := Intake(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			p, err := Intake(bytes.NewReader(data))
			if err != nil || p.SHA256 != first.SHA256 {
				t.Errorf("%v %s", err, p.SHA256)
			}
		})
	}
	wg.Wait()
	if len(decoders) != 0 {
		t.Errorf("%d places of the decoders are still taken", len(decoders))
	}
}
