package site

import (
	"net/http"
	"time"

	"tocsin/internal/alert"
)

// jsonFeed is JSON Feed 1.1, with the same entries as the Atom feed.
type jsonFeed struct {
	Version  string       `json:"version"`
	Title    string       `json:"title"`
	Home     string       `json:"home_page_url"`
	Feed     string       `json:"feed_url"`
	Language string       `json:"language"`
	Authors  []jsonAuthor `json:"authors"`
	Items    []jsonItem   `json:"items"`
}

type jsonAuthor struct {
	Name string `json:"name"`
}

type jsonItem struct {
	ID          string           `json:"id"`
	URL         string           `json:"url"`
	Title       string           `json:"title"`
	Text        string           `json:"content_text"`
	Modified    time.Time        `json:"date_modified"`
	Language    alert.Lang       `json:"language"`
	Tags        []string         `json:"tags"`
	Image       string           `json:"image,omitempty"`
	Attachments []jsonAttachment `json:"attachments"`
}

type jsonAttachment struct {
	URL  string `json:"url"`
	MIME string `json:"mime_type"`
}

func (s *site) jsonFeed(w http.ResponseWriter, r *http.Request) {
	lang, ok := s.feedLang(r)
	if !ok {
		badParameter("lang", wrongLang).write(w, r)
		return
	}
	s.serve(w, r, "feed.json "+string(lang), func(since time.Time) reply {
		f := jsonFeed{
			Version: "https://jsonfeed.org/version/1.1", Title: s.words[lang]["feed.title"], Language: string(lang),
			Home: s.PublicURL + "/" + string(lang) + "/", Feed: s.PublicURL + "/feed.json?lang=" + string(lang),
			Authors: []jsonAuthor{{s.author()}}, Items: []jsonItem{},
		}
		for _, rev := range s.entries() {
			f.Items = append(f.Items, s.jsonItem(rev.Message, lang))
		}
		a := newReply("application/feed+json", encode(f))
		a.modified, a.hidden = since, true
		return a
	})
}

func (s *site) jsonItem(m *alert.Message, lang alert.Lang) jsonItem {
	own := m.Lang(lang)
	t := m.Texts[own]
	item := jsonItem{
		ID: entryID(m), URL: alert.PageURL(m, lang), Title: t.Headline, Text: t.Description, Modified: m.Sent.UTC(),
		Language: own, Tags: []string{string(m.Status), string(m.MsgType)},
		Attachments: []jsonAttachment{{s.PublicURL + "/cap/" + m.Identifier + ".xml", "application/cap+xml"}},
	}
	if t.Instruction != "" {
		item.Text += "\n" + t.Instruction
	}
	if p := m.Public(s.PublicURL); p.Photo != nil {
		item.Image = p.Photo.URL
	}
	return item
}
