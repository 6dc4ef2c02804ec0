package site

import (
	"encoding/xml"
	"net/http"
	"slices"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/current"
)

// maxEntries keeps a feed under 100 KB: an entry has under 1.5 KB. The live
// come first, so that what is left out is always an ended one.
const maxEntries = 60

type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Lang    string      `xml:"xml:lang,attr"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Author  atomAuthor  `xml:"author"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomAuthor struct {
	Name string `xml:"name"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Href string `xml:"href,attr"`
	Type string `xml:"type,attr,omitempty"`
	Lang string `xml:"hreflang,attr,omitempty"`
}

type atomCategory struct {
	Term   string `xml:"term,attr"`
	Scheme string `xml:"scheme,attr"`
}

type atomText struct {
	Type string `xml:"type,attr"`
	Lang string `xml:"xml:lang,attr,omitempty"`
	Text string `xml:",chardata"`
}

type atomEntry struct {
	ID         string         `xml:"id"`
	Title      atomText       `xml:"title"`
	Updated    string         `xml:"updated"`
	Author     *atomAuthor    `xml:"author,omitempty"`
	Summary    atomText       `xml:"summary"`
	Links      []atomLink     `xml:"link"`
	Categories []atomCategory `xml:"category"`
}

const categoryBase = "urn:oasis:names:tc:emergency:cap:1.2:"

// entries are the alerts of a feed: the live ones, then the ended ones, newest first.
func (s *site) entries() []current.Revision {
	all := append(s.live(), s.Current.Ended()...)
	return all[:min(len(all), maxEntries)]
}

// updated is when the newest of revs was sent; for none the day's beginning,
// which is the same on every node.
func updated(revs []current.Revision) time.Time {
	if len(revs) == 0 {
		return time.Now().UTC().Truncate(24 * time.Hour)
	}
	return slices.MaxFunc(revs, func(a, b current.Revision) int { return a.Message.Sent.Compare(b.Message.Sent) }).Message.Sent
}

// feedLang is the language of a feed: ?lang=, or the State's first.
func (s *site) feedLang(r *http.Request) (alert.Lang, bool) {
	lang := alert.Lang(r.URL.Query().Get("lang"))
	if lang == "" {
		return s.Languages[0], true
	}
	return lang, slices.Contains(alert.Langs, lang)
}

const wrongLang = "lang must be one of en, fr, de, it, ru, es; leave it out for the State's own."

func (s *site) atom(w http.ResponseWriter, r *http.Request) {
	lang, ok := s.feedLang(r)
	if !ok {
		badParameter("lang", wrongLang).write(w, r)
		return
	}
	s.serve(w, r, "feed.atom "+string(lang), func(since time.Time) reply {
		body, err := xml.MarshalIndent(s.atomFeed(lang), "", " ")
		if err != nil {
			s.Log.Error("atom feed", "err", err)
			return problem{Title: "The feed could not be written", Status: http.StatusInternalServerError, Detail: "Try again in a minute."}.reply()
		}
		a := newReply("application/atom+xml; charset=utf-8", append([]byte(xml.Header), body...))
		a.modified, a.hidden = since, true
		return a
	})
}

func (s *site) atomFeed(lang alert.Lang) atomFeed {
	all := s.entries()
	f := atomFeed{
		Lang: string(lang), ID: "urn:tocsin:feed:" + string(s.Realm), Title: s.words[lang]["feed.title"],
		Updated: updated(all).UTC().Format(time.RFC3339), Author: atomAuthor{s.author()},
		Links: []atomLink{
			{Rel: "self", Href: s.PublicURL + "/feed.atom?lang=" + string(lang), Type: "application/atom+xml"},
			{Rel: "alternate", Href: s.PublicURL + "/" + string(lang) + "/", Type: "text/html", Lang: string(lang)},
		},
	}
	for _, rev := range all {
		f.Entries = append(f.Entries, s.atomEntry(rev.Message, lang))
	}
	return f
}

func (s *site) author() string {
	if s.Authority != "" {
		return s.Authority
	}
	return "Tocsin"
}

func (s *site) atomEntry(m *alert.Message, lang alert.Lang) atomEntry {
	own := m.Lang(lang)
	t := m.Texts[own]
	e := atomEntry{
		ID:    entryID(m),
		Title: atomText{"text", string(own), t.Headline}, Summary: atomText{"text", string(own), t.Long360},
		Updated: m.Sent.UTC().Format(time.RFC3339),
		Links: []atomLink{
			{Rel: "alternate", Href: alert.PageURL(m, lang), Type: "text/html", Lang: string(lang)},
			{Rel: "enclosure", Href: s.PublicURL + "/cap/" + m.Identifier + ".xml", Type: "application/cap+xml"},
		},
		Categories: []atomCategory{
			{string(m.Status), categoryBase + "status"}, {string(m.MsgType), categoryBase + "msgType"},
		},
	}
	if t.Long360 == "" {
		e.Summary.Text = t.Headline
	}
	if m.Facts != nil && m.Facts.Authority != "" {
		e.Author = &atomAuthor{m.Facts.Authority}
	}
	return e
}

// entryID is a case's for ever: a reader sees the withdrawal in the place of the alert.
func entryID(m *alert.Message) string { return "urn:tocsin:case:" + m.Agency + ":" + m.Case }
