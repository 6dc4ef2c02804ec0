package recipient

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"tocsin/internal/adapter"
)

// Tier is how near a recipient's own choice of areas is to an alert. It is the
// order in which a whole country is told: those who live around the place first.
type Tier int

// The tiers, nearest first.
const (
	Place  Tier = iota // chose the alert's first area, or a part of it
	Region             // another of its areas, or a part of one
	Wider              // a country or a group that holds one, or everything
	Former             // none of them: got an earlier revision, and must learn how it goes on
	Tiers              // their number
	Any    Tier = -1   // all of them
)

// Also says who must be told whatever his area. id is empty where number is not 0.
type Also = func(id string, number uint32) bool

// tier says how near want is to the areas of an alert; Former is not meant at all.
func (g *Registry) tier(want, of []string) Tier {
	if !g.match(want, of) {
		return Former
	}
	for i, area := range of {
		if !slices.ContainsFunc(want, func(w string) bool { return w == area || strings.HasPrefix(w, area+"-") }) {
			continue
		}
		if i == 0 {
			return Place
		}
		return Region
	}
	return Wider
}

// Count is how many recipients of a channel an alert for areas would reach.
func (g *Registry) Count(channel string, areas []string) int {
	g.mu.RLock()
	defer g.mu.RUnlock()
	n := 0
	for _, r := range g.channels[channel] {
		if g.match(r.Areas, areas) && r.Second == (adapter.Second{}) { // a second way is nobody more
			n++
		}
	}
	if t := g.tables[channel]; t != nil {
		for _, set := range t.sets.all {
			if set.n > 0 && g.match(set.areas, areas) {
				n += set.n
			}
		}
	}
	return n
}

// CountTiers is how many an alert for areas is meant for in each tier. also may be
// nil: then nobody is in Former, and no recipient of a table is looked at.
func (g *Registry) CountTiers(channel string, areas []string, also Also) (n [Tiers]int) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	for id, r := range g.channels[channel] {
		if tier := g.tier(r.Areas, areas); tier != Former || also != nil && also(id, 0) {
			n[tier]++
		}
	}
	t := g.tables[channel]
	if t == nil {
		return n
	}
	for _, set := range t.sets.all {
		if set.n > 0 {
			n[g.tier(set.areas, areas)] += set.n
		}
	}
	n[Former] = 0
	if also == nil {
		return n
	}
	tiers := g.tiersOf(t, areas)
	t.shard(0, 1, func(_ uint32, f *slotFacts) {
		if tiers(f.set) == Former && also("", f.number) {
			n[Former]++
		}
	})
	return n
}

// tiersOf remembers the tier of each choice of areas that it was asked for.
func (g *Registry) tiersOf(t *table, areas []string) func(set uint32) Tier {
	known := make([]int8, len(t.sets.all)) // 0 = not yet, else the tier and one
	return func(set uint32) Tier {
		if known[set] == 0 {
			known[set] = int8(g.tier(t.sets.all[set].areas, areas)) + 1
		}
		return Tier(known[set] - 1)
	}
}

// Select lists the recipients of one shard of a tier whom an alert for areas is
// meant for, and, in Former, those that also (may be nil) says must be told. The
// order is the same on every node.
func (g *Registry) Select(channel string, areas []string, tier Tier, shard, shards int, also Also) []adapter.Recipient {
	g.mu.RLock()
	defer g.mu.RUnlock()
	wanted := func(is Tier, id string, number uint32) bool {
		return (tier == Any || tier == is) && (is != Former || also != nil && also(id, number))
	}
	var out []adapter.Recipient
	for id, r := range g.channels[channel] {
		if Shard(id, shards) == shard && wanted(g.tier(r.Areas, areas), id, 0) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b adapter.Recipient) int { return strings.Compare(a.ID, b.ID) })
	t := g.tables[channel]
	if t == nil {
		return out
	}
	tiers := g.tiersOf(t, areas)
	type at struct{ slot, hash, number uint32 }
	var found []at
	t.shard(shard, shards, func(slot uint32, f *slotFacts) {
		if wanted(tiers(f.set), "", f.number) {
			found = append(found, at{slot, f.hash, f.number})
		}
	})
	slices.SortFunc(found, func(a, b at) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.number, b.number))
	})
	out = slices.Grow(out, len(found))
	for _, a := range found {
		out = append(out, t.recipient(channel, a.slot))
	}
	return out
}

// Shard is the shard that id belongs to, of n. It depends on nothing else, so
// planner and workers agree over restarts and machines.
func Shard(id string, n int) int { return shardOf(hashOf(id), n) }

// All lists a channel's recipients that are held here, by id.
func (g *Registry) All(channel string) []adapter.Recipient {
	out := slices.Collect(g.Each(channel))
	slices.SortFunc(out, func(a, b adapter.Recipient) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// eachShards is into how many pieces Each cuts a channel: it holds the lock for one at a time.
const eachShards = 1024

// Each yields a channel's recipients that are held here, in no order, a few
// thousand of them in memory at a time. It may leave out or repeat who changes meanwhile.
func (g *Registry) Each(channel string) iter.Seq[adapter.Recipient] {
	return func(yield func(adapter.Recipient) bool) {
		for _, r := range g.piece(channel, -1) {
			if !yield(r) {
				return
			}
		}
		for shard := range eachShards {
			for _, r := range g.piece(channel, shard) {
				if !yield(r) {
					return
				}
			}
		}
	}
}

// piece is one piece of a channel's table; -1 is those who are in none.
func (g *Registry) piece(channel string, shard int) (out []adapter.Recipient) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if shard < 0 {
		for _, r := range g.channels[channel] {
			out = append(out, r)
		}
		return out
	}
	if t := g.tables[channel]; t != nil {
		part := g.parts[channel]
		t.shard(shard, eachShards, func(slot uint32, f *slotFacts) {
			if part.holds(f.hash) {
				out = append(out, t.recipient(channel, slot))
			}
		})
	}
	return out
}
