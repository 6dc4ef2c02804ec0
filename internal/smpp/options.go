package smpp

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"
)

// Options are a bind's settings. What is zero gets the value in brackets.
type Options struct {
	Address  string // host:port
	Bind     Bind
	Mode     Command     // BindTransceiver (default), BindTransmitter or BindReceiver
	TLS      *tls.Config // nil: plain TCP
	Window   int         // requests awaiting an answer (10)
	Rate     float64     // messages a second (100)
	Response time.Duration
	Enquire  time.Duration // a silent link is tested after it (30 s)
	Retry    time.Duration // first wait before binding anew (1 s); doubles up to maxRetry
	// Deliver takes a deliver_sm: a receipt, or a person's message. It is called
	// on a goroutine of its own, and the centre gets the status it returns. ctx
	// ends with the connection. nil refuses them.
	Deliver func(ctx context.Context, m *Message) Status
	// Dial opens the connection; nil is net.Dialer's.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

const (
	maxRetry = 30 * time.Second
	// refusedRetry is the least wait after a refused password: some centres lock
	// an account that knocks too often.
	refusedRetry = 15 * time.Second
	dialTime     = 10 * time.Second
	// closeTime bounds the wait for the other side to close: only then is the
	// old bind certainly gone.
	closeTime = 2 * time.Second
	// steady is how long a bind must have held before the next wait is short again.
	steady = 10 * time.Second
	// maxDeliveries bounds the deliver_sm under way; above it the centre is asked to come again.
	maxDeliveries = 512
)

func (o Options) complete() (Options, error) {
	if _, _, err := net.SplitHostPort(o.Address); err != nil {
		return o, errors.New("address: write host:port")
	}
	o.Mode = cmp.Or(o.Mode, BindTransceiver)
	if o.Mode != BindTransceiver && o.Mode != BindTransmitter && o.Mode != BindReceiver {
		return o, errors.New("mode: bind as transceiver, transmitter or receiver")
	}
	o.Window = cmp.Or(o.Window, 10)
	if o.Window < 1 || o.Window > 10_000 {
		return o, errors.New("window: between 1 and 10000")
	}
	o.Rate = cmp.Or(o.Rate, 100)
	if o.Rate <= 0 || o.Rate > 1_000_000 {
		return o, errors.New("rate: between 1 and 1000000 messages a second")
	}
	o.Response = cmp.Or(o.Response, 10*time.Second)
	o.Enquire = cmp.Or(o.Enquire, 30*time.Second)
	o.Retry = cmp.Or(o.Retry, time.Second)
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	if _, err := o.Bind.Append(nil); err != nil {
		return o, err
	}
	return o, nil
}

// dial opens the connection, with TLS where it is asked for.
func (o Options) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	conn, err := o.Dial(ctx, "tcp", o.Address)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	if o.TLS == nil {
		return conn, nil
	}
	secure := tls.Client(conn, o.TLS)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("connect: %w", err)
	}
	return secure, nil
}
