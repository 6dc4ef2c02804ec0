package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/totp"
)

// Ways is how officers sign in beside passkeys: *auth.Book.
type Ways interface {
	StartSessionBy(w http.ResponseWriter, r *http.Request, o auth.Officer, by auth.Way) error
	Next(o auth.Officer) auth.Step
	CodeTicket(o auth.Officer) (string, error)
	SignInByCode(ctx context.Context, ticket, code string) (auth.Officer, auth.Way, error)
	SetUpTicket(o auth.Officer) (string, error)
	Invited(token string) (auth.Officer, string, error)
	SettingUp(ticket string) (o auth.Officer, invited bool, err error)
	SetUp(ctx context.Context, ticket, password, newApp, code string) (auth.Officer, []string, error)
	NewApp(o auth.Officer, issuer string) (auth.NewApp, error)
	SameApp(o auth.Officer, issuer, sealed string) (auth.NewApp, error)
	EnrolApp(ctx context.Context, o auth.Officer, sealed, code string) ([]string, error)
	RemoveApp(ctx context.Context, o auth.Officer) error
	RenewRecovery(ctx context.Context, o auth.Officer) ([]string, error)
	ChangePassword(ctx context.Context, o auth.Officer, password string) error
	Prove(ctx context.Context, o auth.Officer, password string) error
	Access(id string) auth.Access
	EndOthers(ctx context.Context, o auth.Officer) error
	SignInBySSO(ctx context.Context, name string) (auth.Officer, error)
}

// question is one question of a small form about signing in.
type question struct {
	Name, Kind, Label, Hint, Auto string
	Value, Error                  string
	Max                           int
}

// ID is the field's, and what the error summary leads to.
func (a question) ID() string { return a.Name }

// Described names what says more about the field, for those who hear the page.
func (a question) Described() string {
	var ids string
	if a.Hint != "" {
		ids = a.Name + "-hint"
	}
	if a.Error != "" {
		ids += " " + a.Name + "-error"
	}
	return ids
}

func (c *console) askCode(fault string) question {
	return question{
		Name: "code", Kind: "code", Label: c.say("Code of your authenticator app"), Auto: "one-time-code", Max: 20, Error: fault,
		Hint: c.say("Six digits. Without the app, type one of your recovery codes."),
	}
}

func (c *console) askNewCode(fault string) question {
	return question{Name: "code", Kind: "code", Label: c.say("Code that the app shows now"), Hint: c.say("Six digits."), Auto: "one-time-code", Max: 10, Error: fault}
}

func (c *console) askPassword(fault string) question {
	return question{Name: "password", Kind: "password", Label: c.say("Your password"), Auto: "current-password", Error: fault}
}

func (c *console) askNewPassword(fault string) question {
	return question{
		Name: "new-password", Kind: "password", Label: c.say("New password"), Auto: "new-password", Error: fault,
		Hint: c.say("At least 12 characters. A few words are easy to keep in mind."),
	}
}

// appView is a new authenticator app on the page: what it scans, or is typed.
type appView struct {
	auth.NewApp

	Path    string // of the QR code
	Side    int
	Grouped string // the secret in groups of four, as it is typed
}

// issuer is what an app lists us by: two entries of one officer are told apart by the realm.
func (c *console) issuer() string {
	if c.Realm == alert.Drill {
		return "Tocsin EXERCISE"
	}
	return "Tocsin"
}

func (c *console) appOf(o auth.Officer, sealed string) (appView, error) {
	app, err := c.Accounts.SameApp(o, c.issuer(), sealed)
	if err != nil {
		return appView{}, err
	}
	v := appView{NewApp: app}
	if v.Path, v.Side, err = totp.Picture(app.Address); err != nil {
		return appView{}, err
	}
	for i, r := range app.Secret {
		if i > 0 && i%4 == 0 {
			v.Grouped += " "
		}
		v.Grouped += string(r)
	}
	return v, nil
}

// wayFault says which field an error of a small form belongs to, and how;
// ok is false for what is no fault of the form.
func (c *console) wayFault(err error) (field, text string, ok bool) {
	if invalid, is := errors.AsType[alert.Invalid](err); is && len(invalid) > 0 {
		return invalid[0].Field, c.retell(invalid[0].Text), true
	}
	if throttled, is := errors.AsType[*auth.ThrottledError](err); is {
		t := c.diagnose(throttled)
		return "code", t.title + ". " + t.detail, true
	}
	switch {
	case errors.Is(err, auth.ErrCode):
		return "code", c.say("The code is wrong. Type the one that the app shows now; check that your phone sets its clock by itself."), true
	case errors.Is(err, auth.ErrCodeUsed):
		return "code", c.say("This code was used already. Wait until the app shows the next one, at most 30 seconds."), true
	case errors.Is(err, auth.ErrCredentials):
		return "password", c.say("The password is wrong. Type it again."), true
	case errors.Is(err, auth.ErrStale):
		return "password", c.say("You have no password here, so a sign-in of the last ten minutes has to prove who you are. Sign out, sign in again, and come back."), true
	}
	return "", "", false
}

// ofWays turns what can go wrong on the way in into words.
func (c *console) ofWays(err error) (t trouble, ok bool) {
	switch {
	case errors.Is(err, auth.ErrTicket):
		return trouble{http.StatusUnauthorized, "late", c.say("That took too long"), c.say("Sign in again from the beginning.")}, true
	case errors.Is(err, auth.ErrInvite):
		return trouble{http.StatusGone, "invitation", c.say("This invitation does not hold"), c.say("It was used already, is more than 24 hours old, or the link is not whole. Ask your administrator for a new one.")}, true
	case errors.Is(err, auth.ErrNoApp):
		return trouble{http.StatusConflict, "no-app", c.say("There is no authenticator app"), c.say("Set one up on your account page first.")}, true
	}
	return trouble{}, false
}

// done leads on after a sign-in, with a notice where there is something to say.
func done(next, notice string) string {
	if notice == "" {
		return next
	}
	u, err := url.Parse(next)
	if err != nil {
		return next
	}
	q := u.Query()
	q.Set("done", notice)
	u.RawQuery = q.Encode()
	return u.String()
}
