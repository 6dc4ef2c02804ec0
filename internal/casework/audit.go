package casework

import (
	"encoding/json"
	"strings"

	acts "tocsin/internal/audit" // the tests have an officer for audit
	"tocsin/internal/stream"
)

// audited are the acts that change what the public is told, or who answers for
// it. Edits are on the case's own record.
var audited = map[string]bool{
	KindSubmitted: true, KindReturned: true, KindRejected: true, KindReleased: true, KindWithdrawn: true,
	KindAgreed: true, KindResent: true,
}

// Audited is the act that a record of the CASES log is, when it is one on a
// case: by reference alone, without a word that somebody wrote.
func Audited(rec stream.Record) (acts.Event, bool) {
	id, ok := strings.CutPrefix(rec.Subject, subjectPrefix)
	var ev Event
	if !ok || json.Unmarshal(rec.Data, &ev) != nil || !audited[ev.Kind] {
		return acts.Event{}, false
	}
	said := acts.Event{Kind: "case_" + ev.Kind, At: ev.At, By: ev.Officer, About: id}
	switch {
	case ev.Message != nil:
		said.Detail = ev.Message.Identifier
	case ev.Digest != "":
		said.Detail = "content " + ev.Digest
	}
	if ev.Alone { // one person wrote and released it, for practice
		said.Detail += ", alone"
	}
	return said, true
}
