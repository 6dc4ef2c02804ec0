package console

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/casework"
)

// search is what an officer looks for in the list of cases.
type search struct {
	Text string // a part of the number, of the agency's file number, or of a child's name
	Day  string // "2026-11-22", in the agency's time: begun, released or ended then
	Page int    // from 1

	lower    string    // Text, to compare with
	from0    time.Time // of the day
	to0      time.Time
	wholeDay bool
}

// maxSearch bounds the text that is held against every case.
const maxSearch = 60

// searchOf reads the address; what makes no sense there finds what nothing would.
func (c *console) searchOf(r *http.Request) search {
	q := r.URL.Query()
	s := search{Text: strings.TrimSpace(q.Get("q")), Day: q.Get("day"), Page: 1}
	if runes := []rune(s.Text); len(runes) > maxSearch {
		s.Text = string(runes[:maxSearch])
	}
	s.lower = strings.ToLower(s.Text)
	if n, err := strconv.Atoi(q.Get("page")); err == nil && n > 1 {
		s.Page = n
	}
	day, err := time.ParseInLocation(time.DateOnly, s.Day, c.zone)
	if err != nil {
		s.Day = ""
		return s
	}
	s.from0, s.to0, s.wholeDay = day, day.AddDate(0, 0, 1), true
	return s
}

// Any says whether something is looked for.
func (s search) Any() bool { return s.Text != "" || s.wholeDay }

// finds says whether k is looked for. The names of the children of a case that
// has ended find nothing: whom it was about is no longer asked.
func (s search) finds(k *casework.Case) bool {
	if s.wholeDay && !slices.ContainsFunc([]time.Time{k.Created, k.Released, k.Withdrawn}, func(at time.Time) bool {
		return !at.Before(s.from0) && at.Before(s.to0)
	}) {
		return false
	}
	if s.Text == "" || contains(k.ID, s.lower) || contains(k.Internal.Reference, s.lower) {
		return true
	}
	if nameless(*k) {
		return false
	}
	for _, p := range k.Facts.Children {
		if contains(p.GivenName, s.lower) {
			return true
		}
	}
	return false
}

// contains looks for part, in small letters, in text.
func contains(text, part string) bool {
	return text != "" && strings.Contains(strings.ToLower(text), part)
}

// from is where the page begins among n; a page after the last is the last.
func (s *search) from(n int) int {
	s.Page = min(s.Page, max(1, (n+perPage-1)/perPage))
	return (s.Page - 1) * perPage
}

// Address of a tab with the same search.
func (s search) Address(slug string) string { return s.address(slug, 1) }

func (s search) address(slug string, page int) string {
	q := url.Values{"tab": {slug}}
	if s.Text != "" {
		q.Set("q", s.Text)
	}
	if s.Day != "" {
		q.Set("day", s.Day)
	}
	if page > 1 {
		q.Set("page", strconv.Itoa(page))
	}
	return "/console/cases?" + q.Encode()
}

// newest are n cases from a place on, newest change first. The times are taken
// out of the cases before they are put in order: ten thousand cases lie far apart
// in memory, and an order looks at each many times.
func newest(all []*casework.Case, from, n int) []*casework.Case {
	type aged struct {
		at int64
		k  *casework.Case
	}
	keys := make([]aged, len(all))
	for i, k := range all {
		keys[i] = aged{k.Changed.UnixNano(), k}
	}
	slices.SortFunc(keys, func(a, b aged) int {
		if a.at != b.at {
			return cmp.Compare(b.at, a.at)
		}
		return strings.Compare(a.k.ID, b.k.ID)
	})
	var out []*casework.Case
	for _, key := range keys[min(from, len(keys)):min(from+n, len(keys))] {
		out = append(out, key.k)
	}
	return out
}
