package newsroom

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"tocsin/internal/alert"
	"tocsin/internal/peertest/chromium"
)

// An alert comes, is copied, aired, and goes, in a page that stays open.
func TestAlertInAnOpenPage(t *testing.T) {
	parent := chromium.Start(t)
	for _, c := range []struct {
		name          string
		realm         alert.Realm
		width, height int64
	}{
		{"desk", alert.Live, 1280, 900},
		{"phone", alert.Drill, 320, 640},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, c.realm)
			b := w.tab(t, parent, c.name, c.width, c.height)
			b.open("/newsroom/fr/sign-in")
			b.check("1-sign-in")
			b.signIn("eva")
			b.check("2-quiet")
			b.comes()
			m := b.answers()
			b.goes(m)
		})
	}
}

const live = `document.querySelectorAll("article[data-case]").length`

// comes waits for a new alert, which nobody loads the page for.
func (b *tab) comes() {
	b.t.Helper()
	quiet := b.js("document.title")
	b.w.publish(b.w.story(nil))
	// A second is the promise; a loaded machine is given five.
	b.t.Logf("the alert appeared after %v", b.until(live+" === 1", 5*time.Second))
	if got := b.js("document.title"); got == quiet || strings.Contains(got, girl) {
		b.t.Errorf("the title is %q after %q", got, quiet)
	}
	b.until(`document.querySelector("article.fresh") !== null`, time.Second)
	b.check("3-live")
}

func (b *tab) answers() *alert.Message {
	b.t.Helper()
	m := b.w.set.Live()[0].Message
	// Copied text is the text; only reading the clipboard would need a permission.
	b.run(chromedp.Evaluate[chromedp.Void](`{
		const write = navigator.clipboard.writeText.bind(navigator.clipboard);
		navigator.clipboard.writeText = async (text) => { await write(text); window.copied = text; };
	}`))
	b.run(chromedp.Click(chromedp.CSS(".crawl [data-copy]")))
	b.until(`document.querySelector(".copy.done") !== null`, 5*time.Second)
	if got := b.js("window.copied"); got != m.Texts[alert.French].Crawl {
		b.t.Errorf("copied %q, want %q", got, m.Texts[alert.French].Crawl)
	}
	b.press(`form:has([value=seen]) button`)
	b.press(`button.go`)
	// What is typed stays when news come.
	b.run(chromedp.Click(chromedp.CSS("details[id$=declined] summary")))
	b.run(chromedp.SendKeys(chromedp.CSS("[id$=declined-words]"), "pas chez nous"))
	version := b.js(`document.querySelector("#part").dataset.version`)
	b.w.desk.change(func() { b.w.desk.lines[nord] = Line{Receivers: 1, Since: time.Now()} })
	b.until(`document.querySelector("#part").dataset.version !== "`+version+`"`, 5*time.Second)
	if got := b.js(`document.querySelector("[id$=declined-words]").value`); got != "pas chez nous" {
		b.t.Errorf("after news the words are %q", got)
	}
	b.check("4-on-air")
	b.run(chromedp.Evaluate[chromedp.Void](`document.querySelector("[id$=declined-reason-area]").click()`))
	b.press("details[id$=declined] form button")
	if got := strings.Join(b.w.acts(nord), "\n"); got != "received |\nseen Eva Maes|\non_air Eva Maes|\ndeclined Eva Maes|Not our area: pas chez nous" {
		b.t.Errorf("the ledger has\n%s", got)
	}
	b.check("5-declined")
	// Another reason without words is sent back with the mend.
	b.run(chromedp.Click(chromedp.CSS("details[id$=failed] summary")))
	b.run(chromedp.Evaluate[chromedp.Void](`document.querySelector("[id$=failed-reason-other]").click()`))
	b.press("details[id$=failed] form button")
	b.check("6-fault")
	b.open("/newsroom/fr/")
	return m
}

// goes withdraws the alert while the page is open.
func (b *tab) goes(m *alert.Message) {
	b.t.Helper()
	b.until(live+" === 1", 5*time.Second)
	b.w.withdraw(m, alert.OutcomeFound)
	b.t.Logf("the withdrawn alert was gone after %v", b.until(live+" === 0", 5*time.Second))
	b.until(`document.querySelector(".over.open") !== null`, 5*time.Second)
	if b.js(`document.documentElement.outerHTML.includes("`+girl+`")`) != "false" {
		b.t.Error("the page still names the child")
	}
	b.check("7-ended")
	b.press(".over.open button")
	b.check("8-removed")
	if got := b.w.acts(nord); got[len(got)-1] != "removed Eva Maes|" {
		b.t.Errorf("the ledger ends with %s", got[len(got)-1])
	}
	// The way back shows nobody.
	b.open("/newsroom/fr/certificate-not-there")
	b.run(chromedp.Evaluate[chromedp.Void]("history.back()"))
	b.until(`document.querySelector("#part") !== null`, 5*time.Second)
	if b.js(`document.documentElement.outerHTML.includes("`+girl+`")`) != "false" {
		b.t.Error("the way back names the child")
	}
}

// The whole work without script: nothing is missing but the comfort.
func TestWithoutScript(t *testing.T) {
	w := newWorld(t, alert.Drill)
	b := w.tab(t, chromium.Start(t), "noscript", 1100, 800)
	b.run(chromedp.Func(noScript))
	b.signIn("eva")
	b.shot("1-quiet")
	m := w.publish(w.story(nil))
	b.open("/newsroom/fr/")
	b.shot("2-live")
	b.press(`button.go`)
	b.run(chromedp.Click(chromedp.CSS("details[id$=declined] summary")))
	b.run(chromedp.Click(chromedp.CSS("[id$=declined-reason-covered] + label")))
	b.press("details[id$=declined] form button")
	w.withdraw(m, alert.OutcomeFound)
	b.open("/newsroom/fr/")
	b.press(".over.open button")
	if got := strings.Join(w.acts(nord), "\n"); got != "received |\non_air Eva Maes|\ndeclined Eva Maes|Another of our channels airs it\nreceived |\nremoved Eva Maes|" {
		t.Errorf("the ledger has\n%s", got)
	}
	b.shot("3-removed")
}

// Everything is reached by the keyboard, in the order of the page, and the focus is seen.
func TestKeyboard(t *testing.T) {
	w := newWorld(t, alert.Live)
	w.publish(w.story(nil))
	b := w.tab(t, chromium.Start(t), "keyboard", 1100, 800)
	b.signIn("eva")
	b.until(live+" === 1", 5*time.Second)
	var seen []string
	for range 60 {
		b.run(chromedp.KeyEvent("\t"))
		at := b.js(`(() => {
			const e = document.activeElement, s = getComputedStyle(e);
			return e === document.body ? "" : (e.id || e.textContent.trim().replace(/\s+/g, " ").slice(0, 40) || e.tagName) + (e.tagName === "AUDIO" || parseFloat(s.outlineWidth) > 1 && s.outlineStyle !== "none" ? "" : " UNSEEN");
		})()`)
		if at == "" {
			break
		}
		seen = append(seen, at)
	}
	all := strings.Join(seen, "\n")
	if strings.Contains(all, "UNSEEN") {
		t.Errorf("the focus is not seen:\n%s", all)
	}
	order := -1
	for _, want := range []string{"Aller au contenu", "Se déconnecter", "Comment le vérifier", "Vue", "À l’antenne maintenant", "Refusée parce que", "Copier À lire", "Tout en un fichier", "Tester ma ligne"} {
		at := strings.Index(all, want)
		if at < order || at < 0 {
			t.Fatalf("%q is not reached in its turn:\n%s", want, all)
		}
		order = at
	}
	// Enter answers.
	for range 60 {
		if b.js(`document.activeElement.classList.contains("go")`) == "true" {
			break
		}
		b.run(chromedp.KeyEvent("\t"))
	}
	b.run(chromedp.KeyEvent("\r"))
	b.until(`location.search === "?done=on_air"`, 10*time.Second)
}

// When the right ends, the open page is emptied and asks to sign in.
func TestOpenPageOfARevokedEditor(t *testing.T) {
	w := newWorld(t, alert.Live)
	w.publish(w.story(nil))
	b := w.tab(t, chromium.Start(t), "revoked", 1100, 800)
	b.signIn("eva")
	b.until(live+" === 1", 5*time.Second)
	if err := w.book.Revoke(t.Context(), "eva"); err != nil {
		t.Fatal(err)
	}
	b.until(`location.pathname === "/newsroom/fr/sign-in" && document.querySelector("#password") !== null`, 5*time.Second)
	if b.js(`document.documentElement.outerHTML.includes("`+girl+`")`) != "false" {
		t.Error("the page still names the child")
	}
}
