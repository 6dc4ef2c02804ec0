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
	// neighbours is how many turns of one address a whole network has: a /24 or
	// /48 may be a company behind one provider, or one person's rented machines.
	neighbours = 10
	// maxForwarded bounds how much of X-Forwarded-For is read.
	maxForwarded = 16
)

// caller is somebody whose requests are counted: an address, a network or a
// subscription. Share is how many times the turns of one address he has.
type caller struct {
	key   string
	share int
}

// limiter gives each caller a pace of his own.
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

// allow takes one of c's turns at now, or says no.
func (l *limiter) allow(c caller, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.byKey[c.key]
	if !ok {
		if l.order.Len() >= maxClients {
			oldest := l.order.Back()
			delete(l.byKey, oldest.Value.(*visitor).key)
			l.order.Remove(oldest)
		}
		turns := l.perMinute * c.share
		pace := rate.NewLimiter(rate.Limit(float64(turns)/60), turns)
		e = l.order.PushFront(&visitor{c.key, pace})
		l.byKey[c.key] = e
	}
	l.order.MoveToFront(e)
	return e.Value.(*visitor).pace.AllowN(now, 1)
}

// callers are who a request is counted for: its address (for IPv6 the /64, where
// one household has 2^64 of them) and the network that the address lies in.
func (a *Adapter) callers(r *http.Request) []caller {
	addr := a.address(r)
	if !addr.IsValid() { // all such requests share one pace
		return []caller{{"unknown", neighbours}}
	}
	one, net := 32, 24
	if addr.Is6() {
		one, net = 64, 48
	}
	all := make([]caller, 0, 2)
	for _, c := range []struct{ bits, share int }{{one, 1}, {net, neighbours}} {
		all = append(all, caller{netip.PrefixFrom(addr, c.bits).Masked().String(), c.share})
	}
	return all
}

// address is where a request comes from, by the word of the proxies that we trust.
func (a *Adapter) address(r *http.Request) netip.Addr {
	addr := parseAddr(r.RemoteAddr)
	if !a.trusted(addr) {
		return addr
	}
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
	return addr
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
