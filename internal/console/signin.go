package console

import (
	"errors"
	"net/http"
	"path"
	"strings"

	"tocsin/internal/auth"
)

type signInView struct {
	page
	ID, Next string
	Wrong    string
	Passkeys bool
	SSO      string // what single sign-on is called; "" = off
}

func (c *console) signInView(r *http.Request, next string) signInView {
	view := signInView{page: c.page(r, c.say("Sign in")), Next: next, Passkeys: c.Passkeys != nil}
	if view.Passkeys {
		view.Scripts = []string{"passkey.js"}
	}
	if c.SSO != nil {
		view.SSO = c.SSO.Label()
	}
	return view
}

func (c *console) signInPage(w http.ResponseWriter, r *http.Request) {
	if _, ok := c.Officer(r.Context()); ok {
		http.Redirect(w, r, "/console/cases", http.StatusSeeOther)
		return
	}
	c.render(w, r, http.StatusOK, "sign-in", c.signInView(r, safeNext(r.URL.Query().Get("next"))))
}

// accessibilityPage says what works, what does not, and how that is known. It
// needs no sign-in: who cannot sign in may be the one whom something hinders.
func (c *console) accessibilityPage(w http.ResponseWriter, r *http.Request) {
	c.render(w, r, http.StatusOK, "accessibility", struct{ page }{c.page(r, c.say("Accessibility of the console"))})
}

func (c *console) signIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 8<<10) // a name and a password, before anybody is known
	if err := r.ParseForm(); err != nil {
		c.badForm(w, r, err)
		return
	}
	id, next := strings.TrimSpace(r.PostForm.Get("id")), safeNext(r.PostForm.Get("next"))
	o, err := c.Accounts.SignIn(r.Context(), id, r.PostForm.Get("password"))
	if err == nil {
		c.nextStep(w, r, o, next)
		return
	}
	c.refuseSignIn(w, r, err, id, next)
}

// challenge is what a browser's passkey is asked to sign in with.
func (c *console) challenge(w http.ResponseWriter, r *http.Request) {
	if c.Passkeys == nil {
		c.fail(w, r, auth.ErrNoPasskeys)
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"challenge": c.Passkeys.Challenge(), "host": c.Passkeys.Host()})
}

func (c *console) signInByPasskey(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, auth.MaxAnswer) // before anybody is known
	if err := r.ParseForm(); err != nil {
		c.badForm(w, r, err)
		return
	}
	if c.Passkeys == nil {
		c.fail(w, r, auth.ErrNoPasskeys)
		return
	}
	next := safeNext(r.PostForm.Get("next"))
	o, err := c.Passkeys.SignIn(r.Context(), []byte(r.PostForm.Get("answer")))
	if err == nil {
		c.start(w, r, o, auth.ByPasskey, next)
		return
	}
	c.refuseSignIn(w, r, err, "", next)
}

// refuseSignIn says what went wrong and asks again.
func (c *console) refuseSignIn(w http.ResponseWriter, r *http.Request, err error, id, next string) {
	view := c.signInView(r, next)
	view.ID = id
	t := c.diagnose(err)
	switch {
	case errors.Is(err, auth.ErrCredentials):
		t.status, view.Wrong = http.StatusUnauthorized, c.say("The name or the password is wrong. Check both and try again.")
	case t.status < http.StatusInternalServerError:
		view.Wrong = t.title + ". " + t.detail
	default:
		c.fail(w, r, err)
		return
	}
	if throttled, ok := errors.AsType[*auth.ThrottledError](err); ok {
		w.Header().Set("Retry-After", itoa(throttled.Seconds()))
	}
	view.Errors = []fault{{view.Wrong, "#id"}}
	if _, ok := c.ofPasskey(err); ok { // no fault of what is asked below
		view.Wrong, view.Errors[0].Href = "", ""
	}
	c.render(w, r, t.status, "sign-in", view)
}

func (c *console) signOut(w http.ResponseWriter, r *http.Request) {
	if err := c.Accounts.EndSession(w, r); err != nil {
		c.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/console/sign-in?done=signedout", http.StatusSeeOther)
}

// safeNext is an address of our own pages, whatever a link tried to smuggle in.
func safeNext(next string) string {
	p, _, _ := strings.Cut(next, "?")
	if p != "/console" && !strings.HasPrefix(p, "/console/") || path.Clean(p) != p || strings.ContainsAny(next, "\\\r\n") || strings.HasPrefix(p, "/console/sign") {
		return "/console/cases"
	}
	return next
}

// badForm answers a form that could not be read.
func (c *console) badForm(w http.ResponseWriter, r *http.Request, err error) {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		w.Header().Set("Connection", "close") // do not read the rest of it
		c.refuse(w, r, http.StatusRequestEntityTooLarge, c.say("That was too large"), c.say("Photos may have 10 MB. Go back and choose a smaller one."))
		return
	}
	c.refuse(w, r, http.StatusBadRequest, c.say("The form could not be read"), c.say("Go back and send it again."))
}
