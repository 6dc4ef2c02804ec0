package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tocsin/internal/alert"
)

// Engine is one connection to the streams of one realm, and with Options.Dir
// also the server that keeps them.
type Engine struct {
	realm alert.Realm
	log   *slog.Logger
	tune  tuning
	host  *host // nil with outside servers
	conn  *nats.Conn
	js    jetstream.JetStream
	epoch string

	handles map[string]jetstream.Stream // by name; filled before Open returns, read only afterwards

	cases, audit, alerts, ledger, subscribers, nodes *Log

	life    context.Context // ends when Close begins
	stop    context.CancelFunc
	work    sync.WaitGroup // Follow, Consume, Work and repairs that Close waits for
	closing sync.Once
	closed  error

	denied denials // what NATS refused us lately

	registrar *registrar // nil: this process cannot admit stations
	admission sync.Mutex // over the two below, and one Admit at a time
	admitted  map[string]bool
	strangers map[string]time.Time // accounts that another process admitted, since when we know

	mu            sync.Mutex
	fails         int      // publishes without an answer in a row
	holes, unread []Damage // found by the replicas' figures, and by reading
}

// Open connects (with Options.Dir: starts the server first), makes the streams
// that are missing, refuses streams whose settings would lose or keep what they
// must not, and finishes erasures that a crash interrupted. The engine is ready
// for use when Open returns.
func Open(ctx context.Context, o Options) (*Engine, error) {
	return open(ctx, o, defaults())
}

func open(ctx context.Context, o Options, t tuning) (*Engine, error) {
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("open event stream: %w", err)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithTimeout(ctx, t.openWait)
	defer cancel()
	e := &Engine{
		realm: o.Realm, log: o.Log, tune: t, handles: map[string]jetstream.Stream{},
		admitted: map[string]bool{}, strangers: map[string]time.Time{},
	}
	e.life, e.stop = context.WithCancel(context.Background())
	if err := e.start(ctx, o); err != nil {
		_ = e.shut(context.Background())
		return nil, fmt.Errorf("open event stream: %w", err)
	}
	return e, nil
}

func (o Options) check() error {
	switch {
	case o.Realm != alert.Live && o.Realm != alert.Drill:
		return fmt.Errorf("option Realm is %q: set it to %q or %q", o.Realm, alert.Live, alert.Drill)
	case (o.Dir == "") == (o.URL == ""):
		return errors.New("set either Dir (embedded server) or URL (outside servers), not both and not neither")
	case o.URL == "" && o.Creds != "":
		return errors.New("option Creds is for outside servers: set URL too, or leave Creds empty")
	case o.Replicas != 0 && o.Replicas != 1 && o.Replicas != 3 && o.Replicas != 5:
		return fmt.Errorf("option Replicas is %d: set 1, 3 or 5", o.Replicas)
	case o.URL == "" && o.SetupCreds != "":
		return errors.New("option SetupCreds is for outside servers: set URL too, or leave SetupCreds empty")
	case o.URL != "" && o.Listen != "":
		return errors.New("option Listen is for the embedded server: outside servers listen by themselves; leave Listen empty")
	case o.Listen != "" && o.TLS == nil && !loopback(o.Listen):
		return fmt.Errorf("option Listen is %q: set TLS too, or listen on 127.0.0.1 alone", o.Listen)
	case o.Dir != "" && o.Replicas > 1:
		return fmt.Errorf("option Replicas is %d: the embedded server is one node; use URL for a cluster", o.Replicas)
	}
	return nil
}

func (e *Engine) start(ctx context.Context, o Options) error {
	if o.Dir != "" {
		h, err := openHost(ctx, o, e.tune)
		if err != nil {
			return err
		}
		e.host = h
	}
	if err := e.connect(ctx, o); err != nil {
		return err
	}
	var err error
	if e.registrar, err = e.openRegistrar(ctx, o); err != nil && !errors.Is(err, ErrNone) {
		return err
	}
	e.cases = &Log{e: e, stream: streamCases, heads: []string{"cases", "officers"}, urgent: true}
	e.audit = &Log{e: e, stream: streamAudit, heads: []string{"audit"}}
	e.alerts = &Log{e: e, stream: streamAlerts, heads: []string{"alerts"}, urgent: true}
	e.ledger = &Log{e: e, stream: streamLedger, heads: []string{"ledger"}}
	e.subscribers = &Log{e: e, stream: streamSubscribers, heads: []string{"subscribers"}}
	// Urgent: a few bytes that replace each other. Without them a node with a full disk would call itself cut off.
	e.nodes = &Log{e: e, stream: streamNodes, heads: []string{"nodes"}, urgent: true}
	if err := e.resumeErasures(ctx); err != nil {
		return err
	}
	if e.host != nil {
		e.work.Go(e.watch)
	}
	e.work.Go(e.scrub)
	return nil
}

// Close waits for Follow, Consume and Work to return, flushes what is on its way
// and stops the embedded server. It may be called more than once.
func (e *Engine) Close(ctx context.Context) error {
	e.closing.Do(func() { e.closed = e.shut(ctx) })
	return e.closed
}

func (e *Engine) shut(ctx context.Context) error {
	e.stop()
	idle := make(chan struct{})
	go func() { e.work.Wait(); close(idle) }()
	var err error
	select {
	case <-idle:
	case <-ctx.Done():
		err = fmt.Errorf("close event stream: work still under way: %w", context.Cause(ctx))
	}
	if e.registrar != nil {
		e.registrar.conn.Close()
	}
	if e.conn != nil {
		if e.conn.IsConnected() {
			// Acks and receipts that are only buffered must reach the server.
			_ = e.conn.FlushTimeout(2 * time.Second)
		}
		e.conn.Close()
	}
	if e.host != nil {
		e.host.close()
	}
	return err
}

// hold counts a caller's loop, so that Close can wait for it; the context it
// returns ends with the caller's or with the engine.
func (e *Engine) hold(ctx context.Context) (context.Context, func(), error) {
	if e.life.Err() != nil {
		return nil, nil, fmt.Errorf("%w: the engine is closed", ErrUnavailable)
	}
	e.work.Add(1)
	ctx, cancel := context.WithCancel(ctx)
	undo := context.AfterFunc(e.life, cancel)
	return ctx, func() { undo(); cancel(); e.work.Done() }, nil
}

// Ready is nil when a write would be taken now and the record is whole, as far as
// the last look knows.
func (e *Engine) Ready(ctx context.Context) error {
	if err := e.room(true); err != nil {
		return fmt.Errorf("event stream: %w", err)
	}
	if e.host != nil {
		if err := e.host.fault(); err != nil {
			return fmt.Errorf("event stream: %w", err)
		}
	}
	if all := e.Damage(); len(all) > 0 {
		return fmt.Errorf("event stream: damaged: %v", all)
	}
	info, err := e.info(ctx, streamAlerts, "")
	if err != nil {
		return fmt.Errorf("event stream: %w", err)
	}
	if c := info.Cluster; c != nil && c.Leader == "" {
		return fmt.Errorf("event stream: %w: %s has no leader", ErrUnavailable, streamAlerts)
	}
	return nil
}

// Epoch is the random id that ALERTS got when it was created: a cursor of
// another epoch counts other messages.
func (e *Engine) Epoch() string { return e.epoch }

// Realm is the realm that every subject of this engine belongs to.
func (e *Engine) Realm() alert.Realm { return e.realm }

// Cases holds drafts, decisions and officers ("cases.>", "officers.>"); nothing can be erased from it.
func (e *Engine) Cases() *Log { return e.cases }

// Audit holds the record of every act of people ("audit.>"); nothing can be erased from it.
func (e *Engine) Audit() *Log { return e.audit }

// Alerts holds what is public ("alerts.AGENCY.CASE").
func (e *Engine) Alerts() *Log { return e.alerts }

// Ledger holds attempts and receipts ("ledger.>"); nothing can be erased from it.
func (e *Engine) Ledger() *Log { return e.ledger }

// Subscribers holds who is to be reached ("subscribers.>").
func (e *Engine) Subscribers() *Log { return e.subscribers }

// Nodes holds what the processes tell each other ("nodes.>"): the newest record of
// each subject, for sixty days, and not synced on one node alone.
func (e *Engine) Nodes() *Log { return e.nodes }
