package smpp

import (
	"regexp"
	"strings"
)

// Receipt is the centre's later word on a message it accepted.
type Receipt struct {
	// ID is the message's id as the receipt's text has it, TLV as the optional
	// parameter has it: some centres write one hexadecimal and the other
	// decimal. Either may be empty, not both.
	ID, TLV string
	State   string // DELIVRD, EXPIRED, DELETED, UNDELIV, ACCEPTD, UNKNOWN, REJECTD, ENROUTE
	Error   string // the network's own code, where the text has one
}

var (
	receiptID    = regexp.MustCompile(`(?i)\bid:([0-9A-Za-z._:-]{1,64})`)
	receiptState = regexp.MustCompile(`(?i)\bstat:([A-Za-z]{1,10})`)
	receiptError = regexp.MustCompile(`(?i)\berr:([0-9A-Za-z]{1,8})`)
)

// states are the values of the message_state parameter.
var states = []string{"", "ENROUTE", "DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD"}

// ReadReceipt reads m as a delivery receipt. ok is false when it is none: a
// person's own message, or one without an id to go by.
func ReadReceipt(m *Message) (r Receipt, ok bool) {
	if m.ESMClass&0x3C != ESMReceipt && m.Option(TagReceiptedMessageID) == nil {
		return Receipt{}, false
	}
	text := printable(latin(m.Payload()), 512)
	first := func(e *regexp.Regexp) string {
		if g := e.FindStringSubmatch(text); g != nil {
			return g[1]
		}
		return ""
	}
	r = Receipt{ID: first(receiptID), State: strings.ToUpper(first(receiptState)), Error: first(receiptError)}
	r.TLV = strings.TrimRight(latin(m.Option(TagReceiptedMessageID)), "\x00")
	if len(r.TLV) > 64 {
		r.TLV = ""
	}
	if s := m.Option(TagMessageState); len(s) == 1 && int(s[0]) < len(states) && s[0] > 0 {
		r.State = states[s[0]]
	}
	return r, (r.ID != "" || r.TLV != "") && r.State != ""
}

// latin reads a receipt's text: plain ASCII whatever its data_coding says.
func latin(b []byte) string { return strings.ToValidUTF8(string(b), "?") }
