package alert

import "fmt"

// bounds walks everything of f that has a size. It is the whole of Storable and
// the first part of Validate, so a length is judged in one place.
func (c *checker) bounds(f *Facts) {
	c.short("circumstances", string(f.Circumstances))
	c.count("children", len(f.Children), maxChildren)
	for i := range clip(f.Children, maxChildren) {
		c.personBounds(fmt.Sprintf("children[%d]", i), &f.Children[i])
	}
	c.count("suspects", len(f.Suspects), maxSuspects)
	for i := range clip(f.Suspects, maxSuspects) {
		c.personBounds(fmt.Sprintf("suspects[%d]", i), &f.Suspects[i])
	}
	c.count("vehicles", len(f.Vehicles), maxVehicles)
	for i := range clip(f.Vehicles, maxVehicles) {
		c.vehicleBounds(fmt.Sprintf("vehicles[%d]", i), &f.Vehicles[i])
	}
	c.short("last_seen.time_zone", f.LastSeen.TimeZone)
	c.size("last_seen.place", f.LastSeen.Place, maxPlace)
	c.short("last_seen.transport", string(f.LastSeen.Transport))
	c.size("last_seen.towards", f.LastSeen.Towards, maxTowards)
	c.short("instruction", string(f.Instruction))
	c.short("contact.phone", f.Contact.Phone)
	c.short("contact.hotline", f.Contact.Hotline)
	c.size("contact.form", f.Contact.Form, maxForm)
	c.localizedBounds("note", f.Note, maxNote)
	c.count("areas", len(f.Areas), maxAreas)
	for i, a := range clip(f.Areas, maxAreas) {
		c.short(fmt.Sprintf("areas[%d]", i), a)
	}
	c.count("polygons", len(f.Polygons), maxPolygons)
	for i, p := range clip(f.Polygons, maxPolygons) {
		c.count(fmt.Sprintf("polygons[%d]", i), len(p), maxPoints)
	}
	c.count("languages", len(f.Languages), len(Langs))
	for i, l := range clip(f.Languages, len(Langs)) {
		c.short(fmt.Sprintf("languages[%d]", i), string(l))
	}
	c.size("authority", f.Authority, maxAuthority)
}

func (c *checker) personBounds(at string, p *Person) {
	c.size(at+".given_name", p.GivenName, maxName)
	c.size(at+".family_name", p.FamilyName, maxName)
	c.short(at+".sex", string(p.Sex))
	c.short(at+".build", string(p.Build))
	c.short(at+".hair_colour", string(p.HairColour))
	c.short(at+".hair_length", string(p.HairLength))
	c.short(at+".eye_colour", string(p.EyeColour))
	c.count(at+".clothing", len(p.Clothing), maxClothing)
	for i, g := range clip(p.Clothing, maxClothing) {
		c.short(fmt.Sprintf("%s.clothing[%d].item", at, i), string(g.Item))
		c.short(fmt.Sprintf("%s.clothing[%d].colour", at, i), string(g.Colour))
	}
	c.localizedBounds(at+".marks", p.Marks, maxMarks)
	c.short(at+".photo", p.Photo)
	c.short(at+".photo_taken", p.PhotoTaken)
}

func (c *checker) vehicleBounds(at string, v *Vehicle) {
	c.short(at+".kind", string(v.Kind))
	c.size(at+".make", v.Make, maxMake)
	c.size(at+".model", v.Model, maxMake)
	c.short(at+".colour", string(v.Colour))
	c.size(at+".plate", v.Plate, maxPlate)
	c.short(at+".country", v.Country)
}
