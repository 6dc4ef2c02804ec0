package stream

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// headerRollup marks a record that replaces all earlier ones of its subject; see erase.go.
const headerRollup = "Tocsin-Rollup"

type reply struct {
	Stream    string              `json:"stream"`
	Seq       uint64              `json:"seq"`
	Duplicate bool                `json:"duplicate"`
	Error     *jetstream.APIError `json:"error"`
}

// message builds what goes on the wire. A record without an id gets a random one:
// the retries must carry the same.
func message(subject string, en Entry) *nats.Msg {
	m := nats.NewMsg(subject)
	m.Data = en.Data
	if en.ID == "" {
		en.ID = rand.Text()
	}
	m.Header.Set(jetstream.MsgIDHeader, en.ID)
	if en.After != nil {
		m.Header.Set(jetstream.ExpectedLastSubjSeqHeader, strconv.FormatUint(*en.After, 10))
	}
	if en.Rollup {
		m.Header.Set(headerRollup, "sub")
	}
	return m
}

// publish stores m and returns its sequence. It tries again with the same id until
// an answer comes or ctx ends: a leader that crashed is replaced within 4 to 8 s.
func (e *Engine) publish(ctx context.Context, m *nats.Msg) (uint64, error) {
	ctx, cancel := e.bounded(ctx)
	defer cancel()
	for {
		r, err := e.request(ctx, m)
		if err == nil && r.Error == nil {
			return r.Seq, nil
		}
		retry := true
		if err == nil {
			err, retry = fault(r.Error.ErrorCode, r.Error.Description)
		}
		retry = retry && !errors.Is(err, errDenied)
		if errors.Is(err, ErrConflict) {
			return e.ours(ctx, r.Stream, m)
		}
		if !retry {
			return 0, err
		}
		if errors.Is(err, nats.ErrConnectionClosed) || !e.sleep(ctx, e.tune.pause) {
			return 0, giveUp(ctx, err)
		}
	}
}

// ours looks whether it was m itself that moved its subject on: one server alone
// compares the expected sequence before it looks at the id, so a retry whose first
// answer was lost is told of a conflict with itself. If m was stored, it is the
// first record of its subject after the one it expected.
func (e *Engine) ours(ctx context.Context, stream string, m *nats.Msg) (uint64, error) {
	after, err := strconv.ParseUint(m.Header.Get(jetstream.ExpectedLastSubjSeqHeader), 10, 64)
	if err != nil || e.handles[stream] == nil {
		return 0, ErrConflict
	}
	raw, err := e.next(ctx, stream, m.Subject, after+1)
	if errors.Is(err, ErrNone) {
		return 0, ErrConflict
	}
	if err != nil {
		return 0, err
	}
	if raw.Header.Get(jetstream.MsgIDHeader) != m.Header.Get(jetstream.MsgIDHeader) {
		return 0, ErrConflict
	}
	return raw.Sequence, nil
}

// next is the subject's first message at or after a sequence, or ErrNone.
func (e *Engine) next(ctx context.Context, stream, subject string, from uint64) (*jetstream.RawStreamMsg, error) {
	var raw *jetstream.RawStreamMsg
	err := e.persist(ctx, func(ctx context.Context) error {
		var err error
		raw, err = e.handles[stream].GetMsg(ctx, from, jetstream.WithGetMsgSubject(subject))
		return err
	})
	return raw, err
}

// giveUp is the error of a publish that ran out of time.
func giveUp(ctx context.Context, last error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return fmt.Errorf("%w: %w", ErrUnavailable, context.Cause(ctx))
	}
	if errors.Is(last, ErrUnavailable) {
		return last
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, last)
}

// request is one try.
func (e *Engine) request(ctx context.Context, m *nats.Msg) (reply, error) {
	watched, unwatch := e.denied.watch(ctx, m.Subject)
	defer unwatch()
	one, done := context.WithTimeout(watched, e.tune.try)
	defer done()
	answer, err := e.conn.RequestMsgWithContext(one, m)
	if cause := context.Cause(watched); errors.Is(cause, errDenied) {
		return reply{}, cause
	}
	if err != nil {
		if ctx.Err() == nil {
			e.unanswered()
		}
		return reply{}, err
	}
	e.answered()
	var r reply
	if len(answer.Data) > 0 { // the first message of a batch is answered with nothing
		if err := json.Unmarshal(answer.Data, &r); err != nil {
			return reply{}, fmt.Errorf("answer of NATS: %w", err)
		}
	}
	return r, nil
}
