package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/internal/app"
	"tocsin/internal/region"
)

// monaco has no units in the bundled table: one is enough for a whole State.
const monaco = `{"type":"FeatureCollection","features":[{"properties":{"iso":"MC-MO","name":"Monaco-Ville","name_ru":"Монако-Виль"},
"geometry":{"type":"Polygon","coordinates":[[[7.41,43.73],[7.41,43.74],[7.43,43.74],[7.43,43.73],[7.41,43.73]]]}}]}`

func TestRegionsImport(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "mc.geojson")
	if err := os.WriteFile(file, []byte(monaco), 0o600); err != nil {
		t.Fatal(err)
	}
	good := regionsImportCmd{File: file, Data: dir, Country: "mc", CodeProp: "iso", NameProp: []string{"name", "name_ru:ru"}}
	with := func(change func(*regionsImportCmd)) regionsImportCmd {
		c := good
		change(&c)
		return c
	}
	for _, c := range []struct {
		name   string
		cmd    regionsImportCmd
		out    string
		err    string // "" = none
		stored bool
	}{
		{"no folder", with(func(c *regionsImportCmd) { c.Data = "" }), "", "--data", false},
		{"a language that is none", with(func(c *regionsImportCmd) { c.NameProp = []string{"name:nl"} }), "", "is none of", false},
		{"another property", with(func(c *regionsImportCmd) { c.CodeProp = "code" }), "features[0].properties.code: ", "1 faults", false},
		{"a file that is not there", with(func(c *regionsImportCmd) { c.File = file + "x" }), "", "no such file", false},
		{"check", with(func(c *regionsImportCmd) { c.Check = true }), "new: MC-MO\nnothing was stored (--check)\n", "", false},
		{"check without a folder", with(func(c *regionsImportCmd) { c.Check, c.Data = true, "" }), "mended: MC-MO: a ring runs the wrong way", "", false},
		{"import", good, "1 units, 5 points\nnew: MC-MO\nstored; restart", "", true},
	} {
		var out strings.Builder
		err := c.cmd.run(&out)
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) || !strings.Contains(out.String(), c.out) {
			t.Errorf("%s: %v\n%s", c.name, err, &out)
		}
		if entries, _ := os.ReadDir(app.RegionDir(dir)); (len(entries) > 0) != c.stored {
			t.Errorf("%s: stored %v", c.name, entries)
		}
	}
	own, err := region.Open(app.RegionDir(dir))
	if err != nil || len(own.Units("MC")) != 1 {
		t.Fatalf("%d units, %v", len(own.Units("MC")), err)
	}
	if err := (regionsRemoveCmd{Data: dir, Country: "mc"}).Run(); err != nil {
		t.Error(err)
	}
	if own, err = region.Open(app.RegionDir(dir)); err != nil || len(own.Units("MC")) != 0 {
		t.Errorf("after removing: %d units, %v", len(own.Units("MC")), err)
	}
}
