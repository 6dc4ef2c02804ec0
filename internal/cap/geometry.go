package cap

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"tocsin/internal/alert"
)

// ParsePolygon reads CAP's polygon: "lat,lon lat,lon ...", at least four
// points, the last equal to the first.
func ParsePolygon(s string) (alert.Polygon, error) {
	var ring alert.Polygon
	for pair := range strings.FieldsSeq(s) {
		p, err := parsePoint(pair)
		if err != nil {
			return nil, fmt.Errorf("point %d: %w", len(ring)+1, err)
		}
		ring = append(ring, p)
	}
	switch {
	case len(ring) < 4:
		return nil, fmt.Errorf("has %d points; give at least 4, the last equal to the first", len(ring))
	case ring[0] != ring[len(ring)-1]:
		return nil, errors.New("is open; repeat the first point at the end")
	}
	return ring, nil
}

// FormatPolygon writes ring as CAP's polygon, to a millionth of a degree (11 cm).
func FormatPolygon(ring alert.Polygon) string {
	var b strings.Builder
	for i, p := range ring {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(degrees(p.Lat) + "," + degrees(p.Lon))
	}
	return b.String()
}

// ParseCircle reads CAP's circle: "lat,lon radius", the radius in kilometres.
func ParseCircle(s string) (centre alert.Point, km float64, err error) {
	point, radius, ok := strings.Cut(strings.TrimSpace(s), " ")
	if !ok {
		return centre, 0, errors.New(`has no radius; write "lat,lon km", such as 50.85,4.35 20`)
	}
	if centre, err = parsePoint(point); err != nil {
		return centre, 0, err
	}
	if km, err = parseDecimal(strings.TrimSpace(radius)); err != nil {
		return centre, 0, fmt.Errorf("radius: %w", err)
	}
	if km < 0 || km > 20_040 { // half way around the Earth
		return centre, 0, errors.New("has a radius that no place has; give 0 to 20040 kilometres")
	}
	return centre, km, nil
}

func parsePoint(s string) (p alert.Point, err error) {
	lat, lon, ok := strings.Cut(s, ",")
	if !ok {
		return p, fmt.Errorf(`%.40q is no point; write "lat,lon"`, s)
	}
	if p.Lat, err = parseDecimal(lat); err != nil {
		return p, err
	}
	if p.Lon, err = parseDecimal(lon); err != nil {
		return p, err
	}
	if math.Abs(p.Lat) > 90 {
		return p, fmt.Errorf("latitude %.20s is beyond a pole; give -90 to 90, latitude first", lat)
	}
	if math.Abs(p.Lon) > 180 {
		return p, fmt.Errorf("longitude %.20s is out of range; give -180 to 180", lon)
	}
	return p, nil
}

// parseDecimal reads an xs:decimal: digits and a point, without exponent, hex, NaN or Inf.
func parseDecimal(s string) (float64, error) {
	if s == "" || len(s) > 40 || strings.Trim(s, "+-.0123456789") != "" {
		return 0, fmt.Errorf("%.40q is no decimal number", s)
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, fmt.Errorf("%.40q is no decimal number", s)
	}
	return f, nil
}

func degrees(f float64) string {
	return strconv.FormatFloat(math.Round(f*1e6)/1e6, 'f', -1, 64)
}

// FormatCircle writes c as CAP's circle.
func FormatCircle(c alert.Circle) string {
	return degrees(c.Centre.Lat) + "," + degrees(c.Centre.Lon) + " " + strconv.FormatFloat(c.KM, 'f', -1, 64)
}
