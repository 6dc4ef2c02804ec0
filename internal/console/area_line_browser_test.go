package console

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"

	"tocsin/internal/alert"
	"tocsin/internal/peertest"
	"tocsin/internal/peertest/chromium"
)

// badMap is a server whose map has a hostile name in it, and which refuses what
// the test says: the connection breaks.
type badMap struct {
	http.Handler
	refuse atomic.Value // what an address contains
}

func (m *badMap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if what, _ := m.refuse.Load().(string); what != "" && strings.Contains(r.URL.Path, what) {
		panic(http.ErrAbortHandler)
	}
	if !strings.HasPrefix(r.URL.Path, "/console/map/") {
		m.Handler.ServeHTTP(w, r)
		return
	}
	r.Header.Del("Accept-Encoding")
	r.Header.Del("If-None-Match")
	answer := httptest.NewRecorder()
	m.Handler.ServeHTTP(answer, r)
	w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
	w.WriteHeader(answer.Code)
	_, _ = w.Write(bytes.ReplaceAll(answer.Body.Bytes(), []byte("Brussels Capital"), []byte(`\u003cimg src=x\u003e`)))
}

// A State's own boundaries can name an area anything: on the map it is text.
func TestMapNamesAreText(t *testing.T) {
	parent := chromium.Start(t)
	w := newWorld(t, alert.Live)
	w.Config.Handler = &badMap{Handler: w.Config.Handler}
	k := must(w.casework.Draft(t.Context(), anna, draft()))(t)
	b := w.tab(t, parent, "area-names", 1280, 900, false)
	b.signIn("anna")
	b.mapOf(k)
	b.until(`[...document.querySelectorAll("[data-canvas] path")].some((area) => {
		area.dispatchEvent(new MouseEvent("mouseover", {bubbles: true, clientX: 500, clientY: 500}));
		const found = [...document.querySelectorAll(".leaflet-tooltip")].some((tip) => tip.innerHTML.includes("img src=x"));
		if (!found) area.dispatchEvent(new MouseEvent("mouseout", {bubbles: true, clientX: 500, clientY: 500}));
		return found;
	})`)
	if got := ask(b, chromedp.Evaluate[string](`[...document.querySelectorAll(".leaflet-tooltip")].map((tip) => tip.textContent).join()`)); !strings.Contains(got, "<img src=x>") {
		t.Errorf("the name is drawn as %q", got)
	}
	if ask(b, chromedp.Evaluate[bool](`Boolean(document.querySelector(".leaflet-tooltip img"))`)) {
		t.Error("the name became an element")
	}
}

// A map that does not load says so and is tried again at the next opening; a
// count that fails leaves no number of other areas behind; and whoever was
// signed out reads that, beside the words as well.
func TestAreaPageOnABadLine(t *testing.T) {
	if areaMap() == nil {
		peertest.Missing(t, "web/vendor/leaflet.js", "run deploy/vendor.sh")
	}
	parent := chromium.Start(t)
	w := newWorld(t, alert.Live)
	line := &badMap{Handler: w.Config.Handler}
	line.refuse.Store("leaflet")
	w.Config.Handler = line
	k := must(w.casework.Draft(t.Context(), anna, draft()))(t)
	b := w.tab(t, parent, "area-line", 1280, 900, false)
	b.expected = "Failed to load resource"
	b.signIn("anna")
	b.open("/console/cases/" + k.ID + "/edit/area")
	b.until(`document.querySelector("[data-map]").open && document.querySelector("[data-says]").textContent.startsWith("The map could not be loaded.")`)
	b.check("1-no-map")
	line.refuse.Store("")
	reopen := chromedp.Evaluate[chromedp.Void](`(() => {
		const box = document.querySelector("[data-map]");
		box.addEventListener("toggle", () => { box.open = true; }, {once: true});
		box.open = false;
	})()`)
	b.run(reopen)
	b.until(`"ready" in document.querySelector("[data-map]").dataset && document.querySelector("[data-says]").textContent === ""`)

	said := func(text string) {
		t.Helper()
		b.run(chromedp.Evaluate[chromedp.Void](`document.querySelector("[name=areas]").click()`))
		b.until(`document.querySelector("[data-estimate]").textContent === "` + text + `"`)
	}
	line.refuse.Store("/edit/area")
	said("Could not be counted. Save as usual; the preview counts again.")
	b.until(`document.querySelector("p[data-lost]").textContent.startsWith("The words could not be refreshed.")`)
	b.check("2-not-counted")
	line.refuse.Store("")
	if err := w.book.Revoke(t.Context(), "anna"); err != nil {
		t.Fatal(err)
	}
	const out = "You were signed out. Sign in beside this page, in another tab, then save here."
	said(out)
	b.until(`document.querySelector("p[data-lost]").textContent === "` + out + `"`)
	b.check("3-signed-out")
}
