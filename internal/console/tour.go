package console

import (
	"bytes"
	"cmp"
	"net/http"
	"slices"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
	"tocsin/internal/exercise"
)

// tourGoal is what a person who never saw Tocsin should need, from the report to the release.
const tourGoal = 3 * time.Minute

// hint is what the tour says on one page: what to do, with the words of the
// button to press, and why.
type hint struct{ do, press, why string }

// The tour's words for whatever page has none of its own.
var (
	hintFill   = hint{tr("Let the example fill this page in."), tr("Fill in the example"), ""}
	hintFilled = hint{tr("Read the example, then press “{button}”."), tr("Save and continue"), tr("Every answer becomes part of a sentence in six languages.")}
	hintList   = hint{tr("That is enough here. Press “{button}”."), tr("Continue"), ""}
	hintFix    = hint{tr("Something is still missing. Follow the first link below."), "", ""}
	hintDraft  = hint{tr("Go on with the draft: press “{button}”."), tr("Change the answers"), ""}
)

// hints are the tour's words by page.
var hints = map[string]hint{
	"criteria":  {why: tr("The law says when there may be an alert. The answers stay on the record.")},
	"what":      {why: tr("This is what everybody reads first.")},
	"report":    {why: tr("The clock starts at the report. Nothing of this page becomes public.")},
	"children":  {why: tr("A stranger must recognise the child by these answers.")},
	"suspects":  {tr("Nobody is with the child in this example. Press “{button}”."), tr("Continue"), tr("A companion or abductor is described like the child.")},
	"vehicles":  {tr("There is no vehicle in this example. Press “{button}”."), tr("Continue"), tr("People notice the colour, cameras the plate.")},
	"last-seen": {why: tr("Place and time tell people where to look.")},
	"area":      {why: tr("Everybody in these areas is woken. Choose where the child can be by now.")},
	"public":    {why: tr("Everybody will call this one number.")},
	"languages": {why: tr("Tocsin writes every language by itself.")},
	"time":      {why: tr("Nobody has to remember to end it.")},
	"words":     {tr("Nothing is needed here. Press “{button}”."), tr("Save and continue"), tr("Your own words are not translated; all other answers are.")},
	"check":     {tr("Read your answers, then press “{button}”."), tr("See what everybody will get"), tr("What is still missing is listed at the top and leads to its question.")},
	"preview":   {tr("Look at each channel, then press “{button}”."), tr("Submit for release"), tr("Every text fits its channel before anybody is asked to release it.")},
	"case":      {tr("Now take the second person’s place: press “{button}”."), tr("Review and release"), tr("In an alert somebody else must do this. Here you practise both.")},
	"release":   {tr("Read who would get it and what they would read. Then press “{button}”, and decide."), tr("Go to the decision"), tr("An approver sees exactly what goes out, and answers for it with a name.")},
}

// tourBar is the tour on one page: what to do next, why, and the page's own
// button once more, always in the same place.
type tourBar struct {
	Number, Of int
	Do, Why    string
	Press      string
	Form       bool   // Press sends the page's form
	Href       string // else it leads there; "" = there is nothing to press yet
}

// tourPages are the pages of the tour in their order; asked says whether criteria come first.
func tourPages(asked bool) []string {
	var all []string
	if asked {
		all = append(all, criteriaSlug)
	}
	for _, s := range steps {
		all = append(all, s.slug)
	}
	return append(all, "check", "preview", "case", "release")
}

// tour is the bar of a practice's page, nil on every other one.
func (c *console) tour(r *http.Request) *tourBar {
	a := aroundOf(r.Context())
	if a.practice == nil || a.practice.Stage == casework.StagePractised {
		return nil
	}
	pages := tourPages(a.practice.Asked != nil)
	bar := &tourBar{Number: slices.Index(pages, a.page) + 1, Of: len(pages)}
	h := hints[a.page]
	at := "/console/cases/" + a.id
	switch step := isStep(a.page); {
	case a.list:
		bar.Href = at + "/" + after(pages, a.page)
		h = h.or(hintList)
	case step && !a.filled && h.do == "":
		bar.Href = "?example=1"
		h = h.or(hintFill)
	case step:
		bar.Form = true
		h = h.or(hintFilled)
	case a.page == "case" && a.practice.Stage == casework.StageDraft:
		bar.Href = at + "/check"
		h = hintDraft.or(h)
	case a.page == "preview":
		bar.Form = true
	case a.page == "release":
		bar.Href = "#decide"
	default:
		bar.Href = at + "/" + after(pages, a.page)
	}
	c.sayHint(bar, h)
	return bar
}

func (c *console) sayHint(bar *tourBar, h hint) {
	bar.Press = c.say(h.press)
	bar.Do, bar.Why = c.say(h.do, "button", bar.Press), c.say(h.why)
}

// stuck says that the page's button is not there yet, and why.
func (c *console) stuck(bar *tourBar) {
	if bar == nil {
		return
	}
	bar.Form, bar.Href = false, ""
	c.sayHint(bar, hintFix.or(hints["check"]))
}

// or is h with what it leaves open filled from other.
func (h hint) or(other hint) hint {
	return hint{cmp.Or(h.do, other.do), cmp.Or(h.press, other.press), cmp.Or(h.why, other.why)}
}

// after is the page after one of the tour, as its address has it.
func after(pages []string, page string) string {
	next := pages[min(slices.Index(pages, page)+1, len(pages)-1)]
	if isStep(next) {
		return "edit/" + next
	}
	return next
}

// beginPractice begins the tour: a draft of its own, with the example's photo ready.
func (c *console) beginPractice(w http.ResponseWriter, r *http.Request) {
	o := c.officer(r)
	k, err := c.Casework.Practise(r.Context(), o, c.preset())
	if err != nil {
		c.fail(w, r, err)
		return
	}
	picture, err := exercise.Portrait(exercise.Brown, exercise.Red)
	if err == nil {
		_, err = c.Casework.AddPhoto(r.Context(), o, k.ID, bytes.NewReader(picture))
	}
	if err != nil { // it is practised without a photo then
		c.Log.WarnContext(r.Context(), "the example's photo", "case", k.ID, "err", err)
	}
	first, _ := c.firstPage()
	http.Redirect(w, r, "/console/cases/"+k.ID+"/edit/"+first.slug, http.StatusSeeOther)
}

// exampleAt is where the invented case plays: in the officer's own area, else in the first of the country's.
func (c *console) exampleAt(o auth.Officer) exercise.Where {
	d := c.preset()
	at := exercise.Where{
		TimeZone: c.zone.String(), Authority: d.Facts.Authority, Phone: d.Facts.Contact.Phone, Hotline: d.Facts.Contact.Hotline,
		Languages: d.Facts.Languages, Area: alert.Area{Code: c.Country}, Criteria: c.Casework.Asks(),
	}
	where := c.Country
	if len(o.Areas) > 0 {
		where = o.Areas[0]
	}
	if units := c.Atlas.Units(where); len(units) > 0 {
		at.Area = units[0]
	} else if a, ok := c.Atlas.Area(where); ok {
		at.Area = a
	}
	return at
}

// example is the invented case of a practice, for its forms to be filled in with.
func (c *console) example(k *casework.Case, o auth.Officer) casework.Draft {
	photo := ""
	if len(k.Photos) > 0 {
		photo = k.Photos[0].Token
	}
	return exercise.Example(c.exampleAt(o), k.Created, photo)
}

// filled is the draft that a step's form shows: the case's; in a practice, when
// the example was asked for, there or on an earlier page, the example's on each
// page that has no answer yet.
func (c *console) filled(r *http.Request, p place) casework.Draft {
	d := p.draft()
	a := aroundOf(r.Context())
	if a.practice == nil || !a.filled {
		return d
	}
	e := c.example(a.practice, c.officer(r))
	if p.step.many != nil && max(p.n, 0) >= p.step.many.count(&e) || !c.unanswered(p, &d) {
		return d
	}
	return e
}

// unanswered says whether a step still shows what a new case begins with.
func (c *console) unanswered(p place, d *casework.Draft) bool {
	fresh := c.preset()
	if p.step.many != nil {
		for p.step.many.count(&fresh) <= max(p.n, 0) {
			p.step.many.grow(&fresh)
		}
	}
	have, blank := c.fill(p.step, d, max(p.n, 0)), c.fill(p.step, &fresh, max(p.n, 0))
	return slices.EqualFunc(have.Fields, blank.Fields, func(x, y *field) bool { return x.Shown() == y.Shown() })
}

// whyNot is whyNotRelease, but for who practises alone.
func (c *console) whyNot(k casework.Case, o auth.Officer) string {
	if k.Stage == casework.StageSubmitted && c.Casework.Alone(k, o) {
		return ""
	}
	return c.whyNotRelease(k, o)
}

// whereNext is where a practice goes on: the page where it was left.
func whereNext(k *casework.Case) string {
	at := "/console/cases/" + k.ID
	if isStep(k.Practice.Page) {
		return at + "/edit/" + k.Practice.Page
	}
	if p := k.Practice.Page; p != "" && p != "case" {
		return at + "/" + p
	}
	return at
}

type practiceView struct {
	page
	Case  casework.Case
	Took  string
	Goal  bool // within tourGoal
	Alone bool
	Reach []string
	Where string
	Pages []pageRow
	Langs []langPreview
	Who   string
}

// pageRow is one page of a practice: what it took.
type pageRow struct {
	Name    string
	Took    string
	Percent float64 // of the whole
	Slow    bool    // among the three slowest
	Notes   []string
}

// practicePage ends the tour: nothing was sent, what would have been, and where the time went.
func (c *console) practicePage(w http.ResponseWriter, r *http.Request) {
	k, ok := c.find(w, r)
	if !ok {
		return
	}
	record, err := c.Casework.Record(r.Context(), k.ID)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	walk, done := casework.WalkOf(record)
	if k.Practice == nil || !done {
		http.Redirect(w, r, "/console/cases/"+k.ID, http.StatusSeeOther)
		return
	}
	view := practiceView{
		page: c.page(r, c.say("Your alert has not been sent")), Case: k, Took: c.took(walk.Took().Milliseconds()),
		Goal: walk.Took() <= tourGoal, Alone: walk.Alone, Where: c.areaNames(k.Facts.Areas, c.lang), Pages: c.pageRows(walk),
		Who: c.nameOf(k.Practice.By),
	}
	p := previewOf(walk)
	view.Reach = c.reachOf(p)
	k.Facts = shownFacts(k)
	view.Langs = c.cards(k, p)
	view.Back, view.Wide = "/console/cases", true
	c.render(w, r, http.StatusOK, "practice", view)
}

// previewOf is what a practice would have sent, as the preview's cards draw it.
func previewOf(w casework.Walk) casework.Preview {
	p := casework.Preview{Message: w.Message}
	for _, s := range w.Shown {
		p.Channels = append(p.Channels, casework.ChannelPreview{
			Channel: s.Channel, Title: s.Channel, Lang: s.Lang, Parts: s.Parts,
		})
	}
	for i := range p.Channels {
		ch := &p.Channels[i]
		if at := slices.IndexFunc(w.Reach, func(r casework.Reached) bool { return r.Channel == ch.Channel }); at >= 0 {
			ch.Title, ch.Recipients = w.Reach[at].Title, w.Reach[at].Recipients
		}
	}
	return p
}

func (c *console) pageRows(w casework.Walk) []pageRow {
	slow := w.Slowest(3)
	rows := make([]pageRow, len(w.Pages))
	for i, p := range w.Pages {
		row := pageRow{
			Name: c.pageTitle(p.Page), Took: c.took(p.Took.Milliseconds()), Percent: percent(int(p.Took), int(w.Took())),
			Slow: slices.Contains(slow, p),
		}
		if p.Visits > 1 {
			row.Notes = append(row.Notes, c.count(p.Visits, "opened {n} time", "opened {n} times"))
		}
		if p.Refused > 0 {
			row.Notes = append(row.Notes, c.count(p.Refused, "sent back {n} time", "sent back {n} times"))
		}
		rows[i] = row
	}
	return rows
}

// pageTitle is a page's name as its heading says it.
func (c *console) pageTitle(name string) string {
	if s, _, ok := stepNamed(name); ok {
		return c.say(s.title)
	}
	return c.say(map[string]string{
		criteriaSlug: tr("Criteria"),
		"check":      tr("Check your answers"), "preview": tr("What everybody will get"), "case": tr("The case"), "release": tr("Release this alert?"),
	}[name])
}
