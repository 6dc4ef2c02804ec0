package console

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
	"tocsin/internal/peertest/chromium"
)

// maxTabs bounds the way to one control: whoever has no mouse walks it.
const maxTabs = 60

// focusFault says what is wrong with the focus: not to be seen, or hidden under the exercise's band.
const focusFault = `(() => {
	const e = document.activeElement, box = e.getBoundingClientRect();
	if (getComputedStyle(e).outlineStyle === "none") return "no outline on " + e.outerHTML.slice(0, 80);
	const top = document.elementFromPoint(Math.max(0, box.left) + Math.min(box.width, innerWidth) / 2, box.top + box.height / 2);
	return top && (top === e || e.contains(top) || top.contains(e)) ? "" : "hidden: " + e.outerHTML.slice(0, 80);
})()`

// walk presses Tab until the control has the focus.
func (b *tabOf) walk(selector string) {
	b.t.Helper()
	for range maxTabs {
		b.run(chromedp.KeyEvent("\t"))
		if fault := ask(b, chromedp.Evaluate[string](focusFault)); fault != "" {
			b.t.Errorf("on the way to %s: %s", selector, fault)
		}
		if ask(b, chromedp.Evaluate[bool](`document.activeElement.matches("`+selector+`")`)) {
			return
		}
	}
	b.t.Fatalf("no Tab leads to %s", selector)
}

// enter presses the control that has the focus, and waits for the page it leads to.
func (b *tabOf) enter() {
	b.t.Helper()
	if _, err := chromedp.RunResponse(b.ctx, chromedp.KeyEvent("\r")); err != nil {
		b.t.Fatal(b.where(err))
	}
}

// TestKeyboardAlone begins a case, and releases another, without a mouse.
func TestKeyboardAlone(t *testing.T) {
	parent := chromium.Start(t)
	w := newWorld(t, alert.Drill)
	waiting := w.submitted(t)
	b := w.tab(t, parent, "keyboard", 1000, 700, false)
	b.open("/console/sign-in")
	b.walk("#id")
	b.run(chromedp.KeyEvent("bram"))
	b.walk("#password")
	b.run(chromedp.KeyEvent(password))
	b.enter()
	b.walk(".do a.button")
	b.enter()
	b.walk("button.go")
	b.enter()
	if k := must(w.casework.Get(waiting.ID))(t); k.Stage != casework.StageReleased {
		t.Errorf("the case is %s", k.Stage)
	}
	author := w.tab(t, parent, "keyboard", 1000, 700, false)
	author.signIn("anna")
	author.open("/console/cases/new")
	author.walk("[name=circumstances]")
	author.run(chromedp.KeyEvent(" "))
	author.walk("main form .actions button")
	author.enter()
	day := time.Now().Add(-2 * time.Hour).In(must(time.LoadLocation("Europe/Brussels"))(t))
	author.value("internal-reported_at-date", day.Format(time.DateOnly)) // a date is typed differently in each browser
	author.value("internal-reported_at-time", day.Format("15:04"))
	author.walk("main form .actions button")
	author.enter()
	author.walk("[id=children-0-given_name]")
	author.run(chromedp.KeyEvent("Lina"))
	author.walk("main form .actions button")
	author.enter()
	if drafts := w.casework.List(); len(drafts) != 2 {
		t.Errorf("%d cases", len(drafts))
	}
}
