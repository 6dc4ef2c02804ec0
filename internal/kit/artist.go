package kit

import (
	"image/color"
	"strings"
)

// The colours: sober, and far apart in brightness, so that a slide also reads in
// grey and for those who see red and green alike.
var (
	navy  = color.NRGBA{10, 27, 51, 255}
	amber = color.NRGBA{255, 190, 40, 255}
	white = color.NRGBA{255, 255, 255, 255}
	pale  = color.NRGBA{196, 211, 232, 255}
	black = color.NRGBA{12, 12, 12, 255}
)

// theme is how a sheet's text is coloured on its ground.
type theme struct{ text, soft, label color.NRGBA }

// screen is how slides are coloured: light on dark, easy on the eye at night.
var screen = theme{text: white, soft: pale, label: amber}

// artist draws one sheet in one language.
type artist struct {
	surface
	theme
	*setter
}

// align is where a line stands in its width.
type align float64

const (
	left   align = 0
	centre align = 0.5
)

// write draws lines from the top of r downwards and gives their height.
func (a *artist) write(lines []line, r rect, at align) float64 {
	y := r.y
	for _, l := range lines {
		x := r.x + (r.w-l.width)*float64(at)
		base := y + l.style.size*ascent
		var p path
		l.outline(&p, x, base)
		a.fill(p, l.style.colour)
		a.read(l, x, base)
		y += l.height()
	}
	return y - r.y
}

// box fills a rectangle.
func (a *artist) box(r rect, c color.NRGBA) {
	var p path
	p.box(r)
	a.fill(p, c)
}

// tall is the height of lines.
func tall(lines []line) float64 {
	h := 0.0
	for _, l := range lines {
		h += l.height()
	}
	return h
}

// shrink is by how much a text gets smaller before the next try to make it fit.
const shrink = 0.94

// fit sets text as large as it goes into r, on at most most lines, but never
// smaller than least times its size: then it ends in an ellipsis.
func (a *artist) fit(text string, st style, r rect, most int, least float64) []line {
	for size := st.size; size >= st.size*least; size *= shrink {
		s := st
		s.size = size
		if lines, whole := a.set(text, s, r.w, most); whole && tall(lines) <= r.h && !a.splits(text, lines, s) {
			return lines
		}
	}
	st.size *= least
	lines, _ := a.set(text, st, r.w, max(1, min(most, int(r.h/(st.size*leading)))))
	return lines
}

// splits says whether a word had to be cut to fit in its line: smaller type is better than that.
func (a *artist) splits(text string, lines []line, st style) bool {
	if len(lines) < 2 {
		return false
	}
	widest := 0.0
	for _, l := range lines {
		widest = max(widest, l.width)
	}
	for word := range strings.FieldsSeq(text) {
		if len([]rune(word)) < 8 {
			continue
		}
		if one, _ := a.set(word, st, 1e6, 0); len(one) == 1 && one[0].width > widest+1 {
			return true
		}
	}
	return false
}

// block is a piece of a column. set gives its height at a scale, and what draws
// it. When tight it uses no more lines than its own bound.
type block struct {
	// spare says how early the block is left out when all will not fit: higher first, 0 never.
	spare int
	set   func(scale float64, tight bool) (height float64, draw func(at rect))
}

// leastScale is how small a column's text may get when nothing more can be spared.
const leastScale = 0.45

// column draws blocks below each other in r: as large as possible up to most
// times its size, but sooner without what is most easily spared than smaller
// than good times. It never leaves r.
func (a *artist) column(blocks []block, r rect, most, good float64) {
	for {
		for scale := most; scale >= good; scale *= shrink {
			if place(blocks, r, scale, false) {
				return
			}
		}
		if place(blocks, r, good, true) {
			return
		}
		out := sparest(blocks)
		if out < 0 {
			break
		}
		blocks = append(blocks[:out:out], blocks[out+1:]...)
	}
	for scale := good; scale >= leastScale; scale *= shrink {
		if place(blocks, r, scale, true) {
			return
		}
	}
	a.within(r, func() { put(blocks, r, leastScale, true) })
}

// sparest is the block to leave out next, the last of the most easily spared; -1 when none is.
func sparest(blocks []block) int {
	out := -1
	for i, b := range blocks {
		if b.spare > 0 && (out < 0 || b.spare >= blocks[out].spare) {
			out = i
		}
	}
	return out
}

// place draws the blocks if they fit in r.
func place(blocks []block, r rect, scale float64, tight bool) bool {
	sum := 0.0
	for _, b := range blocks {
		h, _ := b.set(scale, tight)
		sum += h
	}
	if sum > r.h {
		return false
	}
	put(blocks, r, scale, tight)
	return true
}

func put(blocks []block, r rect, scale float64, tight bool) {
	for _, b := range blocks {
		h, draw := b.set(scale, tight)
		draw(rect{r.x, r.y, r.w, h})
		r.y += h
	}
}

// para is a block of one text in a column of width w, with a gap above it.
func (a *artist) para(text string, st style, w, gap float64, most, spare int) block {
	return block{spare: spare, set: func(scale float64, tight bool) (float64, func(rect)) {
		s := st
		s.size *= scale
		n := 0
		if tight {
			n = most
		}
		lines, _ := a.set(text, s, w, n)
		return gap*scale + tall(lines), func(r rect) {
			a.write(lines, rect{r.x, r.y + gap*scale, r.w, r.h}, left)
		}
	}}
}

// fact is a label with its value below it.
func (a *artist) fact(label, value string, size, w float64, most, spare int) block {
	head := a.para(label, style{size * 0.62, bold, a.label}, w, size*0.42, 1, 0)
	body := a.para(value, style{size, bold, a.text}, w, 0, most, 0)
	return a.stack(spare, head, body)
}

// stack keeps blocks together.
func (a *artist) stack(spare int, parts ...block) block {
	return block{spare: spare, set: func(scale float64, tight bool) (float64, func(rect)) {
		sum := 0.0
		draws := make([]func(rect), len(parts))
		heights := make([]float64, len(parts))
		for i, b := range parts {
			heights[i], draws[i] = b.set(scale, tight)
			sum += heights[i]
		}
		return sum, func(r rect) {
			for i, draw := range draws {
				draw(rect{r.x, r.y, r.w, heights[i]})
				r.y += heights[i]
			}
		}
	}}
}
