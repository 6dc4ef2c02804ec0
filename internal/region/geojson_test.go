package region

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tocsin/internal/alert"
)

// units are Luxembourg's cantons, which the bundled table does not draw, as squares side by side.
func cantons(t testing.TB, change func(features []map[string]any)) string {
	t.Helper()
	var features []map[string]any
	for i, u := range atlas(t).Units("LU") {
		x, y := 5.8+float64(i%4)*0.15, 49.5+float64(i/4)*0.2
		features = append(features, map[string]any{
			"type": "Feature", "properties": map[string]any{"iso": u.Code, "name": "Kanton " + u.Code, "name_fr": "Canton " + u.Code},
			"geometry": map[string]any{"type": "Polygon", "coordinates": [][][2]float64{{{x, y}, {x + 0.15, y}, {x + 0.15, y + 0.2}, {x, y + 0.2}, {x, y}}}},
		})
	}
	if change != nil {
		change(features)
	}
	doc, err := json.Marshal(map[string]any{"type": "FeatureCollection", "features": features})
	if err != nil {
		t.Fatal(err)
	}
	return string(doc)
}

var luxembourg = Import{Country: "LU", Code: "iso", Name: "name", Names: map[alert.Lang]string{alert.French: "name_fr"}}

// ring puts another outline into a feature.
func ring(points ...[2]float64) map[string]any {
	return map[string]any{"type": "Polygon", "coordinates": [][][2]float64{points}}
}

func TestReadGeoJSON(t *testing.T) {
	x, y := 5.8, 49.5
	for _, c := range []struct {
		name   string
		change func(f []map[string]any)
		field  string // of the only fault; "" = none
		code   string
		mended string
	}{
		{"as it is", nil, "", "", ""},
		{"the State's letters left out", func(f []map[string]any) { f[0]["properties"].(map[string]any)["iso"] = "ca" }, "", "", ""},
		{"wrong way round", func(f []map[string]any) {
			f[0]["geometry"] = ring([2]float64{x, y}, [2]float64{x, y + 0.2}, [2]float64{x + 0.15, y + 0.2}, [2]float64{x + 0.15, y}, [2]float64{x, y})
		}, "", "", "wrong way round"},
		{"a small loop", func(f []map[string]any) {
			f[0]["geometry"] = ring([2]float64{x, y}, [2]float64{x + 0.15, y}, [2]float64{x + 0.15, y + 0.2}, [2]float64{x + 0.05, y + 0.2}, [2]float64{x + 0.049, y + 0.2015}, [2]float64{x + 0.0505, y + 0.1995}, [2]float64{x, y + 0.2}, [2]float64{x, y})
		}, "", "", "loop smaller"},
		{"a figure of eight", func(f []map[string]any) {
			f[0]["geometry"] = ring([2]float64{x, y}, [2]float64{x + 0.15, y + 0.2}, [2]float64{x + 0.15, y}, [2]float64{x, y + 0.2}, [2]float64{x, y})
		}, "features[0].geometry.coordinates[0][0]", "crossing", ""},
		{"open", func(f []map[string]any) {
			f[0]["geometry"] = ring([2]float64{x, y}, [2]float64{x + 0.15, y}, [2]float64{x + 0.15, y + 0.2}, [2]float64{x, y + 0.2})
		}, "features[0].geometry.coordinates[0][0]", "open", ""},
		{"too short", func(f []map[string]any) { f[0]["geometry"] = ring([2]float64{x, y}, [2]float64{x, y}) }, "features[0].geometry.coordinates[0][0]", "too_short", ""},
		{"metres", func(f []map[string]any) {
			f[0]["geometry"] = ring([2]float64{65_000, 80_000}, [2]float64{66_000, 80_000}, [2]float64{66_000, 81_000}, [2]float64{65_000, 80_000})
		}, "features[0].geometry.coordinates[0][0][0]", "range", ""},
		{"latitude first", func(f []map[string]any) {
			for _, one := range f {
				c := one["geometry"].(map[string]any)["coordinates"].([][][2]float64)
				for i, p := range c[0] {
					c[0][i] = [2]float64{p[1], p[0]}
				}
			}
		}, "", "", "wrong way round"}, // Luxembourg is not drawn: nothing to compare with
		{"no geometry", func(f []map[string]any) { f[3]["geometry"] = nil }, "features[3].geometry", "required", ""},
		{"a point", func(f []map[string]any) {
			f[3]["geometry"] = map[string]any{"type": "Point", "coordinates": []float64{6, 49}}
		}, "features[3].geometry.type", "unknown", ""},
		{"no numbers", func(f []map[string]any) {
			f[3]["geometry"] = map[string]any{"type": "Polygon", "coordinates": "x"}
		}, "features[3].geometry.coordinates", "format", ""},
		{"no code", func(f []map[string]any) { delete(f[1]["properties"].(map[string]any), "iso") }, "features[1].properties.iso", "required", ""},
		{"a long code", func(f []map[string]any) { f[1]["properties"].(map[string]any)["iso"] = "LU-5340" }, "features[1].properties.iso", "format", ""},
		{"a foreign code", func(f []map[string]any) { f[1]["properties"].(map[string]any)["iso"] = "BE-WLX" }, "features[1].properties.iso", "foreign", ""},
		{"a code twice", func(f []map[string]any) {
			f[1]["properties"].(map[string]any)["iso"] = f[0]["properties"].(map[string]any)["iso"]
		}, "features[1].properties.iso", "double", ""},
		{"no name", func(f []map[string]any) { delete(f[1]["properties"].(map[string]any), "name") }, "features[1].properties.name", "required", ""},
		{"a name twice", func(f []map[string]any) {
			f[1]["properties"].(map[string]any)["name_fr"] = f[0]["properties"].(map[string]any)["name_fr"]
		}, "features[1].properties.name_fr", "double", ""},
		{"a name with a tab", func(f []map[string]any) { f[1]["properties"].(map[string]any)["name"] = "A\tB" }, "features[1].properties.name", "encoding", ""},
		{"a long name", func(f []map[string]any) {
			f[1]["properties"].(map[string]any)["name_fr"] = strings.Repeat("é", 61)
		}, "features[1].properties.name_fr", "too_long", ""},
		{"takes in a disputed place", func(f []map[string]any) {
			f[2]["geometry"] = ring([2]float64{34, 44.8}, [2]float64{34.3, 44.8}, [2]float64{34.3, 45}, [2]float64{34, 45}, [2]float64{34, 44.8})
		}, "features[2].geometry", "disputed", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			table, report, err := atlas(t).ReadGeoJSON(strings.NewReader(cantons(t, c.change)), luxembourg)
			faults, _ := errors.AsType[alert.Invalid](err)
			if c.field == "" && err != nil || c.field != "" && (len(faults) != 1 || faults[0].Field != c.field || faults[0].Code != c.code) {
				t.Fatalf("%v, want %s %s", err, c.field, c.code)
			}
			if (table == nil) != (err != nil) {
				t.Error("a table beside a fault, or neither")
			}
			if got := strings.Join(report.Mended, "\n"); !strings.Contains(got, c.mended) || c.mended == "" && got != "" {
				t.Errorf("mended %q, want %q", got, c.mended)
			}
		})
	}
}

func TestReadGeoJSONAsAWhole(t *testing.T) {
	a := atlas(t)
	for _, c := range []struct {
		name, text string
		how        Import
		field      string
	}{
		{"no JSON", "hello", luxembourg, ""},
		{"a feature alone", `{"type":"Feature"}`, luxembourg, "type"},
		{"another grid", strings.Replace(cantons(t, nil), `"type":"FeatureCollection"`, `"type":"FeatureCollection","crs":{"properties":{"name":"EPSG:2169"}}`, 1), luxembourg, "crs"},
		{"no State", cantons(t, nil), Import{Country: "XX", Code: "iso", Name: "name"}, "country"},
		{"a unit missing", `{"type":"FeatureCollection","features":[{"properties":{"iso":"LU-CA","name":"A"},"geometry":{"type":"Polygon","coordinates":[[[6,49],[6.1,49],[6.1,49.1],[6,49]]]}}]}`, Import{Country: "LU", Code: "iso", Name: "name"}, "features"},
		{"elsewhere", `{"type":"FeatureCollection","features":[{"properties":{"iso":"BE-BRU","name":"A"},"geometry":{"type":"Polygon","coordinates":[[[50.8,4.3],[50.9,4.3],[50.9,4.4],[50.8,4.3]]]}}]}`, Import{Country: "BE", Code: "iso", Name: "name", DropMissing: true}, "features"},
	} {
		_, _, err := a.ReadGeoJSON(strings.NewReader(c.text), c.how)
		faults, _ := errors.AsType[alert.Invalid](err)
		if err == nil || c.field != "" && (len(faults) == 0 || faults[0].Field != c.field) {
			t.Errorf("%s: %v, want %q", c.name, err, c.field)
		}
	}
}

// What is imported is what the next start reads: shapes, names, matching by point, and the map.
func TestOwnBoundaries(t *testing.T) {
	dir, base := filepath.Join(t.TempDir(), "regions"), atlas(t)
	if same, err := Open(dir); err != nil || same != base {
		t.Fatalf("without a folder: %v", err)
	}
	table, report, err := base.ReadGeoJSON(strings.NewReader(cantons(t, nil)), luxembourg)
	if err != nil || report.Units != 12 || report.Points != 60 || len(report.Added)+len(report.Missing) > 0 {
		t.Fatalf("%+v %v", report, err)
	}
	if err := Store(dir, "LU", table); err != nil {
		t.Fatal(err)
	}
	own, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	at := alert.Point{Lat: 49.6, Lon: 5.87}
	if got := codes(own.At(at)); !slices.Equal(got, []string{"LU-CA"}) {
		t.Errorf("%v is in %v", at, got)
	}
	if got := own.Touched(alert.Circle{Centre: at, KM: 5}); !slices.Contains(got, "LU-CA") || len(own.Undrawn("LU")) > 0 {
		t.Errorf("touched %v, undrawn %v", got, own.Undrawn("LU"))
	}
	u, _ := own.Area("LU-CA")
	if u.Names[alert.French] != "Canton LU-CA" || u.Names[alert.German] != "Kanton LU-CA" {
		t.Errorf("%v", u.Names)
	}
	if lu, _ := own.Area("LU"); lu.Names[alert.English] != "Luxembourg" || len(own.Units("LU")) != 12 || len(own.places) != len(base.places) {
		t.Errorf("the State became %v with %d units", lu, len(own.Units("LU")))
	}
	if c, ok := own.Centre("LU-CA"); !ok || math.Abs(c.Lat-49.6) > 0.01 {
		t.Errorf("centre %v", c)
	}
	if _, drawn := base.Topology("LU", alert.French); drawn {
		t.Error("the bundled atlas changed")
	}
	if doc, drawn := own.Topology("LU", alert.French); !drawn || !strings.Contains(string(doc), "Canton LU-CA") {
		t.Error("no map of our own")
	}
	if err := Remove(dir, "LU"); err != nil {
		t.Error(err)
	}
	if again, err := Open(dir); err != nil || again != base {
		t.Errorf("after removing: %v", err)
	}
	if err := Remove(dir, "LU"); err != nil {
		t.Errorf("removing nothing: %v", err)
	}
}

func TestDamagedBoundariesStopTheStart(t *testing.T) {
	base := atlas(t)
	if err := Store(t.TempDir(), "BE", []byte("FR-59\tx\n")); err == nil {
		t.Error("a table that cannot be read is stored")
	}
	dir := t.TempDir()
	for name, data := range map[string]string{"XX.tsv.gz": "no gzip"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(dir); err == nil {
		t.Error("a damaged file is passed over")
	}
	if _, err := base.with("BE", nil); err == nil {
		t.Error("an empty table is taken")
	}
}

// crossing must agree with comparing every pair of edges.
func TestCrossingAgainstBruteForce(t *testing.T) {
	for seed := range 300 {
		var p alert.Polygon
		for i := range 4 + seed%9 {
			h := float64((seed*7919+i*104729)%1000) / 1000
			v := float64((seed*15485863+i*32452843)%1000) / 1000
			p = append(p, alert.Point{Lat: h, Lon: v})
		}
		p = append(p, p[0])
		want := false
		for i := range len(p) - 1 {
			for j := range i {
				want = want || cross(p[i], p[i+1], p[j], p[j+1])
			}
		}
		if _, _, got := crossing(p); got != want {
			t.Fatalf("%v: %v, want %v", p, got, want)
		}
	}
}

func FuzzReadGeoJSON(f *testing.F) {
	f.Add(cantons(f, nil))
	f.Add(`{"type":"FeatureCollection","features":[{"properties":{"iso":"LU-CA","name":"A"},"geometry":{"type":"MultiPolygon","coordinates":[[[[6,49],[6.1,49],[6.1,49.1],[6,49]]]]}}]}`)
	how := luxembourg
	how.DropMissing = true
	f.Fuzz(func(t *testing.T, doc string) {
		table, _, err := atlas(t).ReadGeoJSON(strings.NewReader(doc), how)
		if err != nil {
			return
		}
		if _, err := parse(string(table)); err != nil {
			t.Errorf("%q became a table that cannot be read: %v", doc, err)
		}
	})
}

func ExampleAtlas_ReadGeoJSON() {
	base, _ := Load()
	_, _, err := base.ReadGeoJSON(strings.NewReader(`{"type":"FeatureCollection","features":[]}`), Import{Country: "LU", Code: "code", Name: "name"})
	fmt.Println(strings.Contains(err.Error(), "0 features"))
	// Output: true
}
