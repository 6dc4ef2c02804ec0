package webpush

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"testing"
	"time"
)

func TestLimiterPace(t *testing.T) {
	l := newLimiter(3)
	at := time.Now()
	for i, c := range []struct {
		key  string
		wait time.Duration
		want bool
	}{
		{"a", 0, true},
		{"a", 0, true},
		{"a", 0, true},
		{"a", 0, false},
		{"b", 0, true}, // another's turn is untouched
		{"a", 19 * time.Second, false},
		{"a", 2 * time.Second, true},
		{"a", 0, false},
	} {
		at = at.Add(c.wait)
		if got := l.allow(caller{c.key, 1}, at); got != c.want {
			t.Errorf("step %d: %v, want %v", i, got, c.want)
		}
	}
}

func TestLimiterIsBounded(t *testing.T) {
	l := newLimiter(1)
	now := time.Now()
	l.allow(caller{"first", 1}, now)
	for i := range maxClients {
		if i == maxClients/2 {
			l.allow(caller{"first", 1}, now) // seen again: not the oldest
		}
		l.allow(caller{fmt.Sprint(i), 1}, now)
	}
	if len(l.byKey) != maxClients || l.order.Len() != maxClients {
		t.Errorf("%d keys, %d in order; want %d", len(l.byKey), l.order.Len(), maxClients)
	}
	if l.allow(caller{"first", 1}, now) {
		t.Error("a client in use was forgotten")
	}
}

func TestCallers(t *testing.T) {
	a := &Adapter{proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}}
	for _, c := range []struct{ remote, forwarded, one, net string }{
		{"192.0.2.1:99", "", "192.0.2.1/32", "192.0.2.0/24"},
		{"192.0.2.1:99", "198.51.100.7", "192.0.2.1/32", "192.0.2.0/24"}, // a stranger's word is not heard
		{"10.0.0.1:99", "198.51.100.7", "198.51.100.7/32", "198.51.100.0/24"},
		{"10.0.0.1:99", "203.0.113.9, 198.51.100.7", "198.51.100.7/32", "198.51.100.0/24"}, // only the right end is our proxy's
		{"10.0.0.1:99", "198.51.100.7, 10.1.1.1", "198.51.100.7/32", "198.51.100.0/24"},
		{"10.0.0.1:99", "nonsense", "10.0.0.1/32", "10.0.0.0/24"},
		{"10.0.0.1:99", "", "10.0.0.1/32", "10.0.0.0/24"},
		{"10.0.0.1:99", "198.51.100.7:5000", "198.51.100.7/32", "198.51.100.0/24"},
		{"[2001:db8:1:2:3:4:5:6]:99", "", "2001:db8:1:2::/64", "2001:db8:1::/48"},
		{"[fd00::1%eth0]:99", "2001:db8::1", "2001:db8::/64", "2001:db8::/48"},
		{"[::ffff:192.0.2.1]:99", "", "192.0.2.1/32", "192.0.2.0/24"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.remote
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		want := []caller{{c.one, 1}, {c.net, neighbours}}
		if got := a.callers(r); !slices.Equal(got, want) {
			t.Errorf("%s forwarded for %q: %v, want %v", c.remote, c.forwarded, got, want)
		}
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = ""
	if got := a.callers(r); len(got) != 1 || got[0].key != "unknown" {
		t.Errorf("without an address: %v", got)
	}
}

// Whoever rents a whole network gets ten times the turns of one address, not 256 times.
func TestNetworkIsLimited(t *testing.T) {
	for name, address := range map[string]func(i int) string{
		"IPv4": func(i int) string { return fmt.Sprintf("192.0.2.%d:1", i) },
		"IPv6": func(i int) string { return fmt.Sprintf("[2001:db8:7:%x::1]:1", i) },
	} {
		a := drill(t, nil, func(s *Settings) { s.SubscribePerMinute = 2 })
		now := time.Now()
		a.now = func() time.Time { return now }
		h, taken := site(a), 0
		for i := range 200 {
			w := ask(h, "DELETE", subscriptions, `{"endpoint":"https://fcm.googleapis.com/fcm/send/abc"}`, func(r *http.Request) { r.RemoteAddr = address(i) })
			if w.Code == http.StatusNoContent {
				taken++
			}
		}
		if taken != 2*neighbours {
			t.Errorf("%s: %d of 200 requests from one network were taken, want %d", name, taken, 2*neighbours)
		}
		if w := ask(h, "DELETE", subscriptions, `{"endpoint":"https://fcm.googleapis.com/fcm/send/abc"}`, func(r *http.Request) { r.RemoteAddr = "198.51.100.1:1" }); w.Code != http.StatusNoContent {
			t.Errorf("%s: another network: %d", name, w.Code)
		}
	}
}
