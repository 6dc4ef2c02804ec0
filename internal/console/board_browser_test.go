package console

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"tocsin/internal/alert"
	"tocsin/internal/linktest"
	"tocsin/internal/peertest/chromium"
)

// stationsOf are one station whose line is sound, one whose tests fail, and one that is away.
func stationsOf(now time.Time) []Station {
	ago := func(d time.Duration, ms int64) *linktest.Result {
		at := now.Add(-d)
		return &linktest.Result{Sent: at, Received: at.Add(time.Duration(ms) * time.Millisecond), Millis: ms}
	}
	const day = 24 * time.Hour
	failed := &linktest.Result{Sent: now.Add(-2 * day), Millis: -1}
	return []Station{
		{ID: "b-rtbf", Name: "La Première", Connected: true, Since: now.Add(-31 * time.Hour), Test: &linktest.Standing{Newest: ago(2*day, 41), Outcome: linktest.Good, Good: ago(2*day, 41), Sound: true}},
		{ID: "b-contact", Name: "Radio Contact", Connected: true, Since: now.Add(-3 * time.Hour), Test: &linktest.Standing{Newest: failed, Outcome: linktest.Failed, Good: ago(9*day, 63)}},
		{ID: "b-vivacite", Name: "Radio Vivacité", Since: now.Add(-50 * time.Minute), Phone: true, Test: &linktest.Standing{}},
	}
}

// TestBoardOfStations looks at the return path as officers see it: before the
// release, live with every kind of incident, and after the withdrawal.
func TestBoardOfStations(t *testing.T) {
	parent := chromium.Start(t)
	for _, c := range []struct {
		name          string
		width, height int64
		phone         bool
	}{{"stations-desk", 1280, 900, false}, {"stations-phone", 360, 740, true}} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, alert.Live)
			k := w.submitted(t)
			w.stations.set(stationsOf(time.Now())...)
			b := w.tab(t, parent, c.name, c.width, c.height, c.phone)
			b.signIn("bram")
			at := "/console/cases/" + k.ID
			b.open(at)
			b.check("1-case")
			b.open(at + "/release")
			b.check("2-release")
			for _, want := range []string{"1 broadcaster is not connected.", "Radio Vivacité", "failed; last good link test 9 days ago", "never connected"} {
				if text := b.text("main"); strings.Contains(text, want) != (want != "never connected") {
					t.Errorf("the release page and %q: %s", want, text)
				}
			}
			b.press("button.go")
			w.ledger.set(boardAt(k.ID, 1, alert.TypeAlert, 1_200, 4*time.Second))
			b.open(at + "/board")
			b.check("3-first-seconds")
			w.ledger.set(board(k.ID, 1, alert.TypeAlert, 9_000))
			b.shows("9,000")
			b.check("4-incidents")
			// What somebody reads stays open, and keeps the focus, while the board fills.
			b.run(chromedp.Evaluate[chromedp.Void](`document.querySelector("#said-broadcast-b-rtbf summary").focus();0`), chromedp.Click(chromedp.CSS("#said-broadcast-b-rtbf summary")))
			w.ledger.set(board(k.ID, 1, alert.TypeAlert, 9_986))
			b.shows("9,986")
			if !ask(b, chromedp.Evaluate[bool](`document.querySelector("#said-broadcast-b-rtbf").open && document.activeElement.parentElement.id === "said-broadcast-b-rtbf"`)) {
				t.Error("the open detail was closed, or lost the focus, when the board was drawn anew")
			}
			b.check("5-detail-open")
			// A line that opens changes the page without any receipt.
			before := stationsOf(time.Now())
			before[2].Connected, before[2].Since = true, time.Now()
			w.stations.set(before...)
			w.ledger.replace(board(k.ID, 1, alert.TypeAlert, 9_991))
			b.shows("9,991")
			w.ledger.set(board(k.ID, 2, alert.TypeCancel, 10_000))
			b.open(at + "/board")
			b.check("6-withdrawn")
			if text := b.text("main"); !strings.Contains(text, "3 of 6 stations and partner sites have confirmed removal. Not yet: Radio Contact, Radio Vivacité and Sud Radio.") {
				t.Errorf("the board of the withdrawal: %s", text)
			}
		})
	}
}

// TestWallScreen: one alert across the room. The worst twenty are on the screen
// without scrolling, figures move without a reload, and nothing else does.
func TestWallScreen(t *testing.T) {
	parent := chromium.Start(t)
	for _, c := range []struct {
		name          string
		realm         alert.Realm
		width, height int64
		phone         bool
	}{{"wall", alert.Live, 1920, 1080, false}, {"wall-drill", alert.Drill, 1920, 1080, false}, {"wall-phone", alert.Live, 360, 740, true}, {"wall-narrow", alert.Live, 320, 640, true}} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, c.realm)
			k := w.live(t)
			w.ledger.set(crowded(boardAt(k.ID, 1, alert.TypeAlert, 1_200, 4*time.Second), 40))
			b := w.tab(t, parent, c.name, c.width, c.height, c.phone)
			b.signIn("bram")
			b.open("/console/cases/" + k.ID + "/board?wall=1")
			b.check("1-first-seconds")
			w.ledger.set(crowded(board(k.ID, 1, alert.TypeAlert, 9_000), 40))
			b.shows("9,000")
			b.check("2-incidents")
			if rows := ask(b, chromedp.Evaluate[int](`document.querySelectorAll(".wall-rows tbody tr").length`)); rows != wallRows {
				t.Errorf("%d rows, want %d", rows, wallRows)
			}
			if below := ask(b, chromedp.Evaluate[int](`document.documentElement.scrollHeight - innerHeight`)); !c.phone && below > 0 {
				t.Errorf("%d pixels are below the screen", below)
			}
			// Only what is new is drawn: the table's elements stay.
			b.run(chromedp.Evaluate[chromedp.Void](`window.kept = document.querySelector(".wall-rows tbody tr:last-child th"), 0`))
			w.ledger.set(crowded(board(k.ID, 1, alert.TypeAlert, 9_800), 40))
			b.shows("9,800")
			if !ask(b, chromedp.Evaluate[bool](`window.kept.isConnected && document.getAnimations().length === 0`)) {
				t.Error("the screen was drawn anew, or something on it moves")
			}
			w.ledger.set(crowded(board(k.ID, 2, alert.TypeCancel, 10_000), 10))
			b.open("/console/cases/" + k.ID + "/board?wall=1")
			b.check("3-withdrawn")
		})
	}
}

// TestSendAgainAndCorrect presses what the board offers, as a person would.
func TestSendAgainAndCorrect(t *testing.T) {
	parent := chromium.Start(t)
	for _, c := range []struct {
		name          string
		width, height int64
		phone, script bool
	}{{"again", 1280, 900, false, true}, {"again-phone", 360, 740, true, true}, {"again-noscript", 320, 640, true, false}} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, alert.Live)
			k := w.live(t)
			w.ledger.set(board(k.ID, 1, alert.TypeAlert, 9_000))
			b := w.tab(t, parent, c.name, c.width, c.height, c.phone)
			if !c.script {
				b.run(chromedp.Func(noScript))
			}
			b.signIn("carla")
			at := "/console/cases/" + k.ID
			b.open(at + "/board")
			b.press(`#row-said-broadcast-b-vivacite .again button`)
			b.look("1-sent-again", c.script)
			if len(w.again) != 1 || w.again[0] != k.ID+" 1 broadcast b-vivacite" || !strings.Contains(b.text(".notice"), "Sent again") {
				t.Errorf("pressed: %v, %s", w.again, b.text("main"))
			}
			b.open(at)
			b.look("2-case", c.script)
			b.open(at + "/correct")
			b.look("3-correct", c.script)
			b.press(`form[action$="/correct"] button`)
			b.look("4-correcting", c.script)
			if got := must(w.casework.Get(k.ID))(t); got.Facts.Note[alert.French] != alert.Correction(alert.French) || got.Revision != 2 {
				t.Errorf("the update begins with %v as revision %d", got.Facts.Note, got.Revision)
			}
			b.open(at + "/withdraw?outcome=error")
			b.look("5-mistake", c.script)
			b.open("/console/cases?q=" + k.ID[:5] + "&tab=live")
			b.look("6-search", c.script)
		})
	}
}

// shows waits until the board has the text, which comes without a reload.
func (b *tabOf) shows(text string) {
	b.t.Helper()
	b.run(chromedp.Poll[chromedp.Void](`document.querySelector("#board").innerText.includes("`+text+`")`, chromedp.WithPollingTimeout(20*time.Second)))
}
