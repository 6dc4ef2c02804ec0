package auth

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tocsin/internal/alert"
	"tocsin/internal/audit"
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

// reserved ids stand in records for the server itself and for who has its folder.
var reserved = []string{audit.System, audit.Operator}

// roles are all there are.
var roles = []Role{Author, Approver, Admin, Auditor, Editor}

// stationShape is that of ids in the registry of recipients.
var stationShape = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// check lists every fault of a new account but its password's.
func check(o Officer) alert.Invalid {
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
	checkRoles(&v, o)
	checkAreas(&v, o.Areas)
	return v
}

// checkPassword adds the faults of a new password.
func checkPassword(v *alert.Invalid, id, password string) {
	switch n := utf8.RuneCountInString(password); {
	case !utf8.ValidString(password):
		v.Add("password", "encoding", "The password is not valid UTF-8; type it again.")
	case n < minPassword:
		v.Add("password", "too_short", "A password has at least 12 characters; a few words are easy to keep in mind.")
	case n > maxPassword:
		v.Add("password", "too_long", "A password has at most 200 characters.")
	case strings.EqualFold(password, id):
		v.Add("password", "weak", "The password is the sign-in name; choose another.")
	}
}

// checkRoles keeps the two sides apart: nobody works for the police and for a station.
func checkRoles(v *alert.Invalid, o Officer) {
	if len(o.Roles) == 0 {
		v.Add("roles", "required", "Give at least one role: author, approver, admin or auditor; or editor, for a station's editor.")
	}
	for _, r := range o.Roles {
		if !slices.Contains(roles, r) {
			v.Add("roles", "unknown", "A role is author, approver, admin, auditor or editor.")
			break
		}
	}
	once := slices.Clone(o.Roles)
	slices.Sort(once)
	if len(slices.Compact(once)) != len(o.Roles) {
		v.Add("roles", "too_many", "Name each role once.")
	}
	switch isEditor := o.Has(Editor); {
	case isEditor && len(o.Roles) > 1:
		v.Add("roles", "conflict", "A station's editor has no other role; make two accounts for a person who is both.")
	case isEditor && !stationShape.MatchString(o.Station):
		v.Add("station", "required", "Name the editor's station by its id, as `tocsin recipients list broadcast` shows it.")
	case !isEditor && o.Station != "":
		v.Add("station", "conflict", "Only an editor belongs to a station; leave it out, or give the role editor alone.")
	}
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
