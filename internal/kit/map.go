package kit

import (
	"image/color"
	"math"
	"slices"
	"strings"

	"tocsin/internal/alert"
)

// The colours of a map.
var (
	sea    = color.NRGBA{38, 66, 104, 255} // and what the atlas does not draw
	land   = color.NRGBA{217, 224, 214, 255}
	border = color.NRGBA{150, 160, 158, 255}
	lit    = color.NRGBA{255, 176, 0, 255}
	edge   = color.NRGBA{122, 72, 0, 255}
)

// chart is where an alert is: shapes in degrees, and the part of the world to show.
type chart struct {
	lands  []outline // of every State in view
	alert  []outline // of the alert's areas
	drawn  []alert.Polygon
	seen   *alert.Point
	bounds rect // in degrees: x = west, y = south
	wrap   bool // longitudes below 0 count from 180 on, for areas across the date line
}

// outline is the rings of one area, the outer ones against the holes.
type outline []alert.Polygon

// newChart is the map of m; nil when the atlas draws none of its areas.
func newChart(atlas Atlas, m *alert.Message) *chart {
	c := &chart{drawn: slices.Clone(m.Polygons)}
	if m.Circle != nil {
		c.drawn = append(c.drawn, m.Circle.Outline())
	}
	if m.Facts != nil {
		c.seen = m.Facts.LastSeen.Point
	}
	var countries []string
	for _, code := range m.AreaCodes() {
		if o := wound(atlas.Outline(code)); len(o) > 0 {
			c.alert = append(c.alert, o)
		}
		if country, _, _ := strings.Cut(code, "-"); !slices.Contains(countries, country) {
			countries = append(countries, country)
		}
	}
	if len(c.alert) == 0 {
		return nil
	}
	area := span(c.alert, false)
	if area.w > 180 {
		c.wrap = true
		area = span(c.alert, true)
	}
	c.bounds = c.frame(area, atlas, countries)
	for _, state := range atlas.Countries() {
		for _, unit := range append(atlas.Units(state.Code), state) {
			if o := atlas.Outline(unit.Code); len(unit.Code) > 2 && meets(span([]outline{o}, c.wrap), c.bounds) {
				c.lands = append(c.lands, wound(o))
			}
		}
	}
	return c
}

// frame is the area with its surroundings: so much of its State that the eye
// knows where it is, but never so much that the area is a dot.
func (c *chart) frame(area rect, atlas Atlas, countries []string) rect {
	var whole []outline
	for _, code := range countries {
		whole = append(whole, atlas.Outline(code))
	}
	state := span(whole, c.wrap)
	const most = 3.5 // times the area's own size
	if state.w <= area.w*most && state.h <= area.h*most {
		area = state
	} else {
		area = grow(area, area.w*0.8, area.h*0.8)
	}
	return grow(area, area.w*0.08+0.05, area.h*0.08+0.05)
}

func grow(r rect, dx, dy float64) rect { return rect{r.x - dx, r.y - dy, r.w + 2*dx, r.h + 2*dy} }

func meets(a, b rect) bool {
	return a.x < b.right() && b.x < a.right() && a.y < b.bottom() && b.y < a.bottom()
}

// span is the box round outlines, in degrees.
func span(all []outline, wrap bool) rect {
	var p path
	for _, o := range all {
		for _, ring := range o {
			for _, q := range ring {
				p.move(east(q.Lon, wrap), q.Lat)
			}
		}
	}
	return p.bounds()
}

func east(lon float64, wrap bool) float64 {
	if wrap && lon < 0 {
		return lon + 360
	}
	return lon
}

// wound turns rings so that a hole runs against what it is in: a fill by the
// non-zero rule then leaves it open.
func wound(rings []alert.Polygon) outline {
	out := make(outline, len(rings))
	for i, ring := range rings {
		inside := 0
		for j, other := range rings {
			if i != j && len(ring) > 0 && other.Contains(ring[0]) {
				inside++
			}
		}
		if (turn(ring) > 0) != (inside%2 == 0) {
			ring = slices.Clone(ring)
			slices.Reverse(ring)
		}
		out[i] = ring
	}
	return out
}

// turn is twice the signed area of a ring.
func turn(ring alert.Polygon) float64 {
	sum := 0.0
	for i := 1; i < len(ring); i++ {
		sum += ring[i-1].Lon*ring[i].Lat - ring[i].Lon*ring[i-1].Lat
	}
	return sum
}

// project gives the way from degrees into r: true in shape at the middle of the map.
func (c *chart) project(r rect) func(alert.Point) point {
	mid := point{c.bounds.x + c.bounds.w/2, c.bounds.y + c.bounds.h/2}
	squeeze := math.Max(math.Cos(mid.y*math.Pi/180), 0.1)
	scale := math.Min(r.w/(c.bounds.w*squeeze), r.h/c.bounds.h)
	return func(p alert.Point) point {
		return point{
			r.x + r.w/2 + (east(p.Lon, c.wrap)-mid.x)*squeeze*scale,
			r.y + r.h/2 - (p.Lat-mid.y)*scale,
		}
	}
}

// draw fills r with the map. unit is the width of its finest line.
func (c *chart) draw(s surface, r rect, unit float64) {
	at := c.project(r)
	s.within(r, func() {
		var water, lands, borders, areas, edges path
		water.box(r)
		s.fill(water, sea)
		for _, o := range c.lands {
			o.trace(at, &lands, &borders, unit)
		}
		s.fill(lands, land)
		s.fill(borders, border)
		for _, o := range c.alert {
			o.trace(at, &areas, &edges, 1.8*unit)
		}
		s.fill(areas, lit)
		s.fill(edges, edge)
		for _, p := range c.drawn {
			var inner, line path
			outline{p}.trace(at, &inner, &line, 4*unit)
			s.fill(line, navy)
		}
		c.mark(s, at, unit)
	})
}

// mark draws where the child was last seen.
func (c *chart) mark(s surface, at func(alert.Point) point, unit float64) {
	if c.seen == nil {
		return
	}
	for _, ring := range []struct {
		radius float64
		colour color.NRGBA
	}{{9, white}, {7, navy}, {2.8, white}} {
		var p path
		p.circle(at(*c.seen), ring.radius*unit)
		s.fill(p, ring.colour)
	}
}

// trace adds the area of o to inside and its border to line.
func (o outline) trace(at func(alert.Point) point, inside, line *path, width float64) {
	for _, ring := range o {
		way := make([]point, len(ring))
		for i, q := range ring {
			way[i] = at(q)
			if i == 0 {
				inside.move(way[i].x, way[i].y)
			} else {
				inside.line(way[i].x, way[i].y)
			}
		}
		line.stroke(way, width)
	}
}
