package site

import (
	"net/http"
	"sync"
	"time"
)

// maxKept bounds the bytes kept: all pages and photos of several alerts at once
// fit, and a stranger who varies addresses cannot make us hold more.
const maxKept = 32 << 20

// memo keeps the answers of the present state of the alerts. An alert brings a
// country to the same few pages within a minute; each is written once. At the
// next change everything kept is forgotten, the name of a found child with it.
type memo struct {
	mu      sync.Mutex
	version string
	since   time.Time // when this state was first seen
	kept    map[string]reply
	size    int
}

// state gives the present state's key and since when it holds.
func (m *memo) state(version string, now time.Time) (since time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.version != version || m.kept == nil {
		m.version, m.since, m.kept, m.size = version, now, make(map[string]reply), 0
	}
	return m.since
}

func (m *memo) get(version, key string) (reply, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.version != version {
		return reply{}, false
	}
	a, ok := m.kept[key]
	return a, ok
}

func (m *memo) put(version, key string, a reply) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.version != version || a.weight() > maxKept/4 {
		return
	}
	for old, b := range m.kept { // any will do: what is much asked for soon comes back
		if m.size+a.weight() <= maxKept {
			break
		}
		m.size -= b.weight()
		delete(m.kept, old)
	}
	m.size += a.weight() - m.kept[key].weight()
	m.kept[key] = a
}

// weight is what a costs to keep, with its own overhead.
func (a reply) weight() int {
	if a.status == 0 {
		return 0
	}
	return len(a.body) + len(a.packed) + 500
}

// serve answers from what is kept for key, or builds the answer. The state is
// read before building: an answer built while the state changes is filed under
// the old state, and so forgotten.
func (s *site) serve(w http.ResponseWriter, r *http.Request, key string, build func(since time.Time) reply) {
	now := time.Now()
	// Ended alerts leave the lists by the clock alone, so a state lasts an hour at most.
	version := s.Current.Version() + now.UTC().Format("-2006010215")
	since := s.answers.state(version, now)
	a, ok := s.answers.get(version, key)
	if !ok {
		a = build(since)
		if a.status == http.StatusOK || a.status == http.StatusGone {
			s.answers.put(version, key, a)
		}
	}
	a.write(w, r)
}
