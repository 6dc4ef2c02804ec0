package console

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
	"tocsin/internal/exercise"
	"tocsin/internal/stream"
)

// Exercises are the planned full tests: *exercise.Book.
type Exercises interface {
	Channels() []string
	All(ctx context.Context) ([]exercise.Test, error)
	Get(ctx context.Context, id string) (exercise.Test, error)
	Plan(ctx context.Context, p exercise.Plan) (exercise.Test, error)
	Begin(ctx context.Context, id, caseID, by string) (exercise.Test, error)
	Close(ctx context.Context, id string, r exercise.Report) (exercise.Test, error)
	Cancel(ctx context.Context, id, by, reason string) (exercise.Test, error)
	Remind(ctx context.Context) (exercise.Reminder, bool, error)
}

// exercisePages are the planned tests; there are none in the live realm.
func (c *console) exercisePages(r chi.Router) {
	if c.Exercises == nil || c.Realm != alert.Drill {
		return
	}
	r.Get("/", c.speak((*console).exercisesPage))
	r.Post("/", c.speak((*console).planExercise))
	r.Get("/{day}", c.speak((*console).exercisePage))
	r.Get("/{day}/report.csv", c.speak((*console).exerciseTable))
	r.Post("/{day}/begin", c.speak((*console).beginExercise))
	r.Post("/{day}/close", c.speak((*console).closeExercise))
	r.Post("/{day}/cancel", c.speak((*console).cancelExercise))
}

// channelWords are the channels by their titles.
var channelWords = map[string]string{
	"broadcast": tr("Broadcasters"), "website": tr("Partner websites"), "sms": "SMS", "webpush": tr("Web push"),
}

func (c *console) channelName(driver string) string {
	if title := channelWords[driver]; title != "" {
		return c.say(title)
	}
	return driver
}

var testStages = map[exercise.Stage]tag{
	exercise.Planned: {tr("Planned"), "grey"}, exercise.Due: {tr("Soon"), "amber"}, exercise.Overdue: {tr("Overdue"), "red"},
	exercise.Running: {tr("Under way"), "amber"}, exercise.Reported: {tr("Reported"), "green"}, exercise.Cancelled: {tr("Called off"), "grey"},
}

// testRow is one planned test in words.
type testRow struct {
	exercise.Test
	When     string
	Channels string
	Tag      tag
	Href     string
}

func (c *console) testRow(t exercise.Test) testRow {
	var names []string
	for _, ch := range t.Channels {
		names = append(names, c.channelName(ch))
	}
	st := testStages[t.Stage(time.Now())]
	return testRow{
		Test: t, When: c.moment(t.At.In(c.zone)), Channels: c.sentence(names), Href: "/console/exercises/" + t.ID,
		Tag: tag{c.say(st.Text), st.Class},
	}
}

type exercisesView struct {
	page
	Tests   []testRow
	MayPlan bool
	Fields  []*field
}

// mayPlan: whoever writes or releases alerts plans their tests, and the administrators.
func mayPlan(o auth.Officer) bool {
	return o.Has(auth.Author) || o.Has(auth.Approver) || o.Has(auth.Admin)
}

func (c *console) exercisesPage(w http.ResponseWriter, r *http.Request) {
	p := exercise.Plan{Channels: c.Exercises.Channels()}
	b := &form{tongue: c.tongue, zone: c.zone, now: time.Now()}
	c.askPlan(b, &p)
	c.renderExercises(w, r, http.StatusOK, b)
}

// askPlan asks when, with whom, and what for.
func (c *console) askPlan(b *form, p *exercise.Plan) {
	b.moment("at", "When is the test?", &p.At)
	f := b.add(&field{Name: "channels", Kind: "checks", Label: b.say("Who is in the report?"), Hint: b.say("The alert goes to every channel of the exercise system."), Set: map[string]bool{}, say: c.tongue})
	for _, ch := range c.Exercises.Channels() {
		f.Options = append(f.Options, option{ch, c.channelName(ch)})
	}
	if b.sent != nil {
		p.Channels = slices.Clone(b.sent["channels"])
	}
	for _, ch := range p.Channels {
		f.Set[ch] = true
	}
	text(b, "note", "Note for colleagues", &p.Note).max(500).optional()
}

func (c *console) renderExercises(w http.ResponseWriter, r *http.Request, status int, b *form) {
	tests, err := c.Exercises.All(r.Context())
	if err != nil {
		c.fail(w, r, err)
		return
	}
	view := exercisesView{page: c.page(r, c.say("Full tests")), MayPlan: mayPlan(c.officer(r)), Fields: b.Fields}
	view.Back = "/console/cases"
	for _, f := range b.Faults {
		view.Errors = append(view.Errors, fault{c.retell(f.Text), "#" + fieldID(f.Field)})
	}
	for _, t := range tests {
		view.Tests = append(view.Tests, c.testRow(t))
	}
	c.render(w, r, status, "exercises", view)
}

func (c *console) planExercise(w http.ResponseWriter, r *http.Request) {
	sent, ok := c.readForm(w, r)
	if !ok || !c.mayPlanHere(w, r) {
		return
	}
	p := exercise.Plan{By: c.officer(r).ID}
	b := &form{tongue: c.tongue, sent: sent, zone: c.zone, now: time.Now()}
	c.askPlan(b, &p)
	if len(b.Faults) == 0 {
		_, err := c.Exercises.Plan(r.Context(), p)
		if err == nil {
			http.Redirect(w, r, "/console/exercises?done=planned", http.StatusSeeOther)
			return
		}
		invalid, ok := errors.AsType[alert.Invalid](err)
		if !ok {
			c.failTest(w, r, err)
			return
		}
		b.Faults = append(b.Faults, invalid...)
		c.mark(b.Fields, invalid)
	}
	c.renderExercises(w, r, http.StatusUnprocessableEntity, b)
}

func (c *console) mayPlanHere(w http.ResponseWriter, r *http.Request) bool {
	if !mayPlan(c.officer(r)) {
		c.refuse(w, r, http.StatusForbidden, c.say("You may not do this"), c.say("Authors, approvers and administrators plan and report tests."))
		return false
	}
	return true
}

// failTest says the refusals of the book in a page.
func (c *console) failTest(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, stream.ErrConflict) {
		err = exercise.ErrStage
	}
	c.fail(w, r, err)
}

func (c *console) test(w http.ResponseWriter, r *http.Request) (exercise.Test, bool) {
	t, err := c.Exercises.Get(r.Context(), chi.URLParam(r, "day"))
	if err != nil {
		c.failTest(w, r, err)
		return t, false
	}
	return t, true
}

// beginExercise drafts the exercise alert of the test; two persons release it like any other.
func (c *console) beginExercise(w http.ResponseWriter, r *http.Request) {
	t, ok := c.test(w, r)
	if !ok {
		return
	}
	if t.Case != "" || t.Cancelled != "" {
		c.failTest(w, r, exercise.ErrStage)
		return
	}
	k, _, err := c.draftTest(r, t, t.Draft(c.exampleAt(c.officer(r)), time.Now()))
	if err != nil {
		c.failTest(w, r, err)
		return
	}
	http.Redirect(w, r, "/console/cases/"+k.ID+"/check", http.StatusSeeOther)
}

// draftTest begins a case for a test and notes it there. found says that it was
// drafted before and only not noted, by who began and got no further.
func (c *console) draftTest(r *http.Request, t exercise.Test, d casework.Draft) (k casework.Case, found bool, err error) {
	o := c.officer(r)
	for one := range c.Casework.Scan() {
		if found = one.Exercise == t.ID && !ended(*one) && o.Has(auth.Author); found {
			k = *one
			break
		}
	}
	if !found {
		k, err = c.Casework.DraftFor(r.Context(), o, t.ID, d)
	}
	if err == nil {
		_, err = c.Exercises.Begin(r.Context(), t.ID, k.ID, o.ID)
	}
	return k, found, err
}

func (c *console) cancelExercise(w http.ResponseWriter, r *http.Request) {
	sent, ok := c.readForm(w, r)
	if !ok || !c.mayPlanHere(w, r) {
		return
	}
	t, ok := c.test(w, r)
	if !ok {
		return
	}
	_, err := c.Exercises.Cancel(r.Context(), t.ID, c.officer(r).ID, sent.Get("reason"))
	if invalid, ok := errors.AsType[alert.Invalid](err); ok {
		c.renderExercise(w, r, http.StatusUnprocessableEntity, t, c.retell(invalid[0].Text))
		return
	}
	if err != nil {
		c.failTest(w, r, err)
		return
	}
	http.Redirect(w, r, "/console/exercises", http.StatusSeeOther)
}

// closeExercise keeps the report as it stands.
func (c *console) closeExercise(w http.ResponseWriter, r *http.Request) {
	t, ok := c.test(w, r)
	if !ok || !c.mayPlanHere(w, r) {
		return
	}
	report, err := c.measure(t, c.officer(r).ID)
	if err == nil {
		_, err = c.Exercises.Close(r.Context(), t.ID, report)
	}
	if err != nil {
		c.failTest(w, r, err)
		return
	}
	http.Redirect(w, r, "/console/exercises/"+t.ID+"?done=reported", http.StatusSeeOther)
}

// measure is the test's report as the ledger has it now.
func (c *console) measure(t exercise.Test, by string) (exercise.Report, error) {
	if t.Case == "" {
		return exercise.Report{}, exercise.ErrStage
	}
	boards, err := c.Ledger.Boards(t.Case)
	if err != nil {
		return exercise.Report{}, err
	}
	return exercise.Measure(t, boards, time.Now(), by), nil
}

// exerciseTable is the report for a spreadsheet.
func (c *console) exerciseTable(w http.ResponseWriter, r *http.Request) {
	t, ok := c.test(w, r)
	if !ok {
		return
	}
	report, last, err := c.testReport(r.Context(), t)
	if err != nil {
		c.failTest(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="full-test-`+t.ID+`.csv"`)
	_ = report.CSV(w, t.ID, last) // the browser left: nothing to mend
}

// testReport is the kept report, or the one of this moment, with the one to compare with.
func (c *console) testReport(ctx context.Context, t exercise.Test) (report *exercise.Report, last *exercise.Report, err error) {
	all, err := c.Exercises.All(ctx)
	if err != nil {
		return nil, nil, err
	}
	if before, ok := exercise.Last(all, t); ok {
		last = before.Report
	}
	if t.Report != nil {
		return t.Report, last, nil
	}
	now, err := c.measure(t, "")
	return &now, last, err
}

// reminder is what the list of cases says of the tests.
type reminder struct {
	Text, Href string
	Urgent     bool
	Later      bool // below the cases: it can wait
}

// remind is nil when there is nothing to say, or it is nobody's who may plan.
func (c *console) remind(r *http.Request) *reminder {
	if c.Exercises == nil || c.Realm != alert.Drill || !mayPlan(c.officer(r)) {
		return nil
	}
	m, ok, err := c.Exercises.Remind(r.Context())
	if err != nil {
		c.Log.WarnContext(r.Context(), "the planned tests", "err", err) // the cases matter more
		return nil
	}
	if !ok {
		return nil
	}
	if m.Missing {
		return &reminder{c.say("No full test is planned. There should be two a year."), "/console/exercises", false, true}
	}
	when := c.moment(m.Test.At.In(c.zone))
	href := "/console/exercises/" + m.Test.ID
	switch m.Test.Stage(time.Now()) {
	case exercise.Overdue:
		return &reminder{c.say("The full test of {when} has not been made.", "when", when), href, true, false}
	case exercise.Running:
		return &reminder{c.say("The full test of {when} is under way.", "when", when), href, false, false}
	default:
		return &reminder{c.say("A full test is planned for {when}.", "when", when), href, false, false}
	}
}

// testTag marks a case of a planned test.
func (t *tongue) testTag(k casework.Case) (tag, bool) {
	return tag{t.say("Full test of {day}", "day", k.Exercise), "violet"}, strings.TrimSpace(k.Exercise) != ""
}
