package region

import (
	"slices"

	"tocsin/internal/alert"
)

// box is the rectangle round an outline; it spares most of the comparing.
type box struct{ south, west, north, east float64 }

func bound(rings []alert.Polygon) box {
	b := box{91, 181, -91, -181} // empty
	for _, r := range rings {
		for _, p := range r {
			b.south, b.north = min(b.south, p.Lat), max(b.north, p.Lat)
			b.west, b.east = min(b.west, p.Lon), max(b.east, p.Lon)
		}
	}
	return b
}

func (b box) contains(p alert.Point) bool {
	return p.Lat >= b.south && p.Lat <= b.north && p.Lon >= b.west && p.Lon <= b.east
}

// Outline is the rough outline of a unit, good to about two kilometres, largest
// ring first; of a State, the outlines of its units. Holes are rings too. Nil
// when the atlas does not draw it. For overview maps, never to decide who is alerted.
func (a *Atlas) Outline(code string) []alert.Polygon {
	p := a.place(code)
	if p == nil {
		return nil
	}
	rings := clone(p.outline)
	if len(code) == 2 {
		for _, u := range a.Units(code) {
			rings = append(rings, clone(a.place(u.Code).outline)...)
		}
	}
	return rings
}

func clone(rings []alert.Polygon) []alert.Polygon {
	out := make([]alert.Polygon, len(rings))
	for i, r := range rings {
		out[i] = slices.Clone(r)
	}
	return out
}

// Centre is the middle of a unit's largest part; false when the atlas does not draw it.
func (a *Atlas) Centre(code string) (alert.Point, bool) {
	p := a.place(code)
	if p == nil || p.centre == nil {
		return alert.Point{}, false
	}
	return *p.centre, true
}

// At are the units that pt is in: usually one, two near a border that the rough
// outlines of both take in, none at sea. A suggestion for an officer to confirm.
func (a *Atlas) At(pt alert.Point) []alert.Area {
	var out []alert.Area
	for i := range a.places {
		p := &a.places[i]
		if p.contains(pt) {
			out = append(out, p.copy())
		}
	}
	return out
}
