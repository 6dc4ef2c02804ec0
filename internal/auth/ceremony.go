package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"sync"
	"time"
)

// challengeLife is how long a browser may take from a challenge to its answer:
// finding the key in a bag, and a second try at the fingerprint.
const challengeLife = 5 * time.Minute

// ErrLate: the challenge is older than five minutes, was answered already, or is
// from before a restart. A new try has a new one.
var ErrLate = errors.New("the passkey took too long; try again")

// ceremonies hands out challenges and takes each answer once. A challenge
// carries its own end and seal, so that strangers who ask for them by the
// million fill no memory; only what was answered well is remembered, until it ends.
type ceremonies struct {
	key []byte

	mu       sync.Mutex
	answered map[string]time.Time // until when
}

// The parts of a challenge: when it ends, what makes it unlike every other, its seal.
const (
	endBytes   = 8
	nonceBytes = 16
)

func newCeremonies() *ceremonies {
	return &ceremonies{key: random(sha256.Size), answered: map[string]time.Time{}}
}

// challenge is a new one, good for one purpose.
func (c *ceremonies) challenge(purpose string) []byte {
	head := binary.BigEndian.AppendUint64(nil, uint64(time.Now().Add(challengeLife).UnixMilli()))
	head = append(head, random(nonceBytes)...)
	return append(head, c.seal(purpose, head)...)
}

func (c *ceremonies) seal(purpose string, head []byte) []byte {
	h := hmac.New(sha256.New, c.key)
	h.Write(head)
	h.Write([]byte(purpose))
	return h.Sum(nil)
}

// good says whether challenge is one of ours for this purpose, not yet over.
// It is in the form that clients send: base64url.
func (c *ceremonies) good(purpose, challenge string) bool {
	b, err := base64.RawURLEncoding.DecodeString(challenge)
	if err != nil || len(b) != endBytes+nonceBytes+sha256.Size {
		return false
	}
	head := b[:endBytes+nonceBytes]
	return hmac.Equal(b[len(head):], c.seal(purpose, head)) && time.Now().Before(endOf(b))
}

func endOf(challenge []byte) time.Time {
	return time.UnixMilli(int64(binary.BigEndian.Uint64(challenge)))
}

// take notes that a good challenge was answered; false when it was before.
func (c *ceremonies) take(challenge string) bool {
	b, err := base64.RawURLEncoding.DecodeString(challenge)
	if err != nil || len(b) < endBytes {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	for old, end := range c.answered {
		if !now.Before(end) {
			delete(c.answered, old)
		}
	}
	if _, again := c.answered[challenge]; again {
		return false
	}
	c.answered[challenge] = endOf(b)
	return true
}
