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
	"tocsin/internal/peertest"
)

// chrome is one Chromium; every tab of it is a citizen of his own.
func chrome(t *testing.T) context.Context {
	t.Helper()
	path := peertest.Tool(t, "chromium", "chromium")
	alloc, cancel := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	ctx, stop := chromedp.NewContext(alloc)
	t.Cleanup(func() { stop(); cancel() })
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

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
	ctx, cancelTime := context.WithTimeout(ctx, 60*time.Second)
	t.Cleanup(func() { cancelTime(); cancel() })
	_, dir := peertest.Node(t)
	axe, err := os.ReadFile(filepath.Join(dir, "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		peertest.Missing(t, "axe-core", "run npm ci in web/")
	}
	b := &tab{t: t, ctx: ctx, url: url, name: name, axe: string(axe), width: width}
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
	parent := chrome(t)
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
