package recipient

import "encoding/binary"

const (
	// chunkSize is one allocation of an arena: large enough to cost no overhead,
	// small enough that one half empty chunk is no loss.
	chunkSize = 1 << 20
	// grain is what places are counted in, so that four bytes reach 32 GiB.
	grain     = 8
	chunkBits = 17 // log2 of chunkSize/grain
	entryHead = 6  // the slot, and the length of what follows
	maxEntry  = 8 << 10
)

// arena holds entries of bytes outside of Go's small allocations and without
// pointers, so that a million of them cost the garbage collector nothing. An
// entry is never changed: whoever has a view of it may keep it.
type arena struct {
	chunks []*chunk
	free   []int // places in chunks that are empty again
	open   int   // the chunk that takes new entries; -1 = none
}

type chunk struct {
	data []byte
	live int // bytes of entries that are still in use
}

func newArena() arena { return arena{open: -1} }

// put stores data for a slot and says where. It must not be longer than maxEntry.
func (a *arena) put(slot uint32, data []byte) uint32 {
	size := (entryHead + len(data) + grain - 1) / grain * grain
	if a.open < 0 || len(a.chunks[a.open].data)+size > chunkSize {
		a.grow()
	}
	c := a.chunks[a.open]
	at := len(c.data)
	c.data = binary.LittleEndian.AppendUint32(c.data, slot)
	c.data = binary.LittleEndian.AppendUint16(c.data, uint16(len(data)))
	c.data = append(c.data, data...)
	c.data = c.data[:at+size]
	c.live += size
	return uint32(a.open)<<chunkBits | uint32(at/grain)
}

func (a *arena) grow() {
	c := &chunk{data: make([]byte, 0, chunkSize)}
	if n := len(a.free); n > 0 {
		a.open, a.free = a.free[n-1], a.free[:n-1]
		a.chunks[a.open] = c
		return
	}
	a.open = len(a.chunks)
	a.chunks = append(a.chunks, c)
}

// get is a view of the entry at a place.
func (a *arena) get(at uint32) []byte {
	_, data, _ := a.chunks[at>>chunkBits].entry(int(at&(1<<chunkBits-1)) * grain)
	return data
}

// entry reads the entry at an offset, and where the next one begins.
func (c *chunk) entry(at int) (slot uint32, data []byte, next int) {
	slot = binary.LittleEndian.Uint32(c.data[at:])
	n := int(binary.LittleEndian.Uint16(c.data[at+4:]))
	data = c.data[at+entryHead : at+entryHead+n : at+entryHead+n]
	return slot, data, at + (entryHead+n+grain-1)/grain*grain
}

// drop says that the entry at a place is used no more. When little of its chunk
// is left, moved is called for each of the entries there with its slot and the old
// place, and says whether it still uses that; what it does moves to another chunk,
// the new place being told by place.
func (a *arena) drop(at uint32, used func(slot, at uint32) bool, place func(slot, at uint32)) {
	n := int(at >> chunkBits)
	c := a.chunks[n]
	_, data, _ := c.entry(int(at&(1<<chunkBits-1)) * grain)
	c.live -= (entryHead + len(data) + grain - 1) / grain * grain
	if n == a.open || 2*c.live > len(c.data) {
		return
	}
	for at := 0; at < len(c.data); {
		slot, data, next := c.entry(at)
		if used(slot, uint32(n)<<chunkBits|uint32(at/grain)) {
			place(slot, a.put(slot, data))
		}
		at = next
	}
	a.chunks[n] = nil // views of its entries keep it alive as long as they last
	a.free = append(a.free, n)
}
