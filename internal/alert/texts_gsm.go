package alert

import (
	"strings"
	"unicode"
	"unicode/utf16"
)

// The GSM 03.38 alphabet. A character of the extension table takes two
// septets, an escape and itself.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtension = "\f^{}\\[~]|€"
)

// What one short message holds: alone, and as a part of a longer one, where
// the header that joins the parts takes its share.
const (
	gsmAlone, gsmPart   = 160, 153 // septets
	ucs2Alone, ucs2Part = 70, 67   // UTF-16 units
)

// gsmWidth holds the septets of each character of the alphabet. All but € and
// the Greek capitals lie in the first 256 code points: an array spares a map.
var gsmWidth = func() (w [1024]uint8) {
	for _, r := range gsmBasic {
		w[r] = 1
	}
	for _, r := range gsmExtension {
		if int(r) < len(w) {
			w[r] = 2
		}
	}
	return w
}()

// widthOf is the septets of r, or 0 outside the alphabet.
func widthOf(r rune) int {
	switch {
	case int(r) < len(gsmWidth):
		return int(gsmWidth[r])
	case r == '€':
		return 2
	}
	return 0
}

// GSM counts the septets s takes in the GSM 03.38 alphabet. ok is false when a
// character of s is not in it: such a text travels as UCS-2.
func GSM(s string) (septets int, ok bool) {
	for _, r := range s {
		w := widthOf(r)
		if w == 0 {
			return 0, false
		}
		septets += w
	}
	return septets, true
}

// smsParts counts the short messages s needs and the units it fills: septets
// in the GSM alphabet, else UTF-16 units. Neither an escape nor a surrogate
// pair is ever divided, so a part may end one unit early.
func smsParts(s string) (units, parts int, gsm bool) {
	units, gsm = GSM(s)
	alone, part := gsmAlone, gsmPart
	if !gsm {
		alone, part = ucs2Alone, ucs2Part
		units = 0
		for _, r := range s {
			units += utf16.RuneLen(r)
		}
	}
	if units <= alone {
		return units, 1, gsm
	}
	parts = 1
	used := 0
	for _, r := range s {
		w := widthOf(r)
		if !gsm {
			w = utf16.RuneLen(r)
		}
		if used+w > part {
			parts, used = parts+1, 0
		}
		used += w
	}
	return units, parts, gsm
}

// plain replaces typographic characters by the ones every telephone and radio
// set knows: curved quotes, dashes, the ellipsis, spaces that do not break.
func plain(s string) string { return typographic.Replace(s) }

var typographic = strings.NewReplacer(
	"’", "'", "‘", "'", "‚", "'", "ʼ", "'", "′", "'", "`", "'", "´", "'",
	"“", `"`, "”", `"`, "„", `"`, "″", `"`,
	"«\u00a0", `"`, "\u00a0»", `"`, "« ", `"`, " »", `"`, "«", `"`, "»", `"`,
	"–", "-", "—", "-", "‐", "-", "‑", "-", "−", "-",
	"…", "...", "•", "-", "·", "-", "№", "No ", "º", "o", "ª", "a", "°", "o",
	"\u00a0", " ", "\u202f", " ", "\u2009", " ", "\u2007", " ", "\u2002", " ", "\u2003", " ",
)

// GSMText is s as a short message writes it where the rest of the message allows:
// a name in it is then not what was typed, Zoë is Zoe.
func GSMText(s string) string { return toGSM(s) }

// toGSM makes s fit for a short message. Typographic characters go first. What
// is then still outside the GSM alphabet loses its accent (ê to e, ç to c, á to
// a), which in our languages changes no meaning a reader could miss and halves
// the price and the parts of the message. If that does not suffice, because
// the text or a name in it has another script, the accents stay: the message
// is UCS-2 anyway. Only SMS and Short90 are treated so.
func toGSM(s string) string {
	s = plain(s)
	if _, ok := GSM(s); ok {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case widthOf(r) > 0:
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r): // an accent that stands alone
		case bare[r] != "":
			b.WriteString(bare[r])
		default:
			return s
		}
	}
	return b.String()
}

// bare maps the accented Latin letters of Europe outside the GSM alphabet to
// letters inside it.
var bare = func() map[rune]string {
	m := map[rune]string{
		'œ': "oe", 'Œ': "OE", 'þ': "th", 'Þ': "Th", 'ĳ': "ij", 'Ĳ': "IJ", 'ẞ': "SS",
		'ő': "ö", 'Ő': "Ö", 'ű': "ü", 'Ű': "Ü",
	}
	for letter, accented := range map[string]string{
		"a": "áâãāăąǎạảấầẩẫậắằẳẵặ", "c": "çćĉċč", "d": "ďđð", "e": "êëēĕėęěẹẻẽếềểễệ", "g": "ĝğġģ", "h": "ĥħ",
		"i": "íîïĩīĭįıǐịỉ", "j": "ĵ", "k": "ķ", "l": "ĺļľŀł", "n": "ńņňŋ", "o": "óôõōŏǒơọỏốồổỗộớờởỡợ",
		"r": "ŕŗř", "s": "śŝşšș", "t": "ţťŧț", "u": "úûũūŭůųǔưụủứừửữự", "w": "ŵẁẃẅ", "y": "ýÿŷỳỵỷỹ", "z": "źżž",
		"A": "ÀÁÂÃĀĂĄẠẢẤẦẨẪẬẮẰẲẴẶ", "C": "ĆĈĊČ", "D": "ĎĐÐ", "E": "ÈÊËĒĔĖĘĚẸẺẼẾỀỂỄỆ", "G": "ĜĞĠĢ", "H": "ĤĦ",
		"I": "ÌÍÎÏĨĪĬĮİỊỈ", "J": "Ĵ", "K": "Ķ", "L": "ĹĻĽĿŁ", "N": "ŃŅŇŊ", "O": "ÒÓÔÕŌŎƠỌỎỐỒỔỖỘỚỜỞỠỢ",
		"R": "ŔŖŘ", "S": "ŚŜŞŠȘ", "T": "ŢŤŦȚ", "U": "ÙÚÛŨŪŬŮŲƯỤỦỨỪỬỮỰ", "W": "ŴẀẂẄ", "Y": "ÝŸŶỲỴỶỸ", "Z": "ŹŻŽ",
	} {
		for _, r := range accented {
			m[r] = letter
		}
	}
	m['ə'], m['Ə'] = "e", "E"
	return m
}()
