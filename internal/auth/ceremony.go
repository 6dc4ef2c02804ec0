package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"
	"time"
)

// challengeLife is how long a browser may take from a challenge to its answer:
// finding the key in a bag, and a second try at the fingerprint.
const challengeLife = 5 * time.Minute

// ErrLate: the challenge is older than five minutes, or was answered already. A
// new try has a new one.
var ErrLate = errors.New("the passkey took too long; try again")

// ceremonies hands out challenges. A challenge carries its own end and seal, so
// that strangers who ask for them by the million fill no memory, and any server
// with the same key takes the answer. What was answered well is on the account,
// so that all of them take it once.
type ceremonies struct{ key []byte }

// The parts of a challenge: when it ends, what makes it unlike every other, its seal.
const (
	endBytes   = 8
	nonceBytes = 16
)

// challenge is a new one, good for one purpose.
func (c ceremonies) challenge(purpose string) []byte {
	head := binary.BigEndian.AppendUint64(nil, uint64(time.Now().Add(challengeLife).UnixMilli()))
	head = append(head, random(nonceBytes)...)
	return append(head, c.seal(purpose, head)...)
}

func (c ceremonies) seal(purpose string, head []byte) []byte {
	h := hmac.New(sha256.New, c.key)
	h.Write(head)
	h.Write([]byte(purpose))
	return h.Sum(nil)
}

// good says whether challenge is one of ours for this purpose, not yet over.
// It is in the form that clients send: base64url.
func (c ceremonies) good(purpose, challenge string) bool {
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

// spent is a challenge that was answered well.
type spent struct {
	challenge string
	at        time.Time
}

// answeredFor is how long an account remembers an answer: until no server takes
// the challenge any more, one whose clock is minutes behind neither.
const answeredFor = 2 * challengeLife

// remember notes an answer and forgets those that nobody takes any more. It
// changes no array that somebody reads.
func (a *account) remember(challenge string, at time.Time) {
	if challenge == "" { // the signature of a release, whose challenge is its content
		return
	}
	over := func(old spent) bool { return at.Sub(old.at) >= answeredFor }
	a.answered = append(slices.DeleteFunc(slices.Clone(a.answered), over), spent{challenge, at})
}

// took says whether the challenge was answered already.
func (a account) took(challenge string) bool {
	return slices.ContainsFunc(a.answered, func(old spent) bool { return challenge != "" && old.challenge == challenge })
}
