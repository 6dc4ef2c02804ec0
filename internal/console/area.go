package console

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
)

// The bounds of the area page's boxes: a case has at most 60 areas and 10 shapes
// of 200 points, and nobody types more.
const (
	maxPasted = 200
	maxDrawn  = 64 << 10 // bytes of all shapes
)

var areaCode = regexp.MustCompile(`^[A-Z]{2}(-[A-Z0-9]{1,3})?$`)

// askArea asks for the areas: a country's units as a list to tick, a group of
// them, a box for codes or names of any country, a circle and drawn shapes. What
// a shape reaches into is ticked by the server and looked at before it is saved.
func (c *console) askArea(b *form, d *casework.Draft, _ int) {
	p := &d.Facts.Areas
	f := b.add(&field{Name: "areas", Kind: "areas", Label: b.say("Areas"), Set: map[string]bool{}})
	country := c.Country
	if len(*p) > 0 {
		country, _, _ = strings.Cut((*p)[0], "-")
	}
	if b.sent != nil {
		country = b.sent.Get("country")
		*p = nil
		for _, code := range b.sent["areas"] {
			if _, ok := c.Atlas.Area(code); ok && !slices.Contains(*p, code) {
				*p = append(*p, code)
			}
		}
		c.pasted(b, f, p)
	}
	c.askCircle(b, &d.Facts)
	c.askDrawn(b, &d.Facts)
	b.facts, b.looked = &d.Facts, shapesOf(&d.Facts)
	if b.sent != nil {
		c.addReached(b, f, &d.Facts)
	}
	f.Value = country
	for _, code := range *p {
		f.Set[code] = true
	}
	f.Options = c.areaOptions(country, *p)
}

// areaOptions lists the country, its units by name, and what is chosen elsewhere.
func (c *console) areaOptions(country string, chosen []string) []option {
	var list []option
	seen := map[string]bool{}
	add := func(a alert.Area, text string) {
		if !seen[a.Code] {
			seen[a.Code] = true
			list = append(list, option{a.Code, text})
		}
	}
	if a, ok := c.Atlas.Area(country); ok {
		add(a, c.say("All of {country}", "country", a.Name(c.lang)))
	}
	units := slices.Clone(c.Atlas.Units(country))
	slices.SortFunc(units, func(a, b alert.Area) int { return strings.Compare(a.Name(c.lang), b.Name(c.lang)) })
	for _, a := range units {
		add(a, a.Name(c.lang))
	}
	for _, code := range chosen {
		if a, ok := c.Atlas.Area(code); ok {
			add(a, a.Name(c.lang)+" – "+code)
		} else {
			add(alert.Area{Code: code}, code)
		}
	}
	return list
}

// pasted adds what was written in the box: codes, names that fit exactly one
// area, or groups; and the group of the list.
func (c *console) pasted(b *form, f *field, p *[]string) {
	raw := b.sent.Get("areas.paste")
	box := &field{Name: "areas.paste", Kind: "textarea"}
	f.Parts = []*field{box}
	lines := strings.FieldsFunc(raw, func(r rune) bool { return r == '\n' || r == ',' || r == ';' || r == '\r' })
	if len(lines) > maxPasted {
		lines = lines[:maxPasted]
	}
	lines = append(lines, b.sent.Get("areas.group"))
	var unknown []string
	for _, line := range lines {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		codes := c.areasOf(line)
		if len(codes) == 0 {
			unknown = append(unknown, line)
		}
		addAreas(p, codes)
	}
	if len(unknown) > 0 {
		box.Value = strings.Join(unknown, "\n")
		b.fault(f, "unknown", b.say("No single area is called “{names}”. Write its code, like BE-BRU, or its full name.", "names", strings.Join(unknown, ", ")))
	}
}

// addAreas adds codes that are not there yet, and takes out what one of them covers.
func addAreas(p *[]string, codes []string) (added []string) {
	for _, code := range codes {
		country, _, _ := strings.Cut(code, "-")
		if slices.Contains(*p, code) || slices.Contains(*p, country) {
			continue
		}
		if code == country {
			*p = slices.DeleteFunc(*p, func(have string) bool { return strings.HasPrefix(have, code+"-") })
		}
		*p = append(*p, code)
		added = append(added, code)
	}
	return added
}

// areasOf are the areas that a code or a name stands for: one, or a group's.
func (c *console) areasOf(line string) []string {
	if code, ok := c.areaOf(line); ok {
		return []string{code}
	}
	for _, g := range c.Groups {
		if strings.EqualFold(g.Code, line) {
			return g.Areas
		}
		for _, name := range g.Names {
			if strings.EqualFold(name, line) {
				return g.Areas
			}
		}
	}
	return nil
}

func (c *console) areaOf(line string) (string, bool) {
	if code := strings.ToUpper(line); areaCode.MatchString(code) {
		if _, ok := c.Atlas.Area(code); ok {
			return code, true
		}
	}
	for _, l := range alert.Langs {
		found := c.Atlas.Search(line, l, 3)
		if len(found) == 1 {
			return found[0].Code, true
		}
		for _, a := range found {
			if strings.EqualFold(a.Name(l), line) {
				return a.Code, true
			}
		}
	}
	return "", false
}

// askCircle asks for a point and a radius. The point is a pair of degrees or the
// name of an area, whose middle it then is.
func (c *console) askCircle(b *form, f *alert.Facts) {
	centre, km := &field{Name: "circle.centre", Kind: "text"}, &field{Name: "circle.km", Kind: "text"}
	q := b.add(&field{Name: "circle", Kind: "circle", Label: b.say("Circle around a point"), Optional: true, Parts: []*field{centre, km}})
	if b.sent == nil {
		if o := f.Circle; o != nil {
			centre.Value, km.Value = degrees(o.Centre), strconv.FormatFloat(o.KM, 'f', -1, 64)
		} else if at := f.LastSeen.Point; at != nil {
			centre.Value = degrees(*at)
		}
	} else {
		f.Circle = nil
		centre.Value, km.Value = strings.TrimSpace(b.sent.Get(centre.Name)), strings.TrimSpace(b.sent.Get(km.Name))
		c.readCircle(b, q, f)
	}
	if o := f.Circle; o != nil {
		q.Value = b.say("{km} km around {point}", "km", strconv.FormatFloat(o.KM, 'f', -1, 64), "point", degrees(o.Centre))
	}
}

// readCircle takes what was typed. A centre without a radius is no circle: the page may have proposed it.
func (c *console) readCircle(b *form, q *field, f *alert.Facts) {
	typed, radius := q.Parts[0].Value, q.Parts[1].Value
	if radius == "" {
		return
	}
	km, err := strconv.ParseFloat(strings.Replace(radius, ",", ".", 1), 64)
	if err != nil || math.IsNaN(km) || km < 1 || km > 1000 {
		b.fault(q, "range", b.say("Give the radius of the circle in kilometres, 1 to 1000."))
		return
	}
	at, ok := readPoint(typed)
	if code, known := c.areaOf(typed); !ok && typed != "" && known {
		at, ok = c.Atlas.Centre(code)
	}
	if !ok {
		b.fault(q, "format", b.say("Write the middle of the circle as latitude and longitude, like 50.85, 4.35, or as the name of an area on the map."))
		return
	}
	f.Circle = &alert.Circle{Centre: at, KM: km}
	q.Parts[0].Value = degrees(at)
}

// degrees writes a point as people copy it from maps, to 11 metres.
func degrees(p alert.Point) string {
	short := func(x float64) string { return strconv.FormatFloat(math.Round(x*1e4)/1e4, 'f', -1, 64) }
	return short(p.Lat) + ", " + short(p.Lon)
}

// readPoint reads "50.85, 4.35", "50.85 4.35" and, with a decimal comma, "50,85 4,35" or "50,85; 4,35".
func readPoint(s string) (alert.Point, bool) {
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ';' || r == '\t' || r == '\u00a0' })
	if len(parts) == 1 {
		parts = strings.Split(s, ",")
	}
	if len(parts) != 2 {
		return alert.Point{}, false
	}
	var xy [2]float64
	for i, part := range parts {
		x, err := strconv.ParseFloat(strings.Replace(strings.TrimSuffix(part, ","), ",", ".", 1), 64)
		if err != nil || !(math.Abs(x) <= 180) {
			return alert.Point{}, false
		}
		xy[i] = x
	}
	return alert.Point{Lat: xy[0], Lon: xy[1]}, math.Abs(xy[0]) <= 90
}

// askDrawn asks for drawn shapes: a point a line, an empty line between two
// shapes. The map writes the same, so everything it can do can be typed.
func (c *console) askDrawn(b *form, f *alert.Facts) {
	box := &field{Name: "polygons.points", Kind: "textarea"}
	q := b.add(&field{Name: "polygons", Kind: "drawn", Label: b.say("Drawn shapes"), Optional: true, Parts: []*field{box}})
	if b.sent == nil {
		box.Value = writeShapes(f.Polygons)
	} else {
		f.Polygons = nil
		box.Value = strings.TrimSpace(strings.ReplaceAll(b.sent.Get(box.Name), "\r\n", "\n"))
		shapes, bad := readShapes(box.Value)
		if bad != "" {
			b.fault(q, "format", b.say("“{line}” is no point of a shape. Write a point a line, like 50.85, 4.35, at least three for a shape.", "line", bad))
		} else {
			f.Polygons = shapes
		}
	}
	if n := len(f.Polygons); n > 0 {
		q.Value = b.count(n, "{n} shape", "{n} shapes")
	}
}

// readShapes parts shapes at lines that show nothing, and closes each that is open; bad is the line that cannot be read.
func readShapes(s string) (shapes []alert.Polygon, bad string) {
	if len(s) > maxDrawn {
		return nil, strings.ToValidUTF8(s[:40], "") + "…" // no half of a letter
	}
	var ring alert.Polygon
	end := func() {
		if len(ring) == 0 {
			return
		}
		if ring[0] != ring[len(ring)-1] {
			ring = append(ring, ring[0])
		}
		shapes, ring = append(shapes, ring), nil
	}
	for line := range strings.SplitSeq(s, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			end()
			continue
		}
		p, ok := readPoint(line)
		if !ok {
			return nil, line
		}
		ring = append(ring, p)
	}
	end()
	return shapes, ""
}

// writeShapes is what readShapes reads, without the point that closes a shape.
func writeShapes(shapes []alert.Polygon) string {
	blocks := make([]string, len(shapes))
	for i, ring := range shapes {
		lines := make([]string, 0, len(ring))
		for _, p := range ring[:max(0, len(ring)-1)] {
			lines = append(lines, fmt.Sprintf("%.4f, %.4f", p.Lat, p.Lon))
		}
		blocks[i] = strings.Join(lines, "\n")
	}
	return strings.Join(blocks, "\n\n")
}

// areaNames says the areas as a person would: "Bruxelles-Capitale and Namur".
func (c *console) areaNames(codes []string, lang alert.Lang) string {
	names := c.namesOf(codes, lang)
	if len(names) > 6 {
		return c.count(len(names)-5, "{names} and {n} more area", "{names} and {n} more areas", "names", strings.Join(names[:5], ", "))
	}
	return c.sentence(names)
}

func (c *console) namesOf(codes []string, lang alert.Lang) []string {
	names := make([]string, len(codes))
	for i, code := range codes {
		names[i] = code
		if a, ok := c.Atlas.Area(code); ok {
			names[i] = a.Name(lang)
		}
	}
	return names
}
