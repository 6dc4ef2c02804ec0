package alert

import (
	"fmt"
	"math"
)

// minArea is the smallest area of a polygon in square degrees, about 10 square
// metres: less is a line or a slip of the hand.
const minArea = 1e-9

func (c *checker) polygon(field string, p Polygon) {
	p = clip(p, maxPoints+1)
	for i, pt := range p {
		if !pt.valid() {
			c.add(fmt.Sprintf("%s[%d]", field, i), "range", "Give degrees: latitude -90 to 90 and longitude -180 to 180.")
			return // the shape cannot be judged
		}
	}
	switch {
	case len(p) < 4:
		c.add(field, "too_short", "A shape needs at least 4 points, the last equal to the first; add points or remove it.")
	case len(p) > maxPoints: // said by bounds already
	case p[0] != p[len(p)-1]:
		c.add(field, "open", "The shape is open; repeat the first point as the last.")
	case p.width() > 180:
		c.add(field, "range", "The shape spans more than half the globe; where it crosses the 180th meridian, split it there into two.")
	case p.flat():
		c.add(field, "area", "All points of the shape lie on one line; move them apart.")
	case p.Crosses(): // before the area: a figure of eight may sum up to nothing
		c.add(field, "crossing", "The outline crosses or touches itself; put its points in order round the area.")
	case p.area() < minArea:
		c.add(field, "area", "The shape has no area; move its points apart.")
	}
}

// Contains says whether pt is inside p; a point on the outline is.
// Distances are so short that degrees serve as plane co-ordinates.
func (p Polygon) Contains(pt Point) bool {
	inside := false
	for i := 0; i+1 < len(p); i++ {
		a, b := p[i], p[i+1]
		if turn(a, b, pt) == 0 && between(a, b, pt) {
			return true
		}
		if (a.Lat > pt.Lat) != (b.Lat > pt.Lat) &&
			pt.Lon < (b.Lon-a.Lon)*(pt.Lat-a.Lat)/(b.Lat-a.Lat)+a.Lon {
			inside = !inside
		}
	}
	return inside
}

// Crosses says whether the outline of the closed ring p crosses or touches
// itself. It compares each pair of edges, so its caller bounds len(p).
func (p Polygon) Crosses() bool {
	n := len(p) - 1 // edges
	for i := range n {
		a, b := p[i], p[i+1]
		if a == b {
			return true // a point given twice
		}
		next := p[1] // the far end of the following edge
		if i+2 <= n {
			next = p[i+2]
		}
		if turn(a, b, next) == 0 && (b.Lat-a.Lat)*(next.Lat-b.Lat)+(b.Lon-a.Lon)*(next.Lon-b.Lon) < 0 {
			return true // the outline turns back on itself
		}
		for j := i + 2; j < n; j++ {
			if i == 0 && j == n-1 {
				continue // the last edge ends where the first begins
			}
			if meet(a, b, p[j], p[j+1]) {
				return true
			}
		}
	}
	return false
}

// turn is positive when c lies to the left of the way from a to b, 0 on its line.
func turn(a, b, c Point) float64 {
	return (b.Lon-a.Lon)*(c.Lat-a.Lat) - (b.Lat-a.Lat)*(c.Lon-a.Lon)
}

// between says whether c, on the line through a and b, lies from a to b.
func between(a, b, c Point) bool {
	return min(a.Lon, b.Lon) <= c.Lon && c.Lon <= max(a.Lon, b.Lon) &&
		min(a.Lat, b.Lat) <= c.Lat && c.Lat <= max(a.Lat, b.Lat)
}

// meet says whether the edges ab and cd have a point in common.
func meet(a, b, c, d Point) bool {
	t1, t2, t3, t4 := turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b)
	if (t1 > 0) != (t2 > 0) && (t3 > 0) != (t4 > 0) && t1 != 0 && t2 != 0 && t3 != 0 && t4 != 0 {
		return true
	}
	return t1 == 0 && between(a, b, c) || t2 == 0 && between(a, b, d) ||
		t3 == 0 && between(c, d, a) || t4 == 0 && between(c, d, b)
}

// flat says whether all points lie on one line.
func (p Polygon) flat() bool {
	far := p[0]
	for _, pt := range p {
		if pt != p[0] {
			far = pt
			break
		}
	}
	for _, pt := range p {
		if turn(p[0], far, pt) != 0 {
			return false
		}
	}
	return true
}

// area is the area in square degrees.
func (p Polygon) area() float64 {
	var sum float64
	for i := 0; i+1 < len(p); i++ {
		// Relative to the first point: the products of whole degrees would drown a small shape.
		sum += (p[i].Lon-p[0].Lon)*(p[i+1].Lat-p[0].Lat) - (p[i+1].Lon-p[0].Lon)*(p[i].Lat-p[0].Lat)
	}
	return math.Abs(sum) / 2
}

// width is how many degrees of longitude p spans.
func (p Polygon) width() float64 {
	west, east := 180.0, -180.0
	for _, pt := range p {
		west, east = min(west, pt.Lon), max(east, pt.Lon)
	}
	return east - west
}

// CrossedBy says whether the outlines of p and q have a point in common. It
// compares each pair of edges, so its caller bounds their lengths.
func (p Polygon) CrossedBy(q Polygon) bool {
	for i := 0; i+1 < len(p); i++ {
		for j := 0; j+1 < len(q); j++ {
			if beside(p[i], p[i+1], q[j], q[j+1]) {
				continue
			}
			if meet(p[i], p[i+1], q[j], q[j+1]) {
				return true
			}
		}
	}
	return false
}

// beside says whether the boxes of the edges ab and cd have nothing in common: most pairs, at little cost.
func beside(a, b, c, d Point) bool {
	return max(a.Lat, b.Lat) < min(c.Lat, d.Lat) || max(c.Lat, d.Lat) < min(a.Lat, b.Lat) ||
		max(a.Lon, b.Lon) < min(c.Lon, d.Lon) || max(c.Lon, d.Lon) < min(a.Lon, b.Lon)
}
