package webpush

import (
	"container/list"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// testsPerMinute bounds test notifications: enough for a person who tries
	// twice, useless for pestering one.
	testsPerMinute = 3
	// maxClients bounds the limiter's memory; the longest unseen is forgotten first.
	maxClients = 10_000
	// maxForwarded bounds how much of X-Forwarded-For is read.
	maxForwarded = 16
)

// limiter gives each key its own pace.
type limiter struct {
	perMinute int
	mu        sync.Mutex
	order     *list.List // of *visitor, newest first
	byKey     map[string]*list.Element
}

type visitor struct {
	key  string
	pace *rate.Limiter
}

func newLimiter(perMinute int) *limiter {
	return &limiter{perMinute: perMinute, order: list.New(), byKey: map[string]*list.Element{}}
}

// allow takes one of key's turns at now, or says no.
func (l *limiter) allow(key string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.byKey[key]
	if !ok {
		if l.order.Len() >= maxClients {
			oldest := l.order.Back()
			delete(l.byKey, oldest.Value.(*visitor).key)
			l.order.Remove(oldest)
		}
		pace := rate.NewLimiter(rate.Limit(float64(l.perMinute)/60), l.perMinute)
		e = l.order.PushFront(&visitor{key, pace})
		l.byKey[key] = e
	}
	l.order.MoveToFront(e)
	return e.Value.(*visitor).pace.AllowN(now, 1)
}

// clientKey is the network a request comes from: the address for IPv4, the /64
// for IPv6, where one household has 2^64 of them.
func (a *Adapter) clientKey(r *http.Request) string {
	addr := parseAddr(r.RemoteAddr)
	if a.trusted(addr) {
		hops := strings.Split(r.Header.Get("X-Forwarded-For"), ",")
		if len(hops) > maxForwarded {
			hops = hops[len(hops)-maxForwarded:]
		}
		for _, hop := range slices.Backward(hops) { // the right end was written by those we trust
			next := parseAddr(strings.TrimSpace(hop))
			if !next.IsValid() {
				break
			}
			if addr = next; !a.trusted(addr) {
				break
			}
		}
	}
	if addr.Is6() {
		if prefix, err := addr.Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return addr.String()
}

func (a *Adapter) trusted(addr netip.Addr) bool {
	return slices.ContainsFunc(a.proxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// parseAddr reads an address with or without a port; the zero Addr is invalid.
func parseAddr(s string) netip.Addr {
	if host, _, err := net.SplitHostPort(s); err == nil {
		s = host
	}
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap().WithZone("")
}
