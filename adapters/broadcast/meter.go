package broadcast

import (
	"sync"

	"golang.org/x/time/rate"
)

// meter bounds the receipts that stations post or send over NATS: each costs a look at the registry
// and a write to the ledger. It holds an entry for each registered station that
// ever posted, and for nobody else.
type meter struct {
	mu sync.Mutex
	by map[string]*rate.Limiter
}

// allow says whether the station may send one more now; the pace is that of a socket's frames.
func (m *meter) allow(id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.by[id]
	if l == nil {
		if m.by == nil {
			m.by = map[string]*rate.Limiter{}
		}
		l = rate.NewLimiter(frameRate, frameBurst)
		m.by[id] = l
	}
	return l.Allow()
}
