package webpush

import (
	"fmt"
	"net/http/httptest"
	"net/netip"
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
		if got := l.allow(c.key, at); got != c.want {
			t.Errorf("step %d: %v, want %v", i, got, c.want)
		}
	}
}

func TestLimiterIsBounded(t *testing.T) {
	l := newLimiter(1)
	now := time.Now()
	l.allow("first", now)
	for i := range maxClients {
		if i == maxClients/2 {
			l.allow("first", now) // seen again: not the oldest
		}
		l.allow(fmt.Sprint(i), now)
	}
	if len(l.byKey) != maxClients || l.order.Len() != maxClients {
		t.Errorf("%d keys, %d in order; want %d", len(l.byKey), l.order.Len(), maxClients)
	}
	if l.allow("first", now) {
		t.Error("a client in use was forgotten")
	}
}

func TestClientKey(t *testing.T) {
	a := &Adapter{proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}}
	for _, c := range []struct{ remote, forwarded, want string }{
		{"192.0.2.1:99", "", "192.0.2.1"},
		{"192.0.2.1:99", "198.51.100.7", "192.0.2.1"}, // a stranger's word is not heard
		{"10.0.0.1:99", "198.51.100.7", "198.51.100.7"},
		{"10.0.0.1:99", "203.0.113.9, 198.51.100.7", "198.51.100.7"}, // only the right end is our proxy's
		{"10.0.0.1:99", "198.51.100.7, 10.1.1.1", "198.51.100.7"},
		{"10.0.0.1:99", "nonsense", "10.0.0.1"},
		{"10.0.0.1:99", "", "10.0.0.1"},
		{"10.0.0.1:99", "198.51.100.7:5000", "198.51.100.7"},
		{"[2001:db8:1:2:3:4:5:6]:99", "", "2001:db8:1:2::/64"},
		{"[fd00::1%eth0]:99", "2001:db8::1", "2001:db8::/64"},
		{"[::ffff:192.0.2.1]:99", "", "192.0.2.1"},
		{"", "", "invalid IP"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.remote
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := a.clientKey(r); got != c.want {
			t.Errorf("%s forwarded for %q: %s, want %s", c.remote, c.forwarded, got, c.want)
		}
	}
}
