package region

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"tocsin/internal/alert"
)

//go:embed groups.tsv
var groupsTSV string

// Group is areas that officers know by one name: Île-de-France, Benelux, a
// police zone. An alert carries its members, never the group.
type Group struct {
	Code  string                `json:"code"`  // "FR-IDF" as ISO 3166-2 has it, or a word of the server's own
	Names map[alert.Lang]string `json:"names"` // at least one
	Areas []string              `json:"areas"` // codes, 1 to 60
}

// Name is the group's name in lang, or in English, or its code.
func (g Group) Name(lang alert.Lang) string {
	return alert.Area{Code: g.Code, Names: g.Names}.Name(lang)
}

// maxGroup is the most areas that one alert takes.
const maxGroup = 60

// Groups are those every server knows: the parent units of ISO 3166-2 and unions of States.
var Groups = sync.OnceValues(func() ([]Group, error) { return readGroups(groupsTSV) })

func readGroups(table string) ([]Group, error) {
	var all []Group
	for n, f := range rows(table, len(alert.Langs)+2) {
		if len(f) != len(alert.Langs)+2 {
			return nil, fmt.Errorf("groups.tsv: line %d has %d columns", n, len(f))
		}
		g := Group{Code: f[0], Names: map[alert.Lang]string{}, Areas: strings.Fields(f[len(f)-1])}
		for i, lang := range alert.Langs {
			g.Names[lang] = f[1+i]
		}
		all = append(all, g)
	}
	return all, nil
}

// CheckGroups finds the faults of a server's own groups: no code or name, a code
// given twice or that is an area's, and members that are not known.
func (a *Atlas) CheckGroups(field string, groups []Group) alert.Invalid {
	var v alert.Invalid
	var seen []string
	for i, g := range groups {
		at := fmt.Sprintf("%s[%d]", field, i)
		switch _, area := a.Area(g.Code); {
		case g.Code == "" || len(g.Code) > 40 || strings.ContainsAny(g.Code, " ,;\n"):
			v.Add(at+".code", "format", "Give the group a code of 1 to 40 characters without spaces, such as \"zone-5340\".")
		case area:
			v.Add(at+".code", "double", g.Code+" is the code of an area; give the group another.")
		case slices.Contains(seen, g.Code):
			v.Add(at+".code", "double", g.Code+" is the code of another group too; change one.")
		}
		seen = append(seen, g.Code)
		if len(g.Names) == 0 {
			v.Add(at+".names", "required", "Name the group in at least one language.")
		}
		if n := len(g.Areas); n == 0 || n > maxGroup {
			v.Add(at+".areas", "range", "List 1 to 60 areas of the group.")
		}
		for j, code := range g.Areas[:min(len(g.Areas), maxGroup)] {
			if _, known := a.Area(code); !known {
				v.Add(fmt.Sprintf("%s.areas[%d]", at, j), "unknown", fmt.Sprintf("The area %.20q is not known; give ISO 3166-2 codes such as BE-VAN.", code))
			}
		}
	}
	return v
}
