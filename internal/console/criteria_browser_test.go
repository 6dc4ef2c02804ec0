package console

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
	"tocsin/internal/criteria"
	"tocsin/internal/peertest/chromium"
)

// widths are the screens that the pages of criteria and photos are held against.
var widths = []struct {
	name          string
	width, height int64
	phone, script bool
}{
	{"desk", 1280, 900, false, true},
	{"phone", 320, 640, true, true},
	{"noscript", 360, 740, true, false},
}

// A case that does not fulfil its criteria, from the first page to the board.
func TestCriteriaThroughTheBrowser(t *testing.T) {
	parent := chromium.Start(t)
	for _, c := range widths {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, alert.Drill, asking, cutting)
			b := w.tab(t, parent, c.name, c.width, c.height, c.phone)
			if !c.script {
				b.run(chromedp.Func(noScript))
			}
			b.signIn("anna")
			b.open("/console/cases/new")
			b.look("40-criteria-new", c.script)
			for _, id := range []string{"minor", "missing", "information"} {
				b.tick("label[for=criteria-answers-" + id + "-answer]")
			}
			b.tick("label[for=criteria-answers-danger-answer-2]")
			b.tick("label[for=criteria-answers-harm-answer-1]")
			if got := b.text(".override h2"); got != "Not every criterion is fulfilled" {
				t.Errorf("the override is not asked for: %q", got)
			}
			b.look("41-criteria-unmet", c.script)
			b.value("criteria-answers-danger-reason", "Nobody has seen her since the school closed.")
			b.value("criteria-override", "A girl of nine, alone at night in the frost.")
			b.press("main form .actions button")
			if !strings.HasSuffix(b.path(), "/edit/what") {
				t.Fatalf("led to %s", b.path())
			}
			k := w.casework.List()[0]
			d := draft()
			d.Criteria = k.Criteria
			k = must(w.casework.Edit(t.Context(), anna, k.ID, k.Version, d))(t)
			b.open("/console/cases/" + k.ID + "/check")
			b.look("42-check", c.script)
			k = must(w.casework.Submit(t.Context(), anna, k.ID))(t)
			b.open("/console/cases/" + k.ID)
			b.look("43-case", c.script)
			b.releasesOverride(k, c.script)
		})
	}
}

func (b *tabOf) releasesOverride(k casework.Case, script bool) {
	b.t.Helper()
	approver := b.w.tab(b.t, b.from, b.prefix, b.width, 800, b.width < 500)
	if !script {
		approver.run(chromedp.Func(noScript))
	}
	approver.signIn("bram")
	approver.open("/console/cases/" + k.ID + "/release")
	approver.look("44-release", script)
	if got := approver.text(".standing"); !strings.Contains(got, "Nobody has seen her") || !strings.Contains(got, "alone at night in the frost") {
		b.t.Errorf("the approver does not see the answers: %s", got)
	}
	approver.value("override", "ok")
	approver.press("button.go")
	approver.look("45-release-fault", script)
	approver.value("override", "The frost leaves no time.")
	approver.press("button.go")
	if got := must(b.w.casework.Get(k.ID))(b.t); got.Stage != casework.StageReleased || got.OverrideReason != "The frost leaves no time." {
		b.t.Errorf("the case is %s, for %q", got.Stage, got.OverrideReason)
	}
}

// The criteria in every language: no English is left, and long words fit.
func TestCriteriaInEachLanguage(t *testing.T) {
	parent := chromium.Start(t)
	w := newWorld(t, alert.Live, asking, cutting)
	d := draft()
	set := must(criteria.Load("osce"))(t)
	d.Criteria = set.Begin()
	d.Criteria.Answers = map[string]criteria.Answer{"minor": {Value: criteria.Yes}, "danger": {Value: criteria.Unknown, Reason: "X"}, "harm": {Value: criteria.No}}
	d.Criteria.Override = "1234567890"
	k := must(w.casework.Draft(t.Context(), anna, d))(t)
	d.Facts.Children[0].Photo = must(w.casework.AddPhoto(t.Context(), anna, k.ID, strings.NewReader(string(portrait(t)))))(t)
	k = must(w.casework.Edit(t.Context(), anna, k.ID, k.Version, d))(t)
	k = must(w.casework.Submit(t.Context(), anna, k.ID))(t)
	at := "/console/cases/" + k.ID
	for i, lang := range alert.Langs[1:] {
		width := []int64{1280, 320}[i%2]
		b := w.tab(t, parent, "criteria-"+string(lang), width, 800, width == 320)
		b.open("/console/sign-in")
		b.press("footer button[value=" + string(lang) + "]")
		b.signIn("carla")
		for name, path := range map[string]string{
			"new": "/console/cases/new", "criteria": at + "/edit/criteria", "check": at + "/check", "case": at,
			"release": at + "/release", "photo": at + "/edit/children/0/photo",
		} {
			b.open(path)
			b.speaks(lang, name)
		}
	}
}
