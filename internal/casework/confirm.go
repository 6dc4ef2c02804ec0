package casework

import (
	"context"
	"errors"
	"fmt"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
)

// PasskeyPolicy says whose releases a passkey confirms.
type PasskeyPolicy string

// The policies. A bearer token cannot confirm: where a passkey is asked for, the
// officer releases in the console.
const (
	PasskeyRequired     PasskeyPolicy = "required"      // everybody's
	PasskeyWhenEnrolled PasskeyPolicy = "when_enrolled" // of who has a passkey
	PasskeyOff          PasskeyPolicy = "off"           // nobody's
)

// Confirmation is what an officer's release is confirmed with.
type Confirmation struct {
	Needed bool
	Host   string   // that the keys are bound to
	Keys   []string // ids that may answer, base64url; none although Needed: he has to enrol one first
	// Code: he has no passkey but an authenticator app, and confirms by a code of it.
	Code bool
}

// Confirmation says what a release by this officer needs.
func (s *Service) Confirmation(by auth.Officer) Confirmation {
	if s.d.Policy.Passkey == PasskeyOff {
		return Confirmation{}
	}
	byCode := Confirmation{Code: s.d.Codes != nil && s.d.Codes.HasApp(by.ID)}
	if s.d.Passkeys == nil {
		return byCode
	}
	all := s.d.Passkeys.List(by.ID)
	c := Confirmation{Needed: len(all) > 0 || s.d.Policy.Passkey == PasskeyRequired, Host: s.d.Passkeys.Host()}
	if !c.Needed {
		return byCode
	}
	for _, k := range all {
		if !k.Suspect {
			c.Keys = append(c.Keys, k.ID)
		}
	}
	return c
}

// confirmation is what an approver confirmed a release with, once for all the
// times that the release is decided: a code is good for one.
type confirmation struct {
	signature *auth.Signature
	code      auth.Way
}

// confirm asks for what c says, unless it was given already.
func (s *Service) confirm(ctx context.Context, by auth.Officer, digest string, answer []byte, given *confirmation) (err error) {
	if given.code != "" {
		return nil
	}
	if c := s.Confirmation(by); c.Code {
		given.code, err = s.byCode(ctx, by, string(answer))
		return err
	}
	given.signature, err = s.confirmed(ctx, by, digest, answer)
	return err
}

// byCode takes the approver's code. alert.Invalid says what is wrong with it.
func (s *Service) byCode(ctx context.Context, by auth.Officer, code string) (auth.Way, error) {
	if code == "" {
		return "", alert.Invalid{{Field: "code", Code: "required", Text: "Your releases are confirmed by a code of your authenticator app. Type the code that it shows now."}}
	}
	way, err := s.d.Codes.CheckCode(ctx, by, code)
	switch {
	case errors.Is(err, auth.ErrCodeUsed):
		return "", alert.Invalid{{Field: "code", Code: "used", Text: "This code was used already. Wait until the app shows the next one, at most 30 seconds."}}
	case errors.Is(err, auth.ErrCode):
		return "", alert.Invalid{{Field: "code", Code: "wrong", Text: "The code is wrong. Type the code that your app shows now; nothing went out."}}
	}
	return way, err
}

// confirmed is the approver's signature over the digest; nil where none is needed.
func (s *Service) confirmed(ctx context.Context, by auth.Officer, digest string, answer []byte) (*auth.Signature, error) {
	c := s.Confirmation(by)
	switch {
	case !c.Needed:
		return nil, nil
	case len(c.Keys) == 0:
		return nil, forbidden("Releases are confirmed by passkey here, and you have none that can be used. Add one on your account page.")
	case len(answer) == 0:
		return nil, forbidden("Your releases are confirmed by passkey. Release this alert on its page in the console.")
	}
	signature, err := s.d.Passkeys.Confirm(ctx, by, digest, answer)
	switch {
	case errors.Is(err, auth.ErrSuspect):
		return nil, forbidden("This passkey may have been copied, and is refused from now on. Use another one, and tell your administrator.")
	case errors.Is(err, auth.ErrPasskey), errors.Is(err, auth.ErrSignature):
		return nil, forbidden("The passkey does not confirm this content. Nothing went out; open the release page again.")
	case err != nil:
		return nil, err
	}
	return &signature, nil
}

// ReleaseProof is what a record proves of one release.
type ReleaseProof struct {
	Event Event
	// Whole says that the record holds everything the digest is over, and that it
	// fits; records of releases from before texts were kept are not whole.
	Whole bool
}

// Examine checks a record as stored: the chain as VerifyRecord does, and of each
// release that its digest is that of the message and texts beside it, and that
// the approver's passkey signed that digest. Releases without a signature are
// listed like the others; Event.Signature is nil. It needs no server. The error wraps ErrRecord.
func Examine(raw [][]byte) ([]ReleaseProof, error) {
	events, err := verified(raw)
	if err != nil {
		return nil, err
	}
	var proofs []ReleaseProof
	for i, ev := range events {
		if ev.Kind != KindReleased {
			continue
		}
		if ev.Message == nil {
			return nil, fmt.Errorf("%w: event %d: a release without its message", ErrRecord, i+1)
		}
		proof := ReleaseProof{Event: ev, Whole: len(ev.Shown) > 0}
		if proof.Whole {
			if sum, err := digest(ev.Message, ev.Shown, ev.Criteria); err != nil || sum != ev.Digest {
				return nil, fmt.Errorf("%w: event %d: its digest is not that of the content released", ErrRecord, i+1)
			}
		}
		if ev.Signature != nil {
			if err := ev.Signature.Verify(ev.Digest); err != nil {
				return nil, fmt.Errorf("%w: event %d: %w", ErrRecord, i+1, err)
			}
		}
		proofs = append(proofs, proof)
	}
	return proofs, nil
}
