package auth

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/go-webauthn/webauthn/protocol"

	"tocsin/internal/auth/authtest"
)

// What a key signed well may still prove nothing about a release.
func TestSignatureOfSomethingElse(t *testing.T) {
	p, k := withKey(t)
	digest, other := strings.Repeat("ab", 32), strings.Repeat("cd", 32)
	public := p.book.accounts["anna.smith"].passkeys[0].cred.PublicKey
	for name, tt := range map[string]struct {
		change func(*authtest.Key)
		signed string
		good   bool
	}{
		"a release":                {func(*authtest.Key) {}, DigestChallenge(digest), true},
		"another content":          {func(*authtest.Key) {}, DigestChallenge(other), false},
		"a sign-in":                {func(*authtest.Key) {}, p.Challenge(), false},
		"its owner was not asked":  {func(k *authtest.Key) { k.Unverified = true }, DigestChallenge(digest), false},
		"a key of another host":    {func(k *authtest.Key) { k.Host = "evil.example" }, DigestChallenge(digest), false},
		"a page of another host":   {func(k *authtest.Key) { k.Origin = "https://evil.example" }, DigestChallenge(digest), false},
		"a host that ends like it": {func(k *authtest.Key) { k.Origin = "https://evillocalhost" }, DigestChallenge(digest), false},
		"the making of a key":      {func(k *authtest.Key) { k.Type = "webauthn.create" }, DigestChallenge(digest), false},
	} {
		c := k.Clone()
		tt.change(c)
		var said struct {
			Response struct{ AuthenticatorData, ClientDataJSON, Signature protocol.URLEncodedBase64 }
		}
		if err := json.Unmarshal(c.Get(tt.signed), &said); err != nil {
			t.Fatal(err)
		}
		s := Signature{
			Key: k.ID(), PublicKey: public, Host: "localhost",
			AuthenticatorData: said.Response.AuthenticatorData, ClientData: said.Response.ClientDataJSON, Signature: said.Response.Signature,
		}
		if err := s.Verify(digest); (err == nil) != tt.good || err != nil && !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if DigestChallenge("nonsense") != "" {
		t.Error("nonsense has a challenge")
	}
}
