package alert

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// count is a fault when n things are more than limit.
func (c *checker) count(field string, n, limit int) {
	if n > limit {
		c.add(field, "too_many", "There are %d entries and at most %d are possible; remove some.", n, limit)
	}
}

// size is a fault when s is not UTF-8 or has more than limit characters.
func (c *checker) size(field, s string, limit int) {
	if !utf8.ValidString(s) {
		c.add(field, "encoding", "The text is not valid UTF-8; send it encoded as UTF-8.")
		return
	}
	if n := utf8.RuneCountInString(s); n > limit {
		c.add(field, "too_long", "The text has %d characters and at most %d are possible; shorten it.", n, limit)
	}
}

// short is size for ids and enumeration values.
func (c *checker) short(field, s string) { c.size(field, s, maxToken) }

func (c *checker) required(field, s, mend string) {
	if strings.TrimSpace(s) == "" {
		c.add(field, "required", "%s", mend)
	}
}

// plain refuses characters that do not show, or that show other than they are.
// Markup is not refused: a text is shown as text everywhere.
func (c *checker) plain(field, s string) {
	for _, r := range s {
		switch {
		case bidiControl(r):
			c.add(field, "bidi", "The text has an invisible mark that turns the direction of writing (U+%04X); type it again without copying.", r)
		case unicode.IsControl(r), r == '\u2028', r == '\u2029', r == '\uFEFF', r == '\uFFFE', r == '\uFFFF':
			c.add(field, "control", "The text has a control character or line break (U+%04X); write it as one line.", r)
		case r == utf8.RuneError:
			c.add(field, "encoding", "A character of the text was lost on the way (U+FFFD); type it again, encoded as UTF-8.")
		default:
			continue
		}
		return // one such fault a field says it all
	}
}

// bidiControl says whether r can make a plate or a number read backwards.
func bidiControl(r rune) bool {
	return r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069' ||
		r == '\u200E' || r == '\u200F' || r == '\u061C'
}

// webAddress finds what a phone would make a link of. A name with a link in it
// would send the public to a stranger's page under the police's name.
var webAddress = regexp.MustCompile(`(?i)://|\bwww\.|[\pL\pN-]{2,}\.(com|net|org|info|biz|eu|io|ru|xyz|top|site|online|link)\b`)

// name is plain, without a web address, and has a letter when it is not empty.
func (c *checker) name(field, s string) {
	c.plain(field, s)
	if webAddress.MatchString(s[:min(len(s), 4*maxPlace)]) {
		c.add(field, "url", "A web address is not possible here; write the name alone.")
	}
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
		c.add(field, "format", "The text has no letter; write the name, or leave it empty.")
	}
}

func (c *checker) localizedBounds(field string, l Localized, limit int) {
	c.count(field, len(l), len(Langs))
	for _, lang := range keys(l) {
		c.short(field, string(lang))
		c.size(at(field, lang), l[lang], limit)
	}
}

// localized wants every language of the alert and no other, or none at all.
func (c *checker) localized(field string, l Localized) {
	if len(l) == 0 {
		return
	}
	for _, lang := range clip(c.langs, len(Langs)) {
		if strings.TrimSpace(l[lang]) == "" && slices.Contains(Langs, lang) {
			c.add(at(field, lang), "required", "The alert is in this language too; write the text in it, or remove the text in all languages.")
		}
	}
	for _, lang := range keys(l) {
		if !slices.Contains(c.langs, lang) {
			c.add(at(field, lang), "language", "The alert is not in this language; remove the text, or add the language to the alert.")
			continue
		}
		c.plain(at(field, lang), l[lang])
	}
}

// Validate lists the faults of l as an officer's own words, each at most limit
// characters: every language of langs and no other, in characters that show.
func (l Localized) Validate(field string, langs []Lang, limit int) Invalid {
	c := &checker{langs: langs}
	c.localizedBounds(field, l, limit)
	c.localized(field, l)
	return c.faults
}

// keys are l's languages in a fixed order, so that faults do not change places;
// never more than a few over the six, so that a thousand keys make no thousand faults.
func keys(l Localized) []Lang {
	return clip(slices.Sorted(maps.Keys(l)), len(Langs)+2)
}

// at is the JSON path of a language; a key that is no language is not repeated.
func at(field string, lang Lang) string {
	if !slices.Contains(Langs, lang) {
		return field
	}
	return field + "." + string(lang)
}

// enum is a fault when v is not one of all; the empty value is one only when required.
func enum[T ~string](c *checker, field string, v T, all []T, required bool) {
	if v == "" && !required || slices.Contains(all, v) {
		return
	}
	words := make([]string, len(all))
	for i, a := range all {
		words[i] = string(a)
	}
	code, what := "unknown", "The value is not known"
	if v == "" {
		code, what = "required", "A value is missing"
	}
	c.add(field, code, "%s; use one of: %s.", what, strings.Join(words, ", "))
}

// https is a fault when s is not an address that any phone can open as it is written.
func (c *checker) https(field, s string) {
	if s == "" {
		return
	}
	u, err := url.Parse(s)
	ascii := !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7F })
	switch {
	case err != nil || !ascii || u.Scheme != "https" || u.Hostname() == "":
		c.add(field, "format", "Give a full https address in plain ASCII, for example https://police.example/sighting.")
	case u.User != nil:
		c.add(field, "userinfo", "The address has a user name or password before the host; remove it.")
	}
}
