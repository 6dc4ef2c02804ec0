package console

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
)

func (c *console) accountWayPages(r chi.Router) {
	r.Get("/password", c.speak((*console).passwordPage))
	r.Post("/password", c.speak((*console).changePassword))
	r.Get("/app", c.speak((*console).appPage))
	r.Post("/app", c.speak((*console).enrolApp))
	r.Post("/app/remove", c.speak((*console).removeApp))
	r.Post("/app/recovery", c.speak((*console).renewRecovery))
	r.Post("/others", c.speak((*console).endOthers))
}

// wayWords are the ways of signing in as officers call them.
var wayWords = map[auth.Way]string{
	auth.ByPassword: tr("Password"), auth.ByCode: tr("Password and code"), auth.ByRecovery: tr("Password and recovery code"),
	auth.ByPasskey: tr("Passkey"), auth.BySSO: tr("Single sign-on"), auth.ByInvite: tr("Invitation"),
}

type signInRow struct{ When, How, From string }

// accessView is how the officer signs in, beside his passkeys.
type accessView struct {
	auth.Access

	AppSince, Began, InvitedUntil string
	SSO                           string // as the sign-in page calls it; "" = off
	Known                         string // what it knows him by
	Rows                          []signInRow
}

func (c *console) access(r *http.Request, o auth.Officer) accessView {
	v := accessView{Access: c.Accounts.Access(o.ID), Known: o.ID}
	if !v.App.IsZero() {
		v.AppSince = c.moment(v.App.In(c.zone))
	}
	if began := auth.Began(r.Context()); !began.IsZero() {
		v.Began = c.moment(began.In(c.zone))
	}
	if !v.Invited.IsZero() {
		v.InvitedUntil = c.moment(v.Invited.In(c.zone))
	}
	if c.SSO != nil {
		v.SSO = c.SSO.Label()
	}
	if v.Link != "" {
		v.Known = v.Link
	}
	for _, in := range v.Recent {
		v.Rows = append(v.Rows, signInRow{c.moment(in.At.In(c.zone)), c.say(wayWords[in.By]), strings.TrimSuffix(in.Network, "/32")}) // one IPv4 address is no network to anybody
	}
	return v
}

type passwordView struct {
	page
	New question
	Old *question // nil: he has none yet
}

func (c *console) passwordPage(w http.ResponseWriter, r *http.Request) {
	c.renderPassword(w, r, http.StatusOK, nil)
}

func (c *console) renderPassword(w http.ResponseWriter, r *http.Request, status int, bad error) {
	view := passwordView{page: c.page(r, c.say("Change your password")), New: c.askNewPassword("")}
	view.Back = "/console/account"
	has := c.Accounts.Access(c.officer(r).ID).Password
	if has {
		view.Old = new(c.askPassword(""))
	}
	switch field, text, _ := c.wayFault(bad); {
	case text == "":
	case field == "new-password":
		view.New.Error, view.Errors = text, []fault{{text, "#new-password"}}
	case has:
		view.Old.Error, view.Errors = text, []fault{{text, "#password"}}
	default:
		view.Errors = []fault{{Text: text}}
	}
	c.render(w, r, status, "password", view)
}

func (c *console) changePassword(w http.ResponseWriter, r *http.Request) {
	sent, ok := c.readForm(w, r)
	if !ok {
		return
	}
	o := c.officer(r)
	err := c.Accounts.Prove(r.Context(), o, sent.Get("password"))
	if err == nil {
		err = renamed(c.Accounts.ChangePassword(r.Context(), o, sent.Get("new-password")), "password", "new-password")
	}
	if _, _, ours := c.wayFault(err); ours {
		c.renderPassword(w, r, statusOf(w, err), err)
		return
	}
	c.backToAccount(w, r, err, "password")
}

// renamed gives a fault in one field to another: the form has two of that name.
func renamed(err error, field, to string) error {
	invalid, ok := errors.AsType[alert.Invalid](err)
	if !ok {
		return err
	}
	for i := range invalid {
		if invalid[i].Field == field {
			invalid[i].Field = to
		}
	}
	return invalid
}

// backToAccount ends an act on the account.
func (c *console) backToAccount(w http.ResponseWriter, r *http.Request, err error, notice string) {
	if err != nil {
		c.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/console/account?done="+notice, http.StatusSeeOther)
}

type newAppView struct {
	page
	App      appView
	Code     question
	Password question
	Has      bool // he has an app already, which this one takes the place of
}

func (c *console) appPage(w http.ResponseWriter, r *http.Request) {
	c.renderApp(w, r, http.StatusOK, nil, nil)
}

func (c *console) renderApp(w http.ResponseWriter, r *http.Request, status int, sent url.Values, bad error) {
	o := c.officer(r)
	access := c.Accounts.Access(o.ID)
	if !access.Password {
		http.Redirect(w, r, "/console/account/password", http.StatusSeeOther) // what the codes are a second factor of
		return
	}
	view := newAppView{page: c.page(r, c.say("Set up an authenticator app")), Code: c.askNewCode(""), Password: c.askPassword(""), Has: !access.App.IsZero()}
	view.Back = "/console/account"
	switch field, text, _ := c.wayFault(bad); {
	case text == "":
	case field == "password":
		view.Password.Error, view.Errors = text, []fault{{text, "#password"}}
	default:
		view.Code.Error, view.Errors = text, []fault{{text, "#code"}}
	}
	var err error
	if view.App, err = c.appOf(o, sent.Get("app")); err != nil {
		c.fail(w, r, err)
		return
	}
	c.render(w, r, status, "app", view)
}

func (c *console) enrolApp(w http.ResponseWriter, r *http.Request) {
	sent, ok := c.readForm(w, r)
	if !ok {
		return
	}
	o := c.officer(r)
	err := c.Accounts.Prove(r.Context(), o, sent.Get("password"))
	var codes []string
	if err == nil {
		codes, err = c.Accounts.EnrolApp(r.Context(), o, sent.Get("app"), sent.Get("code"))
	}
	if _, _, ours := c.wayFault(err); ours {
		c.renderApp(w, r, statusOf(w, err), sent, err)
		return
	}
	if err != nil {
		c.fail(w, r, err)
		return
	}
	c.showRecovery(w, r, o, codes, "/console/account")
}

func (c *console) removeApp(w http.ResponseWriter, r *http.Request) {
	c.onApp(w, r, "app-password", func(o auth.Officer) error {
		err := c.Accounts.RemoveApp(r.Context(), o)
		if err == nil {
			http.Redirect(w, r, "/console/account?done=removed", http.StatusSeeOther)
		}
		return err
	})
}

func (c *console) renewRecovery(w http.ResponseWriter, r *http.Request) {
	c.onApp(w, r, "recovery-password", func(o auth.Officer) error {
		codes, err := c.Accounts.RenewRecovery(r.Context(), o)
		if err == nil {
			c.showRecovery(w, r, o, codes, "/console/account")
		}
		return err
	})
}

// proofOf is the question for the password in one of the account page's forms.
func proofOf(name, at, text string) question {
	a := question{Name: name}
	if name == at {
		a.Error = text
	}
	return a
}

// onApp does one act on the officer's app after his password; at is the field that asks for it.
func (c *console) onApp(w http.ResponseWriter, r *http.Request, at string, act func(auth.Officer) error) {
	sent, ok := c.readForm(w, r)
	if !ok {
		return
	}
	o := c.officer(r)
	err := c.Accounts.Prove(r.Context(), o, sent.Get(at))
	if err == nil {
		err = act(o)
	}
	_, text, ours := c.wayFault(err)
	switch {
	case err == nil: // act has answered
	case ours:
		c.renderAccount(w, r, statusOf(w, err), func(v *accountView) {
			v.AppFault.At, v.AppFault.Text = at, text
			v.Errors = []fault{{text, "#" + at}}
		})
	default:
		c.fail(w, r, err)
	}
}

func (c *console) endOthers(w http.ResponseWriter, r *http.Request) {
	c.backToAccount(w, r, c.Accounts.EndOthers(r.Context(), c.officer(r)), "others")
}
