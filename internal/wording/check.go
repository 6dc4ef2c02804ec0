package wording

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"tocsin/internal/alert"
)

// Code says what kind of words a Warning is about. What to do about it stands in Text.
type Code string

// The kinds, with what Found is.
const (
	Jargon    Code = "jargon"     // a word of the trade
	Cipher    Code = "code"       // a code or an abbreviation
	Capitals  Code = "capitals"   // words all in capital letters
	Health    Code = "health"     // a word about health
	Origin    Code = "origin"     // a word about nationality, ethnicity or belief
	Address   Code = "address"    // a street address
	BirthDate Code = "birth_date" // a full date of birth
	Document  Code = "document"   // the number of a document
	Phone     Code = "phone"      // a number that is not the one to call
	Plate     Code = "plate"      // a plate unlike those of its country
	Lost      Code = "lost"       // what an edited text no longer says
	NameInSMS Code = "sms_name"   // the child's name, where policy keeps it out of SMS
)

// Warning is one thing that the public should perhaps not read. It never stands
// in the way of an alert: the officer knows what the machine does not.
type Warning struct {
	Code    Code       `json:"code"`
	Field   string     `json:"field"`          // JSON path, or "texts.LANG.NAME" of an edited text
	Lang    alert.Lang `json:"lang,omitempty"` // of the words
	Found   string     `json:"found"`
	Instead string     `json:"instead,omitempty"` // what to say, where a list knows it; of a plate, how they look
	Text    string     `json:"text"`              // what to do, in English
	// More, on the last of a list that was cut, is how many are not in it.
	More int `json:"more,omitempty"`
}

// Policy is what the agency decided about words.
type Policy struct {
	// NamelessSMS keeps the child's name out of SMS, which are kept on phones
	// that nobody can reach at withdrawal.
	NamelessSMS bool
}

// maxWarnings bounds what is shown: more is a wall nobody reads at night.
const maxWarnings = 40

// Check looks at what people wrote in m, whose texts are written: the free words
// of the facts, and the texts in edited. The machine's own words are not looked at.
func Check(m *alert.Message, edited []alert.Edited, p Policy) []Warning {
	all, err := lists()
	if err != nil || m.Facts == nil || len(m.Languages) == 0 {
		return nil // a broken list is found by its test; words are never in the way of an alert
	}
	c := &check{m: m, lists: all}
	f, first := m.Facts, m.Languages[0]
	c.localized("note", f.Note)
	for i, child := range f.Children {
		at := fmt.Sprintf("children[%d].", i)
		c.name(at+"given_name", first, child.GivenName)
		c.name(at+"family_name", first, child.FamilyName)
		c.localized(at+"marks", child.Marks)
	}
	for i, s := range f.Suspects {
		c.localized(fmt.Sprintf("suspects[%d].marks", i), s.Marks)
	}
	for i, v := range f.Vehicles {
		c.plate(fmt.Sprintf("vehicles[%d].plate", i), v)
	}
	c.name("last_seen.place", first, f.LastSeen.Place)
	c.name("last_seen.towards", first, f.LastSeen.Towards)
	c.phones("last_seen.place", first, f.LastSeen.Place)
	for _, e := range edited {
		field := "texts." + string(e.Lang) + "." + e.Name
		c.words(field, e.Lang, e.Text)
		c.lost(field, e)
	}
	if p.NamelessSMS {
		c.nameInSMS()
	}
	return c.list()
}

// list is what was found, what nobody may miss before the cut: who has edited
// many texts would else read of capitals, and not that the number is gone.
func (c *check) list() []Warning {
	slices.SortStableFunc(c.found, func(a, b Warning) int { return c.rank(a) - c.rank(b) })
	if len(c.found) <= maxWarnings {
		return c.found
	}
	shown := c.found[:maxWarnings]
	shown[maxWarnings-1].More = len(c.found) - maxWarnings
	return shown
}

// rank puts first what sends calls to the wrong place or nowhere, and the name
// that policy keeps out of SMS.
func (c *check) rank(w Warning) int {
	switch {
	case w.Code == Lost && w.Found == alert.FormatPhone(c.m.Facts.Contact.Phone):
		return 0
	case w.Code == Phone, w.Code == NameInSMS:
		return 1
	}
	return 2
}

type check struct {
	m     *alert.Message
	lists map[alert.Lang]*list
	found []Warning
}

func (c *check) warn(code Code, field string, lang alert.Lang, found, instead string) {
	for _, w := range c.found {
		if w.Code == code && w.Field == field && strings.EqualFold(w.Found, found) {
			return
		}
	}
	c.found = append(c.found, Warning{Code: code, Field: field, Lang: lang, Found: found, Instead: instead, Text: text(code, instead)})
}

func (c *check) localized(field string, l alert.Localized) {
	for _, lang := range c.m.Languages {
		if s := strings.TrimSpace(l[lang]); s != "" {
			c.words(field+"."+string(lang), lang, s)
		}
	}
}

// words looks at free words in lang.
func (c *check) words(field string, lang alert.Lang, text string) {
	l := c.lists[lang]
	if l == nil {
		return
	}
	text = strings.ToValidUTF8(text, "?") // what is found in small letters is cut from it: both must be as long
	lower := small(text)
	for _, w := range l.jargon {
		if found, ok := find(text, lower, w); ok {
			c.warn(Jargon, field, lang, found, l.Jargon[w])
		}
	}
	for _, w := range l.codes {
		if found, ok := find(text, text, w); ok {
			c.warn(Cipher, field, lang, found, l.Codes[w])
		}
	}
	c.personal(Health, field, lang, text, l.Health)
	c.personal(Origin, field, lang, text, l.Origin)
	c.capitals(field, lang, text)
	if at := l.address.FindString(text); at != "" && !strings.Contains(c.m.Facts.LastSeen.Place, at) {
		c.warn(Address, field, lang, at, "")
	}
	c.dates(field, lang, text, l)
	c.documents(field, lang, text, l)
	c.phones(field, lang, text)
}

// personal warns of one word of a kind: that says it.
func (c *check) personal(code Code, field string, lang alert.Lang, text string, words []string) {
	lower := small(text)
	for _, w := range words {
		if found, ok := find(text, lower, w); ok {
			c.warn(code, field, lang, found, "")
			return
		}
	}
}

// name looks at a name or a place, which may be in any language.
func (c *check) name(field string, lang alert.Lang, text string) { c.capitals(field, lang, text) }

// shouted is how many letters in a row of capital words are too many: a
// station's initials are few.
const shouted = 8

func (c *check) capitals(field string, lang alert.Lang, text string) {
	text = strings.TrimPrefix(text, alert.StatusWord(c.m.Status, lang))
	start, letters := -1, 0
	flush := func(end int) {
		if letters >= shouted {
			c.warn(Capitals, field, lang, strings.TrimRight(strings.TrimSpace(text[start:end]), ".,;:"), "")
		}
		start, letters = -1, 0
	}
	at := 0
	for _, word := range words(text) {
		if n, upper := lettersOf(word); n > 0 && upper && !strings.ContainsFunc(word, unicode.IsDigit) {
			if start < 0 {
				start = at
			}
			letters += n
		} else if n > 0 || strings.ContainsFunc(word, unicode.IsDigit) {
			flush(at)
		}
		at += len(word)
	}
	flush(len(text))
}

func lettersOf(word string) (n int, upper bool) {
	for _, r := range word {
		if unicode.IsLetter(r) {
			n++
			if !unicode.IsUpper(r) {
				return n, false
			}
		}
	}
	return n, n > 1
}

var (
	numericDate = regexp.MustCompile(`\b(?:\d{1,2}[./-]\d{1,2}[./-]((?:19|20)\d{2})|((?:19|20)\d{2})-\d{2}-\d{2})\b`)
	spelledDate = regexp.MustCompile(`(?:^|[^\d])(\d{1,2}(?:\.|er|º|st|nd|rd|th)?(?: de)? \pL{3,12}\.?,?(?: de)? ((?:19|20)\d{2}))(?:[^\d]|$)`)
)

// dates looks for a birth date: any full date of an earlier year, and any date
// beside a word for birth. What was seen was seen this year.
func (c *check) dates(field string, lang alert.Lang, text string, l *list) {
	found, year := "", ""
	if at := numericDate.FindStringSubmatch(text); at != nil {
		found, year = at[0], at[1]+at[2]
	} else if at := spelledDate.FindStringSubmatch(text); at != nil {
		found, year = at[1], at[2]
	}
	if found == "" {
		return
	}
	born := false
	for _, w := range l.Born {
		_, ok := find(text, small(text), w)
		born = born || ok
	}
	if born || year < fmt.Sprint(c.m.Expires.Year()) && !c.m.Expires.IsZero() {
		c.warn(BirthDate, field, lang, found, "")
	}
}

// serial is how the numbers of identity documents, tax codes and accounts look.
var serial = regexp.MustCompile(`\b(?:[A-Z]{1,3}[- ]?\d{6,9}|\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}|[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]|\d{8}-?[A-Z]|[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7})\b`)

var token = regexp.MustCompile(`[\pL\d][\pL\d.-]{4,}`)

func (c *check) documents(field string, lang alert.Lang, text string, l *list) {
	for _, at := range serial.FindAllString(text, 5) {
		if !c.isPlate(at) {
			c.warn(Document, field, lang, at, "")
			return
		}
	}
	for _, w := range l.Document {
		word, ok := find(text, small(text), w)
		if !ok {
			continue
		}
		for _, t := range token.FindAllString(text[strings.Index(text, word):], 12) {
			if strings.ContainsFunc(t, unicode.IsDigit) && !c.isPlate(t) {
				c.warn(Document, field, lang, t, "")
				return
			}
		}
	}
}

func (c *check) isPlate(s string) bool {
	for _, v := range c.m.Facts.Vehicles {
		if v.Plate != "" && strings.Contains(bare(v.Plate), bare(s)) {
			return true
		}
	}
	return false
}

// bare is the letters and digits of a plate, in capitals.
func bare(plate string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToUpper(r)
		}
		return -1
	}, plate)
}

var number = regexp.MustCompile(`\+?\d[\d .\-/()]{5,}\d`)

// phones looks for a number that is neither the one to call nor the hotline.
func (c *check) phones(field string, lang alert.Lang, text string) {
	text = serial.ReplaceAllString(numericDate.ReplaceAllString(text, "–"), "–")
	for _, at := range number.FindAllString(text, 10) {
		d := digits(at)
		if len(d) < 7 || len(d) > 15 || c.ours(d) || c.isPlate(at) {
			continue
		}
		c.warn(Phone, field, lang, strings.TrimSpace(at), "")
	}
}

// ours says whether the digits are those of the number to call or the hotline,
// dialled from within the country or from outside.
func (c *check) ours(d string) bool {
	d = strings.TrimLeft(d, "0")
	for _, n := range []string{c.m.Facts.Contact.Phone, c.m.Facts.Contact.Hotline} {
		if n = digits(n); n != "" && (n == d || strings.HasSuffix(n, d)) {
			return true
		}
	}
	return false
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

func (c *check) plate(field string, v alert.Vehicle) {
	all, err := platesOf()
	if err != nil || v.Plate == "" {
		return
	}
	if p := all[strings.ToUpper(v.Country)]; p != nil && !p.shape.MatchString(bare(v.Plate)) {
		c.warn(Plate, field, "", v.Plate, p.Like)
	}
}

// sentence is what an officer reads: a whole one, that the console can say in his language.
type sentence struct{ Text string }

// advice is what to do about each kind of words.
var advice = map[Code]sentence{
	Jargon:    {Text: "People do not know this word. Say it plainly, or leave it out."},
	Cipher:    {Text: "People do not know what this stands for. Say it in words, or leave it out."},
	Capitals:  {Text: "Capital letters are hard to read, and read as shouting. Write it as in a newspaper."},
	Health:    {Text: "This is about health. Leave it out unless people recognise the child by it, or the child's life depends on it."},
	Origin:    {Text: "This is about nationality, ethnicity or belief. Leave it out unless people recognise the person by it."},
	Address:   {Text: "This looks like a street address. The family's home stays with the police; the place last seen has a question of its own."},
	BirthDate: {Text: "This looks like a date of birth. The age is enough."},
	Document:  {Text: "This looks like the number of a document. It stays with the police."},
	Phone:     {Text: "This is not the number to call. People call the number they read first; leave this one out."},
	Lost:      {Text: "The machine's words say this, and the edited text no longer does. Put it back unless you left it out on purpose."},
	NameInSMS: {Text: "Your rules keep the child's name out of SMS. Edit the text to say it without the name."},
}

// example is advice where a list knows what to say instead, or how a plate looks.
var example = map[Code]sentence{
	Jargon: {Text: "People do not know this word. Say it plainly, for example: %s."},
	Cipher: {Text: "People do not know what this stands for. Say it in words, for example: %s."},
	Plate:  {Text: "Plates of this country look different, for example: %s. Ask the witness again; if it is right, leave it."},
}

// text is the sentence of a warning, in English.
func text(code Code, instead string) string {
	if s, ok := example[code]; ok && instead != "" {
		return fmt.Sprintf(s.Text, instead)
	}
	return advice[code].Text
}
