package casework

import "sync"

// watchers are the pages that wait for a case to change.
type watchers struct {
	mu   sync.Mutex
	byID map[string]map[chan struct{}]struct{}
}

func (w *watchers) add(id string) (<-chan struct{}, func()) {
	ch := make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.byID == nil {
		w.byID = map[string]map[chan struct{}]struct{}{}
	}
	if w.byID[id] == nil {
		w.byID[id] = map[chan struct{}]struct{}{}
	}
	w.byID[id][ch] = struct{}{}
	return ch, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.byID[id], ch)
		if len(w.byID[id]) == 0 {
			delete(w.byID, id)
		}
	}
}

// pulse never waits: a watcher with a pulse in hand needs no second one.
func (w *watchers) pulse(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, key := range []string{id, ""} {
		for ch := range w.byID[key] {
			select {
			case ch <- struct{}{}:
			default:
			}
		}
	}
}
