package webpush

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"code.dny.dev/ssrf"
)

// pushHosts are the push services of Chrome, Firefox, Safari and Edge.
var pushHosts = []string{
	"fcm.googleapis.com",
	"jmt17.google.com",
	"updates.push.services.mozilla.com",
	"*.push.apple.com",
	"*.notify.windows.com",
}

// maxEndpoint bounds what a stranger makes us store; real endpoints are 150 to 600 long.
const maxEndpoint = 1000

var (
	// hostForm takes plain lower-case names: no IP literal of any spelling, no
	// trailing dot, no letters beyond ASCII that look like others.
	hostForm = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)
	// dotPath finds path segments that a server may resolve to somewhere else.
	dotPath = regexp.MustCompile(`(?i)/(\.|%2e){1,2}(/|$)|\\|%5c|%2f|%00`)
)

// endpoint is a subscription's address that has passed the guard.
type endpoint struct {
	url    string // in one spelling, whatever the stranger's was
	origin string // https://host, or with the port on loopback
}

// guard decides where pushes may go. An endpoint is a stranger's word: without
// the guard anyone could have the server call what lies behind its own wall.
type guard struct {
	exact    []string
	suffixes []string // ".push.apple.com"
	loopback bool
	any      bool // the list of hosts is asked elsewhere
	dial     *ssrf.Guardian
}

// anyHost checks an endpoint's form alone.
var anyHost = guard{loopback: true, any: true}

func newGuard(allowed []string, loopback bool) (guard, error) {
	if len(allowed) == 0 {
		allowed = pushHosts
	}
	g := guard{loopback: loopback}
	for i, host := range allowed {
		name, below := strings.CutPrefix(host, "*.")
		if !hostForm.MatchString(name) {
			return g, fmt.Errorf("allowed_hosts[%d]: %q: write a lower-case host name, or *.NAME for all below it", i, host)
		}
		if below {
			g.suffixes = append(g.suffixes, "."+name)
		} else {
			g.exact = append(g.exact, name)
		}
	}
	if loopback {
		g.dial = ssrf.New(ssrf.WithAnyPort(),
			ssrf.WithAllowedV4Prefixes(netip.MustParsePrefix("127.0.0.0/8")),
			ssrf.WithAllowedV6Prefixes(netip.MustParsePrefix("::1/128")))
	} else {
		g.dial = ssrf.New(ssrf.WithPorts(443))
	}
	return g, nil
}

// control checks the address that a host has become, just before it is dialled:
// an allowed name may resolve to anywhere.
func (g guard) control(network, address string, c syscall.RawConn) error {
	return g.dial.Safe(network, address, c)
}

// check passes an endpoint or says what is wrong with it.
func (g guard) check(raw string) (endpoint, error) {
	if raw == "" {
		return endpoint{}, errors.New("is missing: send the browser's PushSubscription as it is")
	}
	if len(raw) > maxEndpoint {
		return endpoint{}, fmt.Errorf("is longer than %d characters", maxEndpoint)
	}
	u, err := url.Parse(raw)
	if err != nil {
		return endpoint{}, errors.New("is not an address") // the parser's words would repeat it
	}
	if u.User != nil {
		return endpoint{}, errors.New("must not hold a user name or password")
	}
	if u.Fragment != "" || strings.HasSuffix(raw, "#") {
		return endpoint{}, errors.New("must not hold a fragment")
	}
	if path := u.EscapedPath(); strings.ContainsAny(path, `.%\`) && dotPath.MatchString(path) { // most tokens hold none, and a million are read at the start
		return endpoint{}, errors.New("must not hold . or .. or an encoded slash in its path")
	}
	if u.Path == "" || u.Path == "/" {
		return endpoint{}, errors.New("names no subscription: its path is empty")
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	switch {
	case g.loopback && isLoopback(host) && (u.Scheme == "https" || u.Scheme == "http"):
		if port != "" {
			host = net.JoinHostPort(host, port)
		}
	case u.Scheme != "https":
		return endpoint{}, errors.New("must begin with https://")
	case port != "" && port != "443":
		return endpoint{}, errors.New("must not name a port other than 443")
	case !hostForm.MatchString(host) || !g.allows(host):
		return endpoint{}, errors.New("is not at a push service that this server knows; the operator can add it to allowed_hosts")
	}
	u.Host = host
	return endpoint{url: u.String(), origin: u.Scheme + "://" + host}, nil
}

func (g guard) allows(host string) bool {
	return g.any || slices.Contains(g.exact, host) ||
		slices.ContainsFunc(g.suffixes, func(s string) bool { return strings.HasSuffix(host, s) })
}

func isLoopback(host string) bool { return host == "127.0.0.1" || host == "localhost" }
