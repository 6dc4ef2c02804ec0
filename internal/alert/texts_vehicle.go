package alert

import (
	"strconv"
	"strings"
	"unicode"
)

// vehicle is "Vehicle: grey car, Renault Clio, 2019, number plate 1-ABC-234 (Belgium)".
func (w *writer) vehicle(v Vehicle) string {
	return w.l.vehicleWords(v, w.l.plateOf(v.Plate, v.Country))
}

// vehicleSpoken spells the plate out, letter by letter.
func (w *writer) vehicleSpoken(v Vehicle) string {
	plate := spell(v.Plate)
	if country := w.l.country(v.Country); plate != "" && country != "" {
		plate += ", " + country
	}
	return w.l.vehicleWords(v, plate)
}

func (l *language) vehicleWords(v Vehicle, plate string) string {
	year := ""
	if v.Year > 0 {
		year = strconv.Itoa(v.Year)
	}
	if plate != "" {
		plate = l.label.plate + " " + plate
	}
	return l.label.vehicle + l.colon + join(", ", []string{
		l.thing(l.vehicles[v.Kind], l.colours[v.Colour], false),
		join(" ", []string{v.Make, v.Model}), year, plate,
	})
}

// plateOf is "1-ABC-234 (Belgium)".
func (l *language) plateOf(plate, country string) string {
	if name := l.country(country); plate != "" && name != "" {
		return plate + " (" + name + ")"
	}
	return plate
}

// spell says a plate letter by letter: "1-ABC-234" is "1, A B C, 2 3 4".
func spell(plate string) string {
	var groups []string
	for group := range strings.FieldsFuncSeq(plate, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		var b strings.Builder
		was := rune(0)
		for _, r := range group {
			switch {
			case was == 0:
			case unicode.IsLetter(was) != unicode.IsLetter(r):
				b.WriteString(", ")
			default:
				b.WriteByte(' ')
			}
			b.WriteRune(unicode.ToUpper(r))
			was = r
		}
		groups = append(groups, b.String())
	}
	return strings.Join(groups, ", ")
}
