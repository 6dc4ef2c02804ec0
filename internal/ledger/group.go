package ledger

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"tocsin/internal/stream"
)

const (
	// maxGroup bounds the entries of one stored batch: about 150 KB, well below
	// what the stream takes as one message.
	maxGroup = 1000
	// groupWait bounds one write of a group, whoever of its callers has given up.
	groupWait = 30 * time.Second
)

// group gathers batches that arrive while a write is under way into the next
// one. Each write is synced to disk before its answer: a thousand stations that
// confirm an alert at the same moment share one, instead of queueing for a
// thousand.
type group struct {
	mu      sync.Mutex
	waiting []*pending
	busy    bool // somebody writes
}

// pending is one caller's batch on its way.
type pending struct {
	batch Batch
	done  chan error // capacity 1
}

// join stores b with the next group and returns when it is durable. An error
// after ctx has ended may mean stored, as with the stream itself.
func (l *Ledger) join(ctx context.Context, b Batch) error {
	p := &pending{b, make(chan error, 1)}
	g := &l.group
	g.mu.Lock()
	g.waiting = append(g.waiting, p)
	first := !g.busy
	g.busy = true
	g.mu.Unlock()
	if first {
		go l.writeGroups()
	}
	select {
	case err := <-p.done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("write ledger: %w: %w", stream.ErrUnavailable, context.Cause(ctx))
	}
}

// writeGroups stores what waits until nothing does.
func (l *Ledger) writeGroups() {
	g := &l.group
	for {
		g.mu.Lock()
		all := g.waiting
		g.waiting = nil
		g.busy = len(all) > 0
		g.mu.Unlock()
		if len(all) == 0 {
			return
		}
		// Stable: two words of one station about one revision keep their order.
		slices.SortStableFunc(all, func(a, b *pending) int { return compareHeads(a.batch, b.batch) })
		for len(all) > 0 {
			n, entries := 1, all[0].batch.weight()
			for n < len(all) && compareHeads(all[0].batch, all[n].batch) == 0 && entries+all[n].batch.weight() <= maxGroup {
				entries += all[n].batch.weight()
				n++
			}
			err := l.writeGroup(all[:n])
			for _, p := range all[:n] {
				p.done <- err
			}
			all = all[n:]
		}
	}
}

// head is what a batch is about.
type head struct {
	caseID, channel, identifier string
	revision                    int
}

func headOf(b Batch) head { return head{b.Case, b.Channel, b.Identifier, b.Revision} }

// compareHeads orders batches by what they are about.
func compareHeads(a, b Batch) int {
	return cmp.Or(
		cmp.Compare(a.Case, b.Case), cmp.Compare(a.Revision, b.Revision),
		cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Identifier, b.Identifier),
	)
}

// writeGroup stores batches of one head as one.
func (l *Ledger) writeGroup(all []*pending) error {
	b := all[0].batch
	if len(all) > 1 {
		b.Entries, b.Bulk = slices.Clone(b.Entries), slices.Clone(b.Bulk)
		for _, p := range all[1:] {
			b.Entries = append(b.Entries, p.batch.Entries...)
			b.Bulk = append(b.Bulk, p.batch.Bulk...)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), groupWait)
	defer cancel()
	return l.write(ctx, b)
}

// write stores b. The fold has it at once: applying the same news twice changes nothing.
func (l *Ledger) write(ctx context.Context, b Batch) error {
	data, err := json.Marshal(b)
	if err != nil {
		return fmt.Errorf("ledger batch: %w", err)
	}
	subject := "ledger." + b.Case + "." + strconv.Itoa(b.Revision) + "." + b.Channel
	if _, err := l.stream.Append(ctx, stream.Entry{Subject: subject, Data: data}); err != nil {
		return fmt.Errorf("write ledger: %w", err)
	}
	l.apply(b)
	return nil
}
