package console

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
)

// page is what the layout needs; every view embeds it.
type page struct {
	Title   string
	Officer *auth.Officer
	Drill   bool
	Back    string // address of the back link; "" = none
	Notice  string
	Errors  []fault // the error summary
	Scripts []string
	Wide    bool
	Beside  *liveView // the words beside a form; nil = none
	Lang    string
	Tongues []langChoice // to switch to
	Here    string       // where the switch leads back to
	Tour    *tourBar     // nil but in a practice
	Lookers *lookers     // nil where nobody else could be
	Rooms   []room       // beside the cases, for who administers or audits
	Clock   *caseClock   // on every page of a case
}

// langChoice is one language that the officer may switch to.
type langChoice struct {
	Code, Name string
	Current    bool
}

// fault is one line of the error summary, leading to its field.
type fault struct{ Text, Href string }

// notices are the words after an act, by the word in the address. They are
// ours: nothing from the address itself is shown.
var notices = map[string]string{
	"submitted":  tr("Submitted. An approver who did not write in it can now release it."),
	"returned":   tr("Returned to the author with your reason."),
	"rejected":   tr("Rejected. Nothing went out."),
	"agreed":     tr("Your agreement is on the record."),
	"kept":       tr("The area stays as it is. A wider one is proposed at the next step."),
	"grown":      tr("The update with the wider area is prepared, and not sent. Check it, then submit it."),
	"saved":      tr("Saved."),
	"removed":    tr("Removed."),
	"released":   tr("Released. The channels are receiving it now."),
	"withdrawn":  tr("Withdrawn. Everybody who got the alert is being told, and the child's name and photo are being removed."),
	"pending":    tr("Recorded, and safe. The channels could not be reached yet; it goes out by itself as soon as they can."),
	"planned":    tr("The test is planned. It is on the list of cases from two weeks before."),
	"reported":   tr("The report is kept."),
	"keyadded":   tr("The passkey is added. You can sign in with it from now on."),
	"password":   tr("The password is changed."),
	"recovered":  tr("You signed in with a recovery code. It is used up; below you see how many are left."),
	"others":     tr("Ended. Nothing acts for you now but this session."),
	"elsewhere":  tr("You signed in on another machine or browser. This session has ended."),
	"signedout":  tr("You are signed out."),
	"correcting": tr("The update is begun, with the ready words of a correction. Change what was wrong, then submit it."),
	"resent":     tr("Sent again. What comes of it shows here."),
	"asked":      tr("Asked. Another administrator has to confirm it within 24 hours."),
	"narrowed":   tr("Done at once, because it only takes rights away."),
	"revoked":    tr("Revoked. The sessions, tokens and open pages of this account have ended."),
	"confirmed":  tr("Confirmed. It is so from now on."),
	"declined":   tr("Declined. Nothing was changed."),
}

func (c *console) page(r *http.Request, title string) page {
	p := page{Title: title, Tongues: c.switcher(), Here: here(r), Drill: c.Realm == alert.Drill, Notice: c.say(notices[r.URL.Query().Get("done")]), Lang: string(c.lang)}
	if o, ok := c.Officer(r.Context()); ok {
		p.Officer, p.Rooms = &o, c.rooms(r, o)
		p.Clock = c.clockOf(chi.URLParam(r, "id"))
	}
	if p.Tour, p.Lookers = c.tour(r), c.lookersAt(r); p.Lookers != nil {
		p.Scripts = []string{"presence.js"}
	}
	return p
}

// render writes a page whole or not at all: a fault in the middle must not leave half a page.
func (c *console) render(w http.ResponseWriter, r *http.Request, status int, name string, view any) {
	c.renderPart(w, r, status, name, "layout.html", view)
}

func (c *console) renderPart(w http.ResponseWriter, r *http.Request, status int, name, part string, view any) {
	var body bytes.Buffer
	pages, err := c.pages[c.lang]()
	if err == nil {
		err = pages.Part(&body, name, part, view)
	}
	if err != nil {
		c.Log.ErrorContext(r.Context(), "page", "page", name, "err", err)
		http.Error(w, c.say("Tocsin could not write this page. Go back and try again; the case itself is safe."), http.StatusInternalServerError)
		return
	}
	writePage(w, r, status, body.Bytes())
}

func templateFuncs() template.FuncMap {
	return template.FuncMap{
		"rfc": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"id":  fieldID,
		"inc": func(i int) int { return i + 1 },
		"paragraphs": func(s string) []string {
			return strings.FieldsFunc(s, func(r rune) bool { return r == '\n' })
		},
		"language":  languageName,
		"percent":   percent,
		"again":     again,
		"stopwatch": stopwatch,
		"withCase":  photoFieldOf,
		"proof":     proofOf,
		"groupOf":   func(g group, id string) caseGroup { return caseGroup{g, id} },
	}
}

// stopwatch is a time that passed as hours, minutes and seconds: what a wall
// screen shows from across the room. clock.js says the same.
func stopwatch(since time.Time) string {
	s := int(max(0, time.Since(since)).Seconds())
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// percent is a share for the width of a bar: never 0 when there is some, never 100 when there is not all.
func percent(n, of int) float64 {
	if of <= 0 || n <= 0 {
		return 0
	}
	p := 100 * float64(min(n, of)) / float64(of)
	return max(p, 0.5)
}

// switcher is the languages to choose from.
func (c *console) switcher() []langChoice {
	list := make([]langChoice, len(alert.Langs))
	for i, l := range alert.Langs {
		list[i] = langChoice{string(l), languageName(l), l == c.lang}
	}
	return list
}

// here is where a choice of language leads back to: this page, or after a form the case's.
func here(r *http.Request) string {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return r.URL.RequestURI()
	}
	return r.URL.Path
}

func itoa(n int) string { return strconv.Itoa(n) }

// photoField is the photo's question with the case whose photos it may show.
type photoField struct {
	Field *field
	ID    string
	Cut   string // the page that turns and cuts it
}

// photoFieldOf leads to the photo's own page once the case has it.
func photoFieldOf(f *field, k casework.Case) photoField {
	p := photoField{Field: f, ID: k.ID}
	step, rest, _ := strings.Cut(f.Name, "[")
	n, _, _ := strings.Cut(rest, "]")
	persons := map[string][]alert.Person{"children": k.Facts.Children, "suspects": k.Facts.Suspects}[step]
	if i, err := strconv.Atoi(n); err == nil && i < len(persons) && persons[i].Photo != "" && persons[i].Photo == f.Value {
		p.Cut = "/console/cases/" + k.ID + "/edit/" + step + "/" + n + "/photo"
	}
	return p
}

// caseGroup is a group of answers with the case whose photo it may show.
type caseGroup struct {
	Group group
	ID    string
}
