package adaptertest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"tocsin/internal/adapter"
)

func driverFaults() []example {
	stuck := make(chan struct{})
	return []example{
		{"no batch", "limits are sane", "Batch", limit(func(l *adapter.Limits) { l.Batch = 0 })},
		{"no time", "limits are sane", "Timeout", limit(func(l *adapter.Limits) { l.Timeout = 0 })},
		{"an hour", "limits are sane", "Timeout", limit(func(l *adapter.Limits) { l.Timeout = time.Hour })},
		{"shards below a batch", "limits are sane", "ShardSize", limit(func(l *adapter.Limits) { l.ShardSize = 3 })},
		{"more for one than for all", "limits are sane", "PerDestination", limit(func(l *adapter.Limits) { l.PerDestination = 9 })},
		{"a name with a dot", "limits are sane", "name", fault{driver: func(d *adapter.Driver) { d.Name = "a.b" }}},
		{"no title", "limits are sane", "title", fault{driver: func(d *adapter.Driver) { d.Title = " " }}},
		{"lenient settings", "settings are read strictly", "no_such_setting", fault{driver: func(d *adapter.Driver) {
			strict := d.Open
			d.Open = func(ctx context.Context, raw json.RawMessage, env adapter.Env) (adapter.Adapter, func(context.Context) error, error) {
				return strict(ctx, nil, env)
			}
		}}},
		{"a wrong type taken for nothing", "settings are read strictly", "of a wrong type", fault{driver: func(d *adapter.Driver) {
			strict := d.Open
			d.Open = func(ctx context.Context, raw json.RawMessage, env adapter.Env) (adapter.Adapter, func(context.Context) error, error) {
				if bytes.Contains(raw, []byte("true")) {
					raw = nil
				}
				return strict(ctx, raw, env)
			}
		}}},
		{"forgets its keys", "a restart loses nobody", "misconfigured", fault{open: func(_ context.Context, p *post) error {
			mark := filepath.Join(p.env.KeyDir, "mark")
			if _, err := os.Stat(mark); err == nil {
				p.send = after(func(out []adapter.Receipt, _ []adapter.Recipient) []adapter.Receipt {
					return alike(len(out), &adapter.Failure{Class: adapter.Misconfigured, Reason: "who are you?"})
				})
			}
			return os.WriteFile(mark, nil, 0o600)
		}}},
		{"waits at the door", "opens and closes while the far end hangs", "Open waits", fault{open: func(_ context.Context, p *post) error {
			_, err := p.office.put(context.Background(), "box")
			return errors.Join(err, errors.New("refused"))
		}}},
		{"waits at the end", "opens and closes while the far end hangs", "does not end with its context", fault{end: func(p *post) error {
			_, _ = p.office.put(context.Background(), "box")
			return nil
		}}},
		{"a goroutine stays", "nothing is left after close", "goroutines", fault{open: func(context.Context, *post) error {
			go func() { <-stuck }()
			return nil
		}}},
		{"keeps the context of its opening", "alert, update and withdrawal arrive", "recipient 0", fault{open: func(ctx context.Context, p *post) error {
			p.send = func(p *post, _ context.Context, d adapter.Delivery, batch []adapter.Recipient) ([]adapter.Receipt, error) {
				return p.sendAll(ctx, d, batch)
			}
			return nil
		}}},
		{"unwell", "the channel checks itself", "no stamps", fault{check: errors.New("no stamps")}},
		{"a route twice", "routes stand strangers", "conflicts", fault{routes: []adapter.Route{
			{Pattern: "GET /v1/a", Handler: http.NotFoundHandler()}, {Pattern: "GET /v1/a", Handler: http.NotFoundHandler()},
		}}},
		{"a route elsewhere", "routes stand strangers", "begin with", fault{routes: []adapter.Route{{Pattern: "GET /a", Handler: http.NotFoundHandler()}}}},
		{"a route that panics", "routes stand strangers", "panic", fault{routes: []adapter.Route{
			{Pattern: "POST /v1/a", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("oh") })},
		}}},
		{"a route that breaks", "routes stand strangers", "500", fault{routes: []adapter.Route{
			{Pattern: "POST /v1/a", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })},
		}}},
		{"a route that hangs", "routes stand strangers", "no answer", fault{routes: []adapter.Route{
			{Pattern: "POST /v1/a", Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })},
		}}},
	}
}
