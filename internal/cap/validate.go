package cap

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"tocsin/internal/alert"
)

// Problem is one thing wrong with an alert: the element's path
// ("info[0].area[1].polygon[0]"), the rule's stable word, and a sentence with the mend.
type Problem = alert.Fault

// maxAhead is how far sent may lie in the future: two machines' clocks differ, a day does not.
const maxAhead = 5 * time.Minute

// Validate judges what the official schema lets through. now is the time of the
// judgement; zero leaves out the rules that need one, for old documents.
func Validate(a *Alert, now time.Time) []Problem {
	v := &validator{a: a}
	v.name("identifier", a.Identifier)
	v.name("sender", a.Sender)
	v.oneOf("status", a.Status, statuses)
	v.oneOf("msgType", a.MsgType, msgTypes)
	v.oneOf("scope", a.Scope, scopes)
	v.sent(now)
	v.audience()
	v.references()
	v.infos(now)
	return v.found
}

type validator struct {
	a     *Alert
	found alert.Invalid
}

func (v *validator) add(field, rule, text string) { v.found.Add(field, rule, text) }

// name judges an identifier or sender: references separate them by commas and spaces.
func (v *validator) name(field, s string) {
	if s == "" {
		v.add(field, "required", "is empty; give a name that no other message or agency has")
		return
	}
	for _, r := range s {
		if unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(",<&", r) {
			v.add(field, "name", fmt.Sprintf("holds %q; use neither spaces nor commas nor < nor &", r))
			return
		}
	}
}

func (v *validator) oneOf(field, s string, words []string) {
	if slices.Contains(words, s) {
		return
	}
	v.add(field, "unknown", fmt.Sprintf("%.40q is not of CAP, and an unknown word never makes an alert; use one of %s", s, strings.Join(words, ", ")))
}

func (v *validator) sent(now time.Time) {
	switch {
	case v.a.Sent.IsZero():
		v.add("sent", "required", "is missing; give the time of release")
	case !now.IsZero() && v.a.Sent.After(now.Add(maxAhead)):
		v.add("sent", "future", "lies in the future; set the clocks of both machines")
	}
}

func (v *validator) audience() {
	a := v.a
	if a.Scope == "Private" && strings.TrimSpace(a.Addresses) == "" {
		v.add("addresses", "required", "is empty in a Private message; name who it is for, or make the scope Public")
	}
	restricted := strings.TrimSpace(a.Restriction) != ""
	if a.Scope == "Restricted" && !restricted {
		v.add("restriction", "required", "is empty in a Restricted message; say who may have it, or make the scope Public")
	}
	if a.Scope != "Restricted" && restricted {
		v.add("restriction", "scope", "restricts a message whose scope does not; delete it, or make the scope Restricted")
	}
}

func (v *validator) references() {
	a := v.a
	if a.MsgType == "Alert" {
		if a.References != "" {
			v.add("references", "forbidden", "a first alert replaces nothing; delete them, or make the msgType Update")
		}
		return
	}
	if strings.TrimSpace(a.References) == "" {
		v.add("references", "required", fmt.Sprintf("are empty; a message of type %.20s names each earlier message as sender,identifier,sent", a.MsgType))
		return
	}
	refs, err := ParseReferences(a.References)
	if err != nil {
		v.add("references", "form", err.Error())
		return
	}
	seen := map[string]bool{}
	for _, r := range refs {
		switch key := r.Sender + "," + r.Identifier; {
		case r.Identifier == a.Identifier:
			v.add("references", "self", "name the message itself; give each message an identifier of its own")
		case seen[key]:
			v.add("references", "duplicate", fmt.Sprintf("name %.80s twice; name it once", key))
		case r.Sent.After(a.Sent):
			v.add("references", "order", fmt.Sprintf("name %.80s, which was sent later than this message", key))
		default:
			seen[key] = true
		}
	}
}
