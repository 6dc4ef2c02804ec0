package region

import (
	"math/rand/v2"
	"slices"
	"testing"

	"tocsin/internal/alert"
)

func TestTouched(t *testing.T) {
	a := atlas(t)
	for _, c := range []struct {
		name      string
		circle    alert.Circle
		want, not []string
	}{
		{"within one unit", alert.Circle{Centre: alert.Point{Lat: 50.846, Lon: 4.352}, KM: 1}, []string{"BE-BRU"}, []string{"BE-VBR", "BE-WBR"}},
		{"across a border", alert.Circle{Centre: alert.Point{Lat: 50.62, Lon: 3.06}, KM: 20}, []string{"FR-59", "BE-WHT", "BE-VWV"}, []string{"FR-80", "BE-BRU"}},
		{"across the date line", alert.Circle{Centre: alert.Point{Lat: 65.9, Lon: -169.5}, KM: 150}, []string{"RU-CHU", "US-AK"}, []string{"CA-YT"}},
		{"at sea", alert.Circle{Centre: alert.Point{Lat: 40, Lon: -40}, KM: 100}, nil, []string{"PT-20"}},
		{"Crimea", alert.Circle{Centre: alert.Point{Lat: 44.95, Lon: 34.1}, KM: 5}, []string{"UA-43"}, []string{"RU-KDA"}},
		{"at the pole", alert.Circle{Centre: alert.Point{Lat: 90, Lon: 0}, KM: 800}, []string{"CA-NU"}, []string{"NO-46"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := a.Touched(c.circle)
			for _, code := range c.want {
				if !slices.Contains(got, code) {
					t.Errorf("%s is missing from %v", code, got)
				}
			}
			for _, code := range c.not {
				if slices.Contains(got, code) {
					t.Errorf("%s is in %v", code, got)
				}
			}
			if len(c.want) == 0 && len(got) > 0 {
				t.Errorf("%v, want nothing", got)
			}
		})
	}
}

// sampled walks an outline in short steps: slow, and too simple to be wrong.
func sampled(p *place, steps int, at func(alert.Point)) {
	for _, ring := range p.outline {
		for i := 0; i+1 < len(ring); i++ {
			for s := range steps {
				f := float64(s) / float64(steps)
				at(alert.Point{Lat: ring[i].Lat + f*(ring[i+1].Lat-ring[i].Lat), Lon: ring[i].Lon + f*(ring[i+1].Lon-ring[i].Lon)})
			}
		}
	}
}

// somewhere is a point near some unit's centre, so that circles and drawings meet land.
func somewhere(r *rand.Rand, a *Atlas) alert.Point {
	for {
		if c := a.places[r.IntN(len(a.places))].centre; c != nil {
			return alert.Point{Lat: max(-89, min(89, c.Lat+r.NormFloat64())), Lon: max(-179, min(179, c.Lon+r.NormFloat64()))}
		}
	}
}

// Touched must agree with measuring every outline step by step, but for what
// lies within one part in a hundred of the radius: edges are straight on the
// flat map of the one and in degrees for the other.
func TestTouchedAgainstBruteForce(t *testing.T) {
	a, r := atlas(t), rand.New(rand.NewPCG(7, 11))
	for range 15 {
		c := alert.Circle{Centre: somewhere(r, a), KM: 1 + r.Float64()*r.Float64()*300}
		got := a.Touched(c)
		for i := range a.places {
			p := &a.places[i]
			if len(p.outline) == 0 || p.box.south-c.Centre.Lat > 9 || c.Centre.Lat-p.box.north > 9 {
				continue
			}
			nearest := 1e9
			sampled(p, 20, func(pt alert.Point) { nearest = min(nearest, c.Centre.Kilometres(pt)) })
			want := nearest <= c.KM || p.contains(c.Centre)
			if diff := nearest - c.KM; diff > -c.KM/100-0.5 && diff < c.KM/100+0.5 && !p.contains(c.Centre) {
				continue // too near to call
			}
			if has := slices.Contains(got, p.area.Code); has != want {
				t.Fatalf("%v: %s is %.2f km away; found: %v", c, p.area.Code, nearest, has)
			}
		}
	}
}

// Drawn must agree with looking up a fine grid of points of the drawing and of
// each unit: a unit with a common point is found, and one that is found has a common point nearby.
func TestDrawnAgainstBruteForce(t *testing.T) {
	a, r := atlas(t), rand.New(rand.NewPCG(3, 5))
	for range 15 {
		middle := somewhere(r, a)
		ring := alert.Polygon{}
		for _, corner := range [][2]float64{{-1, -1}, {-0.2, 0.1}, {-1, 1}, {1, 1}, {0.3, -0.1}, {1, -1}} {
			size := 0.1 + r.Float64()
			ring = append(ring, alert.Point{Lat: middle.Lat + corner[0]*size*0.5, Lon: middle.Lon + corner[1]*size*0.5})
		}
		ring = append(ring, ring[0])
		if ring.Crosses() {
			continue
		}
		got := a.Drawn(ring)
		common := map[string]bool{}
		b := bound([]alert.Polygon{ring})
		const fine = 60
		for i := range fine {
			for j := range fine {
				pt := alert.Point{Lat: b.south + (b.north-b.south)*float64(i)/fine, Lon: b.west + (b.east-b.west)*float64(j)/fine}
				if ring.Contains(pt) {
					for _, u := range a.At(pt) {
						common[u.Code] = true
					}
				}
			}
		}
		for code := range common {
			if !slices.Contains(got, code) {
				t.Fatalf("%v: %s has a point of the drawing and is not in %v", ring, code, got)
			}
		}
		for _, code := range got {
			p := a.place(code)
			near := common[code]
			sampled(p, 200, func(pt alert.Point) { near = near || ring.Contains(pt) })
			sampled(&place{outline: []alert.Polygon{ring}}, 200, func(pt alert.Point) { near = near || p.contains(pt) })
			if !near {
				t.Fatalf("%v: %s was found and has no point in common", ring, code)
			}
		}
	}
}

func TestUndrawn(t *testing.T) {
	got := atlas(t).Undrawn("BE", "KG", "MC", "XX")
	if !slices.Equal(got, []string{"KG-GO", "MC"}) {
		t.Errorf("%v", got)
	}
}

func BenchmarkTouched(b *testing.B) {
	a := atlas(b)
	c := alert.Circle{Centre: alert.Point{Lat: 50.85, Lon: 4.35}, KM: 500}
	for b.Loop() {
		a.Touched(c)
	}
}

func TestCoarse(t *testing.T) {
	a := atlas(t)
	for _, c := range []struct {
		codes []string
		most  int
		want  []string
	}{
		{[]string{"BE-BRU", "FR-59"}, 2, []string{"BE-BRU", "FR-59"}},
		{[]string{"BE-BRU", "FR-59", "FR-62", "NL-ZE"}, 3, []string{"BE-BRU", "FR", "NL-ZE"}},
		{[]string{"BE-BRU", "BE-VAN", "FR-59", "FR-62", "NL"}, 3, []string{"BE", "FR", "NL"}},
		{[]string{"BE-BRU", "FR-59", "NL"}, 1, []string{"BE-BRU", "FR-59", "NL"}},
		{nil, 0, nil},
	} {
		given := slices.Clone(c.codes)
		if got := a.Coarse(c.codes, c.most); !slices.Equal(got, c.want) {
			t.Errorf("%v at most %d: %v, want %v", given, c.most, got, c.want)
		}
		if !slices.Equal(given, c.codes) {
			t.Errorf("%v became %v", given, c.codes)
		}
	}
	// All of central Europe fits one alert, and nothing that was reached is lost.
	all := a.Touched(alert.Circle{Centre: alert.Point{Lat: 46.5, Lon: 14.5}, KM: 500})
	some := a.Coarse(all, 60)
	for _, code := range all {
		if !slices.ContainsFunc(some, func(c string) bool { return Covers(c, code) }) {
			t.Errorf("%s is lost", code)
		}
	}
	if len(all) < 200 || len(some) > 60 {
		t.Errorf("%d areas became %d", len(all), len(some))
	}
}
