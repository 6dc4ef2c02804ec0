package console

import (
	"errors"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/stream"
)

var requestWords = map[auth.RequestKind]string{
	auth.AskNew: tr("New account"), auth.AskChange: tr("Change of an account"),
	auth.AskRestore: tr("Restoring a revoked account"), auth.AskReset: tr("Reset of the ways of signing in"),
}

// diffRow is one line of what a request changes.
type diffRow struct {
	Label, Before, After string // Before is empty when there was none
	Changed              bool
}

// requestRow is one request as it is shown to who may confirm it.
type requestRow struct {
	auth.Request
	What, Who, Asker string
	At, Until        string
	Diff             []diffRow
	WhyNot           string // why this administrator may not confirm it; "" = he may
	Mine             bool   // he asked, and may take it back
	Fault            string // of the reason to decline
	Typed            string
}

type requestsView struct {
	page
	Rows   []requestRow
	MayAct bool
}

func (c *console) requestsPage(w http.ResponseWriter, r *http.Request) {
	c.renderRequests(w, r, http.StatusOK, func(*requestsView) {})
}

func (c *console) renderRequests(w http.ResponseWriter, r *http.Request, status int, more func(*requestsView)) {
	o := c.officer(r)
	view := requestsView{page: c.page(r, c.say("Requests")), MayAct: o.Has(auth.Admin)}
	view.Back = "/console/officers"
	names := c.names()
	for _, q := range c.Office.Requests() {
		row := requestRow{
			Request: q, What: c.say(requestWords[q.Kind]), Who: q.Officer.Name, Asker: names[q.By], Mine: q.By == o.ID,
			At: c.day(q.At.In(c.zone)), Until: c.day(q.Until().In(c.zone)), Diff: c.diff(q),
		}
		switch {
		case !view.MayAct:
			row.WhyNot = c.say("Only an administrator manages accounts.")
		case row.Mine:
			row.WhyNot = c.say("You asked for this. Another administrator must confirm it.")
		case q.Officer.ID == o.ID:
			row.WhyNot = c.say("This is about your own account. Another administrator must confirm it.")
		}
		view.Rows = append(view.Rows, row)
	}
	more(&view)
	c.render(w, r, status, "requests", view)
}

// names are what everybody with an account is called, by sign-in name.
func (c *console) names() map[string]string {
	names := map[string]string{}
	for _, s := range c.Office.Standings() {
		names[s.ID] = s.Name
	}
	return names
}

// diff is exactly what a request changes, and what it leaves.
func (c *console) diff(q auth.Request) []diffRow {
	none := c.say("nothing")
	var rows []diffRow
	add := func(label, before, after string) {
		rows = append(rows, diffRow{label, before, after, before != after})
	}
	if q.Kind == auth.AskNew {
		none = "" // there is no before
	}
	was := auth.Officer{}
	revoked := q.Kind == auth.AskRestore
	if q.Before != nil {
		was = *q.Before
	}
	add(c.say("Sign-in name"), either(was.ID, none), q.Officer.ID)
	add(c.say("Name"), either(was.Name, none), q.Officer.Name)
	add(c.say("Unit"), either(was.Unit, none), either(q.Officer.Unit, c.say("nothing")))
	before := strings.Join(c.roleNames(was), ", ")
	if revoked {
		before = c.say("none: the account is revoked")
	}
	add(c.say("Roles"), either(before, none), strings.Join(c.roleNames(q.Officer), ", "))
	where := none
	if q.Before != nil && !revoked {
		where = c.jurisdiction(was)
	}
	if q.Officer.Station == "" {
		add(c.say("Jurisdiction"), where, c.jurisdiction(q.Officer))
	} else {
		add(c.say("Station"), either(c.stationName(was.Station), none), c.stationName(q.Officer.Station))
	}
	if s, ok := c.Office.Standing(q.Officer.ID); q.Kind == auth.AskReset && ok {
		add(c.say("Ways of signing in"), c.waysOf(s), c.say("an invitation for 24 hours; everything else is void, and single sign-on is closed until it is used"))
	}
	return rows
}

func either(s, or string) string {
	if s == "" {
		return or
	}
	return s
}

type admissionView struct {
	page
	Who             auth.Officer
	Link, Password  string
	Until, NewsLink string
}

// confirmRequest applies a request, and shows once what its officer signs in with first.
func (c *console) confirmRequest(w http.ResponseWriter, r *http.Request) {
	id := chi.URLParam(r, "officer")
	given, err := c.Office.Confirm(r.Context(), c.officer(r), id, chi.URLParam(r, "request"))
	switch {
	case errors.Is(err, stream.ErrUnavailable): // perhaps stored, and then the link is lost: to repeat it is no way out
		c.Log.ErrorContext(r.Context(), "console", "path", routeOf(r), "err", err)
		c.refuse(w, r, http.StatusServiceUnavailable, c.say("The event log does not answer"),
			c.say("The account may have been changed. Look at it in a few seconds; if it was, and no link was shown, ask for a reset."))
		return
	case err != nil:
		c.fail(w, r, err)
		return
	case given == nil:
		http.Redirect(w, r, "/console/officers/account/"+id+"?done=confirmed", http.StatusSeeOther)
		return
	}
	s, _ := c.Office.Standing(id)
	view := admissionView{page: c.page(r, c.say("Confirmed: {name}", "name", s.Name)), Who: s.Officer, Password: given.Password}
	view.Back = "/console/officers"
	if given.Invite != "" {
		view.Link, view.Until = c.PublicURL+"/console/invitation/"+given.Invite, c.moment(given.Until.In(c.zone))
	}
	c.render(w, r, http.StatusOK, "admission", view)
}

func (c *console) declineRequest(w http.ResponseWriter, r *http.Request) {
	sent, ok := c.readForm(w, r)
	if !ok {
		return
	}
	request := chi.URLParam(r, "request")
	err := c.Office.Decline(r.Context(), c.officer(r), chi.URLParam(r, "officer"), request, sent.Get("reason"))
	if invalid, ok := errors.AsType[alert.Invalid](err); ok {
		c.renderRequests(w, r, http.StatusUnprocessableEntity, func(v *requestsView) {
			for i := range v.Rows {
				if row := &v.Rows[i]; row.ID == request {
					row.Fault, row.Typed = c.retell(invalid[0].Text), sent.Get("reason")
					v.Errors = []fault{{row.Fault, "#reason-" + request}}
				}
			}
		})
		return
	}
	if err != nil {
		c.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/console/officers/requests?done=declined", http.StatusSeeOther)
}
