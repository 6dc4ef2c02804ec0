package smpp

import (
	"strings"
	"unicode/utf16"
)

const escape = 0x1B

// gsmBasic is the GSM 03.38 default alphabet in the order of its codes; the
// escape has its place but stands for nothing.
const gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
	"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"

var (
	gsmRunes = []rune(gsmBasic)
	// gsmExtension are the characters that follow an escape.
	gsmExtension = map[byte]rune{
		0x0A: '\f', 0x14: '^', 0x28: '{', 0x29: '}', 0x2F: '\\',
		0x3C: '[', 0x3D: '~', 0x3E: ']', 0x40: '|', 0x65: '€',
	}
	gsmCodes = func() map[rune][]byte {
		codes := make(map[rune][]byte, len(gsmRunes)+len(gsmExtension))
		for i, r := range gsmRunes {
			if i != escape {
				codes[r] = []byte{byte(i)}
			}
		}
		for c, r := range gsmExtension {
			codes[r] = []byte{escape, c}
		}
		return codes
	}()
)

// EncodeGSM writes s in the GSM 03.38 alphabet, one septet in each byte. ok is
// false when a character is not in it: such a text travels as UCS-2.
func EncodeGSM(s string) (septets []byte, ok bool) {
	septets = make([]byte, 0, len(s))
	for _, r := range s {
		c := gsmCodes[r]
		if c == nil {
			return nil, false
		}
		septets = append(septets, c...)
	}
	return septets, true
}

// DecodeGSM reads unpacked septets. What has no meaning becomes a space, as
// the specification tells a telephone to show it.
func DecodeGSM(b []byte) string {
	var out strings.Builder
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] == escape && i+1 < len(b):
			i++
			if r, ok := gsmExtension[b[i]]; ok {
				out.WriteRune(r)
			} else {
				out.WriteByte(' ')
			}
		case b[i] >= 0x80 || b[i] == escape:
			out.WriteByte(' ')
		default:
			out.WriteRune(gsmRunes[b[i]])
		}
	}
	return out.String()
}

// EncodeUCS2 writes s as UTF-16 with the high byte first. Networks call it
// UCS-2; telephones have read surrogate pairs for many years.
func EncodeUCS2(s string) []byte {
	units := utf16.Encode([]rune(s))
	out := make([]byte, 0, 2*len(units))
	for _, u := range units {
		out = append(out, byte(u>>8), byte(u))
	}
	return out
}

// DecodeUCS2 reads UTF-16 with the high byte first; an odd last byte is left out.
func DecodeUCS2(b []byte) string {
	units := make([]uint16, 0, len(b)/2)
	for i := 0; i+1 < len(b); i += 2 {
		units = append(units, uint16(b[i])<<8|uint16(b[i+1]))
	}
	return string(utf16.Decode(units))
}

// Plain replaces typographic characters that would cost a text its GSM
// alphabet, and so half of its room, for nothing a reader would miss.
func Plain(s string) string { return typographic.Replace(s) }

var typographic = strings.NewReplacer(
	"’", "'", "‘", "'", "‚", "'", "ʼ", "'", "′", "'",
	"“", `"`, "”", `"`, "„", `"`, "″", `"`, "«", `"`, "»", `"`,
	"–", "-", "—", "-", "‐", "-", "‑", "-", "−", "-", "…", "...",
	"\u00a0", " ", "\u202f", " ", "\u2009", " ", "\u2007", " ", "\u2002", " ", "\u2003", " ",
)
