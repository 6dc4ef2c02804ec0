// Package website is the channel of partner websites: a signed webhook for
// every alert, update and withdrawal, by Standard Webhooks 1.0.0.
//
// A partner gets POST requests with the headers Webhook-Id, Webhook-Timestamp
// and Webhook-Signature; the last holds a v1 signature (HMAC-SHA-256 by the
// partner's secret) and a v1a one (ed25519 by the key in
// /.well-known/tocsin.json). The body is
//
//	{"type": "alert.live", "timestamp": "...", "data": {...}}
//
// with data as in /v1/alerts/{id}. Types: alert.live, alert.updated,
// alert.withdrawn, ping. A retry has the same Webhook-Id. Any 2xx answer takes
// the message; {"removed": true} in answer to alert.withdrawn confirms that the
// partner's pages no longer show name and face. Whatever else a partner
// answers, he stays registered: a 404 is a fault to mend, not a farewell.
package website

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"code.dny.dev/ssrf"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// Name is the channel's name in settings and subjects.
const Name = "website"

const (
	// attemptTime bounds one request: a partner that hangs is tried again later.
	attemptTime = 10 * time.Second
	// fanOut bounds one Send. All its partners are asked at once: one that hangs
	// must not use up the time of those behind it.
	fanOut = 8
	// maxHeadline is what a partner's page has room for, as CAP's headline has.
	maxHeadline = 160
	// maxBody bounds a webhook: a partner's small server must take it in one piece.
	maxBody = 64 << 10
)

// Settings are the channel's own: none today.
type Settings struct{}

// Website is the channel.
type Website struct {
	env    adapter.Env
	key    ed25519.PrivateKey
	client *http.Client
	now    func() time.Time
}

// Driver opens the channel.
func Driver() adapter.Driver {
	return adapter.Driver{
		Name: Name, Title: "Partner websites",
		Limits: adapter.Limits{
			Batch: fanOut, Concurrency: 256, PerDestination: 2, Timeout: 15 * time.Second, ShardSize: 50,
		},
		Asks: adapter.Asks{Removed: true},
		Open: open,
	}
}

func open(_ context.Context, raw json.RawMessage, env adapter.Env) (adapter.Adapter, func(context.Context) error, error) {
	if err := adapter.DecodeSettings(raw, new(Settings)); err != nil {
		return nil, nil, err
	}
	key, err := loadKey(env.KeyDir)
	if err != nil {
		return nil, nil, err
	}
	w := &Website{env: env, key: key, now: time.Now, client: guardedClient(env.AllowLoopback)}
	return w, func(context.Context) error { w.client.CloseIdleConnections(); return nil }, nil
}

// guardedClient reaches public addresses only, whatever a name resolves to, and
// follows no redirect: both are ways to make us speak to our own network.
func guardedClient(loopback bool) *http.Client {
	options := []ssrf.Option{ssrf.WithAnyPort()}
	if loopback {
		options = append(options, ssrf.WithAllowedV4Prefixes(netip.MustParsePrefix("127.0.0.0/8")),
			ssrf.WithAllowedV6Prefixes(netip.MustParsePrefix("::1/128")))
	}
	dialer := &net.Dialer{Timeout: 5 * time.Second, Control: ssrf.New(options...).Safe}
	return &http.Client{
		Timeout: attemptTime,
		Transport: &http.Transport{
			Proxy:       nil, // the guard is at the dial; a proxy would dial for us
			DialContext: dialer.DialContext, TLSHandshakeTimeout: 5 * time.Second,
			MaxIdleConnsPerHost: 2, MaxIdleConns: 200, IdleConnTimeout: time.Minute,
			MaxResponseHeaderBytes: 16 << 10, ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// event is the envelope of Standard Webhooks.
type event struct {
	Type      string       `json:"type"`
	Timestamp time.Time    `json:"timestamp"`
	Data      alert.Public `json:"data"`
}

var eventTypes = map[alert.MsgType]string{
	alert.TypeAlert: "alert.live", alert.TypeUpdate: "alert.updated", alert.TypeCancel: "alert.withdrawn",
}

// Render is the webhook's body: one for all languages, because a partner's page has several.
func (w *Website) Render(m *alert.Message, lang alert.Lang) (adapter.Payload, error) {
	if err := adapter.CheckMessage(m, w.env.Realm, lang); err != nil {
		return adapter.Payload{}, err
	}
	headline := m.Texts[lang].Headline
	if n := utf8.RuneCountInString(headline); n == 0 || n > maxHeadline {
		return adapter.Payload{}, alert.Invalid{{
			Field: "texts." + string(lang) + ".headline", Code: "range",
			Text: fmt.Sprintf("The headline has %d characters; write 1 to %d.", n, maxHeadline),
		}}
	}
	body, err := json.Marshal(event{Type: eventTypes[m.MsgType], Timestamp: m.Sent, Data: m.Public(base(m))})
	if err != nil {
		return adapter.Payload{}, fmt.Errorf("webhook body: %w", err)
	}
	if len(body) > maxBody {
		return adapter.Payload{}, alert.Invalid{{
			Field: "facts", Code: "too_long",
			Text: fmt.Sprintf("The message to partners has %d bytes; shorten notes and marks to keep it under %d.", len(body), maxBody),
		}}
	}
	return adapter.Payload{
		MIME: "application/json", Body: body,
		Parts: []adapter.Part{
			{Name: "Partner page", Text: headline, Count: utf8.RuneCountInString(headline), Limit: maxHeadline, Unit: "characters"},
		},
	}, nil
}

// base is the server's public address: what stands before the language in the message's page.
func base(m *alert.Message) string {
	before, _, _ := strings.Cut(m.Page, "/*/")
	return before
}
