package site

import (
	"net/http"
	"sync"
	"time"
)

// maxAnswers bounds the kept answers: at a few ten KB each, far below what a
// stranger who varies addresses could otherwise make us hold.
const maxAnswers = 500

// memo keeps the answers of the present state of the alerts. An alert brings a
// country to the same few pages within a minute; each is written once. At the
// next change everything kept is forgotten, the name of a found child with it.
type memo struct {
	mu      sync.Mutex
	version string
	since   time.Time // when this state was first seen
	kept    map[string]reply
}

// state gives the present state's key and since when it holds.
func (m *memo) state(version string, now time.Time) (since time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.version != version || m.kept == nil {
		m.version, m.since, m.kept = version, now, make(map[string]reply)
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
	if m.version == version && len(m.kept) < maxAnswers {
		m.kept[key] = a
	}
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
