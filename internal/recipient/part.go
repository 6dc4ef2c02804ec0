package recipient

// Part is one of Of equal ranges into which a channel's recipients are cut by the
// hash of their ids, N from 1. A process that holds a part knows of everybody what
// counting wants, and keeps the addresses of its own: a tenth of the memory for
// the others. The zero value is the whole.
type Part struct{ N, Of int }

func (p Part) holds(hash uint32) bool { return p.Of == 0 || shardOf(hash, p.Of) == p.N-1 }

// PartOf is the number of the part, of so many, that id belongs to. Shards of a
// multiple of that number lie in one part each.
func PartOf(id string, of int) int { return Shard(id, of) + 1 }

// Hold has the registry keep a part of a compact channel. Call it before Run.
func (g *Registry) Hold(channel string, p Part) { g.parts[channel] = p }

// Holds says whether all of a shard is held here.
func (g *Registry) Holds(channel string, shard, shards int) bool {
	p := g.parts[channel]
	first, next := shardRange(shard, shards)
	return p.Of == 0 || first == next || p.holds(uint32(first)) && p.holds(uint32(next-1))
}

// HoldsID says whether id is held here.
func (g *Registry) HoldsID(channel, id string) bool { return g.parts[channel].holds(hashOf(id)) }
