package site

import (
	"strings"

	"tocsin/internal/alert"
)

// unbreakable puts no-break spaces where a line must not end: before French
// punctuation, and inside the one number to call. Texts for SMS and radio have
// ordinary spaces, because their alphabets have no other.
func unbreakable(lang alert.Lang, text, phone string) string {
	const nbsp = "\u00a0"
	if lang == alert.French {
		text = frenchMarks.Replace(text)
	}
	if shown := alert.FormatPhone(phone); shown != "" {
		text = strings.ReplaceAll(text, shown, strings.ReplaceAll(shown, " ", nbsp))
	}
	return text
}

var frenchMarks = strings.NewReplacer(" :", "\u00a0:", " ;", "\u00a0;", " !", "\u00a0!", " ?", "\u00a0?", "« ", "«\u00a0", " »", "\u00a0»")
