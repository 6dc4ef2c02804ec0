package casework

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"tocsin/internal/auth"
	"tocsin/internal/auth/authtest"
)

// keyring is a book with cleo and dora, of whom cleo has a passkey.
func keyring(t *testing.T, w *world) (*auth.Passkeys, *authtest.Key) {
	t.Helper()
	ctx := t.Context()
	book := must[*auth.Book](t)(auth.New(ctx, w.cases))
	for _, o := range []auth.Officer{cleo, dora} {
		o.Name = o.ID
		if err := book.Add(ctx, o, "correct horse battery"); err != nil {
			t.Fatal(err)
		}
	}
	p := must[*auth.Passkeys](t)(auth.NewPasskeys(book, "http://localhost"))
	k := authtest.NewKey(t, "localhost")
	k.Counter = 1
	if err := p.Enrol(ctx, cleo, "Phone", k.Create(must[any](t)(p.Creation(cleo)))); err != nil {
		t.Fatal(err)
	}
	return p, k
}

func TestReleaseIsSigned(t *testing.T) {
	w := newWorld()
	keys, k := keyring(t, w)
	s := w.boot(t, func(d *Deps) { d.Passkeys = keys })
	ctx := t.Context()
	c, other := submitted(t, s), submitted(t, s)
	thief := authtest.NewKey(t, "localhost")
	for name, answer := range map[string][]byte{
		"none":                    nil,
		"not JSON":                []byte("{"),
		"another content":         k.Get(auth.DigestChallenge(other.Digest)),
		"for signing in":          k.Get(keys.Challenge()),
		"somebody else's key":     thief.Get(auth.DigestChallenge(c.Digest)),
		"the owner was not asked": func() []byte { x := k.Clone(); x.Unverified = true; return x.Get(auth.DigestChallenge(c.Digest)) }(),
		"on another site's page": func() []byte {
			x := k.Clone()
			x.Origin = "https://evil.example"
			return x.Get(auth.DigestChallenge(c.Digest))
		}(),
		"made, and not used a key": func() []byte {
			x := k.Clone()
			x.Type = "webauthn.create"
			return x.Get(auth.DigestChallenge(c.Digest))
		}(),
	} {
		_, err := s.ReleaseSigned(ctx, cleo, c.ID, c.Digest, answer)
		if !errors.Is(err, ErrForbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
	answer := k.Get(auth.DigestChallenge(c.Digest))
	for range 2 { // the same page sent twice is no copied key
		c = must[Case](t)(s.ReleaseSigned(ctx, cleo, c.ID, c.Digest, answer))
	}
	if c.Stage != StageReleased || len(w.published(t, c.ID)) != 1 {
		t.Fatalf("after the release: %s", c.Stage)
	}
	if l := keys.List(cleo.ID); l[0].Used.IsZero() || l[0].Suspect {
		t.Errorf("the key: %+v", l)
	}
	proofs := must[[]ReleaseProof](t)(Examine(must[[][]byte](t)(s.RawRecord(ctx, c.ID))))
	if len(proofs) != 1 || !proofs[0].Whole || proofs[0].Event.Officer != cleo.ID || proofs[0].Event.Signature == nil || proofs[0].Event.Signature.Key != k.ID() {
		t.Errorf("the record proves %+v", proofs)
	}
	// A copy of the key, behind the key itself.
	stale := k.Clone()
	stale.Counter = 1
	_, err := s.ReleaseSigned(ctx, cleo, other.ID, other.Digest, stale.Get(auth.DigestChallenge(other.Digest)))
	wantErr(t, err, ErrForbidden)
	if l := keys.List(cleo.ID); !l[0].Suspect {
		t.Error("the copied key is not known as one")
	}
	_, err = s.ReleaseSigned(ctx, cleo, other.ID, other.Digest, k.Get(auth.DigestChallenge(other.Digest)))
	wantErr(t, err, ErrForbidden)
}

func TestPasskeyPolicy(t *testing.T) {
	for _, tt := range []struct {
		policy   PasskeyPolicy
		keyless  bool // no passkeys at this address
		by       auth.Officer
		released bool
	}{
		{"", false, cleo, false},
		{"", false, dora, true},
		{"", true, cleo, true},
		{PasskeyWhenEnrolled, false, cleo, false},
		{PasskeyWhenEnrolled, false, dora, true},
		{PasskeyRequired, false, cleo, false},
		{PasskeyRequired, false, dora, false},
		{PasskeyOff, false, cleo, true},
		{PasskeyOff, false, dora, true},
	} {
		w := newWorld()
		keys, _ := keyring(t, w)
		s := w.boot(t, func(d *Deps) {
			if d.Policy.Passkey = tt.policy; !tt.keyless {
				d.Passkeys = keys
			}
		})
		c := submitted(t, s)
		_, err := s.Release(t.Context(), tt.by, c.ID, c.Digest)
		if released := err == nil; released != tt.released || !released && !errors.Is(err, ErrForbidden) {
			t.Errorf("%q, %s, released %v: %v", tt.policy, tt.by.ID, released, err)
		}
	}
	w := newWorld()
	d := w.deps(&plug{})
	d.Policy.Passkey = "sometimes"
	_, err := New(context.Background(), d)
	wantFaults(t, err, "release_passkey")
}

// Each part of a signed release is held by the record: changing any of them,
// even with the chain made whole again, is found.
func TestExamine(t *testing.T) {
	w := newWorld()
	keys, k := keyring(t, w)
	s := w.boot(t, func(d *Deps) { d.Passkeys = keys })
	c := submitted(t, s)
	must[Case](t)(s.ReleaseSigned(t.Context(), cleo, c.ID, c.Digest, k.Get(auth.DigestChallenge(c.Digest))))
	raw := must[[][]byte](t)(s.RawRecord(t.Context(), c.ID))
	at := 0
	for i, b := range raw {
		if bytes.Contains(b, []byte(`"kind":"released"`)) {
			at = i
		}
	}
	// The published event after it is left out: the release is the last, so its own change breaks no link.
	raw = raw[:at+1]
	proofs := must[[]ReleaseProof](t)(Examine(raw))
	sig := proofs[0].Event.Signature
	other := "0" + c.Digest[1:]
	if other == c.Digest {
		other = "1" + c.Digest[1:]
	}
	for name, change := range map[string][2]string{
		"the place":   {"Gare", "Port"},
		"the digest":  {c.Digest, other},
		"the channel": {`"channel":"sms"`, `"channel":"fax"`},
		"the key":     {`"public_key":"pQ`, `"public_key":"pA`},
		"the host":    {`"host":"localhost"`, `"host":"evil.example"`},
		"no message":  {`"message":{`, `"massage":{`},
	} {
		changed := bytes.ReplaceAll(raw[at], []byte(change[0]), []byte(change[1]))
		if bytes.Equal(changed, raw[at]) {
			t.Errorf("%s: nothing was changed", name)
		}
		if _, err := Examine(append(raw[:at:at], changed)); !errors.Is(err, ErrRecord) {
			t.Errorf("%s changed: %v", name, err)
		}
	}
	for name, change := range map[string]func(*auth.Signature){
		"signature":          func(s *auth.Signature) { s.Signature[len(s.Signature)-1] ^= 1 },
		"authenticator data": func(s *auth.Signature) { s.AuthenticatorData[36] ^= 1 },
		"flags":              func(s *auth.Signature) { s.AuthenticatorData[32] &^= 4 },
		"client data":        func(s *auth.Signature) { s.ClientData = append(s.ClientData[:len(s.ClientData)-1], `,"x":1}`...) },
		"origin": func(s *auth.Signature) {
			s.ClientData = bytes.Replace(s.ClientData, []byte("localhost"), []byte("evilhost"), 1)
		},
	} {
		x := *sig
		x.Signature, x.AuthenticatorData, x.ClientData = bytes.Clone(sig.Signature), bytes.Clone(sig.AuthenticatorData), bytes.Clone(sig.ClientData)
		change(&x)
		if err := x.Verify(c.Digest); !errors.Is(err, auth.ErrSignature) {
			t.Errorf("%s changed: %v", name, err)
		}
	}
	if err := sig.Verify(strings.ToUpper(c.Digest[:63])); !errors.Is(err, auth.ErrSignature) {
		t.Errorf("what is no digest: %v", err)
	}
}
