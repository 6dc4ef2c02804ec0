//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tocsin/adapters/broadcast"
	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/app"
	"tocsin/internal/bench/measure"
	"tocsin/internal/current"
	"tocsin/internal/ledger"
	"tocsin/internal/nodes"
	"tocsin/internal/recipient"
	"tocsin/internal/region"
	"tocsin/internal/stream"
)

// task is what a server's process is asked to do.
type task struct {
	Op          string // open, release
	From, Count int
	Size        int

	// Of open.
	Stations int    // to register
	NATS     string // outside servers; "" = embedded
	TLS      bool
	Node     string
}

// result is a server's answer.
type result struct {
	Addr   string
	PID    int
	Tokens []string // of the stations
	At     int64    // of a release, Unix nanoseconds: before the first write
	Stored int      // of a release: alerts that the log has acknowledged
}

// node is the product as a feed node: the event stream with synchronous writes,
// the registry, the ledger, the set of current alerts, the nodes' table with the
// origin counter, the feed with its
// authentication, heartbeats, rights and receipts, and the metrics. The sites,
// the console and the planner, which work elsewhere in a large State, are not here.
type node struct {
	dir     string
	engine  *stream.Engine
	people  *recipient.Registry
	servers []*http.Server
	cancel  context.CancelFunc
	closers []func(context.Context) error
	running sync.WaitGroup
	addr    string
}

// serveProduct is the process's own side.
func serveProduct() error {
	var n *node
	defer func() {
		if n != nil {
			n.close()
		}
	}()
	return measure.Serve(os.Stdin, os.Stdout, func(raw json.RawMessage) (any, error) {
		var t task
		if err := json.Unmarshal(raw, &t); err != nil {
			return nil, err
		}
		if t.Op == "open" {
			var err error
			if n, err = openNode(t); err != nil {
				return nil, err
			}
			tokens, err := n.register(t.Stations)
			return result{Addr: n.addr, PID: os.Getpid(), Tokens: tokens}, err
		}
		return n.release(t)
	})
}

// openNode starts everything.
func openNode(t task) (n *node, err error) {
	n = &node{}
	defer func() {
		if err != nil {
			n.close()
		}
	}()
	var ctx context.Context
	ctx, n.cancel = context.WithCancel(context.Background())
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	opts := stream.Options{URL: t.NATS, Realm: alert.Drill, Log: log}
	if n.dir, err = os.MkdirTemp("", "tocsin-bench-"); err != nil {
		return n, err
	}
	if t.NATS == "" {
		opts.Dir = filepath.Join(n.dir, "stream")
	}
	if n.engine, err = stream.Open(ctx, opts); err != nil {
		return n, err
	}
	now := current.New(log)
	n.people = recipient.New(n.engine.Subscribers(), region.Match, log)
	book := ledger.New(n.engine.Ledger(), func(id string) (ledger.Batch, bool) { return head(now, id) }, log)
	table := nodes.New(n.engine.Nodes(), log)
	if err := n.fold(ctx, n.people.Run, book.Run, table.Run, func(ctx context.Context, up func()) error { return now.Run(ctx, n.engine.Alerts(), up) }); err != nil {
		return n, err
	}
	settings, err := json.Marshal(map[string]string{"node": t.Node})
	if err != nil {
		return n, err
	}
	if t.Node == "" {
		settings = nil
	}
	a, closeFeed, err := broadcast.Driver().Open(ctx, settings, adapter.Env{
		Realm: alert.Drill, Log: log, Inbox: book, Recipients: n.people, Alerts: app.AlertLog(n.engine, table, log),
		Receipts: book, Nodes: table,
	})
	if err != nil {
		return n, err
	}
	n.closers = append(n.closers, closeFeed)
	return n, n.listen(a.(*broadcast.Feed), t.TLS)
}

// head is a message's place on the ledger.
func head(now *current.Set, identifier string) (ledger.Batch, bool) {
	r, _, ok := now.Identifier(identifier)
	if !ok {
		return ledger.Batch{}, false
	}
	m := r.Message
	return ledger.Batch{Case: m.Case, Identifier: m.Identifier, Revision: m.Revision, MsgType: m.MsgType, Released: r.Published}, true
}

// fold starts the readers and waits until each has read what is stored.
func (n *node) fold(ctx context.Context, readers ...func(context.Context, func()) error) error {
	var up sync.WaitGroup
	for _, run := range readers {
		up.Add(1)
		n.running.Go(func() {
			if err := run(ctx, sync.OnceFunc(up.Done)); err != nil && ctx.Err() == nil {
				fmt.Fprintln(os.Stderr, "bench feed: reader:", err)
			}
		})
	}
	up.Wait()
	return ctx.Err()
}

// listen serves the feed, and on another address the metrics, which the node's own scraper reads each second.
func (n *node) listen(f *broadcast.Feed, secure bool) error {
	mux := http.NewServeMux()
	for _, r := range f.Routes() {
		mux.Handle(r.Pattern, r.Handler)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	n.addr = l.Addr().String()
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10}
	n.servers = append(n.servers, srv)
	if secure {
		if srv.TLSConfig, err = certificate(); err != nil {
			return err
		}
		go func() { _ = srv.ServeTLS(l, "", "") }()
	} else {
		go func() { _ = srv.Serve(l) }()
	}
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for name, of := range map[string]func(broadcast.Stats) float64{
		"tocsin_feed_sessions": func(s broadcast.Stats) float64 { return float64(s.Sessions) },
		"tocsin_feed_frames":   func(s broadcast.Stats) float64 { return float64(s.Frames) },
		"tocsin_feed_receipts": func(s broadcast.Stats) float64 { return float64(s.Receipts) },
	} {
		metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: name}, func() float64 { return of(f.Stats()) }))
	}
	ops, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	own := &http.Server{Handler: promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}), ReadHeaderTimeout: time.Second}
	n.servers = append(n.servers, own)
	go func() { _ = own.Serve(ops) }()
	return nil
}

// register makes n stations, as an operator's import does, and waits until the registry knows them.
func (n *node) register(stations int) ([]string, error) {
	all := make([]adapter.Recipient, stations)
	tokens := make([]string, stations)
	for i := range all {
		var err error
		if all[i], tokens[i], err = broadcast.NewStation(fmt.Sprintf("Station %d", i), nil, alert.English); err != nil {
			return nil, err
		}
	}
	if err := n.people.PutAll(context.Background(), all); err != nil {
		return nil, err
	}
	for end := time.Now().Add(time.Minute); stations > 0; time.Sleep(10 * time.Millisecond) {
		if _, ok := n.people.Get(broadcast.Name, all[stations-1].ID); ok {
			break
		}
		if time.Now().After(end) {
			return nil, errors.New("the registry did not read the stations")
		}
	}
	return tokens, nil
}

// release publishes alerts. A burst goes as one atomic batch of the log: all at once.
func (n *node) release(t task) (result, error) {
	entries := make([]stream.Entry, t.Count)
	for i := range entries {
		m, err := message(t.From+i, t.Size)
		if err != nil {
			return result{}, err
		}
		data, err := json.Marshal(m)
		if err != nil {
			return result{}, err
		}
		entries[i] = stream.Entry{Subject: "alerts.BENCH." + m.Case, ID: m.Identifier, Data: data}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r := result{At: time.Now().UnixNano()}
	if t.Op == "each" { // one after the other, as officers release; an error ends it
		for _, en := range entries {
			if _, err := n.engine.Alerts().Append(ctx, en); err != nil {
				return r, err
			}
			r.Stored++
		}
		return r, nil
	}
	if err := n.engine.Alerts().AppendAll(ctx, entries); err != nil {
		return r, err
	}
	r.Stored = t.Count
	return r, nil
}

func (n *node) close() {
	ctx, done := context.WithTimeout(context.Background(), 3*time.Second)
	defer done()
	for _, srv := range n.servers {
		_ = srv.Close()
	}
	for _, c := range slices.Backward(n.closers) {
		_ = c(ctx)
	}
	n.cancel()
	if n.engine != nil {
		_ = n.engine.Close(ctx)
	}
	n.running.Wait()
	_ = os.RemoveAll(n.dir)
}
