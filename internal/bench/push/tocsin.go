package main

import (
	"context"
	"encoding/json"
	"iter"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"tocsin/adapters/webpush"
	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/bench/measure"
)

// tocsin is the product's channel, with the packed addresses that its registry
// holds and a message in the words of the product.
type tocsin struct {
	adapter  adapter.Adapter
	limits   adapter.Limits
	origin   string
	packed   [][]byte // by place in the table
	delivery adapter.Delivery
}

func newTocsin(q json.RawMessage) (answerer, error) {
	var t task
	if err := json.Unmarshal(q, &t); err != nil {
		return nil, err
	}
	settings, err := json.Marshal(webpush.Settings{RootCAs: t.Certificate, Connections: t.Connections, Wire: t.Wire})
	if err != nil {
		return nil, err
	}
	driver := webpush.Driver()
	p := &tocsin{limits: driver.Limits, origin: t.People.Origin}
	if p.adapter, err = open(driver, settings, t.KeyDir, t.Subject); err != nil {
		return nil, err
	}
	for i := range t.People.Count {
		s := t.subscription(i)
		address, err := json.Marshal(map[string]string{"endpoint": s.Endpoint, "p256dh": s.Keys.P256dh, "auth": s.Keys.Auth})
		if err != nil {
			return nil, err
		}
		packed, err := driver.Pack(address)
		if err != nil {
			return nil, err
		}
		p.packed = append(p.packed, packed)
	}
	if p.delivery, err = deliver(p.adapter); err != nil {
		return nil, err
	}
	// The words name the hour, which may have passed since the task was written.
	for lang, payload := range p.delivery.Payloads {
		payload.Body = []byte(t.Notice.Payload)
		p.delivery.Payloads[lang] = payload
	}
	return p, nil
}

func open(driver adapter.Driver, settings json.RawMessage, keys, subject string) (adapter.Adapter, error) {
	a, _, err := driver.Open(context.Background(), settings, adapter.Env{
		Realm: alert.Drill, Log: slog.New(slog.DiscardHandler), Contact: subject, KeyDir: keys, AllowLoopback: true,
	})
	return a, err
}

// deliver renders the message.
func deliver(a adapter.Adapter) (adapter.Delivery, error) {
	m, err := measure.Alert()
	if err != nil {
		return adapter.Delivery{}, err
	}
	d := adapter.Delivery{Message: m, Payloads: map[alert.Lang]adapter.Payload{}}
	for _, lang := range m.Languages {
		if d.Payloads[lang], err = a.Render(m, lang); err != nil {
			return d, err
		}
	}
	return d, nil
}

// words is the push that all send: what the product says.
func words() (notice, error) {
	dir, err := os.MkdirTemp("", "tocsin-bench-words-")
	if err != nil {
		return notice{}, err
	}
	defer os.RemoveAll(dir)
	a, err := open(webpush.Driver(), nil, dir, "mailto:alerts@police.example")
	if err != nil {
		return notice{}, err
	}
	d, err := deliver(a)
	if err != nil {
		return notice{}, err
	}
	return notice{
		Payload: string(d.Payload(alert.English).Body), Topic: webpush.Topic(d.Message), Urgency: "high", TTL: 3600,
	}, nil
}

func (p *tocsin) ready() any { return true }

func (p *tocsin) answer(raw json.RawMessage) (any, error) {
	var o order
	if err := json.Unmarshal(raw, &o); err != nil {
		return nil, err
	}
	from, to := o.From, min(o.From+o.People, len(p.packed))
	runtime.GC() // rounds begin alike
	if !o.Arm {
		return measure.Round(func() (int, string) { return p.send(from, to) }), nil
	}
	return measure.Round(func() (int, string) {
		if err := p.adapter.(adapter.Armer).Arm(context.Background(), p.table(from, to)); err != nil {
			return to - from, err.Error()
		}
		return 0, ""
	}), nil
}

// recipient is the one at place i of the table.
func (p *tocsin) recipient(i int) adapter.Recipient {
	return adapter.Recipient{
		Channel: webpush.Name, Lang: alert.English, Destination: p.origin, Packed: p.packed[i], Slot: uint32(i + 1),
	}
}

// table is the recipients at the places from up to to.
func (p *tocsin) table(from, to int) iter.Seq[adapter.Recipient] {
	return func(yield func(adapter.Recipient) bool) {
		for i := from; i < to; i++ {
			if !yield(p.recipient(i)) {
				return
			}
		}
	}
}

// send is the runner's way: full batches, as many Sends at once as one destination may have.
func (p *tocsin) send(from, to int) (int, string) {
	size := p.limits.Batch
	var next atomic.Int64
	next.Store(int64(from))
	var bad failures
	var wg sync.WaitGroup
	for range min(p.limits.PerDestination, p.limits.Concurrency) {
		wg.Go(func() {
			for {
				from := int(next.Add(int64(size))) - size
				if from >= to {
					return
				}
				batch := make([]adapter.Recipient, 0, size)
				for i := from; i < min(from+size, to); i++ {
					batch = append(batch, p.recipient(i))
				}
				p.batch(batch, &bad)
			}
		})
	}
	wg.Wait()
	return bad.n, bad.why
}

func (p *tocsin) batch(batch []adapter.Recipient, bad *failures) {
	ctx, cancel := context.WithTimeout(context.Background(), p.limits.Timeout)
	defer cancel()
	receipts, err := p.adapter.Send(ctx, p.delivery, batch)
	if err != nil {
		bad.add(len(batch), err.Error())
	}
	for _, r := range receipts {
		if r.Failure != nil {
			bad.add(1, r.Failure.Error())
		} else if r.State != adapter.Accepted {
			bad.add(1, string(r.State))
		}
	}
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
