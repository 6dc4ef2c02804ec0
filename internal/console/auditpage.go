package console

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"tocsin/internal/audit"
	"tocsin/internal/auth"
)

// Audit is the record of every act: *audit.Log.
type Audit interface {
	Must(ctx context.Context, ev audit.Event) error
	Look(f audit.Filter, limit int) audit.Page
	Write(ctx context.Context, w io.Writer) (audit.Summary, error)
}

// auditPageSize is what somebody reads at once.
const auditPageSize = 100

// actWords are the acts as people say them.
var actWords = map[string]string{
	audit.SignedIn: tr("Signed in"), audit.SignInFailed: tr("Sign-in refused"), audit.Throttled: tr("Sign-in slowed down after too many tries"),
	audit.SignedOut: tr("Signed out"), audit.SessionEnded: tr("Session ended by the server"), audit.GuestIn: tr("Signed in with the station's token"),
	audit.Exported: tr("Case exported"), audit.AuditRead: tr("Audit record exported"), audit.Command: tr("Operator's command"),
	"officer_added": tr("Account added"), "officer_revoked": tr("Account revoked"), "officer_token": tr("Token of a program made"),
	"officer_asked": tr("Request made"), "officer_declined": tr("Request declined"), "officer_changed": tr("Rights changed"), "officer_reset": tr("Ways of signing in reset"),
	"officer_passkey": tr("Passkey added"), "officer_passkey_named": tr("Passkey renamed"), "officer_passkey_removed": tr("Passkey removed"),
	"officer_passkey_suspect": tr("Passkey refused: perhaps copied"), "officer_password": tr("Password changed"), "officer_app": tr("Authenticator app added"),
	"officer_app_removed": tr("Authenticator app removed"), "officer_recovery": tr("Recovery codes made anew"), "officer_recovery_used": tr("Recovery code used"),
	"officer_invited": tr("Invitation made"), "officer_set_up": tr("Ways of signing in set up"), "officer_linked": tr("Link to single sign-on changed"),
	"officer_others_ended": tr("Tokens and invitations ended"),
	"case_submitted":       tr("Alert submitted"), "case_returned": tr("Alert returned"), "case_rejected": tr("Alert rejected"),
	"case_agreed": tr("Area of an alert agreed to"), "case_resent": tr("Alert sent again to one recipient"),
	"case_released": tr("Alert released"), "case_withdrawn": tr("Alert withdrawn"),
}

// detailWords are the details that are one of a few.
var detailWords = map[string]string{
	"password": tr("password"), "code": tr("password and code"), "recovery": tr("password and recovery code"), "passkey": tr("passkey"),
	"sso": tr("single sign-on"), "invitation": tr("invitation"), "token": tr("token of a program"), "record": tr("record"), "report": tr("report"), "passkey, perhaps copied": tr("passkey, perhaps copied"),
	auth.ErrElsewhere.Error(): tr("signed in elsewhere"), auth.ErrRevoked.Error(): tr("rights were taken away"),
}

// actGroups are what the page can be narrowed to.
var actGroups = []struct {
	slug, text string
	kinds      []string
}{
	{"sign-in", tr("Sign-in and sessions"), []string{"sign", "session_", "guest_"}},
	{"officers", tr("Accounts and rights"), []string{"officer_"}},
	{"cases", tr("Alerts"), []string{"case_"}},
	{"exports", tr("Exports"), []string{audit.Exported, audit.AuditRead}},
	{"operator", tr("The operator"), []string{"operator_"}},
}

func (c *console) auditPages(r chi.Router) {
	r.Use(c.need(auth.Admin, auth.Auditor))
	r.Get("/", c.speak((*console).auditPage))
	r.Get("/export", c.speak((*console).exportAudit))
}

type auditRow struct {
	N                    uint64
	At                   time.Time
	AtText, What         string
	Who, About, AboutRef string
	Network, Detail      string
	Raw                  string // a detail in English, as programs say it
	More                 int
}

type auditView struct {
	page
	Rows         []auditRow
	Officers     []option
	Groups       []option
	Person, Kind string // chosen
	Day          string
	Older        string // address of the next page
	Newest       string // of the first, when this is not it
	Entries      int
	Head         string
	Forgotten    bool
	Fault        bool
	Lost         int // acts that are not on it
}

func (c *console) auditPage(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	names := map[string]string{}
	if c.Office != nil {
		names = c.names()
	}
	view := auditView{page: c.page(r, c.say("Audit record")), Person: q.Get("officer"), Kind: q.Get("kind"), Day: q.Get("day")}
	view.Wide = true
	f := audit.Filter{Officer: view.Person}
	for _, g := range actGroups {
		view.Groups = append(view.Groups, option{g.slug, c.say(g.text)})
		if g.slug == view.Kind {
			f.Kinds = g.kinds
		}
	}
	for id, name := range names {
		view.Officers = append(view.Officers, option{id, name + " (" + id + ")"})
	}
	slices.SortFunc(view.Officers, func(a, b option) int { return strings.Compare(a.Text, b.Text) })
	view.Officers = append(view.Officers, option{audit.Operator, c.say("The operator")})
	if day, err := time.ParseInLocation(time.DateOnly, view.Day, c.zone); err == nil {
		f.From, f.Until = day, day.AddDate(0, 0, 1)
	} else {
		view.Day = ""
	}
	f.Before, _ = strconv.ParseUint(q.Get("before"), 10, 64) // what is no number is the newest page
	found := c.Audit.Look(f, auditPageSize)
	for _, e := range found.Events {
		view.Rows = append(view.Rows, c.auditRow(e, names))
	}
	view.Entries, view.Head, view.Forgotten, view.Fault = int(min(found.Entries, 1<<31)), found.Head, found.Forgotten, found.Fault != nil
	view.Lost = found.Lost
	page := func(before uint64) string {
		v := url.Values{}
		for key, s := range map[string]string{"officer": view.Person, "kind": view.Kind, "day": view.Day} {
			if s != "" {
				v.Set(key, s)
			}
		}
		if before > 0 {
			v.Set("before", strconv.FormatUint(before, 10))
		}
		return "/console/audit?" + v.Encode()
	}
	if found.More {
		view.Older = page(found.Events[len(found.Events)-1].N)
	}
	if f.Before > 0 {
		view.Newest = page(0)
	}
	c.render(w, r, http.StatusOK, "audit", view)
}

func (c *console) auditRow(e audit.Event, names map[string]string) auditRow {
	row := auditRow{
		N: e.N, At: e.At, AtText: c.stamp(e.At.In(c.zone)), What: c.say(actWords[e.Kind]), Who: c.whoActed(e.By, names),
		About: e.About, Network: e.Network, Raw: e.Detail, More: e.More,
	}
	if row.What == "" {
		row.What = e.Kind
	}
	if word, ok := detailWords[e.Detail]; ok {
		row.Detail, row.Raw = c.say(word), ""
	}
	switch {
	case e.About == "":
	case names[e.About] != "":
		row.About, row.AboutRef = names[e.About], "/console/officers/account/"+e.About
	case strings.HasPrefix(e.Kind, "case_"):
		row.AboutRef = "/console/cases/" + e.About
	}
	return row
}

// whoActed names who did something.
func (c *console) whoActed(by string, names map[string]string) string {
	switch {
	case by == audit.Operator:
		return c.say("The operator")
	case by == audit.System:
		return "Tocsin"
	case names[by] != "":
		return names[by]
	}
	return by
}

// exportAudit is the whole record as a file that `tocsin verify-audit` checks.
func (c *console) exportAudit(w http.ResponseWriter, r *http.Request) {
	if err := c.Audit.Must(r.Context(), audit.Event{Kind: audit.AuditRead, By: c.officer(r).ID}); err != nil {
		c.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/jsonl")
	w.Header().Set("Content-Disposition", `attachment; filename="audit.jsonl"`)
	if _, err := c.Audit.Write(r.Context(), w); err != nil {
		c.Log.ErrorContext(r.Context(), "the audit record could not be exported", "err", err)
		panic(http.ErrAbortHandler) // half a record must not look like a whole one
	}
}

// exported records that a case's record or report is taken out. False: that could not
// be recorded, and has been answered.
func (c *console) exported(w http.ResponseWriter, r *http.Request, id, what string) bool {
	if c.Audit == nil {
		return true
	}
	err := c.Audit.Must(r.Context(), audit.Event{Kind: audit.Exported, By: c.officer(r).ID, About: id, Detail: what})
	if err != nil {
		c.fail(w, r, err)
	}
	return err == nil
}
