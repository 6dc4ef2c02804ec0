package adaptertest

import (
	"encoding/json"
	"net/url"
	"strings"
	"unicode"
)

// minSecret keeps short words of an address out of the search: a port or a
// language would be found everywhere.
const minSecret = 6

// hear notes what the channel said.
func (k *kit) hear(where, text string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.said[text] = where
}

// discreet wants nothing that was said to hold a recipient's address or
// anything of the case.
func (k *kit) discreet() {
	k.Helper()
	var hidden []string
	for _, r := range k.people {
		hidden = append(hidden, secrets(r.Address)...)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for text, where := range k.said {
		for _, s := range traces {
			if holds(text, s) {
				k.Errorf("%s names the case (%q): %.300s", where, s, text)
				return
			}
		}
		for _, s := range hidden {
			if holds(text, s) {
				k.Errorf("%s holds a part of an address: %.300s", where, text)
				return
			}
		}
	}
}

// holds says whether s is in text, however its letters are written and its digits are grouped.
func holds(text, s string) bool {
	return strings.Contains(text, s) || strings.Contains(squeeze(text), squeeze(s))
}

// squeeze keeps letters and digits: "+32 2 555 99 11" and "QXZ-4711" are found
// in every spelling.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// secrets are the texts in an address, and of those that are addresses the
// parts that tell somebody from others.
func secrets(address json.RawMessage) []string {
	var v any
	if json.Unmarshal(address, &v) != nil {
		return nil
	}
	var out []string
	for _, s := range texts(v) {
		out = append(out, s)
		if u, err := url.Parse(s); err == nil && u.Host != "" {
			out = append(out, u.Host)
			out = append(out, strings.Split(u.Path, "/")...)
		}
	}
	var long []string
	for _, s := range out {
		if len(squeeze(s)) >= minSecret {
			long = append(long, s)
		}
	}
	return long
}

// texts are all strings in a decoded JSON value, its keys left out.
func texts(v any) []string {
	var out []string
	switch v := v.(type) {
	case string:
		out = append(out, v)
	case []any:
		for _, e := range v {
			out = append(out, texts(e)...)
		}
	case map[string]any:
		for _, e := range v {
			out = append(out, texts(e)...)
		}
	}
	return out
}
