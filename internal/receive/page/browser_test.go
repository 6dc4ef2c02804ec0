package page

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"tocsin/internal/peertest/chromium"
	"tocsin/internal/receive"
)

// tab is the newsroom's browser, with all that went wrong in it.
type tab struct {
	t      *testing.T
	ctx    context.Context
	url    string
	mu     sync.Mutex
	faults []string
}

func openTab(t *testing.T, url string, width int64) *tab {
	t.Helper()
	ctx, cancel := context.WithTimeout(chromium.Start(t), time.Minute)
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx, url: url}
	b.do(chromedp.EmulateViewport(width, 900))
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, log.Enable, cdp.Empty{})
		_, err2 := cdp.Call(ctx, t, network.Enable, network.EnableParams{})
		return errors.Join(err, err2)
	}))
	b.do(chromedp.Navigate(url+"/"), chromedp.WaitReady(chromedp.CSS("main")))
	return b
}

// hear notes console errors and requests that leave the page's own server.
func (b *tab) hear(ev any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch ev := ev.(type) {
	case *log.EventEntryAdded:
		if ev.Entry.Level == "error" && !strings.Contains(ev.Entry.Text, "status of 422") {
			b.faults = append(b.faults, "console: "+ev.Entry.Text+" "+ev.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		if u := ev.Request.URL; !strings.HasPrefix(u, b.url) && !strings.HasPrefix(u, "about:") && !strings.HasPrefix(u, "data:") {
			b.faults = append(b.faults, "request to "+u)
		}
	}
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// js evaluates an expression.
func (b *tab) js(expr string) string {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](expr))
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

// until waits for what the script does by itself.
func (b *tab) until(what, expr string) {
	b.t.Helper()
	for end := time.Now().Add(20 * time.Second); b.js("String("+expr+")") != "true"; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatalf("waited in vain until %s: %s", what, b.js("String(document.body?.innerText)"))
		}
	}
}

// shot puts a picture of the page where TOCSIN_SHOTS says.
func (b *tab) shot(name string) {
	b.t.Helper()
	dir := os.Getenv("TOCSIN_SHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(90))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name), png, 0o600)
	}
	if err != nil {
		b.t.Error(err)
	}
}

// axe wants no violation of accessibility.
func (b *tab) axe() {
	b.t.Helper()
	b.js(chromium.Axe(b.t) + "; ''")
	b.js("axe.run().then(r => window.found = JSON.stringify(r.violations.map(v => [v.id, v.nodes.map(n => n.html)]))); ''")
	b.until("axe is done", "!!window.found")
	var found [][]any
	if err := json.Unmarshal([]byte(b.js("window.found")), &found); err != nil || len(found) > 0 {
		b.t.Errorf("axe-core: %v %v", found, err)
	}
}

// The page in a real browser, wide and narrow: readable for everybody, asks
// nobody outside, buttons work, news come by themselves, and what is typed stays.
func TestPageInABrowser(t *testing.T) {
	r := busy()
	srv := httptest.NewServer(New(r))
	t.Cleanup(srv.Close)
	b := openTab(t, srv.URL, 1100)
	b.axe()
	b.shot("receiver-wide.png")
	b.do(chromedp.SendKeys(chromedp.CSS(`article [name=channel]`), "La Une"))
	r.mu.Lock()
	r.status.Alerts = r.status.Alerts[:2]
	r.mu.Unlock()
	time.Sleep(2500 * time.Millisecond) // one look of the script
	if b.js(`document.querySelector("article [name=channel]").value`) != "La Une" {
		t.Error("news came, and what was typed is lost")
	}
	b.do(chromedp.Click(chromedp.CSS(`article button[value=on_air]`)))
	b.until("it is noted", `document.body?.innerText.includes("Noted: On air")`)
	r.mu.Lock()
	if len(r.said) != 1 || r.said[0].Channel != "La Une" || r.said[0].State != "on_air" {
		t.Errorf("said %+v", r.said)
	}
	r.status.Alerts[0].Headline = "Something new"
	r.mu.Unlock()
	b.until("the news are there", `document.body?.innerText.includes("Something new")`)
	b.do(chromedp.Click(chromedp.CSS(`article button[value=declined]`)))
	b.until("a reason is asked for", `!!document.querySelector("[role=alert]")`)
	b.axe()
	b.do(chromedp.EmulateViewport(400, 900))
	b.shot("receiver-narrow.png")
	if wide := b.js(`String(document.documentElement.scrollWidth)`); wide != "400" {
		t.Errorf("on 400 pixels the page is %s wide", wide)
	}
	r.mu.Lock()
	r.status = receive.Status{At: time.Now(), Well: true, Feeds: r.status.Feeds[:1]}
	r.mu.Unlock()
	b.do(chromedp.Navigate(b.url+"/"), chromedp.EmulateViewport(1100, 500))
	b.axe()
	b.shot("receiver-quiet.png")
	srv.CloseClientConnections()
	srv.Close()
	b.until("the page says that the receiver is gone", `document.body?.innerText.includes("does not run any more")`)
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, fault := range b.faults {
		if !strings.Contains(fault, "ERR_CONNECTION") { // of the server that was stopped on purpose
			t.Error(fault)
		}
	}
}
