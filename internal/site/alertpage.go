package site

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"tocsin/internal/alert"
	"tocsin/internal/current"
)

// alertView is one live alert.
//
// It has no Open Graph or other preview tags beyond the site's own name: what a
// messenger or a social network copies from them stays there, with name and
// face, long after the child was found. A shared link shows the service's name;
// who follows it sees what is true now.
type alertView struct {
	page
	card
	Document    string // the signed document's address
	Instruction string
	Urgent      bool // do not approach
	Hotline     string
	Form        string
	Children    []person
	Suspects    []person
	Vehicles    [][]alert.Detail
	Note        string
	Issuer      string
	Number      int
	Until       time.Time
	Foreign     bool // the alert does not speak the page's language
}

// person is somebody with what is known of him.
type person struct {
	Named named
	Photo picture
	Taken string
	Rows  []alert.Detail
}

// named is a name with its age in words.
type named struct{ Name, Age string }

// picture is a photo by the address on this very server: pages load nothing from elsewhere.
type picture struct{ Big, Small, Name string }

func pictureOf(address, words string) picture {
	name := path.Base(address)
	if !photoName.MatchString(name) {
		return picture{}
	}
	return picture{Big: "/photos/" + name, Small: "/photos/" + strings.TrimSuffix(name, ".jpg") + "-s.jpg", Name: words}
}

func nameOf(p alert.Person, lang alert.Lang) named {
	n := named{Name: strings.TrimSpace(p.GivenName + " " + p.FamilyName)}
	for _, row := range alert.Describe(alert.Person{Age: p.Age, Sex: p.Sex}, lang) {
		n.Age = row.Value // the age is the first and only row
	}
	return n
}

// endedView is what is left of an alert.
type endedView struct {
	page
	Texts     []string
	TextsLang alert.Lang
	Found     bool
	At        time.Time
	Areas     []string
}

func (s *site) alertPage(w http.ResponseWriter, r *http.Request) {
	id, lang := chi.URLParam(r, "case"), s.langOf(r)
	// The case is looked up inside: what is kept under a state must be of that state.
	s.serve(w, r, string(lang)+"/alerts/"+id, func(time.Time) reply {
		rev, ok := s.Current.Case(id)
		switch {
		case !ok || rev.Message.Facts == nil && rev.Message.MsgType != alert.TypeCancel:
			return s.refusal(lang, http.StatusNotFound, "notfound.title", "notfound.text")
		case over(rev.Message):
			return s.endedPage(rev.Message, lang)
		}
		return s.livePage(rev, lang)
	})
}

func (s *site) livePage(rev current.Revision, lang alert.Lang) reply {
	m := rev.Message
	f, own := m.Facts, m.Lang(lang)
	v := alertView{
		page: s.page(lang, "/alerts/"+m.Case, "alert.title"), card: newCard(m, lang),
		Document: "/cap/" + url.PathEscape(m.Identifier) + ".xml", Instruction: unbreakable(own, m.Texts[own].Instruction, f.Contact.Phone),
		Urgent: f.Instruction == alert.InstructionDoNotApproach, Hotline: f.Contact.Hotline,
		Note: f.Note[own], Issuer: f.Authority, Number: m.Revision, Until: m.Expires, Foreign: own != lang,
	}
	// Only https: a form's address comes from a case, and a javascript: one must never become a link.
	if u, err := url.Parse(f.Contact.Form); err == nil && u.Scheme == "https" {
		v.Form = u.String()
	}
	v.Title, v.Hidden, v.Revision, v.page.Expires = v.Headline, true, m.Identifier, m.Expires
	v.Scripts = []string{"site.js"}
	for _, p := range f.Children {
		v.Children = append(v.Children, child(m, p, lang))
	}
	for _, p := range f.Suspects {
		n := named{Name: strings.TrimSpace(p.GivenName + " " + p.FamilyName)}
		v.Suspects = append(v.Suspects, person{n, photoOf(m, p), month(p.PhotoTaken), alert.DescribeSuspect(p, lang)})
	}
	for _, vehicle := range f.Vehicles {
		v.Vehicles = append(v.Vehicles, alert.DescribeVehicle(vehicle, lang))
	}
	return s.html(http.StatusOK, "alert", "layout.html", v.page, v)
}

// child is what a page shows of one child; the age stands beside the name and not again below.
func child(m *alert.Message, p alert.Person, lang alert.Lang) person {
	c := person{nameOf(p, lang), photoOf(m, p), month(p.PhotoTaken), alert.Describe(p, lang)}
	if len(c.Rows) > 0 && c.Rows[0].Value == c.Named.Age {
		c.Rows = c.Rows[1:]
	}
	return c
}

// month is "2026-05" or "2026-05-14" as all six languages read it: 05/2026.
func month(date string) string {
	if year, rest, ok := strings.Cut(date, "-"); ok {
		m, _, _ := strings.Cut(rest, "-")
		return m + "/" + year
	}
	return date
}

// photoOf is the picture of p among m's.
func photoOf(m *alert.Message, p alert.Person) picture {
	for _, media := range m.Media {
		if p.Photo != "" && media.Kind == "photo" && path.Base(media.URL) == p.Photo+".jpg" {
			return pictureOf(media.URL, media.Name)
		}
	}
	return picture{}
}

func (s *site) endedPage(m *alert.Message, lang alert.Lang) reply {
	p := s.ended(m)
	v := endedView{page: s.page(lang, "/alerts/"+m.Case, "ended.title"), Found: p.Outcome == alert.OutcomeFound, At: p.Sent}
	v.Hidden, v.Revision = true, "ended-"+m.Identifier
	v.Scripts = []string{"site.js"}
	if m.MsgType == alert.TypeCancel {
		v.TextsLang = m.Lang(lang)
		v.Texts = strings.FieldsFunc(m.Texts[v.TextsLang].Description, func(r rune) bool { return r == '\n' })
	} else {
		v.At = m.Expires
		v.TextsLang, v.Texts = lang, []string{s.words[lang]["ended.expired"], s.words[lang]["ended.delete"]}
	}
	for _, a := range p.Areas {
		v.Areas = append(v.Areas, a.Name(lang))
	}
	return s.html(http.StatusGone, "ended", "layout.html", v.page, v)
}
