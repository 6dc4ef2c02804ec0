package console

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"tocsin/internal/auth"
)

// Office administers accounts by two: *auth.Book.
type Office interface {
	Standings() []auth.Standing
	Standing(id string) (auth.Standing, bool)
	Requests() []auth.Request
	Ask(ctx context.Context, by auth.Officer, kind auth.RequestKind, o auth.Officer, reason string) (applied bool, err error)
	Confirm(ctx context.Context, by auth.Officer, officerID, requestID string) (*auth.Admission, error)
	Decline(ctx context.Context, by auth.Officer, officerID, requestID, reason string) error
	Dismiss(ctx context.Context, by auth.Officer, officerID string) error
}

// Key is a public key or certificate that others know us by.
type Key struct {
	Use         KeyUse
	Fingerprint string    // SHA-256 in hex
	Made        time.Time // zero = unknown
	Until       time.Time // zero = no end
}

// KeyUse is what a key is for.
type KeyUse string

// The keys of a server.
const (
	KeyAlerts   KeyUse = "alerts"   // the certificate that signs CAP
	KeyWebhooks KeyUse = "webhooks" // signs what partner sites are told
	KeyPush     KeyUse = "push"     // VAPID: what push services know us by
)

var keyWords = map[KeyUse]string{
	KeyAlerts: tr("Signature of alerts (CAP)"), KeyWebhooks: tr("Signature of webhooks to partner sites"), KeyPush: tr("Push service key (VAPID)"),
}

func (c *console) officePages(r chi.Router) {
	r.Use(c.need(auth.Admin, auth.Auditor))
	r.Get("/", c.speak((*console).officersPage))
	r.Get("/requests", c.speak((*console).requestsPage))
	r.Get("/keys", c.speak((*console).keysPage))
	r.Get("/account/{officer}", c.speak((*console).officerPage))
	r.Group(func(r chi.Router) {
		r.Use(c.need(auth.Admin))
		r.Get("/new", c.speak((*console).newOfficerPage))
		r.Post("/new", c.speak((*console).newOfficer))
		r.Post("/account/{officer}/change", c.speak((*console).changeOfficer))
		r.Post("/account/{officer}/restore", c.speak((*console).restoreOfficer))
		r.Post("/account/{officer}/reset", c.speak((*console).resetOfficer))
		r.Post("/account/{officer}/revoke", c.speak((*console).revokeOfficer))
		r.Post("/account/{officer}/requests/{request}/confirm", c.speak((*console).confirmRequest))
		r.Post("/account/{officer}/requests/{request}/decline", c.speak((*console).declineRequest))
	})
}

// need lets only holders of one of the roles through.
func (c *console) need(roles ...auth.Role) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !slices.ContainsFunc(roles, c.officer(r).Has) {
				c := c.in(r)
				why := c.say("Only administrators and auditors see this page.")
				if len(roles) == 1 {
					why = c.say("Only an administrator manages accounts.")
				}
				c.refuse(w, r, http.StatusForbidden, c.say("You may not do this"), why)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// auditorsRead refuses everything but reading to who is an auditor and nothing
// else, wherever it is; his own ways of signing in are his to keep.
func (c *console) auditorsRead(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o := c.officer(r)
		acts := o.Has(auth.Author) || o.Has(auth.Approver) || o.Has(auth.Admin)
		reads := r.Method == http.MethodGet || r.Method == http.MethodHead
		if o.Has(auth.Auditor) && !acts && !reads && !strings.HasPrefix(r.URL.Path, "/console/account") {
			c := c.in(r)
			c.refuse(w, r, http.StatusForbidden, c.say("You may not do this"), c.say("Auditors read everything and change nothing."))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// room is a part of the console beside the cases.
type room struct {
	Text, Href string
	Count      int // what waits there
	Current    bool
}

// rooms are the parts that o may enter, none when the cases are all.
func (c *console) rooms(r *http.Request, o auth.Officer) []room {
	if !o.Has(auth.Admin) && !o.Has(auth.Auditor) {
		return nil
	}
	list := []room{{Text: c.say("Cases"), Href: "/console/cases"}}
	if c.Office != nil {
		list = append(list, room{Text: c.say("Officers"), Href: "/console/officers"}, room{Text: c.say("Requests"), Href: "/console/officers/requests", Count: len(c.Office.Requests())})
	}
	if c.Audit != nil {
		list = append(list, room{Text: c.say("Audit record"), Href: "/console/audit"})
	}
	at := -1
	for i, one := range list { // the longest address that this page lies under
		if (r.URL.Path == one.Href || strings.HasPrefix(r.URL.Path, one.Href+"/")) && (at < 0 || len(one.Href) > len(list[at].Href)) {
			at = i
		}
	}
	if at >= 0 {
		list[at].Current = true
	}
	return list
}

type keysView struct {
	page
	Keys []keyLine
}

type keyLine struct{ Use, Fingerprint, Made, Until string }

// keysPage shows what others know us by. Keys are made once and never replaced:
// every station and partner would have to be told first.
func (c *console) keysPage(w http.ResponseWriter, r *http.Request) {
	view := keysView{page: c.page(r, c.say("Keys"))}
	view.Back = "/console/officers"
	for _, k := range c.Keys {
		line := keyLine{Use: c.say(keyWords[k.Use]), Fingerprint: grouped(k.Fingerprint)}
		if !k.Made.IsZero() {
			line.Made = c.moment(k.Made.In(c.zone))
		}
		if !k.Until.IsZero() {
			line.Until = c.moment(k.Until.In(c.zone))
		}
		view.Keys = append(view.Keys, line)
	}
	c.render(w, r, http.StatusOK, "keys", view)
}

// grouped breaks a fingerprint into fours, to be compared by eye and to fit a phone.
func grouped(hex string) string {
	var parts []string
	for part := range slices.Chunk([]byte(hex), 4) {
		parts = append(parts, string(part))
	}
	return strings.Join(parts, " ")
}
