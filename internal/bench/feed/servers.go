package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"tocsin/adapters/broadcast"
	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// server is one of the two that are compared.
type server interface {
	name() string
	address() string
	token(client int) string
	// release sends revision n; it returns when the server has it in hand.
	release(n int) error
	close()
}

// identifier names a release so that a client finds it without decoding JSON.
func identifier(n int) string { return fmt.Sprintf("bench-%06d", n) }

// sample is a message whose frame has about size bytes.
func sample(n, size int) *alert.Message {
	now := time.Now().Truncate(time.Second)
	text := alert.Texts{
		Headline: "Missing child: Zoé, 7, Antwerp", Spoken: "Zoé, seven years old, was last seen at Antwerp Central station.",
		SpokenSeconds: 5, Crawl: "Missing: Zoé, 7, Antwerp. Call 116 000", RadioText: "Missing: Zoe, 7. Call 116000",
	}
	m := &alert.Message{
		Schema: 1, Realm: alert.Drill, Identifier: identifier(n), Case: fmt.Sprintf("case%d", n), Revision: 1, MsgType: alert.TypeAlert,
		Status: alert.StatusExercise, Languages: []alert.Lang{alert.English}, Areas: []alert.Area{{Code: "BE-VAN"}},
		Sent: now, Expires: now.Add(time.Hour), Texts: map[alert.Lang]alert.Texts{alert.English: text},
	}
	m.CAP = []byte("<alert>" + strings.Repeat("<x>word</x>\n", max(0, size-850)/13) + "</alert>")
	return m
}

// serve listens on loopback.
func serve(h http.Handler) (*http.Server, string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go srv.Serve(l)
	return srv, "ws://" + l.Addr().String() + "/v1/feed", nil
}

// product is the feed as it ships: with authentication, heartbeats and rights.
type product struct {
	log    *memory
	size   int
	url    string
	tokens []string
	stop   func()
}

func newProduct(clients, size int) (*product, error) {
	p := &product{log: &memory{changed: make(chan struct{})}, size: size}
	reg := registry{}
	for n := range clients {
		r, token, err := broadcast.NewStation(fmt.Sprintf("Station %d", n), nil, alert.English)
		if err != nil {
			return nil, err
		}
		reg[r.ID] = r
		p.tokens = append(p.tokens, token)
	}
	a, closeFeed, err := broadcast.Driver().Open(context.Background(), nil, adapter.Env{
		Realm: alert.Drill, Log: slog.New(slog.DiscardHandler), Inbox: inbox{}, Recipients: reg, Alerts: p.log,
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	for _, r := range a.(adapter.Callbacks).Routes() {
		mux.Handle(r.Pattern, r.Handler)
	}
	srv, url, err := serve(mux)
	if err != nil {
		return nil, err
	}
	p.url = url
	p.stop = func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = closeFeed(ctx)
		_ = srv.Close()
	}
	return p, nil
}

func (p *product) name() string       { return "product" }
func (p *product) address() string    { return p.url }
func (p *product) token(n int) string { return p.tokens[n] }
func (p *product) close()             { p.stop() }

func (p *product) release(n int) error {
	p.log.put(sample(n, p.size))
	return nil
}

// plain is the broadcast that anybody would write first.
type plain struct {
	mu    sync.Mutex
	conns []*websocket.Conn
	size  int
	url   string
	srv   *http.Server
}

func newPlain(size int) (*plain, error) {
	p := &plain{size: size}
	up := websocket.Upgrader{}
	var err error
	p.srv, p.url, err = serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		p.mu.Lock()
		p.conns = append(p.conns, conn)
		p.mu.Unlock()
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				conn.Close()
				return
			}
		}
	}))
	return p, err
}

func (p *plain) name() string     { return "plain" }
func (p *plain) address() string  { return p.url }
func (p *plain) token(int) string { return "none" }
func (p *plain) close()           { _ = p.srv.Close() }

func (p *plain) release(n int) error {
	m := sample(n, p.size)
	data, err := json.Marshal(map[string]any{
		"type": "alert", "seq": n, "identifier": m.Identifier, "areas": m.Areas, "texts": m.Texts, "cap": string(m.CAP), "sent": m.Sent, "expires": m.Expires,
	})
	if err != nil {
		return err
	}
	if pad := p.size - len(data); pad > 0 { // as many bytes as the other frame
		data = append(data, strings.Repeat(" ", pad)...)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		if err := c.WriteMessage(websocket.TextMessage, data); err != nil {
			return err
		}
	}
	return nil
}

// memory is an alert log without a disk: the write's cost belongs to the stream's own figures.
type memory struct {
	mu      sync.Mutex
	all     []*alert.Message
	changed chan struct{}
}

func (l *memory) put(m *alert.Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, m)
	close(l.changed)
	l.changed = make(chan struct{})
}

func (l *memory) Epoch() string { return "bench" }

func (l *memory) Follow(ctx context.Context, after uint64, fn func(uint64, *alert.Message) error, caughtUp func()) error {
	caughtUp()
	for {
		l.mu.Lock()
		due, changed := l.all[after:], l.changed
		l.mu.Unlock()
		for _, m := range due {
			after++
			if err := fn(after, m); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

type registry map[string]adapter.Recipient

func (g registry) Put(context.Context, adapter.Recipient) error { return nil }
func (g registry) Remove(context.Context, string, string) error { return nil }
func (g registry) All(string) []adapter.Recipient               { return nil }
func (g registry) Get(_, id string) (adapter.Recipient, bool)   { r, ok := g[id]; return r, ok }

type inbox struct{}

func (inbox) Report(context.Context, adapter.Report) error { return nil }
