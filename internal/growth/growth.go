// Package growth proposes a wider area as time goes by: a child in a car is 100
// kilometres away after an hour. It decides nothing. An officer turns a proposal
// into an update, which goes the way of every update, or declines it until the
// next step.
package growth

import (
	"slices"
	"strings"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/region"
)

// Step is one rule: so long after the child was last seen, the area should be a
// circle of this radius.
type Step struct {
	After time.Duration
	KM    int // 1 to 1000
}

// Default are the radii of China's Tuanyuan: 100, 200 and 300 km after 1, 2 and
// 3 hours, and 500 km beyond, taken as the fourth hour.
func Default() []Step {
	return []Step{{time.Hour, 100}, {2 * time.Hour, 200}, {3 * time.Hour, 300}, {4 * time.Hour, 500}}
}

// Due is the radius that the newest step reached asks for; 0 when the alert's
// circle is as large already, somebody declined it, or no step is reached.
func Due(steps []Step, f *alert.Facts, declined int, now time.Time) int {
	if f.LastSeen.At.IsZero() {
		return 0
	}
	km, gone := 0, now.Sub(f.LastSeen.At)
	for _, s := range steps {
		if gone >= s.After {
			km = max(km, s.KM)
		}
	}
	if km <= declined || f.Circle != nil && f.Circle.KM >= float64(km) {
		return 0
	}
	return km
}

// Atlas finds the units of a circle: *region.Atlas.
type Atlas interface {
	Centre(code string) (alert.Point, bool)
	Units(country string) []alert.Area
	Touched(c alert.Circle) []string
	Coarse(codes []string, most int) []string
}

// Proposal is what an area would grow by.
type Proposal struct {
	Circle alert.Circle
	Add    []string // units of the alert's own States that the circle reaches into and that it lacks
	Areas  []string // of the alert afterwards, at most 60: a State as a whole where its units would be too many
	Abroad []string // States that the circle reaches into and that the alert is not for: their police are asked first
}

// maxAreas is what one alert takes.
const maxAreas = 60

// Propose is the growth of f to a circle of km kilometres; false when its middle
// is not known or nothing would be added.
func Propose(atlas Atlas, f *alert.Facts, km int) (Proposal, bool) {
	centre, ok := Middle(atlas, f)
	if !ok || km < 1 {
		return Proposal{}, false
	}
	p := Proposal{Circle: alert.Circle{Centre: centre, KM: float64(km)}}
	for _, code := range atlas.Touched(p.Circle) {
		state, _, _ := strings.Cut(code, "-")
		home := slices.ContainsFunc(f.Areas, func(have string) bool { return strings.HasPrefix(have, state) })
		switch {
		case !home && !slices.Contains(p.Abroad, state):
			p.Abroad = append(p.Abroad, state)
		case home && !slices.ContainsFunc(f.Areas, func(have string) bool { return region.Covers(have, code) }):
			p.Add = append(p.Add, code)
		}
	}
	p.Areas = atlas.Coarse(append(slices.Clone(f.Areas), p.Add...), maxAreas)
	return p, len(p.Add) > 0
}

// Middle is where the area grows from: the circle's centre, the place of the
// last sight, or the middle of the alert's areas.
func Middle(atlas Atlas, f *alert.Facts) (alert.Point, bool) {
	if f.Circle != nil {
		return f.Circle.Centre, true
	}
	if f.LastSeen.Point != nil {
		return *f.LastSeen.Point, true
	}
	var sum alert.Point
	n := 0.0
	add := func(code string) {
		if c, ok := atlas.Centre(code); ok {
			sum.Lat, sum.Lon, n = sum.Lat+c.Lat, sum.Lon+c.Lon, n+1
		}
	}
	for _, code := range f.Areas {
		add(code)
		if !strings.Contains(code, "-") {
			for _, u := range atlas.Units(code) {
				add(u.Code)
			}
		}
	}
	if n == 0 {
		return alert.Point{}, false
	}
	return alert.Point{Lat: sum.Lat / n, Lon: sum.Lon / n}, true
}
