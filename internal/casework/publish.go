package casework

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/stream"
)

// errSuperseded: ALERTS has a newer revision already, so this one must not go out.
var errSuperseded = errors.New("a newer revision is published already")

// publish brings what is pending to ALERTS and notes it on CASES. It returns nil
// when ALERTS has it. That the note failed is no error: whoever tries next
// finds the message there and writes only the note.
func (s *Service) publish(ctx context.Context, id string) error {
	free, err := s.hold(ctx, id)
	if err != nil {
		return err
	}
	defer free()
	_, st, err := s.find(id)
	if err != nil {
		return err
	}
	m := st.pending
	if m == nil {
		return nil
	}
	if err := s.deliver(ctx, m); err != nil {
		return err
	}
	_, err = s.decided(ctx, auth.Officer{ID: System}, id, func(st *state) (*Event, error) {
		if st.pending == nil || st.pending.Identifier != m.Identifier {
			return nil, nil
		}
		return &Event{Kind: KindPublished, Identifier: m.Identifier}, nil
	})
	if err != nil {
		s.d.Log.Warn("published, but not noted yet", "case", id, "err", err)
	}
	return nil
}

// deliver appends m to ALERTS unless it is there. The sequence of the case's
// previous message is part of the append, so that a late writer can neither
// repeat a message nor put an alert after its withdrawal.
func (s *Service) deliver(ctx context.Context, m *alert.Message) error {
	subject := "alerts." + m.Agency + "." + m.Case
	data, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("message: %w", err)
	}
	for range rounds {
		var after uint64
		last, err := s.d.Alerts.Last(ctx, subject)
		switch {
		case errors.Is(err, stream.ErrNone):
		case err != nil:
			return err
		default:
			var have alert.Message
			if err := json.Unmarshal(last.Data, &have); err != nil {
				return fmt.Errorf("the case's last message: %w", err)
			}
			if have.Identifier == m.Identifier {
				return nil
			}
			if have.Supersedes(m.Revision) {
				return errSuperseded
			}
			after = last.Seq
		}
		if m.Expired(time.Now()) {
			return errors.New("it expired before it could be published")
		}
		_, err = s.d.Alerts.Append(ctx, stream.Entry{
			Subject: subject, ID: m.Identifier, Data: data, After: &after, Rollup: m.MsgType == alert.TypeCancel,
		})
		if !errors.Is(err, stream.ErrConflict) {
			return err
		}
	}
	return stream.ErrConflict
}
