package region

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"tocsin/internal/alert"
)

const (
	tolerance = 0.02 // degrees a simplified line may lie off, about two kilometres
	speck     = 5e-4 // square degrees: smaller rings are left out, unless the unit has nothing bigger
)

// Unit is one area on its way into a table: the committed one of gen, or a State's own.
type Unit struct {
	Code  string
	Names map[alert.Lang]string // all six
	Rings []alert.Polygon       // holes among them: what an odd number of rings contains is inside
}

// Write appends the unit's line: code, six names, centre and simplified outline,
// separated by tabs. It fails when the code is no area code or a name is missing.
func (u *Unit) Write(out *bytes.Buffer) error {
	if !alert.AreaCode(u.Code) {
		return fmt.Errorf("%q is no area code", u.Code)
	}
	out.WriteString(u.Code)
	for _, lang := range alert.Langs {
		name := u.Names[lang]
		if name == "" || strings.ContainsAny(name, "\t\n") {
			return fmt.Errorf("%s has no name in %s", u.Code, lang)
		}
		out.WriteString("\t" + name)
	}
	rings := simplify(u.Rings)
	out.WriteString("\t" + middleOf(u.Rings) + "\t")
	for i, r := range rings {
		if i > 0 {
			out.WriteByte('/')
		}
		writeRing(out, r)
	}
	out.WriteByte('\n')
	return nil
}

// simplify keeps the shape of each ring within tolerance, largest first. The
// outlines are for overview maps and a first guess from a point; a State that
// needs its true boundaries imports them.
func simplify(rings []alert.Polygon) []alert.Polygon {
	rings = slices.Clone(rings)
	slices.SortStableFunc(rings, func(a, b alert.Polygon) int { return cmpFloat(area(b), area(a)) })
	var out []alert.Polygon
	for i, r := range rings {
		if i > 0 && area(r) < speck {
			break
		}
		tol := tolerance
		if area(r) < 0.05 {
			tol /= 4 // a town of a few kilometres would lose its shape
		}
		// The ring is cut at its two farthest-apart points, for Douglas and Peucker's
		// method wants a line with two ends.
		far := 0
		for j := range r {
			if dist2(r[0], r[j]) > dist2(r[0], r[far]) {
				far = j
			}
		}
		line := append(peucker(r[:far+1], tol), peucker(r[far:], tol)[1:]...)
		if len(line) >= 4 {
			out = append(out, line)
		}
	}
	return out
}

func cmpFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func dist2(a, b alert.Point) float64 {
	x, y := a.Lon-b.Lon, a.Lat-b.Lat
	return x*x + y*y
}

// peucker keeps the ends, and what lies farther than tol off the line between them.
func peucker(line alert.Polygon, tol float64) alert.Polygon {
	if len(line) < 3 {
		return slices.Clone(line)
	}
	a, b := line[0], line[len(line)-1]
	worst, at := 0.0, 0
	for i, p := range line[1 : len(line)-1] {
		if d := off(a, b, p); d > worst {
			worst, at = d, i+1
		}
	}
	if worst <= tol {
		return alert.Polygon{a, b}
	}
	return append(peucker(line[:at+1], tol), peucker(line[at:], tol)[1:]...)
}

// off is how far p lies from the line between a and b, in degrees of latitude.
func off(a, b, p alert.Point) float64 {
	k := math.Cos(a.Lat * math.Pi / 180) // a degree of longitude is shorter in the north
	ax, bx, px := a.Lon*k, b.Lon*k, p.Lon*k
	dx, dy := bx-ax, b.Lat-a.Lat
	if dx == 0 && dy == 0 {
		return math.Hypot(px-ax, p.Lat-a.Lat)
	}
	t := max(0, min(1, ((px-ax)*dx+(p.Lat-a.Lat)*dy)/(dx*dx+dy*dy)))
	return math.Hypot(px-ax-t*dx, p.Lat-a.Lat-t*dy)
}

// area is the area of a ring in square degrees.
func area(r alert.Polygon) float64 {
	a, _, _ := moments(r)
	return math.Abs(a)
}

// moments are the signed area of a ring and its centre.
func moments(r alert.Polygon) (a, lat, lon float64) {
	for i := 0; i+1 < len(r); i++ {
		w := r[i].Lon*r[i+1].Lat - r[i+1].Lon*r[i].Lat
		a += w / 2
		lat += w * (r[i].Lat + r[i+1].Lat) / 6
		lon += w * (r[i].Lon + r[i+1].Lon) / 6
	}
	if a == 0 {
		return 0, 0, 0
	}
	return a, lat / a, lon / a
}

// middleOf is the middle of the largest ring: where a map puts the name.
func middleOf(rings []alert.Polygon) string {
	var best, lat, lon float64
	for _, r := range rings {
		if a, y, x := moments(r); math.Abs(a) > best {
			best, lat, lon = math.Abs(a), y, x
		}
	}
	if best == 0 {
		return ""
	}
	return fmt.Sprintf("%.3f,%.3f", lat, lon)
}

// writeRing writes steps of the grid, each pair the way from the point before:
// small numbers, which gzip makes smaller still. The last point is left out.
func writeRing(out *bytes.Buffer, r alert.Polygon) {
	lat, lon := 0, 0
	for i, p := range r[:len(r)-1] {
		y, x := int(math.Round(p.Lat*grid)), int(math.Round(p.Lon*grid))
		if i > 0 && y == lat && x == lon {
			continue
		}
		if i > 0 {
			out.WriteByte(' ')
		}
		out.WriteString(strconv.Itoa(y-lat) + "," + strconv.Itoa(x-lon))
		lat, lon = y, x
	}
}
