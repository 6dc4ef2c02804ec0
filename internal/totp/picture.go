package totp

import (
	"fmt"
	"strings"

	"github.com/skip2/go-qrcode"
)

// Picture is an address as a QR code: the data of an SVG path of unit squares,
// and how many of them the picture has on a side, with its white margin. As a
// part of the page it needs no file of its own, which would be an address that
// shows a secret.
func Picture(address string) (path string, side int, err error) {
	code, err := qrcode.New(address, qrcode.Medium)
	if err != nil {
		return "", 0, fmt.Errorf("QR code: %w", err)
	}
	rows := code.Bitmap()
	var b strings.Builder
	for y, row := range rows {
		for x := 0; x < len(row); x++ {
			begin := x
			for x < len(row) && row[x] {
				x++
			}
			if x > begin {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", begin, y, x-begin, x-begin)
			}
		}
	}
	return b.String(), len(rows), nil
}
