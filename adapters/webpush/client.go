package webpush

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"
)

const (
	// answerTimeout bounds one push from its leaving on, so that a service which
	// hangs costs one attempt.
	answerTimeout = 10 * time.Second
	// queueTime is how long a push may wait for its turn where a service has asked
	// for a slower pace; whoever would wait longer is told to come back later.
	queueTime = 10 * time.Second
	// dialTimeout bounds a connection's making, with TLS and the service's settings.
	dialTimeout = 8 * time.Second
	// idleTimeout closes connections before push services do, so that an alert
	// after quiet hours does not start on connections that have just died.
	idleTimeout = 90 * time.Second
	// defaultConnections carry 800 pushes at once to a service that grants 100 each.
	defaultConnections = 8
	// maxConnections bounds the setting: services take many sockets of one sender for abuse.
	maxConnections = 64
)

// The ways in which pushes travel.
const (
	wireRaw = "raw"      // our own HTTP/2 frames: see link_raw.go
	wireStd = "net/http" // the standard library's: see link_std.go
)

// errOld is a service that does not speak HTTP/2.
var errOld = errors.New("the service speaks HTTP/1.1 alone")

// client holds the lines to all push services. It follows no redirect and uses no proxy.
//
// It holds its connections itself because net/http's own pool (Go 1.26) has no
// good setting for a burst to one host: by default it opens a connection for
// every hundred requests under way, two thousand of them in a fan-out, and with
// StrictMaxConcurrentRequests it stalls for good as soon as more requests wait
// than the server grants streams, for those that wait are counted as streams.
type client struct {
	guard     guard
	wire      string
	max       int // connections to one origin
	dialer    *net.Dialer
	tls       *tls.Config
	transport *http.Transport
	old       *http.Transport // HTTP/1.1 alone

	// connect is secure, or what a test puts in its place.
	connect func(ctx context.Context, address string) (net.Conn, error)

	ctx     context.Context // of dials; ends with the client
	cancel  context.CancelFunc
	running sync.WaitGroup // dials, and what connections run

	mu     sync.RWMutex
	lines  map[string]*line // by origin
	closed bool
}

func newClient(set Settings, g guard) (*client, error) {
	n := set.Connections
	if n == 0 {
		n = defaultConnections
	}
	if n < 0 || n > maxConnections {
		return nil, fmt.Errorf("connections: %d is not between 1 and %d", n, maxConnections)
	}
	wire := set.Wire
	switch wire {
	case "":
		wire = wireRaw
	case wireRaw, wireStd:
	default:
		return nil, fmt.Errorf("wire: %q is neither %q nor %q", wire, wireRaw, wireStd)
	}
	roots, err := rootCAs(set.RootCAs)
	if err != nil {
		return nil, err
	}
	c := &client{guard: g, wire: wire, max: n, lines: map[string]*line{}}
	c.connect = c.secure
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.dialer = &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second, Control: g.control}
	c.tls = &tls.Config{
		RootCAs: roots, MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(maxConnections),
		// Small records are for a first paint; ours are read whole.
		DynamicRecordSizingDisabled: true,
	}
	c.transport, c.old = newTransport(c.dialer, c.tls, true), newTransport(c.dialer, c.tls, false)
	return c, nil
}

// line is the line to origin, or says why nothing may go there.
func (c *client) line(origin []byte) (*line, error) {
	c.mu.RLock()
	l := c.lines[string(origin)]
	c.mu.RUnlock()
	if l != nil {
		return l, nil
	}
	at, err := c.guard.check(string(origin) + "/x") // a path, for an endpoint must have one
	if err != nil {
		return nil, fmt.Errorf("the endpoint %w", err)
	}
	u, err := url.Parse(at.origin)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, errClosed
	}
	if l := c.lines[at.origin]; l != nil {
		return l, nil
	}
	if len(c.lines) >= maxOrigins { // invented by strangers: those at rest make room
		for key, l := range c.lines {
			if l.rest() {
				l.close()
				delete(c.lines, key)
			}
		}
	}
	l = newLine(c, u)
	c.lines[at.origin] = l
	return l, nil
}

func newLine(c *client, u *url.URL) *line {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	l := &line{
		client: c, origin: u.Scheme + "://" + u.Host, scheme: u.Scheme, authority: u.Host,
		address: net.JoinHostPort(u.Hostname(), port), max: c.max,
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.timer = time.AfterFunc(time.Hour, l.pump)
	l.timer.Stop()
	l.idle = time.AfterFunc(idleTimeout, l.restLater)
	return l
}

// dial opens a connection for l. After errOld the next one is of the old kind.
func (c *client) dial(ctx context.Context, l *line) (link, error) {
	switch {
	case l.old.Load():
		return dialStd(ctx, l, c.old)
	case c.wire == wireStd || l.scheme != "https":
		return dialStd(ctx, l, c.transport)
	}
	conn, err := c.connect(ctx, l.address)
	if err != nil {
		return nil, err
	}
	return openRaw(ctx, l, conn)
}

// secure connects to address by TLS and HTTP/2.
func (c *client) secure(ctx context.Context, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	conn, err := c.dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	set := c.tls.Clone()
	set.NextProtos, set.ServerName = []string{"h2", "http/1.1"}, host
	secure := tls.Client(conn, set)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	if secure.ConnectionState().NegotiatedProtocol != "h2" {
		conn.Close()
		return nil, errOld
	}
	return secure, nil
}

// close ends everything, and waits for it.
func (c *client) close() {
	c.cancel()
	c.mu.Lock()
	c.closed = true
	lines := c.lines
	c.lines = map[string]*line{}
	c.mu.Unlock()
	for _, l := range lines {
		l.close()
	}
	c.running.Wait()
}

func newTransport(d *net.Dialer, set *tls.Config, two bool) *http.Transport {
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(two)
	dial := d.DialContext
	if two {
		dial = dialGathering(dial)
	}
	return &http.Transport{
		Proxy:               nil, // the guard must see the address that is really dialled
		DialContext:         dial,
		TLSClientConfig:     set,
		TLSHandshakeTimeout: 5 * time.Second,
		Protocols:           protocols,
		HTTP2: &http.HTTP2Config{
			// A connection that died silently is found out by a ping, not by
			// every push on it running into its time-out.
			SendPingTimeout: pingAfter,
			PingTimeout:     pingTimeout,
		},
		MaxResponseHeaderBytes: maxHeaders,
		DisableCompression:     true,
	}
}

func rootCAs(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil // the system's
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("root_cas: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("root_cas: no PEM certificate in %s", file)
	}
	return pool, nil
}
