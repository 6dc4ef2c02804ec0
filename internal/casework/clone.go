package casework

import (
	"maps"
	"slices"

	"tocsin/internal/alert"
)

// clone is c with nothing shared: a page that fills a form into a case must not
// write into the service's memory.
func (c Case) clone() Case {
	c.Facts = cloneFacts(c.Facts)
	c.Photos = slices.Clone(c.Photos)
	c.Editors = slices.Clone(c.Editors)
	c.Criteria = c.Criteria.Clone()
	c.Edits, c.LiveEdits = c.Edits.Clone(), c.LiveEdits.Clone()
	c.Consents = slices.Clone(c.Consents)
	if c.Kit != nil {
		c.Kit = &Kit{Key: c.Kit.Key, Media: slices.Clone(c.Kit.Media), Warnings: slices.Clone(c.Kit.Warnings)}
	}
	if c.Practice != nil {
		c.Practice = new(*c.Practice)
	}
	if c.Live != nil {
		live := *c.Live
		live.Languages = slices.Clone(live.Languages)
		live.Areas = slices.Clone(live.Areas)
		live.Media = slices.Clone(live.Media)
		c.Live = &live
	}
	return c
}

func cloneFacts(f alert.Facts) alert.Facts {
	f.Children = clonePersons(f.Children)
	f.Suspects = clonePersons(f.Suspects)
	f.Vehicles = slices.Clone(f.Vehicles)
	if f.LastSeen.Point != nil {
		f.LastSeen.Point = new(*f.LastSeen.Point)
	}
	f.Note = maps.Clone(f.Note)
	f.Areas = slices.Clone(f.Areas)
	f.Polygons = slices.Clone(f.Polygons)
	for i, p := range f.Polygons {
		f.Polygons[i] = slices.Clone(p)
	}
	if f.Circle != nil {
		f.Circle = new(*f.Circle)
	}
	f.Languages = slices.Clone(f.Languages)
	return f
}

func clonePersons(persons []alert.Person) []alert.Person {
	persons = slices.Clone(persons)
	for i := range persons {
		p := &persons[i]
		p.Clothing = slices.Clone(p.Clothing)
		p.Marks = maps.Clone(p.Marks)
	}
	return persons
}
