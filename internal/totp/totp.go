// Package totp is the codes of authenticator apps: RFC 6238 with SHA-1, six
// digits and 30 seconds, which is what every app speaks.
package totp

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"net/url"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
)

const (
	// Period is how long a code is shown.
	Period = 30 * time.Second
	// Digits is the length of a code.
	Digits = 6
	// skew is how many periods a clock may be wrong, either way: phones set
	// theirs by the network, and a code is typed in the second it changes.
	skew = 1
	// secretBytes is what RFC 4226 asks for: the length of SHA-1's result.
	secretBytes = 20
)

var encoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewSecret is a random secret in base32, as apps take it typed.
func NewSecret() string {
	b := make([]byte, secretBytes)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the program instead
	return encoding.EncodeToString(b)
}

// Address is what an app reads from a QR code: the secret, and what the app lists it by.
func Address(issuer, account, secret string) string {
	v := url.Values{"secret": {secret}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {fmt.Sprint(Digits)}, "period": {"30"}}
	// A label's space is %20: some apps show a + as it is.
	return "otpauth://totp/" + url.PathEscape(issuer+":"+account) + "?" + spaced(v.Encode())
}

func spaced(query string) string {
	var out []byte
	for _, c := range []byte(query) {
		if c == '+' {
			out = append(out, "%20"...)
		} else {
			out = append(out, c)
		}
	}
	return string(out)
}

// Step is the number of the period that at lies in.
func Step(at time.Time) int64 { return at.Unix() / int64(Period/time.Second) }

// Match is the step whose code this is, at or one beside the step of the time
// given. Whether that code was taken before is for the caller to know.
func Match(secret, code string, at time.Time) (step int64, ok bool) {
	now := Step(at)
	for _, step := range []int64{now, now - skew, now + skew} {
		if ok, err := hotp.ValidateCustom(code, uint64(step), secret, hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}); ok && err == nil {
			return step, true
		}
	}
	return 0, false
}

// Code is the code of a time: what the app shows.
func Code(secret string, at time.Time) (string, error) {
	return hotp.GenerateCodeCustom(secret, uint64(Step(at)), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
}
