package region

import (
	"slices"
	"strings"
)

// Everywhere is the area code of who wants every alert.
const Everywhere = "*"

// Covers says whether wide takes in all of narrow: "BE" covers "BE-VAN", "*"
// covers everything, and each code covers itself.
func Covers(wide, narrow string) bool {
	return wide == Everywhere || wide == narrow ||
		len(wide) == 2 && strings.HasPrefix(narrow, wide) && len(narrow) > 2 && narrow[2] == '-'
}

// Match says whether an alert for alertAreas concerns a subscriber of areas:
// an alert for all of Belgium reaches who chose Antwerp, and the reverse.
func Match(subscriber, alertAreas []string) bool {
	return slices.ContainsFunc(subscriber, func(s string) bool {
		return slices.ContainsFunc(alertAreas, func(a string) bool { return Covers(s, a) || Covers(a, s) })
	})
}
