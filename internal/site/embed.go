package site

import (
	"net/http"
	"strings"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/region"
)

// embedded are the live alerts of areas for a partner's page.
func (s *site) embedded(areas []string, lang alert.Lang) []alert.EmbedAlert {
	list := []alert.EmbedAlert{}
	for _, rev := range s.live() {
		if len(areas) == 0 || region.Match(areas, rev.Message.AreaCodes()) {
			list = append(list, rev.Message.Embed(lang))
		}
	}
	return list
}

// embedAlerts feeds the widget.
func (s *site) embedAlerts(w http.ResponseWriter, r *http.Request) {
	lang, ok := s.feedLang(r)
	if !ok {
		badParameter("lang", wrongLang).write(w, r)
		return
	}
	areas, ok := s.areasOf(w, r)
	if !ok {
		return
	}
	s.serve(w, r, "embed "+string(lang)+" "+strings.Join(areas, ","), func(time.Time) reply {
		a := jsonReply(map[string]any{"alerts": s.embedded(areas, lang)})
		a.hidden = true
		return a
	})
}

// frameView is the page in a partner's frame.
type frameView struct {
	page
	Cards []card
}

// frame is for partners whose pages take no script: a page to put into a frame.
func (s *site) frame(w http.ResponseWriter, r *http.Request) {
	lang, ok := s.feedLang(r)
	if !ok {
		badParameter("lang", wrongLang).write(w, r)
		return
	}
	areas, ok := s.areasOf(w, r)
	if !ok {
		return
	}
	framed(w)
	s.serve(w, r, "frame "+string(lang)+" "+strings.Join(areas, ","), func(time.Time) reply {
		v := frameView{page: s.page(lang, "/", "home.title")}
		v.Hidden, v.Scripts, v.Revision = true, []string{"site.js"}, s.Current.Version()
		for _, rev := range s.live() {
			if len(areas) == 0 || region.Match(areas, rev.Message.AreaCodes()) {
				v.Cards = append(v.Cards, newCard(rev.Message, lang))
				v.Expires = sooner(v.Expires, rev.Message.Expires)
			}
		}
		return s.html(http.StatusOK, "frame", "frame", v.page, v)
	})
}

// partnersView explains how to show alerts on another site.
type partnersView struct {
	page
	Script string // the snippet to copy
	Frame  string
	Widget bool // the widget's script is part of this build
}

func (s *site) partners(w http.ResponseWriter, r *http.Request) {
	lang := s.langOf(r)
	s.serve(w, r, string(lang)+"/partners", func(time.Time) reply {
		l := string(lang)
		_, widget := s.fixed["/embed/v1.js"]
		v := partnersView{
			page: s.page(lang, "/partners", "partners.title"), Widget: widget,
			Script: `<script src="` + s.PublicURL + `/embed/v1.js" async></script>` + "\n" +
				`<child-alert lang="` + l + `" area="` + s.Country + `"></child-alert>`,
			Frame: `<iframe src="` + s.PublicURL + "/embed/v1/frame?lang=" + l + `&amp;area=` + s.Country + `"` + "\n" +
				`  title="` + s.words[lang]["home.title"] + `" width="100%" height="420"></iframe>`,
		}
		v.Scripts = []string{"site.js"}
		return s.html(http.StatusOK, "partners", "layout.html", v.page, v)
	})
}

// snippetView is a piece of markup to copy.
type snippetView struct{ ID, Code, Label, Copy, Done string }
