// Package partner is a partner's website for the demo: it takes signed
// webhooks, shows what is live, and takes it down when told.
package partner

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Got is one webhook that was verified.
type Got struct {
	Type       string
	Identifier string
	Revision   int
	Names      []string // the children it names
	At         time.Time
}

// Partner is a running endpoint.
type Partner struct {
	server *http.Server
	url    string

	mu      sync.Mutex
	hook    *standardwebhooks.Webhook
	public  ed25519.PublicKey
	got     []Got
	refused int
	shown   map[string]string // case to headline: the page
	newest  map[string]int    // case to revision: what came late changes nothing
}

const (
	// maxBody bounds a webhook.
	maxBody = 64 << 10
	// maxGot bounds what Got remembers, in a demo that stays up for days.
	maxGot = 10_000
)

// Start listens on a free port of 127.0.0.1. It refuses everything until Trust is called.
func Start() (*Partner, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("partner: %w", err)
	}
	p := &Partner{url: "http://" + l.Addr().String() + "/hook", shown: make(map[string]string), newest: make(map[string]int)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /hook", p.serve)
	p.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = p.server.Serve(l) }() // ends with Close
	return p, nil
}

// URL is where webhooks go.
func (p *Partner) URL() string { return p.url }

// Close stops listening.
func (p *Partner) Close() error { return p.server.Close() }

// Trust sets the secret (whsec_) and the sender's public key (whpk_).
func (p *Partner) Trust(secret, publicKey string) error {
	hook, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		return fmt.Errorf("partner's secret: %w", err)
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(publicKey, "whpk_"))
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return fmt.Errorf("partner: %q is no ed25519 key", publicKey)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hook, p.public = hook, raw
	return nil
}

func (p *Partner) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hook == nil || p.hook.Verify(body, r.Header) != nil || !p.signed(r.Header, body) {
		p.refused++
		http.Error(w, "signature", http.StatusUnauthorized)
		return
	}
	var e struct {
		Type string `json:"type"`
		Data struct {
			Identifier string `json:"identifier"`
			Case       string `json:"case"`
			Revision   int    `json:"revision"`
			Children   []struct {
				GivenName string `json:"given_name"`
			} `json:"children"`
			Texts map[string]struct{ Headline string } `json:"texts"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		http.Error(w, "not JSON", http.StatusBadRequest)
		return
	}
	g := Got{Type: e.Type, Identifier: e.Data.Identifier, Revision: e.Data.Revision, At: time.Now()}
	for _, c := range e.Data.Children {
		g.Names = append(g.Names, c.GivenName)
	}
	if len(p.got) < maxGot {
		p.got = append(p.got, g)
	}
	if e.Data.Revision < p.newest[e.Data.Case] {
		return // a late retry: taken, and not shown over what is newer
	}
	p.newest[e.Data.Case] = e.Data.Revision
	switch e.Type {
	case "alert.live", "alert.updated":
		for _, t := range e.Data.Texts {
			p.shown[e.Data.Case] = t.Headline
		}
	case "alert.withdrawn":
		delete(p.shown, e.Data.Case)
		_, _ = w.Write([]byte(`{"removed": true}`))
	}
}

// signed checks the v1a signature against the sender's public key.
func (p *Partner) signed(h http.Header, body []byte) bool {
	content := h.Get("Webhook-Id") + "." + h.Get("Webhook-Timestamp") + "." + string(body)
	for part := range strings.FieldsSeq(h.Get("Webhook-Signature")) {
		code, ok := strings.CutPrefix(part, "v1a,")
		sig, err := base64.StdEncoding.DecodeString(code)
		if ok && err == nil && ed25519.Verify(p.public, []byte(content), sig) {
			return true
		}
	}
	return false
}

// Got lists the verified webhooks.
func (p *Partner) Got() []Got {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Got(nil), p.got...)
}

// Shown is how many cases the pages show now.
func (p *Partner) Shown() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.shown)
}
