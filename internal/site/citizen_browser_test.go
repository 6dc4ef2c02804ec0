package site

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/chromedp"

	"tocsin/internal/peertest/chromium"
)

// pushDesk answers the page as the push channel does; the channel itself is
// proved with Firefox beside its code.
type pushDesk struct {
	mu    sync.Mutex
	told  []map[string]any // bodies of subscriptions, in order
	left  int
	shown chan string // tokens that workers send back
}

func (d *pushDesk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var body map[string]any
	_ = json.NewDecoder(r.Body).Decode(&body) // a GET has none
	answer := func(v any) { _ = json.NewEncoder(w).Encode(v) }
	switch r.Method + " " + strings.TrimPrefix(r.URL.Path, "/v1/push/") {
	case "GET key":
		answer(map[string]string{"key": "BAAB"})
	case "POST subscriptions":
		d.told = append(d.told, body)
		answer(map[string]any{"regions": body["regions"]})
	case "DELETE subscriptions":
		d.left++
		w.WriteHeader(http.StatusNoContent)
	case "POST test":
		if body["challenge"] == nil {
			answer(map[string]string{"challenge": "abc"})
			return
		}
		answer(map[string]string{"state": "accepted", "test": "t1"})
	case "POST test/shown":
		d.shown <- fmt.Sprint(body["token"])
		w.WriteHeader(http.StatusNoContent)
	default:
		answer(map[string]string{"state": "sent"})
	}
}

// lastTold is the newest choice that a device has told.
func (d *pushDesk) lastTold() (map[string]any, int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.told) == 0 {
		return nil, 0
	}
	return d.told[len(d.told)-1], len(d.told)
}

// standIn is the browser's push service, which a headless Chromium does not have.
// Everything else, the worker and its notifications too, is the browser's own.
const standIn = `
const sub = {
	endpoint: "https://fcm.googleapis.com/fcm/send/" + (localStorage.sub || 1),
	options: { applicationServerKey: new Uint8Array([4, 0, 1]).buffer },
	getKey: () => new Uint8Array(16).buffer,
	unsubscribe: async () => { localStorage.removeItem("sub"); return true; },
	toJSON: () => ({ endpoint: sub.endpoint, keys: { p256dh: "x", auth: "y" } }),
};
PushManager.prototype.getSubscription = async () => (localStorage.sub ? sub : null);
PushManager.prototype.subscribe = async () => { localStorage.sub = 1; return sub; };`

// permit sets what the citizen has said to notifications.
func (b *tab) permit(setting browser.PermissionSetting) {
	b.t.Helper()
	c := chromedp.FromContext(b.ctx)
	b.run(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := cdp.Call(ctx, c.Browser, browser.SetPermission, browser.SetPermissionParams{
			Permission: &browser.PermissionDescriptor{Name: "notifications"}, Setting: setting, BrowserContextID: c.BrowserContextID,
		})
		return err
	}))
}

// until waits for a condition of the page.
func (b *tab) until(condition string) {
	b.t.Helper()
	if !eval[bool](b, `new Promise(done => { const at = Date.now(); (function look() {
		const ok = Boolean(`+condition+`);
		if (ok || Date.now() - at > 30000) return done(ok); setTimeout(look, 50); })(); })`) {
		b.t.Fatalf("%s: %s does not come true: %s", b.name, condition, b.text("main"))
	}
}

func stateIs(word string) string {
	return fmt.Sprintf(`document.querySelector("[data-push-status]").dataset.pushState === %q`, word)
}

// The citizen's whole way on the page: choose on map and list, be told at once
// what is live, test, have it come back, be warned when it died, leave.
func TestCitizenInTheBrowser(t *testing.T) {
	parent := chromium.Start(t)
	for _, c := range []struct {
		name, lang    string
		width, height int64
	}{{"citizen-phone-en", "en", 390, 780}, {"citizen-desk-fr", "fr", 1280, 900}, {"citizen-small-de", "de", 320, 640}} {
		t.Run(c.name, func(t *testing.T) {
			w, desk := newWorld(t, nil), &pushDesk{shown: make(chan string, 1)}
			m := w.publish(w.story(nil))
			mux := http.NewServeMux()
			mux.Handle("/v1/push/", desk)
			mux.Handle("/", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.handler.ServeHTTP(rw, r) }))
			s := httptest.NewServer(mux)
			t.Cleanup(s.Close)
			b := newTab(t, parent, s.URL, c.name, c.width, c.height)
			var registration serviceworker.RegistrationID
			if err := chromedp.Listen(b.ctx, func(ev any) {
				if e, ok := ev.(*serviceworker.EventWorkerRegistrationUpdated); ok && len(e.Registrations) > 0 {
					b.mu.Lock()
					registration = e.Registrations[0].RegistrationID
					b.mu.Unlock()
				}
			}); err != nil {
				t.Fatal(err)
			}
			b.run(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
				if _, err := cdp.Call(ctx, t, serviceworker.Enable, cdp.Empty{}); err != nil {
					return err
				}
				_, err := cdp.Call(ctx, t, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: standIn})
				return err
			}))
			b.permit("granted")
			b.open("/" + c.lang + "/subscribe")
			b.until(stateIs("off"))
			chooseOnMap(b)
			b.run(chromedp.Click(chromedp.CSS("#quiet")), chromedp.Click(chromedp.CSS("[data-push=subscribe]")))
			b.until(stateIs("on"))
			told, n := desk.lastTold()
			if quiet, _ := told["quiet"].(map[string]any); n != 1 || fmt.Sprint(told["regions"]) != "[BE-VAN]" || told["lang"] != c.lang || quiet["from"] != "22:00" || quiet["zone"] == "" {
				t.Errorf("the server is told %v", told)
			}
			b.until(`document.querySelector("[data-push-live] li")`)
			if got := b.text("[data-push-live]"); !strings.Contains(got, girl) {
				t.Errorf("of the live alert the page says %q", got)
			}
			if got := eval[string](b, `[...document.querySelectorAll("[data-check]")].map(c => c.dataset.state).join()`); got != "ok,ok,ok,ok,ok" {
				t.Errorf("the page checks %s", got)
			}
			b.check("10-on")

			b.run(chromedp.Click(chromedp.CSS("[data-push=test]")))
			b.until(`document.querySelector("[data-push-result]").dataset.pushState === "sent"`)
			b.shot("11-sent")
			b.mu.Lock()
			id := registration
			b.mu.Unlock()
			b.deliver(id, `{"web_push":8030,"notification":{"title":"Test","navigate":"`+s.URL+`/","tag":"tocsin-test","silent":true},"tocsin":{"msg_type":"Test","test":"tok"}}`)
			b.until(`document.querySelector("[data-push-result]").dataset.pushState === "shown"`)
			select {
			case token := <-desk.shown:
				if token != "tok" {
					t.Errorf("the server is told %q", token)
				}
			case <-time.After(10 * time.Second):
				t.Error("the server is not told that the test was shown")
			}
			b.check("12-shown")
			b.replaces(id, s.URL)

			b.permit("denied")
			b.open("/" + c.lang + "/subscribe")
			b.until(stateIs("dead"))
			if got := eval[string](b, `[...document.querySelectorAll("[data-check]")].map(c => c.dataset.state).join()`); got != "ok,bad,wait,wait,wait" {
				t.Errorf("with notifications denied the page checks %s", got)
			}
			b.check("13-dead")
			b.open("/" + c.lang + "/alerts/" + m.Case)
			b.until(`document.querySelector("[data-push-dead]").checkVisibility()`)
			b.check("14-warned")

			b.permit("granted")
			b.run(chromedp.Evaluate[chromedp.Void](`localStorage.removeItem("sub"), 0`))
			b.open("/" + c.lang + "/subscribe")
			b.until(stateIs("on")) // the visit has healed it
			b.run(chromedp.Click(chromedp.CSS("[data-push=unsubscribe]")))
			b.until(stateIs("off"))
			if desk.left == 0 || eval[bool](b, `document.querySelector("[data-push=test]").checkVisibility()`) {
				t.Error("leaving did not reach the server, or the page still offers a test")
			}
		})
	}
}

// chooseOnMap marks Antwerp with the keyboard on the map and unmarks another in the list.
func chooseOnMap(b *tab) {
	b.t.Helper()
	b.run(chromedp.Evaluate[chromedp.Void](`
		const press = (key) => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
		document.querySelector("path[tabindex='0']").focus();
		document.querySelector("path[data-code=BE-VAN]").focus(); press(" ");
		press("ArrowDown"); press("Enter");
		0`))
	checked := func() string {
		return eval[string](b, `[...document.querySelectorAll("[name=regions]:checked")].map(x => x.value).sort().join()`)
	}
	got := checked()
	if !strings.Contains(got, "BE-VAN") || len(got) != len("BE-VAN,BE-VBR") {
		b.t.Errorf("after two marks on the map the list has %s", got)
	}
	below := strings.Trim(strings.Replace(got, "BE-VAN", "", 1), ",")
	b.run(chromedp.Click(chromedp.CSS("#r-" + below)))
	if marked := eval[string](b, `[...document.querySelectorAll("path[aria-checked=true]")].map(x => x.dataset.code).join()`); marked != "BE-VAN" || checked() != "BE-VAN" {
		b.t.Errorf("after the list the map has %s", marked)
	}
}

// deliver hands the worker a push, as the browser's own push service would.
func (b *tab) deliver(id serviceworker.RegistrationID, data string) {
	b.t.Helper()
	b.run(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, serviceworker.DeliverPushMessage, serviceworker.DeliverPushMessageParams{Origin: b.url, RegistrationID: id, Data: data})
		return err
	}))
}

// replaces holds the worker to one notification for a case, the newest, and to
// no sound for a revision that changes nothing a citizen sees.
func (b *tab) replaces(id serviceworker.RegistrationID, url string) {
	b.t.Helper()
	push := func(revision int, title string, silent bool) {
		b.deliver(id, fmt.Sprintf(`{"web_push":8030,"notification":{"title":%q,"body":"b","navigate":"%s/","tag":"case","silent":%v,"renotify":%v,"image":"%s/favicon.svg","actions":[{"action":"call","title":"Call","navigate":"tel:+32"}]},"tocsin":{"identifier":"i","revision":%d}}`,
			title, url, silent, !silent, url, revision))
	}
	// Chromium forgets a notification that is asked for while it is about to be drawn,
	// so the test asks a second after the worker has shown it, and not all the time.
	shown := func(want string) {
		b.t.Helper()
		revision := strings.Split(want, "/")[1]
		b.until(`caches.open("tocsin-push").then(s => s.match("/-/push/shown/case")).then(r => r?.json()).then(k => window.told = k?.revision)
			&& window.told === ` + revision)
		time.Sleep(time.Second)
		b.until(`navigator.serviceWorker.ready.then(r => r.getNotifications({ tag: "case" })).then(all => window.seen = all.map(n => [n.title, n.data.revision, n.silent === true, n.renotify === true].join("/")).join())
			&& window.seen === "` + want + `"`)
	}
	push(1, "Alert", false)
	shown("Alert/1/false/true")
	push(2, "Alert", false)
	shown("Alert/2/true/false")
	push(3, "Update", false)
	shown("Update/3/false/true")
	push(4, "Found", true)
	shown("Found/4/true/false")
	push(1, "Alert", false)
	push(5, "Found", true)
	shown("Found/5/true/false")
}
