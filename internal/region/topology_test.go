package region

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"math"
	"slices"
	"testing"

	"tocsin/internal/alert"
)

// unpacked is a topology as a map reads it: rings in degrees by unit.
func unpacked(t *testing.T, doc []byte) (names map[string]string, rings map[string][]alert.Polygon, near []string) {
	t.Helper()
	var topo topology
	if err := json.Unmarshal(doc, &topo); err != nil {
		t.Fatal(err)
	}
	names, rings = map[string]string{}, map[string][]alert.Polygon{}
	for _, g := range topo.Objects["units"].Geometries {
		names[g.ID] = g.Properties["name"]
		for _, polygon := range g.Arcs {
			for _, arcs := range polygon {
				var ring alert.Polygon
				x, y := 0, 0
				for _, step := range topo.Arcs[arcs[0]] {
					x, y = x+step[0], y+step[1]
					ring = append(ring, alert.Point{Lat: float64(y) * topo.Transform.Scale[1], Lon: float64(x) * topo.Transform.Scale[0]})
				}
				rings[g.ID] = append(rings[g.ID], ring)
			}
		}
	}
	return names, rings, topo.Near
}

// A map shows every drawn unit as the atlas has it, and no country is too heavy.
func TestTopology(t *testing.T) {
	a := atlas(t)
	for _, state := range States {
		doc, ok := a.Topology(state, alert.German)
		if !ok {
			if drawn := len(a.Units(state)) - len(a.Undrawn(state)); drawn > 0 {
				t.Errorf("%s has no map", state)
			}
			continue
		}
		names, rings, near := unpacked(t, doc)
		for _, u := range a.Units(state) {
			want := a.Outline(u.Code)
			if len(want) != len(rings[u.Code]) || len(want) > 0 && names[u.Code] != u.Name(alert.German) {
				t.Errorf("%s: %d rings, want %d; called %q", u.Code, len(rings[u.Code]), len(want), names[u.Code])
				continue
			}
			for _, ring := range rings[u.Code] {
				if ring[0] != ring[len(ring)-1] {
					t.Errorf("%s: a ring is open", u.Code)
				}
				if !slices.ContainsFunc(want, func(w alert.Polygon) bool {
					return math.Abs(w[0].Lat-ring[0].Lat)+math.Abs(w[0].Lon-ring[0].Lon) < 0.003
				}) {
					t.Errorf("%s: a ring begins at %v", u.Code, ring[0])
				}
			}
		}
		if slices.Contains(near, state) {
			t.Errorf("%s is near itself", state)
		}
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		_, _ = z.Write(doc)
		_ = z.Close()
		if packed.Len() > 200<<10 {
			t.Errorf("the map of %s has %d bytes packed", state, packed.Len())
		}
	}
	_, _, near := unpacked(t, func() []byte { doc, _ := a.Topology("BE", alert.English); return doc }())
	if !slices.Contains(near, "FR") || !slices.Contains(near, "NL") || slices.Contains(near, "PL") {
		t.Errorf("near Belgium: %v", near)
	}
	for _, none := range []string{"XX", "MC", ""} {
		if _, ok := a.Topology(none, alert.English); ok {
			t.Errorf("%q has a map", none)
		}
	}
}

func TestNested(t *testing.T) {
	square := func(at, side float64) alert.Polygon {
		return alert.Polygon{{Lat: at, Lon: at}, {Lat: at, Lon: at + side}, {Lat: at + side, Lon: at + side}, {Lat: at + side, Lon: at}, {Lat: at, Lon: at}}
	}
	land, lake, island, elsewhere := square(0, 10), square(2, 5), square(3, 1), square(20, 3)
	got := nested([]alert.Polygon{land, lake, elsewhere, island})
	if len(got) != 3 || len(got[0]) != 2 || &got[0][1][0] != &lake[0] || len(got[1]) != 1 || len(got[2]) != 1 {
		t.Errorf("%v", got)
	}
}
