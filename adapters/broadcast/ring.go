package broadcast

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/internal/alert"
)

// Bounds of the ring. They protect the node's memory from a log of years: a
// frame has 10 to 40 KB, so 4,096 of them are every alert of a State for a year
// or two, and 64 MB is what a small machine can spare.
const (
	ringFrames = 4096
	ringBytes  = 64 << 20
)

// entry is one message of the log. Everything but the body stays when the
// case is withdrawn: it names nobody, and late receipts still refer to it.
type entry struct {
	seq        uint64
	identifier string
	caseID     string
	revision   int
	cancel     bool
	areas      []string // of this and all earlier revisions of the case
	expires    time.Time
	at         time.Time // when this node read it
	size       int
	total      uint64                 // bytes of the log up to and with this entry
	body       atomic.Pointer[[]byte] // shared part of the frame; nil once erased
}

// text is the entry's shared part if it may still go out at now.
func (e *entry) text(now time.Time) []byte {
	body := e.body.Load()
	if body == nil || (!e.cancel && !now.Before(e.expires)) {
		return nil
	}
	return *body
}

// ring is the node's memory of the log: the newest frames, each encoded once,
// and the newest revision of every live alert. Connections hold an index into it.
type ring struct {
	maxFrames, maxBytes int

	mu      sync.RWMutex
	epoch   string
	entries []*entry
	base    uint64 // index of entries[0]; an index never comes back
	floor   uint64 // seq of the newest entry that fell out
	head    uint64 // seq of the newest message of the log
	bytes   int
	total   uint64
	live    map[string]*entry // case -> newest revision, neither withdrawn nor expired
	byID    map[string]*entry // CAP identifier -> entry, for receipts
	version uint64            // changes with the live list or the head
}

func newRing(epoch string) *ring {
	return &ring{
		maxFrames: ringFrames, maxBytes: ringBytes, epoch: epoch,
		live: map[string]*entry{}, byID: map[string]*entry{},
	}
}

// add appends m with its encoded body. A withdrawal erases what came before it of the case.
func (r *ring) add(seq uint64, m *alert.Message, body []byte, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.head = seq
	r.version++
	if body == nil { // not for this feed: the head moves on all the same
		return
	}
	e := &entry{
		seq: seq, identifier: m.Identifier, caseID: m.Case, revision: m.Revision, cancel: m.MsgType == alert.TypeCancel,
		areas: m.AreaCodes(), expires: m.Expires, at: now, size: len(body),
	}
	e.body.Store(&body)
	for _, old := range r.entries {
		r.succeed(old, e)
	}
	if old := r.live[e.caseID]; old != nil && old.seq <= r.floor { // it fell out of entries
		r.succeed(old, e)
		delete(r.byID, old.identifier)
	}
	delete(r.live, e.caseID)
	if !e.cancel && e.text(now) != nil {
		r.live[e.caseID] = e
	}
	if e.text(now) == nil {
		e.body.Store(nil)
	} else {
		r.bytes += e.size
	}
	r.total += uint64(e.size)
	e.total = r.total
	r.entries = append(r.entries, e)
	r.byID[e.identifier] = e
	r.trim()
}

// succeed hands the areas of an earlier revision on: whoever got that one gets
// every later one, also when the area moves away from him. A withdrawal erases it.
func (r *ring) succeed(old, e *entry) {
	if old.caseID != e.caseID {
		return
	}
	for _, a := range old.areas {
		if !slices.Contains(e.areas, a) {
			e.areas = append(e.areas, a)
		}
	}
	if e.cancel {
		r.erase(old)
	}
}

// erase drops name and photo from memory; bytes already on their way to a socket end there.
func (r *ring) erase(e *entry) {
	if e.body.Swap(nil) != nil && e.seq > r.floor {
		r.bytes -= e.size
	}
}

// trim lets the oldest entries fall out. Live alerts stay reachable through r.live.
func (r *ring) trim() {
	n := 0
	for n < len(r.entries)-1 && (len(r.entries)-n > r.maxFrames || r.bytes > r.maxBytes) {
		e := r.entries[n]
		r.floor = e.seq
		if e.body.Load() != nil {
			r.bytes -= e.size
		}
		if r.live[e.caseID] != e {
			delete(r.byID, e.identifier)
		}
		n++
	}
	if n > 0 {
		r.entries = slices.Delete(r.entries, 0, n)
		r.base += uint64(n)
	}
}

// expire takes alerts whose time has passed off the live list and out of memory.
func (r *ring) expire(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.entries {
		if !e.cancel && !now.Before(e.expires) {
			r.erase(e)
		}
	}
	for id, e := range r.live {
		if !now.Before(e.expires) {
			e.body.Store(nil)
			delete(r.live, id)
			r.version++
		}
	}
}

// take appends the entries from index next on to buf, up to about max bytes.
// lost means that next fell out of the ring meanwhile.
func (r *ring) take(buf []*entry, next uint64, limit int) (out []*entry, then uint64, lost bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if next < r.base {
		return buf, next, true
	}
	for size := 0; size < limit && next < r.base+uint64(len(r.entries)); next++ {
		e := r.entries[next-r.base]
		size += e.size
		buf = append(buf, e)
	}
	return buf, next, false
}

// end says how far the log is.
func (r *ring) end() (next, head, total, version uint64) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.base + uint64(len(r.entries)), r.head, r.total, r.version
}

// find is the entry of a CAP identifier.
func (r *ring) find(identifier string) (*entry, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	e, ok := r.byID[identifier]
	return e, ok
}

// refs lists the live alerts that want accepts, oldest first.
func (r *ring) refs(want func(*entry) bool) []liveRef {
	r.mu.RLock()
	defer r.mu.RUnlock()
	out := make([]liveRef, 0, len(r.live))
	for _, e := range r.live {
		if want(e) {
			out = append(out, liveRef{e.identifier, e.revision, e.seq})
		}
	}
	slices.SortFunc(out, func(a, b liveRef) int { return cmp.Compare(a.seq, b.seq) })
	return out
}

// size is what the ring holds now.
func (r *ring) size() (frames, bytes, live int) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.entries), r.bytes, len(r.live)
}
