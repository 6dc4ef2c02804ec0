package recipient

import (
	"encoding/base64"
	"hash/fnv"
	"math"
	"slices"
	"strings"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// A table holds the recipients of a channel whose driver packs addresses: some
// 300 bytes each instead of a kilobyte and a dozen pointers.
//
//	slots   fixed facts of each, by slot: a slot stays with its recipient
//	arena   id and packed address of each
//	index   slot by the hash of the id: open addressing in the order of the
//	        hashes, so that a shard, which is a range of hashes, is a range of it
//	sets, langs, dests   what many have in common, kept once
//
// The registry's lock guards it.
type table struct {
	slabs []*[slabSlots]slotFacts
	slots int // made so far, those in free among them
	free  []uint32
	index []uint32 // slot+1; 0 = empty; a power of two long
	n     int      // recipients
	arena arena
	sets  areaSets
	langs names[alert.Lang]
	dests names[string]
}

const (
	slabSlots = 4096
	minIndex  = 1 << 10
)

// slotFacts is 28 bytes without a pointer.
type slotFacts struct {
	at      uint32 // in the arena
	hash    uint32
	number  uint32
	created uint32 // Unix seconds
	set     uint32
	dest    uint16
	lang    uint8
	used    bool
}

// packed is a recipient as a table takes it. Of one of another part it has no address.
type packed struct {
	adapter.Recipient
	hash      uint32
	elsewhere bool
}

func newTable() *table { return &table{index: make([]uint32, minIndex), arena: newArena()} }

// hashOf spreads ids evenly over 32 bits, also those that differ in one digit.
// It depends on nothing else, so planner and workers agree over machines.
func hashOf(id string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // a hash never fails
	x := h.Sum32()
	x = (x ^ x>>16) * 0x85ebca6b
	x = (x ^ x>>13) * 0xc2b2ae35
	return x ^ x>>16
}

// shardOf cuts the hashes into n ranges.
func shardOf(hash uint32, n int) int { return int(uint64(hash) * uint64(n) >> 32) }

// shardRange is a shard's first hash, and the first behind it.
func shardRange(shard, n int) (first, next uint64) {
	of := uint64(n)
	return (uint64(shard)<<32 + of - 1) / of, (uint64(shard+1)<<32 + of - 1) / of
}

func (t *table) facts(slot uint32) *slotFacts { return &t.slabs[slot/slabSlots][slot%slabSlots] }

// home is where in the index a hash belongs.
func (t *table) home(hash uint32) int { return shardOf(hash, len(t.index)) }

// find is the place of id in the index, or where it would go.
func (t *table) find(id string, hash uint32) (place int, slot uint32, ok bool) {
	var room [64]byte
	want := appendID(room[:0], id)
	for i := t.home(hash); ; i = (i + 1) & (len(t.index) - 1) {
		if t.index[i] == 0 {
			return i, 0, false
		}
		slot := t.index[i] - 1
		f := t.facts(slot)
		if f.hash != hash {
			continue
		}
		if entry := t.arena.get(f.at); len(entry) >= len(want) && string(entry[:len(want)]) == string(want) {
			return i, slot, true
		}
	}
}

// put adds r or replaces the one of its id, and says whether it has room for it:
// a table is for many of a kind, and the odd one is kept elsewhere.
func (t *table) put(p packed) bool {
	lang, ok := t.langs.number(p.Lang, math.MaxUint8)
	if !ok || p.Number == 0 || len(p.Packed) > maxEntry-80 {
		return false
	}
	dest, ok := t.dests.number(p.Destination, math.MaxUint16)
	if !ok {
		return false
	}
	if 4*(t.n+1) > 3*len(t.index) {
		t.widen()
	}
	place, slot, known := t.find(p.ID, p.hash)
	if !known {
		slot = t.slot()
		t.index[place] = slot + 1
		t.n++
	}
	old := *t.facts(slot)
	if known { // two records of one newcomer at once: what was told to him is told
		p.Number = min(p.Number, old.number)
	}
	entry := append(appendID(make([]byte, 0, 80+len(p.Packed)), p.ID), p.Packed...)
	*t.facts(slot) = slotFacts{
		at: t.arena.put(slot, entry), hash: p.hash, number: p.Number, set: t.sets.join(p.Areas),
		dest: uint16(dest), lang: uint8(lang), used: true,
	}
	if !p.Created.IsZero() {
		t.facts(slot).created = uint32(p.Created.Unix())
	}
	if known {
		t.sets.leave(old.set)
		t.drop(old.at)
	}
	return true
}

// drop gives an entry's room back.
func (t *table) drop(at uint32) {
	t.arena.drop(at,
		func(slot, at uint32) bool { f := t.facts(slot); return f.used && f.at == at },
		func(slot, at uint32) { t.facts(slot).at = at })
}

// slot is an empty one. Old ones are used again, so that what others keep by slot stays dense.
func (t *table) slot() uint32 {
	if n := len(t.free); n > 0 {
		slot := t.free[n-1]
		t.free = t.free[:n-1]
		return slot
	}
	if t.slots == len(t.slabs)*slabSlots {
		t.slabs = append(t.slabs, new([slabSlots]slotFacts))
	}
	t.slots++
	return uint32(t.slots - 1)
}

// remove forgets id, and says which slot that empties.
func (t *table) remove(id string) (slot uint32, ok bool) {
	place, slot, ok := t.find(id, hashOf(id))
	if !ok {
		return 0, false
	}
	f := t.facts(slot)
	old := *f
	*f = slotFacts{}
	t.sets.leave(old.set)
	t.drop(old.at)
	t.free = append(t.free, slot)
	t.n--
	// Those behind move up, unless they are at home: a search ends at a gap.
	mask := len(t.index) - 1
	gap := place
	for i := (place + 1) & mask; t.index[i] != 0; i = (i + 1) & mask {
		home := t.home(t.facts(t.index[i] - 1).hash)
		if (i-home)&mask >= (i-gap)&mask {
			t.index[gap] = t.index[i]
			gap = i
		}
	}
	t.index[gap] = 0
	return slot, true
}

// widen doubles the index.
func (t *table) widen() {
	old := t.index
	t.index = make([]uint32, 2*len(old))
	for _, s := range old {
		if s == 0 {
			continue
		}
		i := t.home(t.facts(s - 1).hash)
		for t.index[i] != 0 {
			i = (i + 1) & (len(t.index) - 1)
		}
		t.index[i] = s
	}
}

// shard calls fn for the slot of everybody whose hash is in the shard.
func (t *table) shard(shard, shards int, fn func(slot uint32, f *slotFacts)) {
	// The places from the home of a shard's first hash on: those of the shard
	// stand there, or follow without a gap.
	first, next := shardRange(shard, shards)
	if first == next {
		return
	}
	from, last := t.home(uint32(first)), t.home(uint32(next-1))
	for i := from; i <= last || t.index[i&(len(t.index)-1)] != 0; i++ {
		if i >= from+len(t.index) { // once around
			return
		}
		s := t.index[i&(len(t.index)-1)]
		if s == 0 {
			continue
		}
		if f := t.facts(s - 1); shardOf(f.hash, shards) == shard {
			fn(s-1, f)
		}
	}
}

// recipient is whoever has slot.
func (t *table) recipient(channel string, slot uint32) adapter.Recipient {
	f := t.facts(slot)
	id, address := splitID(t.arena.get(f.at))
	r := adapter.Recipient{
		ID: id, Channel: channel, Lang: t.langs.all[f.lang], Areas: t.sets.all[f.set].areas,
		Destination: t.dests.all[f.dest], Packed: address, Slot: slot + 1, Number: f.number,
	}
	if f.created > 0 {
		r.Created = time.Unix(int64(f.created), 0).UTC()
	}
	return r
}

// hashID marks an id that is 24 bytes in base64url, as most are; any other number is its length.
const hashID = 0xff

// appendID writes id in its short form.
func appendID(to []byte, id string) []byte {
	if len(id) == 32 {
		if out, err := base64.RawURLEncoding.AppendDecode(append(to, hashID), []byte(id)); err == nil {
			return out
		}
	}
	return append(append(to, byte(len(id))), id...)
}

// splitID is appendID's reverse; rest is what follows.
func splitID(entry []byte) (id string, rest []byte) {
	if entry[0] == hashID {
		return base64.RawURLEncoding.EncodeToString(entry[1:25]), entry[25:]
	}
	n := 1 + int(entry[0])
	return string(entry[1:n]), entry[n:]
}

// names numbers the few words that many recipients share.
type names[T ~string] struct {
	all []T
	of  map[T]int
}

// number is the word's; false when there are too many already.
func (n *names[T]) number(word T, most int) (int, bool) {
	if i, ok := n.of[word]; ok {
		return i, true
	}
	if len(n.all) > most {
		return 0, false
	}
	if n.of == nil {
		n.of = make(map[T]int)
	}
	n.of[word] = len(n.all)
	n.all = append(n.all, word)
	return len(n.all) - 1, true
}

// areaSets numbers the choices of areas, and counts who made each: a count over
// a million recipients looks at some thousand choices.
type areaSets struct {
	all  []areaSet
	of   map[string]uint32
	free []uint32
}

type areaSet struct {
	key   string
	areas []string
	n     int
}

func (s *areaSets) join(areas []string) uint32 {
	key := strings.Join(areas, " ")
	if s.of == nil {
		s.of = make(map[string]uint32)
	}
	i, ok := s.of[key]
	if !ok {
		set := areaSet{key: key, areas: slices.Clone(areas)}
		if n := len(s.free); n > 0 {
			i, s.free = s.free[n-1], s.free[:n-1]
			s.all[i] = set
		} else {
			i = uint32(len(s.all))
			s.all = append(s.all, set)
		}
		s.of[key] = i
	}
	s.all[i].n++
	return i
}

func (s *areaSets) leave(i uint32) {
	set := &s.all[i]
	if set.n--; set.n == 0 {
		delete(s.of, set.key)
		*set = areaSet{}
		s.free = append(s.free, i)
	}
}
