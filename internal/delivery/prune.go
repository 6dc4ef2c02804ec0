package delivery

import (
	"context"
	"time"
)

const (
	// pruneWithin bounds the removal of one recipient.
	pruneWithin = 30 * time.Second
	// maxGone bounds the list of those to remove, should the registry not write for hours.
	maxGone = 1 << 20
)

// forget takes those who are gone off the registry, one after the other and beside
// the sends: each removal overwrites what is on disk, and a hundred thousand dead
// subscriptions must not hold up the living. The ledger keeps why. What a crash
// leaves undone costs one more attempt with the next alert.
func (r *Runner) forget(gone []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	idle := len(r.gone) == 0
	r.gone = append(r.gone, gone[:min(len(gone), maxGone-len(r.gone))]...)
	if idle && len(r.gone) > 0 {
		r.pruning.Go(r.pruneAll)
	}
}

// pruneAll removes until nobody is left, or the runner stops.
func (r *Runner) pruneAll() {
	for {
		r.mu.Lock()
		if len(r.gone) == 0 {
			r.mu.Unlock()
			return
		}
		id := r.gone[0]
		r.mu.Unlock()
		ctx, cancel := context.WithTimeout(r.prune, pruneWithin)
		err := r.deps.Recipients.Remove(ctx, r.channel.Driver.Name, id)
		cancel()
		if err != nil {
			r.deps.Log.Warn("gone recipient not removed", "channel", r.channel.Driver.Name, "error", err)
		}
		r.mu.Lock()
		r.gone = r.gone[1:]
		if r.prune.Err() != nil {
			r.gone = nil
		}
		r.mu.Unlock()
	}
}
