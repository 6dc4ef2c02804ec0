package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"tocsin/internal/alert"
	"tocsin/internal/region"
)

func readCountries(path string, units map[string]*region.Unit) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("run npm ci in web/ first: %w", err)
	}
	var list []struct {
		Code  string                `json:"country_a2"`
		Names map[alert.Lang]string `json:"i18n"`
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, c := range list {
		if slices.Contains(region.States, c.Code) {
			units[c.Code] = &region.Unit{Code: c.Code, Names: c.Names}
		}
	}
	return nil
}

// feature is what we read of a GeoJSON feature of Natural Earth.
type feature struct {
	Properties map[string]any `json:"properties"`
	Geometry   struct {
		Type        string          `json:"type"`
		Coordinates json.RawMessage `json:"coordinates"`
	} `json:"geometry"`
}

func (f *feature) text(key string) string {
	s, _ := f.Properties[key].(string)
	return strings.TrimSpace(s)
}

// readUnits adds the units of all States. Features that come to the same code
// become one unit: the first with names gives the names, unless they are overridden.
func readUnits(path string, over *overrides, units map[string]*region.Unit) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	dec := json.NewDecoder(file)
	for { // to the array of features
		t, err := dec.Token()
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if t == json.Delim('[') {
			break
		}
	}
	for dec.More() {
		var f feature
		if err := dec.Decode(&f); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		code, ok := over.place(f.text("iso_3166_2"), f.text("type_en"), f.text("name_en"))
		if !ok || len(code) < 2 || !slices.Contains(region.States, code[:2]) {
			continue
		}
		if strings.HasSuffix(code, "~") {
			return fmt.Errorf("%s (%s) is no ISO code: move or drop it in overrides.tsv", code, f.text("name"))
		}
		u := units[code]
		if u == nil {
			u = &region.Unit{Code: code, Names: map[alert.Lang]string{}}
			units[code] = u
		}
		for _, lang := range alert.Langs {
			if u.Names[lang] == "" {
				u.Names[lang] = clean(lang, f.text("name_"+string(lang)))
			}
		}
		rings, err := f.rings()
		if err != nil {
			return fmt.Errorf("%s: %w", code, err)
		}
		u.Rings = append(u.Rings, rings...)
	}
	return nil
}

// rings are all rings of the feature, holes among them: what an odd number of
// rings contains is inside.
func (f *feature) rings() ([]alert.Polygon, error) {
	var polygons [][][][2]float64
	var err error
	if f.Geometry.Type == "Polygon" {
		polygons = make([][][][2]float64, 1)
		err = json.Unmarshal(f.Geometry.Coordinates, &polygons[0])
	} else {
		err = json.Unmarshal(f.Geometry.Coordinates, &polygons)
	}
	var rings []alert.Polygon
	for _, p := range polygons {
		for _, r := range p {
			ring := make(alert.Polygon, len(r))
			for i, c := range r {
				ring[i] = alert.Point{Lat: c[1], Lon: c[0]}
			}
			rings = append(rings, ring)
		}
	}
	return rings, err
}
