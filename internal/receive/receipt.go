package receive

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Receipt is the station's word about one revision.
type Receipt struct {
	Identifier string    `json:"identifier"`
	Revision   int       `json:"revision"`
	State      string    `json:"state"` // received, seen, queued, on_air, declined, failed, removed
	At         time.Time `json:"at"`
	By         string    `json:"by,omitempty"`
	Channel    string    `json:"channel,omitempty"`
	Reason     string    `json:"reason,omitempty"` // declined and failed need one

	Epoch string `json:"epoch"`        // of the log it belongs to; set by the receiver
	ID    string `json:"id,omitempty"` // of a file in the outbox; set by Note

	tried time.Time // when it was last put on a line
}

// wire is r as a frame.
func (r *Receipt) wire() any {
	return struct {
		Type string `json:"type"`
		Receipt
		Epoch string `json:"epoch,omitempty"` // hides Receipt's: it is ours alone
		ID    string `json:"id,omitempty"`    // as well
	}{"receipt", *r, "", ""}
}

// answerWait is how long an answer may take before a receipt is sent again.
const answerWait = 10 * time.Second

// ErrUnknown: the receiver does not hold such a revision.
var ErrUnknown = errors.New("no such revision here")

// Report sends a further receipt of the station's: seen, queued, on_air,
// declined, failed, removed. It is durable when Report returns nil, and goes out
// as soon as there is a line. Other processes use Note.
func (r *Receiver) Report(rec Receipt) error {
	if err := rec.check(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, owed := range r.state.Owed {
		if rec.ID != "" && owed.ID == rec.ID {
			return nil // the file outlived a crash
		}
	}
	for _, h := range r.state.Cases {
		if h.Identifier != rec.Identifier || h.Revision != rec.Revision {
			continue
		}
		rec.Epoch = h.Epoch
		before := slices.Clone(h.Said)
		h.say(&rec)
		if err := r.owe(&rec); err != nil {
			h.Said = before
			return err
		}
		return nil
	}
	return fmt.Errorf("%s revision %d: %w", rec.Identifier, rec.Revision, ErrUnknown)
}

// owe notes receipts durably and wakes the lines. What the disk did not take is
// not owed. Under r.mu.
func (r *Receiver) owe(recs ...*Receipt) error {
	before := slices.Clone(r.state.Owed)
	for _, rec := range recs {
		if rec.At.IsZero() {
			rec.At = r.now().UTC()
		}
		if len(r.state.Owed) >= maxOwed {
			r.state.Owed = r.state.Owed[1:]
		}
		r.state.Owed = append(r.state.Owed, rec)
	}
	if err := r.save(); err != nil {
		r.state.Owed = before
		return err
	}
	r.wake()
	return nil
}

// due lists the receipts of a log that should go out now, and takes note of the try.
func (r *Receiver) due(epoch string, now time.Time) []*Receipt {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []*Receipt
	for _, rec := range r.state.Owed {
		if rec.Epoch == epoch && now.Sub(rec.tried) >= answerWait && len(out) < 100 {
			rec.tried = now
			out = append(out, new(*rec))
		}
	}
	return out
}

// answered strikes a receipt off. A refusal that will not change strikes it off as well, and is told.
func (r *Receiver) answered(f *serverFrame) {
	refused := f.Type == "receipt_refused"
	if refused {
		r.opt.Log.Warn("receipt refused", "identifier", f.Identifier, "state", f.State, "code", f.Code, "detail", f.Detail)
		if f.Retry {
			return
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state.Owed = slices.DeleteFunc(r.state.Owed, func(rec *Receipt) bool {
		return !rec.tried.IsZero() && rec.Identifier == f.Identifier && rec.Revision == f.Revision && rec.State == f.State
	})
	r.dirty = true
	for _, h := range r.state.Cases {
		if h.Identifier == f.Identifier && h.Revision == f.Revision {
			h.settled(f.State, r.now(), refused)
		}
	}
	if refused && slices.Contains(peopleStates, f.State) && f.State != "removed" {
		r.alarm("", AlarmRefused, fmt.Sprintf("the feed does not take %s of %.100s: %.200s", f.State, f.Identifier, f.Detail))
	}
}

// untry makes receipts due again whose line broke before the answer.
func (r *Receiver) untry(epoch string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rec := range r.state.Owed {
		if rec.Epoch == epoch {
			rec.tried = time.Time{}
		}
	}
	r.wake()
}

// wake tells every line that there may be receipts to send. Under r.mu.
func (r *Receiver) wake() {
	close(r.news)
	r.news = make(chan struct{})
}
