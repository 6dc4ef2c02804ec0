package totp

import (
	"net/url"
	"testing"
	"time"
)

// The last six of the eight digits in RFC 6238, appendix B, for SHA-1.
func TestVectors(t *testing.T) {
	secret := encoding.EncodeToString([]byte("12345678901234567890"))
	for unix, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		at := time.Unix(unix, 0)
		if got, err := Code(secret, at); err != nil || got != want {
			t.Errorf("%d: %q, %v; want %s", unix, got, err, want)
		}
		for shift, taken := range map[time.Duration]bool{0: true, Period: true, -Period: true, 2 * Period: false, -2 * Period: false} {
			if at.Add(shift).Unix() < 0 {
				continue // before there were codes
			}
			if step, ok := Match(secret, want, at.Add(shift)); ok != taken || ok && step != unix/30 {
				t.Errorf("%d with the clock off by %v: step %d, %v", unix, shift, step, ok)
			}
		}
	}
	for _, code := range []string{"", "28708", "2870820", "28708x", "000000"} {
		if _, ok := Match(secret, code, time.Unix(59, 0)); ok {
			t.Errorf("%q is taken", code)
		}
	}
	if _, ok := Match("no base32!", "287082", time.Unix(59, 0)); ok {
		t.Error("a damaged secret takes codes")
	}
}

func TestAddress(t *testing.T) {
	secret := NewSecret()
	if len(secret) != 32 || secret == NewSecret() {
		t.Errorf("secret %q", secret)
	}
	u, err := url.Parse(Address("Tocsin Police fédérale", "anna.smith", secret))
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Tocsin Police fédérale:anna.smith" {
		t.Errorf("%v, %v", u, err)
	}
	if q := u.Query(); q.Get("secret") != secret || q.Get("issuer") != "Tocsin Police fédérale" || q.Get("digits") != "6" || q.Get("period") != "30" {
		t.Errorf("query %v", q)
	}
}
