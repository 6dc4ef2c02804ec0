package stream

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

type task struct {
	e       *Engine
	m       jetstream.Msg
	asked   time.Time
	attempt int
	seq     uint64
}

// Job implements Task.
func (t *task) Job() Job {
	return Job{Subject: t.e.bare(t.m.Subject()), ID: t.m.Headers().Get(jetstream.MsgIDHeader), Data: t.m.Data()}
}

// Attempt implements Task.
func (t *task) Attempt() int { return t.attempt }

// Asked implements Task.
func (t *task) Asked() time.Time { return t.asked }

// Extend implements Task. It asks for an answer: a plain "in progress" that is lost
// on the way, or that nobody has taken, reports no error.
func (t *task) Extend(ctx context.Context) error {
	ctx, cancel := t.e.bounded(ctx)
	defer cancel()
	if _, err := t.e.conn.RequestWithContext(ctx, t.m.Reply(), []byte("+WPI")); err != nil {
		return fmt.Errorf("extend job: %w", plain(err))
	}
	return nil
}

// Done implements Task. The confirmation is asked for again until ctx ends: a job
// that is done but not taken off the queue reaches its recipients twice.
func (t *task) Done(ctx context.Context) error {
	ctx, cancel := t.e.bounded(ctx)
	defer cancel()
	for {
		one, done := context.WithTimeout(ctx, t.e.tune.try)
		_, err := t.e.conn.RequestWithContext(one, t.m.Reply(), []byte("+ACK"))
		done()
		if err == nil {
			return nil
		}
		if errors.Is(err, nats.ErrConnectionClosed) || !t.e.sleep(ctx, t.e.tune.pause) {
			return fmt.Errorf("end job: %w", giveUp(ctx, err))
		}
	}
}

// Retry implements Task.
func (t *task) Retry(_ context.Context, after time.Duration) error {
	if err := t.m.NakWithDelay(max(after, 0)); err != nil {
		return fmt.Errorf("put job back: %w", plain(err))
	}
	return nil
}

// Bury implements Task. The dead letter is stored first: a crash between the two
// buries the job again under the same id.
func (t *task) Bury(ctx context.Context, reason string) error {
	job := t.Job()
	m := message(string(t.e.realm)+".dead."+job.Subject, Entry{ID: fmt.Sprintf("dead.%d.%s", t.seq, job.ID), Data: job.Data})
	m.Header.Set(headerReason, oneLine(reason))
	if _, err := t.e.publish(ctx, m); err != nil {
		return fmt.Errorf("bury job: %w", err)
	}
	if err := t.m.TermWithReason(oneLine(reason)); err != nil {
		return fmt.Errorf("bury job: %w", plain(err))
	}
	return nil
}

// oneLine keeps a reason from breaking a header, and short.
func oneLine(s string) string {
	b := []byte(s[:min(len(s), 200)])
	for i, c := range b {
		if c < ' ' || c > '~' {
			b[i] = ' '
		}
	}
	return string(b)
}

// panicked logs a panic without its words, which may hold personal data.
func (e *Engine) panicked(v any) {
	e.log.Error("event stream: panic", "kind", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
}
