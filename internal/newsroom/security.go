package newsroom

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// maxForm protects memory from endless forms: a receipt's words and a token are under 4 KB.
const maxForm = 16 << 10

// policy allows nothing but our own files: text of a case that slipped through
// as markup still could not run, load or send anything.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// headers sets what every answer carries. Nothing is stored anywhere: what is
// withdrawn must not come back by a cache or by the way back.
func headers(publicURL string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), interest-cohort=()")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Robots-Tag", "noindex, noarchive")
		if strings.HasPrefix(publicURL, "https://") {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// crossOrigin refuses forms that another site's page sends with an editor's cookie.
func (n *newsroom) crossOrigin() (*http.CrossOriginProtection, error) {
	guard := http.NewCrossOriginProtection()
	if n.PublicURL != "" {
		u, err := url.Parse(n.PublicURL)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("public address %q: write it like https://alert.example", n.PublicURL)
		}
		if err := guard.AddTrustedOrigin(u.Scheme + "://" + u.Host); err != nil {
			return nil, fmt.Errorf("public address: %w", err)
		}
	}
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.refuse(w, r, http.StatusForbidden, "refused.origin")
	}))
	return guard, nil
}

// fingerprint is the SHA-256 of data as certificates' fingerprints are written.
func fingerprint(data []byte) string {
	sum := sha256.Sum256(data)
	return strings.ToUpper(strings.ReplaceAll(fmt.Sprintf("% x", sum[:]), " ", ":"))
}
