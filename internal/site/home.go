package site

import (
	"net/http"
	"time"

	"tocsin/internal/alert"
)

// homeView lists what is live.
type homeView struct {
	page
	Cards []card
}

// card is one alert in a list, in the language the alert has for the page.
type card struct {
	Own      alert.Lang // the language of what follows
	Page     string
	Headline string
	Exercise string
	Names    []named
	Areas    []string
	Photo    picture
	Phone    string
	Sent     time.Time
	Zone     string
	Updated  bool
	LastSeen []alert.Detail
}

func (s *site) home(w http.ResponseWriter, r *http.Request) {
	lang := s.langOf(r)
	s.serve(w, r, string(lang)+"/", func(time.Time) reply {
		v := homeView{page: s.page(lang, "/", "home.title")}
		v.Scripts = []string{"site.js"}
		v.Revision = s.Current.Version()
		for _, rev := range s.live() {
			v.Cards = append(v.Cards, newCard(rev.Message, lang))
			v.Expires = sooner(v.Expires, rev.Message.Expires)
		}
		v.Hidden = len(v.Cards) > 0
		return s.html(http.StatusOK, "home", "layout.html", v.page, v)
	})
}

// sooner is the earlier of two times; zero is none.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

func newCard(m *alert.Message, lang alert.Lang) card {
	own := m.Lang(lang)
	c := card{
		Own: own, Page: "/" + string(lang) + "/alerts/" + m.Case, Headline: unbreakable(own, m.Texts[own].Headline, ""),
		Exercise: alert.StatusWord(m.Status, lang), Phone: m.Facts.Contact.Phone, Sent: m.Sent,
		Zone: m.Facts.LastSeen.TimeZone, Updated: m.MsgType == alert.TypeUpdate,
	}
	for _, child := range m.Facts.Children {
		c.Names = append(c.Names, nameOf(child, lang))
	}
	for _, a := range m.Areas {
		c.Areas = append(c.Areas, a.Name(lang))
	}
	if photo := m.Public("").Photo; photo != nil {
		c.Photo = pictureOf(photo.URL, photo.Name)
	}
	// A bad zone was refused at release; without rows the page still stands.
	c.LastSeen, _ = alert.DescribeLastSeen(m.Facts, lang)
	return c
}
