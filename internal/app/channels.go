package app

import (
	"context"
	"encoding/json"
	"errors"
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
		a.channels = append(a.channels, delivery.Channel{Driver: d, Adapter: opened})
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

// Board is a case's board with the channels' titles and the recipients' names on it.
type Board struct{ app *App }

// Board is the newest revision of a case; empty before the planner has counted.
func (b Board) Board(caseID string) (ledger.Board, error) {
	board, err := b.app.Ledger.Board(caseID)
	if errors.Is(err, ledger.ErrUnknown) {
		return ledger.Board{Case: caseID}, nil
	}
	if err != nil {
		return board, err
	}
	titles, duties := make(map[string]string), make(map[string]ledger.Duty)
	for _, c := range b.app.channels {
		titles[c.Driver.Name] = c.Driver.Title
		duties[c.Driver.Name] = b.app.duty(c.Driver)
	}
	for i, t := range board.Channels {
		board.Channels[i].Title = titles[t.Channel]
	}
	for i, r := range board.Rows {
		if who, ok := b.app.Registry.Get(r.Channel, r.Recipient); ok {
			board.Rows[i].Name = who.Name
		}
	}
	now := time.Now()
	board.Judge(now, duties, b.app.lines())
	if r, ok := b.app.Current.Case(caseID); ok && r.Message.Repeat != nil && r.Message.Revision == board.Revision {
		board.Pace(*r.Message.Repeat, r.Message.Sent, r.Message.Expires, now)
	}
	return board, nil
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

// Watch pulses after news of a case.
func (b Board) Watch(caseID string) (<-chan struct{}, func()) { return b.app.Ledger.Watch(caseID) }

// AlertLog is the engine's ALERTS stream as feeds read it.
func AlertLog(e *stream.Engine, n *nodes.Table, log *slog.Logger) adapter.AlertLog {
	return alertLog{engine: e, nodes: n, log: log}
}
