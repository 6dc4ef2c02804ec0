package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// maxPayload bounds one message: an alert in six languages with its signed CAP is
// about 60 KB, a chunk of a photo 128 KB. It is nats-server's own default, so an
// outside server needs no setting.
const maxPayload = 1 << 20

func (e *Engine) connect(ctx context.Context, o Options) error {
	opts := []nats.Option{
		nats.Name("tocsin " + string(o.Realm)),
		nats.MaxReconnects(-1), // a cluster may be away for hours; giving up would need a restart at night
		nats.ReconnectWait(250 * time.Millisecond),
		nats.ReconnectJitter(100*time.Millisecond, 500*time.Millisecond),
		nats.Timeout(2 * time.Second),
		nats.PingInterval(5 * time.Second), // a server that vanished without a word is noticed after 10 s
		nats.MaxPingsOutstanding(2),
		// Nothing waits in the client while there is no server: a write that was
		// reported as unavailable must not be stored minutes later.
		nats.ReconnectBufSize(-1),
		nats.IgnoreAuthErrorAbort(), // credentials are exchanged while we run
		nats.ErrorHandler(func(_ *nats.Conn, s *nats.Subscription, err error) {
			// A refused permission is only said here; the call itself just times out.
			args := []any{"error", err}
			if s != nil {
				args = append(args, "subject", s.Subject)
			}
			e.log.Error("event stream", args...)
		}),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				e.log.Warn("event stream connection lost", "error", err)
			}
		}),
		nats.ReconnectHandler(func(c *nats.Conn) {
			e.log.Info("event stream connection restored", "server", c.ConnectedServerName())
		}),
	}
	if o.Creds != "" {
		opts = append(opts, nats.UserCredentials(o.Creds))
	}
	if e.host != nil {
		opts = append(opts, nats.InProcessServer(e.host))
	}
	for {
		conn, err := nats.Connect(o.URL, opts...)
		if err == nil {
			e.conn = conn
			break
		}
		if errors.Is(err, nats.ErrAuthorization) || errors.Is(err, nats.ErrNkeysNotSupported) || !e.sleep(ctx, time.Second) {
			return fmt.Errorf("connect to NATS: %w: %w", ErrUnavailable, err)
		}
	}
	js, err := jetstream.New(e.conn, jetstream.WithDefaultTimeout(e.tune.try))
	if err != nil {
		return fmt.Errorf("connect to NATS: %w", err)
	}
	e.js = js
	return nil
}

// sleep is false when ctx ended meanwhile.
func (e *Engine) sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return ctx.Err() == nil
	}
}

// answered and unanswered count requests without an answer. A client pinned to a
// server that is cut off from the others would wait 16 s; after three silent
// tries it looks for another one.
func (e *Engine) answered() {
	e.mu.Lock()
	e.fails = 0
	e.mu.Unlock()
}

func (e *Engine) unanswered() {
	e.mu.Lock()
	e.fails++
	again := e.fails >= 3
	if again {
		e.fails = 0
	}
	e.mu.Unlock()
	if again && e.conn.IsConnected() {
		if err := e.conn.ForceReconnect(); err != nil {
			e.log.Warn("event stream reconnect", "error", err)
		}
	}
}
