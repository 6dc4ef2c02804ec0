package smpp

import "strings"

// Receipt is the centre's later word on a message it accepted.
type Receipt struct {
	// ID is the message's id as the receipt's text has it, TLV as the optional
	// parameter has it: some centres write one hexadecimal and the other
	// decimal. Either may be empty, not both.
	ID, TLV string
	State   string // DELIVRD, EXPIRED, DELETED, UNDELIV, ACCEPTD, UNKNOWN, REJECTD, ENROUTE
	Error   string // the network's own code, where the text has one
}

// states are the values of the message_state parameter.
var states = []string{"", "ENROUTE", "DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD"}

// maxID is the longest message id: one of SMPP 3.4 has 64 characters.
const maxID = 64

// ReadReceipt reads m as a delivery receipt. ok is false when it is none: a
// person's own message, or one without an id to go by.
func ReadReceipt(m *Message) (r Receipt, ok bool) {
	if m.ESMClass&0x3C != ESMReceipt && m.Option(TagReceiptedMessageID) == nil {
		return Receipt{}, false
	}
	text := printable(latin(m.Payload()), 512)
	r = Receipt{
		ID: field(text, "id:", maxID), State: strings.ToUpper(field(text, "stat:", 10)), Error: field(text, "err:", 8),
	}
	r.TLV = strings.TrimRight(latin(m.Option(TagReceiptedMessageID)), "\x00")
	if len(r.TLV) > maxID {
		r.TLV = ""
	}
	if s := m.Option(TagMessageState); len(s) == 1 && int(s[0]) < len(states) && s[0] > 0 {
		r.State = states[s[0]]
	}
	return r, (r.ID != "" || r.TLV != "") && r.State != ""
}

// latin reads a receipt's text: plain ASCII whatever its data_coding says.
func latin(b []byte) string { return strings.ToValidUTF8(string(b), "?") }

// field is the word after name in a receipt's text, whatever the case of name;
// empty when there is none of at most limit bytes.
func field(text, name string, limit int) string {
	for i := 0; i+len(name) <= len(text); i++ {
		if (i > 0 && word(text[i-1])) || !strings.EqualFold(text[i:i+len(name)], name) {
			continue
		}
		value := text[i+len(name):]
		n := 0
		for n < len(value) && (word(value[n]) || strings.IndexByte("._:-", value[n]) >= 0) {
			n++
		}
		if n > limit {
			return ""
		}
		return value[:n]
	}
	return ""
}

func word(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}
