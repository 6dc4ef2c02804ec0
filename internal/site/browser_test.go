package site

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"tocsin/internal/alert"
	"tocsin/internal/peertest/chromium"
)

// server puts the world's site on the loopback.
func (w *world) server() string {
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.handler.ServeHTTP(rw, r) }))
	w.t.Cleanup(s.Close)
	return s.URL
}

// tab is one citizen's tab, with all that went wrong in it.
type tab struct {
	t         *testing.T
	ctx       context.Context
	url, name string
	axe       string
	width     int64

	mu     sync.Mutex
	faults []string
}

func newTab(t *testing.T, parent context.Context, url, name string, width, height int64) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent, chromedp.WithNewBrowserContext())
	ctx, cancelTime := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(func() { cancelTime(); cancel() })
	b := &tab{t: t, ctx: ctx, url: url, name: name, axe: chromium.Axe(t), width: width}
	var options []chromedp.EmulateViewportOption
	if width < 600 {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateScale(2))
	}
	b.run(chromedp.EmulateViewport(width, height, options...))
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	b.run(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, log.Enable, cdp.Empty{})
		_, err2 := cdp.Call(ctx, t, network.Enable, network.EnableParams{})
		return errors.Join(err, err2)
	}))
	return b
}

// hear notes console errors, policy violations, and every request that leaves the server under test.
func (b *tab) hear(ev any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch ev := ev.(type) {
	case *runtime.EventExceptionThrown:
		b.faults = append(b.faults, "exception: "+ev.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		// An ended alert's page is an answer like any other, though Chromium logs its 410; so is the
		// push channel's 404 here, where no channel runs.
		if ev.Entry.Level == "error" && !strings.Contains(ev.Entry.Text, "status of 410") {
			b.faults = append(b.faults, "console: "+ev.Entry.Text+" "+ev.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		if u := ev.Request.URL; !strings.HasPrefix(u, b.url) && !strings.HasPrefix(u, "about:") && !strings.HasPrefix(u, "data:") {
			b.faults = append(b.faults, "request to "+u)
		}
	}
}

func (b *tab) run(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatalf("%s: %v", b.name, err)
	}
}

func eval[T any](b *tab, js string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", b.name, err)
	}
	return v
}

func (b *tab) open(path string) {
	b.t.Helper()
	b.run(chromedp.Navigate(b.url+path), chromedp.WaitReady(chromedp.CSS("main")))
}

// check holds the page against axe, the width of the screen and the policy, and keeps its picture.
func (b *tab) check(name string) {
	b.t.Helper()
	b.shot(name)
	if eval[bool](b, fmt.Sprintf(`document.documentElement.scrollWidth > %d`, b.width)) {
		b.t.Errorf("%s %s: the page is wider than the screen", b.name, name)
	}
	b.run(chromedp.Evaluate[chromedp.Void](b.axe + ";0"))
	raw := eval[string](b, `axe.run(document, {runOnly: ["wcag2a","wcag2aa","wcag21a","wcag21aa","wcag22aa","best-practice"]}).then(r => JSON.stringify(r.violations.map(v => [v.id, v.help, v.nodes.map(n => n.html.slice(0, 160)).slice(0, 3)])))`)
	var found []any
	if err := json.Unmarshal([]byte(raw), &found); err != nil {
		b.t.Fatal(err)
	}
	for _, v := range found {
		b.t.Errorf("%s %s: axe: %v", b.name, name, v)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.faults {
		b.t.Errorf("%s %s: %s", b.name, name, f)
	}
	b.faults = nil
}

// shot saves the whole page where TOCSIN_SHOTS says.
func (b *tab) shot(name string) {
	b.t.Helper()
	dir := os.Getenv("TOCSIN_SHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, "site-"+b.name+"-"+name+".png"), png, 0o644))
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) noScript() {
	b.run(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}))
}

// Every page, on a phone and a desk, in two languages, before, during and after an alert.
func TestPagesInTheBrowser(t *testing.T) {
	parent := chromium.Start(t)
	for _, c := range []struct {
		name, lang    string
		realm         alert.Realm
		width, height int64
	}{
		{"desk-de", "de", alert.Live, 1280, 900},
		{"phone-ru", "ru", alert.Drill, 320, 680},
		{"phone-fr", "fr", alert.Live, 390, 780},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, func(d *Deps) { d.Realm = c.realm })
			b := newTab(t, parent, w.server(), c.name, c.width, c.height)
			b.open("/" + c.lang + "/")
			b.check("01-none")
			m := w.publish(w.story(nil))
			b.open("/" + c.lang + "/")
			b.check("02-live")
			b.open("/" + c.lang + "/alerts/" + m.Case)
			b.check("03-alert")
			b.open("/embed/v1/frame?lang=" + c.lang)
			b.check("04-frame")
			b.open("/" + c.lang + "/subscribe")
			if got := eval[string](b, `new Promise(done => setTimeout(() => done([...document.querySelectorAll("[data-push]")].filter(e => e.offsetParent).map(e => e.dataset.push).join()), 300))`); got != "subscribe" {
				t.Errorf("a device without alerts is offered %q", got)
			}
			b.check("05-subscribe")
			b.open("/" + c.lang + "/partners")
			b.check("06-partners")
			b.open("/" + c.lang + "/verify")
			b.check("07-verify")
			b.open("/" + c.lang + "/privacy")
			b.check("08-privacy")
			w.withdraw(m, alert.OutcomeFound)
			b.open("/" + c.lang + "/alerts/" + m.Case)
			b.check("09-found")
		})
	}
}

// Without script every page says the same, and nothing waits for one.
func TestPagesWithoutScript(t *testing.T) {
	w := newWorld(t, nil)
	b := newTab(t, chromium.Start(t), w.server(), "noscript", 360, 740)
	b.noScript()
	m := w.publish(w.story(nil))
	for name, path := range map[string]string{
		"live": "/fr/", "alert": "/fr/alerts/" + m.Case, "subscribe": "/fr/subscribe?country=LU", "frame": "/embed/v1/frame?lang=fr",
	} {
		b.open(path)
		b.shot(name)
	}
	b.open("/fr/subscribe")
	if eval[bool](b, `[...document.querySelectorAll("[data-push]")].some(e => e.offsetParent)`) {
		t.Error("a button is shown that does nothing without script")
	}
	b.open("/fr/alerts/" + m.Case)
	if got := b.text("main"); !strings.Contains(got, girl) || !strings.Contains(got, "+32 2 554 40 00") || strings.Contains(got, "Partager cette alerte") {
		t.Errorf("the page says %s", got)
	}
	b.run(chromedp.Click(chromedp.CSS(".langs summary")), chromedp.Click(chromedp.CSS(`.langs a[hreflang="de"]`)), chromedp.WaitReady(chromedp.CSS(`html[lang="de"] main`)))
	if got := b.text("h1"); !strings.Contains(got, "Kind entführt") {
		t.Errorf("after choosing German: %s", got)
	}
	w.withdraw(m, alert.OutcomeFound)
	b.open("/fr/alerts/" + m.Case)
	b.shot("found")
	if got := b.text("main"); strings.Contains(got, girl) || !strings.Contains(got, "retrouvé") {
		t.Errorf("the ended page says %s", got)
	}
}

// A page that is open hears of the update and of the end, and forgets the name.
func TestOpenPageFollows(t *testing.T) {
	w := newWorld(t, nil)
	parent, url := chromium.Start(t), w.server()
	m := w.publish(w.story(nil))
	page, list, frame := newTab(t, parent, url, "page", 390, 780), newTab(t, parent, url, "list", 1280, 900), newTab(t, parent, url, "frame", 390, 500)
	page.open("/en/alerts/" + m.Case)
	list.open("/en/")
	frame.open("/embed/v1/frame?lang=en")
	update := w.publish(w.story(func(u *alert.Message) {
		u.Revision, u.MsgType = 2, alert.TypeUpdate
		u.References = []alert.Ref{{Sender: m.Sender, Identifier: m.Identifier, Sent: m.Sent}}
		u.Facts.LastSeen.Place = "Gent-Sint-Pieters"
	}))
	page.hears("Gent-Sint-Pieters")
	list.hears("Gent-Sint-Pieters")
	page.check("updated")
	w.withdraw(update, alert.OutcomeFound)
	page.hears("The child has been found.")
	list.hears("No alert at the moment")
	frame.nudge()
	for _, b := range []*tab{page, list} {
		b.check("ended")
	}
	for _, b := range []*tab{page, list, frame} {
		if eval[bool](b, `new Promise(done => { const at = Date.now(); (function look() {
			const told = document.documentElement.outerHTML.includes(`+"`"+girl+"`"+`);
			if (!told || Date.now() - at > 5000) return done(told); setTimeout(look, 50); })(); })`) {
			t.Errorf("%s still holds the name: %s", b.name, b.text("html"))
		}
	}
}

// nudge tells the page that the network is back: it asks at once, and not in half a minute.
func (b *tab) nudge() {
	b.t.Helper()
	b.run(chromedp.Evaluate[chromedp.Void](`dispatchEvent(new Event("online")), 0`))
}

// hears waits until the page says words after a nudge.
func (b *tab) hears(words string) {
	b.t.Helper()
	b.nudge()
	if !eval[bool](b, `new Promise(done => { const at = Date.now(); (function look() {
		const told = document.body.innerText.includes(`+"`"+words+"`"+`);
		if (told || Date.now() - at > 8000) return done(told); setTimeout(look, 50); })(); })`) {
		b.t.Errorf("%s does not say %q: %s", b.name, words, b.text("main"))
	}
}

func (b *tab) text(selector string) string {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS(selector)))
	if err != nil {
		b.t.Fatalf("%s: %v", b.name, err)
	}
	return v
}

// Several children, people without a photo, long names: the page holds.
func TestCrowdedPages(t *testing.T) {
	w := newWorld(t, nil)
	parent, url := chromium.Start(t), w.server()
	m := w.publish(w.story(func(m *alert.Message) {
		f := m.Facts
		f.Children = append(f.Children, f.Children[0], f.Children[0])
		f.Children[1].GivenName, f.Children[1].Photo, f.Children[1].Age = "Jean-Baptiste-Emmanuel-Maximilien", "", 3
		f.Children[2].GivenName, f.Children[2].Age, f.Children[2].Sex = "Лев", 11, alert.Male
		f.Suspects[0].Photo = ""
		f.Note = alert.Localized{"fr": "La voiture a été vue sur l'E17 près de Gand.", "de": "Das Auto wurde auf der E17 bei Gent gesehen.", "en": "The car was seen on the E17 near Ghent.", "ru": "Автомобиль видели на трассе E17 под Гентом."}
	}))
	w.publish(w.story(func(m *alert.Message) {
		m.Case, m.Languages = "7GQ2XKPB4MNX", []alert.Lang{"de"}
		m.Page = testHost + "/*/alerts/" + m.Case
		m.Facts.Children[0].Photo, m.Facts.Languages = "", m.Languages
	}))
	for _, size := range [][2]int64{{1280, 900}, {320, 640}} {
		b := newTab(t, parent, url, fmt.Sprintf("crowd-%d", size[0]), size[0], size[1])
		b.open("/de/")
		b.check("list")
		b.open("/de/alerts/" + m.Case)
		b.check("alert")
		b.open("/es/alerts/7GQ2XKPB4MNX")
		b.check("foreign")
		b.open("/de/alerts/none")
		b.faults = nil // a 404 is what was asked for
		b.check("missing")
		b.open("/de/verify")
		b.run(chromedp.SetValue(chromedp.CSS("#document"), string(m.CAP)), chromedp.Click(chromedp.CSS("form button")), chromedp.WaitReady(chromedp.CSS(".verdict")))
		b.check("verdict")
	}
}
