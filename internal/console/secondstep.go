package console

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"

	"tocsin/internal/auth"
)

// The pages between a right password, or an invitation, and the session. Nobody
// is signed in on them: a sealed ticket in the form says who has come how far.

func (c *console) secondStepPages(r chi.Router) {
	r.Post("/code", c.speak((*console).signInByCode))
	r.Post("/set-up/passkey/options", c.speak((*console).setUpOptions))
	r.Post("/set-up/passkey", c.speak((*console).setUpPasskey))
	r.Post("/set-up/app", c.speak((*console).setUpApp))
	r.Get("/sso", c.speak((*console).beginSSO))
	r.Get("/sso/back", c.speak((*console).finishSSO))
}

// maxStep bounds a form of a stranger: a ticket, a secret and a passkey's answer.
const maxStep = auth.MaxAnswer + 8<<10

// readStep reads such a form. When it returns nil it has answered.
func (c *console) readStep(w http.ResponseWriter, r *http.Request) url.Values {
	r.Body = http.MaxBytesReader(w, r.Body, maxStep)
	if err := r.ParseForm(); err != nil {
		c.badForm(w, r, err)
		return nil
	}
	return r.PostForm
}

// nextStep leads on who has the right password.
func (c *console) nextStep(w http.ResponseWriter, r *http.Request, o auth.Officer, next string) {
	switch c.Accounts.Next(o) {
	case auth.NeedCode:
		c.codePage(w, r, o, next)
	case auth.NeedPasskey:
		c.signInFault(w, r, http.StatusForbidden, o.ID, next,
			c.say("A password alone is not enough here. Sign in with your passkey. If it is lost, ask your administrator for an invitation."))
	case auth.NeedSetUp:
		ticket, err := c.Accounts.SetUpTicket(o)
		if err != nil {
			c.fail(w, r, err)
			return
		}
		c.setUpPage(w, r, http.StatusOK, ticket, url.Values{"next": {next}}, nil)
	default:
		c.start(w, r, o, auth.ByPassword, next)
	}
}

// start begins the session and leads on.
func (c *console) start(w http.ResponseWriter, r *http.Request, o auth.Officer, by auth.Way, next string) {
	if err := c.Accounts.StartSessionBy(w, r, o, by); err != nil {
		c.fail(w, r, err)
		return
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
}

// signInFault is the sign-in page with what went wrong above it.
func (c *console) signInFault(w http.ResponseWriter, r *http.Request, status int, id, next, text string) {
	view := c.signInView(r, next)
	view.ID, view.Errors = id, []fault{{Text: text}}
	c.render(w, r, status, "sign-in", view)
}

type codeView struct {
	page
	Ticket, Next string
	Code         question
}

func (c *console) codePage(w http.ResponseWriter, r *http.Request, o auth.Officer, next string) {
	ticket, err := c.Accounts.CodeTicket(o)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	c.render(w, r, http.StatusOK, "code", codeView{c.page(r, c.say("Second step")), ticket, next, c.askCode("")})
}

func (c *console) signInByCode(w http.ResponseWriter, r *http.Request) {
	sent := c.readStep(w, r)
	if sent == nil {
		return
	}
	next := safeNext(sent.Get("next"))
	o, by, err := c.Accounts.SignInByCode(r.Context(), sent.Get("ticket"), sent.Get("code"))
	if err == nil {
		if by == auth.ByRecovery { // he sees how many are left
			next = "/console/account?done=recovered"
		}
		c.start(w, r, o, by, next)
		return
	}
	if errors.Is(err, auth.ErrTicket) || errors.Is(err, auth.ErrNoApp) {
		t := c.diagnose(auth.ErrTicket)
		c.signInFault(w, r, t.status, "", next, t.title+". "+t.detail)
		return
	}
	_, text, ok := c.wayFault(err)
	if !ok {
		c.fail(w, r, err)
		return
	}
	view := codeView{c.page(r, c.say("Second step")), sent.Get("ticket"), next, c.askCode(text)}
	view.Errors = []fault{{text, "#code"}}
	c.render(w, r, statusOf(w, err), "code", view)
}

// statusOf is the answer's status for a fault in a small form; guessing is told when to come back.
func statusOf(w http.ResponseWriter, err error) int {
	if throttled, ok := errors.AsType[*auth.ThrottledError](err); ok {
		w.Header().Set("Retry-After", itoa(throttled.Seconds()))
		return http.StatusTooManyRequests
	}
	return http.StatusUnprocessableEntity
}

type setUpView struct {
	page
	Ticket, Next string
	Who          auth.Officer
	Invited      bool
	Anew         bool // what he signed in with before is void afterwards
	Passkeys     bool
	Key          question // name of the passkey
	App          appView
	Code         question
	Password     *question // nil: he has one
}

// invitationPage is what the link of an invitation opens.
func (c *console) invitationPage(w http.ResponseWriter, r *http.Request) {
	_, ticket, err := c.Accounts.Invited(chi.URLParam(r, "token"))
	if err != nil {
		c.fail(w, r, err)
		return
	}
	c.setUpPage(w, r, http.StatusOK, ticket, nil, nil)
}

// setUpPage offers who holds the ticket a passkey, or a password with an app. sent
// is what he filled in, and bad what was wrong with it.
func (c *console) setUpPage(w http.ResponseWriter, r *http.Request, status int, ticket string, sent url.Values, bad error) {
	o, invited, err := c.Accounts.SettingUp(ticket)
	if err != nil {
		c.lateStep(w, r, err)
		return
	}
	view := setUpView{
		page: c.page(r, c.say("Set up how you sign in")), Ticket: ticket, Next: safeNext(sent.Get("next")), Who: o, Invited: invited, Anew: c.hasWays(o.ID), Passkeys: c.Passkeys != nil,
		Key: question{Name: "name", Kind: "text", Label: c.say("Name of the passkey"), Hint: c.say("What it is on, such as “Phone” or “Desk in the control room”."), Max: 40, Value: sent.Get("name")},
	}
	view.Officer = nil // whoever else is signed in on this browser is not meant
	if view.Scripts = nil; view.Passkeys {
		view.Scripts = []string{"passkey.js"}
	}
	field, text, _ := c.wayFault(bad)
	if t, ok := c.ofPasskey(bad); ok {
		field, text = "name", t.title+". "+t.detail
	}
	if text != "" {
		view.Errors = []fault{{text, "#" + field}}
	}
	only := func(name string) string {
		if field == name {
			return text
		}
		return ""
	}
	view.Key.Error, view.Code = only("name"), c.askNewCode(only("code"))
	if invited {
		if field == "password" {
			field = "new-password"
			view.Errors[0].Href = "#new-password"
		}
		view.Password = new(c.askNewPassword(only("new-password")))
	}
	if view.App, err = c.appOf(o, sent.Get("app")); err != nil {
		c.fail(w, r, err)
		return
	}
	c.render(w, r, status, "set-up", view)
}

// hasWays says whether an officer can sign in already.
func (c *console) hasWays(id string) bool {
	return c.Accounts.Access(id).Password || c.Passkeys != nil && len(c.Passkeys.List(id)) > 0
}

// lateStep sends who came too late back to the beginning.
func (c *console) lateStep(w http.ResponseWriter, r *http.Request, err error) {
	if !errors.Is(err, auth.ErrTicket) {
		c.fail(w, r, err)
		return
	}
	t := c.diagnose(err)
	c.signInFault(w, r, t.status, "", "/console/cases", t.title+". "+t.detail)
}

// setUpOptions is what the browser needs to make the first key. The ticket comes
// in a form: addresses are written into the logs of proxies.
func (c *console) setUpOptions(w http.ResponseWriter, r *http.Request) {
	sent := c.readStep(w, r)
	if sent == nil {
		return
	}
	if c.Passkeys == nil {
		c.fail(w, r, auth.ErrNoPasskeys)
		return
	}
	options, err := c.Passkeys.SetUpCreation(sent.Get("ticket"))
	if err != nil {
		c.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, options)
}

func (c *console) setUpPasskey(w http.ResponseWriter, r *http.Request) {
	sent := c.readStep(w, r)
	if sent == nil {
		return
	}
	if c.Passkeys == nil {
		c.fail(w, r, auth.ErrNoPasskeys)
		return
	}
	_, invited, _ := c.Accounts.SettingUp(sent.Get("ticket"))
	o, err := c.Passkeys.SetUp(r.Context(), sent.Get("ticket"), sent.Get("name"), []byte(sent.Get("answer")))
	if err != nil {
		c.setUpFault(w, r, sent, err)
		return
	}
	c.start(w, r, o, wayOf(invited, auth.ByPasskey), done(safeNext(sent.Get("next")), "keyadded"))
}

func wayOf(invited bool, otherwise auth.Way) auth.Way {
	if invited {
		return auth.ByInvite
	}
	return otherwise
}

// setUpFault asks again when there is something to mend.
func (c *console) setUpFault(w http.ResponseWriter, r *http.Request, sent url.Values, err error) {
	_, _, ours := c.wayFault(err)
	_, key := c.ofPasskey(err)
	switch {
	case ours || key:
		c.setUpPage(w, r, statusOf(w, err), sent.Get("ticket"), sent, err)
	case errors.Is(err, auth.ErrTicket):
		c.lateStep(w, r, err)
	default:
		c.fail(w, r, err)
	}
}

func (c *console) setUpApp(w http.ResponseWriter, r *http.Request) {
	sent := c.readStep(w, r)
	if sent == nil {
		return
	}
	_, invited, _ := c.Accounts.SettingUp(sent.Get("ticket"))
	o, codes, err := c.Accounts.SetUp(r.Context(), sent.Get("ticket"), sent.Get("new-password"), sent.Get("app"), sent.Get("code"))
	if err != nil {
		c.setUpFault(w, r, sent, err)
		return
	}
	next := safeNext(sent.Get("next"))
	if err := c.Accounts.StartSessionBy(w, r, o, wayOf(invited, auth.ByCode)); err != nil {
		// The codes exist now and are shown this once, whatever becomes of the session.
		c.Log.ErrorContext(r.Context(), "console", "path", routeOf(r), "err", err)
		next = "/console/sign-in"
	}
	c.showRecovery(w, r, o, codes, next)
}

type recoveryView struct {
	page
	Codes []string
	Next  string
}

// showRecovery shows recovery codes, once: they are not kept in a form that can be read again.
func (c *console) showRecovery(w http.ResponseWriter, r *http.Request, o auth.Officer, codes []string, next string) {
	view := recoveryView{page: c.page(r, c.say("Your recovery codes")), Codes: codes, Next: next}
	view.Officer = &o // he may be signed in since this very request
	c.render(w, r, http.StatusOK, "recovery", view)
}
