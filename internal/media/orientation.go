package media

import (
	"bytes"
	"encoding/binary"
	"image"
)

// jpegOrientation is what a JPEG's EXIF block says of the way the camera was
// held, 1 to 8; 1 (upright) when there is none or it makes no sense. Nothing
// else of the block is read, and nothing of it is kept.
func jpegOrientation(jpeg []byte) int {
	for i := 2; i+4 <= len(jpeg) && jpeg[i] == 0xFF; {
		marker := jpeg[i+1]
		if marker == 0xFF { // fill byte
			i++
			continue
		}
		if marker == 0xDA || marker == 0xD9 { // the pixels begin, or the end
			return 1
		}
		size := int(binary.BigEndian.Uint16(jpeg[i+2:]))
		end := i + 2 + size
		if size < 2 || end > len(jpeg) {
			return 1
		}
		if body := jpeg[i+4 : end]; marker == 0xE1 && len(body) > 6 && string(body[:6]) == "Exif\x00\x00" {
			return tiffOrientation(body[6:])
		}
		i = end
	}
	return 1
}

// pngOrientation is jpegOrientation for PNG's eXIf chunk.
func pngOrientation(png []byte) int {
	for i := 8; i+12 <= len(png); {
		size := int(binary.BigEndian.Uint32(png[i:]))
		if size > len(png)-i-12 {
			return 1
		}
		if string(png[i+4:i+8]) == "eXIf" {
			return tiffOrientation(png[i+8 : i+8+size])
		}
		i += 12 + size
	}
	return 1
}

// webpOrientation is jpegOrientation for WebP's EXIF chunk.
func webpOrientation(webp []byte) int {
	for i := 12; i+8 <= len(webp); {
		size := int(binary.LittleEndian.Uint32(webp[i+4:]))
		if size > len(webp)-i-8 {
			return 1
		}
		if string(webp[i:i+4]) == "EXIF" {
			return tiffOrientation(bytes.TrimPrefix(webp[i+8:i+8+size], []byte("Exif\x00\x00")))
		}
		i += 8 + size + size%2 // chunks begin at even places
	}
	return 1
}

// tiffOrientation finds tag 0x0112 in the first directory of a TIFF block.
func tiffOrientation(b []byte) int {
	if len(b) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	switch string(b[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
	default:
		return 1
	}
	at := int(order.Uint32(b[4:]))
	if at < 8 || at > len(b)-2 {
		return 1
	}
	n := int(order.Uint16(b[at:]))
	for i := at + 2; n > 0 && i+12 <= len(b); i, n = i+12, n-1 {
		if order.Uint16(b[i:]) != 0x0112 {
			continue
		}
		if v := int(order.Uint16(b[i+8:])); v >= 1 && v <= 8 {
			return v
		}
		return 1
	}
	return 1
}

// upright turns and mirrors img as an EXIF orientation asks.
func upright(img *image.RGBA, turn int) *image.RGBA {
	if turn <= 1 || turn > 8 {
		return img
	}
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	if turn >= 5 { // on its side
		dst = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range dst.Bounds().Dy() {
		for x := range dst.Bounds().Dx() {
			sx, sy := x, y
			switch turn {
			case 2:
				sx = w - 1 - x
			case 3:
				sx, sy = w-1-x, h-1-y
			case 4:
				sy = h - 1 - y
			case 5:
				sx, sy = y, x
			case 6:
				sx, sy = y, h-1-x
			case 7:
				sx, sy = w-1-y, h-1-x
			case 8:
				sx, sy = w-1-y, x
			}
			dst.SetRGBA(x, y, img.RGBAAt(sx, sy))
		}
	}
	return dst
}
