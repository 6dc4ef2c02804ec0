package alert

import (
	"math"
	"testing"
)

var (
	square = Polygon{{50, 4}, {50, 5}, {51, 5}, {51, 4}, {50, 4}}
	// horseshoe is open to the north, between 4.4 and 4.6 east.
	horseshoe = Polygon{{50, 4}, {50, 5}, {51, 5}, {51, 4.6}, {50.2, 4.6}, {50.2, 4.4}, {51, 4.4}, {51, 4}, {50, 4}}
)

func TestContains(t *testing.T) {
	for _, c := range []struct {
		name string
		p    Polygon
		at   Point
		want bool
	}{
		{"middle", square, Point{50.5, 4.5}, true},
		{"east", square, Point{50.5, 5.1}, false},
		{"west, level with a corner", square, Point{51, 3.9}, false},
		{"corner", square, Point{50, 4}, true},
		{"edge", square, Point{50, 4.3}, true},
		{"on an edge's line but beyond it", square, Point{50, 5.3}, false},
		{"horseshoe's arm", horseshoe, Point{50.8, 4.2}, true},
		{"horseshoe's gap", horseshoe, Point{50.8, 4.5}, false},
		{"horseshoe's bottom", horseshoe, Point{50.1, 4.5}, true},
		{"nothing", nil, Point{50, 4}, false},
		{"not a number", square, Point{math.NaN(), 4}, false},
	} {
		if got := c.p.Contains(c.at); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestPolygonFaults(t *testing.T) {
	for _, c := range []struct {
		name string
		p    Polygon
		code string // "" = valid
	}{
		{"square", square, ""},
		{"triangle", Polygon{{0, 0}, {0, 1}, {1, 0}, {0, 0}}, ""},
		{"horseshoe", horseshoe, ""},
		{"clockwise", Polygon{{50, 4}, {51, 4}, {51, 5}, {50, 5}, {50, 4}}, ""},
		{"point on a straight side", Polygon{{0, 0}, {0, 1}, {0, 2}, {2, 2}, {0, 0}}, ""},
		{"a city block", Polygon{{50.8500, 4.35}, {50.8500, 4.351}, {50.8505, 4.351}, {50.8505, 4.35}, {50.8500, 4.35}}, ""},
		{"figure of eight without signed area", Polygon{{0, 0}, {1, 1}, {0, 1}, {1, 0}, {0, 0}}, "crossing"},
		{"lopsided figure of eight", Polygon{{0, 0}, {2, 2}, {0, 2}, {1, 0}, {0, 0}}, "crossing"},
		{"touches itself at a corner", Polygon{{0, 0}, {0, 2}, {1, 1}, {2, 2}, {2, 0}, {1, 1}, {0, 0}}, "crossing"},
		{"a corner on another side", Polygon{{0, 0}, {0, 4}, {2, 4}, {0, 2}, {2, 0}, {0, 0}}, "crossing"},
		{"spike", Polygon{{0, 0}, {0, 2}, {0, 5}, {0, 2}, {2, 2}, {0, 0}}, "crossing"},
		{"spike at the start", Polygon{{0, 5}, {0, 2}, {2, 2}, {2, 0}, {0, 0}, {0, 5}}, "crossing"},
		{"point twice", Polygon{{0, 0}, {0, 1}, {0, 1}, {1, 0}, {0, 0}}, "crossing"},
		{"line", Polygon{{0, 0}, {1, 1}, {2, 2}, {0, 0}}, "area"},
		{"one point", Polygon{{1, 1}, {1, 1}, {1, 1}, {1, 1}}, "area"},
		{"crumb", Polygon{{0, 0}, {0, 1e-5}, {1e-5, 0}, {0, 0}}, "area"},
		{"open", Polygon{{0, 0}, {0, 1}, {1, 1}, {1, 0}}, "open"},
		{"three points", Polygon{{0, 0}, {0, 1}, {0, 0}}, "too_short"},
		{"none", nil, "too_short"},
		{"over the 180th meridian", Polygon{{60, 179}, {60, -179}, {65, -179}, {65, 179}, {60, 179}}, "range"},
	} {
		var ch checker
		ch.polygon("p", c.p)
		switch {
		case c.code == "" && len(ch.faults) > 0:
			t.Errorf("%s: %v", c.name, ch.faults)
		case c.code != "" && (len(ch.faults) != 1 || ch.faults[0].Code != c.code):
			t.Errorf("%s: %v, want %s", c.name, ch.faults, c.code)
		}
	}
	var ch checker
	ch.polygon("p", Polygon{{math.Inf(1), 0}, {0, 1}, {1, 1}, {math.NaN(), 0}})
	wantFault(t, ch.faults, "p[0]", "range")
}

func TestMeet(t *testing.T) {
	a, b := Point{0, 0}, Point{0, 4}
	for _, c := range []struct {
		name string
		c, d Point
		want bool
	}{
		{"across", Point{-1, 2}, Point{1, 2}, true},
		{"first end on it", Point{0, 2}, Point{1, 2}, true},
		{"second end on it", Point{1, 2}, Point{0, 2}, true},
		{"along it", Point{0, 1}, Point{0, 2}, true},
		{"round it", Point{0, -1}, Point{0, 5}, true},
		{"beside it", Point{1, 0}, Point{1, 4}, false},
		{"past its end", Point{-1, 5}, Point{1, 5}, false},
		{"on its line but apart", Point{0, 5}, Point{0, 6}, false},
	} {
		if meet(a, b, c.c, c.d) != c.want || meet(c.c, c.d, a, b) != c.want {
			t.Errorf("%s: want %v both ways", c.name, c.want)
		}
	}
}
