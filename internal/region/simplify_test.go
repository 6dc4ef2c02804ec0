package region

import (
	"testing"

	"tocsin/internal/alert"
)

func TestSimplify(t *testing.T) {
	var ring alert.Polygon // a square with a point each tenth of a degree
	for _, side := range [][4]float64{{0, 0, 0, 1}, {0, 1, 1, 0}, {1, 1, 0, -1}, {1, 0, -1, 0}} {
		for k := range 10 {
			f := float64(k) / 10
			ring = append(ring, alert.Point{Lat: side[0] + f*side[2], Lon: side[1] + f*side[3]})
		}
	}
	ring = append(ring, ring[0])
	speckle := alert.Polygon{{Lat: 5, Lon: 5}, {Lat: 5, Lon: 5.01}, {Lat: 5.01, Lon: 5}, {Lat: 5, Lon: 5}}
	out := simplify([]alert.Polygon{speckle, ring})
	if len(out) != 1 || len(out[0]) != 5 {
		t.Fatalf("a square of 41 points and a speck became %v", out)
	}
	if got := middleOf([]alert.Polygon{speckle, ring}); got != "0.500,0.500" {
		t.Errorf("centre %s", got)
	}
	if alone := simplify([]alert.Polygon{speckle}); len(alone) != 1 {
		t.Errorf("the only ring of a small unit is gone: %v", alone)
	}
}
