package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	consumeWait = 30 * time.Second // a consumer whose process vanished is replaced after this
	retryAfter  = time.Second      // an error of fn is tried again after this
)

// Consume is Follow with a durable name: fn's nil is acknowledged, an error is
// tried again after a second, and over restarts nothing is missed. Records come
// one at a time and in order, also when several processes share the name. A
// record whose acknowledgement was lost comes twice.
func (l *Log) Consume(ctx context.Context, durable, filter string, fn func(context.Context, Record) error) error {
	full, err := l.e.full(filter, true, l.heads...)
	if err == nil {
		err = checkName("durable", durable)
	}
	if err != nil {
		return fmt.Errorf("consume %s: %w", l.stream, err)
	}
	ctx, release, err := l.e.hold(ctx)
	if err != nil {
		return fmt.Errorf("consume %s: %w", l.stream, err)
	}
	defer release()
	cfg := jetstream.ConsumerConfig{
		Durable:       string(l.e.realm) + "-" + durable,
		FilterSubject: full,
		DeliverPolicy: jetstream.DeliverAllPolicy,
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       consumeWait,
		MaxAckPending: 1, // the next record only after this one: order
		MaxDeliver:    -1,
	}
	for {
		err := l.consumeOnce(ctx, cfg, fn)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if refused(err) {
			return fmt.Errorf("consume %s as %s: %w", l.stream, durable, plain(err))
		}
		l.e.log.Debug("event stream: consuming anew", "stream", l.stream, "durable", durable, "error", err)
		if !l.e.sleep(ctx, l.e.tune.pause) {
			return ctx.Err()
		}
	}
}

// refused: the server will say no again, however often it is asked.
func refused(err error) bool {
	api, ok := errors.AsType[*jetstream.APIError](err)
	return ok && api.Code == 400
}

func (l *Log) consumeOnce(ctx context.Context, cfg jetstream.ConsumerConfig, fn func(context.Context, Record) error) error {
	try, cancel := context.WithTimeout(ctx, l.e.tune.try)
	cons, err := l.e.js.CreateOrUpdateConsumer(try, l.stream, cfg)
	cancel()
	if err != nil {
		return err
	}
	it, err := cons.Messages(jetstream.PullMaxMessages(1), jetstream.PullExpiry(5*time.Second), jetstream.PullHeartbeat(time.Second))
	if err != nil {
		return err
	}
	defer it.Stop()
	for {
		m, err := it.Next(jetstream.NextContext(ctx))
		if err != nil {
			return err
		}
		meta, err := m.Metadata()
		if err != nil {
			return err
		}
		if err := l.e.busy(ctx, m, consumeWait, func() error { return fn(ctx, l.record(m, meta)) }); err != nil {
			if ctx.Err() != nil {
				_ = m.Nak() // the next process gets it at once
				return ctx.Err()
			}
			l.e.log.Warn("event stream: record not taken, again in a second", "stream", l.stream, "durable", cfg.Durable, "seq", meta.Sequence.Stream, "error", err)
			_ = m.NakWithDelay(retryAfter)
			continue
		}
		// Confirmed, so that a clean stop leaves nothing to come twice; if it is not, it comes again.
		ack, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.e.tune.try)
		_ = m.DoubleAck(ack)
		cancel()
	}
}

// busy runs fn, tells the server every third of the ack wait that it is at work,
// and turns a panic into an error: one bad record must not stop the program.
func (e *Engine) busy(ctx context.Context, m jetstream.Msg, wait time.Duration, fn func() error) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		for e.sleep(ctx, wait/3) {
			_ = m.InProgress()
		}
	}()
	defer func() {
		if p := recover(); p != nil {
			e.panicked(p)
			err = fmt.Errorf("panic: %T", p) // its text may hold personal data
		}
	}()
	return fn()
}
