package adapter

import (
	"fmt"

	"tocsin/internal/alert"
)

// CheckMessage says why m must not be rendered in lang by a channel of realm,
// naming the field and the mend. It is the last wall between an exercise and a
// telephone, behind those of keys and subjects: every Render begins with it.
func CheckMessage(m *alert.Message, realm alert.Realm, lang alert.Lang) error {
	var faults alert.Invalid
	if m.Realm != realm {
		faults.Add("realm", "contradiction", fmt.Sprintf("The message is of the %q realm, this channel serves %q.", m.Realm, realm))
	}
	if (m.Status == alert.StatusExercise) != (m.Realm == alert.Drill) && !m.LinkTest() {
		faults.Add("status", "contradiction", fmt.Sprintf("Status %q has no place in the %q realm; a drill issues nothing but Exercise, and link tests.", m.Status, m.Realm))
	}
	switch m.MsgType {
	case alert.TypeAlert, alert.TypeUpdate, alert.TypeCancel:
	default: // a withdrawal of an unknown spelling must never go out as an alert
		faults.Add("msg_type", "unknown", fmt.Sprintf("%q is none of Alert, Update, Cancel.", m.MsgType))
	}
	if _, ok := m.Texts[lang]; !ok {
		faults.Add(fmt.Sprintf("texts.%s", lang), "required", "The texts are missing; write the alert in this language, or drop it from languages.")
	}
	return faults.Err()
}
