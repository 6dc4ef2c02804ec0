package broadcast

import (
	"cmp"
	"slices"
)

// plan is where a connection begins.
type plan struct {
	ok      bool
	reason  string
	head    uint64
	prev    uint64   // of the first frame: the cursor, or 0
	backlog []*entry // goes out first
	next    uint64   // then everything from this index
	total   uint64   // bytes of the log before next
}

// plan answers a resume. acked says which entries the station has confirmed.
func (r *ring) plan(q resumeFrame, acked func(*entry) bool) plan {
	r.mu.RLock()
	defer r.mu.RUnlock()
	end := r.base + uint64(len(r.entries))
	p := plan{ok: true, head: r.head, next: end, total: r.total}
	isLive := func(e *entry) bool { return r.live[e.caseID] == e }
	if q.Cursor != "" {
		epoch, seq, ok := parseCursor(q.Cursor)
		switch {
		case !ok:
			p.reason = "unknown: a cursor is EPOCH-SEQ"
		case epoch != r.epoch:
			p.reason = "foreign: the cursor is of another epoch"
		case seq > r.head:
			p.reason = "future: the cursor is past the head"
		case seq < r.floor:
			p.reason = "expired: the cursor is older than what this node keeps"
		default:
			i, _ := slices.BinarySearchFunc(r.entries, seq+1, func(e *entry, s uint64) int { return cmp.Compare(e.seq, s) })
			p.next, p.prev = r.base+uint64(i), seq
			p.total = r.before(i)
			return p
		}
		// Withdrawals too: the station may hold the case from before.
		p.ok = false
		p.backlog = r.pick(func(e *entry) bool { return e.cancel || isLive(e) })
		return p
	}
	switch q.Start {
	case "new":
		p.prev = r.head
	case "all":
		p.backlog = r.pick(func(e *entry) bool { return e.seq <= r.floor })
		p.next, p.total = r.base, r.before(0)
	case "acked":
		p.backlog = r.pick(func(e *entry) bool { return (e.cancel || isLive(e)) && !acked(e) })
	default:
		p.backlog = r.pick(isLive)
	}
	return p
}

// before is the log's bytes before the i-th entry of the ring.
func (r *ring) before(i int) uint64 {
	if i < len(r.entries) {
		return r.entries[i].total - uint64(r.entries[i].size)
	}
	return r.total
}

// pick lists the entries of the ring, and the live ones that fell out of it, that want accepts, oldest first.
func (r *ring) pick(want func(*entry) bool) []*entry {
	var out []*entry
	for _, e := range r.live {
		if e.seq <= r.floor && want(e) {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b *entry) int { return cmp.Compare(a.seq, b.seq) })
	for _, e := range r.entries {
		if want(e) {
			out = append(out, e)
		}
	}
	return out
}
