package broadcast

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// Station is the Address of a broadcaster in the registry: what it may enter with.
type Station struct {
	Tokens  []Credential `json:"tokens,omitempty"`
	Certs   []Credential `json:"certs,omitempty"`
	Contact string       `json:"contact,omitempty"`
	NATS    string       `json:"nats,omitempty"` // public key of its account for direct NATS
	// The one token of a station that was registered before it could have several.
	TokenSHA256 string    `json:"token_sha256,omitempty"`
	Expires     time.Time `json:"expires,omitzero"`
}

// Credential is one token or client certificate. Neither is kept, only its digest.
type Credential struct {
	// SHA256, in hexadecimal, is of the token's text; or of the certificate's
	// public key (its SubjectPublicKeyInfo), or of the whole certificate.
	SHA256  string    `json:"sha256"`
	Expires time.Time `json:"expires,omitzero"` // zero = when it is withdrawn
}

// maxCredentials bounds a station's tokens, and its certificates: enough for two
// studios in the middle of an exchange, and the record stays small.
const maxCredentials = 8

// kind of a credential.
type kind string

const (
	token       kind = "token"
	certificate kind = "certificate"
)

// key is a credential as requests are compared with it.
type key struct {
	kind    kind
	sum     [sha256.Size]byte
	expires time.Time
}

// same says whether both are the same credential, whenever it ends.
func (k key) same(o key) bool { return k.kind == o.kind && k.sum == o.sum }

// ReadStation is the Station of a registry entry.
func ReadStation(r adapter.Recipient) (Station, error) {
	var s Station
	if err := json.Unmarshal(r.Address, &s); err != nil {
		return Station{}, fmt.Errorf("station %s: address: %w", r.ID, err)
	}
	if s.TokenSHA256 != "" {
		s.Tokens = append([]Credential{{s.TokenSHA256, s.Expires}}, s.Tokens...)
		s.TokenSHA256, s.Expires = "", time.Time{}
	}
	return s, nil
}

// keys are the station's credentials; an error names the first that cannot be read.
func (s Station) keys() ([]key, error) {
	var all []key
	for _, list := range []struct {
		kind kind
		name string
		of   []Credential
	}{{token, "tokens", s.Tokens}, {certificate, "certs", s.Certs}} {
		for i, c := range list.of {
			k := key{kind: list.kind, expires: c.Expires}
			if len(c.SHA256) != 2*sha256.Size {
				return nil, fmt.Errorf("%s[%d].sha256 is not 64 hexadecimal digits; renew it", list.name, i)
			}
			if _, err := hex.Decode(k.sum[:], []byte(c.SHA256)); err != nil {
				return nil, fmt.Errorf("%s[%d].sha256 is not 64 hexadecimal digits; renew it", list.name, i)
			}
			all = append(all, k)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("no credential; give it a new token")
	}
	return all, nil
}

// newToken makes a token for the station and its digest.
func newToken(id string, expires time.Time) (string, Credential) {
	text := id + "." + rand.Text()
	sum := sha256.Sum256([]byte(text))
	return text, Credential{hex.EncodeToString(sum[:]), expires}
}

// Renew gives the station a new token, shown once and good until expires (zero =
// until it is withdrawn). Its other tokens end after grace at the latest, so that the
// station can change over without a gap; those that have ended are dropped.
func Renew(r adapter.Recipient, expires time.Time, grace time.Duration) (adapter.Recipient, string, error) {
	now := time.Now().UTC().Truncate(time.Second)
	var faults alert.Invalid
	if !expires.IsZero() && !expires.After(now) {
		faults.Add("expires", "range", "give a time to come")
	}
	if grace < 0 || grace > 90*24*time.Hour {
		faults.Add("grace", "range", "give 0 (the old token ends now) to 90 days")
	}
	if err := faults.Err(); err != nil {
		return r, "", err
	}
	s, err := ReadStation(r)
	if err != nil {
		return r, "", err
	}
	old := s.Tokens
	text, made := newToken(r.ID, expires)
	s.Tokens = []Credential{made}
	for _, c := range old {
		if end := now.Add(grace); c.Expires.IsZero() || c.Expires.After(end) {
			c.Expires = end
		}
		if c.Expires.After(now) && len(s.Tokens) < maxCredentials {
			s.Tokens = append(s.Tokens, c)
		}
	}
	r, err = s.address(r)
	return r, text, err
}

// Pin lets the station enter with a client certificate, given as PEM, until expires
// or the certificate's own end. What counts is its public key: a certificate that
// is issued anew for the same key is as good. One that has ended makes room.
func Pin(r adapter.Recipient, document []byte, expires time.Time) (adapter.Recipient, error) {
	var faults alert.Invalid
	var cert *x509.Certificate
	block, _ := pem.Decode(document)
	if block != nil && block.Type == "CERTIFICATE" {
		cert, _ = x509.ParseCertificate(block.Bytes)
	}
	now := time.Now()
	switch {
	case cert == nil:
		faults.Add("cert", "format", `give a certificate as PEM, which begins with "-----BEGIN CERTIFICATE-----"`)
	case !cert.NotAfter.After(now):
		faults.Add("cert", "expired", "it ended "+cert.NotAfter.Format(time.RFC3339)+"; give a new one")
	}
	s, err := ReadStation(r)
	if err != nil {
		return r, err
	}
	s.Certs = slices.DeleteFunc(s.Certs, func(c Credential) bool { return !c.Expires.IsZero() && !c.Expires.After(now) })
	if len(s.Certs) >= maxCredentials {
		faults.Add("cert", "too_many", fmt.Sprintf("a station has at most %d; remove the station and register it anew", maxCredentials))
	}
	if err := faults.Err(); err != nil {
		return r, err
	}
	sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	if expires.IsZero() || expires.After(cert.NotAfter) {
		expires = cert.NotAfter
	}
	digest := hex.EncodeToString(sum[:])
	s.Certs = slices.DeleteFunc(s.Certs, func(c Credential) bool { return c.SHA256 == digest })
	s.Certs = append(s.Certs, Credential{digest, expires.UTC()})
	return s.address(r)
}

// Limit lets all tokens of the station end then at the latest.
func Limit(r adapter.Recipient, expires time.Time) (adapter.Recipient, error) {
	if !expires.After(time.Now()) {
		var faults alert.Invalid
		faults.Add("expires", "range", "give a time to come")
		return r, faults.Err()
	}
	s, err := ReadStation(r)
	if err != nil {
		return r, err
	}
	for i, c := range s.Tokens {
		if c.Expires.IsZero() || c.Expires.After(expires) {
			s.Tokens[i].Expires = expires.UTC()
		}
	}
	return s.address(r)
}

// address puts s into the registry entry.
func (s Station) address(r adapter.Recipient) (adapter.Recipient, error) {
	data, err := json.Marshal(s)
	if err != nil {
		return r, fmt.Errorf("station %s: %w", r.ID, err)
	}
	r.Address = data
	return r, nil
}
