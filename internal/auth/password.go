package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// The cost of one password: OWASP's first choice for argon2id.
const (
	argonMemory  = 19 << 10 // KiB
	argonTime    = 2
	argonThreads = 1
	argonKey     = 32
	argonSalt    = 16
	// Hashes of other costs, from an older or newer server, are taken up to these bounds.
	mostMemory = 64 << 10
	mostTime   = 10
)

// hashesAtOnce bounds the memory that sign-ins take together: 2 x 19 MiB.
const hashesAtOnce = 2

// errHash: a stored password is not one of ours.
var errHash = errors.New("the stored password cannot be read")

// hasher makes and checks passwords, a few at a time.
type hasher struct {
	slots chan struct{}
	dummy string // checked for officers who do not exist, so that they take as long
	count func() // a test's witness that a hash was computed
}

func newHasher() *hasher {
	// The dummy's key is random bytes, not a hash: no password fits it.
	return &hasher{
		slots: make(chan struct{}, hashesAtOnce),
		dummy: encode(argonMemory, argonTime, random(argonSalt), random(argonKey)),
		count: func() {},
	}
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the program instead
	return b
}

func encode(memory, time uint32, salt, key []byte) string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memory, time, argonThreads, b64(salt), b64(key))
}

// key computes one hash when its turn comes.
func (h *hasher) key(ctx context.Context, password string, salt []byte, time, memory uint32) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	h.count()
	return argon2.IDKey([]byte(password), salt, time, memory, argonThreads, argonKey), nil
}

// make is the password as it is stored.
func (h *hasher) make(ctx context.Context, password string) (string, error) {
	salt := random(argonSalt)
	key, err := h.key(ctx, password, salt, argonTime, argonMemory)
	if err != nil {
		return "", err
	}
	return encode(argonMemory, argonTime, salt, key), nil
}

// check says whether password is the stored one.
func (h *hasher) check(ctx context.Context, stored, password string) (bool, error) {
	var version int
	var memory, time, threads uint32
	f := strings.Split(stored, "$")
	if len(f) != 6 || f[1] != "argon2id" {
		return false, errHash
	}
	if _, err := fmt.Sscanf(f[2]+" "+f[3], "v=%d m=%d,t=%d,p=%d", &version, &memory, &time, &threads); err != nil {
		return false, errHash
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(f[4])
	want, err2 := base64.RawStdEncoding.DecodeString(f[5])
	if err := errors.Join(err1, err2); err != nil || version != argon2.Version || threads != argonThreads ||
		memory > mostMemory || time < 1 || time > mostTime || len(want) != argonKey {
		return false, errHash
	}
	key, err := h.key(ctx, password, salt, time, memory)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(key, want) == 1, nil
}
