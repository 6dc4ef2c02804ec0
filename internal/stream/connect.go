package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"
)

// maxPayload bounds one message: an alert in six languages with its signed CAP is
// about 60 KB, a chunk of a photo 128 KB. It is nats-server's own default, so an
// outside server needs no setting.
const maxPayload = 1 << 20

// connect opens the service's own connection, and makes the streams that are
// missing with another one that has the right to, and is dropped then.
func (e *Engine) connect(ctx context.Context, o Options) error {
	service, setup, err := e.users(o)
	if err != nil {
		return err
	}
	if e.conn, err = e.dial(ctx, "tocsin "+string(o.Realm), o.URL, service); err != nil {
		return err
	}
	if e.js, err = e.jetStream(e.conn); err != nil {
		return err
	}
	maker := e.js
	if setup != nil {
		conn, err := e.dial(ctx, "tocsin set-up", o.URL, setup)
		if err != nil {
			return err
		}
		defer conn.Close()
		if maker, err = e.jetStream(conn); err != nil {
			return err
		}
	}
	return e.ensure(ctx, maker, max(o.Replicas, 1))
}

// users are how the service and the set-up sign in; set-up is nil where the service does its work.
func (e *Engine) users(o Options) (service, setup []nats.Option, err error) {
	if e.host == nil {
		if o.Creds != "" {
			service = []nats.Option{nats.UserCredentials(o.Creds)}
		}
		if o.SetupCreds != "" {
			setup = []nats.Option{nats.UserCredentials(o.SetupCreds)}
		}
		return service, setup, nil
	}
	if service, err = e.host.user(e.host.keys.account, "service", serviceRights(o.Realm)); err != nil {
		return nil, nil, err
	}
	setup, err = e.host.user(e.host.keys.account, "set-up", setupRights())
	return service, setup, err
}

// user makes a user of the embedded server who lives as long as this process.
func (h *host) user(account nkeys.KeyPair, name string, rights jwt.Permissions) ([]nats.Option, error) {
	token, pair, err := user(account, name, rights, jwt.ConnectionTypeInProcess)
	if err != nil {
		return nil, fmt.Errorf("NATS user: %w", err)
	}
	return []nats.Option{
		nats.InProcessServer(h),
		nats.UserJWT(func() (string, error) { return token, nil }, pair.Sign),
	}, nil
}

func (e *Engine) jetStream(conn *nats.Conn) (jetstream.JetStream, error) {
	js, err := jetstream.New(conn, jetstream.WithDefaultTimeout(e.tune.try))
	if err != nil {
		return nil, fmt.Errorf("connect to NATS: %w", err)
	}
	return js, nil
}

func (e *Engine) dial(ctx context.Context, name, url string, as []nats.Option) (*nats.Conn, error) {
	opts := append([]nats.Option{
		nats.Name(name),
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
			e.denied.note(err)
			args := []any{"error", err}
			if s != nil {
				args = append(args, "subject", s.Subject)
			}
			e.log.Error("event stream", args...)
		}),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				e.log.Warn("event stream connection lost", "connection", name, "error", err)
			}
		}),
		nats.ReconnectHandler(func(c *nats.Conn) {
			e.log.Info("event stream connection restored", "connection", name, "server", c.ConnectedServerName())
		}),
	}, as...)
	for {
		conn, err := nats.Connect(url, opts...)
		if err == nil {
			return conn, nil
		}
		if errors.Is(err, nats.ErrAuthorization) || errors.Is(err, nats.ErrNkeysNotSupported) || !e.sleep(ctx, time.Second) {
			return nil, fmt.Errorf("connect to NATS: %w: %w", ErrUnavailable, err)
		}
	}
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
