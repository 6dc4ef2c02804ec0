package kit

import "math"

// point is a place on a sheet: x to the right, y downwards, in the sheet's units.
type point struct{ x, y float64 }

// rect is a rectangle on a sheet.
type rect struct{ x, y, w, h float64 }

func (r rect) right() float64  { return r.x + r.w }
func (r rect) bottom() float64 { return r.y + r.h }

// inset is r smaller by d on every side.
func (r rect) inset(d float64) rect { return rect{r.x + d, r.y + d, r.w - 2*d, r.h - 2*d} }

// move is the kind of a step of a path.
type move byte

const (
	moveTo move = iota
	lineTo
	quadTo
	cubeTo
)

// step is one part of a path; p has one, two or three points by its kind.
type step struct {
	op move
	p  [3]point
}

// points is how many points a step of this kind has.
func (m move) points() int {
	switch m {
	case quadTo:
		return 2
	case cubeTo:
		return 3
	}
	return 1
}

// path is a shape to fill, by the non-zero rule. Each moveTo closes what was before.
type path []step

func (p *path) move(x, y float64) { *p = append(*p, step{op: moveTo, p: [3]point{{x, y}}}) }
func (p *path) line(x, y float64) { *p = append(*p, step{op: lineTo, p: [3]point{{x, y}}}) }
func (p *path) cube(a, b, c point) {
	*p = append(*p, step{op: cubeTo, p: [3]point{a, b, c}})
}

// box adds a rectangle.
func (p *path) box(r rect) {
	p.move(r.x, r.y)
	p.line(r.right(), r.y)
	p.line(r.right(), r.bottom())
	p.line(r.x, r.bottom())
}

// arc is the distance of the control points that makes a cubic look like a quarter of a circle.
const arc = 0.5523

// rounded adds a rectangle with round corners.
func (p *path) rounded(r rect, radius float64) {
	k, x2, y2 := radius*(1-arc), r.right(), r.bottom()
	p.move(r.x+radius, r.y)
	p.line(x2-radius, r.y)
	p.cube(point{x2 - k, r.y}, point{x2, r.y + k}, point{x2, r.y + radius})
	p.line(x2, y2-radius)
	p.cube(point{x2, y2 - k}, point{x2 - k, y2}, point{x2 - radius, y2})
	p.line(r.x+radius, y2)
	p.cube(point{r.x + k, y2}, point{r.x, y2 - k}, point{r.x, y2 - radius})
	p.line(r.x, r.y+radius)
	p.cube(point{r.x, r.y + k}, point{r.x + k, r.y}, point{r.x + radius, r.y})
}

// circle adds a circle.
func (p *path) circle(c point, radius float64) {
	p.rounded(rect{c.x - radius, c.y - radius, 2 * radius, 2 * radius}, radius)
}

// stroke adds a line of the given width along the points.
func (p *path) stroke(line []point, width float64) {
	for i := 1; i < len(line); i++ {
		a, b := line[i-1], line[i]
		dx, dy := b.x-a.x, b.y-a.y
		long := math.Hypot(dx, dy)
		if long == 0 {
			continue
		}
		// A little longer than the way, so that corners have no gap.
		dx, dy = dx/long*width/2, dy/long*width/2
		a, b = point{a.x - dx/2, a.y - dy/2}, point{b.x + dx/2, b.y + dy/2}
		p.move(a.x-dy, a.y+dx)
		p.line(b.x-dy, b.y+dx)
		p.line(b.x+dy, b.y-dx)
		p.line(a.x+dy, a.y-dx)
	}
}

// turned is p turned by the angle (in radians, clockwise) round c.
func (p path) turned(c point, angle float64) path {
	sin, cos := math.Sincos(angle)
	out := make(path, len(p))
	for i, s := range p {
		for n := range s.op.points() {
			x, y := s.p[n].x-c.x, s.p[n].y-c.y
			s.p[n] = point{c.x + x*cos - y*sin, c.y + x*sin + y*cos}
		}
		out[i] = s
	}
	return out
}

// square says whether p is a rectangle of whole pixels.
func (p path) square() bool {
	if len(p) != 4 || p[0].p[0].y != p[1].p[0].y || p[1].p[0].x != p[2].p[0].x || p[2].p[0].y != p[3].p[0].y || p[3].p[0].x != p[0].p[0].x {
		return false
	}
	for _, s := range p {
		if q := s.p[0]; s.op > lineTo || q.x != math.Trunc(q.x) || q.y != math.Trunc(q.y) {
			return false
		}
	}
	return true
}

// bounds is the smallest rectangle round p's points.
func (p path) bounds() rect {
	x1, y1, x2, y2 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, s := range p {
		for _, q := range s.p[:s.op.points()] {
			x1, y1, x2, y2 = min(x1, q.x), min(y1, q.y), max(x2, q.x), max(y2, q.y)
		}
	}
	if x1 > x2 {
		return rect{}
	}
	return rect{x1, y1, x2 - x1, y2 - y1}
}
