package webpush

import (
	"context"
	"encoding/binary"
	"iter"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/internal/adapter"
)

const (
	// slabCells is how many cells share a lock and an allocation: 104 KiB.
	slabCells = 1024
	// armChunk is how many recipients a worker of Arm takes at a time.
	armChunk = 64
	// armPause is how often an Arm that gives way looks whether the Sends have ended.
	armPause = 20 * time.Millisecond
)

// armory holds key pairs that were made before there was an alert, one for each
// slot. RFC 8291 wants a new pair for each message, and that is what it gets:
// take hands a pair out once and wipes the cell, whatever becomes of the
// message. It lives in memory alone, 104 bytes for each subscription.
type armory struct {
	mu    sync.RWMutex // of slabs; each slab has its own for its cells
	slabs []*slab      // by (slot-1) / slabCells; nil where nobody was armed
	held  atomic.Int64
}

type slab struct {
	mu    sync.Mutex
	cells [slabCells]cell
}

// cell is one prepared pair. mark says for which subscription: a slot may pass
// to another one, and a subscription may change its key.
type cell struct {
	mark   uint64 // 0 = empty
	public [xyLen]byte
	secret [32]byte
}

// markOf is eight bytes of a public key: enough to tell subscriptions apart, for
// who makes two alike can only spoil his own.
func markOf(xy []byte) uint64 { return binary.LittleEndian.Uint64(xy) | 1 }

// cell locks slot's cell, and makes it if it may; unlock ends it. nil = there is none.
func (a *armory) cell(slot uint32, grow bool) (c *cell, unlock func()) {
	if slot == 0 {
		return nil, nil
	}
	n, i := int(slot-1)/slabCells, int(slot-1)%slabCells
	a.mu.RLock()
	var s *slab
	if n < len(a.slabs) {
		s = a.slabs[n]
	}
	a.mu.RUnlock()
	if s == nil {
		if !grow {
			return nil, nil
		}
		s = a.grow(n)
	}
	s.mu.Lock()
	return &s.cells[i], s.mu.Unlock
}

func (a *armory) grow(n int) *slab {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.slabs) <= n {
		a.slabs = append(a.slabs, nil)
	}
	if a.slabs[n] == nil {
		a.slabs[n] = new(slab)
	}
	return a.slabs[n]
}

// take moves the pair made for slot and the subscription's key out of the armory, if there is one.
func (a *armory) take(p *pair, slot uint32, xy []byte) bool {
	c, unlock := a.cell(slot, false)
	if c == nil {
		return false
	}
	defer unlock()
	if c.mark == 0 {
		return false
	}
	fits := c.mark == markOf(xy)
	if fits {
		p.public[0] = 4
		copy(p.public[1:], c.public[:])
		p.secret = c.secret
	}
	*c = cell{} // used, or another subscription's: of no use to anybody
	a.held.Add(-1)
	return fits
}

// put keeps p for slot, in the place of what was there.
func (a *armory) put(p *pair, slot uint32, xy []byte) {
	c, unlock := a.cell(slot, true)
	if c == nil {
		return
	}
	defer unlock()
	if c.mark == 0 {
		a.held.Add(1)
	}
	c.mark, c.secret = markOf(xy), p.secret
	copy(c.public[:], p.public[1:])
}

// has says whether slot is armed for the subscription with the key xy.
func (a *armory) has(slot uint32, xy []byte) bool {
	c, unlock := a.cell(slot, false)
	if c == nil {
		return false
	}
	defer unlock()
	return c.mark == markOf(xy)
}

func (a *armory) forget(slot uint32) {
	c, unlock := a.cell(slot, false)
	if c == nil {
		return
	}
	defer unlock()
	if c.mark != 0 {
		a.held.Add(-1)
	}
	*c = cell{}
}

// Armed is how many recipients have a key pair ready.
func (a *Adapter) Armed() int { return int(a.armory.held.Load()) }

// Forget drops the pair of a slot whose recipient has left.
func (a *Adapter) Forget(slot uint32) { a.armory.forget(slot) }

// Arm makes a key pair for each of all that has a slot and none yet: some 65
// microseconds of one core each. It uses every core, but only as spare time: a
// worker offers its turn after each pair, so that whoever else has work waits
// for one pair at the most, and all rest while a Send is under way.
func (a *Adapter) Arm(ctx context.Context, all iter.Seq[adapter.Recipient]) error {
	work := make(chan []adapter.Recipient)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for chunk := range work {
				a.armChunk(ctx, chunk)
			}
		})
	}
	defer workers.Wait()
	defer close(work)
	var chunk []adapter.Recipient
	give := func() bool {
		select {
		case work <- chunk:
			chunk = nil
			return true
		case <-ctx.Done():
			return false
		}
	}
	for r := range all {
		if r.Slot == 0 {
			continue
		}
		if chunk = append(chunk, r); len(chunk) == armChunk && !give() {
			return context.Cause(ctx)
		}
	}
	if len(chunk) > 0 && !give() {
		return context.Cause(ctx)
	}
	return nil
}

func (a *Adapter) armChunk(ctx context.Context, chunk []adapter.Recipient) {
	var p pair
	defer p.wipe()
	if !a.giveWay(ctx) { // also to look at those who are armed takes time
		return
	}
	for _, r := range chunk {
		t, err := unpack(r)
		if err != nil || a.armory.has(r.Slot, t.xy) {
			continue // Send will say what is wrong with it
		}
		if !a.giveWay(ctx) {
			return
		}
		if makePair(&p, t.xy) == nil {
			a.armory.put(&p, r.Slot, t.xy)
		}
		runtime.Gosched()
	}
}

// giveWay waits until no Send is under way, or says that ctx has ended.
func (a *Adapter) giveWay(ctx context.Context) bool {
	for a.sends.Load() > 0 && ctx.Err() == nil {
		timer := time.NewTimer(armPause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
	return ctx.Err() == nil
}
