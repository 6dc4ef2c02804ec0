package app

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"tocsin/adapters"
	"tocsin/adapters/broadcast"
	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/delivery"
	"tocsin/internal/ledger"
	"tocsin/internal/nodes"
	"tocsin/internal/stream"
)

// openChannels opens each channel that the configuration names.
func (a *App) openChannels(ctx context.Context) error {
	for _, d := range adapters.All() {
		settings, on := a.Config.Channels[d.Name]
		if !on {
			continue
		}
		opened, closeIt, err := d.Open(ctx, settings, adapter.Env{
			Realm: a.Config.Realm, Log: a.log.With("channel", d.Name), Inbox: a.Ledger,
			Recipients: a.Registry, Alerts: alertLog{engine: a.Stream, nodes: a.Nodes, log: a.log},
			Receipts: a.Ledger, Nodes: a.Nodes, Newcomer: a.newcomer,
			Contact: a.Config.Contact, KeyDir: keyDir(a.Config), AllowLoopback: a.Config.AllowLoopback,
		})
		if err != nil {
			return fmt.Errorf("channel %s: %w", d.Name, err)
		}
		if closeIt != nil {
			a.onStop("channel "+d.Name, closeIt)
		}
		a.channels = append(a.channels, delivery.Channel{Driver: d, Adapter: opened, Parts: a.Config.Parts[d.Name], Part: a.Config.Part})
	}
	return nil
}

// Channels are those that were opened.
func (a *App) Channels() []delivery.Channel { return a.channels }

// newcomer has a recipient who has just come told of what is live.
func (a *App) newcomer(ctx context.Context, channel, id string) error {
	return delivery.Newcomer(ctx, a.delivery(), a.Current, channel, id)
}

// alertLog is the ALERTS stream as messages, for feeds.
type alertLog struct {
	engine *stream.Engine
	nodes  *nodes.Table
	log    *slog.Logger
}

// Epoch is the stream's.
func (l alertLog) Epoch() string { return l.engine.Epoch() }

// Origin is the counter by which a feed knows that the log still reaches it.
func (l alertLog) Origin() (n uint64, at time.Time, age time.Duration) { return l.nodes.Origin() }

// Follow decodes each record; one that cannot be read is logged and passed over.
func (l alertLog) Follow(
	ctx context.Context, after uint64, fn func(uint64, *alert.Message) error, caughtUp func(),
) error {
	return l.engine.Alerts().Follow(ctx, "alerts.>", after, func(r stream.Record) error {
		m := new(alert.Message)
		if err := json.Unmarshal(r.Data, m); err != nil {
			l.log.Error("unreadable message on the alert stream", "seq", r.Seq, "error", err)
			return nil
		}
		return fn(r.Seq, m)
	}, caughtUp)
}

// duty is what the recipients of a channel owe by its driver and our policy.
func (a *App) duty(d adapter.Driver) ledger.Duty {
	duty := ledger.Duty{Receive: d.Asks.Received}
	if d.Asks.Removed {
		duty.Remove = time.Duration(a.Config.RemovalWithin)
	}
	return duty
}

// lines looks once at who is connected, for a whole board.
func (a *App) lines() func(channel, recipient string) (ledger.Line, bool) {
	open := make(map[string]ledger.Line)
	if feed := a.feed(); feed != nil {
		for _, p := range feed.Stations() {
			open[p.ID] = ledger.Line{Connected: p.Connected, Since: p.Since}
		}
	}
	return func(channel, recipient string) (ledger.Line, bool) {
		l, ok := open[recipient]
		return l, ok && channel == broadcast.Name
	}
}

// feed is the broadcasters' channel, nil when it is off.
func (a *App) feed() *broadcast.Feed {
	for _, c := range a.channels {
		if f, ok := c.Adapter.(*broadcast.Feed); ok {
			return f
		}
	}
	return nil
}

// AlertLog is the engine's ALERTS stream as feeds read it.
func AlertLog(e *stream.Engine, n *nodes.Table, log *slog.Logger) adapter.AlertLog {
	return alertLog{engine: e, nodes: n, log: log}
}
