package site

import (
	"net/http"
	"slices"
	"time"

	"tocsin/internal/alert"
)

// subscribeView is the page where a device asks for notifications.
type subscribeView struct {
	page
	Country   alert.Area
	Countries []choice
	Units     []choice
	Map       countryMap
	Checks    []check
}

// check is one thing that must be so for an alert to reach the device: what it
// says when it is, and the mend when it is not.
type check struct{ Key, Fine, Mend string }

// checks are in the order in which one rests on the other; push.js knows the keys.
func (s *site) checks(lang alert.Lang) []check {
	words := s.words[lang]
	return []check{
		{"can", words["check.can"], words["check.can.mend"]},
		{"allowed", words["check.allowed"], words["check.allowed.mend"]},
		{"worker", words["check.worker"], words["check.worker.mend"]},
		{"address", words["check.address"], words["check.address.mend"]},
		{"server", words["check.server"], words["check.server.mend"]},
	}
}

// choice is one area in a list.
type choice struct {
	Code, Name string
	Chosen     bool
}

func (s *site) subscribe(w http.ResponseWriter, r *http.Request) {
	lang, code := s.langOf(r), r.URL.Query().Get("country")
	if code == "" {
		code = s.Country
	}
	countries := s.Atlas.Countries()
	i := max(slices.IndexFunc(countries, func(a alert.Area) bool { return a.Code == code }),
		// a stranger's word in the address, or no country in the settings
		0)
	s.serve(w, r, string(lang)+"/subscribe "+countries[i].Code, func(time.Time) reply {
		v := subscribeView{page: s.page(lang, "/subscribe", "subscribe.title"), Country: countries[i]}
		v.Query = "?country=" + v.Country.Code
		v.Scripts = []string{"map.js", "filter.js", "site.js"}
		v.Checks = s.checks(lang)
		for _, a := range byName(countries, lang) {
			v.Countries = append(v.Countries, choice{a.Code, a.Name(lang), a.Code == v.Country.Code})
		}
		for _, a := range byName(s.Atlas.Units(v.Country.Code), lang) {
			v.Units = append(v.Units, choice{a.Code, a.Name(lang), false})
		}
		v.Map = s.drawMap(v.Country.Code, s.Atlas.Units(v.Country.Code), lang)
		return s.html(http.StatusOK, "subscribe", "layout.html", v.page, v)
	})
}
