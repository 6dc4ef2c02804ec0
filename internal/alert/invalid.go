package alert

import "strings"

// Fault is one thing wrong with an input.
type Fault struct {
	Field string `json:"field"` // JSON path: "children[0].age"
	Code  string `json:"code"`  // stable word: "required", "range", "too_long"
	Text  string `json:"text"`  // what is wrong and the mend, one sentence
}

// Invalid is every fault of an input at once. It is an error only when not empty.
type Invalid []Fault

// Error lists the faults, one a line.
func (v Invalid) Error() string {
	lines := make([]string, len(v))
	for i, f := range v {
		lines[i] = f.Field + ": " + f.Text
	}
	return strings.Join(lines, "\n")
}

// Err is v as an error, or nil when there is no fault.
func (v Invalid) Err() error {
	if len(v) == 0 {
		return nil
	}
	return v
}

// Add notes a fault.
func (v *Invalid) Add(field, code, text string) {
	*v = append(*v, Fault{Field: field, Code: code, Text: text})
}
