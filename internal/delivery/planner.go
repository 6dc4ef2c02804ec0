package delivery

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/current"
	"tocsin/internal/ledger"
	"tocsin/internal/stream"
)

// Plan turns every message on ALERTS into jobs until ctx ends. It may run in
// several processes: the durable consumer hands each message to one of them,
// and a job's id makes a repeated plan harmless.
func Plan(ctx context.Context, d Deps) error {
	return d.Alerts.Consume(ctx, "planner", "alerts.>", func(ctx context.Context, r stream.Record) error {
		m := new(alert.Message)
		if err := json.Unmarshal(r.Data, m); err != nil {
			d.Log.Error("unreadable message on the alert stream", "seq", r.Seq, "error", err)
			return nil // it will not become readable by waiting
		}
		if err := d.Current.Wait(ctx, r.Seq); err != nil {
			return err
		}
		if newest, ok := d.Current.Case(m.Case); ok && newest.Message.Supersedes(m.Revision) {
			return nil // overtaken while we were away: the newer one is planned next
		}
		return d.plan(ctx, current.Revision{Seq: r.Seq, Message: m, Published: r.Time})
	})
}

func (d Deps) plan(ctx context.Context, r current.Revision) error {
	m := r.Message
	// The older revision's waiting jobs are pointless now; those in a worker's
	// hands notice by themselves.
	if m.Revision > 1 {
		if err := d.Queue.Discard(ctx, "jobs.*.*."+m.Case+".>"); err != nil {
			return fmt.Errorf("discard older jobs: %w", err)
		}
	}
	// Few before many: a station must not wait while a million phones are queued.
	type load struct {
		channel Channel
		plan    ledger.Plan
		all     int // with those who stand by
	}
	var loads []load
	for _, c := range d.Channels {
		if m.Status == alert.StatusTest && !c.Driver.Asks.LinkTest {
			continue // a test must not reach a citizen: Texas did it three times
		}
		all := d.selectShard(m, c.Driver.Name, 0, 1)
		loads = append(loads, load{c, planFor(d.asked(m, all)), len(all)})
	}
	slices.SortStableFunc(loads, func(a, b load) int { return a.all - b.all })
	for _, l := range loads {
		b := head(r, l.channel.Driver.Name)
		b.Planned = &l.plan
		if err := d.Ledger.Record(ctx, b); err != nil {
			return err
		}
		if l.all == 0 {
			continue
		}
		if err := d.Queue.Enqueue(ctx, jobs(m, r.Seq, l.channel.Driver, l.all)); err != nil {
			return fmt.Errorf("queue jobs for %s: %w", l.channel.Driver.Name, err)
		}
	}
	return nil
}

// planFor counts the recipients and keeps the ids of those the board names.
func planFor(all []adapter.Recipient) ledger.Plan {
	p := ledger.Plan{Recipients: len(all)}
	if len(all) > ledger.MaxNamed {
		return p
	}
	for _, who := range all {
		if who.Name != "" {
			p.Named = append(p.Named, who.ID)
		}
	}
	return p
}

// jobs cuts n recipients into shards of the driver's size.
func jobs(m *alert.Message, seq uint64, d adapter.Driver, n int) []stream.Job {
	priority := then
	if m.MsgType == alert.TypeCancel {
		priority = first
	}
	shards := (n + d.Limits.ShardSize - 1) / d.Limits.ShardSize
	out := make([]stream.Job, shards)
	for i := range out {
		data, err := json.Marshal(job{
			Case: m.Case, Identifier: m.Identifier, Revision: m.Revision, Seq: seq,
			Channel: d.Name, Shard: i, Shards: shards,
		})
		if err != nil {
			panic(err) // strings and numbers always encode
		}
		shard := strconv.Itoa(i)
		out[i] = stream.Job{
			Subject: "jobs." + d.Name + "." + priority + "." + m.Case + "." + shard,
			ID:      m.Identifier + "." + d.Name + "." + shard,
			Data:    data,
		}
	}
	return out
}

// selectShard lists whom m is meant for on a channel: those in its areas, and
// whoever may hold an earlier revision, whatever has become of the areas.
func (d Deps) selectShard(m *alert.Message, channel string, shard, shards int) []adapter.Recipient {
	return d.Recipients.Select(channel, m.AreaCodes(), shard, shards, func(id string) bool {
		return m.Revision > 1 && d.Ledger.Touched(m.Case, m.Revision, channel, id)
	})
}

// head is a ledger batch about r on a channel, still without news.
func head(r current.Revision, channel string) ledger.Batch {
	m := r.Message
	return ledger.Batch{
		Case: m.Case, Identifier: m.Identifier, Revision: m.Revision,
		MsgType: m.MsgType, Released: r.Published, Channel: channel,
	}
}
