package stream

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"

	"github.com/nats-io/nats.go"
)

const (
	// maxBatch is nats-server's own bound of an atomic batch.
	maxBatch = 1000
	// maxBatchBytes keeps a batch, which nats-server holds in memory until it is complete, small.
	maxBatchBytes = 32 << 20
	headerBatch   = "Nats-Batch-Id"
	headerSeq     = "Nats-Batch-Sequence"
	headerCommit  = "Nats-Batch-Commit"
)

// publishAll stores the messages in atomic batches: of each batch all or none.
func (e *Engine) publishAll(ctx context.Context, msgs []*nats.Msg) error {
	for part := range slices.Chunk(msgs, maxBatch) {
		for len(part) > 0 {
			n, size := 0, 0
			for n < len(part) && (n == 0 || size+len(part[n].Data) <= maxBatchBytes) {
				size += len(part[n].Data)
				n++
			}
			if err := e.publishBatch(ctx, part[:n]); err != nil {
				return err
			}
			part = part[n:]
		}
	}
	return nil
}

func (e *Engine) publishBatch(ctx context.Context, msgs []*nats.Msg) error {
	if len(msgs) == 1 {
		_, err := e.publish(ctx, msgs[0])
		return err
	}
	ctx, cancel := e.bounded(ctx)
	defer cancel()
	for {
		r, err := e.tryBatch(ctx, msgs)
		if err == nil && r.Error == nil {
			return nil
		}
		retry := true
		if err == nil {
			if r.Error.ErrorCode == codeBatchKnown {
				return e.publishEach(ctx, msgs)
			}
			err, retry = fault(r.Error.ErrorCode, r.Error.Description)
		}
		if !retry || errors.Is(err, errDenied) {
			return err
		}
		if errors.Is(err, nats.ErrConnectionClosed) || !e.sleep(ctx, e.tune.pause) {
			return giveUp(ctx, err)
		}
	}
}

// tryBatch sends one batch under a new batch id: the server forgot or finished the one before.
func (e *Engine) tryBatch(ctx context.Context, msgs []*nats.Msg) (reply, error) {
	id := rand.Text()
	for i, m := range msgs {
		b := nats.NewMsg(m.Subject)
		b.Data = m.Data
		maps.Copy(b.Header, m.Header)
		b.Header.Set(headerBatch, id)
		b.Header.Set(headerSeq, strconv.Itoa(i+1))
		last := i == len(msgs)-1
		if last {
			b.Header.Set(headerCommit, "1")
		}
		if i == 0 || last {
			r, err := e.request(ctx, b)
			if last || err != nil || r.Error != nil {
				return r, err
			}
			continue
		}
		if err := e.conn.PublishMsg(b); err != nil {
			return reply{}, err
		}
	}
	return reply{}, fmt.Errorf("empty batch")
}

// publishEach follows a batch that was refused because one of its ids is known.
// Nearly always all of them are: the answer to our own batch was lost. But a
// planner that crashed may have cut its batches elsewhere, so each message is
// offered alone; the known ones are not stored again.
func (e *Engine) publishEach(ctx context.Context, msgs []*nats.Msg) error {
	const together = 32
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		first error
		slots = make(chan struct{}, together)
	)
	for _, m := range msgs {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if _, err := e.publish(ctx, m); err != nil {
				mu.Lock()
				if first == nil {
					first = err
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return first
}
