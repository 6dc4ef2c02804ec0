// Package pushservice is a local web push service: what FCM or Mozilla's
// autopush is to the world, this is to the tests and to the demo.
//
// It takes pushes as RFC 8030 says, and is stricter than most real services:
// it checks every VAPID token (RFC 8292), every header and the shape of every
// encrypted body, so that what passes here passes there. Behind it stand two
// kinds of user agent:
//
//   - synthetic subscribers (NewSubscriber), whose keys it holds, so that a
//     test can decrypt what each of ten thousand got;
//   - real browsers, which connect by Mozilla's WebSocket protocol
//     (BrowserURL), decrypt by themselves and acknowledge.
//
// Faults are played on demand (Fail). It does not import testing: the demo runs it.
package pushservice

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Options says how the service listens and what it keeps.
type Options struct {
	// TLS serves https with HTTP/2 under a certificate of its own
	// (Certificate); otherwise plain HTTP/1.1 and HTTP/2 with prior knowledge.
	TLS bool
	// Keep is how many received messages a subscriber remembers, newest last;
	// 0 means 8. It bounds the memory of a long-lived demo.
	Keep int
	// Delay is the time a push takes before it is answered: the way to a real
	// service and back.
	Delay time.Duration
	// Lean reads pushes over TLS and HTTP/2 frame by frame, for benches: a quarter of
	// net/http's cost. It plays no faults.
	Lean bool
}

// Stats counts what the service has seen since its start.
type Stats struct {
	Accepted    int // pushes answered 201
	Refused     int // pushes answered otherwise, faults included
	Replaced    int // undelivered messages that a newer one of the same Topic replaced
	Tokens      int // distinct VAPID tokens verified
	Connections int // connections accepted on the push address
	Streams     int // most pushes under way at once
	BytesIn     int // that came over the push address's connections, TLS and all
	BytesOut    int // that went
}

// Service is a running push service.
type Service struct {
	o        Options
	push     *http.Server
	browser  *http.Server
	pushURL  string
	wsURL    string
	cert     []byte // PEM
	vapid    verifier
	faults   faults
	accepted atomic.Int64
	refused  atomic.Int64
	replaced atomic.Int64
	conns    atomic.Int64
	inFlight atomic.Int64
	peak     atomic.Int64
	bytesIn  atomic.Int64
	bytesOut atomic.Int64
	crowd    atomic.Pointer[Crowd]

	mu       sync.Mutex
	channels map[string]*channel // by the last part of the endpoint
	sockets  map[*socket]struct{}
	acks     []Ack
	acked    chan struct{} // closed and renewed at each ack
}

// Start listens on two free ports of 127.0.0.1: one for pushes, one for browsers.
func Start(o Options) (*Service, error) {
	if o.Keep <= 0 {
		o.Keep = 8
	}
	s := &Service{
		o: o, channels: map[string]*channel{}, sockets: map[*socket]struct{}{}, acked: make(chan struct{}),
	}
	pushAt, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("push address: %w", err)
	}
	browserAt, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("browser address: %w", err), pushAt.Close())
	}
	pushAt = countedListener{pushAt, s}
	s.push = s.pushServer()
	s.browser = &http.Server{Handler: http.HandlerFunc(s.serveBrowser), ReadHeaderTimeout: 10 * time.Second}
	s.pushURL = "http://" + pushAt.Addr().String()
	s.wsURL = "ws://" + browserAt.Addr().String() + "/"
	if o.TLS {
		cert, pem, err := selfSigned()
		if err != nil {
			return nil, errors.Join(err, pushAt.Close(), browserAt.Close())
		}
		s.cert = pem
		s.pushURL = "https://" + pushAt.Addr().String()
		s.push.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
		go s.push.ServeTLS(pushAt, "", "") //nolint:errcheck // ends with ErrServerClosed
	} else {
		go s.push.Serve(pushAt) //nolint:errcheck // ends with ErrServerClosed
	}
	go s.browser.Serve(browserAt) //nolint:errcheck // ends with ErrServerClosed
	return s, nil
}

func (s *Service) pushServer() *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /push/{id}", s.servePush)
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	var front map[string]func(*http.Server, *tls.Conn, http.Handler)
	if s.o.Lean {
		front = map[string]func(*http.Server, *tls.Conn, http.Handler){"h2": s.serveFront}
	}
	return &http.Server{
		TLSNextProto:      front,
		Handler:           mux,
		Protocols:         protocols,
		ReadHeaderTimeout: 10 * time.Second,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: 100}, // what the large services grant
		ErrorLog:          log.New(io.Discard, "", 0),                   // of clients that leave: the tests see to it
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, c)
		},
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				s.conns.Add(1)
			}
		},
	}
}

// URL is the origin of the push address: "https://127.0.0.1:40001".
func (s *Service) URL() string { return s.pushURL }

// BrowserURL is what Firefox wants as dom.push.serverURL.
func (s *Service) BrowserURL() string { return s.wsURL }

// Certificate is the PEM of the push address's certificate, empty without TLS.
func (s *Service) Certificate() []byte { return s.cert }

// Stats are the counts so far.
func (s *Service) Stats() Stats {
	return Stats{
		Accepted: int(s.accepted.Load()), Refused: int(s.refused.Load()), Replaced: int(s.replaced.Load()),
		Tokens: s.vapid.distinct(), Connections: int(s.conns.Load()), Streams: int(s.peak.Load()),
		BytesIn: int(s.bytesIn.Load()), BytesOut: int(s.bytesOut.Load()),
	}
}

// Close ends both servers and every browser's socket.
func (s *Service) Close() error {
	s.faults.clear() // a stalled push would hold the shutdown
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	s.mu.Lock()
	for w := range s.sockets { // hijacked: the server does not know them
		w.conn.Close()
	}
	s.mu.Unlock()
	return errors.Join(closeServer(ctx, s.push), closeServer(ctx, s.browser))
}

// closeServer is a gentle end that turns firm when the time is up.
func closeServer(ctx context.Context, srv *http.Server) error {
	if err := srv.Shutdown(ctx); err != nil {
		return srv.Close()
	}
	return nil
}

// countedListener counts what passes over its connections.
type countedListener struct {
	net.Listener
	s *Service
}

func (l countedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return countedConn{c, l.s}, nil
}

type countedConn struct {
	net.Conn
	s *Service
}

func (c countedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.s.bytesIn.Add(int64(n))
	return n, err
}

func (c countedConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.s.bytesOut.Add(int64(n))
	return n, err
}
