package website

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"tocsin/internal/peertest"
	"tocsin/internal/peertest/chromium"
)

// partnerPage is a newspaper's page on an origin of its own under the strictest
// policy that the widget promises to work with.
func partnerPage(t *testing.T, alerts, script, tags string) string {
	t.Helper()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", fmt.Sprintf(
			"default-src 'none'; script-src %[1]s; connect-src %[1]s; img-src %[1]s; require-trusted-types-for 'script'", alerts))
		_, _ = fmt.Fprintf(w, `<!doctype html><html lang="fr"><title>Le Journal</title>%s
<h1>Le Journal</h1><p>Les nouvelles du jour.</p>%s<p>La météo de demain.</p>`, script, tags)
	}))
	t.Cleanup(page.Close)
	return page.URL
}

// spy is in the page before anything else: it counts violations and errors, and
// holds the clock, so that minutes pass when the test says so.
const spy = `
window.seen = { violations: [], errors: [], changes: [], looks: [] }; // looks: each is over, the next in so many ms
document.addEventListener("securitypolicyviolation", (e) => seen.violations.push(e.violatedDirective + " " + e.blockedURI));
window.addEventListener("error", (e) => seen.errors.push(String(e.message)));
window.addEventListener("unhandledrejection", (e) => seen.errors.push(String(e.reason)));
document.addEventListener("child-alert-change", (e) => seen.changes.push(e.detail.count));
{
  const now = Date.now.bind(Date), timers = new Map();
  let ahead = 0, last = 0;
  Date.now = () => now() + ahead;
  window.realTimeout = window.setTimeout.bind(window);
  window.setTimeout = (f, ms) => { timers.set(++last, { at: Date.now() + ms, f }); if (ms > 15000 && ms < 60000) seen.looks.push(ms); return last; };
  window.clearTimeout = (id) => timers.delete(id);
  window.pass = (ms) => {
    ahead += ms;
    for (const [id, t] of [...timers]) if (t.at <= Date.now()) { timers.delete(id); t.f(); }
  };
  window.hide = (yes) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => yes });
    document.dispatchEvent(new Event("visibilitychange"));
  };
}`

// browse opens address in a fresh Chromium with the spy.
func browse(t *testing.T, address string) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("a real browser takes seconds")
	}
	ctx, cancel := context.WithTimeout(chromium.Start(t), 2*time.Minute)
	t.Cleanup(cancel)
	do(t, ctx, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: spy})
		return err
	}), chromedp.EmulateViewport(900, 600), chromedp.Navigate(address))
	return ctx
}

func do(t *testing.T, ctx context.Context, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// run runs script in the page.
func run(t *testing.T, ctx context.Context, script string) {
	t.Helper()
	do(t, ctx, chromedp.Evaluate[chromedp.Void](script))
}

// eval is the value of script in the page.
func eval[T any](t *testing.T, ctx context.Context, script string) T {
	t.Helper()
	out, err := chromedp.Run(ctx, chromedp.Evaluate[T](script))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// until waits for script to be true.
func until(t *testing.T, ctx context.Context, what, script string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !eval[bool](t, ctx, script); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not so after 10 s; the page shows %q, %v", what,
				eval[string](t, ctx, words), eval[map[string]any](t, ctx, "seen"))
		}
	}
}

// accessible fails when axe finds a fault in the page's widgets.
func accessible(t *testing.T, ctx context.Context) {
	t.Helper()
	_, dir := peertest.Node(t)
	axe, err := os.ReadFile(filepath.Join(dir, "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	run(t, ctx, string(axe))
	faults, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](`(async () => {
		const held = window.setTimeout; // axe waits by the real clock
		window.setTimeout = realTimeout;
		const found = await axe.run("child-alert");
		window.setTimeout = held;
		if (!found.passes.length) return ["axe looked at nothing"];
		return found.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.target.join(" ")).join(", "));
	})()`, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range faults {
		t.Error("axe: " + f)
	}
}

// words is all that the page's first widget says.
const words = `(document.querySelector("child-alert")?.shadowRoot?.textContent ?? "")`

// shot keeps a picture of the page when TOCSIN_SHOTS names a folder.
func shot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	dir := os.Getenv("TOCSIN_SHOTS")
	if dir == "" {
		return
	}
	until(t, ctx, "photos are there", `[...document.querySelectorAll("child-alert")].every((c) =>
		[...c.shadowRoot.querySelectorAll("img")].every((i) => i.complete))`)
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "widget-"+name+".png"), picture, 0o600); err != nil {
		t.Fatal(err)
	}
}
