package site

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"tocsin/internal/alert"
)

// countryMap is a country's units as shapes to choose from.
type countryMap struct {
	Width, Height int
	Shapes        []shape
}

// shape is one unit on the map; Path is SVG path data in whole pixels.
type shape struct{ Code, Name, Path string }

const (
	mapWidth = 600 // pixels of the drawing; a screen scales it
	// tallest bounds the drawing: no country may push the list off the screen.
	tallest = 700
	// farAway is how many times the middle distance from the country's middle a
	// unit may lie. Islands oceans away would leave the rest too small to touch:
	// they are on the list alone.
	farAway = 10.0
	// smallest is the extent in pixels under which a ring is not drawn.
	smallest = 2.0
)

// drawMap draws country's units; the zero map when there is nothing to choose on.
func (s *site) drawMap(country string, units []alert.Area, lang alert.Lang) countryMap {
	near, heart := s.near(units)
	if len(near) < 2 {
		return countryMap{}
	}
	at := func(p alert.Point) (x, y float64) { return around(p.Lon, heart.Lon), p.Lat }
	west, east, south, north := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, u := range near {
		for _, ring := range s.Atlas.Outline(u.Code) {
			for _, p := range ring {
				x, y := at(p)
				west, east, south, north = min(west, x), max(east, x), min(south, y), max(north, y)
			}
		}
	}
	narrow := math.Cos((south + north) / 2 * math.Pi / 180) // a degree of longitude, in degrees of latitude
	scale := min(mapWidth/((east-west)*narrow), tallest/(north-south))
	m := countryMap{Width: int((east-west)*narrow*scale) + 1, Height: int((north-south)*scale) + 1}
	for _, u := range near {
		path := new(strings.Builder)
		for _, ring := range s.Atlas.Outline(u.Code) {
			trace(path, ring, func(p alert.Point) (int, int) {
				x, y := at(p)
				return int((x - west) * narrow * scale), int((north - y) * scale)
			})
		}
		if path.Len() > 0 {
			m.Shapes = append(m.Shapes, shape{u.Code, u.Name(lang), path.String()})
		}
	}
	return m
}

// around is the longitude lon counted from the other side of the date line when
// it is nearer to middle that way.
func around(lon, middle float64) float64 {
	switch {
	case lon-middle > 180:
		return lon - 360
	case middle-lon > 180:
		return lon + 360
	}
	return lon
}

// near are the units that are drawn and lie together, and the middle of them.
func (s *site) near(units []alert.Area) ([]alert.Area, alert.Point) {
	var drawn []alert.Area
	var lats, lons []float64
	for _, u := range units {
		if c, ok := s.Atlas.Centre(u.Code); ok {
			drawn, lats, lons = append(drawn, u), append(lats, c.Lat), append(lons, c.Lon)
		}
	}
	if len(drawn) == 0 {
		return nil, alert.Point{}
	}
	lat, lon := middle(lats), middle(lons)
	far := make([]float64, len(drawn))
	for i := range drawn {
		far[i] = math.Hypot(lats[i]-lat, (around(lons[i], lon)-lon)*math.Cos(lat*math.Pi/180))
	}
	limit := farAway * max(middle(far), 1)
	var out []alert.Area
	for i, u := range drawn {
		if far[i] <= limit {
			out = append(out, u)
		}
	}
	return out, alert.Point{Lat: lat, Lon: lon}
}

// middle is the median.
func middle(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

// trace appends a ring, without the points that fall on the pixel before them.
func trace(path *strings.Builder, ring alert.Polygon, pixel func(alert.Point) (x, y int)) {
	type dot struct{ x, y int }
	var dots []dot
	lo, hi := dot{math.MaxInt32, math.MaxInt32}, dot{math.MinInt32, math.MinInt32}
	for _, p := range ring {
		x, y := pixel(p)
		d := dot{x, y}
		if len(dots) > 0 && dots[len(dots)-1] == d {
			continue
		}
		dots = append(dots, d)
		lo, hi = dot{min(lo.x, x), min(lo.y, y)}, dot{max(hi.x, x), max(hi.y, y)}
	}
	if len(dots) < 3 || float64(max(hi.x-lo.x, hi.y-lo.y)) < smallest {
		return
	}
	// Steps are shorter than places: a page of a large country is a third smaller.
	fmt.Fprintf(path, "M%d %d", dots[0].x, dots[0].y)
	for i, d := range dots[1:] {
		fmt.Fprintf(path, "l%d %d", d.x-dots[i].x, d.y-dots[i].y)
	}
	path.WriteByte('z')
}
