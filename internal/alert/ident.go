package alert

import (
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// caseAlphabet has no vowels, so that no word comes about by chance, and none
// of the letters and digits that are taken for each other on paper or by phone.
const caseAlphabet = "234679BCDFGHJKMNPQRTVWX"

// caseLength makes 54 bits: an address with a case id in it cannot be guessed.
const caseLength = 12

// NewCaseID makes the opaque id of a new case.
func NewCaseID() string {
	// Bytes at or above the largest multiple of the alphabet are thrown away, or
	// its first letters would be likelier than its last.
	const fair = 256 - 256%len(caseAlphabet)
	id := make([]byte, 0, caseLength)
	var buf [2 * caseLength]byte
	for len(id) < caseLength {
		_, _ = rand.Read(buf[:]) // never fails: the runtime ends the process instead
		for _, b := range buf {
			if int(b) < fair && len(id) < caseLength {
				id = append(id, caseAlphabet[int(b)%len(caseAlphabet)])
			}
		}
	}
	return string(id)
}

// subjectToken is the shape of agencies and case ids: they are subject tokens, parts
// of identifiers and of addresses, so no dot, star, hyphen or space may be in them.
var subjectToken = regexp.MustCompile(`^[A-Z0-9]{2,24}$`)

// AgencyName says whether s can be an agency: 2 to 24 capital letters and digits.
func AgencyName(s string) bool { return subjectToken.MatchString(s) }

// identPrefix tells our identifiers from those of other systems in a State's feed.
const identPrefix = "TOCSIN"

// Identifier is the CAP identifier of a revision: TOCSIN-BEPOL-DRILL-7GQ2XKPB4MNT-1.
// The realm is in it, so that an exercise names itself one wherever it turns up.
func Identifier(agency string, realm Realm, caseID string, rev int) string {
	return strings.Join([]string{identPrefix, agency, strings.ToUpper(string(realm)), caseID, strconv.Itoa(rev)}, "-")
}

// ErrIdentifier is ParseIdentifier's only error.
var ErrIdentifier = errors.New("not an identifier of this system")

// ParseIdentifier takes apart what Identifier made, and refuses everything else.
func ParseIdentifier(s string) (agency string, realm Realm, caseID string, rev int, err error) {
	if len(s) > maxIdentifier {
		return "", "", "", 0, ErrIdentifier
	}
	p := strings.Split(s, "-")
	if len(p) != 5 || !subjectToken.MatchString(p[1]) || !subjectToken.MatchString(p[3]) {
		return "", "", "", 0, ErrIdentifier
	}
	agency, realm, caseID = p[1], Realm(strings.ToLower(p[2])), p[3]
	rev, convErr := strconv.Atoi(p[4])
	if convErr != nil || rev < 1 || realm != Live && realm != Drill {
		return "", "", "", 0, ErrIdentifier
	}
	if Identifier(agency, realm, caseID, rev) != s { // leading zeros, small letters, other prefixes
		return "", "", "", 0, ErrIdentifier
	}
	return agency, realm, caseID, rev, nil
}

// maxIdentifier protects references and subjects from endless identifiers.
const maxIdentifier = 128

// capWord is a fault when s cannot be CAP's identifier or sender, whose
// references element separates by spaces and commas.
func (c *checker) capWord(field, s string) {
	switch {
	case s == "":
		c.add(field, "required", "A value is missing; CAP wants one.")
	case len(s) > maxIdentifier:
		c.add(field, "too_long", "The value has %d characters and at most %d are possible; shorten it.", len(s), maxIdentifier)
	case strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7F || strings.ContainsRune(",<&", r) }):
		c.add(field, "format", "CAP allows no space, comma, < or & here; use ASCII letters, digits and the signs - . @ :.")
	}
}

// identifier checks what names m, and that the name says what m is.
func (c *checker) identifier(m *Message) {
	c.capWord("identifier", m.Identifier)
	c.capWord("sender", m.Sender)
	if !AgencyName(m.Agency) {
		c.add("agency", "format", "An agency is 2 to 24 capital letters and digits.")
	}
	if !subjectToken.MatchString(m.Case) {
		c.add("case", "format", "A case id is 2 to 24 capital letters and digits.")
	}
	agency, realm, caseID, rev, err := ParseIdentifier(m.Identifier)
	if err == nil && (agency != m.Agency || realm != m.Realm || caseID != m.Case || rev != m.Revision) {
		c.add("identifier", "contradiction", "The identifier names another agency, realm, case or revision than the message; make it anew: %s.",
			fmt.Sprintf("%.*q", maxIdentifier, Identifier(m.Agency, m.Realm, m.Case, m.Revision)))
	}
}
