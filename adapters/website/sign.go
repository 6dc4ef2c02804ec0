package website

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// tolerance is how far a partner's clock may be off from ours, as Standard Webhooks advises.
const tolerance = 5 * time.Minute

// secretPrefix begins every partner's secret.
const secretPrefix = "whsec_"

func secretBytes(secret string) ([]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, secretPrefix))
	if err != nil || len(raw) < 24 {
		return nil, fmt.Errorf("secret: write %s and at least 24 bytes in base64", secretPrefix)
	}
	return raw, nil
}

// sign sets the three Standard Webhooks headers: one HMAC by the partner's
// secret, one ed25519 signature that he can check without a secret.
func sign(h http.Header, id string, at time.Time, body, secret []byte, key ed25519.PrivateKey) {
	stamp := strconv.FormatInt(at.Unix(), 10)
	content := content(id, stamp, body)
	mac := hmac.New(sha256.New, secret)
	_, _ = mac.Write(content) // a hash never fails
	h.Set("Webhook-Id", id)
	h.Set("Webhook-Timestamp", stamp)
	h.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil))+
		" v1a,"+base64.StdEncoding.EncodeToString(ed25519.Sign(key, content)))
}

func content(id, stamp string, body []byte) []byte {
	out := make([]byte, 0, len(id)+len(stamp)+2+len(body))
	out = append(out, id...)
	out = append(out, '.')
	out = append(out, stamp...)
	out = append(out, '.')
	return append(out, body...)
}

// signedBy says whether h carries a fresh HMAC of body by secret: how a partner
// proves that a receipt is his.
func signedBy(h http.Header, body, secret []byte, now time.Time) bool {
	id, stamp := h.Get("Webhook-Id"), h.Get("Webhook-Timestamp")
	at, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || now.Sub(time.Unix(at, 0)).Abs() > tolerance {
		return false
	}
	mac := hmac.New(sha256.New, secret)
	_, _ = mac.Write(content(id, stamp, body)) // a hash never fails
	want := mac.Sum(nil)
	for part := range strings.FieldsSeq(h.Get("Webhook-Signature")) {
		got, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(part, "v1,"))
		if err == nil && strings.HasPrefix(part, "v1,") && hmac.Equal(got, want) {
			return true
		}
	}
	return false
}
