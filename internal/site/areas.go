package site

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"tocsin/internal/alert"
)

// areaCode is the shape of an area's code.
var areaCode = regexp.MustCompile(`^[A-Z]{2}(-[A-Z0-9]{1,3})?$`)

// Bounds of what a stranger may ask of areas.
const (
	maxAreas   = 20 // as many as a subscription may have
	maxMatches = 20
	maxQuery   = 80
)

// areasOf reads ?area=BE-VAN,NL; nil is everywhere. False = it has answered.
func (s *site) areasOf(w http.ResponseWriter, r *http.Request) ([]string, bool) {
	var codes []string
	for _, v := range r.URL.Query()["area"] {
		for code := range strings.SplitSeq(v, ",") {
			code = strings.ToUpper(strings.TrimSpace(code))
			if code == "" {
				continue
			}
			if len(codes) == maxAreas {
				badParameter("area", "area takes at most 20 codes; name whole countries instead.").write(w, r)
				return nil, false
			}
			if _, ok := s.Atlas.Area(code); !ok || !areaCode.MatchString(code) {
				badParameter("area", "area takes codes such as BE or BE-VAN, separated by commas; /v1/regions lists them.").write(w, r)
				return nil, false
			}
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes), true
}

type regionJSON struct {
	Code  string                `json:"code"`
	Name  string                `json:"name"`
	Names map[alert.Lang]string `json:"names"`
}

// regions lists the States, a State's units, or what a name finds.
func (s *site) regions(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	lang, ok := s.feedLang(r)
	if !ok {
		badParameter("lang", wrongLang).write(w, r)
		return
	}
	country, name := q.Get("country"), strings.TrimSpace(q.Get("q"))
	if len(name) > 4*maxQuery {
		badParameter("q", "q is a part of an area's name, at most 80 characters.").write(w, r)
		return
	}
	var found []alert.Area
	switch _, known := s.Atlas.Area(country); {
	case country != "" && (len(country) != 2 || !known):
		badParameter("country", "country is a participating State's code such as BE; leave it out to list them.").write(w, r)
		return
	case name != "":
		// A search over all, narrowed after: more is asked for, so that narrowing leaves enough.
		found = s.Atlas.Search(name, lang, 25*maxMatches)
		found = slices.DeleteFunc(found, func(a alert.Area) bool { return country != "" && !strings.HasPrefix(a.Code, country) })
		found = found[:min(len(found), maxMatches)]
	case country != "":
		found = byName(s.Atlas.Units(country), lang)
	default:
		found = byName(s.Atlas.Countries(), lang)
	}
	list := make([]regionJSON, len(found))
	for i, a := range found {
		list[i] = regionJSON{a.Code, a.Name(lang), a.Names}
	}
	a := jsonReply(map[string]any{"regions": list})
	a.keep = hour
	a.write(w, r)
}

// byName sorts areas as lang does.
func byName(areas []alert.Area, lang alert.Lang) []alert.Area {
	c := collate.New(language.Make(string(lang)))
	slices.SortStableFunc(areas, func(a, b alert.Area) int { return c.CompareString(a.Name(lang), b.Name(lang)) })
	return areas
}
