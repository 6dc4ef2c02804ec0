package growth

import (
	"slices"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/region"
)

func TestDue(t *testing.T) {
	seen := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	circle := func(km float64) *alert.Circle { return &alert.Circle{KM: km} }
	for _, c := range []struct {
		name     string
		after    time.Duration
		circle   *alert.Circle
		declined int
		want     int
	}{
		{"within the first hour", 59 * time.Minute, nil, 0, 0},
		{"first hour", time.Hour, nil, 0, 100},
		{"second hour", 2*time.Hour + time.Minute, nil, 0, 200},
		{"third hour", 3 * time.Hour, nil, 0, 300},
		{"much later", 40 * time.Hour, nil, 0, 500},
		{"large enough already", 2 * time.Hour, circle(200), 0, 0},
		{"a smaller circle", 2 * time.Hour, circle(199), 0, 200},
		{"declined", 2 * time.Hour, nil, 200, 0},
		{"the step after the declined one", 3 * time.Hour, nil, 200, 300},
		{"an earlier clock", -time.Hour, nil, 0, 0},
	} {
		f := &alert.Facts{LastSeen: alert.LastSeen{At: seen}, Circle: c.circle}
		if got := Due(Default(), f, c.declined, seen.Add(c.after)); got != c.want {
			t.Errorf("%s: %d km, want %d", c.name, got, c.want)
		}
	}
	if Due(Default(), &alert.Facts{}, 0, seen) != 0 || Due(nil, &alert.Facts{LastSeen: alert.LastSeen{At: seen}}, 0, seen.Add(9*time.Hour)) != 0 {
		t.Error("without a time or steps something is due")
	}
}

func TestPropose(t *testing.T) {
	atlas, err := region.Load()
	if err != nil {
		t.Fatal(err)
	}
	brussels := &alert.Point{Lat: 50.86, Lon: 4.36}
	p, ok := Propose(atlas, &alert.Facts{Areas: []string{"BE-BRU"}, LastSeen: alert.LastSeen{Point: brussels}}, 100)
	if !ok || p.Circle.Centre != *brussels || p.Circle.KM != 100 {
		t.Fatalf("%+v", p)
	}
	if !slices.Contains(p.Add, "BE-VAN") || slices.Contains(p.Add, "BE-BRU") || !slices.Contains(p.Areas, "BE-BRU") {
		t.Errorf("adds %v to %v", p.Add, p.Areas)
	}
	if !slices.Contains(p.Abroad, "FR") || !slices.Contains(p.Abroad, "NL") || slices.ContainsFunc(p.Add, func(c string) bool { return c[:2] != "BE" }) {
		t.Errorf("abroad %v, added %v: a neighbour is asked, never added by itself", p.Abroad, p.Add)
	}
	if _, ok := Propose(atlas, &alert.Facts{Areas: []string{"BE"}, LastSeen: alert.LastSeen{Point: brussels}}, 100); ok {
		t.Error("an alert for all of Belgium is to grow within Belgium")
	}
	// Slovenia has more units than an alert takes: it is taken as a whole.
	p, ok = Propose(atlas, &alert.Facts{Areas: []string{"SI-061", "HR-21"}}, 300)
	if !ok || len(p.Areas) > 60 || !slices.Contains(p.Areas, "SI") || !slices.Contains(p.Areas, "HR-21") {
		t.Errorf("%d areas: %v", len(p.Areas), p.Areas)
	}
	if _, ok := Propose(atlas, &alert.Facts{Areas: []string{"MC"}}, 300); ok {
		t.Error("Monaco, which is not drawn, has a middle")
	}
	if at, ok := Middle(atlas, &alert.Facts{Areas: []string{"BE"}}); !ok || at.Kilometres(*brussels) > 80 {
		t.Errorf("the middle of Belgium is at %v", at)
	}
}
