package console

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
)

// areaView is what the area page shows beside its questions.
type areaView struct {
	Lands, Groups []option
	Circle, Drawn *field
	Found         string // the shapes that were looked up: sent back, so that a changed one is noticed
	Notice        string // what looking up did
	Estimate      estimate
	Undrawn       string // areas that no shape can find
	Map           *mapView
}

// estimate is who would get the alert, and who must agree first.
type estimate struct {
	Reach   string `json:"reach"`             // "10,000 phones by push and 3 broadcasters in Namur"; "" without areas
	Outside string `json:"outside,omitempty"` // areas outside the officer's jurisdiction
	Beyond  string `json:"beyond,omitempty"`  // areas that a shape reaches into and that are not chosen
}

// finding says whether an officer asked to look things up, and not to save.
func finding(sent url.Values) bool { return sent.Get("do") == "find" }

// shapesOf names the shapes of facts, for the comparison with those that were looked up.
func shapesOf(f *alert.Facts) string {
	if f.Circle == nil && len(f.Polygons) == 0 {
		return ""
	}
	return fmt.Sprint(f.Circle != nil, writeShapes(f.Polygons)) + circleText(f.Circle)
}

func circleText(o *alert.Circle) string {
	if o == nil {
		return ""
	}
	return fmt.Sprintf("%s %g", degrees(o.Centre), o.KM)
}

// addReached ticks what new or changed shapes reach into. An officer who meant
// to save is shown the result first: nobody alerts what he has not read.
func (c *console) addReached(b *form, f *field, facts *alert.Facts) {
	now := shapesOf(facts)
	b.looked = b.sent.Get("shapes")
	if len(b.Faults) > 0 || now == "" || now == b.looked || len(facts.Storable()) > 0 {
		return // too many points are not looked up; the fault is told when they are saved
	}
	b.looked = now
	b.reached = c.Atlas.Reached(facts)
	added := addAreas(&facts.Areas, c.Atlas.Coarse(b.reached, maxAreasFound))
	if len(added) > 0 && !finding(b.sent) {
		b.fault(f, "look", b.say("The areas of the circle and the shapes are ticked now: {names}. Look at them, then save.", "names", c.areaNames(added, c.lang)))
	}
}

// maxAreasFound is the most areas that a shape ticks: what one alert takes.
const maxAreasFound = 60

// estimate counts who would get it.
func (c *console) estimate(r *http.Request, k casework.Case, b *form) estimate {
	var e estimate
	f := b.facts
	if len(f.Areas) == 0 {
		return e
	}
	e.Reach = c.say("{who} in {where}", "who", c.sentence(c.reachOf(casework.Preview{Channels: c.Casework.Reach(f.Areas)})), "where", c.areaNames(f.Areas, c.lang))
	k.Facts = *f
	if outside := c.Casework.Outside(k, c.officer(r)); len(outside) > 0 {
		e.Outside = c.areaNames(outside, c.lang)
	}
	if len(f.Storable()) == 0 {
		if b.reached == nil {
			b.reached = c.Atlas.Reached(f)
		}
		beyond := slices.DeleteFunc(slices.Clone(b.reached), func(code string) bool {
			country, _, _ := strings.Cut(code, "-")
			return slices.Contains(f.Areas, code) || slices.Contains(f.Areas, country)
		})
		if len(beyond) > 0 {
			e.Beyond = c.areaNames(beyond, c.lang)
		}
	}
	return e
}

// areaView fills what the area page shows beside its questions.
func (c *console) areaView(r *http.Request, view *stepView, b *form) {
	f, facts := b.Fields[0], b.facts
	view.Scripts = append(view.Scripts, "filter.js", "area.js")
	if want := r.URL.Query().Get("country"); want != "" && b.sent == nil {
		f.Value = want
		f.Options = c.areaOptions(want, facts.Areas)
	}
	view.Country = f.Value
	a := &areaView{Circle: b.Fields[1], Drawn: b.Fields[2], Found: b.looked, Estimate: c.estimate(r, view.Case, b)}
	for _, land := range c.Atlas.Countries() {
		a.Lands = append(a.Lands, option{land.Code, land.Name(c.lang)})
	}
	a.Groups = c.groupOptions(view.Country)
	if undrawn := c.Atlas.Undrawn(view.Country); len(undrawn) > 0 {
		a.Undrawn = c.areaNames(undrawn, c.lang)
	}
	if b.sent != nil && len(b.Faults) == 0 {
		a.Notice = c.say("This is not saved yet.")
	}
	if a.Map = areaMap(); a.Map != nil {
		view.Scripts = append(view.Scripts, "areamap.js")
	}
	view.Area = a
}

// groupOptions are the groups with an area of the country, by name.
func (c *console) groupOptions(country string) []option {
	var list []option
	for _, g := range c.Groups {
		if slices.ContainsFunc(g.Areas, func(code string) bool { return code == country || strings.HasPrefix(code, country+"-") }) {
			list = append(list, option{g.Code, g.Name(c.lang)})
		}
	}
	slices.SortFunc(list, func(x, y option) int { return strings.Compare(x.Text, y.Text) })
	return list
}

// found is what a script is told of a look-up.
type found struct {
	Areas    []foundArea `json:"areas"` // all that are chosen now
	Shapes   string      `json:"shapes"`
	Centre   string      `json:"centre"` // as it was understood
	Faults   []string    `json:"faults,omitempty"`
	Estimate estimate    `json:"estimate"`
}

type foundArea struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// lookUp answers a look-up of the area page: the page again, unsaved, or its
// facts for a script. It says whether that was asked.
func (c *console) lookUp(w http.ResponseWriter, r *http.Request, p place, b *form, sent url.Values) bool {
	if p.step.slug != "area" || !finding(sent) {
		return false
	}
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		out := found{Areas: []foundArea{}, Shapes: b.looked, Centre: b.Fields[1].Parts[0].Value, Estimate: c.estimate(r, p.k, b)}
		for i, name := range c.namesOf(b.facts.Areas, c.lang) {
			out.Areas = append(out.Areas, foundArea{b.facts.Areas[i], name})
		}
		for _, f := range b.Faults {
			out.Faults = append(out.Faults, c.retell(f.Text))
		}
		writeJSON(w, http.StatusOK, out)
		return true
	}
	status := http.StatusOK
	if len(b.Faults) > 0 {
		status = http.StatusUnprocessableEntity
	}
	c.render(w, r, status, templateOf(p.step), c.keep(c.stepView(r, p, b), sent))
	return true
}
