package console

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
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
	"tocsin/internal/casework"
	"tocsin/internal/peertest/chromium"
)

// tabOf is one officer's tab, with all that went wrong in it.
type tabOf struct {
	t      *testing.T
	ctx    context.Context
	from   context.Context // the browser it is a tab of
	w      *world
	axe    string
	prefix string
	width  int64

	mu       sync.Mutex
	faults   []string
	expected string // of an error that a test brings about: passed over
}

func (w *world) tab(t *testing.T, parent context.Context, prefix string, width, height int64, phone bool) *tabOf {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent, chromedp.WithNewBrowserContext())
	ctx, cancelTime := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(func() { cancelTime(); cancel() })
	b := &tabOf{t: t, ctx: ctx, from: parent, w: w, axe: chromium.Axe(t), prefix: prefix, width: width}
	options := []chromedp.EmulateViewportOption{}
	if phone {
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

// hear notes console errors, and every request that leaves the server under test.
func (b *tabOf) hear(ev any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch ev := ev.(type) {
	case *runtime.EventExceptionThrown:
		b.faults = append(b.faults, "exception: "+ev.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		// A refused form (422) is an answer like any other, though Chromium logs it.
		if ev.Entry.Level == "error" && !strings.Contains(ev.Entry.Text, "status of 422") &&
			(b.expected == "" || !strings.Contains(ev.Entry.Text, b.expected)) {
			b.faults = append(b.faults, "console: "+ev.Entry.Text+" "+ev.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		if u := ev.Request.URL; !strings.HasPrefix(u, b.w.URL) && !strings.HasPrefix(u, "about:") && !strings.HasPrefix(u, "data:") {
			b.faults = append(b.faults, "request to "+u)
		}
	}
}

func (b *tabOf) run(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatal(b.where(err))
	}
}

// where adds the page to an error.
func (b *tabOf) where(err error) string {
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	at, _ := chromedp.Run(ctx, chromedp.Location())
	text, _ := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("main")))
	return fmt.Sprintf("%v at %s\n%s", err, at, text)
}

// ask runs one action for its value.
func ask[T any](b *tabOf, a chromedp.Action[T]) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, a)
	if err != nil {
		b.t.Fatal(b.where(err))
	}
	return v
}

func (b *tabOf) open(path string) {
	b.t.Helper()
	b.run(chromedp.Navigate(b.w.URL+path), chromedp.WaitReady(chromedp.CSS("main")))
}

// press clicks what leads to another page, and waits for that.
func (b *tabOf) press(selector string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		b.t.Fatal(b.where(fmt.Errorf("pressing %s: %w", selector, err)))
	}
}

func (b *tabOf) signIn(id string) {
	b.t.Helper()
	b.open("/console/sign-in")
	b.run(chromedp.SendKeys(chromedp.CSS("#id"), id), chromedp.SendKeys(chromedp.CSS("#password"), password))
	b.press(`form[action="/console/sign-in"] button`)
}

// check takes the page's picture, and holds it against axe and the width of the screen.
func (b *tabOf) check(name string) {
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

// shot saves the whole page where TOCSIN_ARTIFACTS says.
func (b *tabOf) shot(name string) {
	dir := cmp.Or(os.Getenv("TOCSIN_ARTIFACTS"), os.Getenv("TOCSIN_SHOTS"))
	if dir == "" {
		return
	}
	png := ask(b, chromedp.FullScreenshot(100))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, b.prefix+"-"+name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

func (b *tabOf) text(selector string) string {
	b.t.Helper()
	return ask(b, chromedp.Text(chromedp.CSS(selector)))
}

func (b *tabOf) path() string {
	b.t.Helper()
	return must(url.Parse(ask(b, chromedp.Location())))(b.t).Path
}

// value writes into a field as a person would leave it.
func (b *tabOf) value(id, v string) {
	b.t.Helper()
	b.run(chromedp.SetValue(chromedp.CSS("#"+id), v))
}

func (b *tabOf) tick(selector string) {
	b.t.Helper()
	b.run(chromedp.Click(chromedp.CSS(selector)))
}

// The whole way of an alert through the browser: two officers, on a desk and on a phone.
func TestAlertThroughTheBrowser(t *testing.T) {
	parent := chromium.Start(t)
	for _, c := range []struct {
		name          string
		realm         alert.Realm
		width, height int64
		phone, script bool
	}{
		{"desk", alert.Live, 1280, 900, false, true},
		{"phone", alert.Drill, 360, 740, true, true},
		{"noscript", alert.Drill, 320, 640, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, c.realm)
			author := w.tab(t, parent, c.name, c.width, c.height, c.phone)
			approver := w.tab(t, parent, c.name, c.width, c.height, c.phone)
			if !c.script {
				author.run(chromedp.Func(noScript))
				approver.run(chromedp.Func(noScript))
			}
			id := author.drafts(t, c.script)
			author.submits(id, c.script)
			approver.releases(id, c.script)
			approver.watches(id, c.script)
			approver.withdraws(id, c.script)
		})
	}
}

func noScript(ctx context.Context, t *chromedp.Target) error { return script(ctx, t, false) }

func withScript(ctx context.Context, t *chromedp.Target) error { return script(ctx, t, true) }

func script(ctx context.Context, t *chromedp.Target, on bool) error {
	_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
	return err
}

// look is check, or without script only the picture: axe is a script.
func (b *tabOf) look(name string, script bool) {
	b.t.Helper()
	if script {
		b.check(name)
		return
	}
	b.shot(name)
}

func (b *tabOf) drafts(t *testing.T, script bool) string {
	b.open("/console/sign-in")
	b.look("01-sign-in", script)
	b.signIn("anna")
	b.look("02-cases-empty", script)
	b.open("/console/cases/new")
	b.look("03-what", script)
	now := time.Now().In(must(time.LoadLocation("Europe/Brussels"))(t))
	day := now.Add(-80 * time.Minute)
	b.tick("label[for=circumstances]")
	b.press("main form .actions button")
	b.look("03-report", script)
	b.value("internal-reported_at-date", day.Format(time.DateOnly))
	b.value("internal-reported_at-time", day.Format("15:04"))
	b.value("internal-reference", "BXL-2026-1187")
	b.press("main form .actions button")
	parts := strings.Split(b.path(), "/")
	id := parts[3]

	photo := filepath.Join(t.TempDir(), "portrait.jpg")
	if err := os.WriteFile(photo, portrait(t), 0o600); err != nil {
		t.Fatal(err)
	}
	b.look("04-child", script)
	for field, v := range map[string]string{
		"given_name": "Lina", "age": "9", "height_cm": "132", "build": "slim", "hair_colour": "brown", "hair_length": "long", "eye_colour": "green",
		"clothing-0-item": "jacket", "clothing-0-colour": "red", "clothing-1-item": "jeans", "clothing-1-colour": "dark_blue",
	} {
		b.value("children-0-"+field, v)
	}
	b.tick("label[for=children-0-sex]")
	b.run(chromedp.SetUploadFiles(chromedp.CSS("#children-0-photo"), []string{photo}))
	b.press("main form .actions button")
	b.look("05-children", script)
	b.open("/console/cases/" + id + "/edit/children/0")
	b.look("06-child-with-photo", script)
	b.open("/console/cases/" + id + "/edit/suspects")
	b.look("07-suspects", script)
	b.open("/console/cases/" + id + "/edit/suspects/0")
	b.value("suspects-0-age", "40")
	b.tick("label[for=suspects-0-sex-1]")
	b.value("suspects-0-build", "strong")
	b.press("main form .actions button")
	b.open("/console/cases/" + id + "/edit/vehicles/0")
	b.look("08-vehicle", script)
	b.tick("label[for=vehicles-0-kind-1]")
	b.value("vehicles-0-plate", "1-ABC-234")
	b.value("vehicles-0-country", "be")
	b.value("vehicles-0-make", "Renault")
	b.value("vehicles-0-colour", "white")
	b.press("main form .actions button")
	b.open("/console/cases/" + id + "/check")
	b.look("09-check-incomplete", script)
	if !strings.Contains(b.text(".errors"), "Place") {
		t.Errorf("the summary does not name the place: %s", b.text(".errors"))
	}
	b.open("/console/cases/" + id + "/edit/last-seen")
	b.value("last_seen-place", "Gare du Nord, Bruxelles")
	b.value("last_seen-at-date", day.Format(time.DateOnly))
	b.value("last_seen-at-time", "") // a time input lets nobody type nonsense
	b.press("main form .actions button")
	b.look("10-last-seen-fault", script)
	b.value("last_seen-at-time", day.Add(-20*time.Minute).Format("15:04"))
	b.value("last_seen-transport", "car")
	b.value("last_seen-towards", "Lille")
	b.press("main form .actions button")
	b.look("11-area", script)
	b.run(chromedp.Click(chromedp.CSS(`input[value="BE-BRU"] + label`)))
	b.value("areas-paste", "Namur")
	if script { // the line of who is reached comes above the button, and moves it
		b.run(chromedp.Poll[chromedp.Void](`document.querySelector("main").innerText.includes("and Namur")`, chromedp.WithPollingTimeout(20*time.Second)))
	}
	b.press("form[method=post] .actions button")
	b.look("12-public", script)
	b.tick("label[for=instruction-1]")
	b.press("main form .actions button")
	b.look("13-languages", script)
	b.press("main form .actions button")
	b.look("13-time", script)
	b.press("main form .actions button")
	b.look("14-words", script)
	b.press("main form .actions button")
	b.look("15-check", script)
	return id
}

func (b *tabOf) submits(id string, script bool) {
	b.press(".finish a.button")
	b.look("16-preview", script)
	b.press("form.finish button")
	b.look("17-case-submitted", script)
	b.open("/console/cases/" + id + "/release")
	if got := b.text("main"); !strings.Contains(got, "You cannot release this") {
		b.t.Errorf("the author is not told why he may not release: %s", got)
	}
	b.look("18-release-author", script)
}

func (b *tabOf) releases(id string, script bool) {
	b.w.stations.set(Station{Name: "La Première", Connected: true, Since: time.Now().Add(-time.Hour)}, Station{Name: "Radio Vivacité", Since: time.Now().Add(-25 * time.Minute)})
	b.signIn("bram")
	b.look("20-cases-needs", script)
	b.press(".do a.button")
	if got := b.text(".decision"); !strings.Contains(got, "10,000 phones by push, 1,000 phones by SMS, 1 broadcaster and 1 partner site") {
		b.t.Errorf("the sentence: %s", got)
	}
	b.look("21-release", script)
	b.press("button.go")
	b.look("22-board-empty", script)
}

func (b *tabOf) watches(id string, script bool) {
	b.w.ledger.set(board(id, 1, alert.TypeAlert, 6_200))
	if script {
		b.run(chromedp.Poll[chromedp.Void](`document.querySelector("#board").innerText.includes("6,200")`, chromedp.WithPollingTimeout(20*time.Second)))
		b.w.ledger.set(board(id, 1, alert.TypeAlert, 9_986))
		b.run(chromedp.Poll[chromedp.Void](`document.querySelector("#board").innerText.includes("9,986")`, chromedp.WithPollingTimeout(20*time.Second)))
	} else {
		b.open("/console/cases/" + id + "/board")
	}
	b.look("23-board", script)
	b.open("/console/cases/" + id + "/board?channel=broadcast")
	b.look("24-board-broadcast", script)
	b.open("/console/cases/" + id)
	b.look("25-case-live", script)
	b.open("/console/cases?tab=live")
	b.look("26-cases-live", script)
}

func (b *tabOf) withdraws(id string, script bool) {
	b.open("/console/cases/" + id + "/withdraw")
	b.look("27-withdraw", script)
	b.w.ledger.set(board(id, 2, alert.TypeCancel, 10_000))
	b.press("main form button.danger")
	b.look("28-board-withdrawn", script)
	k, err := b.w.casework.Get(id)
	if err != nil || k.Stage != casework.StageWithdrawn || k.Outcome != alert.OutcomeFound {
		b.t.Errorf("after the withdrawal: %v, stage %s, outcome %s", err, k.Stage, k.Outcome)
	}
	b.open("/console/cases?tab=ended")
	b.look("29-cases-ended", script)
	b.open("/console/cases/nosuchcase")
	b.shot("30-not-found")
}
