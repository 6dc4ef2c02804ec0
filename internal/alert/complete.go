package alert

import "fmt"

// Completeness is the officer's meter: how much of what a useful alert says is
// there, in per cent, and the JSON paths of what is missing, most useful first.
// It asks for more than Validate does; 100 is never needed to submit. An age of
// 0 counts as given, since it cannot be told from a baby's.
func (f *Facts) Completeness() (percent int, missing []string) {
	var m meter
	m.ask("circumstances", f.Circumstances != "", 2)
	m.ask("children", len(f.Children) > 0, 2)
	if len(f.Children) == 0 {
		m.total += personTotal // an empty draft must not look nearly full
	}
	for i := range clip(f.Children, maxChildren) {
		m.child(fmt.Sprintf("children[%d].", i), &f.Children[i])
	}
	m.ask("last_seen.at", !f.LastSeen.At.IsZero(), 2)
	m.ask("last_seen.place", f.LastSeen.Place != "", 2)
	m.ask("last_seen.time_zone", f.LastSeen.TimeZone != "", 1)
	m.ask("areas", len(f.Areas) > 0, 2)
	m.ask("contact.phone", f.Contact.Phone != "", 2)
	m.ask("instruction", f.Instruction != "", 2)
	m.ask("authority", f.Authority != "", 2)
	m.ask("expires", !f.Expires.IsZero(), 2)
	m.ask("languages", len(f.Languages) > 0, 2)
	if f.Circumstances == AbductionStranger || f.Circumstances == AbductionParent {
		// One of the two: the public looks for the car or for the companion.
		m.ask("suspects", len(f.Suspects) > 0 || len(f.Vehicles) > 0, 1)
	}
	for i, v := range clip(f.Vehicles, maxVehicles) {
		at := fmt.Sprintf("vehicles[%d].", i)
		m.ask(at+"plate", v.Plate != "", 1)
		m.ask(at+"colour", v.Colour != ColourUnknown, 1)
		m.ask(at+"make", v.Make != "", 1)
	}
	m.ask("last_seen.transport", f.LastSeen.Transport != TransportUnknown, 1)
	m.ask("last_seen.point", f.LastSeen.Point != nil, 1)
	return m.have * 100 / m.total, append(m.first, m.then...)
}

// meter sums weights: 2 for what an alert cannot go out without, 1 for what helps.
type meter struct {
	have, total int
	first, then []string
}

func (m *meter) ask(path string, known bool, weight int) {
	m.total += weight
	switch {
	case known:
		m.have += weight
	case weight > 1:
		m.first = append(m.first, path)
	default:
		m.then = append(m.then, path)
	}
}

// personTotal is the sum of the weights in child.
const personTotal = 12

func (m *meter) child(at string, p *Person) {
	m.ask(at+"given_name", p.GivenName != "", 2)
	m.ask(at+"sex", p.Sex != "", 2)
	m.ask(at+"photo", p.Photo != "", 1)
	m.ask(at+"height_cm", p.HeightCM != 0, 1)
	m.ask(at+"clothing", len(p.Clothing) > 0, 1)
	m.ask(at+"hair_colour", p.HairColour != HairUnknown || p.HairLength == LengthBald, 1)
	m.ask(at+"hair_length", p.HairLength != LengthUnknown, 1)
	m.ask(at+"eye_colour", p.EyeColour != EyesUnknown, 1)
	m.ask(at+"build", p.Build != BuildUnknown, 1)
	m.ask(at+"marks", len(p.Marks) > 0, 1)
}
