package console

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
	"tocsin/internal/wording"
)

type textsView struct {
	page
	Case    casework.Case
	Row     caseRow
	Langs   []langTexts
	Warn    []warnLine
	MayEdit bool
	Whole   bool // the facts are complete: texts can be edited
	Version uint64
}

// langTexts are all texts in one language, to look at and to edit.
type langTexts struct {
	Lang  alert.Lang
	Name  string
	Texts []editableText
}

type editableText struct {
	liveText
	Href string
	Diff []wording.Span // from the machine's words; nil when they are
	Live string         // what the live revision says in an officer's own words, where the update does not
}

func (c *console) textRoutes(r chi.Router) {
	r.Get("/", c.speak((*console).textsPage))
	r.Get("/{lang}/{name}", c.speak((*console).textPage))
	r.Post("/{lang}/{name}", c.speak((*console).saveText))
	r.Post("/{lang}/{name}/words", c.speak((*console).sketchText))
	r.Post("/{lang}/{name}/machine", c.speak((*console).machineText))
	r.Post("/{lang}/{name}/keep", c.speak((*console).keepText))
}

// textsPage lists every text of every channel in every language.
func (c *console) textsPage(w http.ResponseWriter, r *http.Request) {
	k, ok := c.find(w, r)
	if !ok {
		return
	}
	sketch, err := c.Casework.Sketch(k.ID, nil)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	view := textsView{
		page: c.page(r, c.say("All texts")), Case: k, Row: c.row(k, c.officer(r)), Version: k.Version,
		MayEdit: mayEdit(k, c.officer(r)), Whole: sketch.Whole,
	}
	view.Back = "/console/cases/" + k.ID
	if view.MayEdit {
		view.Back += "/check"
	}
	view.Errors = c.links(k, sketch.Faults)
	view.Warn = c.warnings(&k.Draft, k.ID, sketch.Warnings, view.MayEdit)
	for _, lang := range sketch.Message.Languages {
		l := langTexts{Lang: lang, Name: languageName(lang)}
		for _, x := range c.liveLang(sketch, lang).Texts {
			e := editableText{liveText: x, Href: textAddress(k.ID, lang, x.Name)}
			switch {
			case x.Page:
				e.Href = ""
			case x.Edited:
				e.Diff = wording.Diff(sketch.Machine[lang].Named(x.Name), sketch.Message.Texts[lang].Named(x.Name))
			default:
				e.Live = sketch.Live[lang][x.Name].Text
			}
			l.Texts = append(l.Texts, e)
		}
		view.Langs = append(view.Langs, l)
	}
	c.render(w, r, http.StatusOK, "texts", view)
}

func textAddress(id string, lang alert.Lang, name string) string {
	return "/console/cases/" + id + "/texts/" + string(lang) + "/" + name
}

type textView struct {
	page
	Case     casework.Case
	Of       alert.Lang // the text's language; Lang is the page's
	LangName string
	Heading  string
	Action   string
	Version  uint64
	Text     string // as typed
	Rows     int
	Fault    string // of the text, beside the box
	Limit    string
	Edited   bool
	Stale    bool
	Since    []wording.Span // what the machine says otherwise than when the edit was written
	Look     textLook
}

// textLook is what is refreshed while an officer types: the count, and the difference.
type textLook struct {
	Lang    alert.Lang
	Count   string
	Over    bool
	Diff    []wording.Span
	Warn    []warnLine
	Summary string
}

// textPlace is a text as the address names it.
type textPlace struct {
	k      casework.Case
	sketch casework.Sketch
	lang   alert.Lang
	name   string
	stuck  string // why it cannot be edited as the draft is now; "" = it can
}

// textPlace finds the text of the address. A form may find it stuck: a colleague
// has taken a fact or a language out since it was opened, and what was typed must
// stay in the box. A page that is only opened leads elsewhere then.
func (c *console) textPlace(w http.ResponseWriter, r *http.Request) (textPlace, bool) {
	k, ok := c.find(w, r)
	if !ok {
		return textPlace{}, false
	}
	if !mayEdit(k, c.officer(r)) {
		c.refuse(w, r, http.StatusForbidden, c.say("You may not change this case"), c.say("Only authors write, and only while the case is open."))
		return textPlace{}, false
	}
	sketch, err := c.Casework.Sketch(k.ID, nil)
	if err != nil {
		c.fail(w, r, err)
		return textPlace{}, false
	}
	p := textPlace{k: k, sketch: sketch, lang: alert.Lang(chi.URLParam(r, "lang")), name: chi.URLParam(r, "name")}
	form, spoken := r.Method == http.MethodPost, slices.Contains(sketch.Message.Languages, p.lang)
	switch {
	case !slices.Contains(alert.Langs, p.lang) || !slices.Contains(alert.TextNames, p.name) || !spoken && !form:
		c.notFound(w, r)
		return textPlace{}, false
	case !spoken:
		p.stuck = c.say("The alert is not in this language; remove the text, or add the language to the alert.")
	case !sketch.Whole: // a gap cannot be edited away
		p.stuck = c.say("The texts can be edited once nothing is missing from the answers.")
		if !form {
			http.Redirect(w, r, "/console/cases/"+k.ID+"/texts", http.StatusSeeOther)
			return textPlace{}, false
		}
	}
	return p, true
}

// stuckText keeps what was typed for a text that cannot be edited now, and lists what is missing.
func (c *console) stuckText(w http.ResponseWriter, r *http.Request, p textPlace, sent url.Values) {
	if !sent.Has("text") {
		http.Redirect(w, r, "/console/cases/"+p.k.ID+"/texts", http.StatusSeeOther)
		return
	}
	view := c.textView(r, p, sent.Get("text"))
	view.Fault, view.Errors = p.stuck, []fault{{p.stuck, "#text"}}
	if preview, err := c.Casework.Preview(r.Context(), p.k.ID); err == nil {
		view.Errors = append(view.Errors, c.links(p.k, preview.Faults)...)
	}
	c.render(w, r, http.StatusConflict, "text", view)
}

func (p textPlace) machine() string { return p.sketch.Machine[p.lang].Named(p.name) }

// longTexts get a higher box.
var longTexts = map[string]int{"description": 14, "spoken": 12, "long360": 6, "sms": 6}

func (c *console) textView(r *http.Request, p textPlace, text string) textView {
	title := c.say(titleOf(p.name))
	v := textView{
		page: c.page(r, title), Case: p.k, Of: p.lang, LangName: languageName(p.lang), Heading: title,
		Action: textAddress(p.k.ID, p.lang, p.name), Version: p.k.Version, Text: text, Rows: max(longTexts[p.name], 4),
		Limit: c.limitOf(alert.Measure(p.name, text, p.lang)), Look: c.textLook(p, text),
	}
	v.Back, v.Wide, v.Scripts = "/console/cases/"+p.k.ID+"/texts#"+string(p.lang)+"-"+p.name, true, []string{"words.js"}
	if edit, ok := p.sketch.Edits[p.lang][p.name]; ok {
		v.Edited, v.Stale = true, edit.Machine != p.machine()
		if v.Stale {
			v.Since = wording.Diff(edit.Machine, p.machine())
		}
	}
	return v
}

func (c *console) textLook(p textPlace, text string) textLook {
	kept, faults := alert.CheckEdit(p.sketch.Message, p.lang, p.name, text)
	n := alert.Measure(p.name, kept, p.lang)
	look := textLook{Lang: p.lang, Count: c.counted(n), Over: n.Over(), Diff: wording.Diff(p.machine(), kept), Summary: c.say("Every text fits its channel.")}
	if len(faults) > 0 {
		look.Summary = c.retell(faults[0].Text)
	}
	edit := alert.Edited{Lang: p.lang, Name: p.name, Text: kept, Machine: p.machine()}
	field := "texts." + string(p.lang) + "." + p.name
	look.Warn = c.warnings(&p.k.Draft, "", warningsOf(wording.Check(p.sketch.Message, []alert.Edited{edit}, wording.Policy{}), field), false)
	return look
}

// limitOf says what the text may take.
func (t *tongue) limitOf(n alert.Count) string {
	switch {
	case n.Unit == "seconds":
		return t.count(n.Limit, "At most {n} second read aloud.", "At most {n} seconds read aloud.")
	case n.Name == "sms":
		return t.say("At most two messages, or three with Cyrillic and many accented letters, of which a message holds fewer.")
	}
	return t.count(n.Limit, "At most {n} character.", "At most {n} characters.")
}

func (c *console) textPage(w http.ResponseWriter, r *http.Request) {
	if p, ok := c.textPlace(w, r); ok {
		c.render(w, r, http.StatusOK, "text", c.textView(r, p, p.sketch.Message.Texts[p.lang].Named(p.name)))
	}
}

// sketchText shows the count and the difference of what is typed, and keeps nothing.
func (c *console) sketchText(w http.ResponseWriter, r *http.Request) {
	p, ok := c.textPlace(w, r)
	if !ok {
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxSketch)
	sent, ok := c.readForm(w, r)
	if !ok {
		return
	}
	if p.stuck != "" {
		c.stuckText(w, r, p, sent)
		return
	}
	view := c.textView(r, p, sent.Get("text"))
	view.Version = sentVersion(sent)
	if r.Header.Get(partHeader) != "" {
		c.renderPart(w, r, http.StatusOK, "text", "text-part", view.Look)
		return
	}
	_, faults := alert.CheckEdit(p.sketch.Message, p.lang, p.name, view.Text)
	c.render(w, r, http.StatusOK, "text", c.withFaults(view, faults))
}

// withFaults says at the box what is wrong with the text.
func (c *console) withFaults(v textView, faults alert.Invalid) textView {
	for _, f := range faults {
		said := c.retell(f.Text)
		v.Errors = append(v.Errors, fault{said, "#text"})
		v.Fault = strings.TrimSpace(v.Fault + " " + said)
	}
	return v
}

// sentVersion is the version that the officer saw; 0 is nobody's.
func sentVersion(sent url.Values) uint64 {
	n, _ := strconv.ParseUint(sent.Get("version"), 10, 64)
	return n
}

func (c *console) saveText(w http.ResponseWriter, r *http.Request) {
	c.wordText(w, r, func(p textPlace, sent url.Values) (string, error) {
		text := sent.Get("text")
		_, err := c.Casework.Reword(r.Context(), c.officer(r), p.k.ID, sentVersion(sent), p.lang, p.name, text)
		return text, err
	})
}

func (c *console) machineText(w http.ResponseWriter, r *http.Request) {
	c.wordText(w, r, func(p textPlace, sent url.Values) (string, error) {
		_, err := c.Casework.Unword(r.Context(), c.officer(r), p.k.ID, sentVersion(sent), p.lang, p.name)
		return p.machine(), err
	})
}

// keepText takes over into an update what the live revision says.
func (c *console) keepText(w http.ResponseWriter, r *http.Request) {
	c.wordText(w, r, func(p textPlace, sent url.Values) (string, error) {
		text := p.sketch.Live[p.lang][p.name].Text
		_, err := c.Casework.Reword(r.Context(), c.officer(r), p.k.ID, sentVersion(sent), p.lang, p.name, text)
		return text, err
	})
}

// wordText does one act on a text. Whatever is in its way, what was typed stays in the box.
func (c *console) wordText(w http.ResponseWriter, r *http.Request, act func(textPlace, url.Values) (string, error)) {
	p, ok := c.textPlace(w, r)
	if !ok {
		return
	}
	sent, ok := c.readForm(w, r)
	if !ok {
		return
	}
	if p.stuck != "" {
		c.stuckText(w, r, p, sent)
		return
	}
	text, err := act(p, sent)
	if invalid, ok := errors.AsType[alert.Invalid](err); ok {
		view := c.withFaults(c.textView(r, p, text), invalid)
		view.Version = sentVersion(sent)
		c.render(w, r, http.StatusUnprocessableEntity, "text", view)
		return
	}
	switch {
	case errors.Is(err, casework.ErrConflict):
		if p, ok = c.textPlace(w, r); !ok { // as it is now
			return
		}
		if p.stuck != "" {
			c.stuckText(w, r, p, sent)
			return
		}
		view := c.textView(r, p, text)
		view.Errors = []fault{{c.say("{who} changed this case while you were writing. Look at the difference, then save again to keep your words.", "who", c.nameOf(p.k.LastEditor)), "#text"}}
		c.render(w, r, http.StatusPreconditionFailed, "text", view)
	case err != nil:
		c.fail(w, r, err)
	default:
		http.Redirect(w, r, "/console/cases/"+p.k.ID+"/texts?done=saved#"+string(p.lang)+"-"+p.name, http.StatusSeeOther)
	}
}

// editedText is a text in an officer's own words, as its approver is shown it.
type editedText struct {
	Title string
	Stale bool
	Diff  []wording.Span
}

// editedIn are the edited texts of one language.
func (c *console) editedIn(p casework.Preview, lang alert.Lang) []editedText {
	var list []editedText
	for _, x := range textTitles {
		for _, e := range p.Edited {
			if e.Lang == lang && e.Name == x.name {
				list = append(list, editedText{c.say(x.title), e.Stale, wording.Diff(e.Machine, e.Text)})
			}
		}
	}
	return list
}

// textOfPath is the text that a fault's path names: "texts.fr.sms".
func textOfPath(path string) (lang alert.Lang, name string, ok bool) {
	rest, ok := strings.CutPrefix(path, "texts.")
	if !ok {
		return "", "", false
	}
	code, name, ok := strings.Cut(rest, ".")
	return alert.Lang(code), name, ok && slices.Contains(alert.Langs, alert.Lang(code)) && slices.Contains(alert.TextNames, name)
}
