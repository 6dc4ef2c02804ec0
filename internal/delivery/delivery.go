// Package delivery carries each released revision to each recipient: the
// planner turns a message into jobs, one for each channel and shard, and the
// runner works them off. It is the only place that batches, bounds, times out,
// retries and gives up.
//
// What holds:
//   - A recipient in the area gets each revision at least once until the alert
//     expires, or the ledger says why not. The ledger is the checkpoint: after a
//     crash only the unsettled are tried again.
//   - A newer revision stops the older one's attempts, and reaches no recipient
//     while an attempt of the older one is still under way to him: a
//     withdrawal is never overtaken by its alert.
//   - Those who chose the place itself are told before the rest of the country
//     (recipient.Tier), and withdrawals before all, on every worker.
//   - Of a million citizens nobody is listed: they are counted by choice of areas,
//     each worker finds a shard's in its own table, and the ledger holds a bit for each.
//     Receipts are stored after each Send, so a kill -9 repeats at most what was
//     under way: Limits.Batch times Limits.PerDestination to one destination. Who
//     has not got a revision is exactly who is meant for it and has no settled bit.
//   - A slow destination holds up nobody but itself.
package delivery

import (
	"context"
	"errors"
	"log/slog"
	"strconv"

	"tocsin/internal/adapter"
	"tocsin/internal/current"
	"tocsin/internal/ledger"
	"tocsin/internal/recipient"
	"tocsin/internal/stream"
)

// Why the attempts for a revision end early; the cause of a task's context.
var (
	errSuperseded = errors.New("superseded by a newer revision")
	errExpired    = errors.New("the alert has expired")
)

// Channel is one opened adapter.
type Channel struct {
	Driver  adapter.Driver
	Adapter adapter.Adapter
	// Parts is into how many parts the recipients of a channel that packs are cut,
	// the same in all processes; 0 = 1. Part is the one that is worked here, from 1; 0 = all.
	Parts, Part int
}

// Alerts is the ALERTS stream as the planner reads it.
type Alerts interface {
	Consume(ctx context.Context, durable, filter string, fn func(context.Context, stream.Record) error) error
	Newest(ctx context.Context) (uint64, error)
}

// Queue is the DELIVERY work queue.
type Queue interface {
	Enqueue(ctx context.Context, jobs []stream.Job) error
	Discard(ctx context.Context, filter string) error
	Work(ctx context.Context, w stream.Work, fn func(context.Context, stream.Task)) error
}

// Recipients is the registry as delivery needs it.
type Recipients interface {
	CatchUp(ctx context.Context) error
	Select(channel string, areas []string, tier recipient.Tier, shard, shards int, also recipient.Also) []adapter.Recipient
	CountTiers(channel string, areas []string, also recipient.Also) [recipient.Tiers]int
	// Meant is one recipient, and whether an alert for areas is meant for him.
	Meant(channel, id string, areas []string) (adapter.Recipient, bool)
	Remove(ctx context.Context, channel, id string) error
	// Holds and HoldsID say whether all of a shard, or one recipient, can be reached from here.
	Holds(channel string, shard, shards int) bool
	HoldsID(channel, id string) bool
}

// Ledger is where attempts are accounted for.
type Ledger interface {
	CatchUp(ctx context.Context) error
	Record(ctx context.Context, b ledger.Batch) error
	Settled(caseID string, revision int, channel, recipient string) bool
	Touched(caseID string, before int, channel, recipient string) bool
	Prior(caseID string, before int, channel, recipient string) string
	Attempts(caseID string, revision int, channel, recipient string) int
	Progress(caseID string, revision int, channel string, number uint32) (known, done bool)
	Had(caseID string, before int, channel string, number uint32) bool
	State(caseID string, revision int, channel, recipient string) adapter.State
}

// Current is what is published now.
type Current interface {
	Case(id string) (current.Revision, bool)
	Wait(ctx context.Context, seq uint64) error
	Watch() (<-chan struct{}, func())
}

// Deps is what planner and runner work with.
type Deps struct {
	Alerts     Alerts
	Queue      Queue
	Recipients Recipients
	Ledger     Ledger
	Current    Current
	Channels   []Channel
	Log        *slog.Logger
}

// job is one shard of one revision on one channel, as it lies on the queue. It
// names nobody: recipients and words are looked up when it is worked.
type job struct {
	Case       string `json:"case"`
	Identifier string `json:"identifier"`
	Revision   int    `json:"revision"`
	Seq        uint64 `json:"seq"` // of the message on ALERTS
	Channel    string `json:"channel"`
	// Tier is how near the shard's recipients are; nil = of all tiers.
	Tier   *recipient.Tier `json:"tier,omitempty"`
	Shard  int             `json:"shard"`
	Shards int             `json:"shards"`
	// Only is the one recipient of a newcomer's job; its shard means nothing then.
	Only string `json:"only,omitempty"`
	// Again says that an officer asked for it: the one recipient is tried at
	// least once more than Tried times, though its attempts may have ended.
	Again bool `json:"again,omitempty"`
	Tried int  `json:"tried,omitempty"`
}

// tier is whom of j's shard it is for.
func (j job) tier() recipient.Tier {
	if j.Tier == nil {
		return recipient.Any
	}
	return *j.Tier
}

// shard names j's recipients among those of its channel and revision.
func (j job) shard() string {
	switch {
	case j.Again:
		return j.Only + "-again"
	case j.Only != "":
		return j.Only
	}
	name := strconv.Itoa(j.Shard)
	if j.Tier != nil {
		name = strconv.Itoa(int(*j.Tier)) + "-" + name
	}
	return name
}

// The priorities, as subject tokens. Workers have a consumer for each, so a
// withdrawal never queues behind alerts.
const (
	first = "p0" // withdrawals
	then  = "p1" // alerts and updates
)
