package cap

import (
	"bytes"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/internal/alert"
)

// encoder collects the document and every fault at once.
type encoder struct {
	buf    bytes.Buffer
	depth  int
	path   string // of the element whose children are written: "info[0]."
	faults alert.Invalid
}

func (e *encoder) fault(name, code, text string) { e.faults.Add(e.path+name, code, text) }

// text writes an optional element; an empty one is left out.
func (e *encoder) text(name, value string) {
	if value != "" {
		e.must(name, value)
	}
}

// must writes an element that the schema wants, even when empty: it is
// Validate that refuses what is empty and should not be.
func (e *encoder) must(name, value string) {
	if r, bad := foreign(value); bad {
		e.fault(name, "character", fmt.Sprintf("holds %U, which XML cannot carry; delete it", r))
		return
	}
	e.indent()
	e.buf.WriteString("<" + name + ">")
	escapeText(&e.buf, value)
	e.buf.WriteString("</" + name + ">\n")
}

// word writes an element whose values the schema lists.
func (e *encoder) word(name, value string, words []string) {
	if !slices.Contains(words, value) {
		e.fault(name, "unknown", fmt.Sprintf("%.40q is no %s of CAP; use one of %s", value, name, strings.Join(words, ", ")))
		return
	}
	e.must(name, value)
}

func (e *encoder) when(name string, t time.Time) {
	if t.IsZero() {
		return
	}
	if y := t.UTC().Year(); y < 1970 || y > 9998 {
		e.fault(name, "range", "give a time between the years 1970 and 9998")
		return
	}
	e.must(name, FormatTime(t))
}

func (e *encoder) number(name string, f *float64) {
	if f == nil {
		return
	}
	if math.IsNaN(*f) || math.IsInf(*f, 0) {
		e.fault(name, "range", "give a finite number of feet")
		return
	}
	e.must(name, strconv.FormatFloat(*f, 'f', -1, 64))
}

func (e *encoder) uri(name, value string) {
	if value == "" {
		return
	}
	if !validURI(value) {
		e.fault(name, "uri", "write an address without spaces, such as https://alerts.example.org/photos/x.jpg, all else percent-encoded")
		return
	}
	e.must(name, value)
}

// group writes an element with children, whose faults carry its place.
func (e *encoder) group(name string, n int, children func()) {
	outer := e.path
	e.path = fmt.Sprintf("%s%s[%d].", outer, name, n)
	e.indent()
	e.buf.WriteString("<" + name + ">\n")
	e.depth++
	children()
	e.depth--
	e.indent()
	e.buf.WriteString("</" + name + ">\n")
	e.path = outer
}

func (e *encoder) indent() {
	for range e.depth {
		e.buf.WriteString("  ")
	}
}

// foreign finds the first character that XML 1.0 has no place for, not even escaped.
func foreign(s string) (rune, bool) {
	for i, r := range s {
		switch {
		case r == utf8.RuneError:
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return r, true // a broken byte, not a written U+FFFD
			}
		case r == '\t', r == '\n', r == '\r':
		case r < 0x20, r == 0xFFFE, r == 0xFFFF:
			return r, true
		}
	}
	return 0, false
}

// validURI is narrower than xs:anyURI, so that each validator agrees: RFC 3986
// characters, whole percent escapes, brackets only around a host.
func validURI(s string) bool {
	const marks = "-._~:/?#@!$&'()*+,;=%[]"
	for i := range len(s) {
		c := s[i]
		alnum := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !alnum && strings.IndexByte(marks, c) < 0 {
			return false
		}
		if c == '%' {
			if _, err := strconv.ParseUint(s[i+1:min(i+3, len(s))], 16, 8); err != nil || i+3 > len(s) {
				return false
			}
		}
	}
	u, err := url.Parse(s)
	if err != nil {
		return false
	}
	outside := strings.Count(s, "#") > 1 || strings.ContainsAny(u.Opaque+u.Path+u.RawQuery+u.Fragment, "[]")
	return !outside
}
