package alert

import (
	"fmt"
	"slices"
	"time"
)

// The bounds of Facts. Each protects storage and every channel behind it: what
// does not fit here could not fit a text of a phone or a page either.
const (
	maxChildren  = 6
	maxSuspects  = 4
	maxVehicles  = 4
	maxClothing  = 8
	maxAreas     = 60
	maxPolygons  = 10  // more shapes than a map of one alert can show; bounds the crossing test
	maxPoints    = 200 // the crossing test is quadratic: 200 points are 20,000 comparisons
	maxName      = 60
	maxMarks     = 120
	maxNote      = 300
	maxPlace     = 80
	maxTowards   = 60
	maxAuthority = 60
	maxMake      = 40
	maxPlate     = 15
	maxForm      = 200
	maxToken     = 64 // enumeration values, zone names, ids: longer ones are nonsense
)

// The bounds of an alert's times.
const (
	lastSeenMax = 90 * 24 * time.Hour // older cases are sought by other means than an alarm
	expiresMin  = 30 * time.Minute    // shorter, and stations could not air it once
	expiresMax  = 7 * 24 * time.Hour  // an alert that never ends teaches people to look away
	minFacts    = 3                   // facts by which a stranger can recognise a child
)

// checker gathers the faults of one input.
type checker struct {
	faults Invalid
	now    time.Time
	langs  []Lang // the languages that every Localized field must have
}

func (c *checker) add(field, code, format string, args ...any) {
	c.faults.Add(field, code, fmt.Sprintf(format, args...))
}

// Validate lists every fault that stops f from being submitted at now. The
// photos may be missing, and phone numbers are checked for their shape only.
func (f *Facts) Validate(now time.Time) Invalid {
	c := &checker{now: now, langs: f.Languages}
	c.bounds(f)
	enum(c, "circumstances", f.Circumstances, AllCircumstances, true)
	if len(f.Children) == 0 {
		c.add("children", "required", "Describe at least one missing child.")
	}
	for i := range clip(f.Children, maxChildren) {
		c.child(fmt.Sprintf("children[%d]", i), &f.Children[i])
	}
	for i := range clip(f.Suspects, maxSuspects) {
		c.suspect(fmt.Sprintf("suspects[%d]", i), &f.Suspects[i])
	}
	for i := range clip(f.Vehicles, maxVehicles) {
		c.vehicle(fmt.Sprintf("vehicles[%d]", i), &f.Vehicles[i])
	}
	c.lastSeen(&f.LastSeen)
	enum(c, "instruction", f.Instruction, AllInstructions, true)
	c.contact(&f.Contact)
	c.localized("note", f.Note)
	c.areas(f.Areas)
	for i := range clip(f.Polygons, maxPolygons) {
		c.polygon(fmt.Sprintf("polygons[%d]", i), f.Polygons[i])
	}
	c.circle("circle", f.Circle)
	c.languages("languages", f.Languages)
	c.expires(f.Expires)
	c.required("authority", f.Authority, "Name the authority as the public knows it, for example \"Police fédérale\".")
	c.plain("authority", f.Authority)
	return c.faults
}

// Storable lists the faults that stop f from being kept even as a draft:
// counts, lengths and encoding. What is merely missing or wrong is not among them.
func (f *Facts) Storable() Invalid {
	var c checker
	c.bounds(f)
	return c.faults
}

func (c *checker) areas(codes []string) {
	if len(codes) == 0 {
		c.add("areas", "required", "Choose at least one area: a country (\"BE\") or a unit of it (\"BE-VAN\").")
	}
	codes = clip(codes, maxAreas)
	for i, code := range codes {
		field := fmt.Sprintf("areas[%d]", i)
		if !AreaCode(code) {
			c.add(field, "format", "Write the area as an ISO 3166 code: \"BE\" for a country or \"BE-VAN\" for a unit of it.")
			continue
		}
		if slices.Contains(codes[:i], code) {
			c.add(field, "double", "The area %s is listed twice; remove one.", code)
		}
		if len(code) > 2 && slices.Contains(codes, code[:2]) {
			c.add(field, "overlap", "%s is listed too and covers %s; keep one of them.", code[:2], code)
		}
	}
}

func (c *checker) languages(field string, langs []Lang) {
	if len(langs) == 0 {
		c.add(field, "required", "Choose at least one language; the first is the one you write in.")
	}
	langs = clip(langs, len(Langs))
	for i, l := range langs {
		at := fmt.Sprintf("%s[%d]", field, i)
		enum(c, at, l, Langs, true)
		if l != "" && slices.Contains(langs[:i], l) {
			c.add(at, "double", "The language is listed twice; remove one.")
		}
	}
}

func (c *checker) expires(t time.Time) {
	switch left := t.Sub(c.now); {
	case t.IsZero():
		c.add("expires", "required", "Say when the alert ends, at most 7 days ahead.")
	case left <= 0:
		c.add("expires", "past", "The alert would end in the past; choose a time at least 30 minutes ahead.")
	case left < expiresMin:
		c.add("expires", "range", "The alert would end in less than 30 minutes; choose a later time.")
	case left > expiresMax:
		c.add("expires", "range", "The alert would last longer than 7 days; choose an earlier end, it can be prolonged by an update.")
	}
}

// AreaCode says whether s has the shape of an ISO 3166-1 or 3166-2 code.
func AreaCode(s string) bool {
	if len(s) < 2 || !upper(s[0]) || !upper(s[1]) {
		return false
	}
	if len(s) == 2 {
		return true
	}
	if s[2] != '-' || len(s) < 4 || len(s) > 6 {
		return false
	}
	for i := 3; i < len(s); i++ {
		if !upper(s[i]) && !digit(s[i]) {
			return false
		}
	}
	return true
}

func upper(b byte) bool { return b >= 'A' && b <= 'Z' }
func digit(b byte) bool { return b >= '0' && b <= '9' }

// clip is at most n elements of s: what is over a bound is one fault, not a thousand.
func clip[T any](s []T, n int) []T { return s[:min(len(s), n)] }
