package webpush

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

const (
	// requestTimeout bounds one push, the wait for its turn included, so that a
	// service which hangs costs one attempt and never the batch.
	requestTimeout = 10 * time.Second
	// idleTimeout closes connections before push services do, so that an alert
	// after quiet hours does not start on connections that have just died.
	idleTimeout = 90 * time.Second
	// maxConnections bounds the setting: services take many sockets of one sender for abuse.
	maxConnections = 16
)

// client posts to push services over a few connections to each, shared by all
// Sends. It follows no redirect and uses no proxy.
//
// It holds its connections itself because net/http's own pool (Go 1.26) has no
// good setting for a burst to one host: by default it opens a connection for
// every hundred requests under way, two thousand of them in a fan-out, and with
// StrictMaxConcurrentRequests it stalls for good as soon as more requests wait
// than the server grants streams, for those that wait are counted as streams.
type client struct {
	transport *http.Transport
	max       int // connections to one origin
	mu        sync.Mutex
	origins   map[string]*pool
}

func newClient(set Settings, g guard) (*client, error) {
	n := set.Connections
	if n == 0 {
		n = 4
	}
	if n < 0 || n > maxConnections {
		return nil, fmt.Errorf("connections: %d is not between 1 and %d", n, maxConnections)
	}
	roots, err := rootCAs(set.RootCAs)
	if err != nil {
		return nil, err
	}
	return &client{transport: newTransport(roots, g), max: n, origins: map[string]*pool{}}, nil
}

// noAnswer is a push that got no answer, as told apart from one that could not be made.
type noAnswer struct{ err error }

func (e noAnswer) Error() string { return e.err.Error() }
func (e noAnswer) Unwrap() error { return e.err }

// Do posts r and returns the answer, whatever its status.
func (c *client) Do(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), requestTimeout)
	r = r.WithContext(ctx)
	p := c.pool(r)
	answer, conn, err := p.post(r)
	if err != nil && conn != nil && conn.Err() != nil && ctx.Err() == nil && r.GetBody != nil {
		// The service closed the connection under the request (GOAWAY, a restart):
		// net/http would send it on a fresh one, and so does this, once.
		if r.Body, err = r.GetBody(); err == nil {
			answer, _, err = p.post(r)
		}
	}
	if err != nil {
		cancel()
		return nil, noAnswer{err}
	}
	answer.Body = &endingBody{answer.Body, cancel}
	return answer, nil
}

// endingBody ends the request's time with its answer.
type endingBody struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (b *endingBody) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}

// pool is the pool of r's origin.
func (c *client) pool(r *http.Request) *pool {
	key := r.URL.Scheme + "://" + r.URL.Host
	c.mu.Lock()
	defer c.mu.Unlock()
	if p, ok := c.origins[key]; ok {
		return p
	}
	if len(c.origins) >= maxOrigins { // invented by strangers: those at rest make room
		for key, p := range c.origins {
			if p.rest() {
				delete(c.origins, key)
			}
		}
	}
	p := newPool(c.transport, r.URL, c.max)
	c.origins[key] = p
	return p
}

// CloseIdleConnections ends what is not in use.
func (c *client) CloseIdleConnections() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.origins {
		p.rest()
	}
}

func newTransport(roots *x509.CertPool, g guard) *http.Transport {
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second, Control: g.control}
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	return &http.Transport{
		Proxy:               nil, // the guard must see the address that is really dialled
		DialContext:         dialer.DialContext,
		TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: 5 * time.Second,
		Protocols:           protocols,
		HTTP2: &http.HTTP2Config{
			// A connection that died silently is found out by a ping, not by
			// every push on it running into its time-out.
			SendPingTimeout: 5 * time.Second,
			PingTimeout:     3 * time.Second,
		},
		MaxResponseHeaderBytes: 16 << 10,
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
