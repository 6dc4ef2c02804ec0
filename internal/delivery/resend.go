package delivery

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/stream"
)

// Why a revision is not sent to somebody again.
var (
	// ErrOvertaken: a newer revision is out, which goes to everybody by itself.
	ErrOvertaken = errors.New("a newer revision is out")
	// ErrOver: the alert has expired, or the recipient has confirmed that its copies are gone.
	ErrOver = errors.New("there is nothing left to send")
	// ErrNobody: the recipient is not registered, not meant by the alert, or a
	// citizen whose service is asked again by itself.
	ErrNobody = errors.New("no such recipient of this alert")
)

// Resend puts a job for one recipient on the queue although its attempts have
// ended, or wait: an officer has telephoned with the station and wants it tried
// now. Durable when it returns nil. The caller says who may ask, and how often.
func Resend(ctx context.Context, d Deps, caseID string, revision int, channel, id string) error {
	r, ok := d.Current.Case(caseID)
	if !ok || r.Message.Revision != revision {
		return ErrOvertaken
	}
	m := r.Message
	if m.Expired(time.Now()) || d.Ledger.State(caseID, revision, channel, id) == adapter.Removed {
		return ErrOver
	}
	who, ok := d.reach(m, channel, id)
	if !ok || who.Number != 0 {
		return ErrNobody
	}
	if err := d.Ledger.CatchUp(ctx); err != nil { // what we count as tried must be all
		return err
	}
	data, err := json.Marshal(job{
		Case: m.Case, Identifier: m.Identifier, Revision: m.Revision, Seq: r.Seq, Channel: channel, Shards: 1,
		Only: id, Again: true, Tried: d.Ledger.Attempts(m.Case, m.Revision, channel, id),
	})
	if err != nil {
		return err
	}
	if err := d.Queue.Enqueue(ctx, []stream.Job{{
		Subject: subject(channel, priorityOf(m), d.partOf(channel, id), m.Case, m.Revision, id+"-again"),
		ID:      m.Identifier + "." + channel + "." + id + "." + rand.Text(), // each press is a job; the caller bounds them
		Data:    data,
	}}); err != nil {
		return fmt.Errorf("queue %s: %w", m.Identifier, err)
	}
	return nil
}

// reach is one recipient whom m may go to: in its areas, or with an earlier
// revision in his hands.
func (d Deps) reach(m *alert.Message, channel, id string) (adapter.Recipient, bool) {
	who, meant := d.Recipients.Meant(channel, id, m.AreaCodes())
	if who.ID == "" {
		return who, false
	}
	return who, meant || d.Ledger.Touched(m.Case, m.Revision+1, channel, id)
}
