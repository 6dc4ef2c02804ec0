package stream

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// errStop ends a follower without an error.
var errStop = errors.New("stop")

// Read yields all records of the filter after the sequence, up to the head at the
// time of the call, in order. A server that is away is waited for until ctx ends.
func (l *Log) Read(ctx context.Context, filter string, after uint64) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		head, err := l.Head(ctx)
		if err != nil {
			yield(Record{}, err)
			return
		}
		if head <= after {
			return
		}
		f := follower{l: l, after: after, head: head, patience: l.e.tune.patience}
		f.fn = func(r Record) error {
			if r.Seq > head || !yield(r, nil) || r.Seq == head {
				return errStop
			}
			return nil
		}
		f.caughtUp = func() error { return errStop }
		if err := f.run(ctx, filter); err != nil {
			yield(Record{}, err)
		}
	}
}

// Follow calls fn for every record after the sequence, in order, once: first the
// stored ones, then live. It survives reconnects and leader changes by itself.
// caughtUp (may be nil) is called once when the head at the time of the call has
// passed. It returns when ctx ends or fn returns an error.
func (l *Log) Follow(ctx context.Context, filter string, after uint64, fn func(Record) error, caughtUp func()) error {
	head, err := l.Head(ctx)
	for errors.Is(err, ErrUnavailable) && ctx.Err() == nil && l.e.life.Err() == nil {
		head, err = l.Head(ctx) // a follower that starts while NATS is away waits for it
	}
	if err != nil {
		return err
	}
	f := follower{l: l, after: after, head: head, fn: fn}
	f.caughtUp = func() error {
		if caughtUp != nil {
			caughtUp()
		}
		return nil
	}
	return f.run(ctx, filter)
}

// follower reads a stream through consumers that it throws away: whenever anything
// is odd (a missing heartbeat, a gap in the consumer's count, a lost connection) it
// makes a new one after the last record that fn has had. So order and "once" rest
// on the stream's sequence alone.
type follower struct {
	l        *Log
	after    uint64 // the last record that fn has had
	head     uint64
	fn       func(Record) error
	caughtUp func() error  // set to nil once called
	patience time.Duration // without any progress; 0 = for ever
}

func (f *follower) run(ctx context.Context, filter string) error {
	full, err := f.l.e.full(filter, true, f.l.heads...)
	if err != nil {
		return fmt.Errorf("follow %s: %w", f.l.stream, err)
	}
	ctx, release, err := f.l.e.hold(ctx)
	if err != nil {
		return fmt.Errorf("follow %s: %w", f.l.stream, err)
	}
	defer release()
	progress, seen := time.Now(), f.after
	for {
		err := f.once(ctx, full)
		var own callerError
		switch {
		case errors.Is(err, errStop):
			return nil
		case errors.As(err, &own):
			return own.error
		case ctx.Err() != nil:
			return ctx.Err()
		}
		if f.after != seen {
			progress, seen = time.Now(), f.after
		}
		if f.patience > 0 && time.Since(progress) > f.patience {
			return fmt.Errorf("read %s: %w", f.l.stream, plain(err))
		}
		f.l.e.log.Debug("event stream: following anew", "stream", f.l.stream, "after", f.after, "error", err)
		if !f.l.e.sleep(ctx, f.l.e.tune.pause) {
			return ctx.Err()
		}
	}
}

// callerError is what the caller's function returned, unlike an error of NATS.
type callerError struct{ error }

func (c callerError) Unwrap() error { return c.error }

// consumerConfig: no acks, kept in memory, gone half a minute after we are; one
// replica, since losing it costs a new consumer and nothing else.
func (f *follower) consumerConfig(filter string) jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		FilterSubject:     filter,
		DeliverPolicy:     jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:       f.after + 1,
		AckPolicy:         jetstream.AckNonePolicy,
		InactiveThreshold: 30 * time.Second,
		MemoryStorage:     true,
		Replicas:          1,
	}
}

func (f *follower) once(ctx context.Context, filter string) error {
	try, cancel := context.WithTimeout(ctx, f.l.e.tune.try)
	cons, err := f.l.e.js.CreateConsumer(try, f.l.stream, f.consumerConfig(filter))
	cancel()
	if err != nil {
		return err
	}
	name := cons.CachedInfo().Name
	defer func() {
		// Best effort: the server forgets it anyway.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 200*time.Millisecond)
		defer cancel()
		if f.l.e.conn.IsConnected() {
			_ = f.l.e.js.DeleteConsumer(ctx, f.l.stream, name)
		}
	}()
	if err := f.passed(cons.CachedInfo().NumPending); err != nil {
		return err
	}
	// Without short expiry and heartbeat a leader change leaves a hole of 30 s.
	it, err := cons.Messages(jetstream.PullMaxMessages(500), jetstream.PullExpiry(5*time.Second), jetstream.PullHeartbeat(time.Second))
	if err != nil {
		return err
	}
	defer it.Stop()
	var count uint64
	for {
		m, err := f.next(ctx, it)
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			if err := f.idle(ctx, cons); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		meta, err := m.Metadata()
		if err != nil {
			return err
		}
		if count++; meta.Sequence.Consumer != count {
			return fmt.Errorf("gap: message %d of the consumer after %d", meta.Sequence.Consumer, count-1)
		}
		if err := f.hand(m, meta); err != nil {
			return err
		}
	}
}

// next waits for a message; until the head has passed not longer than a second.
func (f *follower) next(ctx context.Context, it jetstream.MessagesContext) (jetstream.Msg, error) {
	if f.caughtUp != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Second)
		defer cancel()
	}
	return it.Next(jetstream.NextContext(ctx))
}

func (f *follower) hand(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
	if meta.Sequence.Stream <= f.after {
		return nil // had it
	}
	if err := f.fn(f.l.record(m, meta)); err != nil {
		return callerError{err}
	}
	f.after = meta.Sequence.Stream
	return f.passed(meta.NumPending)
}

// passed calls caughtUp once: the head has passed, or nothing is left to come.
func (f *follower) passed(pending uint64) error {
	if f.caughtUp == nil || pending > 0 && f.after < f.head {
		return nil
	}
	call := f.caughtUp
	f.caughtUp = nil
	if err := call(); err != nil {
		return callerError{err}
	}
	return nil
}

// idle asks whether what was pending has been erased meanwhile; else caughtUp would wait for the next record.
func (f *follower) idle(ctx context.Context, cons jetstream.Consumer) error {
	if f.caughtUp == nil {
		return nil
	}
	try, cancel := context.WithTimeout(ctx, f.l.e.tune.try)
	defer cancel()
	info, err := cons.Info(try)
	if err != nil {
		return err
	}
	if info.Delivered.Consumer != 0 && info.Delivered.Stream > f.after {
		return nil // something is on its way
	}
	return f.passed(info.NumPending)
}

func (l *Log) record(m jetstream.Msg, meta *jetstream.MsgMetadata) Record {
	return Record{
		Seq:     meta.Sequence.Stream,
		Subject: l.e.bare(m.Subject()),
		ID:      m.Headers().Get(jetstream.MsgIDHeader),
		Data:    m.Data(),
		Time:    meta.Timestamp,
	}
}
