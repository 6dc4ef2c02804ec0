package site

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"tocsin/internal/alert"
)

// Every State whose units are drawn has a map with room for a finger, within its
// frame, and with names in the reader's language. Islands oceans away are on the
// list alone.
func TestMaps(t *testing.T) {
	w := newWorld(t, nil)
	s := &site{Deps: w.deps}
	path := regexp.MustCompile(`^(M-?\d+ -?\d+(l-?\d+ -?\d+)+z)+$`)
	maps := 0
	for _, c := range w.deps.Atlas.Countries() {
		m := s.drawMap(c.Code, w.deps.Atlas.Units(c.Code), alert.German)
		if len(m.Shapes) == 0 {
			continue
		}
		maps++
		if m.Width < 100 || m.Width > mapWidth+1 || m.Height < 100 || m.Height > tallest+1 {
			t.Errorf("%s: the map is %d by %d", c.Code, m.Width, m.Height)
		}
		size := 0
		for _, u := range m.Shapes {
			size += len(u.Path)
			if !path.MatchString(u.Path) || !strings.HasPrefix(u.Code, c.Code+"-") || u.Name == "" {
				t.Fatalf("%s: %.80s", u.Code, u.Path)
			}
			for ring := range strings.SplitSeq(strings.TrimPrefix(u.Path, "M"), "M") {
				first, _, _ := strings.Cut(ring, "l")
				x, y, _ := strings.Cut(first, " ")
				if left, _ := strconv.Atoi(x); left < 0 || left > m.Width {
					t.Errorf("%s begins at x = %s of %d", u.Code, x, m.Width)
				}
				if top, _ := strconv.Atoi(y); top < 0 || top > m.Height {
					t.Errorf("%s begins at y = %s of %d", u.Code, y, m.Height)
				}
			}
		}
		if size > 150<<10 {
			t.Errorf("%s: %d bytes of map are too many for a telephone", c.Code, size)
		}
	}
	if maps < 45 {
		t.Errorf("only %d States have a map", maps)
	}
	has := func(country, unit string) bool {
		for _, u := range s.drawMap(country, w.deps.Atlas.Units(country), alert.German).Shapes {
			if u.Code == unit {
				return true
			}
		}
		return false
	}
	for unit, want := range map[string]bool{"BE-BRU": true, "RU-KAM": true, "RU-CHU": true, "US-AK": true, "FR-2A": true, "FR-GF": false} {
		if _, known := w.deps.Atlas.Area(unit); known && has(unit[:2], unit) != want {
			t.Errorf("%s is on the map: %v, want %v", unit, !want, want)
		}
	}
	if got := s.drawMap("BE", w.deps.Atlas.Units("BE"), alert.German).Shapes; len(got) != 11 {
		t.Errorf("Belgium has %d shapes", len(got))
	}
	if m := s.drawMap("MC", nil, alert.German); len(m.Shapes) != 0 {
		t.Errorf("a State without units has a map: %+v", m)
	}
}
