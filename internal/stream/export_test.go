package stream

import (
	"context"
	"fmt"
)

// Replicas is what the scrub asks, for the tests with real servers.
func (e *Engine) Replicas(ctx context.Context) (all []string, err error) {
	states, err := e.registrar.replicaStates(ctx)
	for _, s := range states {
		all = append(all, fmt.Sprintf("%s %s %d", s.server, s.stream, s.messages))
	}
	return all, err
}
