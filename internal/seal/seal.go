// Package seal closes small values so that a browser can carry them for us: it
// can neither read nor change them, nor show them for another purpose or after
// their end. What is sealed needs no memory on the server, holds on every server
// that has the same key, and outlives a restart.
package seal

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/crypto/chacha20poly1305"

	"tocsin/internal/keyfile"
)

// ErrSeal: the value is not one of ours for this purpose, was changed, or is over.
var ErrSeal = errors.New("the seal does not hold")

// KeySize is the length of a key, in bytes.
const KeySize = 32

// endBytes are the end of the value's life, before what is sealed.
const endBytes = 8

// Key is what values are sealed under.
type Key [KeySize]byte

// NewKey is a random key: what it seals ends with the process.
func NewKey() Key {
	var k Key
	_, _ = rand.Read(k[:]) // never fails: crypto/rand ends the program instead
	return k
}

// fileName is the key's file beside the other keys of the realm. Servers of one
// cluster hold the same one.
const fileName = "signin.key"

// lostName beside it says that the operator has no backup of the key any more.
const lostName = fileName + ".lost"

// LoadOrCreate is the key of the folder; it is made when absent. A file of
// another length, or that others may read, is an error, never replaced:
// authenticator apps hang on it.
func LoadOrCreate(dir string) (Key, error) {
	path := filepath.Join(dir, fileName)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		made := NewKey()
		if err := keyfile.WriteOnce(path, made[:]); err != nil {
			return Key{}, fmt.Errorf("sign-in key: %w", err)
		}
	}
	if err := keyfile.Private(path); err != nil {
		return Key{}, fmt.Errorf("sign-in key: %w", err)
	}
	data, err := os.ReadFile(path) // also one just made: another process may have been faster
	if err != nil {
		return Key{}, fmt.Errorf("sign-in key: %w", err)
	}
	var k Key
	if n := copy(k[:], data); n != KeySize || len(data) != KeySize {
		return Key{}, fmt.Errorf("sign-in key %s has %d bytes, not %d: put the backup back", path, len(data), KeySize)
	}
	return k, nil
}

// Lost says whether the operator has written off what an older key of the folder
// sealed, by an empty file signin.key.lost beside the key.
func Lost(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, lostName))
	return err == nil
}

// Derive is a key of its own for one purpose, such as hashing short codes.
func (k Key) Derive(purpose string) []byte {
	out, err := hkdf.Key(sha256.New, k[:], nil, "tocsin "+purpose, KeySize)
	if err != nil {
		panic(err) // only a length that SHA-256 cannot give
	}
	return out
}

// Sealer seals values of one purpose. It is safe for concurrent use.
type Sealer struct {
	key     []byte
	purpose []byte
}

// For is the sealer of one purpose: no other opens what it sealed.
func (k Key) For(purpose string) Sealer {
	return Sealer{k.Derive("seal " + purpose), []byte(purpose)}
}

// Seal closes v, as JSON, until end; the zero time = for ever. The result is base64url.
func (s Sealer) Seal(v any, end time.Time) (string, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	box, err := chacha20poly1305.NewX(s.key)
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	var until int64
	if !end.IsZero() {
		until = end.UnixMilli()
	}
	nonce := make([]byte, chacha20poly1305.NonceSizeX, chacha20poly1305.NonceSizeX+endBytes+len(data)+chacha20poly1305.Overhead)
	_, _ = rand.Read(nonce)
	plain := append(binary.BigEndian.AppendUint64(nil, uint64(until)), data...)
	return base64.RawURLEncoding.EncodeToString(box.Seal(nonce, nonce, plain, s.purpose)), nil
}

// Open reads what Seal closed into v. ErrSeal.
func (s Sealer) Open(sealed string, v any) error {
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil || len(raw) < chacha20poly1305.NonceSizeX {
		return ErrSeal
	}
	box, err := chacha20poly1305.NewX(s.key)
	if err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	plain, err := box.Open(nil, raw[:chacha20poly1305.NonceSizeX], raw[chacha20poly1305.NonceSizeX:], s.purpose)
	if err != nil || len(plain) < endBytes {
		return ErrSeal
	}
	if until := int64(binary.BigEndian.Uint64(plain)); until != 0 && time.Now().UnixMilli() >= until {
		return ErrSeal
	}
	if err := json.Unmarshal(plain[endBytes:], v); err != nil {
		return errors.Join(ErrSeal, err)
	}
	return nil
}
