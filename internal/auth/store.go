package auth

import (
	"sync"
	"time"
)

// sweepEvery is how often expired sessions are swept out, on the way of a write.
const sweepEvery = time.Minute

// store keeps the sessions in memory: a restart signs everybody out. It has no
// goroutine of its own to stop. Only signing in writes a session, so the
// throttle of sign-ins bounds it.
type store struct {
	mu    sync.Mutex
	items map[string]stored
	swept time.Time
}

type stored struct {
	data   []byte
	expiry time.Time
}

// Find, Commit and Delete are scs.Store.
func (s *store) Find(token string) ([]byte, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	it, ok := s.items[token]
	if !ok || !time.Now().Before(it.expiry) {
		return nil, false, nil
	}
	return it.data, true, nil
}

// Commit stores or replaces a session.
func (s *store) Commit(token string, data []byte, expiry time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if now.Sub(s.swept) >= sweepEvery {
		s.swept = now
		for t, it := range s.items {
			if !now.Before(it.expiry) {
				delete(s.items, t)
			}
		}
	}
	s.items[token] = stored{data, expiry}
	return nil
}

// Delete ends a session.
func (s *store) Delete(token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.items, token)
	return nil
}
