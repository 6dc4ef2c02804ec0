package alert

import (
	"slices"
	"strconv"
	"time"
)

// Detail is one row of a description: what it is, and its value.
type Detail struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// Describe lists what is known of a child in lang, without the name, in the
// order that recognises fastest. Nothing unknown is listed, and a language
// without words gives no rows.
func Describe(p Person, lang Lang) []Detail {
	l := languages[lang]
	if l == nil {
		return nil
	}
	return l.describe(p, l.whoAge(p))
}

// DescribeSuspect is Describe for somebody the child may be with, whose age 0 means unknown.
func DescribeSuspect(p Person, lang Lang) []Detail {
	l := languages[lang]
	if l == nil {
		return nil
	}
	return l.describe(p, l.suspect(p))
}

func (l *language) describe(p Person, whoAge string) []Detail {
	t := l.traits(p, false)
	worn, carried := l.things(p.Clothing, false)
	rows := rows{}
	rows.add(l.label.age, whoAge)
	rows.add(l.label.height, t.height)
	rows.add(l.label.build, l.builds[p.Build].alone)
	rows.add(l.label.hair, t.hair)
	rows.add(l.label.eyes, t.eyes)
	rows.add(l.label.clothing, join(", ", append(worn, carried...)))
	rows.add(l.label.marks, clean(p.Marks[l.code]))
	return rows
}

// DescribeVehicle lists what is known of a vehicle in lang.
func DescribeVehicle(v Vehicle, lang Lang) []Detail {
	l := languages[lang]
	if l == nil {
		return nil
	}
	rows := rows{}
	rows.add(l.label.vehicle, l.thing(l.vehicles[v.Kind], l.colours[v.Colour], false))
	rows.add(l.label.makeModel, clean(v.Make+" "+v.Model))
	if v.Year > 0 {
		rows.add(l.label.year, strconv.Itoa(v.Year))
	}
	rows.add(l.label.plate, l.plateOf(clean(v.Plate), v.Country))
	return rows
}

// DescribeLastSeen lists when and where the children of f were last seen, and which way they went.
// Its error names last_seen.time_zone.
func DescribeLastSeen(f *Facts, lang Lang) ([]Detail, error) {
	s := f.LastSeen
	at, err := FormatTime(s.At, s.TimeZone, lang)
	if err != nil {
		return nil, err
	}
	l := languages[lang]
	rows := rows{}
	rows.add(l.label.when, at)
	rows.add(l.label.where, clean(s.Place))
	rows.add(l.label.direction, join(", ", []string{clean(s.Towards), l.transports[s.Transport]}))
	return rows, nil
}

// FormatTime is t on the clocks of zone as lang writes it: "Sunday 22 November, 14:30".
// Never "today": a text outlives its day.
func FormatTime(t time.Time, zone string, lang Lang) (string, error) {
	var faults Invalid
	l := languages[lang]
	if l == nil {
		faults.Add("languages", "unknown", "there are no words for language "+strconv.Quote(string(lang))+"; choose from en, fr, de, it, ru, es")
	}
	where, err := time.LoadLocation(zone)
	if err != nil {
		faults.Add("last_seen.time_zone", "unknown", strconv.Quote(zone)+" is no time zone; write it like Europe/Brussels")
	}
	if faults.Err() != nil {
		return "", faults
	}
	return l.date(t.In(where)), nil
}

type rows []Detail

func (r *rows) add(label, value string) {
	if value != "" {
		*r = append(*r, Detail{capital(label), capital(value)})
	}
}

// traits words what is known of p's body.
func (l *language) traits(p Person, spoken bool) traits {
	t := traits{eyes: l.eyes[p.EyeColour], build: l.builds[p.Build].sentence}
	if p.HeightCM > 0 {
		t.height = l.height(p.HeightCM, spoken)
	}
	t.bald = p.HairLength == LengthBald
	if p.HairColour != HairUnknown || p.HairLength != LengthUnknown {
		t.hair = l.hair(p.HairColour, p.HairLength, p.Sex)
	}
	return t
}

// whoAge is "girl, 7": what a list calls a child.
func (l *language) whoAge(p Person) string { return l.person(p.Age, p.Sex) + ", " + l.age(p.Age) }

// suspect is "man, 41", or "man" where the age is unknown.
func (l *language) suspect(p Person) string {
	if p.Age == 0 {
		return l.person(adult(p), p.Sex)
	}
	return l.whoAge(p)
}

// carriedItems are not worn: they get a sentence of their own.
var carriedItems = []Item{Backpack, Bag, SoftToy}

// things words garments: what is worn, and what is carried.
func (l *language) things(garments []Garment, object bool) (worn, carried []string) {
	for _, g := range garments {
		n, ok := l.items[g.Item]
		if !ok {
			continue // validation refuses it; half a sentence would be worse than a missing word
		}
		thing := l.thing(n, l.colours[g.Colour], object)
		if slices.Contains(carriedItems, g.Item) {
			carried = append(carried, thing)
			continue
		}
		worn = append(worn, thing)
	}
	return worn, carried
}
