package adaptertest

import (
	"bytes"
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// newEnv is what a server lends a channel, in memory.
func newEnv(t testing.TB, realm alert.Realm) (adapter.Env, *alerts, *logbook) {
	t.Helper()
	log, written := &alerts{changed: make(chan struct{})}, &logbook{}
	return adapter.Env{
		Realm: realm, Log: slog.New(slog.NewTextHandler(written, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Inbox: &inbox{}, Recipients: &registry{held: map[string]adapter.Recipient{}}, Alerts: log,
		Contact: "mailto:alerts@police.example", KeyDir: t.TempDir(), AllowLoopback: realm == alert.Drill,
	}, log, written
}

// registry is the recipients of one channel in memory.
type registry struct {
	mu   sync.Mutex
	held map[string]adapter.Recipient
}

func (g *registry) Put(_ context.Context, r adapter.Recipient) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held[r.ID] = r
	return nil
}

func (g *registry) Remove(_ context.Context, _, id string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.held, id)
	return nil
}

func (g *registry) Get(_, id string) (adapter.Recipient, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r, ok := g.held[id]
	return r, ok
}

func (g *registry) All(string) []adapter.Recipient {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.SortedFunc(maps.Values(g.held), func(a, b adapter.Recipient) int { return strings.Compare(a.ID, b.ID) })
}

// inbox takes every report: what is in them is the channel's own matter.
type inbox struct{}

func (*inbox) Report(context.Context, adapter.Report) error { return nil }

// alerts is the ALERTS stream in memory.
type alerts struct {
	mu      sync.Mutex
	stored  []*alert.Message
	changed chan struct{} // closed and renewed by put
}

func (l *alerts) put(m *alert.Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stored = append(l.stored, m)
	close(l.changed)
	l.changed = make(chan struct{})
}

// Epoch is always the same: nothing here is restored.
func (l *alerts) Epoch() string { return "e1" }

// Follow hands out the messages in order, with sequences from 1 on.
func (l *alerts) Follow(ctx context.Context, after uint64, fn func(uint64, *alert.Message) error, caughtUp func()) error {
	for {
		l.mu.Lock()
		due, changed := slices.Clone(l.stored), l.changed
		l.mu.Unlock()
		for ; after < uint64(len(due)); after++ {
			if err := fn(after+1, due[after]); err != nil {
				return err
			}
		}
		if caughtUp != nil {
			caughtUp()
			caughtUp = nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// logbook keeps what the channel logs.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logbook) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logbook) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
