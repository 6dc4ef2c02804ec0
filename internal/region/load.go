package region

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"strconv"
	"strings"

	"tocsin/internal/alert"
)

//go:embed areas.tsv.gz
var packed []byte

// maxUnpacked bounds what a damaged file could unpack to.
const maxUnpacked = 8 << 20

// load unpacks the table that gen wrote.
func load() (*Atlas, error) {
	zr, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("areas: %w", err)
	}
	table, err := io.ReadAll(io.LimitReader(zr, maxUnpacked))
	if err != nil {
		return nil, fmt.Errorf("areas: %w", err)
	}
	return parse(string(table))
}

// parse reads lines of code, six names, centre and outline, sorted by code.
func parse(table string) (*Atlas, error) {
	a := &Atlas{byCode: map[string]int{}}
	for line := range strings.Lines(table) {
		n := len(a.places) + 1
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != len(alert.Langs)+3 {
			return nil, fmt.Errorf("areas: line %d has %d columns", n, len(f))
		}
		p := place{area: alert.Area{Code: f[0], Names: map[alert.Lang]string{}}, folded: map[alert.Lang]string{}}
		for i, lang := range alert.Langs {
			p.area.Names[lang] = f[1+i]
			p.folded[lang] = fold(f[1+i])
		}
		var err error
		if p.centre, err = parseCentre(f[7]); err != nil {
			return nil, fmt.Errorf("areas: line %d: %w", n, err)
		}
		if p.outline, err = parseOutline(f[8]); err != nil {
			return nil, fmt.Errorf("areas: line %d: %w", n, err)
		}
		p.box = bound(p.outline)
		if len(a.places) > 0 && a.places[len(a.places)-1].area.Code >= p.area.Code {
			return nil, fmt.Errorf("areas: line %d is out of order", n)
		}
		a.byCode[p.area.Code] = len(a.places)
		a.places = append(a.places, p)
	}
	return a, nil
}

func parseCentre(s string) (*alert.Point, error) {
	if s == "" {
		return nil, nil
	}
	lat, lon, _ := strings.Cut(s, ",")
	y, err := strconv.ParseFloat(lat, 64)
	if err != nil {
		return nil, err
	}
	x, err := strconv.ParseFloat(lon, 64)
	return &alert.Point{Lat: y, Lon: x}, err
}

// grid is the steps a degree of an outline has in the file.
const grid = 500

// parseOutline reads rings: steps of the grid, each the way from the one before.
func parseOutline(s string) ([]alert.Polygon, error) {
	if s == "" {
		return nil, nil
	}
	var rings []alert.Polygon
	for ring := range strings.SplitSeq(s, "/") {
		p := make(alert.Polygon, 0, strings.Count(ring, " ")+2)
		y, x := 0, 0
		for pair := range strings.SplitSeq(ring, " ") {
			a, b, _ := strings.Cut(pair, ",")
			dy, err := strconv.Atoi(a)
			if err != nil {
				return nil, err
			}
			dx, err := strconv.Atoi(b)
			if err != nil {
				return nil, err
			}
			y, x = y+dy, x+dx
			p = append(p, alert.Point{Lat: float64(y) / grid, Lon: float64(x) / grid})
		}
		rings = append(rings, append(p, p[0]))
	}
	return rings, nil
}
