package auth

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"
)

// ErrSignature: a signature does not prove what it is said to prove.
var ErrSignature = errors.New("the signature does not hold")

// Signature is an officer's passkey over the digest of a content: everything
// that is needed to verify it years later, without this server. The digest is
// the challenge in ClientData, so the key signed it and nothing else.
type Signature struct {
	Key               string `json:"key"`                // id of the credential, base64url
	PublicKey         []byte `json:"public_key"`         // COSE, as it was enrolled
	Host              string `json:"host"`               // what the key is bound to
	AuthenticatorData []byte `json:"authenticator_data"` // what the key itself said: its host, that it asked for a finger, face or PIN
	ClientData        []byte `json:"client_data"`        // JSON, what the browser said: the page, the challenge
	Signature         []byte `json:"signature"`          // over both
}

// Verify checks that the key signed digest (hex, SHA-256), on a page of Host, and
// that its owner was asked for a finger, face or PIN. That the key was the
// officer's is what the officers' book says, not the signature. The error wraps ErrSignature.
func (s Signature) Verify(digest string) error {
	want, err := challengeOf(digest)
	if err != nil {
		return err
	}
	var client protocol.CollectedClientData
	if err := json.Unmarshal(s.ClientData, &client); err != nil {
		return fmt.Errorf("%w: client data: %w", ErrSignature, err)
	}
	origin, err := url.Parse(client.Origin)
	switch {
	case client.Type != protocol.AssertCeremony:
		return fmt.Errorf("%w: the key was not asked to sign", ErrSignature)
	case client.Challenge != encoded(want):
		return fmt.Errorf("%w: it is over another content", ErrSignature)
	case err != nil || origin.Hostname() != s.Host && !strings.HasSuffix(origin.Hostname(), "."+s.Host):
		return fmt.Errorf("%w: it was made on a page of %q, not of %q", ErrSignature, client.Origin, s.Host)
	}
	var data protocol.AuthenticatorData
	if err := data.Unmarshal(s.AuthenticatorData); err != nil {
		return fmt.Errorf("%w: authenticator data: %w", ErrSignature, err)
	}
	host := sha256.Sum256([]byte(s.Host))
	if !bytes.Equal(data.RPIDHash, host[:]) || !data.Flags.HasUserPresent() || !data.Flags.HasUserVerified() {
		return fmt.Errorf("%w: the key is bound to another host, or did not ask for its owner", ErrSignature)
	}
	key, err := webauthncose.ParsePublicKey(s.PublicKey)
	if err != nil {
		return fmt.Errorf("%w: public key: %w", ErrSignature, err)
	}
	sum := sha256.Sum256(s.ClientData)
	if ok, err := webauthncose.VerifySignature(key, slices.Concat(s.AuthenticatorData, sum[:]), s.Signature); err != nil || !ok {
		return fmt.Errorf("%w: it is not by this key, or something was changed", ErrSignature)
	}
	return nil
}

// challengeOf is the bytes that a key signs for a digest.
func challengeOf(digest string) ([]byte, error) {
	b, err := hex.DecodeString(digest)
	if err != nil || len(b) != sha256.Size {
		return nil, fmt.Errorf("%w: %q is no SHA-256 digest in hex", ErrSignature, digest)
	}
	return b, nil
}

// DigestChallenge is the challenge that a browser asks a key with to confirm the
// content of this digest; "" when it is none.
func DigestChallenge(digest string) string {
	b, err := challengeOf(digest)
	if err != nil {
		return ""
	}
	return encoded(b)
}

// Confirm checks that one of o's keys answered the digest, and gives what to
// keep of it. ErrPasskey, ErrSuspect. Nothing is noted yet: the same answer may
// come twice, as when a page is sent again; Note follows the act.
func (p *Passkeys) Confirm(ctx context.Context, o Officer, digest string, answer []byte) (Signature, error) {
	who, ok := p.book.person(o.ID)
	if !ok {
		return Signature{}, ErrUnknown
	}
	said, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return Signature{}, errors.Join(ErrPasskey, err)
	}
	cred, err := p.web.ValidateLogin(who, webauthn.SessionData{
		Challenge: DigestChallenge(digest), UserID: who.WebAuthnID(), UserVerification: protocol.VerificationRequired,
	}, said)
	if err != nil {
		return Signature{}, errors.Join(ErrPasskey, err)
	}
	if at := slices.IndexFunc(who.keys, func(k passkey) bool { return k.ID == encoded(cred.ID) }); cred.Authenticator.CloneWarning || who.keys[at].Suspect {
		return Signature{}, p.used(ctx, o, cred, "") // ErrSuspect, noted
	}
	s := Signature{
		Key: encoded(cred.ID), PublicKey: cred.PublicKey, Host: p.Host(), AuthenticatorData: said.Raw.AssertionResponse.AuthenticatorData,
		ClientData: said.Raw.AssertionResponse.ClientDataJSON, Signature: said.Response.Signature,
	}
	return s, s.Verify(digest) // as everybody else will
}

// Note keeps that s was used: the key's counter, and when.
func (p *Passkeys) Note(ctx context.Context, o Officer, s Signature) error {
	var data protocol.AuthenticatorData
	if err := data.Unmarshal(s.AuthenticatorData); err != nil {
		return fmt.Errorf("authenticator data: %w", err)
	}
	return p.onKey(ctx, o, event{Kind: kindPasskeyUsed, Key: s.Key, Count: data.Counter})
}
