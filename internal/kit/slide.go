package kit

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"strings"

	"tocsin/internal/alert"
)

// format is one shape of slide: where everything stands. All text is within the
// inner 90 % of the picture, which every screen shows.
type format struct {
	kind string
	w, h int

	head, headText  rect // the band with the heading, and its text
	photos          rect
	facts           rect
	alone           rect // the facts when there is no photo
	chart           rect // the map; its caption stands below
	chartAlone      rect // the map when there is no photo
	foot, call      rect // the band with the number, and the number
	notes           rect // what else there is to say below
	code            rect // the QR code
	heading, number float64
	name, fact      float64 // sizes of type
	headLines       int
	most            float64 // how much larger the facts may get where they are few
	whole           bool    // there is room for all that is known
}

var formats = []format{
	{
		kind: KindSlide, w: 1920, h: 1080,
		head: rect{0, 0, 1920, 186}, headText: rect{96, 54, 1728, 122},
		photos: rect{96, 216, 480, 600}, facts: rect{620, 208, 720, 614}, alone: rect{96, 208, 1130, 614},
		chart: rect{1386, 216, 438, 480}, chartAlone: rect{1286, 216, 538, 500},
		foot: rect{0, 846, 1920, 234}, call: rect{96, 858, 960, 168}, notes: rect{1096, 864, 530, 162}, code: rect{1664, 866, 160, 160},
		heading: 108, number: 112, name: 88, fact: 44, headLines: 1, most: 1.2,
	},
	{
		kind: KindTall, w: 1080, h: 1920,
		head: rect{0, 0, 1080, 270}, headText: rect{54, 96, 972, 160},
		photos: rect{54, 300, 480, 600}, facts: rect{54, 920, 972, 560}, alone: rect{54, 850, 972, 630},
		chart: rect{564, 300, 462, 460}, chartAlone: rect{54, 300, 972, 470},
		foot: rect{0, 1504, 1080, 416}, call: rect{54, 1516, 972, 170}, notes: rect{54, 1690, 760, 134}, code: rect{852, 1650, 174, 174},
		heading: 100, number: 116, name: 84, fact: 44, headLines: 2, most: 1.2,
	},
	{
		kind: KindSquare, w: 1080, h: 1080,
		head: rect{0, 0, 1080, 166}, headText: rect{54, 54, 972, 102},
		photos: rect{54, 190, 340, 425}, facts: rect{424, 184, 602, 636}, alone: rect{54, 184, 600, 636},
		chart: rect{54, 632, 340, 150}, chartAlone: rect{686, 190, 340, 520},
		foot: rect{0, 836, 1080, 244}, call: rect{54, 846, 780, 116}, notes: rect{54, 962, 780, 64}, code: rect{866, 862, 160, 160},
		heading: 84, number: 84, name: 62, fact: 36, headLines: 1, most: 1.2,
	},
}

// quality of a slide's JPEG: no fault is to be seen on a large screen.
const quality = 88

// slide is one shape in one language, on the base that languages share.
func (j *job) slide(a *artist, f format, base *raster, lang alert.Lang) ([]byte, error) {
	r := base.clone()
	a.surface, a.theme = r, screen
	if err := j.letter(a, f, lang); err != nil {
		return nil, err
	}
	return encode(r.img)
}

// compose draws a whole sheet on what has the bands.
func (j *job) compose(a *artist, f format, lang alert.Lang) error {
	j.scene(a.surface, f)
	return j.letter(a, f, lang)
}

// letter sets all text of a sheet, and its signs.
func (j *job) letter(a *artist, f format, lang alert.Lang) error {
	sheet := j.sheets[lang]
	a.headline(f, sheet, j.updated(lang))
	if len(j.shown) > 1 {
		j.captions(a, f, sheet)
	}
	a.column(j.facts(a, f, sheet), f.facts, f.most, 0.72)
	j.caption(a, f, lang)
	a.footer(f, sheet, wordsOf[lang])
	a.stamp(sheet.Mark, float64(f.w), float64(f.h))
	if err := a.qr(sheet.Page, f.code); err != nil { // last: a band across it would keep telephones from reading it
		return fmt.Errorf("QR code: %w", err)
	}
	return nil
}

func encode(img *image.RGBA) ([]byte, error) {
	for q := quality; q >= 60; q -= 7 { // a very rough photo weighs more: then a little less quality
		var out bytes.Buffer
		if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: q}); err != nil {
			return nil, err
		}
		if out.Len() <= maxSlide {
			return out.Bytes(), nil
		}
	}
	return nil, errors.New("the picture has more bytes than a slide may have")
}

// base is what the slides of all languages have in common.
func (j *job) base(f format) *raster {
	r := newRaster(f.w, f.h)
	a := &artist{surface: r}
	a.box(rect{0, 0, float64(f.w), float64(f.h)}, navy)
	a.box(f.head, amber)
	a.box(f.foot, white)
	j.scene(r, f)
	return r
}

// scene draws the photos and the map.
func (j *job) scene(s surface, f format) {
	for i, cell := range j.cells(f) {
		s.picture(cut(j.shown[i].image, cell.w, cell.h, s.density()), cell)
	}
	if f.chart.w > 0 {
		j.chart.draw(s, f.chart, min(f.chart.w, f.chart.h)/220)
	}
}

// arrange is f for what this alert has: the rest takes the place of what there is not.
func (j *job) arrange(f format) format {
	beside := f.facts.x > f.photos.right() // else the facts stand below
	switch n := len(j.shown); {
	case n == 0:
		f.photos, f.facts, f.chart = rect{}, f.alone, f.chartAlone
	case n > 1 && beside: // faces before sentences
		more := f.photos.w * 0.27
		f.photos.w += more
		f.facts.x, f.facts.w = f.facts.x+more, f.facts.w-more
	case n > 1: // upright: faces before the map
		f.photos.w, f.chart = f.facts.w, rect{}
		cells := j.cells(f)
		end := cells[len(cells)-1].bottom() + f.captionHeight() + f.fact*0.5
		f.facts.y, f.facts.h = end, f.facts.bottom()-end
	}
	if j.chart != nil {
		return f
	}
	switch {
	case f.chart.x > f.facts.right():
		f.facts.w = f.chart.right() - f.facts.x
	case f.photos == rect{} && f.chart.bottom() < f.facts.y:
		f.facts.y, f.facts.h = f.chart.y, f.facts.bottom()-f.chart.y
	}
	f.chart = rect{}
	return f
}

// captionHeight is the room for a name below a photo, by the format's type.
func (f format) captionHeight() float64 { return f.fact * 1.3 }

// cells are where the photos stand.
func (j *job) cells(f format) []rect {
	caption := 0.0
	if len(j.shown) > 1 {
		caption = f.captionHeight()
	}
	if len(j.shown) == 0 {
		return nil
	}
	return grid(len(j.shown), f.photos, caption, f.fact*0.4)
}

// captions put the children's names below their photos.
func (j *job) captions(a *artist, f format, s alert.Sheet) {
	for i, cell := range j.cells(f) {
		under := rect{cell.x, cell.bottom() + f.fact*0.1, cell.w, f.captionHeight()}
		name := s.Children[j.shown[i].child].Name
		a.write(a.fit(name, style{f.fact * 0.8, bold, a.text}, under, 1, 0.6), under, left)
	}
}

// caption names the areas below the map.
func (j *job) caption(a *artist, f format, lang alert.Lang) {
	chart := f.chart
	if chart.w == 0 {
		return
	}
	end := f.facts.bottom()
	if chart.y < f.photos.bottom() {
		end = min(end, max(f.photos.bottom(), chart.bottom()+f.fact*1.1))
	}
	under := rect{chart.x, chart.bottom() + f.fact*0.2, chart.w, end - chart.bottom()}
	names := make([]string, len(j.m.Areas))
	for i, area := range j.m.Areas {
		names[i] = area.Name(lang)
	}
	a.write(a.fit(strings.Join(names, ", "), style{f.fact * 0.72, regular, a.soft}, under, 3, 0.6), under, left)
}

// headline is the band that says what this is, from across a room.
func (a *artist) headline(f format, s alert.Sheet, updated string) {
	at := f.headText
	if s.Update != "" {
		chip := []line{}
		top, _ := a.set(strings.ToUpper(s.Update), style{f.heading * 0.42, bold, white}, at.w, 1)
		below := a.fit(updated, style{f.heading * 0.3, regular, white}, rect{w: at.w * 0.3, h: f.heading}, 1, 0.5)
		chip = append(append(chip, top...), below...)
		wide := 0.0
		for _, l := range chip {
			wide = max(wide, l.width)
		}
		pad := f.heading * 0.18
		box := rect{at.right() - wide - 2*pad, at.y, wide + 2*pad, tall(chip) + pad}
		var p path
		p.rounded(box, pad)
		a.fill(p, navy)
		a.write(chip, rect{box.x + pad, box.y + pad/2, wide, box.h}, left)
		at.w -= box.w + pad
	}
	lines := a.fit(strings.ToUpper(s.Heading), style{f.heading, bold, navy}, at, f.headLines, 0.3)
	at.y += (at.h - tall(lines)) / 2
	a.write(lines, at, left)
}

// facts are the rows of the column, the most useful first.
func (j *job) facts(a *artist, f format, s alert.Sheet) []block {
	w := f.facts.w
	var rows []block
	if len(s.Children) == 1 {
		c := s.Children[0]
		rows = append(rows,
			a.para(c.Name, style{f.name, bold, a.text}, w, 0, 2, 0),
			a.para(c.About, style{f.name * 0.6, regular, a.soft}, w, 0, 1, 0),
			a.para(c.Looks, style{f.fact, regular, a.text}, w, f.fact*0.2, 2, 4))
		if f.whole && c.Marks != "" {
			rows = append(rows, a.para(c.Marks, style{f.fact, regular, a.text}, w, 0, 3, 4))
		}
	} else {
		for _, c := range s.Children {
			rows = append(rows, a.named(c, f.name*0.55, w))
		}
	}
	rows = append(rows, a.stack(0, a.fact(s.Seen, tied(s.When), f.fact, w, 1, 0), a.para(s.Place, style{f.fact, bold, a.text}, w, 0, 2, 0)))
	for _, c := range s.Children {
		label, value := s.Clothing, c.Clothing
		if len(s.Children) > 1 {
			label, value = c.Name, joined(". ", c.Looks, c.Clothing)
		}
		if value != "" {
			rows = append(rows, a.fact(label, value, f.fact, w, 2, 1))
		}
	}
	most := 2
	if f.whole {
		most = max(len(s.Vehicles), len(s.Suspects))
	}
	for _, v := range s.Vehicles[:min(len(s.Vehicles), most)] {
		rows = append(rows, a.vehicle(v, f.fact, w, 2))
	}
	for _, p := range s.Suspects[:min(len(s.Suspects), most)] {
		value := joined(". ", joined(", ", p.Name, p.About), p.Looks)
		if f.whole {
			value = joined(". ", value, p.Clothing, p.Marks)
		}
		rows = append(rows, a.fact(s.With, value, f.fact, w, 2, 3))
	}
	if f.whole && s.Note != "" {
		rows = append(rows, a.para(s.Note, style{f.fact, regular, a.text}, w, f.fact*0.42, 6, 6))
	}
	if s.Direction.Value != "" {
		rows = append(rows, a.fact(s.Direction.Label, s.Direction.Value, f.fact, w, 1, 5))
	}
	return rows
}

// named is one of several children on one line: whatever the name's length, the age stays.
func (a *artist) named(c alert.SheetPerson, size, w float64) block {
	return block{set: func(scale float64, _ bool) (float64, func(rect)) {
		about := a.fit(c.About, style{size * scale * 0.85, regular, a.soft}, rect{w: w * 0.55, h: size * 2}, 1, 0.5)
		room := w
		if len(about) > 0 {
			room -= about[0].width + size*scale*0.4
		}
		name := a.fit(c.Name, style{size * scale, bold, a.text}, rect{w: room, h: size * 2}, 1, 0.7)
		return size * scale * leading, func(r rect) {
			a.write(name, r, left)
			if len(name) > 0 && len(about) > 0 {
				drop := (name[0].style.size - about[0].style.size) * ascent
				a.write(about, rect{r.x + name[0].width + size*scale*0.4, r.y + drop, r.w, 0}, left)
			}
		}
	}}
}

// tied keeps an hour as French writes it on one line.
func tied(when string) string { return strings.ReplaceAll(when, " h", "\u00a0h") }

// vehicle is its words, and its plate as on the road.
func (a *artist) vehicle(v alert.SheetVehicle, size, w float64, spare int) block {
	parts := []block{a.para(v.Words, style{size, bold, a.text}, w, size*0.42, 2, 0)}
	if v.Plate != "" {
		parts = append(parts, a.plate(v.Plate, v.Country, size, w))
	}
	return a.stack(spare, parts...)
}

// joined is what is not empty, with sep between.
func joined(sep string, parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, sep)
}

// footer is the band with the number to call, and who asks.
func (a *artist) footer(f format, s alert.Sheet, w words) {
	at := f.call
	label, _ := a.set(w.call, style{f.number * 0.34, regular, navy}, at.w, 1)
	at.y += a.write(label, at, left)
	at.h = f.call.bottom() - at.y
	number := a.fit(s.Phone, style{f.number, bold, navy}, at, 1, 0.3)
	a.write(number, at, left)
	size := f.fact * 0.74
	var rows []block
	if s.Warning != "" {
		rows = append(rows, a.para(s.Warning, style{size, bold, navy}, f.notes.w, 0, 2, 0))
	}
	if s.DontApproach != "" {
		rows = append(rows, a.para(s.DontApproach, style{size, bold, navy}, f.notes.w, 0, 1, 0))
	}
	if s.Hotline != "" && s.Hotline != s.Phone {
		rows = append(rows, a.para(s.HotlineWords, style{size, bold, navy}, f.notes.w, 0, 2, 1))
	}
	rows = append(rows,
		a.para(s.Issued.Value, style{size, regular, navy}, f.notes.w, 0, 1, 2),
		a.para(s.ValidUntil.Label+s.Colon+s.ValidUntil.Value, style{size, regular, navy}, f.notes.w, 0, 1, 0))
	a.column(rows, f.notes, 1.15, 0.6)
}
