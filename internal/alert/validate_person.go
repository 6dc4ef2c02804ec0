package alert

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
)

func (c *checker) child(at string, p *Person) {
	c.required(at+".given_name", p.GivenName, "Give the child's first name.")
	if p.Age == AgeUnknown {
		c.add(at+".age", "required", "Give the child's age in years; 0 for a baby under one.")
	} else if p.Age < 0 || p.Age > 17 {
		c.add(at+".age", "range", "An alert is for a child under 18: give an age of 0 to 17, or use the procedure for missing adults.")
	}
	c.person(at, p)
	if n := p.identifying(); n < minFacts {
		c.add(at, "minimum", "A stranger could not recognise the child by %d of the facts height, build, hair, eyes, clothing, marks and photo; add at least %d of them.", n, minFacts)
	}
}

func (c *checker) suspect(at string, p *Person) {
	if p.Age < 0 || p.Age > 120 {
		c.add(at+".age", "range", "Give the age in years, 1 to 120, or leave it out when it is not known.")
	}
	c.person(at, p)
	if p.identifying() == 0 && p.GivenName == "" && p.FamilyName == "" && p.Age == 0 {
		c.add(at, "minimum", "Nothing but the sex of this person is given; add a fact to recognise the person by, or remove the entry.")
	}
}

// person checks what children and suspects have in common.
func (c *checker) person(at string, p *Person) {
	c.name(at+".given_name", p.GivenName)
	c.name(at+".family_name", p.FamilyName)
	enum(c, at+".sex", p.Sex, AllSexes, true)
	if p.HeightCM != 0 && (p.HeightCM < 30 || p.HeightCM > 220) {
		c.add(at+".height_cm", "range", "Give the height in centimetres, 30 to 220, or leave it out when it is not known.")
	}
	enum(c, at+".build", p.Build, AllBuilds, false)
	enum(c, at+".hair_colour", p.HairColour, AllHairColours, false)
	enum(c, at+".hair_length", p.HairLength, AllHairLengths, false)
	if p.HairLength == LengthBald && p.HairColour != HairUnknown {
		c.add(at+".hair_colour", "contradiction", "The person is bald; leave out the hair colour, or change the hair length.")
	}
	enum(c, at+".eye_colour", p.EyeColour, AllEyeColours, false)
	for i, g := range clip(p.Clothing, maxClothing) {
		enum(c, fmt.Sprintf("%s.clothing[%d].item", at, i), g.Item, AllItems, true)
		enum(c, fmt.Sprintf("%s.clothing[%d].colour", at, i), g.Colour, AllColours, false)
	}
	c.localized(at+".marks", p.Marks)
	if p.Photo != "" && !photoID.MatchString(p.Photo) {
		c.add(at+".photo", "format", "Give the id that the upload of the photo returned.")
	}
	c.photoTaken(at+".photo_taken", p.PhotoTaken)
}

// photoID keeps ids fit for object names and paths.
var photoID = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$`)

func (c *checker) photoTaken(field, s string) {
	if s == "" {
		return
	}
	for _, layout := range []string{"2006-01", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			// A day ahead may already be today further east.
			if t.After(c.now.Add(24 * time.Hour)) {
				c.add(field, "future", "The photo cannot be taken in the future; correct the date.")
			}
			return
		}
	}
	c.add(field, "format", "Write the month or day the photo was taken, as 2026-05 or 2026-05-14.")
}

// identifying counts the kinds of facts by which a stranger can recognise p.
func (p *Person) identifying() int {
	n := 0
	for _, known := range []bool{
		p.HeightCM != 0, p.Build != BuildUnknown,
		p.HairColour != HairUnknown || p.HairLength != LengthUnknown,
		p.EyeColour != EyesUnknown, len(p.Clothing) > 0, len(p.Marks) > 0, p.Photo != "",
	} {
		if known {
			n++
		}
	}
	return n
}

func (c *checker) vehicle(at string, v *Vehicle) {
	enum(c, at+".kind", v.Kind, AllVehicleKinds, true)
	enum(c, at+".colour", v.Colour, AllColours, false)
	c.name(at+".make", v.Make)
	c.name(at+".model", v.Model)
	if v.Plate == "" && (v.Colour == ColourUnknown || strings.TrimSpace(v.Make) == "") {
		c.add(at, "minimum", "A vehicle cannot be recognised by so little; give the plate, or the colour and the make.")
	}
	if last := c.now.Year() + 1; v.Year != 0 && (v.Year < 1900 || v.Year > last) {
		c.add(at+".year", "range", "Give the year of the model, 1900 to %d, or leave it out.", last)
	}
	if v.Plate != "" && !plate(v.Plate) {
		c.add(at+".plate", "format", "Write the plate as it is seen: letters, digits, spaces, hyphens and dots only.")
	}
	if v.Country != "" && (len(v.Country) != 2 || !AreaCode(v.Country)) {
		c.add(at+".country", "format", "Give the country of the plate as two capital letters, for example BE.")
	}
}

// plate allows every script: plates are Latin, Cyrillic, Greek, Georgian and Armenian.
func plate(s string) bool {
	some := false
	for _, r := range s {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r):
			some = true
		case r == ' ', r == '-', r == '.', r == '·':
		default:
			return false
		}
	}
	return some
}
