package console

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
	"tocsin/internal/peertest/chromium"
)

// TestReturnRejectUpdateThroughTheBrowser: an approver returns with a reason and
// rejects another for good, the author mends and submits again, the alert goes
// out, is updated, and is withdrawn.
func TestReturnRejectUpdateThroughTheBrowser(t *testing.T) {
	parent := chromium.Start(t)
	w := newWorld(t, alert.Live)
	k, other := w.submitted(t), w.submitted(t)
	at := "/console/cases/" + k.ID
	author, approver := w.tab(t, parent, "flows", 1280, 900, false), w.tab(t, parent, "flows", 1280, 900, false)
	author.signIn("anna")
	approver.signIn("bram")

	approver.open(at + "/release")
	approver.tick(".other-ways details summary")
	approver.press("form[action$='/return'] button") // without a reason
	approver.check("return-without-reason")
	approver.value("return-reason", "The plate is not complete.")
	approver.press("form[action$='/return'] button")
	approver.open("/console/cases/" + other.ID + "/release")
	approver.tick(".other-ways details:nth-of-type(2) summary")
	approver.value("reject-reason", "The child came home.")
	approver.press("form[action$='/reject'] button")
	approver.check("rejected")
	if got := must(w.casework.Get(other.ID))(t); got.Stage != casework.StageRejected {
		t.Errorf("the rejected case is %s", got.Stage)
	}

	author.open("/console/cases")
	if got := author.text("main"); !strings.Contains(got, "The plate is not complete.") {
		t.Errorf("the author does not read the reason: %s", got)
	}
	author.open(at + "/edit/vehicles/0?return=check")
	author.value("vehicles-0-plate", "1-XYZ-987")
	author.press("#main-form .actions button")
	author.submitsAgain(at)
	approver.releasesOnce(at)

	author.open(at + "/edit/last-seen?return=check")
	author.value("last_seen-towards", "Gent")
	author.press("#main-form .actions button")
	author.submitsAgain(at)
	approver.open(at + "/release")
	if got := approver.text("h1"); !strings.Contains(got, "Release this update?") {
		t.Errorf("an update is asked about as %q", got)
	}
	approver.check("update-to-release")
	approver.releasesOnce(at)
	if got := must(w.casework.Get(k.ID))(t); got.Live == nil || got.Live.Revision != 2 {
		t.Errorf("after the update: %+v", got.Live)
	}
	author.open(at + "/withdraw")
	author.press("#main button.danger")
	if got := must(w.casework.Get(k.ID))(t); got.Stage != casework.StageWithdrawn {
		t.Errorf("the alert is %s", got.Stage)
	}
}

// submitsAgain goes from the case's check to the submission.
func (b *tabOf) submitsAgain(at string) {
	b.t.Helper()
	b.open(at + "/preview")
	b.press("form.finish button")
}

// releasesOnce releases what waits.
func (b *tabOf) releasesOnce(at string) {
	b.t.Helper()
	b.open(at + "/release")
	b.press("button.go")
}

// TestConcurrentEditThroughTheBrowser: two officers change one page; the second
// is shown both answers and chooses, and nothing of either is lost.
func TestConcurrentEditThroughTheBrowser(t *testing.T) {
	parent := chromium.Start(t)
	w := newWorld(t, alert.Live)
	k := must(w.casework.Draft(t.Context(), anna, draft()))(t)
	page := "/console/cases/" + k.ID + "/edit/last-seen"
	first, second := w.tab(t, parent, "conflict", 1280, 900, false), w.tab(t, parent, "conflict", 360, 740, true)
	first.signIn("anna")
	second.signIn("carla")
	first.open(page)
	second.open(page)
	first.value("last_seen-place", "Gare Centrale, Bruxelles")
	first.press("#main-form .actions button")
	second.value("last_seen-place", "Gare du Midi, Bruxelles")
	second.expect(http.StatusPreconditionFailed)
	second.press("#main-form .actions button")
	got := second.text("main")
	for _, want := range []string{"Anna Peeters", "Gare Centrale", "Gare du Midi"} {
		if !strings.Contains(got, want) {
			t.Errorf("the conflict does not show %q: %s", want, got)
		}
	}
	second.check("conflict")
	second.press("main form button")
	if got := must(w.casework.Get(k.ID))(t); got.Facts.LastSeen.Place != "Gare du Midi, Bruxelles" {
		t.Errorf("kept: %s", got.Facts.LastSeen.Place)
	}
}

// TestSessionEndsInAForm: what an officer wrote when his session ended is there
// again once he has signed in.
func TestSessionEndsInAForm(t *testing.T) {
	parent := chromium.Start(t)
	w := newWorld(t, alert.Live)
	k := must(w.casework.Draft(t.Context(), anna, draft()))(t)
	b := w.tab(t, parent, "late", 360, 740, true)
	b.signIn("anna")
	b.open("/console/cases/" + k.ID + "/edit/last-seen")
	b.value("last_seen-place", "Gare Centrale, Bruxelles")
	w.browser(t, anna) // signs in elsewhere: this session is over
	b.expect(http.StatusUnauthorized)
	b.press("#main-form .actions button")
	b.check("late")
	// The page beside, where he signs in.
	b.run(chromedp.Evaluate[chromedp.Void](`fetch("/console/sign-in", {method: "POST", body: new URLSearchParams({id: "anna", password: "`+password+`"})}).then(() => 0)`, chromedp.EvalAwaitPromise))
	b.press("main form button")
	if got := must(w.casework.Get(k.ID))(t); got.Facts.LastSeen.Place != "Gare Centrale, Bruxelles" {
		b.shot("late-after")
		t.Errorf("what was written is lost: %q at %s", got.Facts.LastSeen.Place, b.path())
	}
}

// TestSlowNetwork: over a line of 2G a page is whole, and a form is sent once
// however often an impatient thumb presses.
func TestSlowNetwork(t *testing.T) {
	parent := chromium.Start(t)
	w := newWorld(t, alert.Live)
	k := w.submitted(t)
	b := w.tab(t, parent, "slow", 360, 740, true)
	b.signIn("bram")
	b.run(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
			MatchedNetworkConditions: []*network.Conditions{{Latency: 400, DownloadThroughput: 30_000, UploadThroughput: 12_000}},
		})
		return err
	}))
	b.open("/console/cases/" + k.ID + "/release")
	b.check("release-slow")
	// Three presses before the answer comes: one release, and the board.
	b.run(chromedp.Evaluate[chromedp.Void](`const go = document.querySelector("button.go"); for (let i = 0; i < 3; i++) go.click(); 0`))
	b.run(chromedp.WaitReady(chromedp.CSS("[data-live]")))
	record := must(w.casework.Record(t.Context(), k.ID))(t)
	released := 0
	for _, ev := range record {
		if ev.Kind == casework.KindReleased {
			released++
		}
	}
	if released != 1 {
		t.Errorf("%d releases", released)
	}
}

// TestReleaseByOneThumb: on a narrow phone the decision is in the thumb's reach
// from the sentence, and its button is as wide as the screen.
func TestReleaseByOneThumb(t *testing.T) {
	parent := chromium.Start(t)
	w := newWorld(t, alert.Drill)
	k := w.submitted(t)
	b := w.tab(t, parent, "thumb", 360, 740, true)
	b.signIn("bram")
	b.open("/console/cases/" + k.ID + "/release")
	if fits := ask(b, chromedp.Evaluate[bool](`document.querySelector(".jump-line a").getBoundingClientRect().bottom < innerHeight`)); !fits {
		t.Error("the way to the decision is below the first screen")
	}
	b.tick(".jump-line a")
	box := ask(b, chromedp.Evaluate[[]float64](`(() => { const r = document.querySelector("button.go").getBoundingClientRect(); return [r.width, r.height, r.bottom, innerHeight]; })()`))
	if box[0] < 270 || box[1] < 60 || box[2] > box[3] {
		t.Errorf("the button: width %v, height %v, ends at %v of %v", box[0], box[1], box[2], box[3])
	}
	b.check("decision")
}

// TestPresenceThroughTheBrowser: who opens a page appears on a colleague's
// within seconds, and is gone when he closes it.
func TestPresenceThroughTheBrowser(t *testing.T) {
	parent := chromium.Start(t)
	w := newWorld(t, alert.Live)
	k := w.submitted(t)
	at := "/console/cases/" + k.ID
	author, approver := w.tab(t, parent, "presence", 1280, 900, false), w.tab(t, parent, "presence", 360, 740, true)
	author.signIn("anna")
	approver.signIn("bram")
	author.open(at)
	sees := func(what string) {
		t.Helper()
		author.run(chromedp.Poll[chromedp.Void](`(`+what+`)(document.querySelector(".lookers").innerText)`, chromedp.WithPollingTimeout(20*time.Second)))
	}
	approver.open(at + "/release")
	sees(`(s) => s.includes("Bram Willems has been reading the release page since")`)
	author.check("looked-at")
	approver.check("looks")
	approver.open("/console/accessibility")
	sees(`(s) => s === ""`)
}

// TestTourThroughTheBrowser: the whole practice by keyboard alone, from its
// beginning to its end: each page's button is a few Tabs away.
func TestTourThroughTheBrowser(t *testing.T) {
	parent := chromium.Start(t)
	w := newWorld(t, alert.Drill, asking)
	b := w.tab(t, parent, "tour", 1000, 800, false)
	b.signIn("anna")
	b.walk("form[action='/console/practice'] button")
	b.enter()
	for n := 0; !strings.HasSuffix(b.path(), "/practice"); n++ {
		if n > 25 {
			t.Fatalf("the tour does not end: %s", b.path())
		}
		if strings.HasSuffix(b.path(), "/release") {
			b.walk("button.go")
			b.enter()
			continue
		}
		b.walk(".tour button, .tour a.button")
		b.enter()
	}
	if got := b.text("h1"); !strings.Contains(got, "Your alert has not been sent") {
		t.Error(got)
	}
	b.check("end")
	for _, k := range w.casework.List() {
		if k.Stage != casework.StagePractised || k.Live != nil {
			t.Errorf("%s is %s", k.ID, k.Stage)
		}
	}
}

// expect lets the next refusal of that status pass, which Chromium logs as an error.
func (b *tabOf) expect(status int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expected = "status of " + itoa(status)
}
