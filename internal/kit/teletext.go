package kit

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"tocsin/internal/alert"
)

// A page of teletext: 24 rows, of which the station's own head and foot take four.
const (
	columns = 40
	rows    = 20
)

// accents are the letters beyond ASCII that a language's teletext has in its
// national set (ETSI EN 300 706, table 36); Russian has an alphabet of its own.
var accents = map[alert.Lang]string{
	alert.English: "",
	alert.French:  "éïàëêùîçâôûè",
	alert.German:  "ÄÖÜäöüß",
	alert.Italian: "éçàòèùì",
	alert.Spanish: "ç¡áéíóú¿üñèà",
}

// plain are the letters that Unicode does not take apart.
var plain = strings.NewReplacer(
	"ß", "ss", "ø", "o", "Ø", "O", "ł", "l", "Ł", "L", "đ", "d", "Đ", "D", "æ", "ae", "Æ", "AE", "œ", "oe", "Œ", "OE",
	"ı", "i", "ə", "e", "Ə", "E", "þ", "th", "Þ", "Th", "ð", "d", "Ð", "D",
	"’", "'", "‘", "'", "“", `"`, "”", `"`, "«", `"`, "»", `"`, "–", "-", "—", "-", "…", "...", "·", "-", "•", "-", "\u00a0", " ", "\u202f", " ",
)

// fold writes text in the letters that a page in lang has. whole is false when
// letters of another script were lost.
func fold(text string, lang alert.Lang) (folded string, whole bool) {
	var out strings.Builder
	whole = true
	for _, r := range norm.NFC.String(text) {
		switch {
		case r >= ' ' && r <= '~', strings.ContainsRune(accents[lang], r):
			out.WriteRune(r)
		case lang == alert.Russian && r >= 'А' && r <= 'я' || lang == alert.Russian && (r == 'ё' || r == 'Ё'):
			out.WriteRune(r)
		case unicode.IsSpace(r):
			out.WriteByte(' ')
		default:
			kept := 0
			for _, d := range norm.NFD.String(plain.Replace(string(r))) {
				if d >= ' ' && d <= '~' {
					out.WriteRune(d)
					kept++
				}
			}
			whole = whole && (kept > 0 || !unicode.IsLetter(r))
		}
	}
	return strings.TrimSpace(out.String()), whole
}

// page sets lines of teletext.
type page struct {
	lang  alert.Lang
	lines []string
	whole bool // nothing was lost of another script
}

// add breaks text into lines. A text that cannot be written in this alphabet is left out.
func (p *page) add(text string) {
	folded, whole := fold(text, p.lang)
	p.whole = p.whole && whole
	if whole && folded != "" {
		p.lines = append(p.lines, breakLines(folded, columns)...)
	}
}

// blank keeps what follows apart.
func (p *page) blank() { p.lines = append(p.lines, "") }

// breakLines breaks at spaces, and a word only when it is longer than a line.
func breakLines(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for utf8.RuneCountInString(word) > width {
			letters := []rune(word)
			lines = append(lines, string(letters[:width]))
			word = string(letters[width:])
		}
		line = word
	}
	return append(lines, line)
}

// teletext is one page.
func (j *job) teletext(lang alert.Lang) (text []byte, whole bool) {
	return teletext(j.sheets[lang], lang, j.updated(lang))
}

// TeletextRows is how many lines a page of teletext has.
const TeletextRows = rows

// SketchTeletext is the page of teletext that an unfinished draft would have: what
// an officer sees while writing. It is empty where m has no facts or lang no words.
func SketchTeletext(m *alert.Message, lang alert.Lang) string {
	s, ok := alert.SketchSheet(m, lang)
	if !ok {
		return ""
	}
	updated := ""
	if m.MsgType == alert.TypeUpdate {
		updated, _ = alert.FormatTime(time.Now(), m.Facts.LastSeen.TimeZone, lang) // without a zone yet, without a time
	}
	text, _ := teletext(s, lang, updated)
	return string(text)
}

// teletext sets a sheet. The number to call always has its place; what was seen
// gives way to it.
func teletext(s alert.Sheet, lang alert.Lang, updated string) (text []byte, whole bool) {
	w := wordsOf[lang]
	body, foot := &page{lang: lang, whole: true}, &page{lang: lang, whole: true}
	if s.Mark != "" {
		body.add("*** " + s.Mark + " *** " + s.Warning)
	}
	head := strings.ToUpper(s.Heading)
	if s.Update != "" {
		head = strings.ToUpper(s.Update) + " " + updated + ": " + head
	}
	body.add(head)
	body.blank()
	for _, c := range s.Children {
		if _, ok := fold(c.Name, lang); !ok { // the page lives without the name, not without the child
			body.whole = false
			c.Name = ""
		}
		body.add(joined(", ", c.Name, c.About))
	}
	body.add(s.Seen + s.Colon + s.When)
	body.add(s.Place)
	for _, c := range s.Children {
		body.add(joined(". ", c.Looks, c.Clothing))
	}
	for _, v := range s.Vehicles {
		body.add(joined(", ", v.Words, v.Plate+country(v)))
	}
	if s.Direction.Value != "" {
		body.add(s.Direction.Label + s.Colon + s.Direction.Value)
	}
	foot.blank()
	if s.DontApproach != "" {
		foot.add(strings.ToUpper(s.DontApproach))
	}
	foot.add(strings.ToUpper(w.call) + " " + s.Phone)
	if s.Hotline != "" && s.Hotline != s.Phone {
		foot.add(s.HotlineWords)
	}
	foot.add(joined(", ", s.Issued.Value, s.ValidUntil.Label+" "+s.ValidUntil.Value))
	foot.lines = foot.lines[:min(len(foot.lines), rows/2)]
	lines := append(body.lines[:min(len(body.lines), rows-len(foot.lines))], foot.lines...)
	return []byte(strings.Join(lines, "\n") + "\n"), body.whole && foot.whole
}

func country(v alert.SheetVehicle) string {
	if v.Plate == "" || v.Country == "" {
		return ""
	}
	return " (" + v.Country + ")"
}
