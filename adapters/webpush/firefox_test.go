package webpush

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/peers/pushservice"
	"tocsin/internal/peertest"
)

// sight is what the driver script sees in the page and in the browser.
type sight struct {
	State   string   `json:"state"`
	Words   string   `json:"words"`
	Result  string   `json:"result"` // of the test
	Checks  string   `json:"checks"`
	Visible []string `json:"visible"`
	Shown   []shown  `json:"shown"`
}

type shown struct {
	Title  string     `json:"title"`
	Body   string     `json:"body"`
	Tag    string     `json:"tag"`
	Lang   alert.Lang `json:"lang"`
	Dir    string     `json:"dir"`
	Silent bool       `json:"silent"`
	Data   struct {
		Navigate string            `json:"navigate"`
		Actions  map[string]string `json:"actions"`
		Revision int               `json:"revision"`
	} `json:"data"`
}

// browser is a real Firefox on a page of ours.
type browser struct {
	mu    sync.Mutex
	last  sight
	press string
}

// TestFirefox walks the citizen's whole way in a real browser: subscribe on the
// page, get the alert, its update and the quiet all-clear, try the test, leave.
func TestFirefox(t *testing.T) {
	if testing.Short() {
		t.Skip("a real browser takes half a minute")
	}
	program := peertest.Tool(t, "firefox-esr", "firefox-esr")
	s := service(t, pushservice.Options{TLS: true})
	a := drill(t, s)
	b := startFirefox(t, program, s, a)

	b.wait(t, 60*time.Second, "the page is ready", func(v sight) bool { return v.State == "off" })
	time.Sleep(4 * time.Second) // Firefox opens its connection to the push service some seconds after start
	b.click("subscribe")
	on := b.wait(t, 40*time.Second, "the page says it is on", func(v sight) bool { return v.State == "on" })
	if on.Words != "You will be alerted." || strings.Join(on.Visible, " ") != "subscribe unsubscribe test" {
		t.Errorf("after subscribing the page shows %q and the buttons %v", on.Words, on.Visible)
	}
	all := a.env.Recipients.All(Name)
	if len(all) != 1 || all[0].Areas[0] != "BE-BRU" || all[0].Lang != alert.English || all[0].Destination != s.URL() {
		t.Fatalf("the registry holds %+v", all)
	}
	if on.Checks != "can=ok allowed=ok worker=ok address=ok server=ok" {
		t.Errorf("the page checks %s", on.Checks)
	}

	for i, typ := range []alert.MsgType{alert.TypeAlert, alert.TypeUpdate, alert.TypeCancel} {
		m := message(typ, i+1)
		b.mustSend(t, a, s, m, all, i+1)
		want := m.Texts[alert.English]
		v := b.wait(t, 15*time.Second, string(typ)+" is shown", func(v sight) bool {
			return len(v.Shown) == 1 && v.Shown[0].Title == want.PushTitle
		})
		got := v.Shown[0]
		if got.Body != want.PushBody || got.Tag != Topic(m) || got.Lang != alert.English || got.Dir != "auto" || got.Silent != (typ == alert.TypeCancel) {
			t.Errorf("%s is shown as %+v", typ, got)
		}
		if got.Data.Navigate != "https://alerts.example/en/alerts/case0042" {
			t.Errorf("%s leads to %q", typ, got.Data.Navigate)
		}
		if call := got.Data.Actions["call"]; (call == "tel:+3225544000") == (typ == alert.TypeCancel) {
			t.Errorf("%s offers to call %q", typ, call)
		}
		t.Logf("%s shown: %q / %q tag %s", typ, got.Title, got.Body, got.Tag)
	}

	// The first revision comes once more, late: it is decrypted, and not shown over the all-clear.
	b.mustSend(t, a, s, message(alert.TypeAlert, 1), all, 4)
	time.Sleep(time.Second) // nothing must happen: there is nothing to wait for
	if v := b.sight(); len(v.Shown) != 1 || v.Shown[0].Data.Revision != 3 {
		t.Errorf("after a late first revision the browser shows %+v", v.Shown)
	}

	b.testComesBack(t, a)
	b.heals(t, a)
	b.click("unsubscribe")
	b.wait(t, 15*time.Second, "the page says it is off", func(v sight) bool { return v.State == "off" })
	if left := a.env.Recipients.All(Name); len(left) != 0 {
		t.Errorf("after leaving the registry holds %d recipients", len(left))
	}
	receipts, err := a.Send(t.Context(), delivery(t, a, message(alert.TypeAlert, 5)), all)
	if err != nil || classOf(receipts[0]) != adapter.Gone {
		t.Errorf("a push after leaving: %+v, %v; want Gone", receipts, err)
	}
}

// testComesBack presses the test and waits until the page is green, by the word
// of the worker and of the server; and green still when it is opened anew.
func (b *browser) testComesBack(t *testing.T, a *Adapter) {
	t.Helper()
	b.click("test")
	b.wait(t, 15*time.Second, "the test is shown and the page says so", func(v sight) bool {
		for _, n := range v.Shown {
			if n.Tag == "tocsin-test" && n.Title == "EXERCISE. Test: notifications work" {
				return v.Result == "shown"
			}
		}
		return false
	})
	a.trials.mu.Lock()
	confirmed := 0
	for e := a.trials.order.Front(); e != nil; e = e.Next() {
		if !e.Value.(*trial).shown.IsZero() {
			confirmed++
		}
	}
	a.trials.mu.Unlock()
	if confirmed != 1 {
		t.Errorf("the server knows of %d tests that were shown", confirmed)
	}
	b.click("reload")
	b.wait(t, 20*time.Second, "the page that is opened anew says so too", func(v sight) bool { return v.State == "on" && v.Result == "shown" })
}

// heals takes the subscription away behind the page's back, as browsers do, and
// wants the next visit to put a new one in its place.
func (b *browser) heals(t *testing.T, a *Adapter) {
	t.Helper()
	old := a.env.Recipients.All(Name)[0]
	b.click("end")
	b.wait(t, 15*time.Second, "the subscription has ended", func(v sight) bool { return v.State == "ended" })
	b.click("reload")
	b.wait(t, 30*time.Second, "the page has healed it", func(v sight) bool { return v.State == "on" })
	if all := a.env.Recipients.All(Name); len(all) != 1 || all[0].ID == old.ID || !all[0].Created.Equal(old.Created) {
		t.Errorf("after healing the registry holds %+v", all)
	}
}

// mustSend sends m to the browser and waits until it has decrypted it: ack code 100, n acks in all.
func (b *browser) mustSend(t *testing.T, a *Adapter, s *pushservice.Service, m *alert.Message, to []adapter.Recipient, n int) {
	t.Helper()
	receipts, err := a.Send(t.Context(), delivery(t, a, m), to)
	if err != nil || receipts[0].State != adapter.Accepted {
		t.Fatalf("%s: %+v, %v", m.MsgType, receipts, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	acks, err := s.Acks(ctx, n)
	if err != nil {
		t.Fatal(err)
	}
	if code := acks[n-1].Code; code != 100 {
		t.Fatalf("%s: Firefox acknowledged with code %d, want 100 (decrypted)", m.MsgType, code)
	}
}

func (b *browser) sight() sight {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last
}

func (b *browser) click(button string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.press, b.last.State = button, "pressed"
}

func (b *browser) wait(t *testing.T, within time.Duration, what string, ok func(sight) bool) sight {
	t.Helper()
	for end := time.Now().Add(within); ; time.Sleep(50 * time.Millisecond) {
		if v := b.sight(); ok(v) {
			return v
		} else if time.Now().After(end) {
			t.Fatalf("%s: not within %s; last seen: %+v", what, within, v)
		}
	}
}

// startFirefox serves the page with the adapter's routes on http://localhost,
// which browsers take for secure, and opens it in a fresh profile.
func startFirefox(t *testing.T, program string, s *pushservice.Service, a *Adapter) *browser {
	t.Helper()
	b := &browser{}
	mux := http.NewServeMux()
	for _, r := range a.Routes() {
		mux.Handle(r.Pattern, r.Handler)
	}
	static := filepath.Join(peertest.Root(t), "web", "static")
	file := func(pattern, path string) {
		mux.HandleFunc("GET "+pattern, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; connect-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'")
			w.Header().Set("Cache-Control", "no-cache")
			http.ServeFile(w, r, path)
		})
	}
	file("/page.html", "testdata/page.html")
	file("/driver.js", "testdata/driver.js")
	file("/push.js", filepath.Join(static, "push.js"))
	file("/sw.js", filepath.Join(static, "sw.js"))
	mux.HandleFunc("POST /tick", func(w http.ResponseWriter, r *http.Request) {
		var v sight
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&v); err != nil {
			t.Errorf("tick: %v", err)
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.last.State != "pressed" || b.press == "" {
			b.last = v
		}
		fmt.Fprintf(w, `{"press": %q}`, b.press)
		b.press = ""
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	address := strings.Replace(srv.URL, "127.0.0.1", "localhost", 1) + "/page.html"

	profile := t.TempDir()
	writeProfile(t, profile, s.BrowserURL())
	cmd := exec.Command(program, "--headless", "--no-remote", "--new-instance", "--profile", profile, address)
	cmd.Env = append(os.Environ(), "MOZ_HEADLESS=1", "HOME="+profile, "MOZ_CRASHREPORTER_DISABLE=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Firefox is a family of processes
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) //nolint:errcheck // it may have ended
		cmd.Wait()                                      //nolint:errcheck // killed
	})
	return b
}

func writeProfile(t *testing.T, dir, pushURL string) {
	t.Helper()
	var prefs strings.Builder
	for name, value := range map[string]any{
		"dom.push.serverURL":                                          pushURL,
		"dom.push.testing.allowInsecureServerURL":                     true,
		"dom.push.testing.ignorePermission":                           true,
		"permissions.default.desktop-notification":                    1,
		"dom.webnotifications.requireuserinteraction":                 false,
		"alerts.useSystemBackend":                                     false,
		"browser.shell.checkDefaultBrowser":                           false,
		"browser.aboutwelcome.enabled":                                false,
		"datareporting.policy.dataSubmissionEnabled":                  false,
		"toolkit.telemetry.enabled":                                   false,
		"app.update.enabled":                                          false,
		"app.normandy.enabled":                                        false,
		"browser.safebrowsing.malware.enabled":                        false,
		"browser.safebrowsing.phishing.enabled":                       false,
		"network.captive-portal-service.enabled":                      false,
		"network.connectivity-service.enabled":                        false,
		"browser.newtabpage.enabled":                                  false,
		"services.settings.server":                                    "data:,",
		"extensions.systemAddon.update.enabled":                       false,
		"termsofuse.bypassNotification":                               true,
		"datareporting.policy.dataSubmissionPolicyBypassNotification": true,
	} {
		raw, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&prefs, "user_pref(%q, %s);\n", name, raw)
	}
	if err := os.WriteFile(filepath.Join(dir, "user.js"), []byte(prefs.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}
