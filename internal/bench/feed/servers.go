package main

import (
	"bytes"
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
	m, err := message(n, p.size)
	if err != nil {
		return err
	}
	p.log.put(m)
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
	m, err := message(n, p.size)
	if err != nil {
		return err
	}
	data, err := frame(n, m)
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

// frame is the alert as JSON, with < and > as they are: escaped, as
// json.Marshal would have them, a CAP document grows by half.
func frame(n int, m *alert.Message) ([]byte, error) {
	texts := map[alert.Lang]any{} // what a station reads out or shows, as in the product's frame
	for lang, t := range m.Texts {
		texts[lang] = map[string]any{
			"headline": t.Headline, "spoken": t.Spoken, "spoken_seconds": t.SpokenSeconds, "crawl": t.Crawl, "radiotext": t.RadioText,
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(map[string]any{
		"type": "alert", "seq": n, "identifier": m.Identifier, "areas": m.Areas, "texts": texts, "media": m.Media,
		"cap": string(m.CAP), "sent": m.Sent, "expires": m.Expires,
	})
	return b.Bytes(), err
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
