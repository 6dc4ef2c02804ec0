package console

import (
	"net/http"
	"strings"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
)

// liveView is the words of an alert as they stand, beside the form that changes them.
type liveView struct {
	Address string // takes the form and answers with this part anew; "" = nothing to type on this page
	Texts   string // the page where each text can be edited; "" before the case exists
	Percent int
	Missing []fault // what would help most, with where it is asked
	Langs   []liveLang
	Warn    []warnLine
	Summary string // one sentence for who does not see the counts
}

type liveLang struct {
	Lang  alert.Lang
	Name  string
	Texts []liveText
}

// liveText is one channel's text with its count.
type liveText struct {
	Lang          alert.Lang
	Name, Title   string
	Pieces        []piece
	Count         string
	Edited, Stale bool
	Over          bool
	Page          bool // lines of equal letters, drawn from the answers: takes no edit
}

// piece is a stretch of a text; a gap stands for a fact that is not known yet.
type piece struct {
	Text string
	Gap  bool
}

// textTitles are the texts in the order in which people are reached by them.
var textTitles = []struct{ name, title string }{
	{"push_title", tr("Push title")},
	{"push_body", tr("Push body")},
	{"sms", tr("SMS")},
	{"spoken", tr("Spoken")},
	{"crawl", tr("Crawl")},
	{"radiotext", tr("RadioText")},
	{"headline", tr("Headline")},
	{"description", tr("Full account")},
	{"instruction", tr("What to do")},
	{"short90", tr("Cell broadcast, short")},
	{"long360", tr("Cell broadcast, long")},
}

func titleOf(name string) string {
	for _, x := range textTitles {
		if x.name == name {
			return x.title
		}
	}
	return name
}

// beside is the words of draft d of case id, "" for one that does not exist yet.
// The form is what matters: without words the page stands all the same.
func (c *console) beside(r *http.Request, id string, d *casework.Draft, address string) *liveView {
	kept := c.storable(id, d)
	if len(kept.Facts.Languages) == 0 {
		kept.Facts.Languages = c.Languages
	}
	sketch, err := c.Casework.Sketch(id, &kept)
	if err != nil {
		c.Log.ErrorContext(r.Context(), "words beside the form", "path", routeOf(r), "err", err)
		return nil
	}
	v := &liveView{Address: address}
	if id != "" {
		v.Texts = "/console/cases/" + id + "/texts"
	}
	v.Percent, v.Missing = c.completeness(d, id, nil)
	for _, lang := range sketch.Message.Languages {
		v.Langs = append(v.Langs, c.liveLang(sketch, lang))
	}
	v.Warn = c.warnings(d, id, sketch.Warnings, true)
	v.Summary = c.fits(v.Langs)
	if n := len(v.Warn); n > 0 {
		v.Summary += " " + c.count(n, "{n} thing to look at again.", "{n} things to look at again.")
	}
	return v
}

// storable is d, or what is stored of the case where d could not be: words are not
// written, counted and compared of a book that somebody pasted into a box.
func (c *console) storable(id string, d *casework.Draft) casework.Draft {
	if len(d.Facts.Storable()) == 0 {
		return *d
	}
	if k, err := c.Casework.Get(id); err == nil {
		return k.Draft
	}
	return c.preset()
}

// putBeside puts the words beside a page's form, and widens the page for them.
func (c *console) putBeside(r *http.Request, p *page, id string, d *casework.Draft, address string) {
	if p.Beside = c.beside(r, id, d, address); p.Beside != nil {
		p.Wide = true
		p.Scripts = append(p.Scripts, "words.js")
	}
}

func (c *console) liveLang(k casework.Sketch, lang alert.Lang) liveLang {
	l := liveLang{Lang: lang, Name: languageName(lang)}
	for _, x := range textTitles {
		text := k.Message.Texts[lang].Named(x.name)
		n := alert.Measure(x.name, text, lang)
		t := liveText{
			Lang: lang, Name: x.name, Title: c.say(x.title), Pieces: pieces(text, alert.Placeholders(lang)), Count: c.counted(n), Over: n.Over(),
		}
		for _, e := range k.Edited {
			if e.Lang == lang && e.Name == x.name {
				t.Edited, t.Stale = true, e.Stale
			}
		}
		l.Texts = append(l.Texts, t)
	}
	if c.Teletext != nil {
		page := strings.TrimRight(c.Teletext(k.Message, lang), "\n")
		l.Texts = append(l.Texts, liveText{
			Lang: lang, Name: "teletext", Title: c.say("Teletext"), Page: true, Pieces: pieces(page, alert.Placeholders(lang)),
			Count: c.count(strings.Count(page, "\n")+1, "{n} line", "{n} lines"),
		})
	}
	return l
}

// counted says how full a text is, in its channel's own measure.
func (t *tongue) counted(n alert.Count) string {
	of := t.say("{n} of {of}", "n", t.thousands(n.Count), "of", t.thousands(n.Limit))
	switch {
	case n.Unit == "seconds":
		return t.count(n.Count, "Read aloud in about {n} second", "Read aloud in about {n} seconds")
	case n.Parts > 0 && n.Unit == "septets":
		return of + ", " + t.count(n.Parts, "{n} message", "{n} messages")
	case n.Parts > 0:
		return of + " (UCS-2), " + t.count(n.Parts, "{n} message", "{n} messages")
	}
	return of
}

// fits says in one sentence which texts are too long.
func (t *tongue) fits(langs []liveLang) string {
	var over []string
	for _, l := range langs {
		for _, x := range l.Texts {
			if x.Over {
				over = append(over, x.Title+" ("+l.Name+")")
			}
		}
	}
	if len(over) == 0 {
		return t.say("Every text fits its channel.")
	}
	return t.say("Too long: {texts}.", "texts", t.sentence(over))
}

// pieces takes a text apart at its gaps. Each gap is looked for once behind its
// last place: an officer may type thousands of them.
func pieces(text string, gaps []string) []piece {
	var list []piece
	next := make([]int, len(gaps)) // where each stands at or behind from
	for i := range next {
		next[i] = -1
	}
	for from := 0; from < len(text); {
		at, gap := len(text), ""
		for i, g := range gaps {
			if next[i] < from {
				next[i] = len(text)
				if n := strings.Index(text[from:], g); n >= 0 {
					next[i] = from + n
				}
			}
			if next[i] < at {
				at, gap = next[i], g
			}
		}
		if at > from {
			list = append(list, piece{text[from:at], false})
		}
		if gap != "" {
			list = append(list, piece{gap, true})
		}
		from = at + len(gap)
	}
	return list
}

// maxSketch bounds a form whose words are asked for: no photo is in it, and the
// longest page has under 20 KB.
const maxSketch = 64 << 10

// sketchStep shows the words as they would be with what is typed, and keeps
// nothing. A script asks for the words alone; without one the page comes whole,
// with everything typed still in it.
func (c *console) sketchStep(w http.ResponseWriter, r *http.Request) {
	p, ok := c.place(w, r)
	if !ok {
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxSketch)
	sent, ok := c.readForm(w, r)
	if !ok {
		return
	}
	if p.step.many != nil && p.n < 0 {
		c.notFound(w, r)
		return
	}
	d := p.draft()
	view := c.keep(c.stepView(r, p, c.take(p.step, &d, max(p.n, 0), sent)), sent)
	c.renderWords(w, r, templateOf(p.step), view)
}

// sketchNew is sketchStep for a case that does not exist yet.
func (c *console) sketchNew(w http.ResponseWriter, r *http.Request) {
	if !c.mayBegin(w, r) {
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxSketch)
	sent, ok := c.readForm(w, r)
	if !ok {
		return
	}
	first, _ := c.firstPage()
	if first.slug == criteriaSlug { // no text says anything of them
		c.notFound(w, r)
		return
	}
	d := c.preset()
	c.renderWords(w, r, templateOf(first), c.newView(r, c.take(first, &d, 0, sent)))
}

// partHeader is how a script asks for the part of a page that it refreshes.
const partHeader = "Tocsin-Part"

func (c *console) renderWords(w http.ResponseWriter, r *http.Request, name string, view stepView) {
	if r.Header.Get(partHeader) == "" {
		c.render(w, r, http.StatusOK, name, view)
		return
	}
	c.renderPart(w, r, http.StatusOK, name, "live-part", view.Beside)
}
