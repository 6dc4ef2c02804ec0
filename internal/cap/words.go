package cap

import "strings"

// The enumerations of the schema.
var (
	statuses      = []string{"Actual", "Exercise", "System", "Test", "Draft"}
	msgTypes      = []string{"Alert", "Update", "Cancel", "Ack", "Error"}
	scopes        = []string{"Public", "Restricted", "Private"}
	categories    = []string{"Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other"}
	responseTypes = []string{"Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"}
	urgencies     = []string{"Immediate", "Expected", "Future", "Past", "Unknown"}
	severities    = []string{"Extreme", "Severe", "Moderate", "Minor", "Unknown"}
	certainties   = []string{"Observed", "Likely", "Possible", "Unlikely", "Unknown"}
)

// languageTag says whether each part of a language tag is
// 1 to 8 letters, or letters and digits after the first part, as xs:language wants.
func languageTag(tag string) bool {
	part := 0
	first := true
	for _, r := range tag + "-" {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		switch {
		case letter, !first && r >= '0' && r <= '9':
			part++
		case r == '-' && part > 0:
			part, first = 0, false
		default:
			return false
		}
		if part > 8 {
			return false
		}
	}
	return true
}

// rfc3066 is languageTag with the primary part that RFC 3066 assigns: two or
// three letters, or i or x with a part after it.
func rfc3066(tag string) bool {
	if !languageTag(tag) {
		return false
	}
	primary, _, more := strings.Cut(tag, "-")
	switch len(primary) {
	case 2, 3:
		return true
	case 1:
		return more && strings.Contains("ixIX", primary)
	}
	return false
}
