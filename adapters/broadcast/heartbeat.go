package broadcast

import (
	"strconv"
	"sync"
	"time"
)

// Origin is what an AlertLog may also be: the newest value of a counter that
// the nodes write through the log, when the log stored it, and how long ago this
// process read it back. Without it a heartbeat's origin is the head alone.
type Origin interface {
	Origin() (n uint64, at time.Time, age time.Duration)
}

// cutOff says whether this node is behind the log: it lost it, or has seen
// nothing of the counter for too long.
func (f *Feed) cutOff() bool {
	if f.degraded.Load() {
		return true
	}
	o, ok := f.env.Alerts.(Origin)
	if !ok {
		return false
	}
	_, _, age := o.Origin()
	return age > f.limits.origin
}

// beatAge is how long one encoded heartbeat serves all who are due.
const beatAge = time.Second

// beats keeps encoded heartbeats: stations of the same areas share one, if their credentials end on the same day.
type beats struct {
	mu    sync.Mutex
	cache map[string]beat
}

type beat struct {
	at      time.Time
	version uint64
	ring    *ring
	next    uint64 // index in the ring that must have been sent before
	cutOff  bool
	frame   []byte
}

// maxBeats bounds the cache: stations may be given areas in many combinations.
const maxBeats = 256

// heartbeat is the frame for who, and the index which it speaks of.
func (f *Feed) heartbeat(who *station, now time.Time) ([]byte, uint64) {
	r := f.ring.Load()
	next, head, _, version := r.end()
	f.beats.mu.Lock()
	defer f.beats.mu.Unlock()
	key := who.group
	days := who.credDays(now)
	if days != nil {
		key += "#" + strconv.Itoa(*days)
	}
	cutOff := f.cutOff()
	if b, ok := f.beats.cache[key]; ok && b.ring == r && b.cutOff == cutOff && b.version == version && now.Sub(b.at) < beatAge {
		return b.frame, b.next
	}
	hb := heartbeatFrame{
		Type: "heartbeat", Node: f.settings.Node, At: now.UTC(), Epoch: r.epoch, Head: head,
		Live:     r.refs(func(e *entry) bool { return who.sees(e.areas) }),
		Degraded: cutOff, CredDays: days,
		Origin: origin{N: head},
	}
	if o, ok := f.env.Alerts.(Origin); ok {
		hb.Origin.N, hb.Origin.At, _ = o.Origin()
	}
	b := beat{now, version, r, next, cutOff, mustEncode(hb)}
	if f.beats.cache == nil || len(f.beats.cache) >= maxBeats {
		f.beats.cache = map[string]beat{}
	}
	f.beats.cache[key] = b
	return b.frame, b.next
}
