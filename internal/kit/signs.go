package kit

import (
	"image/color"
	"math"

	"github.com/skip2/go-qrcode"
)

// plate draws a number plate: what the eye looks for on the road.
func (a *artist) plate(number, country string, size float64, w float64) block {
	return block{set: func(scale float64, _ bool) (float64, func(rect)) {
		h, gap := size*1.5*scale, size*0.3*scale
		band := 0.0
		if country != "" {
			band = h * 0.62
		}
		lines := a.fit(number, style{size * 1.1 * scale, bold, black}, rect{w: w - band - h*0.7, h: h}, 1, 0.4)
		return h + gap, func(r rect) {
			if len(lines) == 0 {
				return
			}
			body := rect{r.x, r.y + gap, band + lines[0].width + h*0.6, h}
			a.shield(body, band, h)
			if band > 0 {
				code := a.fit(country, style{h * 0.42, bold, white}, rect{w: band, h: h}, 1, 0.5)
				a.write(code, rect{body.x, body.y + h*0.46, band, h}, centre)
			}
			top := body.y + (h-lines[0].height())/2
			a.write(lines, rect{body.x + band, top, body.w - band, h}, centre)
		}
	}}
}

// shield is the plate without its letters.
func (a *artist) shield(r rect, band, h float64) {
	var edge, face path
	edge.rounded(r, h*0.14)
	a.fill(edge, black)
	face.rounded(r.inset(h*0.05), h*0.1)
	a.fill(face, white)
	if band > 0 {
		a.box(rect{r.x + h*0.05, r.y + h*0.05, band - h*0.05, r.h - h*0.1}, color.NRGBA{0, 51, 153, 255})
	}
}

// qr draws the address as a QR code that fills r, on a white ground.
func (a *artist) qr(address string, r rect) error {
	code, err := qrcode.New(address, qrcode.Medium)
	if err != nil {
		return err
	}
	code.DisableBorder = true // the band round it is its quiet zone
	bits := code.Bitmap()
	unit := r.w / float64(len(bits))
	a.box(r.inset(-3*unit), white)
	var p path
	for y, row := range bits {
		for x := 0; x < len(row); x++ {
			if !row[x] {
				continue
			}
			from := x
			for x < len(row) && row[x] {
				x++
			}
			p.box(rect{r.x + float64(from)*unit, r.y + float64(y)*unit, float64(x-from) * unit, unit * 1.01})
		}
	}
	a.fill(p, black)
	return nil
}

// slant is the angle of the bands that mark an exercise.
const slant = -math.Pi / 9

// stamp lays the mark of an exercise over the whole sheet, again and again, so
// that no cut-out of it looks like a real alert. The content stays readable
// below: who trains must see what he would air.
func (a *artist) stamp(mark string, w, h float64) {
	if mark == "" {
		return
	}
	size := math.Min(w, h) * 0.075
	words := mark + "  •  "
	lines, _ := a.set(words, style{size, bold, white}, 1e6, 0)
	if len(lines) == 0 {
		return
	}
	l := lines[0]
	reach, mid := math.Hypot(w, h)/2, point{w / 2, h / 2}
	step := math.Max(l.width+size*0.7, 1)
	for n, y := 0, mid.y-reach; y < mid.y+reach; n, y = n+1, y+size*4.3 {
		var band, text path
		band.box(rect{mid.x - reach, y, 2 * reach, size * 1.5})
		a.fill(band.turned(mid, slant), color.NRGBA{150, 20, 90, 64})
		shift := float64(n%2) * step / 2
		for x := mid.x - reach - shift; x < mid.x+reach; x += step {
			l.outline(&text, x, y+size*1.11)
		}
		a.fill(text.turned(mid, slant), color.NRGBA{255, 255, 255, 120})
	}
}
