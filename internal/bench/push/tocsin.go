package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"tocsin/adapters/webpush"
	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/bench/measure"
)

// prepared is what tocsin says before the rounds.
type prepared struct {
	Notice notice  `json:"notice"`
	CPU    float64 `json:"cpu"` // microseconds, for checking and preparing all subscriptions
}

// tocsin is the product's channel, with subscribers that came in by its own
// address and a message in the words of the product.
type tocsin struct {
	adapter  adapter.Adapter
	limits   adapter.Limits
	people   []adapter.Recipient
	delivery adapter.Delivery
	prepared prepared
}

func newTocsin(q json.RawMessage) (answerer, error) {
	var t task
	if err := json.Unmarshal(q, &t); err != nil {
		return nil, err
	}
	settings, err := json.Marshal(map[string]any{
		"root_cas": t.Certificate, "subscribe_per_minute": len(t.Subscriptions) + 1,
	})
	if err != nil {
		return nil, err
	}
	driver, people := webpush.Driver(), new(registry)
	p := &tocsin{limits: driver.Limits}
	p.adapter, _, err = driver.Open(context.Background(), settings, adapter.Env{
		Realm: alert.Drill, Log: slog.New(slog.DiscardHandler), Recipients: people, Contact: t.Subject,
		KeyDir: t.KeyDir, AllowLoopback: true,
	})
	if err != nil {
		return nil, err
	}
	before := measure.CPU()
	if err := subscribe(p.adapter, t.Subscriptions); err != nil {
		return nil, err
	}
	p.prepared.CPU = float64((measure.CPU() - before).Microseconds())
	p.people = people.all
	return p, p.write()
}

// write renders the message.
func (p *tocsin) write() error {
	m, err := measure.Alert()
	if err != nil {
		return err
	}
	p.delivery = adapter.Delivery{Message: m, Payloads: map[alert.Lang]adapter.Payload{}}
	for _, lang := range m.Languages {
		payload, err := p.adapter.Render(m, lang)
		if err != nil {
			return err
		}
		p.delivery.Payloads[lang] = payload
	}
	p.prepared.Notice = notice{
		Payload: string(p.delivery.Payload(alert.English).Body), Topic: webpush.Topic(m), Urgency: "high", TTL: 3600,
	}
	return nil
}

func (p *tocsin) ready() any { return p.prepared }

func (p *tocsin) answer(raw json.RawMessage) (any, error) {
	var o order
	if err := json.Unmarshal(raw, &o); err != nil {
		return nil, err
	}
	runtime.GC() // rounds begin alike
	return measure.Round(func() (int, string) { return p.send(p.people[:min(o.People, len(p.people))]) }), nil
}

// send is the runner's way: full batches, as many Sends at once as one destination may have.
func (p *tocsin) send(people []adapter.Recipient) (int, string) {
	batches := slices.Collect(slices.Chunk(people, p.limits.Batch))
	var next atomic.Int64
	var bad failures
	var wg sync.WaitGroup
	for range min(p.limits.PerDestination, p.limits.Concurrency) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(batches)); i = next.Add(1) - 1 {
				ctx, cancel := context.WithTimeout(context.Background(), p.limits.Timeout)
				receipts, err := p.adapter.Send(ctx, p.delivery, batches[i])
				cancel()
				if err != nil {
					bad.add(len(batches[i]), err.Error())
				}
				for _, r := range receipts {
					if r.Failure != nil {
						bad.add(1, r.Failure.Error())
					} else if r.State != adapter.Accepted {
						bad.add(1, string(r.State))
					}
				}
			}
		})
	}
	wg.Wait()
	return bad.n, bad.why
}

// failures counts what went wrong, and keeps the first reason.
type failures struct {
	mu  sync.Mutex
	n   int
	why string
}

func (f *failures) add(n int, why string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.n == 0 {
		f.why = why
	}
	f.n += n
}

// subscribe brings everybody in by the channel's own address: what the product
// does with a subscription before an alert belongs to what is measured.
func subscribe(a adapter.Adapter, all []subscription) error {
	mux := http.NewServeMux()
	for _, r := range a.(adapter.Callbacks).Routes() {
		mux.Handle(r.Pattern, r.Handler)
	}
	for _, s := range all {
		body, err := json.Marshal(map[string]any{"subscription": s, "regions": []string{"BE"}, "lang": "en"})
		if err != nil {
			return err
		}
		r, err := http.NewRequest(http.MethodPost, "/v1/push/subscriptions", bytes.NewReader(body))
		if err != nil {
			return err
		}
		r.Header.Set("Content-Type", "application/json")
		r.RemoteAddr = "127.0.0.1:1"
		var w recorder
		if mux.ServeHTTP(&w, r); w.status != http.StatusCreated {
			return fmt.Errorf("subscribe: status %d: %s", w.status, w.body.String())
		}
	}
	return nil
}

// recorder takes an answer. (net/http/httptest would bring its flags into this command.)
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header {
	if w.header == nil {
		w.header = http.Header{}
	}
	return w.header
}
func (w *recorder) WriteHeader(status int) { w.status = status }
func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.body.Write(b)
}

// registry keeps the recipients in memory, in the order they came.
type registry struct{ all []adapter.Recipient }

func (g *registry) Put(_ context.Context, r adapter.Recipient) error {
	g.all = append(g.all, r)
	return nil
}
func (g *registry) Remove(context.Context, string, string) error         { return nil }
func (g *registry) Get(string, string) (r adapter.Recipient, known bool) { return r, false }
func (g *registry) All(string) []adapter.Recipient                       { return g.all }
