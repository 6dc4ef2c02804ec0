package console

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
)

// Bounds of a case, as package alert validates them; here they only say when to stop offering more.
const (
	maxChildren = 6
	maxOthers   = 4
	maxGarments = 8
)

var children = &many{
	add: tr("Add a child"), another: tr("Add another child"), none: tr("No child yet."), limit: maxChildren,
	described: func(t *tongue, n int) string {
		return t.count(n, "You have described {n} child", "You have described {n} children")
	},
	count:  func(d *casework.Draft) int { return len(d.Facts.Children) },
	grow:   func(d *casework.Draft) { d.Facts.Children = append(d.Facts.Children, alert.Person{}) },
	remove: func(d *casework.Draft, i int) { d.Facts.Children = slices.Delete(d.Facts.Children, i, i+1) },
	name: func(t *tongue, d *casework.Draft, i int) string {
		return personName(d.Facts.Children[i], t.say("Child {n}", "n", i+1))
	},
	photo: func(d *casework.Draft, i int) string { return d.Facts.Children[i].Photo },
	blank: func(d *casework.Draft, i int) bool { return blank(d.Facts.Children[i]) },
}

var suspects = &many{
	add: tr("Add a person"), another: tr("Add another person"), limit: maxOthers,
	none: tr("Nobody. Continue if the child is thought to be alone."),
	described: func(t *tongue, n int) string {
		return t.count(n, "You have described {n} person", "You have described {n} people")
	},
	count:  func(d *casework.Draft) int { return len(d.Facts.Suspects) },
	grow:   func(d *casework.Draft) { d.Facts.Suspects = append(d.Facts.Suspects, alert.Person{}) },
	remove: func(d *casework.Draft, i int) { d.Facts.Suspects = slices.Delete(d.Facts.Suspects, i, i+1) },
	name: func(t *tongue, d *casework.Draft, i int) string {
		return personName(d.Facts.Suspects[i], t.say("Person {n}", "n", i+1))
	},
	photo: func(d *casework.Draft, i int) string { return d.Facts.Suspects[i].Photo },
	blank: func(d *casework.Draft, i int) bool { return blank(d.Facts.Suspects[i]) },
}

var vehicles = &many{
	add: tr("Add a vehicle"), another: tr("Add another vehicle"), none: tr("No vehicle. Continue if none is known."), limit: maxOthers,
	described: func(t *tongue, n int) string {
		return t.count(n, "You have described {n} vehicle", "You have described {n} vehicles")
	},
	count:  func(d *casework.Draft) int { return len(d.Facts.Vehicles) },
	grow:   func(d *casework.Draft) { d.Facts.Vehicles = append(d.Facts.Vehicles, alert.Vehicle{}) },
	remove: func(d *casework.Draft, i int) { d.Facts.Vehicles = slices.Delete(d.Facts.Vehicles, i, i+1) },
	name:   func(t *tongue, d *casework.Draft, i int) string { return t.vehicleName(d.Facts.Vehicles[i]) },
	blank:  func(d *casework.Draft, i int) bool { return d.Facts.Vehicles[i] == alert.Vehicle{} },
}

func blank(p alert.Person) bool { return reflect.ValueOf(p).IsZero() }

// personName is the name, or what to call somebody without one.
func personName(p alert.Person, nameless string) string {
	name := strings.TrimSpace(p.GivenName + " " + p.FamilyName)
	if name == "" {
		name = nameless
	}
	if p.Age > 0 {
		name += fmt.Sprintf(", %d", p.Age)
	}
	return name
}

func (t *tongue) vehicleName(v alert.Vehicle) string {
	parts := []string{t.textOf(colours, string(v.Colour)), v.Make, v.Model}
	if v.Make == "" {
		parts = append(parts, strings.ToLower(t.textOf(vehicleKinds, string(v.Kind))))
	}
	if v.Plate != "" {
		parts = append(parts, v.Plate)
	}
	name := strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " ")
	if name == "" {
		return t.say("Vehicle")
	}
	return name
}

func (c *console) askChild(b *form, d *casework.Draft, i int) {
	p := &d.Facts.Children[i]
	path := fmt.Sprintf("children[%d].", i)
	text(b, path+"given_name", "Given name", &p.GivenName).width("w20").max(60)
	text(b, path+"family_name", "Family name", &p.FamilyName).width("w20").max(60).optional().
		hint("Only if your rules make it public.")
	age := b.number(path+"age", "Age", &p.Age, p.GivenName != "")
	age.Suffix = b.say("years")
	if age.Value == "" && p.GivenName != "" {
		p.Age = alert.AgeUnknown
	}
	f := pick(b, path+"sex", "Girl or boy", &p.Sex, childSexes)
	f.Kind = "radios-inline"
	b.looks(p, path)
}

func (c *console) askSuspect(b *form, d *casework.Draft, i int) {
	p := &d.Facts.Suspects[i]
	path := fmt.Sprintf("suspects[%d].", i)
	text(b, path+"given_name", "Given name", &p.GivenName).width("w20").max(60).optional().
		hint("Only if it helps people to recognise the person.")
	text(b, path+"family_name", "Family name", &p.FamilyName).width("w20").max(60).optional()
	b.number(path+"age", "Age, about", &p.Age, false).optional().Suffix = b.say("years")
	f := pick(b, path+"sex", "Woman or man, girl or boy", &p.Sex, companionSexes)
	f.Kind = "radios-inline"
	b.looks(p, path)
}

// looks asks what a stranger would recognise a person by.
func (b *form) looks(p *alert.Person, path string) {
	photo := text(b, path+"photo", "Photo", &p.Photo).optional().
		hint("JPEG, PNG or WebP, up to 10 MB. Place and camera data are removed.")
	photo.Kind = "photo"
	text(b, path+"photo_taken", "When the photo was taken", &p.PhotoTaken).width("w10").max(10).optional().
		hint("Year and month, like 2026-05.")
	b.number(path+"height_cm", "Height", &p.HeightCM, false).optional().Suffix = "cm"
	choose(b, path+"build", "Build", &p.Build, builds).width("w20").optional()
	choose(b, path+"hair_colour", "Hair colour", &p.HairColour, hairColours).width("w20").optional()
	choose(b, path+"hair_length", "Hair length", &p.HairLength, hairLengths).width("w20").optional()
	choose(b, path+"eye_colour", "Eyes", &p.EyeColour, eyeColours).width("w20").optional()
	b.clothing(path+"clothing", &p.Clothing)
}

// clothing asks for up to eight pieces, four of them at once.
func (b *form) clothing(name string, p *[]alert.Garment) {
	f := b.add(&field{Name: name, Kind: "clothing", Label: b.say("Clothing and things carried"), Optional: true})
	var worn []alert.Garment
	for i := range maxGarments {
		var g alert.Garment
		if b.sent == nil && i < len(*p) {
			g = (*p)[i]
		}
		row := &form{tongue: b.tongue, sent: b.sent}
		path := fmt.Sprintf("%s[%d].", name, i)
		choose(row, path+"item", b.say("Piece {n}", "n", i+1), &g.Item, items)
		choose(row, path+"colour", "Colour", &g.Colour, colours)
		b.Faults = append(b.Faults, row.Faults...)
		f.Parts = append(f.Parts, &field{Name: path, Parts: row.Fields})
		if g.Item != "" {
			worn = append(worn, g)
		}
	}
	if b.sent != nil {
		*p = worn
	}
}

func (c *console) askVehicle(b *form, d *casework.Draft, i int) {
	v := &d.Facts.Vehicles[i]
	path := fmt.Sprintf("vehicles[%d].", i)
	pick(b, path+"kind", "Kind of vehicle", &v.Kind, vehicleKinds)
	text(b, path+"plate", "Plate", &v.Plate).width("w10").max(15).optional().hint("Shown exactly as you write it.")
	text(b, path+"country", "Country of the plate", &v.Country).width("w3").max(2).optional().hint("Two letters, like BE or FR.")
	text(b, path+"make", "Make", &v.Make).width("w20").max(40).optional().hint("For example Renault.")
	text(b, path+"model", "Model", &v.Model).width("w20").max(40).optional().hint("For example Clio.")
	choose(b, path+"colour", "Colour", &v.Colour, colours).width("w20").optional()
	b.number(path+"year", "Year", &v.Year, false).optional()
	if b.sent != nil {
		v.Country = strings.ToUpper(v.Country)
	}
}
