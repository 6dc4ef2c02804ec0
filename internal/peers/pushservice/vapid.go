package pushservice

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"strings"
	"sync"
	"time"
)

// maxTokenLife is RFC 8292's: a token may be good for a day at most.
const maxTokenLife = 24 * time.Hour

// maxTokens bounds the memory of verified tokens: a sender that signs each
// push anew would otherwise fill it without end.
const maxTokens = 4096

// b64 is base64url without padding, as all of web push writes it.
var b64 = base64.RawURLEncoding

// verifier checks VAPID headers, and remembers those it has found good: real
// senders use one token for hours.
type verifier struct {
	mu    sync.Mutex
	good  map[string]verified // by the whole header
	count int
}

type verified struct {
	key     string
	aud     string
	expires time.Time
}

type vapidClaims struct {
	Aud string `json:"aud"`
	Exp int64  `json:"exp"`
	Sub string `json:"sub"`
}

// check verifies an Authorization header for a push to origin and returns the
// sender's public key as in the header's k.
func (v *verifier) check(header, origin string, now time.Time) (key string, err error) {
	v.mu.Lock()
	known, ok := v.good[header]
	v.mu.Unlock()
	if !ok {
		if known, err = verify(header); err != nil {
			return "", err
		}
		v.mu.Lock()
		if v.good == nil || len(v.good) >= maxTokens {
			v.good = map[string]verified{}
		}
		v.good[header] = known
		v.count++
		v.mu.Unlock()
	}
	switch left := known.expires.Sub(now); {
	case left <= 0:
		return "", errors.New("vapid token: exp has passed")
	case left > maxTokenLife:
		return "", errors.New("vapid token: exp is more than 24 h away")
	}
	if known.aud != origin {
		return "", fmt.Errorf("vapid token: aud is %q, want %q", known.aud, origin)
	}
	return known.key, nil
}

func (v *verifier) distinct() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.count
}

// verify checks form and signature, not yet time and audience.
func verify(header string) (verified, error) {
	params, ok := strings.CutPrefix(header, "vapid ")
	if !ok {
		return verified{}, errors.New(`authorization: want the scheme "vapid"`)
	}
	var token, key string
	for part := range strings.SplitSeq(params, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			token = value
		case "k":
			key = value
		}
	}
	public, err := publicKey(key)
	if err != nil {
		return verified{}, err
	}
	claims, err := parseToken(token, public)
	if err != nil {
		return verified{}, err
	}
	if err := checkSub(claims.Sub); err != nil {
		return verified{}, err
	}
	return verified{key: key, aud: claims.Aud, expires: time.Unix(claims.Exp, 0)}, nil
}

func publicKey(encoded string) (*ecdsa.PublicKey, error) {
	raw, err := b64.DecodeString(encoded)
	if err != nil {
		return nil, fmt.Errorf("vapid k: %w", err)
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), raw)
	if err != nil {
		return nil, fmt.Errorf("vapid k: %w", err)
	}
	return public, nil
}

func parseToken(token string, public *ecdsa.PublicKey) (claims vapidClaims, err error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return claims, errors.New("vapid t: want three parts")
	}
	var head struct {
		Alg string `json:"alg"`
	}
	if err := decodePart(parts[0], &head); err != nil {
		return claims, fmt.Errorf("vapid t header: %w", err)
	}
	if head.Alg != "ES256" {
		return claims, fmt.Errorf("vapid t: alg is %q, want ES256", head.Alg)
	}
	signature, err := b64.DecodeString(parts[2])
	if err != nil || len(signature) != 64 {
		return claims, errors.New("vapid t: want a signature of 64 bytes")
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	if !ecdsa.Verify(public, digest[:], r, s) {
		return claims, errors.New("vapid t: the signature does not belong to k")
	}
	if err := decodePart(parts[1], &claims); err != nil {
		return claims, fmt.Errorf("vapid t claims: %w", err)
	}
	return claims, nil
}

func decodePart(part string, into any) error {
	raw, err := b64.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

// checkSub is as strict as Apple: a doubled mailto: is refused there.
func checkSub(sub string) error {
	u, err := url.Parse(sub)
	switch {
	case err != nil:
		return fmt.Errorf("vapid sub: %w", err)
	case u.Scheme == "https" && u.Host != "":
		return nil
	case u.Scheme == "mailto" && strings.Count(u.Opaque, "@") == 1 && !strings.Contains(u.Opaque, ":"):
		return nil
	}
	return errors.New("vapid sub: want one mailto: address or an https address")
}
