package stream

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
)

// What erasing means here. A purge or a `Nats-Rollup` header of NATS only drops
// messages from the index and leaves their bytes in the block file, where a
// child's name could be read for years. So nothing is purged: each message is
// deleted "securely", which rewrites its block with random bytes in its place
// (written beside, synced, renamed: after a kill -9 the file is either the old or
// the new one), and the deletion cannot come undone, for there is nothing left to
// come back.
//
// A roll-up is publish first, erase after. The other order could lose the alert
// and not yet hold the withdrawal, so that nobody would ever be told. This order
// is safe because the new record is marked in its header: Append answers only
// when the erasure is done, a retry with the same ID goes on with it, and Open
// finishes what a crash interrupted. Between the two a reader sees the alert and
// then its withdrawal, as every reader before it did.
//
// In a cluster every replica overwrites its own file within moments; the log by
// which the replicas agree keeps its copy until nats-server's next snapshot, about
// two and a half minutes later, also when the cluster is idle.

// Erase removes every record of the subject, also from disk.
func (l *Log) Erase(ctx context.Context, subject string) error {
	full, err := l.e.full(subject, false, l.heads...)
	if err == nil {
		err = l.e.eraseBefore(ctx, l.stream, full, 0)
	}
	if err != nil {
		return fmt.Errorf("erase from %s: %w", l.stream, err)
	}
	return nil
}

// EraseBefore removes the subject's records that are older than the one of that
// sequence, also from disk. It may be repeated.
func (l *Log) EraseBefore(ctx context.Context, subject string, seq uint64) error {
	full, err := l.e.full(subject, false, l.heads...)
	if err == nil && seq == 0 {
		err = errors.New("no sequence is named: use Erase for all records")
	}
	if err == nil {
		err = l.e.eraseBefore(ctx, l.stream, full, seq)
	}
	if err != nil {
		return fmt.Errorf("erase from %s: %w", l.stream, err)
	}
	return nil
}

// eraseBefore erases the subject's messages before a sequence; 0 = all there are.
func (e *Engine) eraseBefore(ctx context.Context, stream, subject string, before uint64) error {
	for {
		raw, err := e.next(ctx, stream, subject, 1)
		if errors.Is(err, ErrNone) {
			return nil
		}
		if err != nil {
			return err
		}
		if before > 0 && raw.Sequence >= before {
			return nil
		}
		if err := e.eraseOne(ctx, stream, subject, raw.Sequence); err != nil {
			return err
		}
	}
}

// eraseOne overwrites one message. (The library's SecureDeleteMsg hides the server's reason.)
func (e *Engine) eraseOne(ctx context.Context, stream, subject string, seq uint64) error {
	m := nats.NewMsg("$JS.API.STREAM.MSG.DELETE." + stream)
	m.Data = fmt.Appendf(nil, `{"seq":%d}`, seq)
	_, err := e.publish(ctx, m)
	if err == nil {
		return nil
	}
	if raw, look := e.next(ctx, stream, subject, seq); errors.Is(look, ErrNone) || look == nil && raw.Sequence > seq {
		return nil // an earlier try, or somebody else, did it
	}
	return fmt.Errorf("sequence %d: %w", seq, err)
}

// resumeErasures finishes the roll-ups of ALERTS and the deletions of objects that
// a crash interrupted. Both streams hold few subjects: cases and pictures.
func (e *Engine) resumeErasures(ctx context.Context) error {
	err := e.resumeRollups(ctx)
	if err == nil {
		err = e.Objects().resume(ctx)
	}
	if err != nil {
		return fmt.Errorf("resume erasures: %w", err)
	}
	return nil
}

func (e *Engine) resumeRollups(ctx context.Context) error {
	info, err := e.info(ctx, streamAlerts, string(e.realm)+".alerts.>")
	if err != nil {
		return err
	}
	for subject, n := range info.State.Subjects {
		if n < 2 {
			continue
		}
		last, err := e.last(ctx, streamAlerts, subject)
		if err != nil {
			return err
		}
		if last.Header.Get(headerRollup) == "" {
			continue
		}
		if err := e.eraseBefore(ctx, streamAlerts, subject, last.Sequence); err != nil {
			return err
		}
	}
	return nil
}
