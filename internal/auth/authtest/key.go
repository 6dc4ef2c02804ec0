// Package authtest has a passkey in software, for tests of what asks for one: it
// answers as a browser with a security key does, and can be told to misbehave.
package authtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
)

// Key is one passkey, ES256 as nearly all are. The zero value of what it may be
// told is a good key.
type Key struct {
	Host    string // the name it is bound to: "localhost"
	Origin  string // of the page: "http://localhost"
	Counter uint32 // raised by each use; a key with 0 stays at 0, as phones do
	// Unverified leaves out that it asked for a finger, face or PIN.
	Unverified bool
	// Type is what the answers are for, where it is not what was asked.
	Type string

	t      testing.TB
	id     []byte
	key    *ecdsa.PrivateKey
	handle []byte
}

// NewKey is a key without an owner yet, for a page at http://HOST.
func NewKey(t testing.TB, host string) *Key {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails
	return &Key{Host: host, Origin: "http://" + host, t: t, id: id, key: key}
}

// ID is the credential's, base64url.
func (k *Key) ID() string { return encode(k.id) }

// Clone is a copy, with the counter as it is now.
func (k *Key) Clone() *Key { return new(*k) }

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// The flags of authenticator data.
const (
	present  = 1 << 0
	verified = 1 << 2
	attested = 1 << 6
)

func (k *Key) data(flags byte) []byte {
	sum := sha256.Sum256([]byte(k.Host))
	if flags |= present; !k.Unverified {
		flags |= verified
	}
	if k.Counter > 0 {
		k.Counter++
	}
	return binary.BigEndian.AppendUint32(append(sum[:], flags), k.Counter)
}

func (k *Key) client(ceremony, challenge string) []byte {
	if k.Type != "" {
		ceremony = k.Type
	}
	return k.json(map[string]any{"type": ceremony, "challenge": challenge, "origin": k.Origin, "crossOrigin": false})
}

func (k *Key) json(v any) []byte {
	k.t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		k.t.Fatal(err)
	}
	return b
}

func (k *Key) cbor(v any) []byte {
	k.t.Helper()
	b, err := webauthncbor.Marshal(v)
	if err != nil {
		k.t.Fatal(err)
	}
	return b
}

// Create answers what auth.Passkeys.Creation asks, as the page sends it.
func (k *Key) Create(options any) []byte {
	k.t.Helper()
	var asked struct {
		PublicKey struct {
			Challenge string `json:"challenge"`
			User      struct {
				ID protocol.URLEncodedBase64 `json:"id"`
			} `json:"user"`
		} `json:"publicKey"`
	}
	if err := json.Unmarshal(k.json(options), &asked); err != nil {
		k.t.Fatal(err)
	}
	k.handle = asked.PublicKey.User.ID
	point, err := k.key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		k.t.Fatal(err)
	}
	cose := k.cbor(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	data := append(k.data(attested), make([]byte, 16)...) // no maker's id
	data = binary.BigEndian.AppendUint16(data, uint16(len(k.id)))
	data = append(append(data, k.id...), cose...)
	object := k.cbor(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": data})
	return k.answer(map[string]any{
		"clientDataJSON": encode(k.client("webauthn.create", asked.PublicKey.Challenge)), "attestationObject": encode(object),
	})
}

// Get answers a challenge, given as base64url.
func (k *Key) Get(challenge string) []byte {
	k.t.Helper()
	data, client := k.data(0), k.client("webauthn.get", challenge)
	sum := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte{}, data...), sum[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, k.key, digest[:])
	if err != nil {
		k.t.Fatal(err)
	}
	return k.answer(map[string]any{
		"clientDataJSON": encode(client), "authenticatorData": encode(data), "signature": encode(signature), "userHandle": encode(k.handle),
	})
}

func (k *Key) answer(response map[string]any) []byte {
	return k.json(map[string]any{
		"id": k.ID(), "rawId": k.ID(), "type": "public-key", "clientExtensionResults": map[string]any{}, "response": response,
	})
}
