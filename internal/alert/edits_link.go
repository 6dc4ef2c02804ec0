package alert

import (
	"regexp"
	"strings"
)

// bareEndings are what a telephone makes a link of without a scheme or a path:
// the participating States' endings, and those that shorten addresses. Others,
// and these in a title's letters, follow the full stop of a sentence too often.
const bareEndings = "al|ad|am|at|az|by|be|ba|bg|ca|hr|cy|cz|dk|ee|fi|fr|ge|de|gr|va|hu|is|ie|it|kz|kg|lv|li|lt|lu|mt|md|mc|mn|me|nl|mk|no|" +
	"pl|pt|ro|ru|sm|rs|sk|si|es|se|ch|tj|tr|tm|ua|uk|us|uz|eu|su|рф|рус|бел|укр|" +
	"ly|co|gl|gd|tv|cc|ai|gg|tk|io|app|dev|page|shop|store|club|website|mobi|gov"

// links find what webAddress leaves: that one looks at names, where a missed
// link costs a word in a place; here a whole text is somebody's own.
var links = []*regexp.Regexp{
	webAddress,
	regexp.MustCompile(`[^\s@]+@[\pL\pN-]+(?:\.[\pL\pN-]+)*\.\pL{2,}`), // a mail address
	// A path makes an address of any word: t.co/x. Not of "St.Gallen/SG".
	regexp.MustCompile(`[\pL\pN-]+\.(?:[a-z]{2,24}|(?i:` + bareEndings + `))/\S+`),
	// A name of two characters with a letter: neither "p.es." nor "9.me".
	regexp.MustCompile(`[\pL\pN-]*(?:\pL[\pL\pN-]|[\pN-]\pL)[\pL\pN-]*\.(?:` + bareEndings + `|` + strings.ToUpper(bareEndings) + `)(?:[^\pL\pN]|$)`),
}

// maxShownLink bounds what a fault repeats of a text: enough to find it by.
const maxShownLink = 60

// link is the first address in text that a telephone would open, "" for none; of
// a very long one its beginning.
func link(text string) string {
	for _, l := range links {
		at := l.FindStringIndex(text)
		if at == nil {
			continue
		}
		// Whole, as the officer typed it: the pattern may have found the middle of it.
		start := strings.LastIndexAny(text[:at[0]], " \n") + 1
		end := len(text)
		if i := strings.IndexAny(text[at[1]-1:], " \n"); i >= 0 {
			end = at[1] - 1 + i
		}
		whole := []rune(strings.TrimRight(text[start:end], ".,;:!?)"))
		return string(whole[:min(len(whole), maxShownLink)])
	}
	return ""
}
