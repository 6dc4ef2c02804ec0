package nodes

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"tocsin/internal/adapter"
)

// partSize bounds one record: 4,000 stations are about 200 KB, and a message has at most 1 MB.
const partSize = 4000

// process is another process as this one has heard of it.
type process struct {
	node  string
	heard time.Time
	parts map[string]map[string]stay
}

// stay is a station with a process: connected since then, or gone since then when sessions is 0.
type stay struct {
	node     string
	sessions int
	since    time.Time
}

// word is one record: a part of the stations of a process.
type word struct {
	Node     string         `json:"node"`
	Stations []stationStays `json:"stations,omitempty"`
}

type stationStays struct {
	ID       string `json:"r"`
	Sessions int    `json:"n,omitempty"`
	Since    int64  `json:"s"` // Unix milliseconds
}

// Announce says who is connected to this process, on the node of that name, in place of what was said
// before; who is no longer among them is remembered as having left now. It
// returns at once, and the others know within about a second.
func (t *Table) Announce(node string, here []adapter.Attendance) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.node = node
	now := time.Now()
	next := make(map[string]stay, len(here))
	for _, a := range here {
		next[a.Recipient] = stay{node, a.Sessions, a.Since}
	}
	for id, s := range t.here {
		if _, still := next[id]; !still {
			if s.sessions > 0 {
				s = stay{s.node, 0, now}
			}
			next[id] = s
		}
	}
	if maps.Equal(next, t.here) {
		return
	}
	t.here, t.fresh = next, true
	select {
	case t.poke <- struct{}{}:
	default:
	}
}

// Elsewhere is whom the other processes have, or had last: one entry for each
// station and process, Sessions 0 and the time of leaving where it is gone. A
// process that has not spoken for fifteen seconds has nobody.
func (t *Table) Elsewhere() []adapter.Attendance {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bury(time.Now())
	var out []adapter.Attendance
	for _, p := range t.others {
		for _, part := range p.parts {
			for id, s := range part {
				out = append(out, s.attendance(id))
			}
		}
	}
	for id, s := range t.left {
		out = append(out, s.attendance(id))
	}
	return out
}

func (s stay) attendance(id string) adapter.Attendance {
	return adapter.Attendance{Recipient: id, Sessions: s.sessions, Since: s.since, Node: s.node}
}

// hear takes another process's word. The caller holds the lock.
func (t *Table) hear(name, part string, w word, heard time.Time) {
	p := t.others[name]
	if p == nil {
		p = &process{parts: map[string]map[string]stay{}}
		t.others[name] = p
	}
	p.node = w.Node
	if heard.After(p.heard) {
		p.heard = heard
	}
	stays := make(map[string]stay, len(w.Stations))
	for _, s := range w.Stations {
		stays[s.ID] = stay{w.Node, s.Sessions, time.UnixMilli(s.Since)}
	}
	p.parts[part] = stays
	t.bury(time.Now())
}

// bury keeps of silent processes only where each station was last, so that
// restarts do not fill the memory. The caller holds the lock.
func (t *Table) bury(now time.Time) {
	for name, p := range t.others {
		if now.Sub(p.heard) <= dead {
			continue
		}
		for _, part := range p.parts {
			for id, s := range part {
				if s.sessions > 0 {
					s.sessions, s.since = 0, p.heard
				}
				if old, ok := t.left[id]; !ok || s.since.After(old.since) {
					t.left[id] = s
				}
			}
		}
		delete(t.others, name)
	}
}

// news says whether Announce brought something that has not been written.
func (t *Table) news() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.fresh
}

// speak writes who is here and returns how many records that took. before is
// how many the longest word so far took: a shorter one empties those it no longer needs.
func (t *Table) speak(ctx context.Context, before int) (int, error) {
	t.mu.Lock()
	t.fresh = false
	node := t.node
	all := make([]stationStays, 0, len(t.here))
	for _, id := range slices.Sorted(maps.Keys(t.here)) {
		all = append(all, stationStays{id, t.here[id].sessions, t.here[id].since.UnixMilli()})
	}
	t.mu.Unlock()
	for n := 0; ; n++ {
		if n >= max(before, 1) && len(all) == 0 {
			return n, nil
		}
		part := all[:min(len(all), partSize)]
		all = all[len(part):]
		data, err := json.Marshal(word{node, part})
		if err == nil {
			err = t.append(ctx, "nodes.feed."+t.process+"."+strconv.Itoa(n), data)
		}
		if err != nil {
			t.mu.Lock()
			t.fresh = true // again at the next turn
			t.mu.Unlock()
			return n, fmt.Errorf("say who is connected: %w", err)
		}
	}
}
