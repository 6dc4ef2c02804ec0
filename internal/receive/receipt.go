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

	Epoch string `json:"epoch"` // of the log it belongs to; set by the receiver

	tried time.Time // when it was last put on a line
}

// wire is r as a frame.
func (r *Receipt) wire() any {
	return struct {
		Type string `json:"type"`
		Receipt
		Epoch string `json:"epoch,omitempty"` // hides Receipt's: it is ours alone
	}{"receipt", *r, ""}
}

// answerWait is how long an answer may take before a receipt is sent again.
const answerWait = 10 * time.Second

// ErrUnknown: the receiver does not hold such a revision.
var ErrUnknown = errors.New("no such revision here")

// Report sends a further receipt of the station's: seen, queued, on_air,
// declined, failed. It is durable when Report returns nil, and goes out as soon
// as there is a line.
func (r *Receiver) Report(rec Receipt) error {
	if !slices.Contains([]string{"seen", "queued", "on_air", "declined", "failed", "received", "removed"}, rec.State) {
		return fmt.Errorf("state %q: use seen, queued, on_air, declined or failed", rec.State)
	}
	if (rec.State == "declined" || rec.State == "failed") && rec.Reason == "" {
		return fmt.Errorf("reason: %s needs one, so that the police know why", rec.State)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, h := range r.state.Cases {
		if h.Identifier == rec.Identifier && h.Revision == rec.Revision {
			rec.Epoch = h.Epoch
			return r.owe(&rec)
		}
	}
	return fmt.Errorf("%s revision %d: %w", rec.Identifier, rec.Revision, ErrUnknown)
}

// owe notes receipts durably and wakes the lines. Under r.mu.
func (r *Receiver) owe(recs ...*Receipt) error {
	for _, rec := range recs {
		if rec.At.IsZero() {
			rec.At = time.Now().UTC()
		}
		if len(r.state.Owed) >= maxOwed {
			r.state.Owed = r.state.Owed[1:]
		}
		r.state.Owed = append(r.state.Owed, rec)
	}
	if err := r.state.save(r.opt.Dir); err != nil {
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
			out = append(out, rec)
		}
	}
	return out
}

// answered strikes a receipt off. A refusal that will not change strikes it off as well.
func (r *Receiver) answered(f *serverFrame) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if f.Type == "receipt_refused" {
		r.opt.Log.Warn("receipt refused", "identifier", f.Identifier, "state", f.State, "code", f.Code, "detail", f.Detail)
		if f.Retry {
			return
		}
	}
	r.state.Owed = slices.DeleteFunc(r.state.Owed, func(rec *Receipt) bool {
		return !rec.tried.IsZero() && rec.Identifier == f.Identifier && rec.Revision == f.Revision && rec.State == f.State
	})
	r.dirty = true
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
