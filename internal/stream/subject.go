package stream

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// checkSubject refuses what NATS would misread: "*" or ">" in a subject would be
// a record that matches every filter.
func checkSubject(subject string, filter bool) error {
	switch {
	case subject == "":
		return errors.New("the subject is empty: name one")
	case len(subject) > 250:
		return fmt.Errorf("the subject has %d bytes: 250 are allowed", len(subject))
	}
	tokens := strings.Split(subject, ".")
	for i, tok := range tokens {
		if tok == "" {
			return fmt.Errorf("subject %q has an empty part: leave no dot without a word", subject)
		}
		if filter && (tok == "*" || tok == ">" && i == len(tokens)-1) {
			continue
		}
		for _, r := range tok {
			if r <= ' ' || r == '*' || r == '>' || r == 0x7f {
				return fmt.Errorf("subject %q holds %q: use letters, digits, - and _", subject, r)
			}
		}
	}
	return nil
}

// full is the subject as NATS sees it: with the realm. The first word must be one
// of the stream's, else the record would land on another stream, or nowhere.
func (e *Engine) full(subject string, filter bool, heads ...string) (string, error) {
	if err := checkSubject(subject, filter); err != nil {
		return "", err
	}
	head, _, more := strings.Cut(subject, ".")
	if filter && (head == ">" || head == "*") {
		return string(e.realm) + "." + subject, nil
	}
	if !slices.Contains(heads, head) || !more {
		return "", fmt.Errorf("subject %q: must begin with %s", subject, strings.Join(heads, ". or ")+".")
	}
	return string(e.realm) + "." + subject, nil
}

func (e *Engine) bare(subject string) string {
	return strings.TrimPrefix(subject, string(e.realm)+".")
}

// checkName is for durable names: NATS uses them in subjects and as file names.
func checkName(field, name string) error {
	if name == "" || len(name) > 64 {
		return fmt.Errorf("%s is %q: use 1 to 64 letters, digits, - or _", field, name)
	}
	for _, r := range name {
		if !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_') {
			return fmt.Errorf("%s is %q: use 1 to 64 letters, digits, - or _", field, name)
		}
	}
	return nil
}

// checkID: the id travels in a header, where a line break would begin another one.
func checkID(id string) error {
	if len(id) > 512 {
		return fmt.Errorf("ID of %d bytes: 512 are allowed", len(id))
	}
	for _, r := range id {
		if r < ' ' || r == 0x7f {
			return fmt.Errorf("ID holds the control character %q: leave it out", r)
		}
	}
	return nil
}
