package cap

import (
	"testing"

	"tocsin/internal/alert"
)

// A circle of the facts is in every language's drawn area, and reads back as it was.
func TestMessageCircle(t *testing.T) {
	m := message(alert.TypeAlert, alert.StatusActual, alert.French, alert.English)
	m.Polygons = nil
	m.Circle = &alert.Circle{Centre: alert.Point{Lat: 50.846557, Lon: 4.351697}, KM: 12.5}
	doc := mustFrom(t, m)
	for _, info := range doc.Info {
		drawn := info.Area[len(info.Area)-1]
		if len(drawn.Circle) != 1 || len(drawn.Polygon) != 0 {
			t.Fatalf("%s: %+v", info.Language, drawn)
		}
		centre, km, err := ParseCircle(drawn.Circle[0])
		if err != nil || centre != m.Circle.Centre || km != m.Circle.KM {
			t.Errorf("%q reads as %v %v %v", drawn.Circle[0], centre, km, err)
		}
	}
	if faults := Validate(doc, m.Sent); len(faults) > 0 {
		t.Error(faults)
	}
}
