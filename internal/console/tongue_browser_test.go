package console

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"golang.org/x/text/language"

	"tocsin/internal/alert"
	"tocsin/internal/peertest/chromium"
)

// tellTale finds English where another language should be: words that none of the others has.
var tellTale = regexp.MustCompile(`(?i)\b(the|and|with|your|this|from|release|withdraw|save|choose|child|waiting|seconds|hours|days|where|nobody|broadcasters?|characters|headline|photos? of)\b`)

// spokenText is what a page says in the officer's language: texts and labels,
// without the alert's own words, which have a language of their own, and what
// people wrote or are called.
const spokenText = `(() => {
	const body = document.body.cloneNode(true);
	body.querySelectorAll("[lang], script, textarea, option[value*='/'], .unit, .who, .words-said, dd:not(.do), .quiet").forEach((e) => e.remove());
	const said = [document.title, body.textContent];
	for (const name of ["aria-label", "alt", "data-shown", "data-alive", "data-lost"])
		body.querySelectorAll("[" + name + "]").forEach((e) => said.push(e.getAttribute(name)));
	return said.join("\n");
})()`

// playout is what an engineer wrote on the test's board, in his own language.
const playout = "The playout machine does not start"

// mainPages are the pages of a case that waits for release; the board is that of a released one.
func mainPages(submitted, live string) []struct{ name, path string } {
	at, on := "/console/cases/"+submitted, "/console/cases/"+live
	return []struct{ name, path string }{
		{"cases", "/console/cases"},
		{"what", at + "/edit/what"},
		{"child", at + "/edit/children/0"},
		{"vehicle", at + "/edit/vehicles/0"},
		{"last-seen", at + "/edit/last-seen"},
		{"area", at + "/edit/area"},
		{"public", at + "/edit/public"},
		{"report", at + "/edit/report"},
		{"languages", at + "/edit/languages"},
		{"time", at + "/edit/time"},
		{"words", at + "/edit/words"},
		{"check", at + "/check"},
		{"texts", at + "/texts"},
		{"text", at + "/texts/fr/sms"},
		{"case", at},
		{"preview", at + "/preview"},
		{"release", at + "/release"},
		{"board", on + "/board"},
		{"withdraw", on + "/withdraw"},
		{"account", "/console/account"},
		{"password", "/console/account/password"},
		{"app", "/console/account/app"},
		{"accessibility", "/console/accessibility"},
		{"not-found", "/console/cases/nosuchpage/at/all"},
	}
}

// TestPagesInEachLanguage opens the main pages in each language: no English is
// left, axe finds nothing, and the long words of German and Russian fit 320
// pixels and a zoom of 200 %.
func TestPagesInEachLanguage(t *testing.T) {
	parent := chromium.Start(t)
	w := newWorld(t, alert.Live)
	live, waiting := w.live(t), w.submitted(t)
	w.stations.set(stationsOf(time.Now())...)
	w.ledger.set(board(live.ID, 1, alert.TypeAlert, 9_000))
	for _, c := range []struct {
		lang  alert.Lang
		width int64
	}{{alert.French, 1280}, {alert.German, 320}, {alert.Italian, 1280}, {alert.Russian, 320}, {alert.Spanish, 1280}} {
		t.Run(string(c.lang), func(t *testing.T) {
			b := w.tab(t, parent, string(c.lang), c.width, 800, c.width == 320)
			b.open("/console/sign-in")
			b.press("footer button[value=" + string(c.lang) + "]")
			b.speaks(c.lang, "sign-in")
			b.run(chromedp.SendKeys(chromedp.CSS("#id"), "carla"), chromedp.SendKeys(chromedp.CSS("#password"), password))
			b.press(`form[action="/console/sign-in"] button`)
			for _, p := range mainPages(waiting.ID, live.ID) {
				b.open(p.path)
				b.speaks(c.lang, p.name)
			}
		})
	}
}

// speaks holds the page against its language.
func (b *tabOf) speaks(lang alert.Lang, name string) {
	b.t.Helper()
	b.mu.Lock()
	if name == "not-found" { // its status is an error in the browser's console
		b.faults = nil
	}
	b.mu.Unlock()
	b.check(name)
	if got := ask(b, chromedp.Evaluate[string](`document.documentElement.lang`)); got != string(lang) {
		b.t.Errorf("%s %s: the page says it is in %q", lang, name, got)
	}
	text := strings.ReplaceAll(ask(b, chromedp.Evaluate[string](spokenText)), playout, "")
	for _, at := range tellTale.FindAllStringIndex(text, 5) {
		b.t.Errorf("%s %s: English: %q", lang, name, strings.Join(strings.Fields(text[max(0, at[0]-30):min(len(text), at[1]+40)]), " "))
	}
	if b.width != 320 {
		return
	}
	// A window of 1280 pixels at a zoom of 200 % is a page of 640.
	b.run(chromedp.EmulateViewport(640, 400))
	if wide := ask(b, chromedp.Evaluate[int](`document.documentElement.scrollWidth`)); wide > 640 {
		b.t.Errorf("%s %s: at 200 %% the page is %d pixels wide", lang, name, wide)
	}
	b.run(chromedp.EmulateViewport(320, 800, chromedp.EmulateMobile, chromedp.EmulateScale(2)))
}

// lengthen turns the page round, and makes each text 40 % longer, as a language yet to come may.
const lengthen = `(() => {
	document.documentElement.dir = "rtl";
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	const all = [];
	while (walk.nextNode()) if (/\p{L}/u.test(walk.currentNode.data)) all.push(walk.currentNode);
	for (const n of all) n.data += " " + n.data.trim().slice(0, Math.ceil(0.4 * n.data.length));
	return all.length;
})()`

// TestRightToLeft opens the pages as a language from right to left would have them.
func TestRightToLeft(t *testing.T) {
	parent := chromium.Start(t)
	w := newWorld(t, alert.Drill)
	live, waiting := w.live(t), w.submitted(t)
	w.asksForNils(t)
	w.stations.set(stationsOf(time.Now())...)
	w.ledger.set(board(live.ID, 1, alert.TypeAlert, 9_000))
	b := w.tab(t, parent, "rtl", 360, 740, true)
	b.signIn("carla")
	for i, p := range append(mainPages(waiting.ID, live.ID), officePages()...) {
		if i == len(mainPages("", "")) {
			b.press(".me button")
			b.signIn("ada")
		}
		b.open(p.path)
		if ask(b, chromedp.Evaluate[int](lengthen)) == 0 {
			t.Fatalf("%s has no text", p.name)
		}
		b.shot(p.name)
		// Right to left, what is too wide leaves the screen on its left.
		if over := ask(b, chromedp.Evaluate[int](`Math.round(Math.max(document.documentElement.scrollWidth - innerWidth, -Math.min(...[...document.querySelectorAll("main, main > *, header, footer")].map((e) => e.getBoundingClientRect().left))))`)); over > 0 {
			t.Errorf("%s: the page is %d pixels too wide", p.name, over)
		}
	}
}

// physical finds what CSS says of left and right: a page must turn round with its language.
var physical = regexp.MustCompile(`(?m)((margin|padding|border|scroll-margin|scroll-padding)-(left|right)|(^|[;{\s])(left|right))\s*:|(text-align|float|clear)\s*:\s*(left|right)`)

func TestLogicalProperties(t *testing.T) {
	for _, name := range []string{"console.css", "tocsin.css"} {
		data := must(os.ReadFile("../../web/static/" + name))(t)
		for _, at := range physical.FindAllIndex(data, -1) {
			t.Errorf("%s line %d: %q: use the property for inline start or end", name, strings.Count(string(data[:at[0]]), "\n")+1, data[at[0]:at[1]])
		}
	}
	if !physical.MatchString("a { left: 0 }") || !physical.MatchString("a{margin-left:1px}") || physical.MatchString("margin-inline-start: 1px") {
		t.Error("the search is broken")
	}
	for tag, want := range map[string]string{"de": "ltr", "ru": "ltr", "ar": "rtl", "he": "rtl", "fa": "rtl"} {
		if got := (&tongue{tag: language.Make(tag)}).direction(); got != want {
			t.Errorf("%s runs %s", tag, got)
		}
	}
}
