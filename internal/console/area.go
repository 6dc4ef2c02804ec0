package console

import (
	"regexp"
	"slices"
	"strings"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
)

// maxPasted bounds the lines read from the paste box: a case has at most 60 areas.
const maxPasted = 200

var areaCode = regexp.MustCompile(`^[A-Z]{2}(-[A-Z0-9]{1,3})?$`)

// askArea asks for the areas: a country's units as a list to tick, and a box
// for codes or names, which also reaches units of other countries.
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

// pasted adds what was written in the box: codes, or names that fit exactly one area.
func (c *console) pasted(b *form, f *field, p *[]string) {
	raw := b.sent.Get("areas.paste")
	box := &field{Name: "areas.paste", Kind: "textarea"}
	f.Parts = []*field{box}
	lines := strings.FieldsFunc(raw, func(r rune) bool { return r == '\n' || r == ',' || r == ';' || r == '\r' })
	if len(lines) > maxPasted {
		lines = lines[:maxPasted]
	}
	var unknown []string
	for _, line := range lines {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		code, ok := c.areaOf(line)
		switch {
		case !ok:
			unknown = append(unknown, line)
		case !slices.Contains(*p, code):
			*p = append(*p, code)
		}
	}
	if len(unknown) > 0 {
		box.Value = strings.Join(unknown, "\n")
		b.fault(f, "unknown", b.say("No single area is called “{names}”. Write its code, like BE-BRU, or its full name.", "names", strings.Join(unknown, ", ")))
	}
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

// areaNames says the areas as a person would: "Bruxelles-Capitale and Namur".
func (c *console) areaNames(codes []string, lang alert.Lang) string {
	names := make([]string, len(codes))
	for i, code := range codes {
		names[i] = code
		if a, ok := c.Atlas.Area(code); ok {
			names[i] = a.Name(lang)
		}
	}
	if len(names) > 6 {
		return c.count(len(names)-5, "{names} and {n} more area", "{names} and {n} more areas", "names", strings.Join(names[:5], ", "))
	}
	return c.sentence(names)
}
