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

// shows waits until the board has the text, which comes without a reload.
func (b *tabOf) shows(text string) {
	b.t.Helper()
	b.run(chromedp.Poll[chromedp.Void](`document.querySelector("#board").innerText.includes("`+text+`")`, chromedp.WithPollingTimeout(20*time.Second)))
}
