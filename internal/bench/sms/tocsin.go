package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/adapters/sms"
	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/bench/measure"
)

// unbounded lets the window alone set the pace.
const unbounded = 1_000_000

// tocsin is the product's channel over one bind.
type tocsin struct {
	adapter  adapter.Adapter
	limits   adapter.Limits
	people   []adapter.Recipient
	delivery adapter.Delivery
}

func newTocsin(q json.RawMessage) (*tocsin, error) {
	var t task
	if err := json.Unmarshal(q, &t); err != nil {
		return nil, err
	}
	settings, err := t.settings()
	if err != nil {
		return nil, err
	}
	driver := sms.Driver()
	p := &tocsin{limits: driver.Limits}
	p.adapter, _, err = driver.Open(context.Background(), settings, adapter.Env{
		Realm: alert.Drill, Log: slog.New(slog.DiscardHandler), Inbox: inbox{}, KeyDir: t.KeyDir, AllowLoopback: true,
	})
	if err != nil {
		return nil, err
	}
	salt, err := sms.Salt(t.KeyDir)
	if err != nil {
		return nil, err
	}
	for _, number := range t.Numbers {
		r, err := sms.NewRecipient("+"+number, "", []string{"BE"}, alert.English, salt)
		if err != nil {
			return nil, err
		}
		p.people = append(p.people, r)
	}
	payload, err := p.adapter.Render(t.Message, alert.English)
	if err != nil {
		return nil, err
	}
	p.delivery = adapter.Delivery{Message: t.Message, Payloads: map[alert.Lang]adapter.Payload{alert.English: payload}}
	return p, p.bound()
}

// settings are one gateway: the centre.
func (t task) settings() (json.RawMessage, error) {
	password := filepath.Join(t.KeyDir, "password")
	if err := os.WriteFile(password, []byte("secret"), 0o600); err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{"gateways": []any{map[string]any{
		"kind": "smpp", "name": "bench", "address": net.JoinHostPort("127.0.0.1", strconv.Itoa(t.Port)), "system_id": "tocsin", "password_file": password,
		"source": "TOCSIN", "window": t.Window, "rate": unbounded,
	}}})
}

// bound waits for the bind, which is made beforehand in a server too.
func (p *tocsin) bound() error {
	check, ok := p.adapter.(adapter.Checker)
	if !ok {
		return errors.New("the channel cannot be checked")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return check.Check(ctx)
}

func (p *tocsin) round(raw json.RawMessage) (any, error) {
	var o order
	if err := json.Unmarshal(raw, &o); err != nil {
		return nil, err
	}
	runtime.GC() // rounds begin alike
	return measure.Round(func() (int, string) { return p.send(p.people[:min(o.Messages, len(p.people))]) }), nil
}

// send is the runner's way: full batches, as many Sends at once as one destination may have.
func (p *tocsin) send(people []adapter.Recipient) (failed int, why string) {
	batches := slices.Collect(slices.Chunk(people, p.limits.Batch))
	var next atomic.Int64
	var mu sync.Mutex
	bad := func(n int, reason string) {
		mu.Lock()
		defer mu.Unlock()
		if failed == 0 {
			why = reason
		}
		failed += n
	}
	var wg sync.WaitGroup
	for range min(p.limits.PerDestination, p.limits.Concurrency) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(batches)); i = next.Add(1) - 1 {
				ctx, cancel := context.WithTimeout(context.Background(), p.limits.Timeout)
				receipts, err := p.adapter.Send(ctx, p.delivery, batches[i])
				cancel()
				if err != nil {
					bad(len(batches[i]), err.Error())
				}
				for _, r := range receipts {
					if r.Failure != nil {
						bad(1, r.Failure.Error())
					} else if r.State != adapter.Accepted {
						bad(1, string(r.State))
					}
				}
			}
		})
	}
	wg.Wait()
	return failed, why
}

// inbox takes no receipts: the centre sends none.
type inbox struct{}

func (inbox) Report(context.Context, adapter.Report) error { return nil }
