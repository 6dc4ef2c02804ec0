package newsroom

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

	"tocsin/internal/peertest/chromium"
)

// tab is one editor's tab, with all that went wrong in it.
type tab struct {
	t      *testing.T
	ctx    context.Context
	w      *world
	axe    string
	prefix string
	width  int64

	mu     sync.Mutex
	faults []string
}

func (w *world) tab(t *testing.T, parent context.Context, prefix string, width, height int64) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent, chromedp.WithNewBrowserContext())
	ctx, cancelTime := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(func() { cancelTime(); cancel() })
	b := &tab{t: t, ctx: ctx, w: w, axe: chromium.Axe(t), prefix: prefix, width: width}
	b.run(chromedp.EmulateViewport(width, height))
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

// hear notes console errors, and every request that leaves the server under test.
func (b *tab) hear(ev any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch ev := ev.(type) {
	case *runtime.EventExceptionThrown:
		b.faults = append(b.faults, "exception: "+ev.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		// A refused form (422) and an ended session (401) are answers like any other, though Chromium logs them.
		if text := ev.Entry.Text; ev.Entry.Level == "error" && !strings.Contains(text, "status of 422") && !strings.Contains(text, "status of 401") {
			b.faults = append(b.faults, "console: "+text+" "+ev.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		if u := ev.Request.URL; !strings.HasPrefix(u, b.w.URL) && !strings.HasPrefix(u, "about:") && !strings.HasPrefix(u, "data:") {
			b.faults = append(b.faults, "request to "+u)
		}
	}
}

func (b *tab) run(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatal(b.where(err))
	}
}

// where adds the page to an error.
func (b *tab) where(err error) string {
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	at, _ := chromedp.Run(ctx, chromedp.Location())
	text, _ := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("main")))
	return fmt.Sprintf("%v at %s\n%s", err, at, text)
}

// ask runs one action for its value.
func ask[T any](b *tab, a chromedp.Action[T]) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, a)
	if err != nil {
		b.t.Fatal(b.where(err))
	}
	return v
}

func (b *tab) open(path string) {
	b.t.Helper()
	b.run(chromedp.Navigate(b.w.URL+path), chromedp.WaitReady(chromedp.CSS("main")))
}

// press clicks what leads to another page, and waits for that.
func (b *tab) press(selector string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		b.t.Fatal(b.where(fmt.Errorf("pressing %s: %w", selector, err)))
	}
}

func (b *tab) signIn(id string) {
	b.t.Helper()
	b.open("/newsroom/fr/sign-in")
	b.run(chromedp.SendKeys(chromedp.CSS("#id"), id), chromedp.SendKeys(chromedp.CSS("#password"), password))
	b.press(".doors form button")
}

// js is the value of an expression in the page.
func (b *tab) js(expression string) string {
	b.t.Helper()
	return ask(b, chromedp.Evaluate[string]("String("+expression+")"))
}

// until waits for an expression to hold, and says how long that took.
func (b *tab) until(expression string, within time.Duration) time.Duration {
	b.t.Helper()
	begun := time.Now()
	for {
		// An error is a page that is just being left.
		if held, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("Boolean("+expression+")")); err == nil && held {
			return time.Since(begun)
		}
		if time.Since(begun) > within {
			b.t.Fatal(b.where(fmt.Errorf("%s does not hold after %v", expression, within)))
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// check takes the page's picture, and holds it against axe and the width of the screen.
func (b *tab) check(name string) {
	b.t.Helper()
	b.shot(name)
	if ask(b, chromedp.Evaluate[bool](fmt.Sprintf(`document.documentElement.scrollWidth > %d`, b.width))) {
		b.t.Errorf("%s %s: the page is wider than the screen", b.prefix, name)
	}
	b.run(chromedp.Evaluate[chromedp.Void](b.axe + ";0"))
	raw := ask(b, chromedp.Evaluate[string](
		`axe.run(document, {runOnly: ["wcag2a","wcag2aa","wcag21a","wcag21aa","wcag22aa","best-practice"]}).then(r => JSON.stringify(r.violations.map(v => [v.id, v.help, v.nodes.map(n => n.html.slice(0, 160)).slice(0, 3)])))`,
		chromedp.EvalAwaitPromise))
	var found []any
	if err := json.Unmarshal([]byte(raw), &found); err != nil {
		b.t.Fatal(err)
	}
	for _, v := range found {
		b.t.Errorf("%s %s: axe: %v", b.prefix, name, v)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.faults {
		b.t.Errorf("%s %s: %s", b.prefix, name, f)
	}
	b.faults = nil
}

// shot saves the whole page where TOCSIN_SHOTS says.
func (b *tab) shot(name string) {
	dir := os.Getenv("TOCSIN_SHOTS")
	if dir == "" {
		return
	}
	// Pictures below the fold are fetched when they come into view.
	b.run(chromedp.Evaluate[chromedp.Void](`for (const i of document.images) i.loading = "eager"`))
	b.until(`[...document.images].every(i => i.complete)`, 10*time.Second)
	png := ask(b, chromedp.FullScreenshot(100))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, b.prefix+"-"+name+".png"), png, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

func noScript(ctx context.Context, t *chromedp.Target) error {
	_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	return err
}
