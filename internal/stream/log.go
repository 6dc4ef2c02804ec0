package stream

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Log is one append-only stream of the engine's realm.
type Log struct {
	e      *Engine
	stream string
	heads  []string // first words of its subjects
	urgent bool     // may use the last reserve of the disk
}

// Append stores one record and returns its sequence. It retries with the same ID
// until ctx ends (without a deadline: 30 s), so an answer that was lost stores
// nothing twice within the twenty minutes of the dedupe window. Errors:
// ErrConflict, ErrFull, ErrUnavailable (may have been stored: try again with the same ID).
func (l *Log) Append(ctx context.Context, en Entry) (uint64, error) {
	m, err := l.message(en)
	if err != nil {
		return 0, fmt.Errorf("append to %s: %w", l.stream, err)
	}
	if err := l.e.room(l.urgent); err != nil {
		return 0, fmt.Errorf("append to %s: %w", l.stream, err)
	}
	seq, err := l.e.publish(ctx, m)
	if err == nil && en.Rollup {
		err = l.e.eraseBefore(ctx, l.stream, m.Subject, seq)
	}
	if err != nil {
		return 0, fmt.Errorf("append to %s: %w", l.stream, err)
	}
	return seq, nil
}

// AppendAll stores many records, in order, in atomic batches of up to 1,000. After
// an error the batches before it are stored; the same call again stores the rest.
func (l *Log) AppendAll(ctx context.Context, en []Entry) error {
	msgs := make([]*nats.Msg, len(en))
	for i := range en {
		m, err := l.message(en[i])
		if err == nil && en[i].Rollup {
			err = errors.New("a roll-up in bulk: append that record alone")
		}
		if err != nil {
			return fmt.Errorf("append to %s: record %d: %w", l.stream, i, err)
		}
		msgs[i] = m
	}
	if err := l.e.room(l.urgent); err != nil {
		return fmt.Errorf("append to %s: %w", l.stream, err)
	}
	if err := l.e.publishAll(ctx, msgs); err != nil {
		return fmt.Errorf("append to %s: %w", l.stream, err)
	}
	return nil
}

func (l *Log) message(en Entry) (*nats.Msg, error) {
	subject, err := l.e.full(en.Subject, false, l.heads...)
	if err != nil {
		return nil, err
	}
	if len(en.Data) > maxPayload-4096 { // headers count too
		return nil, fmt.Errorf("record of %d bytes: %d are allowed", len(en.Data), maxPayload-4096)
	}
	if err := checkID(en.ID); err != nil {
		return nil, err
	}
	m := message(subject, en)
	if l.stream == streamAlerts {
		l.e.label(m)
	}
	return m, nil
}

// Last is the newest record of a subject, or ErrNone.
func (l *Log) Last(ctx context.Context, subject string) (Record, error) {
	full, err := l.e.full(subject, true, l.heads...)
	if err != nil {
		return Record{}, fmt.Errorf("read %s: %w", l.stream, err)
	}
	raw, err := l.e.last(ctx, l.stream, full)
	if err != nil {
		return Record{}, fmt.Errorf("read %s %s: %w", l.stream, subject, err)
	}
	return Record{Seq: raw.Sequence, Subject: l.e.bare(raw.Subject), ID: raw.Header.Get(jetstream.MsgIDHeader), Data: raw.Data, Time: raw.Time}, nil
}

// Newest is the sequence of the newest record of this realm that is still stored;
// 0 = there is none. Unlike Head it is one that a fold hears of: on servers that two
// realms share, the head may be the other one's.
func (l *Log) Newest(ctx context.Context) (newest uint64, err error) {
	for _, head := range l.heads {
		r, err := l.Last(ctx, head+".>")
		if err != nil && !errors.Is(err, ErrNone) {
			return 0, err
		}
		newest = max(newest, r.Seq)
	}
	return newest, nil
}

// Head is the sequence of the newest record that was ever stored, of whatever realm; 0 = none yet.
func (l *Log) Head(ctx context.Context) (uint64, error) {
	info, err := l.e.info(ctx, l.stream, "")
	if err != nil {
		return 0, fmt.Errorf("head of %s: %w", l.stream, err)
	}
	return info.State.LastSeq, nil
}
