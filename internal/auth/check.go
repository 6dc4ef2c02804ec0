package auth

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tocsin/internal/alert"
)

// Password bounds. Length is what makes a password strong; rules on its letters
// only make it shorter and written down.
const (
	minPassword = 12
	maxPassword = 200
)

const (
	maxID   = 40
	maxName = 80 // of a name or unit: what fits a line of the record
)

// idShape: no dot at an end or beside another, because the id is a subject.
var idShape = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]|\.[a-z0-9])*$`)

// reserved ids stand in records for the server itself.
var reserved = []string{"system"}

// roles are all there are.
var roles = []Role{Author, Approver, Admin, Auditor}

// check lists every fault of a new account.
func check(o Officer, password string) error {
	var v alert.Invalid
	switch {
	case len(o.ID) > maxID || !idShape.MatchString(o.ID):
		v.Add("id", "format", "A sign-in name has 1 to 40 lower case letters, digits, dots and dashes, and begins with a letter or digit.")
	case slices.Contains(reserved, o.ID):
		v.Add("id", "taken", "This sign-in name stands for the server itself; choose another.")
	}
	checkLine(&v, "name", o.Name, "Give the officer's name, at most 80 characters.")
	if o.Unit != "" {
		checkLine(&v, "unit", o.Unit, "Shorten the unit to 80 characters.")
	}
	if len(o.Roles) == 0 {
		v.Add("roles", "required", "Give the officer at least one role: author, approver, admin or auditor.")
	}
	for _, r := range o.Roles {
		if !slices.Contains(roles, r) {
			v.Add("roles", "unknown", "A role is author, approver, admin or auditor.")
			break
		}
	}
	if len(o.Roles) > len(roles) {
		v.Add("roles", "too_many", "Name each role once.")
	}
	switch n := utf8.RuneCountInString(password); {
	case !utf8.ValidString(password):
		v.Add("password", "encoding", "The password is not valid UTF-8; type it again.")
	case n < minPassword:
		v.Add("password", "too_short", "A password has at least 12 characters; a few words are easy to keep in mind.")
	case n > maxPassword:
		v.Add("password", "too_long", "A password has at most 200 characters.")
	case strings.EqualFold(password, o.ID):
		v.Add("password", "weak", "The password is the sign-in name; choose another.")
	}
	return v.Err()
}

// checkLine wants a line that shows what it holds.
func checkLine(v *alert.Invalid, field, s, mend string) {
	switch {
	case strings.TrimSpace(s) == "", utf8.RuneCountInString(s) > maxName:
		v.Add(field, "length", mend)
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsGraphic(r) }):
		v.Add(field, "characters", "Remove the invisible characters.")
	}
}
