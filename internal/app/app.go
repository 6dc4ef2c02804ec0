// Package app builds everything in one straight function, starts it and stops it.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/adapters/broadcast"
	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/audit"
	"tocsin/internal/auth"
	"tocsin/internal/cap"
	"tocsin/internal/casework"
	"tocsin/internal/config"
	"tocsin/internal/current"
	"tocsin/internal/delivery"
	"tocsin/internal/exercise"
	"tocsin/internal/ledger"
	"tocsin/internal/linktest"
	"tocsin/internal/nodes"
	"tocsin/internal/recipient"
	"tocsin/internal/region"
	"tocsin/internal/sso"
	"tocsin/internal/stream"
)

// App is one running server.
type App struct {
	Config   config.Config
	Stream   *stream.Engine
	Current  *current.Set
	Registry *recipient.Registry
	Ledger   *ledger.Ledger
	Nodes    *nodes.Table
	Cases    *casework.Service
	Officers *auth.Book
	Audit    *audit.Log
	Passkeys *auth.Passkeys // nil: browsers make none for the public address
	SSO      *sso.Provider  // nil: no single sign-on
	Signer   *cap.Signer
	Atlas    *region.Atlas
	// Exercises are the planned full tests; nil in the live realm.
	Exercises *exercise.Book
	// LinkTests are the weekly tests of the lines to stations; nil without a channel that has any.
	LinkTests *linktest.Service

	log      *slog.Logger
	channels []delivery.Channel
	armers   atomic.Pointer[map[string]adapter.Armer]
	addr     net.Addr
	opsAddr  net.Addr
	ops      opsState
	steps    []step // to stop, last first
	failed   chan error
	push     *pushCount // nil without citizens' devices
	groups   []region.Group
}

// step is one thing to stop, named, with a bound of its own.
type step struct {
	name string
	stop func(ctx context.Context) error
}

// stopWithin bounds each stop step: a hanging peer must not hold up a restart.
const stopWithin = 10 * time.Second

// part is one step of the start; doing is what whoever waits for the server is told
// meanwhile, "" where it takes no time.
type part struct {
	doing string
	start func(*App, context.Context) error
}

// server are the parts of a whole server, in order. The operator's listener is among
// the first, because what comes after may take long.
var server = []part{
	{"", (*App).claimFolder},
	{"", (*App).serveOps},
	{"opening the event stream", (*App).openStream},
	{"reading the event stream", (*App).readModels},
	{"opening the channels", (*App).openChannels},
	{"reading the audit record, the accounts and the cases", (*App).startCasework},
	{"starting deliveries", (*App).startRunners},
	{"", (*App).startArming},
	{"", (*App).startPlanner},
	{"", (*App).startPushCount},
	{"reading the link tests", (*App).startLinkTests},
	{"opening the public listener", (*App).startDirect},
	{"", (*App).serve},
	{"", (*App).serveAdmin},
	{"", (*App).ready},
}

// workers are the parts of a process that works channels alone.
var workers = []part{
	{"", (*App).pinFolder},
	{"", (*App).openStream},
	{"", (*App).readModels},
	{"", (*App).openChannels},
	{"", (*App).startRunners},
	{"", (*App).startArming},
	{"", (*App).startDirect},
}

// Start builds and starts a server; it is ready when Start returns. On an error
// nothing is left running.
func Start(ctx context.Context, c config.Config, log *slog.Logger) (*App, error) {
	return build(ctx, c, log, server)
}

// StartWorkers starts the runners of c's channels alone, beside a server elsewhere.
func StartWorkers(ctx context.Context, c config.Config, log *slog.Logger) (*App, error) {
	return build(ctx, c, log, workers)
}

func build(ctx context.Context, c config.Config, log *slog.Logger, parts []part) (*App, error) {
	a := &App{Config: c, log: log, failed: make(chan error, 1)}
	a.ops.wait("starting")
	for _, p := range parts {
		if p.doing != "" {
			a.ops.wait(p.doing)
		}
		if err := p.start(a, ctx); err != nil {
			_ = a.Stop(context.WithoutCancel(ctx)) // the first error is the one to tell
			return nil, err
		}
	}
	return a, nil
}

// logDir holds the embedded log, and in any case the lock and the realm of the data folder.
func logDir(c config.Config) string { return filepath.Join(c.Data, "stream") }

// claimFolder takes the data folder for this server and realm. The embedded log
// does it when it opens; with outside servers the keys and the operator's socket
// still lie in the folder.
func (a *App) claimFolder(context.Context) error {
	if a.Config.NATS.URL == "" {
		return nil
	}
	release, err := stream.Claim(logDir(a.Config), a.Config.Realm)
	if err != nil {
		return err
	}
	a.onStop("data folder", func(context.Context) error { return release() })
	return nil
}

// pinFolder refuses another realm's keys; the folder may be shared with the server.
func (a *App) pinFolder(context.Context) error {
	return stream.Pin(logDir(a.Config), a.Config.Realm)
}

func (a *App) openStream(ctx context.Context) (err error) {
	c := a.Config
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	secure, err := stationsTLS(c.NATS)
	if err != nil {
		return err
	}
	a.Stream, err = stream.Open(ctx, stream.Options{
		Dir: streamDir(c), URL: c.NATS.URL, Creds: c.NATS.Creds, SetupCreds: c.NATS.SetupCreds, Replicas: c.NATS.Replicas,
		Keys: natsKeys(c), Listen: c.NATS.Listen, TLS: secure, Realm: c.Realm, Log: a.log,
	})
	if err != nil {
		return err
	}
	a.onStop("event stream", a.Stream.Close)
	return nil
}

// streamDir is the embedded store's folder, or "" with outside servers.
func streamDir(c config.Config) string {
	if c.NATS.URL != "" {
		return ""
	}
	return logDir(c)
}

// keyDir is where the realm's keys lie.
func keyDir(c config.Config) string { return filepath.Join(c.Data, "keys") }

// readModels folds the streams into what everybody reads, and waits until they are whole:
// a server must not answer from half a picture.
func (a *App) readModels(ctx context.Context) (err error) {
	if err := a.openAtlas(); err != nil {
		return err
	}
	if err := checkParts(a.Config).Err(); err != nil {
		return err
	}
	a.Current = current.New(a.log)
	a.Registry = recipient.New(a.Stream.Subscribers(), region.Match, a.log)
	a.compact()
	a.Ledger = ledger.New(a.Stream.Ledger(), a.resolve, a.log)
	a.Nodes = nodes.New(a.Stream.Nodes(), a.log)
	a.ops.waitFor(func() string {
		return fmt.Sprintf("reading the event stream, %d records of recipients so far", a.Registry.Progress())
	})
	return a.fold(ctx, map[string]func(context.Context, func()) error{
		"alerts":     func(ctx context.Context, up func()) error { return a.Current.Run(ctx, a.Stream.Alerts(), up) },
		"recipients": a.Registry.Run,
		"ledger":     a.Ledger.Run,
		"nodes":      a.Nodes.Run,
	})
}

// resolve is the ledger's way to an alert that a station knows before the planner does.
func (a *App) resolve(identifier string) (ledger.Batch, bool) {
	r, _, ok := a.Current.Identifier(identifier)
	if !ok {
		return ledger.Batch{}, false
	}
	m := r.Message
	return ledger.Batch{
		Case: m.Case, Identifier: m.Identifier, Revision: m.Revision, MsgType: m.MsgType, Released: r.Published,
	}, true
}

// fold starts the readers and waits until each has read what is stored.
func (a *App) fold(ctx context.Context, readers map[string]func(context.Context, func()) error) error {
	var up sync.WaitGroup
	begun := time.Now()
	for name, run := range readers {
		up.Add(1)
		a.loop("reader of "+name, func(ctx context.Context) error { return run(ctx, sync.OnceFunc(up.Done)) })
	}
	done := make(chan struct{})
	go func() { up.Wait(); close(done) }()
	for {
		select {
		case <-done:
			a.thrift(thriftyGC)
			return nil
		case err := <-a.failed:
			return err
		case <-ctx.Done():
			return fmt.Errorf("reading the event stream: %w", context.Cause(ctx))
		case <-time.After(2 * time.Second):
			a.log.Info("still reading the event stream",
				"since", time.Since(begun).Round(time.Second), "recipient_records", a.Registry.Progress())
			a.thrift(loadingGC)
		}
	}
}

// loop runs f until the app stops. Its failure ends the whole server, because
// a server with a dead part looks healthy and delivers nothing.
func (a *App) loop(name string, f func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := f(ctx); err != nil && ctx.Err() == nil {
			a.log.Error("a part of the server ended", "part", name, "error", err)
			a.fail(fmt.Errorf("%s: %w", name, err))
		}
	}()
	a.onStop(name, func(ctx context.Context) error {
		cancel()
		select {
		case <-done:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
}

// fail tells whoever runs the server that a part of it ended by itself.
func (a *App) fail(err error) {
	select {
	case a.failed <- err:
	default: // another part's end is being told already
	}
}

func (a *App) onStop(name string, stop func(context.Context) error) {
	a.steps = append(a.steps, step{name: name, stop: stop})
}

// Failed gives the error of a part that ended by itself.
func (a *App) Failed() <-chan error { return a.failed }

// Addr is where the public side listens, OpsAddr where the operator's does.
func (a *App) Addr() string { return a.addr.String() }

// OpsAddr is the address of health, metrics and profiles.
func (a *App) OpsAddr() string { return a.opsAddr.String() }

// Stop ends everything, last started first. Whoever asks whether the server is ready
// hears first of all that it is not: a balancer sends nobody to a closed door.
func (a *App) Stop(ctx context.Context) error {
	a.ops.wait("stopping")
	var errs []error
	for len(a.steps) > 0 {
		s := a.steps[len(a.steps)-1]
		a.steps = a.steps[:len(a.steps)-1]
		ctx, cancel := context.WithTimeoutCause(ctx, stopWithin, fmt.Errorf("%s did not stop in %v", s.name, stopWithin))
		if err := s.stop(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", s.name, err))
		}
		cancel()
	}
	return errors.Join(errs...)
}

// delivery is what the planner and the runners work with.
func (a *App) delivery() delivery.Deps {
	return delivery.Deps{
		Alerts: a.Stream.Alerts(), Queue: a.Stream, Recipients: a.Registry, Ledger: a.Ledger,
		Current: a.Current, Channels: a.channels, Log: a.log,
	}
}

func (a *App) startRunners(context.Context) error {
	for _, c := range a.channels {
		a.loop("runner of "+c.Driver.Name, delivery.NewRunner(a.delivery(), c).Run)
	}
	return nil
}

func (a *App) startPlanner(context.Context) error {
	a.loop("planner", func(ctx context.Context) error { return delivery.Plan(ctx, a.delivery()) })
	return nil
}

// status is what the realm's messages say of themselves.
func status(r alert.Realm) alert.Status {
	if r == alert.Live {
		return alert.StatusActual
	}
	return alert.StatusExercise
}

var (
	_ adapter.Inbox     = (*ledger.Ledger)(nil)
	_ broadcast.Origin  = alertLog{}
	_ broadcast.Watcher = (*recipient.Registry)(nil)
)
