package casework

import (
	"encoding/json"
	"testing"

	"tocsin/internal/alert"
	"tocsin/internal/stream"
)

// The log of acts names what was done and to which case, and says when one person did both parts.
func TestAudited(t *testing.T) {
	message := &alert.Message{Identifier: "BE-drill-BCDF-1", Facts: &alert.Facts{Children: []alert.Person{{GivenName: "Lina"}}}}
	for _, c := range []struct {
		subject, detail string
		ev              Event
	}{
		{subjectPrefix + "BCDF", "BE-drill-BCDF-1", Event{Kind: KindReleased, Message: message, Digest: "ab"}},
		{subjectPrefix + "BCDF", "BE-drill-BCDF-1, alone", Event{Kind: KindReleased, Message: message, Alone: true}},
		{subjectPrefix + "BCDF", "content ab", Event{Kind: KindSubmitted, Digest: "ab"}},
		{subjectPrefix + "BCDF", "", Event{Kind: KindReturned, Reason: "Lina's plate is wrong"}},
		{subjectPrefix + "BCDF", "none", Event{Kind: KindEdited, Draft: &Draft{}}},
		{"officers.anna", "none", Event{Kind: KindReleased, Message: message}},
	} {
		c.ev.Officer = "cleo"
		data, err := json.Marshal(c.ev)
		if err != nil {
			t.Fatal(err)
		}
		said, ok := Audited(stream.Record{Subject: c.subject, Data: data})
		if ok != (c.detail != "none") || ok && (said.Detail != c.detail || said.Kind != "case_"+c.ev.Kind || said.About != "BCDF" || said.By != "cleo") {
			t.Errorf("%s on %s: %+v, %v", c.ev.Kind, c.subject, said, ok)
		}
	}
}
