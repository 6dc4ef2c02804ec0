package smpp

import (
	"fmt"
	"unicode/utf8"
)

// What one message holds: alone, and as a part of a longer one, where the
// header that joins the parts takes its share. In septets and UTF-16 units.
const (
	gsmAlone, gsmPart   = 160, 153
	ucs2Alone, ucs2Part = 70, 67
)

// maxParts is what the one-byte counter of the header can say.
const maxParts = 255

// Text is a text made ready for the air.
type Text struct {
	GSM   bool     // GSM 03.38, else UCS-2
	Units int      // septets, or UTF-16 units
	Parts [][]byte // encoded, without the joining header
}

// Coding is the data_coding of the text's messages.
func (t Text) Coding() byte {
	if t.GSM {
		return CodingDefault
	}
	return CodingUCS2
}

// Encode chooses the alphabet for s and divides it. Neither an escape and its
// character nor a surrogate pair is ever divided, so a part may end one unit early.
func Encode(s string) (Text, error) {
	width, alone, part := 1, gsmAlone, gsmPart
	whole, gsm := EncodeGSM(s)
	if !gsm {
		width, alone, part = 2, ucs2Alone, ucs2Part
		whole = EncodeUCS2(s)
	}
	t := Text{GSM: gsm, Units: len(whole) / width}
	if t.Units <= alone {
		t.Parts = [][]byte{whole}
		return t, nil
	}
	for len(whole) > 0 {
		n := cut(whole, part*width, gsm)
		t.Parts = append(t.Parts, whole[:n:n])
		whole = whole[n:]
	}
	if len(t.Parts) > maxParts {
		return Text{}, fmt.Errorf("text: %d parts, at most %d", len(t.Parts), maxParts)
	}
	return t, nil
}

// cut is the longest piece of b of at most n bytes that divides no character.
func cut(b []byte, n int, gsm bool) int {
	if len(b) <= n {
		return len(b)
	}
	if gsm {
		if b[n-1] == escape {
			return n - 1
		}
		return n
	}
	if b[n-2]&0xFC == 0xD8 { // a high surrogate: its other half is in the next part
		return n - 2
	}
	return n
}

// Messages are the parts as messages, with a joining header when there is more
// than one. ref ties them together on the telephone; to differ from the ref of
// the last few messages to the same number is enough.
func (t Text) Messages(ref byte) []Message {
	out := make([]Message, len(t.Parts))
	for i, p := range t.Parts {
		out[i] = Message{DataCoding: t.Coding(), Short: p}
		if len(t.Parts) > 1 {
			out[i].ESMClass = ESMHeader
			out[i].Short = append([]byte{5, 0, 3, ref, byte(len(t.Parts)), byte(i + 1)}, p...)
		}
	}
	return out
}

// Joint says which part of which text a message is. Total is 1 for a text of one part.
type Joint struct {
	Ref, Total, Part int
}

// Body takes the joining header off m's bytes and decodes the rest. A header
// that makes no sense is dropped: the words matter more.
func (m *Message) Body() (string, Joint) {
	b := m.Payload()
	j := Joint{Total: 1, Part: 1}
	if m.ESMClass&ESMHeader != 0 && len(b) > 0 && int(b[0]) < len(b) {
		header := b[1 : 1+b[0]]
		b = b[1+b[0]:]
		j = joint(header)
	}
	switch m.DataCoding {
	case CodingUCS2:
		return DecodeUCS2(b), j
	case CodingASCII, CodingLatin1:
		runes := make([]rune, len(b))
		for i, c := range b {
			runes[i] = rune(c)
		}
		return string(runes), j
	default:
		return DecodeGSM(b), j
	}
}

// joint reads the elements of a user data header: 0 is a joint with a
// reference of one byte, 8 with one of two.
func joint(h []byte) Joint {
	for len(h) >= 2 && len(h) >= 2+int(h[1]) {
		v := h[2 : 2+h[1]]
		var j Joint
		switch {
		case h[0] == 0 && len(v) == 3:
			j = Joint{Ref: int(v[0]), Total: int(v[1]), Part: int(v[2])}
		case h[0] == 8 && len(v) == 4:
			j = Joint{Ref: int(v[0])<<8 | int(v[1]), Total: int(v[2]), Part: int(v[3])}
		}
		if j.Part >= 1 && j.Part <= j.Total {
			return j
		}
		h = h[2+h[1]:]
	}
	return Joint{Total: 1, Part: 1}
}

// printable bounds what of a stranger's text is looked at: a command is one short word.
func printable(s string, n int) string {
	for i := range s {
		if i >= n {
			return s[:i]
		}
	}
	if !utf8.ValidString(s) {
		return ""
	}
	return s
}
