package casework

import (
	"slices"
	"strings"
	"unicode/utf8"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
)

// refusal is a sentinel with a sentence for the officer: the sentence is all he reads.
type refusal struct {
	kind error
	why  string
}

func (r refusal) Error() string { return r.why }
func (r refusal) Unwrap() error { return r.kind }

func forbidden(why string) error  { return refusal{ErrForbidden, why} }
func wrongStage(why string) error { return refusal{ErrStage, why} }

// mayRelease is the two-person rule, the same in every realm: what goes out was
// seen by somebody who had no hand in it. Every refusal says why.
func mayRelease(c Case, by auth.Officer) error {
	switch {
	case by.ID == "":
		return forbidden("Sign in to release an alert.")
	case !by.Has(auth.Approver):
		return forbidden("Your account may not release alerts. An approver must release this one.")
	case by.ID == c.Author:
		return forbidden("You wrote this alert. Another approver must release it.")
	case by.ID == c.LastEditor:
		return forbidden("You made the last change to this alert. Another approver must release it.")
	case slices.Contains(c.Editors, by.ID):
		return forbidden("You wrote a part of this alert. Another approver must release it.")
	case by.ID == c.Submitter:
		return forbidden("You submitted this alert. Another approver must release it.")
	}
	return nil
}

// mayWrite lets authors draft, edit, add photos and submit.
func mayWrite(by auth.Officer) error {
	if by.ID == "" || !by.Has(auth.Author) {
		return forbidden("Your account may not write alerts. Ask an author, or have the role added.")
	}
	return nil
}

// mayJudge lets approvers return and reject.
func mayJudge(by auth.Officer) error {
	if by.ID == "" || !by.Has(auth.Approver) {
		return forbidden("Only an approver may return or reject an alert.")
	}
	return nil
}

// mayWithdraw is wider than the right to release, because a wrong alert must end
// at once: every approver, and whoever wrote in any revision.
func mayWithdraw(writers []string, by auth.Officer) error {
	if by.ID != "" && (by.Has(auth.Approver) || by.Has(auth.Author) && slices.Contains(writers, by.ID)) {
		return nil
	}
	return forbidden("Only an approver or an author of this alert may withdraw it.")
}

// The bounds of a reason: long enough to say something, short enough for a list.
const minReason, maxReason = 3, 500

// checkReason is the reason without the space around it, or its fault.
func checkReason(reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	var v alert.Invalid
	switch n := utf8.RuneCountInString(reason); {
	case !utf8.ValidString(reason):
		v.Add("reason", "encoding", "The reason is not valid UTF-8; type it again.")
	case n < minReason:
		v.Add("reason", "required", "Say why, in at least 3 characters.")
	case n > maxReason:
		v.Add("reason", "too_long", "Shorten the reason to 500 characters.")
	}
	return reason, v.Err()
}

// The bounds of what stays with the police: they keep one event within what the log takes.
const (
	maxReference  = 120
	maxReportedBy = 200
	maxNotes      = 10_000
)

// checkInternal says what of the internal part cannot be stored.
func checkInternal(in Internal) alert.Invalid {
	var v alert.Invalid
	for _, f := range []struct {
		field, text string
		limit       int
		mend        string
	}{
		{"internal.reference", in.Reference, maxReference, "Shorten the reference to 120 characters."},
		{"internal.reported_by", in.ReportedBy, maxReportedBy, "Shorten the reporter to 200 characters."},
		{"internal.notes", in.Notes, maxNotes, "Shorten the notes to 10,000 characters."},
	} {
		switch {
		case !utf8.ValidString(f.text):
			v.Add(f.field, "encoding", "This is not valid UTF-8; type it again.")
		case utf8.RuneCountInString(f.text) > f.limit:
			v.Add(f.field, "too_long", f.mend)
		}
	}
	if y := in.ReportedAt.Year(); !in.ReportedAt.IsZero() && (y < 1900 || y > 9999) {
		v.Add("internal.reported_at", "range", "Give the time of the report with a year between 1900 and 9999.")
	}
	return v
}
