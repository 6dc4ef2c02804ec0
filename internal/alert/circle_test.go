package alert

import (
	"math"
	"testing"
)

func TestCircleBounds(t *testing.T) {
	brussels := Point{50.85, 4.35}
	for _, c := range []struct {
		name  string
		o     Circle
		field string // "" = no fault
	}{
		{"smallest", Circle{brussels, 1}, ""},
		{"largest", Circle{brussels, 1000}, ""},
		{"a pole", Circle{Point{90, 0}, 20}, ""},
		{"no radius", Circle{brussels, 0}, "circle.km"},
		{"too small", Circle{brussels, 0.9}, "circle.km"},
		{"too large", Circle{brussels, 1000.1}, "circle.km"},
		{"not a number", Circle{brussels, math.NaN()}, "circle.km"},
		{"latitude", Circle{Point{90.1, 0}, 20}, "circle.centre"},
		{"longitude", Circle{Point{0, -180.1}, 20}, "circle.centre"},
		{"centre not a number", Circle{Point{math.NaN(), 0}, 20}, "circle.centre"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := good()
			f.Circle = &c.o
			faults := f.Validate(noon)
			if c.field == "" && len(faults) > 0 || c.field != "" && (len(faults) != 1 || faults[0].Field != c.field) {
				t.Errorf("%v, want %q", faults, c.field)
			}
		})
	}
}

// Distances that everybody can look up, in kilometres.
func TestKilometres(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b Point
		want float64
	}{
		{"nowhere", Point{50, 4}, Point{50, 4}, 0},
		{"Brussels to Paris", Point{50.8503, 4.3517}, Point{48.8566, 2.3522}, 264},
		{"across the date line", Point{52, 179.9}, Point{52, -179.9}, 13.7},
		{"pole to pole", Point{90, 0}, Point{-90, 77}, 20015},
	} {
		if got := c.a.Kilometres(c.b); math.Abs(got-c.want) > c.want*0.005+0.01 {
			t.Errorf("%s: %.1f km, want %.1f", c.name, got, c.want)
		}
	}
}

// Every point of the outline is the radius away, wherever the centre is.
func TestCircleOutline(t *testing.T) {
	for _, centre := range []Point{{50.85, 4.35}, {0, 0}, {66, -179.5}, {-89, 12}, {89.9, 0}} {
		o := Circle{centre, 500}
		ring := o.Outline()
		if ring[0] != ring[len(ring)-1] {
			t.Errorf("%v: the outline is open", centre)
		}
		for _, p := range ring {
			if got := centre.Kilometres(p); math.Abs(got-500) > 0.01 {
				t.Errorf("%v: %v is %.3f km away", centre, p, got)
			}
		}
	}
}

func TestCrossedBy(t *testing.T) {
	square := func(lat, lon, side float64) Polygon {
		return Polygon{{lat, lon}, {lat, lon + side}, {lat + side, lon + side}, {lat + side, lon}, {lat, lon}}
	}
	for _, c := range []struct {
		name string
		p, q Polygon
		want bool
	}{
		{"crossing", square(0, 0, 2), square(1, 1, 2), true},
		{"touching at a corner", square(0, 0, 1), square(1, 1, 1), true},
		{"along an edge", square(0, 0, 1), square(0, 1, 1), true},
		{"one within the other", square(0, 0, 9), square(1, 1, 1), false},
		{"boxes cross, outlines do not", Polygon{{0, 0}, {9, 0}, {0, 9}, {0, 0}}, square(7, 7, 1), false},
		{"apart", square(0, 0, 1), square(5, 5, 1), false},
		{"nothing", square(0, 0, 1), nil, false},
	} {
		if c.p.CrossedBy(c.q) != c.want || c.q.CrossedBy(c.p) != c.want {
			t.Errorf("%s: want %v both ways", c.name, c.want)
		}
	}
}

func FuzzCircle(f *testing.F) {
	f.Add(50.85, 4.35, 20.0)
	f.Add(math.Inf(1), math.NaN(), -1.0)
	f.Fuzz(func(t *testing.T, lat, lon, km float64) {
		facts := good()
		facts.Circle = &Circle{Point{lat, lon}, km}
		if len(facts.Validate(noon)) == 0 && math.IsNaN(facts.Circle.Outline()[0].Lat) {
			t.Error("a circle without faults has no outline")
		}
	})
}
