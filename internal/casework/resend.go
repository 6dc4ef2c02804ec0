package casework

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tocsin/internal/auth"
)

// KindResent is an officer's wish that one recipient be tried again.
const KindResent = "resent"

// Resent says who was to be tried again, on KindResent. It names a station or a
// partner, or a citizen by an opaque id; never an address.
type Resent struct {
	Revision  int    `json:"revision"`
	Channel   string `json:"channel"`
	Recipient string `json:"recipient"`
	Name      string `json:"name,omitempty"`
}

// How often may be pressed: a far side in trouble must not be hammered by
// hand, nor the record filled.
const (
	resendPause = 30 * time.Second // between two for one recipient
	resendMost  = 20               // of a case within resendSpan
	resendSpan  = time.Minute
)

// ErrThrottled: one who was tried again a moment ago must wait. 429, wrapped with the sentence.
var ErrThrottled = errors.New("too often")

func tooOften(why string) error { return refusal{ErrThrottled, why} }

// NotNow is a refusal of an act at this stage, with the sentence that the officer reads.
func NotNow(why string) error { return wrongStage(why) }

// resent is one act of the last minute.
type resent struct {
	channel, recipient string
	at                 time.Time
}

// Resend records that an officer wants one recipient tried again with a
// revision, and has send do it. Only the newest revision goes out again:
// whoever holds an older one gets the newer by itself. When it returns an error
// of send the wish is on the record and nothing is queued.
func (s *Service) Resend(ctx context.Context, by auth.Officer, id string, r Resent, send func(context.Context) error) error {
	_, err := s.act(ctx, by, id, func(st *state) (*Event, error) {
		if err := st.mayResend(by, r, time.Now()); err != nil {
			return nil, err
		}
		return &Event{Kind: KindResent, Resent: &r}, nil
	})
	if err != nil {
		return err
	}
	if err := send(ctx); errors.Is(err, ErrStage) {
		return err // its sentence is what the officer reads
	} else if err != nil {
		return fmt.Errorf("sending again: %w", err)
	}
	return nil
}

// mayResend says why by may not send r at now.
func (st *state) mayResend(by auth.Officer, r Resent, now time.Time) error {
	switch {
	case by.ID == "" || !by.Has(auth.Author) && !by.Has(auth.Approver):
		return forbidden("Only an author or an approver may send an alert again.")
	case st.pending != nil:
		return wrongStage("This revision has not gone out yet; it goes out by itself.")
	case r.Revision == 0 || r.Revision != st.newest():
		return wrongStage("A newer revision is out, and goes to everybody by itself. Open the board again.")
	}
	recent := 0
	for _, x := range st.resent {
		since := now.Sub(x.at)
		if x.channel == r.Channel && x.recipient == r.Recipient && since < resendPause {
			return tooOften("It was sent there again less than 30 seconds ago. Wait a moment.")
		}
		if since < resendSpan {
			recent++
		}
	}
	if recent >= resendMost {
		return tooOften("Too many were sent again within a minute. Wait a moment: what failed is tried again by itself.")
	}
	return nil
}

// newest is the revision that is out now, be it a withdrawal; 0 before the first release.
func (st *state) newest() int {
	switch {
	case st.c.Stage == StageWithdrawn:
		return st.c.Revision
	case st.c.Live != nil:
		return st.c.Live.Revision
	}
	return 0
}

// noteResent keeps what the next one is measured by.
func (st *state) noteResent(ev Event) {
	if ev.Resent == nil {
		return
	}
	recent := slices.DeleteFunc(slices.Clone(st.resent), func(x resent) bool { return ev.At.Sub(x.at) >= resendSpan })
	st.resent = append(recent, resent{ev.Resent.Channel, ev.Resent.Recipient, ev.At})
}
