package newsroom

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/current"
)

// mainView is the page of everything: the line, the live alerts, the ended ones.
type mainView struct {
	page
	Line    lineView
	Live    []alertView // who waits for the station's answer comes first
	Ended   []endedView
	Version string // changes with what the page tells; a script compares it
	MayTest bool
}

// lineView is how the station's line is.
type lineView struct {
	Line
	Last time.Time // receipt; zero = none in the last days
	Test *LinkTest // nil: never tested
}

// alertView is one live alert as this station sees it.
type alertView struct {
	page
	Message  *alert.Message
	Released time.Time
	Station  adapter.Recipient
	Word     string   // EXERCISE, TEST; empty when actual
	Areas    []string // by name, in the page's language
	Texts    []textsView
	Photos   []fileView
	Pictures []fileView // the photos, and what the kit draws
	Others   []fileView // sound, poster, teletext, whatever else there is
	Bytes    int        // of everything
	Genuine  bool
	Signer   signer
	Cadence  *cadence
	Acts     []actView
	Standing adapter.State // what the station does, as its people said last; empty = nothing yet
	Answer   answerView
	Version  string
}

// textsView is the words of one language.
type textsView struct {
	Lang  alert.Lang
	Name  string // of the language, by its own speakers
	Texts []textView
	Open  bool
}

// textView is one text to copy.
type textView struct {
	ID, Key, Text string
	Count, Limit  int
	Seconds       bool // Count is a time to read
	Pre           bool // lines and columns matter
}

// endedView is a withdrawn alert: that there was one, and whether it is gone from here.
type endedView struct {
	page
	Case       string
	Identifier string // of the withdrawal
	Revision   int
	Moment     time.Time
	Outcome    alert.Outcome
	Areas      []string
	Drill      bool
	Removed    *actView // nil: not confirmed yet
	Had        bool     // the station was sent the alert
}

func (n *newsroom) mainPage(w http.ResponseWriter, r *http.Request, lang alert.Lang, p person) {
	view := n.mainView(r, lang, p, answerView{})
	if r.URL.Query().Has("part") {
		n.renderPart(w, r, http.StatusOK, "main", "part", view)
		return
	}
	n.render(w, r, http.StatusOK, "main", view)
}

// notices are the words after an act, by the word in the address. They are
// ours: nothing from the address itself is shown.
var notices = []string{"seen", "on_air", "planned", "declined", "failed", "removed", "signedout", "tested"}

// mainView gathers what the station's person sees. answer is the form that was
// sent and could not be taken, if one was.
func (n *newsroom) mainView(r *http.Request, lang alert.Lang, p person, answer answerView) mainView {
	v := mainView{page: n.page(lang, "/", "main.title"), MayTest: n.TestLine != nil}
	v.Person, v.Scripts = &p, []string{"newsroom.js"}
	if done := r.URL.Query().Get("done"); slices.Contains(notices, done) {
		v.Notice = n.words[lang]["done."+done]
	}
	if len(answer.Faults) > 0 {
		v.Errors = answer.summary(n.words[lang])
	}
	for _, rev := range n.live(p.Station) {
		v.Live = append(v.Live, n.alertView(r, v.page, p.Station, rev, answer))
	}
	slices.SortStableFunc(v.Live, func(a, b alertView) int { return cmp.Compare(a.urgency(), b.urgency()) })
	for _, rev := range n.Alerts.Ended() {
		if n.sees(p.Station, rev.Message) {
			v.Ended = append(v.Ended, n.endedView(v.page, p.Station, rev))
		}
	}
	// What is still to be confirmed stands first.
	slices.SortStableFunc(v.Ended, func(a, b endedView) int { return cmp.Compare(btoi(!a.open()), btoi(!b.open())) })
	v.Ended = v.Ended[:min(len(v.Ended), maxEnded)]
	v.Line = n.lineView(p.Station.ID)
	v.Version = n.version(p.Station)
	// Without script an idle page looks for news often; one with alerts seldom, so that nobody's words are lost.
	if v.Refresh = 15; len(v.Live) > 0 {
		v.Refresh = 60
	}
	return v
}

// maxEnded bounds the list of a month's withdrawals.
const maxEnded = 50

// open says whether the station has still to confirm that its copies are gone.
func (v endedView) open() bool { return v.Had && v.Removed == nil }

// live lists the alerts that concern the station.
func (n *newsroom) live(st adapter.Recipient) []current.Revision {
	return slices.DeleteFunc(n.Alerts.Live(), func(r current.Revision) bool { return !n.sees(st, r.Message) })
}

// sees says whether m is the station's business: by its areas, or because it got
// an earlier revision. A link test is no alert.
func (n *newsroom) sees(st adapter.Recipient, m *alert.Message) bool {
	return m.Status != alert.StatusTest &&
		(n.Match(st.Areas, m.AreaCodes()) || n.Ledger.Touched(m.Case, m.Revision, channel, st.ID))
}

func (n *newsroom) lineView(station string) lineView {
	v := lineView{Line: n.Lines.Line(station), Last: n.Ledger.LastAct(channel, station)}
	if n.Tests == nil {
		return v
	}
	if t, ok := n.Tests.Last(station); ok {
		v.Test = &t
	}
	return v
}

func (n *newsroom) alertView(r *http.Request, p page, st adapter.Recipient, rev current.Revision, answer answerView) alertView {
	m := rev.Message
	v := alertView{
		page: p, Message: m, Released: rev.Published, Station: st, Word: alert.StatusWord(m.Status, p.Lang),
		Genuine: n.genuine.is(m, n.Verify), Signer: n.signer, Answer: answer.of(m.Identifier),
	}
	for _, a := range m.Areas {
		v.Areas = append(v.Areas, a.Name(p.Lang))
	}
	acts := n.Ledger.Acts(m.Case, channel, st.ID)
	v.Acts = n.actViews(p.Lang, acts)
	for _, a := range acts {
		if a.Revision == m.Revision && a.By != "" {
			v.Standing = standing(v.Standing, a.State)
		}
	}
	v.Cadence = cadenceOf(m, airings(acts), time.Now())
	n.addTexts(r, &v)
	n.addFiles(&v)
	v.Version = v.sum()
	return v
}

// standing is what the station does after one more word: the last one counts,
// but to have seen it takes nothing back.
func standing(now, said adapter.State) adapter.State {
	switch {
	case said == adapter.OnAir, said == adapter.Declined, said == adapter.Failed, now == "" && said == adapter.Seen:
		return said
	default:
		return now
	}
}

// urgency orders the live alerts: what nobody has answered, what is due on air, the rest.
func (v alertView) urgency() int {
	switch {
	case v.Standing == "":
		return 0
	case v.Standing == adapter.OnAir && v.Cadence != nil && v.Cadence.Late:
		return 1
	case v.Standing == adapter.Seen, v.Standing == adapter.Failed:
		return 2
	case v.Standing == adapter.OnAir:
		return 3
	default:
		return 4
	}
}

// Updated says whether this is not the first revision.
func (v alertView) Updated() bool { return v.Message.MsgType == alert.TypeUpdate }

// Headline is the alert's in the page's language, or in its own. A mark that
// stands off its word, as in French, keeps to its line.
func (v alertView) Headline() string {
	return strings.NewReplacer(" :", "\u00a0:", " !", "\u00a0!", " ?", "\u00a0?").Replace(v.Message.Texts[v.Message.Lang(v.Lang)].Headline)
}

// File is the address of one of the alert's files.
func (v alertView) File(name string) string {
	return v.To("/alerts/" + v.Message.Identifier + "/" + name)
}

// sum changes with everything of the alert that time or an act changes.
func (v alertView) sum() string {
	h := fnv.New64a()
	_, _ = fmt.Fprintln(h, v.Message.Identifier, v.Genuine, v.Standing, len(v.Acts), len(v.Message.Media), len(v.Answer.Faults)) // a hash never fails
	for _, a := range v.Acts {
		_, _ = fmt.Fprintln(h, a.State, a.By, a.Outlet, a.Reason, a.Moment.UnixNano())
	}
	if v.Cadence != nil {
		_, _ = fmt.Fprintln(h, v.Cadence.Next.Unix(), v.Cadence.Now, v.Cadence.Late)
	}
	return strconv.FormatUint(h.Sum64(), 36)
}

// addTexts lists the words of every language, the page's first.
func (n *newsroom) addTexts(r *http.Request, v *alertView) {
	m := v.Message
	langs := slices.Clone(m.Languages)
	mine := m.Lang(v.Lang)
	slices.SortStableFunc(langs, func(a, b alert.Lang) int {
		return cmp.Compare(btoi(b == mine), btoi(a == mine))
	})
	for i, lang := range langs {
		t := m.Texts[lang]
		x := textsView{Lang: lang, Name: n.languageName(lang), Open: i == 0}
		for _, c := range alert.Counts(t) {
			if slices.Contains(texts, c.Name) && c.Text != "" {
				x.Texts = append(x.Texts, textView{
					ID: v.id(c.Name, string(lang)), Key: c.Name, Text: c.Text, Count: c.Count, Limit: c.Limit,
					Seconds: c.Unit == "seconds", Pre: c.Name == "description",
				})
			}
		}
		slices.SortStableFunc(x.Texts, func(a, b textView) int {
			return cmp.Compare(slices.Index(texts, a.Key), slices.Index(texts, b.Key))
		})
		if page, ok := n.teletext(r, m, lang); ok {
			at := min(len(x.Texts), slices.Index(texts, "description"))
			x.Texts = slices.Insert(x.Texts, at, textView{ID: v.id("teletext", string(lang)), Key: "teletext", Text: page, Pre: true})
		}
		v.Texts = append(v.Texts, x)
	}
}

// texts are the words a station uses, in the order it needs them.
var texts = []string{"spoken", "headline", "crawl", "radiotext", "description", "instruction"}

// id names an element of the alert's, unique on the page.
func (v alertView) id(parts ...string) string {
	return v.Message.Case + "-" + strings.Join(parts, "-")
}

// ID is id for the page. The form that was sent and could not be taken has the
// plain names, to which the error summary leads.
func (v alertView) ID(name string) string {
	state, _, _ := strings.Cut(name, "-")
	if v.Answer.State == state {
		return name
	}
	return v.id(name)
}

// Kind is what a file is, in the page's language; a kind we do not know is its own word.
func (v alertView) Kind(kind string) string {
	return cmp.Or(v.room.words[v.Lang]["kind."+kind], kind)
}

// Language is a language as its speakers call it; empty for a file of no language.
func (v alertView) Language(lang alert.Lang) string {
	if lang == "" {
		return ""
	}
	return v.room.languageName(lang)
}

// Said is what the station said, in the page's language.
func (v alertView) Said(s adapter.State) string {
	return cmp.Or(v.room.words[v.Lang]["act."+string(s)], string(s))
}

// Why is the form that asks why the station declined or failed.
func (v alertView) Why(state string) whyView {
	return whyView{alertView: v, State: state, Reasons: reasons[adapter.State(state)]}
}

// whyView is one form of the alert's.
type whyView struct {
	alertView
	State   string
	Reasons []string
}

// ID is the name of one of the form's elements.
func (v whyView) ID(name string) string {
	return v.alertView.ID(strings.TrimSuffix(v.State+"-"+name, "-"))
}

func (v whyView) sent() bool { return v.Answer.State == v.State }

// Fault is the key of what to mend in a field.
func (v whyView) Fault(field string) string {
	if !v.sent() {
		return ""
	}
	return v.Answer.Faults[field]
}

// Chosen says whether the reason was chosen before.
func (v whyView) Chosen(reason string) bool { return v.sent() && v.Answer.Reason == reason }

// Words are what was typed before.
func (v whyView) Words() string {
	if !v.sent() {
		return ""
	}
	return v.Answer.Words
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (n *newsroom) languageName(lang alert.Lang) string {
	for _, l := range n.names {
		if l.Code == string(lang) {
			return l.Name
		}
	}
	return string(lang)
}

func (n *newsroom) endedView(p page, st adapter.Recipient, rev current.Revision) endedView {
	m := rev.Message
	v := endedView{
		page: p, Case: m.Case, Identifier: m.Identifier, Revision: m.Revision, Moment: rev.Published, Outcome: m.Outcome,
		Drill: m.Status == alert.StatusExercise,
		Had:   n.Ledger.Touched(m.Case, m.Revision, channel, st.ID),
	}
	for _, a := range m.Areas {
		v.Areas = append(v.Areas, a.Name(p.Lang))
	}
	for _, a := range n.actViews(p.Lang, n.Ledger.Acts(m.Case, channel, st.ID)) {
		if a.State == adapter.Removed {
			v.Removed = &a
			break
		}
	}
	return v
}

// version changes whenever a page of the station would tell something else.
func (n *newsroom) version(st adapter.Recipient) string {
	h := fnv.New64a()
	now := time.Now()
	for _, rev := range n.live(st) {
		acts := n.Ledger.Acts(rev.Message.Case, channel, st.ID)
		_, _ = fmt.Fprintln(h, rev.Seq, len(acts)) // a hash never fails
		if c := cadenceOf(rev.Message, airings(acts), now); c != nil {
			_, _ = fmt.Fprintln(h, c.Next.Unix(), c.Now, c.Late)
		}
	}
	for _, rev := range n.Alerts.Ended() {
		if n.sees(st, rev.Message) {
			_, _ = fmt.Fprintln(h, "ended", rev.Seq, len(n.Ledger.Acts(rev.Message.Case, channel, st.ID)))
		}
	}
	line := n.lineView(st.ID)
	_, _ = fmt.Fprintln(h, line.Receivers, line.Since.Unix(), line.Last.Unix())
	if line.Test != nil {
		_, _ = fmt.Fprintln(h, line.Test.At.Unix(), line.Test.Outcome, line.Test.Sound)
	}
	return strconv.FormatUint(h.Sum64(), 36)
}
