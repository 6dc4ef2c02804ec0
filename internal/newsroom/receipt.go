package newsroom

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/ledger"
)

// Bounds of what a person writes: a sentence or two on the officer's board.
const (
	maxWords     = 300
	maxProgramme = 80
	reportWait   = 20 * time.Second // how long a press may wait for the ledger
)

// reasons are the answers to "why", by state: keys of the texts.
var reasons = map[adapter.State][]string{
	adapter.Declined: {"area", "slot", "covered", "doubt", "editorial", "other"},
	adapter.Failed:   {"playout", "files", "line", "other"},
}

// answerView is an answer as the page's forms show it: empty, or as it was sent
// and could not be taken.
type answerView struct {
	Identifier string
	State      string
	When, At   string
	Programme  string
	Reason     string
	Words      string
	Faults     map[string]string // field: key of the mend's text
}

// of is the answer if it was about the revision.
func (a answerView) of(identifier string) answerView {
	if a.Identifier != identifier {
		return answerView{}
	}
	return a
}

// summary lists the faults as the page's head shows them.
func (a answerView) summary(words map[string]string) (list []fault) {
	for _, field := range []string{"at", "reason", "words", "programme"} {
		if key := a.Faults[field]; key != "" {
			list = append(list, fault{words[key], "#" + a.State + "-" + field})
		}
	}
	return list
}

// actView is one thing the station said, in words.
type actView struct {
	State    adapter.State
	By       string // empty: the station's receiver
	Outlet   string // the programme
	Reason   string
	Moment   time.Time
	Revision int
}

// say takes a person's answer to an alert and puts it on the ledger.
func (n *newsroom) say(w http.ResponseWriter, r *http.Request, lang alert.Lang, p person) {
	if err := r.ParseForm(); err != nil {
		n.badForm(w, r, err)
		return
	}
	now := time.Now()
	m, ok := n.answered(r.PostForm.Get("identifier"), p.Station)
	a, rep := n.readAnswer(r.PostForm, m, now)
	rep.Channel, rep.Recipient = channel, p.Station.ID
	switch {
	case !ok:
		n.refuse(w, r, http.StatusNotFound, "refused.alert")
		return
	case rep.State == "" || (rep.State == adapter.Removed) != (m.msgType == alert.TypeCancel):
		n.refuse(w, r, http.StatusBadRequest, "refused.form")
		return
	case len(a.Faults) > 0:
		n.render(w, r, http.StatusUnprocessableEntity, "main", n.mainView(r, lang, p, a))
		return
	}
	rep.Identifier, rep.Revision, rep.By, rep.Outlet = a.Identifier, m.revision, p.Name, a.Programme
	// The press is the person's: it is stored even if his browser has gone. The
	// ledger takes the same one twice as one.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), reportWait)
	defer cancel()
	if err := n.Ledger.Report(ctx, rep); errors.Is(err, adapter.ErrUnknown) {
		n.refuse(w, r, http.StatusNotFound, "refused.alert")
		return
	} else if err != nil {
		n.Log.ErrorContext(r.Context(), "newsroom receipt", "station", p.Station.ID, "err", err)
		w.Header().Set("Retry-After", "2")
		n.refuse(w, r, http.StatusServiceUnavailable, "refused.ledger")
		return
	}
	done := string(rep.State)
	if rep.State == adapter.Seen && rep.Reason != "" {
		done = "planned"
	}
	http.Redirect(w, r, "/newsroom/"+string(lang)+"/?done="+done+"#"+m.caseID, http.StatusSeeOther)
}

// about is the revision that an answer is about.
type about struct {
	caseID   string
	revision int
	msgType  alert.MsgType
	released time.Time
}

// answered finds the revision of an identifier: also an older one, because that
// may be what went on air; also of an alert withdrawn meanwhile, because what
// was aired before was aired. A stranger's alert and none look the same.
func (n *newsroom) answered(identifier string, st adapter.Recipient) (about, bool) {
	rev, gone, ok := n.Alerts.Identifier(identifier)
	if (!ok && !gone) || !n.sees(st, rev.Message) {
		return about{}, false
	}
	m := rev.Message
	if !gone {
		return about{m.Case, m.Revision, m.MsgType, rev.Published}, true
	}
	// The withdrawal no longer tells which revision that was; the station's own words do.
	for _, a := range n.Ledger.Acts(m.Case, channel, st.ID) {
		if a.Identifier == identifier {
			return about{m.Case, a.Revision, alert.TypeAlert, a.Released}, true
		}
	}
	return about{}, false
}

// readAnswer reads the form and notes each fault with its mend.
func (n *newsroom) readAnswer(f url.Values, m about, now time.Time) (answerView, adapter.Report) {
	a := answerView{
		Identifier: f.Get("identifier"), State: f.Get("state"), When: f.Get("when"), At: strings.TrimSpace(f.Get("at")),
		Programme: strings.TrimSpace(f.Get("programme")), Reason: f.Get("reason"), Words: oneLine(f.Get("words")),
		Faults: map[string]string{},
	}
	rep := adapter.Report{State: adapter.State(a.State), At: now}
	switch rep.State {
	case adapter.Seen, adapter.Removed:
	case adapter.OnAir:
		n.readMoment(&a, &rep, m.released, now)
		if !plain(a.Programme, maxProgramme) {
			a.Faults["programme"] = "fault.programme"
		}
	case adapter.Declined, adapter.Failed:
		rep.Reason = n.readReason(&a, rep.State)
	default:
		rep.State = ""
	}
	return a, rep
}

// readMoment reads when it was on air. A time to come is a plan: the officer
// reads that it is queued.
func (n *newsroom) readMoment(a *answerView, rep *adapter.Report, released, now time.Time) {
	if a.When != "at" {
		return
	}
	at, err := time.ParseInLocation("15:04", a.At, n.zone)
	if err != nil {
		a.Faults["at"] = "fault.at"
		return
	}
	rep.At = nearest(at.Hour(), at.Minute(), now.In(n.zone))
	switch {
	case rep.At.Before(released.Truncate(time.Minute)):
		a.Faults["at"] = "fault.before"
	case rep.At.Sub(now) > time.Minute:
		rep.State, rep.Reason, rep.At = adapter.Seen, plannedFor+rep.At.Format("15:04"), now
	case rep.At.Before(released): // in the minute of the release
		rep.At = released
	}
}

// plannedFor begins the reason of a plan, as the officer's board says it.
const plannedFor = "queued for air at "

// nearest is the moment with this hour and minute that is closest to now: just
// after midnight, 23:50 was yesterday.
func nearest(hour, minute int, now time.Time) time.Time {
	day := func(by int) time.Time {
		return time.Date(now.Year(), now.Month(), now.Day()+by, hour, minute, 0, 0, now.Location())
	}
	best := day(0)
	for _, t := range []time.Time{day(-1), day(1)} {
		if t.Sub(now).Abs() < best.Sub(now).Abs() {
			best = t
		}
	}
	return best
}

// readReason is the reason as the officer reads it: in English, with the
// station's own words behind.
func (n *newsroom) readReason(a *answerView, s adapter.State) string {
	if !slices.Contains(reasons[s], a.Reason) {
		a.Faults["reason"] = "fault.reason"
		return ""
	}
	if !plain(a.Words, maxWords) {
		a.Faults["words"] = "fault.words"
		return ""
	}
	if a.Reason == "other" {
		if a.Words == "" {
			a.Faults["words"] = "fault.other"
		}
		return a.Words
	}
	text := n.words[alert.English]["reason."+a.Reason]
	if a.Words != "" {
		text += ": " + a.Words
	}
	return text
}

// plain says whether text is one that shows what it holds, within its bound.
func plain(text string, limit int) bool {
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= limit &&
		!strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) })
}

// oneLine makes one line of what was typed in several.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// actViews are a station's words, newest first, in the reader's language where we chose the words.
func (n *newsroom) actViews(lang alert.Lang, acts []ledger.Act) []actView {
	list := make([]actView, 0, len(acts))
	for _, a := range slices.Backward(acts) {
		list = append(list, actView{State: a.State, By: a.By, Outlet: a.Outlet, Reason: n.reasonIn(lang, a.State, a.Reason), Moment: a.At, Revision: a.Revision})
	}
	return list
}

// reasonIn turns the English of a chosen reason back into the reader's language.
func (n *newsroom) reasonIn(lang alert.Lang, s adapter.State, reason string) string {
	if at, ok := strings.CutPrefix(reason, plannedFor); ok {
		return strings.ReplaceAll(n.words[lang]["act.planned"], "{time}", at)
	}
	for _, key := range reasons[s] {
		english := n.words[alert.English]["reason."+key]
		if rest, ok := strings.CutPrefix(reason, english); ok && key != "other" && (rest == "" || strings.HasPrefix(rest, ": ")) {
			return n.words[lang]["reason."+key] + rest
		}
	}
	return reason
}
