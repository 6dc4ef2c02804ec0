package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"tocsin/internal/alert"
	"tocsin/internal/app"
	"tocsin/internal/region"
)

type regionsCmd struct {
	Import regionsImportCmd `cmd:"" help:"Take a State's own units and boundaries from a GeoJSON file."`
	Remove regionsRemoveCmd `cmd:"" help:"Go back to the bundled boundaries of a State."`
}

type regionsImportCmd struct {
	File        string   `arg:"" type:"existingfile" help:"GeoJSON, a FeatureCollection in WGS 84 with one feature a unit."`
	Data        string   `env:"TOCSIN_DATA_DIR" placeholder:"DIR" help:"Data folder of the server; needed unless --check."`
	Country     string   `required:"" placeholder:"XX" help:"ISO 3166-1 code of the State."`
	CodeProp    string   `name:"code-property" required:"" placeholder:"P" help:"Property with the unit's ISO 3166-2 code: BE-VAN, or VAN."`
	NameProp    []string `name:"name-property" required:"" placeholder:"P[:LANG]" help:"Property with the unit's name; with a language for that one alone. May be given more than once."`
	DropMissing bool     `help:"Let units vanish that the file lacks. Who chose one then gets alerts for the whole State alone."`
	Check       bool     `help:"Only report; store nothing."`
}

// Help is the example.
func (regionsImportCmd) Help() string {
	return `Example:
  tocsin regions import provinces.geojson --data /var/lib/tocsin --country BE \
    --code-property iso --name-property name --name-property name_fr:fr --name-property name_nl:de
A running server takes the boundaries at its next start: for matching, the map and the slides.`
}

// Run reads, checks, reports and stores.
func (c regionsImportCmd) Run() error { return c.run(os.Stdout) }

func (c regionsImportCmd) run(out io.Writer) error {
	how, err := c.how()
	if err != nil {
		return err
	}
	if c.Data == "" && !c.Check {
		return errors.New("name the server's data folder by --data, or say --check")
	}
	base, err := region.Load()
	if err == nil && c.Data != "" {
		base, err = region.Open(app.RegionDir(c.Data))
	}
	if err != nil {
		return err
	}
	file, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // read only
	table, report, err := base.ReadGeoJSON(file, how)
	c.say(out, report, err)
	if invalid, ok := errors.AsType[alert.Invalid](err); ok {
		return fmt.Errorf("%s was not taken: %d faults, listed above", c.File, len(invalid))
	}
	if err != nil || c.Check {
		return err
	}
	if err := app.StoreRegions(c.Data, how.Country, table); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, "stored; restart the server to use it")
	return err
}

// how is the import as the flags describe it.
func (c regionsImportCmd) how() (region.Import, error) {
	how := region.Import{Country: strings.ToUpper(c.Country), Code: c.CodeProp, Names: map[alert.Lang]string{}, DropMissing: c.DropMissing}
	for _, p := range c.NameProp {
		name, lang, own := strings.Cut(p, ":")
		switch {
		case !own:
			how.Name = name
		case !slices.Contains(alert.Langs, alert.Lang(lang)):
			return how, fmt.Errorf("--name-property %s: the language %q is none of en, fr, de, it, ru, es", p, lang)
		default:
			how.Names[alert.Lang(lang)] = name
		}
	}
	return how, nil
}

// say writes what was mended, what is at fault, and what would change.
func (c regionsImportCmd) say(out io.Writer, report region.Report, err error) {
	var lines []string
	for _, m := range report.Mended {
		lines = append(lines, "mended: "+m)
	}
	faults, bad := errors.AsType[alert.Invalid](err)
	for _, f := range faults {
		lines = append(lines, f.Field+": "+f.Text)
	}
	if err == nil {
		lines = append(lines, fmt.Sprintf("%d units, %d points", report.Units, report.Points))
	}
	if len(report.Added) > 0 {
		lines = append(lines, "new: "+strings.Join(report.Added, ", "))
	}
	if len(report.Missing) > 0 && !bad {
		lines = append(lines, "gone: "+strings.Join(report.Missing, ", "))
	}
	if c.Check && err == nil {
		lines = append(lines, "nothing was stored (--check)")
	}
	for _, line := range lines {
		_, _ = fmt.Fprintln(out, line) // a closed terminal does not undo an import
	}
}

type regionsRemoveCmd struct {
	Data    string `required:"" env:"TOCSIN_DATA_DIR" placeholder:"DIR" help:"Data folder of the server."`
	Country string `required:"" placeholder:"XX" help:"ISO 3166-1 code of the State."`
}

// Help is the example.
func (regionsRemoveCmd) Help() string {
	return "Example:\n  tocsin regions remove --data /var/lib/tocsin --country BE"
}

// Run removes the State's own boundaries.
func (c regionsRemoveCmd) Run() error {
	country := strings.ToUpper(c.Country)
	if err := app.RemoveRegions(c.Data, country); err != nil {
		return err
	}
	fmt.Println(country, "has the bundled boundaries from the next start on")
	return nil
}
