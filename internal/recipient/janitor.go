package recipient

import (
	"context"
	"time"

	"tocsin/internal/stream"
)

const (
	// maxOutdated bounds what waits to be erased: a day's first visit of every
	// citizen comes faster than a disk overwrites. What finds no room is erased with
	// the subscriber's next change, or when he leaves.
	maxOutdated = 100_000
	// eraseWithin bounds one erasure.
	eraseWithin = 30 * time.Second
)

// outdated is a record that a newer one of its subject has replaced.
type outdated struct {
	subject string
	before  uint64 // sequence of the newer one
}

// tidy erases what was replaced, one after the other beside all else, until ctx
// ends. To overwrite a record on disk takes as long as to store a hundred, so a
// citizen who says again that he is there does not wait for it. Until then, and
// after a crash, the older record lies there: readers take the newer one, and who
// leaves takes all of his with him before he is told so.
func (g *Registry) tidy(ctx context.Context) {
	for {
		select {
		case o := <-g.outdated:
			one, cancel := context.WithTimeout(ctx, eraseWithin)
			if err := g.stream.EraseBefore(one, o.subject, o.before); err != nil && ctx.Err() == nil {
				g.log.Warn("a replaced subscription is not erased yet", "error", err)
			}
			cancel()
		case <-ctx.Done():
			return
		}
	}
}

// replace stores en in the place of an older record of a compact channel.
func (g *Registry) replace(ctx context.Context, en stream.Entry) (uint64, error) {
	seq, err := g.stream.Append(ctx, en)
	if err != nil {
		return 0, err
	}
	select {
	case g.outdated <- outdated{en.Subject, seq}:
	default: // see maxOutdated
	}
	return seq, nil
}
