package region

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"tocsin/internal/alert"
)

// loop is the largest loop of an outline, in degrees of its box, that an import
// cuts off by itself: two steps of the grid, which no map of ours shows.
const loop = 2.0 / grid

// rings reads and checks the rings of one geometry.
func (im *importer) rings(at, code, kind string, raw json.RawMessage) []alert.Polygon {
	var polygons [][][][]float64
	var err error
	switch kind {
	case "Polygon":
		polygons = make([][][][]float64, 1)
		err = json.Unmarshal(raw, &polygons[0])
	case "MultiPolygon":
		err = json.Unmarshal(raw, &polygons)
	default:
		im.fault(at+".type", "unknown", "%s is a %.40q; give a Polygon or a MultiPolygon.", code, kind)
		return nil
	}
	if err != nil {
		im.fault(at+".coordinates", "format", "%s has co-ordinates that are no rings of points: %v.", code, err)
		return nil
	}
	var out []alert.Polygon
	for i, polygon := range polygons {
		for j, points := range polygon {
			path := fmt.Sprintf("%s.coordinates[%d][%d]", at, i, j)
			if ring := im.ring(path, code, points, j == 0); ring != nil {
				out = append(out, ring)
			}
		}
	}
	if len(out) == 0 && len(im.faults) == 0 {
		im.fault(at+".coordinates", "required", "%s has no ring with an area.", code)
	}
	return out
}

// ring checks one ring; nil when it has a fault or no area.
func (im *importer) ring(path, code string, points [][]float64, outer bool) alert.Polygon {
	im.report.Points += len(points)
	switch {
	case len(points) < 4:
		im.fault(path, "too_short", "A ring of %s has %d points; a ring has at least 4, the last equal to the first.", code, len(points))
		return nil
	case len(points) > maxRingPoints || im.report.Points > maxAllPoints:
		im.fault(path, "too_many", "%s has too many points; simplify the outlines first, 100 metres are enough.", code)
		return nil
	}
	ring := make(alert.Polygon, 0, len(points))
	for k, p := range points {
		if len(p) < 2 || !(math.Abs(p[0]) <= 180 && math.Abs(p[1]) <= 90) {
			im.fault(fmt.Sprintf("%s[%d]", path, k), "range", "Give longitude -180 to 180, then latitude -90 to 90; export the file in WGS 84 (EPSG:4326).")
			return nil
		}
		pt := alert.Point{Lat: p[1], Lon: p[0]}
		if n := len(ring); n > 0 && ring[n-1] == pt {
			continue // a point given twice
		}
		ring = append(ring, pt)
	}
	if ring[0] != ring[len(ring)-1] {
		im.fault(path, "open", "A ring of %s is open; repeat its first point as the last.", code)
		return nil
	}
	ring = im.untie(path, code, ring)
	signed, _, _ := moments(ring)
	switch {
	case ring == nil:
		return nil
	case len(ring) < 4 || signed == 0:
		im.mended("%s: a ring without an area is left out (%s).", code, path)
		return nil
	case (signed < 0) == outer: // an outer ring runs against the clock
		im.mended("%s: a ring runs the wrong way round and is turned (%s).", code, path)
		slices.Reverse(ring)
	}
	return ring
}

// untie cuts small loops off a ring that crosses itself; nil when one is too large to be a slip.
func (im *importer) untie(path, code string, ring alert.Polygon) alert.Polygon {
	for range maxLoops {
		i, j, found := crossing(ring)
		if !found {
			return ring
		}
		b := bound([]alert.Polygon{ring[i+1 : j+1]})
		rest := bound([]alert.Polygon{ring[:i+1], ring[j+1:]})
		switch {
		case b.north-b.south <= loop && b.east-b.west <= loop:
			ring = slices.Concat(ring[:i+1], ring[j+1:])
		case rest.north-rest.south <= loop && rest.east-rest.west <= loop: // the ring begins in the loop
			ring = append(slices.Clone(ring[i+1:j+1]), ring[i+1])
		default:
			at := ring[j]
			im.fault(path, "crossing", "The outline of %s crosses itself near %.4f, %.4f; mend it there.", code, at.Lat, at.Lon)
			return nil
		}
		im.mended("%s: a loop smaller than 400 metres is cut off (%s).", code, path)
	}
	im.fault(path, "crossing", "The outline of %s crosses itself more than %d times; mend it.", code, maxLoops)
	return nil
}

// maxLoops bounds the mending of one ring: each cut looks through the ring anew.
const maxLoops = 20

// crossing finds two edges of a ring, by their first points, that cross. Rings
// that only touch themselves are whole: a map fills them right. Edges are swept
// from west to east, so that only those side by side are compared.
func crossing(ring alert.Polygon) (i, j int, found bool) {
	n := len(ring) - 1
	west := func(k int) float64 { return min(ring[k].Lon, ring[k+1].Lon) }
	order := make([]int, n)
	for k := range order {
		order[k] = k
	}
	slices.SortFunc(order, func(x, y int) int { return cmp.Compare(west(x), west(y)) })
	var open []int
	for _, k := range order {
		open = slices.DeleteFunc(open, func(o int) bool { return max(ring[o].Lon, ring[o+1].Lon) < west(k) })
		for _, o := range open {
			if cross(ring[k], ring[k+1], ring[o], ring[o+1]) {
				return min(k, o), max(k, o), true
			}
		}
		open = append(open, k)
	}
	return 0, 0, false
}

// cross says whether the edges ab and cd cut through each other; touching is no cut.
func cross(a, b, c, d alert.Point) bool {
	if max(a.Lat, b.Lat) < min(c.Lat, d.Lat) || max(c.Lat, d.Lat) < min(a.Lat, b.Lat) {
		return false
	}
	side := func(a, b, p alert.Point) float64 {
		return (b.Lon-a.Lon)*(p.Lat-a.Lat) - (b.Lat-a.Lat)*(p.Lon-a.Lon)
	}
	return side(a, b, c)*side(a, b, d) < 0 && side(c, d, a)*side(c, d, b) < 0
}
