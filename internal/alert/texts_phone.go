package alert

import (
	"slices"
	"strings"
)

// dialling is how a country's numbers are written: its calling code, what is
// dialled before a number inside the country, and the groups of a number by its length.
type dialling struct {
	code, trunk string
	groups      map[int][]int
}

// FormatPhone groups an E.164 or short number as people read it: "+32 2 554 40 00", "116 000".
// What is no such number stays as it is.
func FormatPhone(number string) string {
	number = strings.TrimSpace(number)
	if digits, ok := strings.CutPrefix(number, "+"); ok && isDigits(digits) {
		_, d := diallingOf(digits)
		if d == nil {
			return "+" + strings.Join(group(digits, nil), " ")
		}
		national := digits[len(d.code):]
		return "+" + d.code + " " + strings.Join(group(national, d.groups[len(national)]), " ")
	}
	if isDigits(number) && len(number) > 4 {
		return strings.Join(group(number, nil), " ")
	}
	return number
}

// sayNumber is a number for reading aloud: inside its own country without the
// calling code, with a comma where the reader breathes. Most languages say it
// digit by digit, French and Russian a group at a time.
func (w *writer) sayNumber(number string) string {
	digits, international := strings.CutPrefix(strings.TrimSpace(number), "+")
	if !isDigits(digits) {
		return number
	}
	plus, groups := "", group(digits, nil)
	if international {
		plus, groups = w.sayInternational(digits)
	}
	if !w.l.grouped {
		for i, g := range groups {
			groups[i] = apart(g)
		}
	}
	return plus + strings.Join(groups, ", ")
}

func (w *writer) sayInternational(digits string) (plus string, groups []string) {
	countries, d := diallingOf(digits)
	if d == nil {
		return w.l.label.plus + " ", group(digits, nil)
	}
	national := digits[len(d.code):]
	groups = group(national, d.groups[len(national)])
	switch {
	case !w.only(countries):
		return w.l.label.plus + " ", slices.Insert(groups, 0, d.code)
	case d.trunk == "0":
		groups[0] = "0" + groups[0] // one is said with the other: 02, 554
	case d.trunk != "":
		groups = slices.Insert(groups, 0, d.trunk)
	}
	return "", groups
}

// apart puts a space between digits: "554" is "5 5 4".
func apart(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if i > 0 && s[i] >= '0' && s[i] <= '9' && s[i-1] >= '0' && s[i-1] <= '9' {
			b.WriteByte(' ')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// only says whether every area of the alert lies in one of the countries: then all hear the national number.
func (w *writer) only(countries string) bool {
	for _, a := range w.m.Areas {
		code, _, _ := strings.Cut(a.Code, "-")
		if !slices.Contains(strings.Fields(countries), code) {
			return false
		}
	}
	return len(w.m.Areas) > 0
}

// group cuts digits into the given sizes, or from the end into groups of three.
func group(digits string, sizes []int) []string {
	if sizes == nil {
		for n := len(digits); n > 0; {
			size := 3
			if n == 4 || n == 2 {
				size = 2
			}
			size = min(size, n)
			sizes = append(sizes, size)
			n -= size
		}
	}
	var groups []string
	for _, size := range sizes {
		groups = append(groups, digits[:size])
		digits = digits[size:]
	}
	return groups
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// diallingOf finds the country of an international number by the longest calling code.
func diallingOf(digits string) (country string, d *dialling) {
	for n := min(4, len(digits)-1); n > 0; n-- {
		for i := range diallings {
			if diallings[i].code == digits[:n] {
				return diallings[i].countries, &diallings[i].dialling
			}
		}
	}
	return "", nil
}

// diallings are the plans of the OSCE States. Where local custom differs within a
// country (Germany, Austria, Italy, the United Kingdom), groups of three serve.
var diallings = []struct {
	countries string
	dialling
}{
	{"US CA", dialling{"1", "", map[int][]int{10: {3, 3, 4}}}},
	{"RU KZ", dialling{"7", "8", map[int][]int{10: {3, 3, 2, 2}}}},
	{"GR", dialling{"30", "", map[int][]int{10: {3, 3, 4}}}},
	{"NL", dialling{"31", "0", map[int][]int{9: {2, 3, 2, 2}}}},
	{"BE", dialling{"32", "0", map[int][]int{8: {1, 3, 2, 2}, 9: {3, 2, 2, 2}}}},
	{"FR", dialling{"33", "0", map[int][]int{9: {1, 2, 2, 2, 2}}}},
	{"ES", dialling{"34", "", map[int][]int{9: {3, 3, 3}}}},
	{"HU", dialling{"36", "06", map[int][]int{8: {1, 3, 4}, 9: {2, 3, 4}}}},
	{"IT VA", dialling{"39", "", map[int][]int{10: {3, 3, 4}}}},
	{"RO", dialling{"40", "0", map[int][]int{9: {3, 3, 3}}}},
	{"CH", dialling{"41", "0", map[int][]int{9: {2, 3, 2, 2}}}},
	{"AT", dialling{"43", "0", nil}},
	{"GB", dialling{"44", "0", map[int][]int{10: {4, 3, 3}}}},
	{"DK", dialling{"45", "", map[int][]int{8: {2, 2, 2, 2}}}},
	{"SE", dialling{"46", "0", map[int][]int{9: {2, 3, 2, 2}}}},
	{"NO", dialling{"47", "", map[int][]int{8: {2, 2, 2, 2}}}},
	{"PL", dialling{"48", "", map[int][]int{9: {3, 3, 3}}}},
	{"DE", dialling{"49", "0", nil}},
	{"TR", dialling{"90", "0", map[int][]int{10: {3, 3, 2, 2}}}},
	{"PT", dialling{"351", "", map[int][]int{9: {3, 3, 3}}}},
	{"LU", dialling{"352", "", map[int][]int{6: {2, 2, 2}, 8: {2, 2, 2, 2}, 9: {3, 3, 3}}}},
	{"IE", dialling{"353", "0", map[int][]int{9: {2, 3, 4}}}},
	{"IS", dialling{"354", "", map[int][]int{7: {3, 4}}}},
	{"AL", dialling{"355", "0", map[int][]int{9: {2, 3, 4}}}},
	{"MT", dialling{"356", "", map[int][]int{8: {4, 4}}}},
	{"CY", dialling{"357", "", map[int][]int{8: {2, 3, 3}}}},
	{"FI", dialling{"358", "0", nil}},
	{"BG", dialling{"359", "0", map[int][]int{9: {2, 3, 4}}}},
	{"LT", dialling{"370", "0", map[int][]int{8: {3, 2, 3}}}},
	{"LV", dialling{"371", "", map[int][]int{8: {2, 3, 3}}}},
	{"EE", dialling{"372", "", map[int][]int{7: {3, 4}, 8: {4, 4}}}},
	{"MD", dialling{"373", "0", map[int][]int{8: {2, 3, 3}}}},
	{"AM", dialling{"374", "0", map[int][]int{8: {2, 3, 3}}}},
	{"BY", dialling{"375", "80", map[int][]int{9: {2, 3, 2, 2}}}},
	{"AD", dialling{"376", "", map[int][]int{6: {3, 3}}}},
	{"MC", dialling{"377", "", map[int][]int{8: {2, 2, 2, 2}}}},
	{"SM", dialling{"378", "", nil}},
	{"UA", dialling{"380", "0", map[int][]int{9: {2, 3, 2, 2}}}},
	{"RS", dialling{"381", "0", map[int][]int{9: {2, 3, 4}}}},
	{"ME", dialling{"382", "0", map[int][]int{8: {2, 3, 3}}}},
	{"HR", dialling{"385", "0", map[int][]int{8: {1, 3, 4}, 9: {2, 3, 4}}}},
	{"SI", dialling{"386", "0", map[int][]int{8: {1, 3, 2, 2}}}},
	{"BA", dialling{"387", "0", map[int][]int{8: {2, 3, 3}}}},
	{"MK", dialling{"389", "0", map[int][]int{8: {2, 3, 3}}}},
	{"CZ", dialling{"420", "", map[int][]int{9: {3, 3, 3}}}},
	{"SK", dialling{"421", "0", map[int][]int{9: {3, 3, 3}}}},
	{"LI", dialling{"423", "", map[int][]int{7: {3, 2, 2}}}},
	{"TJ", dialling{"992", "", map[int][]int{9: {2, 3, 4}}}},
	{"TM", dialling{"993", "8", map[int][]int{8: {2, 2, 2, 2}}}},
	{"AZ", dialling{"994", "0", map[int][]int{9: {2, 3, 2, 2}}}},
	{"GE", dialling{"995", "0", map[int][]int{9: {3, 2, 2, 2}}}},
	{"KG", dialling{"996", "0", map[int][]int{9: {3, 3, 3}}}},
	{"UZ", dialling{"998", "", map[int][]int{9: {2, 3, 2, 2}}}},
	{"MN", dialling{"976", "0", map[int][]int{8: {4, 4}}}},
}
