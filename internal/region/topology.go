package region

import (
	"encoding/json"
	"math"
	"slices"
	"strings"

	"tocsin/internal/alert"
)

// topology is a TopoJSON document: every ring is one arc, in whole steps of the
// grid, each the way from the one before. Arcs are not shared between
// neighbours, because each unit's outline was simplified by itself.
type topology struct {
	Type      string                `json:"type"`
	Transform topoTransform         `json:"transform"`
	Objects   map[string]topoObject `json:"objects"`
	Arcs      [][][2]int            `json:"arcs"`
	Near      []string              `json:"near"` // States whose units may be in view beside this one's
}

type topoTransform struct {
	Scale     [2]float64 `json:"scale"`
	Translate [2]float64 `json:"translate"`
}

type topoObject struct {
	Type       string         `json:"type"`
	Geometries []topoGeometry `json:"geometries"`
}

type topoGeometry struct {
	Type       string            `json:"type"`
	ID         string            `json:"id"`
	Properties map[string]string `json:"properties"`
	Arcs       [][][]int         `json:"arcs"` // polygons of rings of arcs
}

// Topology is a State's units as TopoJSON for a map, with their names in lang;
// false when there is no such State or none of its units is drawn. Its foreign
// member "near" lists the States around.
func (a *Atlas) Topology(country string, lang alert.Lang) ([]byte, bool) {
	t := topology{Type: "Topology", Transform: topoTransform{Scale: [2]float64{1.0 / grid, 1.0 / grid}}}
	units := topoObject{Type: "GeometryCollection"}
	for _, u := range a.Units(country) {
		rings := a.place(u.Code).outline
		if len(rings) == 0 {
			continue
		}
		g := topoGeometry{Type: "MultiPolygon", ID: u.Code, Properties: map[string]string{"name": u.Name(lang)}}
		for _, polygon := range nested(rings) {
			var arcs [][]int
			for _, ring := range polygon {
				arcs = append(arcs, []int{len(t.Arcs)})
				t.Arcs = append(t.Arcs, steps(ring))
			}
			g.Arcs = append(g.Arcs, arcs)
		}
		units.Geometries = append(units.Geometries, g)
	}
	if len(units.Geometries) == 0 {
		return nil, false
	}
	t.Objects = map[string]topoObject{"units": units}
	t.Near = a.near(country)
	doc, err := json.Marshal(t)
	return doc, err == nil
}

// steps is a ring on the grid, without points that fall on the one before.
func steps(ring alert.Polygon) [][2]int {
	var out [][2]int
	x, y := 0, 0
	for i, p := range ring {
		nx, ny := int(math.Round(p.Lon*grid)), int(math.Round(p.Lat*grid))
		if i > 0 && nx == x && ny == y {
			continue
		}
		out = append(out, [2]int{nx - x, ny - y})
		x, y = nx, ny
	}
	return out
}

// nested sorts rings into polygons: each outer ring, and the holes in it after it.
func nested(rings []alert.Polygon) [][]alert.Polygon {
	var out [][]alert.Polygon
	var holes []alert.Polygon
	for i, ring := range rings {
		inside := 0
		for j, other := range rings {
			if i != j && holds(other, ring) {
				inside++
			}
		}
		if inside%2 == 0 {
			out = append(out, []alert.Polygon{ring})
		} else {
			holes = append(holes, ring)
		}
	}
	for _, hole := range holes {
		// Rings stand largest first: the last that takes the hole in is the smallest.
		at := len(out) - 1
		for at >= 0 && !holds(out[at][0], hole) {
			at--
		}
		if at < 0 { // two rings of one shape hold each other: neither is a hole
			out = append(out, []alert.Polygon{hole})
			continue
		}
		out[at] = append(out[at], hole)
	}
	return out
}

// holds says whether all of inner lies in outer: rings that only touch do not.
func holds(outer, inner alert.Polygon) bool {
	return !slices.ContainsFunc(inner, func(p alert.Point) bool { return !outer.Contains(p) })
}

// near are the other States with a unit within a degree of one of country's, by code.
func (a *Atlas) near(country string) []string {
	var own []box
	for _, u := range a.Units(country) {
		if p := a.place(u.Code); len(p.outline) > 0 {
			own = append(own, p.box.grown(1))
		}
	}
	out := []string{}
	for i := range a.places {
		p := &a.places[i]
		state, _, _ := strings.Cut(p.area.Code, "-")
		if state == country || len(p.outline) == 0 || len(out) > 0 && out[len(out)-1] == state {
			continue
		}
		if slices.ContainsFunc(own, p.box.meets) {
			out = append(out, state)
		}
	}
	return out
}

func (b box) grown(by float64) box {
	return box{b.south - by, b.west - by, b.north + by, b.east + by}
}
