// Package chromium starts the real Chromium for tests of pages.
package chromium

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"tocsin/internal/peertest"
)

// Start gives one headless browser with a new profile, ended with the test. It
// asks nothing of the outside world: what it would fetch for itself is off.
// TOCSIN_BROWSER=off skips the test: for a run under the race detector beside the
// whole one, never instead of it.
func Start(t testing.TB) context.Context {
	t.Helper()
	if os.Getenv("TOCSIN_BROWSER") == "off" {
		t.Skip("TOCSIN_BROWSER=off: browser tests have a run of their own")
	}
	path := peertest.Tool(t, "chromium", "chromium")
	alloc, cancel := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	ctx, stop := chromedp.NewContext(alloc)
	t.Cleanup(func() { stop(); cancel() })
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// Axe is the source of axe-core, to be evaluated in a page.
func Axe(t testing.TB) string {
	t.Helper()
	_, dir := peertest.Node(t)
	axe, err := os.ReadFile(filepath.Join(dir, "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		peertest.Missing(t, "axe-core", "run `make peers`, or npm ci in web/")
	}
	return string(axe)
}
