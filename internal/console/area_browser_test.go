package console

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
	"tocsin/internal/peertest"
	"tocsin/internal/peertest/chromium"
)

// isTicked is the condition that an area is chosen, or not.
func isTicked(code string, want bool) string {
	return fmt.Sprintf(`Boolean(document.querySelector('[name=areas][value="%s"]')?.checked) === %v`, code, want)
}

// mapOf opens the area page of a case with its map drawn.
func (b *tabOf) mapOf(k casework.Case) {
	b.t.Helper()
	if areaMap() == nil {
		peertest.Missing(b.t, "web/vendor/leaflet.js", "run deploy/vendor.sh")
	}
	b.open("/console/cases/" + k.ID + "/edit/area")
	b.run(chromedp.Evaluate[chromedp.Void](`document.querySelector("[data-map]").open = true`))
	b.until(`document.querySelectorAll("[data-canvas] path").length > 11 && "ready" in document.querySelector("[data-map]").dataset`)
}

// clickAt presses the mouse at a share of the map's width and height.
func (b *tabOf) clickAt(x, y float64) {
	b.t.Helper()
	b.run(chromedp.Evaluate[chromedp.Void](`document.querySelector("[data-canvas]").scrollIntoView({block: "center"})`))
	at := ask(b, chromedp.Evaluate[[]float64](fmt.Sprintf(
		`(() => { const r = document.querySelector("[data-canvas]").getBoundingClientRect(); return [r.left + r.width * %g, r.top + r.height * %g]; })()`, x, y)))
	b.run(chromedp.MouseClickXY(at[0], at[1]))
}

// The map, the list and the fields are one choice, on a desk and on a small phone.
func TestAreaMap(t *testing.T) {
	parent := chromium.Start(t)
	for _, c := range []struct {
		name          string
		width, height int64
		phone         bool
	}{{"desk", 1280, 900, false}, {"phone", 320, 640, true}} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, alert.Live)
			k := must(w.casework.Draft(t.Context(), anna, draft()))(t)
			b := w.tab(t, parent, "area-"+c.name, c.width, c.height, c.phone)
			b.signIn("anna")
			b.mapOf(k)
			b.until(`document.querySelectorAll("[data-canvas] path").length > 100`) // the surroundings
			b.check("1-open")

			// The alert is for Brussels: it is in the middle. A press takes it out, another chooses it.
			b.clickAt(0.5, 0.5)
			b.until(isTicked("BE-BRU", false))
			b.until(`document.querySelector("[data-estimate]").innerText.includes("No area is chosen")`)
			if said := b.text("[data-says]"); said != "Brussels Capital: no longer chosen" {
				t.Errorf("the map says %q", said)
			}
			b.clickAt(0.5, 0.5)
			b.until(isTicked("BE-BRU", true))

			// A circle of the fields ticks what it reaches, also abroad, and counts.
			b.value("circle-centre", "Hainaut")
			b.value("circle-km", "60")
			b.run(chromedp.Evaluate[chromedp.Void](`document.querySelector("#circle-km").dispatchEvent(new Event("change", {bubbles: true}))`))
			b.until(isTicked("FR-59", true))
			b.until(`document.querySelector("[data-estimate]").innerText.includes("10,000 phones by push")`)
			b.check("2-circle")

			// A drawn shape is written into its field, and ticks what it reaches.
			b.tick(`[data-mode=shape]`)
			for _, corner := range [][2]float64{{0.45, 0.3}, {0.6, 0.3}, {0.55, 0.45}} {
				b.clickAt(corner[0], corner[1])
			}
			b.tick("[data-do=close]")
			b.until(`document.querySelector("#polygons").value.split("\n").length === 3`)
			b.until(`document.querySelector("[name=shapes]").value.includes("` + "\\n" + `")`)
			b.check("3-shape")

			b.press("form[data-area] .actions button")
			f := must(w.casework.Get(k.ID))(t).Facts
			if f.Circle == nil || f.Circle.KM != 60 || len(f.Polygons) != 1 || len(f.Polygons[0]) != 4 {
				t.Errorf("saved: %v, %v", f.Circle, f.Polygons)
			}
			if faults := f.Validate(time.Now()); len(faults) > 0 {
				t.Errorf("what the map wrote is not valid: %v", faults)
			}
			b.mapOf(k)
			b.tick("[data-do=clear]")
			b.until(`document.querySelector("#circle-km").value === "" && document.querySelector("#polygons").value === ""`)
		})
	}
}

// Without a mouse: the map's cross chooses, and so do the list and the fields.
func TestAreaByKeyboard(t *testing.T) {
	parent := chromium.Start(t)
	w := newWorld(t, alert.Live)
	k := must(w.casework.Draft(t.Context(), anna, draft()))(t)
	b := w.tab(t, parent, "area-keyboard", 1280, 900, false)
	b.signIn("anna")
	b.mapOf(k)
	b.run(chromedp.Evaluate[chromedp.Void](`document.querySelector("[data-canvas]").focus()`))
	b.run(chromedp.KeyEvent("\r"))
	b.until(isTicked("BE-BRU", false))
	if at := b.path(); !strings.HasSuffix(at, "/edit/area") {
		t.Fatalf("Enter on the map sent the form: %s", at)
	}
	b.run(chromedp.Evaluate[chromedp.Void](`document.querySelector("#areas-group").focus()`))
	b.run(chromedp.KeyEvent("Wal"))
	b.run(chromedp.KeyEvent("\t"))
	b.until(isTicked("BE-WNA", true))
	b.check("1-group")
}

// The pages that ask the neighbour and propose a wider area, seen and held against axe.
func TestAreaPagesLookRight(t *testing.T) {
	parent := chromium.Start(t)
	for _, width := range []int64{1280, 320} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			w := newWorld(t, alert.Live)
			k := w.across(t)
			live := w.live(t)
			b := w.tab(t, parent, fmt.Sprintf("neighbour-%d", width), width, 800, width < 600)
			b.signIn("lille")
			b.check("1-list")
			b.open("/console/cases/" + k.ID)
			b.check("2-asked")
			other := w.tab(t, parent, fmt.Sprintf("neighbour-%d", width), width, 800, width < 600)
			other.signIn("bruges")
			other.open("/console/cases/" + k.ID + "/release")
			other.check("3-release")
			b.press(`form[action$="/agree"] button`)
			b.check("4-agreed")
			author := w.tab(t, parent, fmt.Sprintf("neighbour-%d", width), width, 800, width < 600)
			author.signIn("anna")
			author.open("/console/cases/" + live.ID)
			author.check("5-growth")
			author.press(`form[action$="/grow"] button`)
			author.check("6-grown")
		})
	}
}

// Without script the whole page is there, and the button does what the map and the script do.
func TestAreaWithoutScript(t *testing.T) {
	parent := chromium.Start(t)
	w := newWorld(t, alert.Drill)
	k := must(w.casework.Draft(t.Context(), anna, draft()))(t)
	b := w.tab(t, parent, "area-noscript", 320, 640, true)
	b.run(chromedp.Func(noScript))
	b.signIn("anna")
	b.open("/console/cases/" + k.ID + "/edit/area")
	b.shot("1-open")
	if main := b.text("main"); strings.Contains(main, "Choose on the map") {
		t.Error("a map that cannot work is offered")
	}
	b.value("circle-centre", "50.46, 4.86")
	b.value("circle-km", "12")
	b.press("form[data-area] p > button[value=find]")
	b.shot("2-found")
	if main := b.text("main"); !strings.Contains(main, "This is not saved yet.") || !strings.Contains(main, "10,000 phones by push") {
		t.Errorf("looked up: %s", main)
	}
	b.press("form[data-area] .actions button")
	if f := must(w.casework.Get(k.ID))(t).Facts; f.Circle == nil || f.Circle.KM != 12 || len(f.Areas) < 2 {
		t.Errorf("saved: %v %v", f.Circle, f.Areas)
	}
}
