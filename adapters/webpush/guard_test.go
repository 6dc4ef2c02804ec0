package webpush

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"code.dny.dev/ssrf"

	"tocsin/internal/adapter"
)

const fcm = "https://fcm.googleapis.com/fcm/send/"

func TestGuardPassesRealEndpoints(t *testing.T) {
	g := mustGuard(t, nil, false)
	for _, c := range []struct{ raw, url, origin string }{
		{fcm + "eX:APA91b", fcm + "eX:APA91b", "https://fcm.googleapis.com"},
		{"https://updates.push.services.mozilla.com/wpush/v2/gAAA", "https://updates.push.services.mozilla.com/wpush/v2/gAAA", "https://updates.push.services.mozilla.com"},
		{"https://web.push.apple.com/QLx", "https://web.push.apple.com/QLx", "https://web.push.apple.com"},
		{"https://wns2-par02p.notify.windows.com/w/?token=BQY%3d", "https://wns2-par02p.notify.windows.com/w/?token=BQY%3d", "https://wns2-par02p.notify.windows.com"},
		// Another spelling is the same subscription, so the same recipient.
		{"HTTPS://FCM.GoogleAPIs.com:443/fcm/send/eX", fcm + "eX", "https://fcm.googleapis.com"},
	} {
		e, err := g.check(c.raw)
		if err != nil || e.url != c.url || e.origin != c.origin {
			t.Errorf("%s: %+v, %v", c.raw, e, err)
		}
	}
}

func TestGuardRefusesAttacks(t *testing.T) {
	attacks := map[string]string{
		"empty":                    "",
		"no address":               "://",
		"user":                     "https://fcm.googleapis.com@evil.example/x",
		"user before good host":    "https://evil:x@fcm.googleapis.com/x",
		"empty user":               "https://@fcm.googleapis.com/x",
		"host as a prefix":         "https://fcm.googleapis.com.evil.example/x",
		"host as a bare suffix":    "https://evilfcm.googleapis.com/x",
		"wildcard bare suffix":     "https://evilpush.apple.com/x",
		"wildcard's own name":      "https://push.apple.com/x",
		"below an exact host":      "https://a.fcm.googleapis.com/x",
		"stranger":                 "https://evil.example/x",
		"loopback":                 "https://127.0.0.1/x",
		"loopback name":            "https://localhost/x",
		"loopback, IPv6":           "https://[::1]/x",
		"loopback, decimal":        "https://2130706433/x",
		"loopback, hexadecimal":    "https://0x7f000001/x",
		"loopback, octal":          "https://0177.0.0.1/x",
		"loopback, short":          "https://127.1/x",
		"metadata":                 "http://169.254.169.254/latest/meta-data/",
		"metadata, https":          "https://169.254.169.254/latest/meta-data/",
		"mapped IPv6":              "https://[::ffff:127.0.0.1]/x",
		"zone":                     "https://[fe80::1%25eth0]/x",
		"letters of other kinds":   "https://fсm.googleapis.com/x", // the second letter is Cyrillic
		"full-width letters":       "https://ｆcm.googleapis.com/x",
		"encoded host":             "https://fcm%2egoogleapis.com/x",
		"trailing dot":             "https://fcm.googleapis.com./x",
		"plain http":               "http://fcm.googleapis.com/x",
		"other scheme":             "ftp://fcm.googleapis.com/x",
		"script":                   "javascript:alert(1)",
		"file":                     "file:///etc/passwd",
		"no scheme":                "//fcm.googleapis.com/x",
		"port":                     "https://fcm.googleapis.com:8443/x",
		"port 80":                  "https://fcm.googleapis.com:80/x",
		"backslash":                `https://evil.example\@fcm.googleapis.com/x`,
		"path upwards":             "https://fcm.googleapis.com/fcm/send/../../admin",
		"path upwards, encoded":    "https://fcm.googleapis.com/fcm/%2e%2E/admin",
		"encoded slash":            "https://fcm.googleapis.com/..%2fadmin",
		"no path":                  "https://fcm.googleapis.com",
		"fragment":                 fcm + "x#y",
		"empty fragment":           fcm + "x#",
		"mapped IPv6, hexadecimal": "https://[::ffff:7f00:1]/x",
		"NAT64 loopback":           "https://[64:ff9b::7f00:1]/x",
		"hexadecimal parts":        "https://0x7f.0.0.1/x",
		"long octal":               "https://017700000001/x",
		"full-width digits":        "https://１２７.0.0.1/x",
		"ideographic full stop":    "https://fcm。googleapis。com/x",
		"soft hyphen":              "https://fcm.google\u00adapis.com/x",
		"zero-width space":         "https://fcm.googleapis.com\u200b/x",
		"punycode look-alike":      "https://xn--fm-0jc.googleapis.com/x",
		"host after a tab":         "https://\tfcm.googleapis.com/x",
		"two hosts":                "https://fcm.googleapis.com%2f@evil.example/x",
		"host in the query":        "https://evil.example/?x=fcm.googleapis.com",
		"host in the path":         "https://evil.example/fcm.googleapis.com",
		"hyphen for the dot":       "https://fcm-googleapis.com/x",
		"port before the end":      "https://fcm.googleapis.com:443@evil.example/x",
		"empty label":              "https://fcm..googleapis.com/x",
		"underscore":               "https://a_b.push.apple.com/x",
		"line break":               "https://fcm.googleapis.com/x\r\nHost: evil.example",
		"space":                    "https://fcm.googleapis.com /x",
		"too long":                 fcm + strings.Repeat("a", maxEndpoint),
	}
	for name, raw := range attacks {
		for _, loopback := range []bool{false, true} {
			if loopback && (name == "loopback" || name == "loopback name") {
				continue // what the drill is for
			}
			if e, err := mustGuard(t, nil, loopback).check(raw); err == nil {
				t.Errorf("%s (loopback %v): %s passed as %s", name, loopback, raw, e.url)
			} else if raw != "" && strings.Contains(err.Error(), raw) {
				t.Errorf("%s: the error repeats the address: %v", name, err)
			}
		}
	}
}

func TestGuardOnLoopback(t *testing.T) {
	for _, raw := range []string{"http://127.0.0.1:4001/push/x", "https://localhost:4001/push/x", "https://127.0.0.1/x"} {
		if _, err := mustGuard(t, nil, true).check(raw); err != nil {
			t.Errorf("drill, %s: %v", raw, err)
		}
		if _, err := mustGuard(t, nil, false).check(raw); err == nil {
			t.Errorf("live, %s passed", raw)
		}
	}
}

func TestGuardSettings(t *testing.T) {
	g := mustGuard(t, []string{"push.police.example", "*.up.example"}, false)
	for raw, want := range map[string]bool{
		"https://push.police.example/x": true, "https://a.b.up.example/x": true, "https://up.example/x": false, fcm + "x": false,
	} {
		if _, err := g.check(raw); (err == nil) != want {
			t.Errorf("%s: %v, want passed %v", raw, err, want)
		}
	}
	for _, bad := range []string{"", "*", "*.", "Push.example", "https://push.example", "push.example:443", "127.0.0.1", "*.*.example", "push.example."} {
		if _, err := newGuard([]string{bad}, false); err == nil {
			t.Errorf("allowed_hosts %q was taken", bad)
		}
	}
}

// An allowed name may resolve to anywhere: the address is looked at when it is dialled.
func TestDialIsGuarded(t *testing.T) {
	for address, want := range map[string]bool{
		"142.250.74.106:443": true, "[2a00:1450:4007::5f]:443": true,
		"142.250.74.106:80": false, "127.0.0.1:443": false, "10.0.0.1:443": false, "192.168.1.1:443": false,
		"169.254.169.254:443": false, "[::1]:443": false, "[fd00::1]:443": false, "[::ffff:10.0.0.1]:443": false, "100.64.0.1:443": false,
	} {
		if err := mustGuard(t, nil, false).control("tcp4", address, nil); (err == nil) != want {
			t.Errorf("live, %s: %v, want passed %v", address, err, want)
		}
	}
	if err := mustGuard(t, nil, true).control("tcp4", "10.0.0.1:443", nil); err == nil {
		t.Error("a drill may reach loopback, not the private network")
	}
	if err := mustGuard(t, nil, true).control("tcp4", "127.0.0.1:4001", nil); err != nil {
		t.Errorf("drill: %v", err)
	}
}

// TestNameThatLeadsToLoopback lets the real client dial an allowed host whose
// name resolves to loopback, as a stranger with a domain of his own would arrange.
func TestNameThatLeadsToLoopback(t *testing.T) {
	reached := false
	inner := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	t.Cleanup(inner.Close)
	_, port, err := net.SplitHostPort(inner.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c, err := newClient(Settings{}, mustGuard(t, nil, false))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	for _, wire := range []string{wireRaw, wireStd} {
		c.wire = wire
		for _, host := range []string{"localhost:" + port, "localhost"} {
			_, err := c.dial(t.Context(), newLine(c, &url.URL{Scheme: "https", Host: host}))
			if !errors.Is(err, ssrf.ErrProhibitedIP) && !errors.Is(err, ssrf.ErrProhibitedPort) {
				t.Errorf("%s by %s: %v, want it prohibited", host, wire, err)
			}
			if r := unanswered(err); classOf(r) != adapter.Temporary || r.Failure.Code != "address" {
				t.Errorf("%s: %+v", host, r.Failure)
			}
		}
	}
	if reached {
		t.Error("the request arrived")
	}
}

func mustGuard(t *testing.T, allowed []string, loopback bool) guard {
	t.Helper()
	g, err := newGuard(allowed, loopback)
	if err != nil {
		t.Fatal(err)
	}
	return g
}
