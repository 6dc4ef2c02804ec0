package console

import (
	"context"
	"errors"
	"net/http"

	"tocsin/internal/auth"
	"tocsin/internal/sso"
)

// SSO is the agency's single sign-on: *sso.Provider.
type SSO interface {
	// Label is what its button calls it.
	Label() string
	// Begin is where the browser goes, and what it carries meanwhile.
	Begin(ctx context.Context, next string) (address, carried string, err error)
	// Finish checks what it came back with: the officer's name there, and where he was going.
	Finish(ctx context.Context, query map[string][]string, carried string) (name, next string, err error)
}

// ssoCookie carries the state of one sign-on to the provider and back.
func (c *console) ssoCookie(r *http.Request, value string, age int) *http.Cookie {
	secure := r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https"
	name := "tocsin-sso"
	if secure {
		name = "__Host-tocsin-sso" // no other host can set it
	}
	return &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: age, Secure: secure, HttpOnly: true, SameSite: http.SameSiteLaxMode}
}

// beginSSO leads to the provider. It is a link: a form may not lead to another site here.
func (c *console) beginSSO(w http.ResponseWriter, r *http.Request) {
	if c.SSO == nil {
		c.notFound(w, r)
		return
	}
	next := safeNext(r.URL.Query().Get("next"))
	address, carried, err := c.SSO.Begin(r.Context(), next)
	if err != nil {
		c.refuseSSO(w, r, err, next)
		return
	}
	http.SetCookie(w, c.ssoCookie(r, carried, int(sso.Life.Seconds())))
	http.Redirect(w, r, address, http.StatusSeeOther)
}

// finishSSO is where the provider leads back to.
func (c *console) finishSSO(w http.ResponseWriter, r *http.Request) {
	if c.SSO == nil {
		c.notFound(w, r)
		return
	}
	var carried string
	if ck, err := r.Cookie(c.ssoCookie(r, "", 0).Name); err == nil {
		carried = ck.Value
	}
	http.SetCookie(w, c.ssoCookie(r, "", -1)) // good for one answer
	name, next, err := c.SSO.Finish(r.Context(), r.URL.Query(), carried)
	next = safeNext(next)
	if err != nil {
		c.refuseSSO(w, r, err, next)
		return
	}
	o, err := c.Accounts.SignInBySSO(r.Context(), name)
	if err != nil {
		c.refuseSSO(w, r, err, next)
		return
	}
	c.start(w, r, o, auth.BySSO, next)
}

// refuseSSO says on the sign-in page why single sign-on did not work: the other ways go on.
func (c *console) refuseSSO(w http.ResponseWriter, r *http.Request, err error, next string) {
	status, text := c.ssoWords(err)
	c.Log.WarnContext(r.Context(), "single sign-on", "err", err)
	c.signInFault(w, r, status, "", next, text)
}

// ssoWords are a status and words for each way in which single sign-on can fail.
func (c *console) ssoWords(err error) (status int, text string) {
	switch {
	case errors.Is(err, auth.ErrStranger):
		return http.StatusForbidden, c.say("Single sign-on knows you, but nobody is registered here under your name there. Ask your administrator to register you; sign in another way until then.")
	case errors.Is(err, auth.ErrReset):
		return http.StatusForbidden, c.say("Your ways of signing in were reset. Open the link of your invitation first; your administrator gives it to you.")
	case errors.Is(err, auth.ErrAmbiguous):
		return http.StatusForbidden, c.say("Two officers are registered under your name in single sign-on. Tell your administrator; sign in another way until then.")
	case errors.Is(err, sso.ErrUnreachable):
		return http.StatusBadGateway, c.say("Single sign-on does not answer. Sign in another way, or try again in a minute.")
	case errors.Is(err, sso.ErrDenied):
		return http.StatusForbidden, c.say("Single sign-on did not let you in. Try again, or sign in another way.")
	case errors.Is(err, sso.ErrLate):
		return http.StatusUnauthorized, c.say("That took too long, or it was begun in another browser. Try single sign-on again.")
	case errors.Is(err, sso.ErrClock):
		return http.StatusBadGateway, c.say("The clocks of this server and of single sign-on differ. Tell the operator; sign in another way until then.")
	case errors.Is(err, sso.ErrClaim):
		return http.StatusForbidden, c.say("Single sign-on did not say who you are in the way that this server expects. Tell the operator; sign in another way until then.")
	default:
		return http.StatusBadGateway, c.say("The answer of single sign-on does not hold, so nobody was signed in. Try again; if it happens twice, tell the operator.")
	}
}
