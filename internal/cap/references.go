package cap

import (
	"errors"
	"fmt"
	"strings"

	"tocsin/internal/alert"
)

// ParseReferences reads CAP's references: "sender,identifier,sent", one after
// another with spaces between.
func ParseReferences(s string) ([]alert.Ref, error) {
	var refs []alert.Ref
	for triple := range strings.FieldsSeq(s) {
		parts := strings.Split(triple, ",")
		if len(parts) != 3 || parts[0] == "" || parts[1] == "" {
			return nil, fmt.Errorf("%.80q is not of the form sender,identifier,sent", triple)
		}
		at, err := ParseTime(parts[2])
		if err != nil {
			return nil, err
		}
		refs = append(refs, alert.Ref{Sender: parts[0], Identifier: parts[1], Sent: at})
	}
	if len(refs) == 0 && s != "" {
		return nil, errors.New("holds only spaces")
	}
	return refs, nil
}

// FormatReferences writes refs as CAP's references. Receivers compare them
// letter by letter with the earlier message, so all times are in UTC, as FromMessage writes sent.
func FormatReferences(refs []alert.Ref) string {
	triples := make([]string, len(refs))
	for i, r := range refs {
		triples[i] = r.Sender + "," + r.Identifier + "," + FormatTime(r.Sent.UTC())
	}
	return strings.Join(triples, " ")
}
