package webpush

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

const (
	// requestTimeout bounds one push, so that a service which hangs costs one
	// attempt and never the batch.
	requestTimeout = 10 * time.Second
	// laneConns bounds the connections of a lane to one push service. A burst on
	// a cold lane would dial one for each request before the first has told that
	// it speaks HTTP/2; the second lets a lane go on while the first drains after
	// a GOAWAY.
	laneConns = 2
	// maxConnections bounds the setting: services take many sockets of one sender for abuse.
	maxConnections = 16
)

// lanes are a few HTTP clients used in turn, shared by all Sends. Each keeps
// one HTTP/2 connection to a push service and waits when the service's limit of
// streams is reached. With one client alone either every push beyond 100 under
// way would wait a full round trip, or (without the strict limit) net/http would
// open connections without end: 2,000 of them were seen in a burst.
type lanes struct {
	clients []*http.Client
	next    atomic.Uint32
}

func newLanes(set Settings, g guard) (*lanes, error) {
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
	l := &lanes{}
	for range n {
		l.clients = append(l.clients, &http.Client{
			Transport: newTransport(roots, g),
			Timeout:   requestTimeout,
			// A redirect would carry the message to a host that no guard has seen.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		})
	}
	return l, nil
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
			StrictMaxConcurrentRequests: true,
			// A connection that died silently is found out by a ping, not by
			// every push on it running into its time-out.
			SendPingTimeout: 5 * time.Second,
			PingTimeout:     3 * time.Second,
		},
		MaxConnsPerHost:        laneConns,
		MaxIdleConnsPerHost:    laneConns,
		IdleConnTimeout:        90 * time.Second,
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

// Do sends r on the next lane.
func (l *lanes) Do(r *http.Request) (*http.Response, error) {
	return l.clients[int(l.next.Add(1))%len(l.clients)].Do(r)
}

// CloseIdleConnections ends what is not in use.
func (l *lanes) CloseIdleConnections() {
	for _, c := range l.clients {
		c.CloseIdleConnections()
	}
}
