package console

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"tocsin/internal/auth"
)

// Bounds of what a stranger may send.
const (
	// maxForm protects memory from endless forms: a case's longest page, six languages of words, is under 20 KB.
	maxForm = 256 << 10
	// maxPhotoForm is a photo of 10 MB and the page's other fields around it.
	maxPhotoForm = maxPhoto + 1<<20
	maxPhoto     = 10 << 20
	// maxJSON protects the API from endless documents: the largest valid case is under 40 KB.
	maxJSON = 64 << 10
)

// policy allows nothing but our own files: text of a case that slipped
// through as markup still could not run, load or send anything.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// headers sets what every answer of the console carries. Pages are never
// stored: a shared machine's cache must not show a child after sign-out.
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
		if strings.HasPrefix(publicURL, "https://") {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// crossOrigin refuses forms that another site's page sends with an officer's cookie.
func (c *console) crossOrigin() (*http.CrossOriginProtection, error) {
	guard := http.NewCrossOriginProtection()
	if c.PublicURL != "" {
		u, err := url.Parse(c.PublicURL)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("console: public address %q is no address: %w", c.PublicURL, errors.Join(err, errors.ErrUnsupported))
		}
		if err := guard.AddTrustedOrigin(u.Scheme + "://" + u.Host); err != nil {
			return nil, fmt.Errorf("console: public address: %w", err)
		}
	}
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := c.in(r)
		c.refuse(w, r, http.StatusForbidden, c.say("This request came from another site"),
			c.say("For your safety Tocsin only takes forms from its own pages. Open the console again and repeat the step."))
	}))
	return guard, nil
}

// headAsGet answers HEAD wherever GET is answered; net/http drops the body.
func headAsGet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			r = r.Clone(r.Context())
			r.Method = http.MethodGet
			w = headWriter{w}
		}
		next.ServeHTTP(w, r)
	})
}

// headWriter drops the body: the handler believes it answers a GET.
type headWriter struct{ http.ResponseWriter }

func (w headWriter) Write(p []byte) (int, error) { return len(p), nil }

// Unwrap lets http.ResponseController reach the connection.
func (w headWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// limitForm bounds the body of every form; photos have a bound of their own.
func limitForm(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limit := int64(maxForm)
		if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
			limit = maxPhotoForm
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		next.ServeHTTP(w, r)
	})
}

// needOfficer sends strangers to the sign-in page, and back to where they were
// going. A form that comes too late, after the session ended, is kept.
func (c *console) needOfficer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := c.Officer(r.Context()); !ok {
			if r.Method == http.MethodPost {
				c.in(r).late(w, r)
				return
			}
			v := url.Values{}
			if r.Method == http.MethodGet && r.URL.Path != "/console/cases" {
				v.Set("next", r.URL.RequestURI())
			}
			c.toSignIn(w, r, v)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// toSignIn leads to the sign-in page, which says when the session ended elsewhere.
func (c *console) toSignIn(w http.ResponseWriter, r *http.Request, v url.Values) {
	to := "/console/sign-in"
	if auth.EndedElsewhere(r.Context()) {
		v.Set("done", "elsewhere")
	}
	if len(v) > 0 {
		to += "?" + v.Encode()
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// officer is the signed-in officer behind needOfficer or needBearer.
func (c *console) officer(r *http.Request) auth.Officer {
	o, _ := c.Officer(r.Context())
	return o
}

func redirectTo(path string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, path, http.StatusSeeOther) }
}
