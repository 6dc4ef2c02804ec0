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
	"tocsin/internal/recipient"
	"tocsin/internal/stream"
)

// maxDiscarded bounds how many older revisions' jobs are taken off the queue: each
// asks the queue once, and a job of an older revision that is left ends at once.
const maxDiscarded = 4

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
	// The older revisions' waiting jobs are pointless now; those in a worker's
	// hands notice by themselves. Our own stay: when this plan is made again, the
	// queue would take the same jobs for repeats and drop them.
	for older := max(1, m.Revision-maxDiscarded); older < m.Revision; older++ {
		if err := d.Queue.Discard(ctx, subject("*", "*", "*", m.Case, older, ">")); err != nil {
			return fmt.Errorf("discard older jobs: %w", err)
		}
	}
	if m.Revision > 1 {
		// Another node may have told people of the older revision a moment ago.
		if err := d.Ledger.CatchUp(ctx); err != nil {
			return err
		}
	}
	// Whoever has subscribed on another node up to now is counted; who comes later
	// finds the alert live, see Newcomer.
	if err := d.Recipients.CatchUp(ctx); err != nil {
		return err
	}
	// Few before many: a station must not wait while a million phones are queued.
	var loads []load
	for _, c := range d.Channels {
		if m.Status == alert.StatusTest && !c.Driver.Asks.LinkTest {
			continue // a test must not reach a citizen: Texas did it three times
		}
		loads = append(loads, d.load(m, c))
	}
	slices.SortStableFunc(loads, func(a, b load) int { return a.all - b.all })
	for _, l := range loads {
		b := head(r, l.channel.Driver.Name)
		b.Planned = &l.plan
		if err := d.Ledger.Record(ctx, b); err != nil {
			return err
		}
		jobs := l.jobs(m, r.Seq)
		if len(jobs) == 0 {
			continue
		}
		if err := d.Queue.Enqueue(ctx, jobs); err != nil {
			return fmt.Errorf("queue jobs for %s: %w", l.channel.Driver.Name, err)
		}
	}
	return nil
}

// load is what a revision means for one channel.
type load struct {
	channel Channel
	plan    ledger.Plan
	all     int // with those who stand by
	// tiers is how many are in each, nearest first; nil where one needs no order.
	tiers []int
}

// load counts whom m is meant for on c. A channel that packs has recipients
// without names by the million: they are counted and never listed.
func (d Deps) load(m *alert.Message, c Channel) load {
	if c.Driver.Pack == nil {
		all := d.selectShard(m, c.Driver.Name, recipient.Any, 0, 1)
		return load{channel: c, plan: planFor(d.asked(m, all)), all: len(all)}
	}
	n := d.Recipients.CountTiers(c.Driver.Name, m.AreaCodes(), d.also(m, c.Driver.Name))
	l := load{channel: c, tiers: n[:]}
	for _, n := range n {
		l.all += n
	}
	l.plan.Recipients = l.all
	return l
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

// jobs cuts the recipients into shards of the driver's size, in the order in which
// they lie on the queue: nearest first.
func (l load) jobs(m *alert.Message, seq uint64) (out []stream.Job) {
	if l.tiers == nil {
		return l.cut(nil, m, seq, nil, l.all)
	}
	for tier, n := range l.tiers {
		if recipient.Tier(tier) == recipient.Former && m.Revision > 1 {
			n = max(n, 1) // who moves out of the areas from now on is among them
		}
		out = l.cut(out, m, seq, new(recipient.Tier(tier)), n)
	}
	return out
}

func (l load) cut(out []stream.Job, m *alert.Message, seq uint64, tier *recipient.Tier, n int) []stream.Job {
	priority, d := priorityOf(m), l.channel.Driver
	parts := max(1, l.channel.Parts)
	size := parts * d.Limits.ShardSize
	shards := (n + size - 1) / size * parts // each in one part
	for i := range shards {
		j := job{
			Case: m.Case, Identifier: m.Identifier, Revision: m.Revision, Seq: seq,
			Channel: d.Name, Tier: tier, Shard: i, Shards: shards,
		}
		data, err := json.Marshal(j)
		if err != nil {
			panic(err) // strings and numbers always encode
		}
		out = append(out, stream.Job{
			Subject: subject(d.Name, priority, strconv.Itoa(i*parts/shards+1), m.Case, m.Revision, j.shard()),
			ID:      m.Identifier + "." + d.Name + "." + j.shard(),
			Data:    data,
		})
	}
	return out
}

// subject is where a job lies on the queue.
func subject(channel, priority, part, caseID string, revision int, shard string) string {
	return "jobs." + channel + "." + priority + "." + part + "." + caseID + "." + strconv.Itoa(revision) + "." + shard
}

// partOf is the part of a channel that a recipient belongs to.
func (d Deps) partOf(channel, id string) string {
	for _, c := range d.Channels {
		if c.Driver.Name == channel && c.Parts > 1 {
			return strconv.Itoa(recipient.PartOf(id, c.Parts))
		}
	}
	return "1"
}

// priorityOf is m's place on the queue.
func priorityOf(m *alert.Message) string {
	if m.MsgType == alert.TypeCancel {
		return first
	}
	return then
}

// selectShard lists whom m is meant for on a channel: those in its areas, and
// whoever may hold an earlier revision, whatever has become of the areas.
func (d Deps) selectShard(m *alert.Message, channel string, tier recipient.Tier, shard, shards int) []adapter.Recipient {
	return d.Recipients.Select(channel, m.AreaCodes(), tier, shard, shards, d.also(m, channel))
}

// also says who may hold an earlier revision; nil where there is none.
func (d Deps) also(m *alert.Message, channel string) recipient.Also {
	if m.Revision <= 1 {
		return nil
	}
	return func(id string, number uint32) bool {
		if number != 0 {
			return d.Ledger.Had(m.Case, m.Revision, channel, number)
		}
		return d.Ledger.Touched(m.Case, m.Revision, channel, id)
	}
}

// settled says whether p needs no further attempt for m.
func (d Deps) settled(m *alert.Message, p *adapter.Recipient) bool {
	if p.Number != 0 {
		_, done := d.Ledger.Progress(m.Case, m.Revision, p.Channel, p.Number)
		return done
	}
	return d.Ledger.Settled(m.Case, m.Revision, p.Channel, p.ID)
}

// head is a ledger batch about r on a channel, still without news.
func head(r current.Revision, channel string) ledger.Batch {
	m := r.Message
	return ledger.Batch{
		Case: m.Case, Identifier: m.Identifier, Revision: m.Revision,
		MsgType: m.MsgType, Released: r.Published, Channel: channel,
	}
}
