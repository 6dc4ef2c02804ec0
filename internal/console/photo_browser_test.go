package console

import (
	"math"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
	"tocsin/internal/media"
	"tocsin/internal/peertest/chromium"
)

// number is what a number of the photo's form says.
func (b *tabOf) number(name string) float64 {
	b.t.Helper()
	return ask(b, chromedp.Evaluate[float64](`Number(document.getElementById("photo-`+name+`").value)`))
}

// drawn waits until the picture says what the numbers say.
func (b *tabOf) drawn(as, want string) {
	b.t.Helper()
	b.run(chromedp.Poll[chromedp.Void](`[...document.querySelectorAll("[data-as=`+as+`]")].every(i => i.complete && i.naturalWidth > 0 && i.src.includes("`+want+`"))`,
		chromedp.WithPollingTimeout(30*time.Second)))
}

// edited is the edit that the child's photo was saved with.
func (w *world) edited(t *testing.T, k casework.Case) media.Edit {
	t.Helper()
	k = must(w.casework.Get(k.ID))(t)
	p, ok := k.PhotoOf(k.Facts.Children[0].Photo)
	if !ok || p.Edit == nil {
		t.Fatalf("the photo is not edited: %+v", p)
	}
	return *p.Edit
}

// Dragging, the slider and the buttons write the form's numbers; saving takes them.
func TestPhotoByDragging(t *testing.T) {
	parent := chromium.Start(t)
	for _, c := range widths[:2] {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, alert.Drill, cutting)
			k, page := w.photographed(t)
			b := w.tab(t, parent, c.name, c.width, c.height, c.phone)
			b.signIn("anna")
			b.open(page)
			b.drawn("air", "as=air")
			b.look("50-photo", true)
			b.tick("button[value=portrait]")
			if w, h := b.number("width")*480, b.number("height")*600; math.Abs(w/h-0.8) > 0.01 {
				t.Errorf("the portrait is %.3f", w/h)
			}
			b.run(chromedp.Evaluate[chromedp.Void](`(() => {
				const part = document.querySelector("[data-part]"), grip = part.querySelector("[data-corner=se]");
				const box = grip.getBoundingClientRect(), frame = document.querySelector("[data-stage]").getBoundingClientRect();
				const at = (type, to, x, y) => to.dispatchEvent(new PointerEvent(type, {pointerId: 1, bubbles: true, cancelable: true, clientX: x, clientY: y}));
				part.setPointerCapture = () => {};
				at("pointerdown", grip, box.x, box.y);
				at("pointermove", part, box.x - frame.width / 2, box.y - frame.height / 2);
				at("pointerup", part, box.x - frame.width / 2, box.y - frame.height / 2);
				const middle = part.getBoundingClientRect();
				at("pointerdown", part, middle.x + 20, middle.y + 20);
				at("pointermove", part, middle.x + 20 + frame.width * 5, middle.y + 20 + frame.height / 10);
				at("pointerup", part, middle.x, middle.y);
			})()`))
			width, left := b.number("width"), b.number("left")
			if math.Abs(width-50) > 1 || math.Abs(left+width-100) > 0.2 || math.Abs(b.number("top")-10) > 1 {
				t.Errorf("dragged to left %.1f, top %.1f, width %.1f", left, b.number("top"), width)
			}
			b.run(chromedp.Evaluate[chromedp.Void](`(() => { const s = document.querySelector("[data-slider]"); s.value = "6.5"; s.dispatchEvent(new Event("input", {bubbles: true})); })()`))
			if b.number("tilt") != 6.5 {
				t.Errorf("the slider says %v", b.number("tilt"))
			}
			b.drawn("push", "tilt=6.5")
			b.look("51-photo-cut", true)
			b.press("button[value=save]")
			if e := w.edited(t, k); e.Tilt != 6.5 || e.Width != width || e.Left != left {
				t.Errorf("saved as %+v", e)
			}
			b.look("52-child-with-cut", true)
			b.open(page)
			b.drawn("air", "tilt=6.5")
			b.press("button[value=undo]")
			if k = must(w.casework.Get(k.ID))(t); len(k.Photos) == 0 || k.Facts.Children[0].Photo != k.Photos[0].Token {
				t.Error("undo did not bring back the upload")
			}
		})
	}
}

// With the keyboard alone: arrows move and resize the frame, and it is announced.
func TestPhotoByKeyboard(t *testing.T) {
	parent := chromium.Start(t)
	w := newWorld(t, alert.Drill, cutting)
	k, page := w.photographed(t)
	b := w.tab(t, parent, "keyboard-photo", 1000, 700, false)
	b.signIn("anna")
	b.open(page)
	b.walk("[data-part]")
	for range 30 {
		b.run(chromedp.KeyEvent("\u0302", chromedp.KeyModifiers(8))) // Shift and the arrow to the left
	}
	for range 7 {
		b.run(chromedp.KeyEvent("\u0303")) // to the right
	}
	for range 200 {
		b.run(chromedp.KeyEvent("\u0301")) // up, where nothing is left
	}
	if b.number("width") != 70 || b.number("left") != 7 || b.number("top") != 0 {
		t.Errorf("the frame is at %v, %v, %v wide", b.number("left"), b.number("top"), b.number("width"))
	}
	b.run(chromedp.Poll[chromedp.Void](`document.querySelector("[data-status]").textContent === "Left 7 %, top 0 %, width 70 %, height 100 %"`, chromedp.WithPollingTimeout(10*time.Second)))
	b.walk("button[value=save]")
	b.enter()
	if e := w.edited(t, k); e.Left != 7 || e.Width != 70 {
		t.Errorf("saved as %+v", e)
	}
}

// Without a script the same by numbers and buttons.
func TestPhotoByNumbers(t *testing.T) {
	parent := chromium.Start(t)
	w := newWorld(t, alert.Drill, cutting)
	k, page := w.photographed(t)
	b := w.tab(t, parent, "noscript", 320, 640, true)
	b.run(chromedp.Func(noScript))
	b.signIn("anna")
	b.open(page)
	b.look("50-photo", false)
	b.press("button[value=square]")
	b.value("photo-tilt", "-4")
	b.press("button[value=show]")
	b.look("51-photo-cut", false)
	b.press("button[value=save]")
	if e := w.edited(t, k); e.Tilt != -4 || e.Height != 80 || e.Top != 10 {
		t.Errorf("saved as %+v", e)
	}
}
