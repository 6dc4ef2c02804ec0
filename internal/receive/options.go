package receive

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Verifier says whether a CAP document carries a good signature of the issuer.
type Verifier func(cap []byte) error

// Options of a receiver.
type Options struct {
	Feeds  []string // addresses: https://alerts.example, or wss://alerts.example/v1/feed; several nodes at once
	Token  string   // the station's bearer token; may be empty where TLS has a client certificate
	Dir    string   // where the folders go
	Verify Verifier
	// Exec is a command and its arguments, run for each revision. It finds
	// TOCSIN_DIR, TOCSIN_CASE, TOCSIN_IDENTIFIER, TOCSIN_REVISION,
	// TOCSIN_MSG_TYPE and TOCSIN_STATUS in its environment.
	Exec []string
	// AlarmExec is a command and its arguments, run for each alarm and for its
	// end (connected). It finds TOCSIN_ALARM, the kind, TOCSIN_FEED and TOCSIN_TEXT.
	AlarmExec []string
	// OnRevision and OnAlarm may be nil. They must return soon, and OnAlarm must not call the receiver.
	OnRevision func(Revision)
	OnAlarm    func(Alarm)
	Log        *slog.Logger // nil: none
	// TLS is for a private authority or a client certificate; nil: the system's.
	TLS *tls.Config
	// Dial replaces the network in tests.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// Revision is one stored revision.
type Revision struct {
	Case, Identifier string
	Revision         int
	MsgType, Status  string
	Dir              string
	Expires          time.Time
}

// Bounds.
const (
	maxFeeds   = 8
	maxFrame   = 2 << 20          // a frame from the feed: twice what the log can hold
	maxMedia   = 20 << 20         // one picture or sound
	mediaWait  = 20 * time.Second // of one picture that is asked for again
	firstWait  = 3 * time.Second  // that a new revision's words wait for its pictures
	hungFor    = 30 * time.Second // that they do not wait after a host has hung
	execWait   = time.Minute
	dialWait   = 10 * time.Second
	firstRetry = 500 * time.Millisecond
	lastRetry  = 15 * time.Second
	authRetry  = time.Minute
	silentBeat = 3 // heartbeat intervals without a frame

	defaultBeat = 10 * time.Second // until a hello says better
)

// feedURL is the WebSocket address of a feed. The token must not travel in the
// clear, so plain ws is for this machine alone.
func feedURL(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return "", fmt.Errorf("feed %q: give an address such as https://alerts.example", raw)
	}
	switch u.Scheme {
	case "https", "wss":
		u.Scheme = "wss"
	case "http", "ws":
		if !loopback(u.Hostname()) {
			return "", fmt.Errorf("feed %q: the token would travel in the clear; use https", raw)
		}
		u.Scheme = "ws"
	default:
		return "", fmt.Errorf("feed %q: use https or wss", raw)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("feed %q: leave out user, query and fragment; the token goes into its own setting", raw)
	}
	if strings.Trim(u.Path, "/") == "" {
		u.Path = "/v1/feed"
	}
	return u.String(), nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// check fills in what is missing and refuses what cannot work.
func (o *Options) check() error {
	var errs []error
	if n := len(o.Feeds); n == 0 || n > maxFeeds {
		errs = append(errs, fmt.Errorf("feeds: give 1 to %d addresses", maxFeeds))
	}
	feeds := make([]string, 0, len(o.Feeds))
	for _, raw := range o.Feeds {
		u, err := feedURL(raw)
		if err != nil {
			errs = append(errs, err)
		}
		feeds = append(feeds, u)
	}
	o.Feeds = feeds
	if o.Token == "" && (o.TLS == nil || len(o.TLS.Certificates) == 0) {
		errs = append(errs, errors.New("token: give the station's token, or a client certificate"))
	}
	if o.Dir == "" {
		errs = append(errs, errors.New("dir: give a folder"))
	}
	if o.Verify == nil {
		errs = append(errs, errors.New("verify: give the issuer's certificate; without it nothing can be trusted"))
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.OnAlarm == nil {
		o.OnAlarm = func(Alarm) {}
	}
	if o.OnRevision == nil {
		o.OnRevision = func(Revision) {}
	}
	return errors.Join(errs...)
}

// client fetches media: no redirects, since the address is the one that was signed.
func (o *Options) client() *http.Client {
	return &http.Client{
		Timeout: mediaWait,
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: o.Dial, TLSClientConfig: o.TLS,
			MaxConnsPerHost: 8, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
