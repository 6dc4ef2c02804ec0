package casework

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
)

// Submit asks an approver to release the draft, and first makes the kit for
// stations if there is none yet: some seconds. alert.Invalid lists every fault.
func (s *Service) Submit(ctx context.Context, by auth.Officer, id string) (Case, error) {
	if err := mayWrite(by); err != nil {
		return Case{}, err
	}
	if err := s.prepare(ctx, by, id); err != nil {
		return Case{}, err
	}
	return s.act(ctx, by, id, func(st *state) (*Event, error) {
		if st.c.Stage != StageDraft {
			return nil, wrongStage("Only a draft can be submitted; this case is " + string(st.c.Stage) + ".")
		}
		p, err := s.preview(ctx, st, time.Now())
		if err != nil {
			return nil, err
		}
		if err := p.Faults.Err(); err != nil {
			return nil, err
		}
		if p.Kit == nil && s.d.Kit != nil {
			return nil, ErrConflict // changed since its slides were made: whoever submits must have seen the change
		}
		ev := &Event{Kind: KindSubmitted, Digest: p.Digest}
		if st.c.Practice == nil { // nobody is asked for what is never sent
			ev.AskedAreas = s.Outside(st.c, by)
		}
		return ev, nil
	})
}

// Return gives a submission back to its authors, with the reason.
func (s *Service) Return(ctx context.Context, by auth.Officer, id, reason string) (Case, error) {
	return s.judge(ctx, by, id, reason, func(c Case) (*Event, error) {
		if c.Stage != StageSubmitted {
			return nil, wrongStage("Only a submitted alert can be returned; this case is " + string(c.Stage) + ".")
		}
		return &Event{Kind: KindReturned}, nil
	})
}

// Reject ends a case that was never public, and deletes its photos.
func (s *Service) Reject(ctx context.Context, by auth.Officer, id, reason string) (Case, error) {
	return s.judge(ctx, by, id, reason, func(c Case) (*Event, error) {
		switch {
		case c.Live != nil:
			return nil, wrongStage("The alert is live. Return its update to the authors, or withdraw the alert.")
		case c.Stage != StageDraft && c.Stage != StageSubmitted:
			return nil, wrongStage("Only a draft or a submitted alert can be rejected; this case is " + string(c.Stage) + ".")
		}
		return &Event{Kind: KindRejected}, nil
	})
}

// judge is what return and reject share: the approver's right, the reason, and
// the purge of what a rejected case no longer needs.
func (s *Service) judge(ctx context.Context, by auth.Officer, id, reason string, decide func(Case) (*Event, error)) (Case, error) {
	if err := mayJudge(by); err != nil {
		return Case{}, err
	}
	reason, err := checkReason(reason)
	if err != nil {
		return Case{}, err
	}
	c, err := s.act(ctx, by, id, func(st *state) (*Event, error) {
		ev, err := decide(st.c)
		if ev != nil {
			ev.Reason = reason
		}
		return ev, err
	})
	if err != nil {
		return c, err
	}
	return s.settled(ctx, id)
}

// Release signs and publishes what the approver saw: digest is the one of the
// preview that he was shown. When it returns nil, CASES and ALERTS both hold the
// message durably. ErrPending, with the case, means that the release is
// recorded and goes out as soon as ALERTS takes it. The same call again is no fault.
func (s *Service) Release(ctx context.Context, by auth.Officer, id, digest string) (Case, error) {
	return s.Approve(ctx, by, id, Approval{Digest: digest})
}

// ReleaseSigned is Release confirmed by the approver, by his passkey or a code.
func (s *Service) ReleaseSigned(ctx context.Context, by auth.Officer, id, digest string, answer []byte) (Case, error) {
	return s.Approve(ctx, by, id, Approval{Digest: digest, Answer: answer})
}

// Approval is what an approver releases, and by what.
type Approval struct {
	Digest string // of the preview that he was shown
	// Answer is what his browser gave for the digest, by his passkey; or a code, when
	// he has an authenticator app alone. It is on the record with the release. Where
	// neither is asked for, it is not looked at.
	Answer []byte
	// Override is his reason, needed for a first alert whose criteria are not all fulfilled.
	Override string
}

// Approve is Release with all that an approver may be asked for.
func (s *Service) Approve(ctx context.Context, by auth.Officer, id string, a Approval) (Case, error) {
	digest, answer := a.Digest, a.Answer
	var released string
	var given confirmation
	_, err := s.act(ctx, by, id, func(st *state) (*Event, error) {
		if st.c.Stage == StageReleased && st.releaser == by.ID && st.releasedDigest == digest {
			released = st.c.Live.Identifier
			return nil, nil
		}
		if st.c.Stage == StagePractised && st.c.Practice.By == by.ID && st.c.Digest == digest {
			return nil, nil // pressed twice
		}
		ev, err := s.releasable(ctx, st, by, digest)
		if err != nil {
			return nil, err
		}
		if ev.Override, err = st.overridden(a.Override); err != nil {
			return nil, err
		}
		// Whoever has no passkey yet can practise all the same: nothing goes out.
		if st.c.Practice == nil || len(s.Confirmation(by).Keys) > 0 {
			if err := s.confirm(ctx, by, digest, answer, &given); err != nil {
				return nil, err
			}
		}
		released, ev.Signature, ev.Code = ev.Message.Identifier, given.signature, given.code
		return ev, nil
	})
	if err != nil {
		return Case{}, err
	}
	if given.signature != nil {
		if err := s.d.Passkeys.Note(ctx, by, *given.signature); err != nil { // the alert is what matters now
			s.d.Log.Warn("the use of a passkey is not noted", "case", id, "err", err)
		}
	}
	if err := s.publish(ctx, id); err != nil {
		return s.pendingCase(id, err)
	}
	c, err := s.settled(ctx, id)
	if err == nil && c.Practice == nil && (c.Live == nil || c.Live.Identifier != released) {
		return c, wrongStage("The alert was released, and changed again meanwhile; look at the case.")
	}
	return c, err
}

// releasable is the release with its signed message, or why it may not go out.
func (s *Service) releasable(ctx context.Context, st *state, by auth.Officer, digest string) (*Event, error) {
	if st.c.Stage != StageSubmitted {
		return nil, wrongStage("Only a submitted alert can be released; this case is " + string(st.c.Stage) + ".")
	}
	alone, err := s.mayRelease(st.c, by)
	if err != nil {
		return nil, err
	}
	if err := s.agreed(st.c); err != nil {
		return nil, err
	}
	if st.pending != nil {
		return nil, fmt.Errorf("%w: the revision before this one is not published yet; try again in a moment", ErrPending)
	}
	now := time.Now()
	p, err := s.preview(ctx, st, now)
	if err != nil {
		return nil, err
	}
	if digest == "" || digest != p.Digest || digest != st.c.Digest {
		return nil, ErrDigest
	}
	if p.Message.Expired(now) {
		return nil, alert.Invalid{{Field: "expires", Code: "past", Text: "The alert's time ran out while it waited; return it and choose a later end."}}
	}
	if err := p.Faults.Err(); err != nil {
		return nil, err
	}
	if st.c.Practice != nil {
		return practised(p, alone), nil
	}
	m, err := s.signed(st, p.Message, now)
	if err != nil {
		return nil, err
	}
	return &Event{Kind: KindReleased, Digest: digest, Message: m, Shown: p.shown(), Criteria: p.Criteria, Alone: alone}, nil
}

// signed sets sent and signs. Sent is strictly after the revision before: CAP's
// whole seconds would else let two revisions look alike.
func (s *Service) signed(st *state, m *alert.Message, now time.Time) (*alert.Message, error) {
	m.Sent = now.UTC().Truncate(time.Second)
	if n := len(st.sent); n > 0 && !m.Sent.After(st.sent[n-1].ref.Sent) {
		m.Sent = st.sent[n-1].ref.Sent.Add(time.Second)
	}
	var err error
	if m.CAP, err = s.d.Sign(m); err != nil {
		return nil, fmt.Errorf("the alert could not be signed and did not go out: %w", err)
	}
	if len(m.CAP) == 0 {
		return nil, errors.New("the alert could not be signed and did not go out: the signer gave no document")
	}
	return m, nil
}

// pendingCase is the answer when the act is recorded and ALERTS did not take it yet.
func (s *Service) pendingCase(id string, err error) (Case, error) {
	c, getErr := s.Get(id)
	if getErr != nil {
		return Case{}, getErr
	}
	return c, fmt.Errorf("%w: %w", ErrPending, err)
}
