package region

import (
	"math"
	"slices"

	"tocsin/internal/alert"
)

// Touched are the units that a circle reaches into, by code: every unit whose
// outline comes within the radius, or that the centre is in. The outlines are
// rough unless the State imported its own, so an officer confirms the list.
// Units that the atlas does not draw are never among them; Undrawn names those.
func (a *Atlas) Touched(c alert.Circle) []string {
	// A degree of latitude is 111 km everywhere: the cheap test that spares most units.
	reach := c.KM/110.5 + 0.01
	var out []string
	for i := range a.places {
		p := &a.places[i]
		if len(p.outline) == 0 || p.box.south-c.Centre.Lat > reach || c.Centre.Lat-p.box.north > reach {
			continue
		}
		if p.contains(c.Centre) || p.within(c) {
			out = append(out, p.area.Code)
		}
	}
	return out
}

// contains says whether pt is inside: an even number of rings is a hole.
func (p *place) contains(pt alert.Point) bool {
	if !p.box.contains(pt) {
		return false
	}
	inside := false
	for _, ring := range p.outline {
		if ring.Contains(pt) {
			inside = !inside
		}
	}
	return inside
}

// within says whether a point of the outline lies in the circle.
func (p *place) within(c alert.Circle) bool {
	at := plane(c.Centre)
	for _, ring := range p.outline {
		x, y := at(ring[0])
		for _, next := range ring[1:] {
			nx, ny := at(next)
			if fromOrigin(x, y, nx, ny) <= c.KM {
				return true
			}
			x, y = nx, ny
		}
	}
	return false
}

// plane lays the Earth flat around a centre, in kilometres: distances from the
// centre are true, and the date line and the poles are no edges.
func plane(centre alert.Point) func(alert.Point) (x, y float64) {
	const rad = math.Pi / 180
	sin, cos := math.Sincos(centre.Lat * rad)
	return func(p alert.Point) (x, y float64) {
		psin, pcos := math.Sincos(p.Lat * rad)
		dsin, dcos := math.Sincos((p.Lon - centre.Lon) * rad)
		east, north := pcos*dsin, cos*psin-sin*pcos*dcos
		flat := math.Hypot(east, north)
		if flat == 0 {
			return 0, 0
		}
		km := centre.Kilometres(p)
		return km * east / flat, km * north / flat
	}
}

// fromOrigin is how far the origin lies from the line from (ax, ay) to (bx, by).
func fromOrigin(ax, ay, bx, by float64) float64 {
	dx, dy := bx-ax, by-ay
	if dx == 0 && dy == 0 {
		return math.Hypot(ax, ay)
	}
	t := max(0, min(1, -(ax*dx+ay*dy)/(dx*dx+dy*dy)))
	return math.Hypot(ax+t*dx, ay+t*dy)
}

// Drawn are the units that a ring reaches into, by code, as Touched for a circle.
func (a *Atlas) Drawn(ring alert.Polygon) []string {
	if len(ring) < 4 {
		return nil
	}
	round := bound([]alert.Polygon{ring})
	var out []string
	for i := range a.places {
		p := &a.places[i]
		if len(p.outline) == 0 || !round.meets(p.box) {
			continue
		}
		if p.contains(ring[0]) || slices.ContainsFunc(p.outline, func(o alert.Polygon) bool {
			return ring.Contains(o[0]) || ring.CrossedBy(o)
		}) {
			out = append(out, p.area.Code)
		}
	}
	return out
}

func (b box) meets(o box) bool {
	return b.south <= o.north && o.south <= b.north && b.west <= o.east && o.west <= b.east
}

// Undrawn are the States and units among those of countries without an outline,
// by code: no circle and no drawing can find them.
func (a *Atlas) Undrawn(countries ...string) []string {
	var out []string
	for _, country := range countries {
		units := a.Units(country)
		if len(units) == 0 && a.place(country) != nil {
			out = append(out, country)
		}
		for _, u := range units {
			if len(a.place(u.Code).outline) == 0 {
				out = append(out, u.Code)
			}
		}
	}
	return out
}

// Reached are the units that the circle and the drawings of facts reach into, by code, each once.
func (a *Atlas) Reached(f *alert.Facts) []string {
	var out []string
	if f.Circle != nil {
		out = a.Touched(*f.Circle)
	}
	for _, ring := range f.Polygons {
		out = append(out, a.Drawn(ring)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Coarse is at most most codes that cover the same as codes: the State with the
// most units among them is taken as a whole, until they fit.
func (a *Atlas) Coarse(codes []string, most int) []string {
	codes = slices.Clone(codes)
	for len(codes) > most {
		count, worst := map[string]int{}, ""
		for _, code := range codes {
			if len(code) < 3 {
				continue
			}
			state := code[:2]
			if count[state]++; worst == "" || count[state] > count[worst] || count[state] == count[worst] && state < worst {
				worst = state
			}
		}
		if count[worst] < 2 {
			break // States alone: nothing covers two of them
		}
		codes = append(slices.DeleteFunc(codes, func(code string) bool { return Covers(worst, code) }), worst)
		slices.Sort(codes)
	}
	return codes
}
