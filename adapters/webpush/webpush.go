// Package webpush is the citizens' channel: browsers that asked, without an
// account, to be told of missing children in their regions.
//
// A subscription is an endpoint at a push service and two keys. The adapter
// renders one declarative message for each language (render.go), encrypts it
// for each subscription (seal.go) and posts it (send.go), and says what the push
// service's answer means (status.go).
//
// The costly half of a push, a fresh key pair and the secret it shares with the
// subscription, is made before there is an alert (armory.go). Pushes to one
// service wait in one line (line.go), leave at the pace that it takes (pace.go),
// and share a few connections: frames of HTTP/2 that we write ourselves
// (link_raw.go, raw_*.go), or the standard library's, which is their oracle
// (link_std.go).
//
// An endpoint comes from a stranger, so it
// passes a guard when it is given, when it is used, and once more when its host
// has become an address (guard.go). Citizens subscribe, reconcile and
// leave at /v1/push/... (routes.go), say when they want no sound (wishes.go),
// and test that a push really arrives (trial.go).
//
// The service worker web/static/sw.js shows what Render writes.
//
// Not here: retries, batches, choice of recipients (package delivery), the
// page on which a citizen chooses (package site).
package webpush

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// Name is the channel's name in settings, subjects and on the ledger.
const Name = "webpush"

// Settings are the channel's own, decoded strictly.
type Settings struct {
	// AllowedHosts are the push services that a subscription may name: a host,
	// or "*.host" for everything below it. Empty means the large four.
	AllowedHosts []string `json:"allowed_hosts"`
	// Regions narrows what may be subscribed to: each choice must be one of
	// these ISO 3166 codes or lie below one ("BE-VAN" below "BE"). Empty takes any.
	Regions []string `json:"regions"`
	// TrustedProxies are the networks whose X-Forwarded-For is believed when
	// a client's address is needed for the rate limit.
	TrustedProxies []netip.Prefix `json:"trusted_proxies"`
	// RootCAs is a PEM file with more roots to trust, for a push service on
	// premises and for the demo.
	RootCAs string `json:"root_cas"`
	// Connections to each push service; 0 means 8. Each carries as many pushes
	// at once as the service grants, 100 or more.
	Connections int `json:"connections"`
	// Wire is how pushes travel: "raw" (the default), frames of HTTP/2 that we
	// write ourselves, or "net/http", the standard library's client, at three
	// times the cost. Both speak HTTP/1.1 where a service has nothing newer.
	Wire string `json:"wire"`
	// SubscribePerMinute bounds subscriptions and leaves of one client address;
	// 0 means 20. Households and offices share addresses: keep it generous.
	SubscribePerMinute int `json:"subscribe_per_minute"`
}

// Adapter is the web push channel.
type Adapter struct {
	env     adapter.Env
	keys    keys
	subject string // VAPID sub, as webpush-go wants it
	guard   guard
	client  *client
	armory  armory
	sends   atomic.Int32 // under way: arming gives way to them
	tokens  tokens
	regions []string
	subs    *limiter // of subscriptions, per client address and network
	tests   *limiter // of test notifications, per client address and per subscription
	asks    *limiter // of what else belongs to a test
	trials  trials
	proxies []netip.Prefix
	now     func() time.Time
}

// Driver opens the channel.
func Driver() adapter.Driver {
	return adapter.Driver{
		Name:  Name,
		Title: "Web push",
		Limits: adapter.Limits{
			// A Send keeps all of its batch under way at once: 3,000 pushes to one
			// service fill thirty connections of a hundred streams. What comes back of
			// one Send is made up for by the others, so many small ones are better than few.
			Batch:          250, // what a kill -9 may repeat, times the Sends under way
			Concurrency:    32,  // over all push services
			PerDestination: 12,
			Timeout:        30 * time.Second,
			ShardSize:      2000,
		},
		Open: open,
		Pack: pack,
	}
}

func open(_ context.Context, raw json.RawMessage, env adapter.Env) (adapter.Adapter, func(context.Context) error, error) {
	var set Settings
	if err := adapter.DecodeSettings(raw, &set); err != nil {
		return nil, nil, fmt.Errorf("webpush: %w", err)
	}
	a, err := newAdapter(set, env)
	if err != nil {
		return nil, nil, fmt.Errorf("webpush: %w", err)
	}
	return a, func(context.Context) error { a.client.close(); return nil }, nil
}

func newAdapter(set Settings, env adapter.Env) (*Adapter, error) {
	if env.Realm == alert.Live && env.AllowLoopback {
		return nil, errors.New("loopback push services are for drills: unset AllowLoopback in the live realm")
	}
	subject, err := vapidSubject(env.Contact)
	if err != nil {
		return nil, err
	}
	g, err := newGuard(set.AllowedHosts, env.AllowLoopback)
	if err != nil {
		return nil, err
	}
	for i, code := range set.Regions {
		if !regionForm.MatchString(code) {
			return nil, fmt.Errorf("regions[%d]: %q is not an ISO 3166 code such as BE or BE-VAN", i, code)
		}
	}
	k, err := loadKeys(env.KeyDir)
	if err != nil {
		return nil, err
	}
	c, err := newClient(set, g)
	if err != nil {
		return nil, err
	}
	perMinute := set.SubscribePerMinute
	if perMinute <= 0 {
		perMinute = 20
	}
	a := &Adapter{
		env: env, keys: k, subject: subject, guard: g, client: c, regions: set.Regions,
		subs: newLimiter(perMinute), tests: newLimiter(testsPerMinute),
		asks: newLimiter(4 * testsPerMinute), proxies: set.TrustedProxies, now: time.Now,
	}
	a.tokens.mint = a.mint
	return a, nil
}

// vapidSubject turns the operator's contact into what webpush-go wants: it
// puts "mailto:" before anything that is not https, so an address that has it
// already would be doubled, and Apple refuses such a token.
func vapidSubject(contact string) (string, error) {
	if address, ok := strings.CutPrefix(contact, "mailto:"); ok && strings.Count(address, "@") == 1 {
		return address, nil
	}
	if host, ok := strings.CutPrefix(contact, "https://"); ok && host != "" {
		return contact, nil
	}
	return "", errors.New("contact: push services refuse a sender without one; set mailto:NAME@HOST or an https address")
}

// Check tests what can be tested without a recipient: the keys are still those
// the citizens subscribed with, and a token can be signed.
func (a *Adapter) Check(context.Context) error {
	k, err := loadKeys(a.env.KeyDir)
	if err != nil {
		return fmt.Errorf("webpush: %w", err)
	}
	if k.Public != a.keys.Public {
		return errors.New("webpush: the VAPID key on disk is not the one in use: put the old vapid.json back, or every subscription is lost")
	}
	if _, err := a.mint("https://check.invalid"); err != nil {
		return fmt.Errorf("webpush: %w", err)
	}
	return nil
}
