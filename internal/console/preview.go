package console

import (
	"net/http"
	"slices"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/casework"
)

type previewView struct {
	page
	Case      casework.Case
	Row       caseRow
	Short     string // digest
	Langs     []langPreview
	Reach     []string
	Where     string
	MaySubmit bool
	Outside   string // areas whose police submitting asks
	Photos    []string
	Kit       *casework.Kit
	Warn      []warnLine
}

// langPreview is everything that goes out in one language.
type langPreview struct {
	Lang  alert.Lang
	Name  string
	Cards []card
	// Edited are the texts that an officer worded.
	Edited []editedText
	Files  []kitFile // what stations get
}

// card is one channel in one language, drawn as it will look there.
type card struct {
	Look     string // push, sms, radio, web, plain: which drawing
	Title    string
	Texts    alert.Texts
	Parts    []adapter.Part
	SMSParts int
	Over     bool
	Drill    bool
	Phone    string
	Photo    string
	Where    string
	Lang     alert.Lang
}

func (c *console) previewPage(w http.ResponseWriter, r *http.Request) {
	k, ok := c.find(w, r)
	if !ok {
		return
	}
	p, err := c.Casework.Preview(r.Context(), k.ID)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	o := c.officer(r)
	k.Facts = shownFacts(k)
	view := previewView{
		page: c.page(r, c.say("What everybody will get")), Case: k, Row: c.row(k, o), Short: shortDigest(p.Digest),
		Langs: c.cards(k, p), Reach: c.reachOf(p), Where: c.areaNames(k.Facts.Areas, c.lang), Photos: photosOf(&k.Facts), Kit: p.Kit,
		MaySubmit: mayEdit(k, o) && k.Stage == casework.StageDraft && len(p.Faults) == 0,
	}
	if view.MaySubmit {
		view.Outside = c.areaNames(c.Casework.Outside(k, o), c.lang)
	}
	if !view.MaySubmit {
		c.stuck(view.Tour)
	}
	view.Errors = c.links(k, p.Faults)
	view.Warn = c.warnings(&k.Draft, k.ID, p.Warnings, mayEdit(k, o))
	view.Back, view.Wide = "/console/cases/"+k.ID, true
	if mayEdit(k, o) && k.Stage == casework.StageDraft {
		view.Back = "/console/cases/" + k.ID + "/check"
	}
	c.render(w, r, http.StatusOK, "preview", view)
}

// cards draws the preview, language by language in the alert's order.
func (c *console) cards(k casework.Case, p casework.Preview) []langPreview {
	if p.Message == nil {
		return nil
	}
	var list []langPreview
	for _, lang := range p.Message.Languages {
		lp := langPreview{Lang: lang, Name: languageName(lang), Edited: c.editedIn(p, lang)}
		for _, ch := range p.Channels {
			if ch.Lang == lang {
				lp.Cards = append(lp.Cards, c.card(k, p.Message, ch))
			}
		}
		lp.Files = c.kitFiles(k.ID, p.Kit, lang)
		list = append(list, lp)
	}
	return list
}

// looks are the channels that have a drawing of their own.
var looks = map[string]string{"webpush": "push", "sms": "sms", "broadcast": "radio", "website": "web"}

func (c *console) card(k casework.Case, m *alert.Message, ch casework.ChannelPreview) card {
	cd := card{
		Look: looks[ch.Channel], Title: c.retell(ch.Title), Texts: m.Texts[ch.Lang], Parts: ch.Parts, Lang: ch.Lang, Drill: c.Realm == alert.Drill,
		Phone: k.Facts.Contact.Phone, Where: c.areaNames(k.Facts.Areas, ch.Lang),
	}
	if cd.Look == "" || m.Texts[ch.Lang] == (alert.Texts{}) {
		cd.Look = "plain"
	}
	if photos := photosOf(&k.Facts); len(photos) > 0 {
		cd.Photo = "/console/cases/" + k.ID + "/photos/" + photos[0]
	}
	for _, part := range ch.Parts {
		cd.Over = cd.Over || part.Limit > 0 && part.Count > part.Limit
	}
	if cd.Look == "sms" {
		cd.SMSParts = smsParts(cd.Texts)
	}
	return cd
}

// smsParts is how many messages the text takes.
func smsParts(t alert.Texts) int {
	for _, count := range alert.Counts(t) {
		if count.Name == "sms" {
			return count.Parts
		}
	}
	return 0
}

// reachOf is who will get it, channel by channel, in words.
func (t *tongue) reachOf(p casework.Preview) []string {
	var parts, seen []string
	for _, ch := range p.Channels {
		if slices.Contains(seen, ch.Channel) {
			continue // Recipients counts all languages
		}
		seen = append(seen, ch.Channel)
		parts = append(parts, t.reach(ch.Channel, ch.Title, ch.Recipients))
	}
	return parts
}

func photosOf(f *alert.Facts) []string {
	var ids []string
	for _, group := range [][]alert.Person{f.Children, f.Suspects} {
		for _, p := range group {
			if p.Photo != "" {
				ids = append(ids, p.Photo)
			}
		}
	}
	return ids
}
