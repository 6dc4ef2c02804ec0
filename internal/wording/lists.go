package wording

import (
	"embed"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"tocsin/internal/alert"
)

// Each language has a file of its own words, plates.json one of the States'
// number plates. In a list "word*" is every word that begins so; a code is
// looked for as it is written, everything else in any case.
//
//go:embed lists/*.json plates.json
var files embed.FS

// list is one language's file.
type list struct {
	Jargon   map[string]string `json:"jargon"` // to what to say instead; "" = leave it out
	Codes    map[string]string `json:"codes"`
	Health   []string          `json:"health"`
	Origin   []string          `json:"origin"`
	Address  string            `json:"address"` // a pattern
	Document []string          `json:"document"`
	Born     []string          `json:"born"`

	address *regexp.Regexp
	jargon  []string // in a fixed order, the longest first: the phrase before its word
	codes   []string
}

// plates is how a State's number plates are made, of capital letters and digits alone.
type plates struct {
	Shape string `json:"shape"`
	Like  string `json:"like"`

	shape *regexp.Regexp
}

// lists are read once; a test reads them all, so a fault in a file is found there.
var lists = sync.OnceValues(func() (map[alert.Lang]*list, error) {
	all := map[alert.Lang]*list{}
	for _, lang := range alert.Langs {
		l := &list{}
		if err := read("lists/"+string(lang)+".json", l); err != nil {
			return nil, err
		}
		var err error
		if l.address, err = regexp.Compile("(?i)" + l.Address); err != nil {
			return nil, fmt.Errorf("lists/%s.json: address: %w", lang, err)
		}
		l.jargon, l.codes = longestFirst(l.Jargon), longestFirst(l.Codes)
		all[lang] = l
	}
	return all, nil
})

var platesOf = sync.OnceValues(func() (map[string]*plates, error) {
	all := map[string]*plates{}
	if err := read("plates.json", &all); err != nil {
		return nil, err
	}
	for country, p := range all {
		var err error
		if p.shape, err = regexp.Compile("^(?:" + p.Shape + ")$"); err != nil {
			return nil, fmt.Errorf("plates.json: %s: %w", country, err)
		}
	}
	return all, nil
})

// read decodes strictly: a misspelt name would silence a whole list.
func read(name string, into any) error {
	f, err := files.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // read only
	dec := json.NewDecoder(f)
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func longestFirst(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if n := len(b) - len(a); n != 0 {
			return n
		}
		return strings.Compare(a, b)
	})
	return keys
}

// find is where a word of a list stands in text, as text writes it. text is
// given as it was and in small letters, of the same length; a code is looked
// for in the first, everything else in the second.
func find(text, in, word string) (found string, ok bool) {
	word, prefix := strings.CutSuffix(word, "*")
	for from := 0; ; {
		i := strings.Index(in[from:], word)
		if i < 0 || word == "" {
			return "", false
		}
		start, end := from+i, from+i+len(word)
		from = end
		if before, _ := utf8.DecodeLastRuneInString(in[:start]); inWord(before) {
			continue
		}
		if prefix {
			end += len(in[end:]) - len(strings.TrimLeftFunc(in[end:], inWord))
		} else if after, _ := utf8.DecodeRuneInString(in[end:]); inWord(after) && inWord(lastRune(word)) {
			continue
		}
		return text[start:end], true
	}
}

func lastRune(s string) rune {
	r, _ := utf8.DecodeLastRuneInString(s)
	return r
}

// inWord says whether r is a part of a word; the end of a text is none.
func inWord(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r))
}

// small is s, which is valid UTF-8, in small letters, byte for byte as long: what is found in it is cut from s.
func small(s string) string {
	return strings.Map(func(r rune) rune {
		if l := unicode.ToLower(r); utf8.RuneLen(l) == utf8.RuneLen(r) {
			return l
		}
		return r
	}, s)
}
