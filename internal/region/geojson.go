package region

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tocsin/internal/alert"
)

// The bounds of an import: they protect the memory of who imports, and of every
// server that reads the result.
const (
	maxImportBytes = 128 << 20 // France's communes, the largest file that makes sense, have 90 MB
	maxUnits       = 2000
	maxRingPoints  = 200_000
	maxAllPoints   = 4_000_000
	maxUnitName    = 60 // characters: lists and slides have no more room
	maxFaults      = 50 // listed: more are one fault of the whole file
)

// Import says how to read a State's own boundaries.
type Import struct {
	Country string                // ISO 3166-1
	Code    string                // property with the unit's code: "BE-VAN", or "VAN"
	Names   map[alert.Lang]string // properties with the names by language
	Name    string                // property with the name for the languages that Names lacks
	// DropMissing lets units vanish that the atlas has and the file lacks.
	DropMissing bool
}

// Report is what an import would do, and what it mended.
type Report struct {
	Units, Points  int
	Added, Missing []string // codes that the atlas lacks, and that the file lacks
	Mended         []string // sentences
}

// geoFile is what we read of a GeoJSON file.
type geoFile struct {
	Type string `json:"type"`
	CRS  *struct {
		Properties struct {
			Name string `json:"name"`
		} `json:"properties"`
	} `json:"crs"`
	Features []struct {
		Properties map[string]any `json:"properties"`
		Geometry   *struct {
			Type        string          `json:"type"`
			Coordinates json.RawMessage `json:"coordinates"`
		} `json:"geometry"`
	} `json:"features"`
}

// importer gathers the faults of one file.
type importer struct {
	Import
	base   *Atlas
	report Report
	faults alert.Invalid
	units  []*Unit
}

// fault adds one, unless the one before it is the same: a property that serves
// six languages has one fault.
func (im *importer) fault(field, code, format string, args ...any) {
	if n := len(im.faults); n > 0 && im.faults[n-1].Field == field && im.faults[n-1].Code == code {
		return
	}
	im.faults.Add(field, code, fmt.Sprintf(format, args...))
}

func (im *importer) mended(format string, args ...any) {
	im.report.Mended = append(im.report.Mended, fmt.Sprintf(format, args...))
}

// ReadGeoJSON reads a State's units and checks them against the atlas. The table
// is what Store keeps; the error is an alert.Invalid that lists every fault by
// feature, or that the file is no GeoJSON at all. The report is good beside
// faults too.
func (a *Atlas) ReadGeoJSON(r io.Reader, how Import) (table []byte, report Report, err error) {
	im := &importer{Import: how, base: a}
	data, err := io.ReadAll(io.LimitReader(r, maxImportBytes+1))
	if err != nil {
		return nil, im.report, err
	}
	if len(data) > maxImportBytes {
		return nil, im.report, fmt.Errorf("the file is larger than %d MB: simplify the outlines first, 100 metres are enough", maxImportBytes>>20)
	}
	var file geoFile
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, im.report, fmt.Errorf("the file is no GeoJSON: %w", err)
	}
	im.head(&file)
	for i := range file.Features[:min(len(file.Features), maxUnits)] {
		f := &file.Features[i]
		at := fmt.Sprintf("features[%d]", i)
		u := &Unit{Code: im.code(at, f.Properties), Names: im.names(at, f.Properties)}
		if f.Geometry == nil {
			im.fault(at+".geometry", "required", "%s has no geometry; give a Polygon or a MultiPolygon.", u.Code)
		} else {
			u.Rings = im.rings(at+".geometry", u.Code, f.Geometry.Type, f.Geometry.Coordinates)
		}
		im.units = append(im.units, u)
		if len(im.faults) > maxFaults {
			break
		}
	}
	im.whole()
	if len(im.faults) > 0 {
		return nil, im.report, im.faults
	}
	slices.SortFunc(im.units, func(x, y *Unit) int { return strings.Compare(x.Code, y.Code) })
	var out bytes.Buffer
	for _, u := range im.units {
		if err := u.Write(&out); err != nil {
			return nil, im.report, err
		}
	}
	return out.Bytes(), im.report, nil
}

// head checks what is true of the file as a whole, before its features.
func (im *importer) head(file *geoFile) {
	if !slices.Contains(States, im.Country) {
		im.fault("country", "unknown", "%q is no participating State; give its ISO 3166-1 code.", im.Country)
	}
	if file.Type != "FeatureCollection" {
		im.fault("type", "unknown", "The file is a %.40q; give a FeatureCollection with one feature a unit.", file.Type)
	}
	if file.CRS != nil && !strings.Contains(file.CRS.Properties.Name, "CRS84") && !strings.Contains(file.CRS.Properties.Name, "4326") {
		im.fault("crs", "unknown", "The co-ordinates are in %.60q; export the file in WGS 84 (EPSG:4326), as GeoJSON wants it.", file.CRS.Properties.Name)
	}
	if n := len(file.Features); n == 0 || n > maxUnits {
		im.fault("features", "range", "The file has %d features; give 1 to %d units.", n, maxUnits)
	}
}

func textOf(properties map[string]any, key string) string {
	s, _ := properties[key].(string)
	return strings.TrimSpace(s)
}

// code is the unit's ISO 3166-2 code; a file may leave the State's letters out.
func (im *importer) code(at string, properties map[string]any) string {
	field := at + ".properties." + im.Code
	code := strings.ToUpper(textOf(properties, im.Code))
	if code != "" && !strings.Contains(code, "-") {
		code = im.Country + "-" + code
	}
	switch {
	case code == "":
		im.fault(field, "required", "The feature has no text in the property %q; name the one with the unit's code by --code-property.", im.Code)
	case !alert.AreaCode(code) || len(code) < 4:
		im.fault(field, "format", "%.20q is no code of a unit; write it as ISO 3166-2 does: %s- and one to three letters or digits.", code, im.Country)
	case !strings.HasPrefix(code, im.Country+"-"):
		im.fault(field, "foreign", "%s is not a unit of %s; take it out of the file.", code, im.Country)
	case slices.ContainsFunc(im.units, func(u *Unit) bool { return u.Code == code }):
		im.fault(field, "double", "%s is in the file twice; join its parts to one MultiPolygon.", code)
	}
	return code
}

// names are the unit's six names: of their properties, else the general one's, else as the atlas has them.
func (im *importer) names(at string, properties map[string]any) map[alert.Lang]string {
	names := map[alert.Lang]string{}
	for _, lang := range alert.Langs {
		key := im.Names[lang]
		if key == "" {
			key = im.Name
		}
		name := textOf(properties, key)
		field := at + ".properties." + key
		switch {
		case name == "":
			im.fault(field, "required", "The feature has no name for %s; give the property by --name-property.", lang)
		case utf8.RuneCountInString(name) > maxUnitName:
			im.fault(field, "too_long", "Shorten the name to %d characters.", maxUnitName)
		case strings.ContainsFunc(name, unicode.IsControl) || !utf8.ValidString(name):
			im.fault(field, "encoding", "The name has characters that are no text; write it anew in UTF-8.")
		case slices.ContainsFunc(im.units, func(u *Unit) bool { return u.Names[lang] == name }):
			im.fault(field, "double", "Two units are called %q in %s: a list must tell them apart.", name, lang)
		}
		names[lang] = name
	}
	return names
}

// whole checks the units together: where they lie, what vanishes, and the reviewed places.
func (im *importer) whole() {
	im.report.Units = len(im.units)
	if len(im.faults) > 0 {
		return // half a file says nothing about the whole
	}
	have := im.base.Units(im.Country)
	var all []alert.Polygon
	for _, u := range im.units {
		all = append(all, u.Rings...)
		if _, known := im.base.Area(u.Code); !known {
			im.report.Added = append(im.report.Added, u.Code)
		}
	}
	for _, a := range have {
		if !slices.ContainsFunc(im.units, func(u *Unit) bool { return u.Code == a.Code }) {
			im.report.Missing = append(im.report.Missing, a.Code)
		}
	}
	if len(im.report.Missing) > 0 && !im.DropMissing {
		im.fault("features", "missing", "The file lacks %s. Who chose such a unit would only get alerts for all of %s: add them, or say --drop-missing.", strings.Join(im.report.Missing, ", "), im.Country)
	}
	if now := im.base.Outline(im.Country); len(now) > 0 && !bound(now).grown(2).meets(bound(all)) {
		im.fault("features", "elsewhere", "The units do not lie where %s is; perhaps latitude stands before longitude.", im.Country)
	}
	im.disputed()
}

// disputed refuses a unit that takes in a place which the reviewed table files elsewhere.
func (im *importer) disputed() {
	disputes, err := Disputes()
	if err != nil {
		im.fault("features", "disputed", "The table of reviewed places cannot be read: %v.", err)
		return
	}
	for _, d := range disputes {
		for i, u := range im.units {
			p := place{outline: u.Rings, box: bound(u.Rings)}
			if p.contains(d.Point) && (d.Code == "" || !strings.HasPrefix(d.Code, im.Country+"-")) {
				im.fault(fmt.Sprintf("features[%d].geometry", i), "disputed", "%s takes in %s, which is filed as %q (%s, reviewed %s); take it out, or have internal/region/disputed.tsv changed.",
					u.Code, d.Place, d.Code, strings.TrimSuffix(d.Reason, "."), d.Reviewed.Format("2006-01-02"))
			}
		}
	}
}
