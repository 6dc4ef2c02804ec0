package console

import (
	"context"
	"errors"
	"net/http"

	"github.com/go-chi/chi/v5"

	"tocsin/internal/auth"
)

// Passkeys makes, keeps and checks officers' passkeys: *auth.Passkeys.
type Passkeys interface {
	Host() string
	Challenge() string
	SignIn(ctx context.Context, answer []byte) (auth.Officer, error)
	Creation(o auth.Officer) (any, error)
	SetUpCreation(ticket string) (any, error)
	Enrol(ctx context.Context, o auth.Officer, name string, answer []byte) error
	SetUp(ctx context.Context, ticket, name string, answer []byte) (auth.Officer, error)
	List(officerID string) []auth.Passkey
	Rename(ctx context.Context, o auth.Officer, keyID, name string) error
	Remove(ctx context.Context, o auth.Officer, keyID string) error
}

func (c *console) accountPages(r chi.Router) {
	r.Get("/", c.speak((*console).accountPage))
	r.Get("/passkeys/new", c.speak((*console).passkeyOptions))
	r.Post("/passkeys", c.speak((*console).addPasskey))
	r.Post("/passkeys/{key}/rename", c.speak((*console).renamePasskey))
	r.Post("/passkeys/{key}/remove", c.speak((*console).removePasskey))
	c.accountWayPages(r)
}

// roleWords are the rights as officers call them.
var roleWords = map[auth.Role]string{
	auth.Author: tr("Author"), auth.Approver: tr("Approver"), auth.Admin: tr("Administrator"), auth.Auditor: tr("Auditor"), auth.Editor: tr("Editor of a station"),
}

type keyRow struct {
	auth.Passkey
	Added, Used string
}

type accountView struct {
	page
	Roles string
	Can   bool // browsers make passkeys for this address
	Keys  []keyRow
	Name  string // typed, after a fault
	Fault struct{ Key, Field, Text string }

	Access   accessView
	AppFault struct{ At, Text string }
}

func (c *console) accountPage(w http.ResponseWriter, r *http.Request) {
	c.renderAccount(w, r, http.StatusOK, func(*accountView) {})
}

func (c *console) renderAccount(w http.ResponseWriter, r *http.Request, status int, more func(*accountView)) {
	o := c.officer(r)
	view := accountView{page: c.page(r, c.say("Your account")), Can: c.Passkeys != nil, Access: c.access(r, o)}
	view.Back, view.Scripts = "/console/cases", []string{"passkey.js"}
	roles := make([]string, len(o.Roles))
	for i, role := range o.Roles {
		roles[i] = c.say(roleWords[role])
	}
	view.Roles = c.sentence(roles)
	if view.Can {
		for _, k := range c.Passkeys.List(o.ID) {
			row := keyRow{Passkey: k, Added: c.moment(k.Added.In(c.zone))}
			if !k.Used.IsZero() {
				row.Used = c.moment(k.Used.In(c.zone))
			}
			view.Keys = append(view.Keys, row)
		}
	}
	more(&view)
	c.render(w, r, status, "account", view)
}

// passkeyOptions is what the browser needs to make a key.
func (c *console) passkeyOptions(w http.ResponseWriter, r *http.Request) {
	if c.Passkeys == nil {
		c.fail(w, r, auth.ErrNoPasskeys)
		return
	}
	options, err := c.Passkeys.Creation(c.officer(r))
	if err != nil {
		c.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, options)
}

func (c *console) addPasskey(w http.ResponseWriter, r *http.Request) {
	c.changeKeys(w, r, "keyadded", true, func(name string, answer []byte) error {
		return c.Passkeys.Enrol(r.Context(), c.officer(r), name, answer)
	})
}

func (c *console) renamePasskey(w http.ResponseWriter, r *http.Request) {
	c.changeKeys(w, r, "saved", false, func(name string, _ []byte) error {
		return c.Passkeys.Rename(r.Context(), c.officer(r), chi.URLParam(r, "key"), name)
	})
}

func (c *console) removePasskey(w http.ResponseWriter, r *http.Request) {
	c.changeKeys(w, r, "removed", true, func(string, []byte) error {
		return c.Passkeys.Remove(r.Context(), c.officer(r), chi.URLParam(r, "key"))
	})
}

// changeKeys does one act on the officer's keys. What changes who can sign in as
// him asks for his password first: a machine left open for a minute must not
// become a way in for good.
func (c *console) changeKeys(w http.ResponseWriter, r *http.Request, done string, prove bool, act func(name string, answer []byte) error) {
	sent, ok := c.readForm(w, r)
	if !ok {
		return
	}
	if c.Passkeys == nil {
		c.fail(w, r, auth.ErrNoPasskeys)
		return
	}
	if len(sent.Get("answer")) > auth.MaxAnswer {
		c.fail(w, r, &http.MaxBytesError{Limit: auth.MaxAnswer})
		return
	}
	var err error
	if prove {
		err = c.Accounts.Prove(r.Context(), c.officer(r), sent.Get("password"))
	}
	if err == nil {
		err = act(sent.Get("name"), []byte(sent.Get("answer")))
	}
	if err == nil {
		http.Redirect(w, r, "/console/account?done="+done, http.StatusSeeOther)
		return
	}
	t := c.diagnose(err)
	if _, _, ours := c.wayFault(err); t.status >= http.StatusInternalServerError && !ours {
		c.fail(w, r, err)
		return
	}
	c.renderAccount(w, r, http.StatusUnprocessableEntity, func(v *accountView) {
		v.Name, v.Fault.Key = sent.Get("name"), chi.URLParam(r, "key")
		v.Fault.Field, v.Fault.Text = c.keyFault(err, t)
		v.Errors = []fault{{v.Fault.Text, "#" + v.Fault.Field + v.Fault.Key}}
	})
}

// keyFault says which box of the form is at fault, and how.
func (c *console) keyFault(err error, t trouble) (field, text string) {
	if _, ok := errors.AsType[*auth.ThrottledError](err); ok {
		return "password", t.title + ". " + t.detail
	}
	if field, text, ok := c.wayFault(err); ok {
		return field, text
	}
	return "name", t.title + ". " + t.detail
}
