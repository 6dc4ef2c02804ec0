package stream

import (
	"context"
	"fmt"
	"sync"
)

// Mark is how far a fold has come, for those who must not act on an older
// picture: the writer who wants to read his own write, the worker who learnt of
// a record elsewhere.
type Mark struct {
	mu      sync.Mutex
	seq     uint64
	changed chan struct{} // closed and replaced at each advance
}

// Advance says that everything up to seq has been folded.
func (m *Mark) Advance(seq uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if seq <= m.seq {
		return
	}
	m.seq = seq
	if m.changed != nil {
		close(m.changed)
		m.changed = nil
	}
}

// At is how far the fold has come.
func (m *Mark) At() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.seq
}

// Wait returns when seq has been folded, or ctx's cause.
func (m *Mark) Wait(ctx context.Context, seq uint64) error {
	for {
		m.mu.Lock()
		if m.seq >= seq {
			m.mu.Unlock()
			return nil
		}
		if m.changed == nil {
			m.changed = make(chan struct{})
		}
		changed := m.changed
		m.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting for record %d: %w", seq, context.Cause(ctx))
		}
	}
}
