package console

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
)

// roleOrder is how roles are listed, with what each may do.
var roleOrder = []struct {
	role auth.Role
	may  string
}{
	{auth.Author, tr("drafts, edits, submits, withdraws what he or she wrote")},
	{auth.Approver, tr("releases, returns, rejects, withdraws")},
	{auth.Admin, tr("manages accounts, together with another administrator")},
	{auth.Auditor, tr("reads everything, changes nothing")},
	{auth.Editor, tr("works for a station, in the newsroom; no officer")},
}

// officerRow is one account in the list.
type officerRow struct {
	auth.Standing
	Tags                      []tag
	Where, Ways, LastIn, Said string
	Station                   string
}

type officersView struct {
	page
	Officers, Editors, Revoked []officerRow
	MayAct                     bool
	Lonely                     bool // one administrator: nothing can be confirmed
}

func (c *console) officersPage(w http.ResponseWriter, r *http.Request) {
	view := officersView{page: c.page(r, c.say("Officers")), MayAct: c.officer(r).Has(auth.Admin)}
	view.Wide = true
	admins := 0
	for _, s := range c.Office.Standings() {
		row := c.officerRow(s)
		switch {
		case !s.Active:
			view.Revoked = append(view.Revoked, row)
		case s.Station != "":
			view.Editors = append(view.Editors, row)
		default:
			view.Officers = append(view.Officers, row)
		}
		if s.Active && s.Has(auth.Admin) {
			admins++
		}
	}
	view.Lonely = admins < 2
	c.render(w, r, http.StatusOK, "officers", view)
}

func (c *console) officerRow(s auth.Standing) officerRow {
	row := officerRow{Standing: s, Where: c.jurisdiction(s.Officer), Ways: c.waysOf(s), Station: c.stationName(s.Station)}
	for _, word := range c.roleNames(s.Officer) {
		row.Tags = append(row.Tags, tag{word, "grey"})
	}
	if !s.Active {
		row.Tags = []tag{{c.say("Revoked"), "red"}}
	}
	if s.Waiting != nil {
		row.Tags = append(row.Tags, tag{c.say("A request is waiting"), "amber"})
	}
	if !s.LastIn.IsZero() {
		row.LastIn = c.day(s.LastIn.In(c.zone))
	}
	return row
}

// roleNames are o's rights in words, in the usual order.
func (c *console) roleNames(o auth.Officer) []string {
	var words []string
	for _, one := range roleOrder {
		if o.Has(one.role) {
			words = append(words, c.say(roleWords[one.role]))
		}
	}
	return words
}

func (c *console) jurisdiction(o auth.Officer) string {
	if len(o.Areas) == 0 {
		return c.say("Everywhere")
	}
	return c.areaNames(o.Areas, c.lang)
}

// stationName is what a station is called, its id when it is not registered any more.
func (c *console) stationName(id string) string {
	for _, s := range c.stationList() {
		if s.ID == id {
			return s.Name
		}
	}
	return id
}

func (c *console) stationList() []Station {
	if c.Stations == nil {
		return nil
	}
	return c.Stations.Stations()
}

// waysOf says how somebody signs in.
func (c *console) waysOf(s auth.Standing) string {
	var ways []string
	if s.Passkeys > 0 {
		ways = append(ways, c.count(s.Passkeys, "{n} passkey", "{n} passkeys"))
	}
	if s.Password {
		ways = append(ways, c.say("password"))
	}
	if s.App {
		ways = append(ways, c.say("codes of an app"))
	}
	if s.Link {
		ways = append(ways, c.say("single sign-on"))
	}
	if s.Tokens > 0 {
		ways = append(ways, c.count(s.Tokens, "{n} token of a program", "{n} tokens of programs"))
	}
	if !s.Invited.IsZero() {
		ways = append(ways, c.say("an invitation, open until {when}", "when", c.day(s.Invited.In(c.zone))))
	}
	if len(ways) == 0 {
		return c.say("none")
	}
	return c.sentence(ways)
}

// roleChoice is one box of the form.
type roleChoice struct {
	Role      auth.Role
	Text, May string
	Set       bool
}

type officerView struct {
	page
	Row     officerRow
	New     bool
	Self    bool
	MayAct  bool
	Fields  []*field // name, unit, station, areas, reason; the first of a new account is its sign-in name
	Roles   []roleChoice
	RolesAt *field // for its fault
	Reset   *field // reason of a reset
	Action  string
}

// askOfficer binds the form of an account to o and the reason.
func (c *console) askOfficer(b *form, o *auth.Officer, reason *string, isNew bool) (roles *field) {
	if isNew {
		text(b, "id", "Sign-in name", &o.ID).width("w20").max(40).hint("Lower case letters, digits, dots and dashes. It is never given to anybody else.")
	}
	text(b, "name", "Name", &o.Name).max(80)
	text(b, "unit", "Unit", &o.Unit).max(80).optional()
	if b.sent != nil {
		o.Roles = nil
		for _, one := range roleOrder {
			if slices.Contains(b.sent["roles"], string(one.role)) {
				o.Roles = append(o.Roles, one.role)
			}
		}
	}
	if stations := c.stationList(); len(stations) > 0 || o.Station != "" {
		list := make([]option, 0, len(stations))
		for _, s := range stations {
			list = append(list, option{s.ID, s.Name})
		}
		if !slices.ContainsFunc(list, func(x option) bool { return x.Value == o.Station }) && o.Station != "" {
			list = append(list, option{o.Station, o.Station})
		}
		choose(b, "station", "Station of an editor", &o.Station, list).optional()
	}
	c.askJurisdiction(b, &o.Areas)
	text(b, "reason", "Why", reason).max(300).hint("The second administrator reads it.")
	return &field{Name: "roles"}
}

// askJurisdiction asks for areas by code or name.
func (c *console) askJurisdiction(b *form, p *[]string) {
	f := b.add(&field{Name: "areas", Kind: "textarea", Label: b.say("Jurisdiction"), Optional: true, Max: 2000, say: b.tongue})
	f.hint("Codes or names, like BE-BRU or Namur, with commas between them. Empty is everywhere.")
	f.Value = strings.Join(*p, ", ")
	if b.sent == nil {
		return
	}
	f.Value = strings.TrimSpace(b.sent.Get("areas"))
	*p = nil
	var unknown []string
	for line := range strings.FieldsFuncSeq(f.Value, func(r rune) bool { return r == '\n' || r == ',' || r == ';' || r == '\r' }) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		code, ok := c.areaOf(line)
		switch {
		case !ok:
			unknown = append(unknown, line)
		case !slices.Contains(*p, code):
			*p = append(*p, code)
		}
		if len(unknown) >= maxPasted {
			break
		}
	}
	if len(unknown) > 0 {
		b.fault(f, "unknown", b.say("No single area is called “{names}”. Write its code, like BE-BRU, or its full name.", "names", strings.Join(unknown, ", ")))
	}
}

func (c *console) newOfficerPage(w http.ResponseWriter, r *http.Request) {
	var o auth.Officer
	var reason string
	b := &form{tongue: c.tongue}
	roles := c.askOfficer(b, &o, &reason, true)
	c.renderOfficer(w, r, http.StatusOK, auth.Standing{Officer: o}, b, roles, true)
}

// account is that of the address; when there is none it has answered.
func (c *console) account(w http.ResponseWriter, r *http.Request) (auth.Standing, bool) {
	s, ok := c.Office.Standing(chi.URLParam(r, "officer"))
	if !ok {
		c.fail(w, r, auth.ErrUnknown)
	}
	return s, ok
}

func (c *console) officerPage(w http.ResponseWriter, r *http.Request) {
	s, ok := c.account(w, r)
	if !ok {
		return
	}
	o, reason := s.Officer, ""
	b := &form{tongue: c.tongue}
	roles := c.askOfficer(b, &o, &reason, false)
	c.renderOfficer(w, r, http.StatusOK, s, b, roles, false)
}

// renderOfficer shows an account with its form; of a new one, the form alone.
func (c *console) renderOfficer(w http.ResponseWriter, r *http.Request, status int, s auth.Standing, b *form, roles *field, isNew bool) {
	o := c.officer(r)
	view := officerView{
		page: c.page(r, c.say("New officer")), New: isNew, Self: s.ID == o.ID, MayAct: o.Has(auth.Admin), Fields: b.Fields, RolesAt: roles,
		Reset: &field{Name: "reset-reason", Kind: "text", Label: c.say("Why"), Max: 300, Hint: c.say("The second administrator reads it.")}, Action: "/console/officers/new",
	}
	if !isNew {
		view.page, view.Row = c.page(r, s.Name), c.officerRow(s)
		view.Action = "/console/officers/account/" + s.ID + "/change"
		if !s.Active {
			view.Action = "/console/officers/account/" + s.ID + "/restore"
		}
	}
	view.Back = "/console/officers"
	holds := s.Officer
	if b.sent != nil {
		holds.Roles = nil
		for _, word := range b.sent["roles"] {
			holds.Roles = append(holds.Roles, auth.Role(word))
		}
	}
	for _, one := range roleOrder {
		view.Roles = append(view.Roles, roleChoice{one.role, c.say(roleWords[one.role]), c.say(one.may), holds.Has(one.role)})
	}
	view.Reset.Value = r.PostForm.Get(view.Reset.Name) // typed, after a fault
	c.mark([]*field{view.Reset}, b.Faults)
	for _, f := range b.Faults {
		at := "#" + fieldID(f.Field)
		if f.Field == "" || f.Field == "password" {
			at = ""
		}
		view.Errors = append(view.Errors, fault{c.retell(f.Text), at})
	}
	c.render(w, r, status, "officer", view)
}

func (c *console) newOfficer(w http.ResponseWriter, r *http.Request) {
	c.askOf(w, r, auth.AskNew, auth.Standing{})
}

func (c *console) changeOfficer(w http.ResponseWriter, r *http.Request) {
	if s, ok := c.account(w, r); ok {
		c.askOf(w, r, auth.AskChange, s)
	}
}

func (c *console) restoreOfficer(w http.ResponseWriter, r *http.Request) {
	if s, ok := c.account(w, r); ok {
		c.askOf(w, r, auth.AskRestore, s)
	}
}

// askOf asks for what the form says about an account.
func (c *console) askOf(w http.ResponseWriter, r *http.Request, kind auth.RequestKind, s auth.Standing) {
	sent, ok := c.readForm(w, r)
	if !ok {
		return
	}
	o, reason := s.Officer, ""
	b := &form{tongue: c.tongue, sent: sent}
	roles := c.askOfficer(b, &o, &reason, kind == auth.AskNew)
	var applied bool
	err := b.Faults.Err()
	if err == nil {
		applied, err = c.Office.Ask(r.Context(), c.officer(r), kind, o, reason)
	}
	if invalid, ok := errors.AsType[alert.Invalid](err); ok {
		b.Faults = invalid
		c.mark(append(b.Fields, roles), invalid)
		c.renderOfficer(w, r, http.StatusUnprocessableEntity, s, b, roles, kind == auth.AskNew)
		return
	}
	c.afterAsking(w, r, s.ID, applied, err)
}

// afterAsking answers after a request was made, applied or refused.
func (c *console) afterAsking(w http.ResponseWriter, r *http.Request, id string, applied bool, err error) {
	switch {
	case err != nil:
		c.fail(w, r, err)
	case applied:
		http.Redirect(w, r, "/console/officers/account/"+id+"?done=narrowed", http.StatusSeeOther)
	default:
		http.Redirect(w, r, "/console/officers/requests?done=asked", http.StatusSeeOther)
	}
}

func (c *console) resetOfficer(w http.ResponseWriter, r *http.Request) {
	s, ok := c.account(w, r)
	if !ok {
		return
	}
	sent, ok := c.readForm(w, r)
	if !ok {
		return
	}
	applied, err := c.Office.Ask(r.Context(), c.officer(r), auth.AskReset, s.Officer, cmp.Or(sent.Get("reset-reason"), sent.Get("reason")))
	if invalid, ok := errors.AsType[alert.Invalid](renamed(err, "reason", "reset-reason")); ok {
		o, none := s.Officer, ""
		b := &form{tongue: c.tongue}
		roles := c.askOfficer(b, &o, &none, false)
		b.Faults = invalid
		c.renderOfficer(w, r, http.StatusUnprocessableEntity, s, b, roles, false)
		return
	}
	c.afterAsking(w, r, s.ID, applied, err)
}

func (c *console) revokeOfficer(w http.ResponseWriter, r *http.Request) {
	s, ok := c.account(w, r)
	if !ok {
		return
	}
	if err := c.Office.Dismiss(r.Context(), c.officer(r), s.ID); err != nil {
		c.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/console/officers/account/"+s.ID+"?done=revoked", http.StatusSeeOther)
}
