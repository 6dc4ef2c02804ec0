package casework

import (
	"context"
	"encoding/json"
	"fmt"

	"tocsin/internal/chain"
)

// hashOf is the link from one event to the next.
func hashOf(raw []byte) string { return chain.Hash(raw) }

// VerifyRecord checks a case's events as stored, in order: each is of the same
// case and names the hash of the one before it. An event that was changed, left
// out, moved or slipped in breaks the chain; that the newest events are missing
// can only be seen by comparing the last hash with one noted elsewhere. The
// error wraps ErrRecord.
func VerifyRecord(raw [][]byte) error {
	_, err := verified(raw)
	return err
}

// LastHash is the hash of a record's newest event: what to note elsewhere. "" of an empty one.
func LastHash(raw [][]byte) string {
	if len(raw) == 0 {
		return ""
	}
	return hashOf(raw[len(raw)-1])
}

// verified is the decoded record.
func verified(raw [][]byte) ([]Event, error) {
	events := make([]Event, len(raw))
	var links chain.Chain
	for i, b := range raw {
		ev := &events[i]
		if err := json.Unmarshal(b, ev); err != nil {
			return nil, fmt.Errorf("%w: event %d: %w", ErrRecord, i+1, err)
		}
		if ev.Case != events[0].Case {
			return nil, fmt.Errorf("%w: event %d belongs to case %q", ErrRecord, i+1, ev.Case)
		}
		if links.Add(b, ev.Prev) != nil {
			return nil, fmt.Errorf("%w: event %d does not follow event %d", ErrRecord, i+1, i)
		}
	}
	return events, nil
}

// Record is every event of a case in order. It is handed out only when the
// chain of hashes holds; else the error wraps ErrRecord.
func (s *Service) Record(ctx context.Context, id string) ([]Event, error) {
	raw, err := s.RawRecord(ctx, id)
	if err != nil {
		return nil, err
	}
	return verified(raw)
}

// RawRecord is the events as stored, byte for byte: what VerifyRecord checks on
// another machine.
func (s *Service) RawRecord(ctx context.Context, id string) ([][]byte, error) {
	if _, _, err := s.find(id); err != nil {
		return nil, err
	}
	var raw [][]byte
	for rec, err := range s.d.Cases.Read(ctx, subjectPrefix+id, 0) {
		if err != nil {
			return nil, fmt.Errorf("reading the record: %w", err)
		}
		raw = append(raw, rec.Data)
	}
	return raw, nil
}
