// Package sso signs officers in through the agency's own OpenID Connect
// provider: the authorization code flow with PKCE, state and nonce. It says what
// the provider calls somebody; who that is here, and whether he is anybody, the
// officers' book decides. It never makes an officer.
//
// The provider is asked for its addresses when the first officer needs them, so
// that one that is down keeps neither the server nor the other ways of signing
// in from working. What a browser carries to the provider and back is sealed:
// any server of a cluster takes the answer.
package sso

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"tocsin/internal/seal"
)

// Why a sign-on failed. What is none of these is an answer that does not hold.
var (
	// ErrUnreachable: the provider does not answer, or answers with a fault of its own.
	ErrUnreachable = errors.New("the provider cannot be reached")
	// ErrDenied: the provider, or the officer there, refused.
	ErrDenied = errors.New("the provider refused")
	// ErrLate: the answer belongs to no sign-on that was begun in this browser in the last ten minutes.
	ErrLate = errors.New("the answer belongs to no sign-on of this browser, or came too late")
	// ErrClock: the token is from the future, or over already: one of the clocks is wrong.
	ErrClock = errors.New("the clocks differ")
	// ErrClaim: the token does not hold the claim that names officers, or holds a mail address that was never verified.
	ErrClaim = errors.New("the token does not name the officer")
	// ErrToken: the token is not for us, not signed by the provider, or not of this sign-on.
	ErrToken = errors.New("the token does not hold")
)

const (
	// Life is how long a sign-on may take: typing a password at the provider, and its second factor.
	Life = 10 * time.Minute
	// patience bounds one call to the provider; an officer waits for it.
	patience = 8 * time.Second
	// skew is how much the clocks may differ.
	skew = 2 * time.Minute
)

// Options say which provider, and how it names officers.
type Options struct {
	Issuer   string // "https://login.police.example"
	ClientID string
	// Secret gives the client's secret. It is asked at each use, so that a rotated
	// file needs no restart.
	Secret func() (string, error)
	// Claim is what of the token names the officer: "preferred_username", "email".
	Claim string
	// Label is what the button calls it: "Police login".
	Label string
	// Back is our own address that the provider leads back to.
	Back string
	Key  seal.Key
	// Client makes the calls; nil = one with a time-out that follows no redirects.
	Client *http.Client
}

// Provider is one provider. It is safe for concurrent use.
type Provider struct {
	o      Options
	sealer seal.Sealer

	mu    sync.Mutex
	found *oidc.Provider // nil until it answered once
}

// New prepares the provider; it is not asked yet.
func New(o Options) *Provider {
	if o.Client == nil {
		o.Client = &http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	return &Provider{o: o, sealer: o.Key.For("single sign-on")}
}

// Label is what the button calls it.
func (p *Provider) Label() string { return p.o.Label }

// carried is what a browser holds between Begin and Finish, sealed.
type carried struct {
	State, Nonce, Verifier, Next string
}

// Begin is the provider's address for one sign-on, and what the browser carries
// until it is back: a sealed value for a cookie. next comes back from Finish. ErrUnreachable.
func (p *Provider) Begin(ctx context.Context, next string) (address, sealed string, err error) {
	config, _, err := p.discover(ctx)
	if err != nil {
		return "", "", err
	}
	c := carried{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Next: next}
	sealed, err = p.sealer.Seal(c, time.Now().Add(Life))
	if err != nil {
		return "", "", err
	}
	return config.AuthCodeURL(c.State, oidc.Nonce(c.Nonce), oauth2.S256ChallengeOption(c.Verifier)), sealed, nil
}

// Finish checks the query that the browser came back with against what it
// carried, fetches the token, and gives what the provider calls the officer and
// where he was going. One of this package's errors says what does not hold.
func (p *Provider) Finish(ctx context.Context, query map[string][]string, sealed string) (name, next string, err error) {
	one := func(key string) string {
		if v := query[key]; len(v) == 1 {
			return v[0]
		}
		return ""
	}
	var c carried
	if err := p.sealer.Open(sealed, &c); err != nil || subtle.ConstantTimeCompare([]byte(one("state")), []byte(c.State)) != 1 {
		return "", "", ErrLate
	}
	if code := one("error"); code != "" {
		return "", c.Next, fmt.Errorf("%w: %.60q", ErrDenied, code)
	}
	config, found, err := p.discover(ctx)
	if err != nil {
		return "", c.Next, err
	}
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, p.o.Client), patience)
	defer cancel()
	token, err := config.Exchange(ctx, one("code"), oauth2.VerifierOption(c.Verifier))
	if err != nil {
		return "", c.Next, exchangeFault(err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := p.verify(ctx, found, raw, c.Nonce)
	if err != nil {
		return "", c.Next, err
	}
	claims, err := p.claims(ctx, found, id, token)
	if err != nil {
		return "", c.Next, err
	}
	name, err = p.nameOf(claims)
	return name, c.Next, err
}

// claims are what the provider says of the officer: in the token, or, as the
// standard has it, at its userinfo address.
func (p *Provider) claims(ctx context.Context, found *oidc.Provider, id *oidc.IDToken, token *oauth2.Token) (map[string]any, error) {
	var claims map[string]any
	if err := id.Claims(&claims); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrToken, err)
	}
	if _, ok := claims[p.o.Claim]; ok || found.UserInfoEndpoint() == "" {
		return claims, nil
	}
	info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(token))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: the userinfo address: %w", ErrUnreachable, err)
	case info.Subject != id.Subject: // the standard's own warning: else one officer's token could be filled with another's name
		return nil, fmt.Errorf("%w: the userinfo is of somebody else", ErrToken)
	}
	if err := info.Claims(&claims); err != nil {
		return nil, fmt.Errorf("%w: the userinfo: %w", ErrToken, err)
	}
	return claims, nil
}

// exchangeFault tells a provider that refuses the code from one that does not answer.
func exchangeFault(err error) error {
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refused.Response.StatusCode < http.StatusInternalServerError {
		return fmt.Errorf("%w: %.60q", ErrDenied, refused.ErrorCode) // the body may repeat what we sent
	}
	return fmt.Errorf("%w: the token's address: %w", ErrUnreachable, err)
}

// verify checks the token: the provider's signature, that it is for us, of this
// sign-on, and of now.
func (p *Provider) verify(ctx context.Context, found *oidc.Provider, raw, nonce string) (*oidc.IDToken, error) {
	// Expiry is checked below, with the clocks' skew.
	id, err := found.Verifier(&oidc.Config{ClientID: p.o.ClientID, SkipExpiryCheck: true}).Verify(ctx, raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrToken, err)
	}
	now := time.Now()
	switch {
	case subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce)) != 1:
		return nil, fmt.Errorf("%w: it is of another sign-on", ErrToken)
	case now.After(id.Expiry.Add(skew)):
		return nil, fmt.Errorf("%w: the token ended at %s, and here it is %s", ErrClock, stamp(id.Expiry), stamp(now))
	case id.IssuedAt.After(now.Add(skew)):
		return nil, fmt.Errorf("%w: the token was issued at %s, and here it is %s", ErrClock, stamp(id.IssuedAt), stamp(now))
	}
	return id, nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// nameOf is the claim that names the officer.
func (p *Provider) nameOf(claims map[string]any) (string, error) {
	name, _ := claims[p.o.Claim].(string)
	if strings.TrimSpace(name) == "" {
		return "", fmt.Errorf("%w: it has no text in %q", ErrClaim, p.o.Claim)
	}
	// Whoever may write any address into his profile there must not become its owner here.
	if verified, _ := claims["email_verified"].(bool); p.o.Claim == "email" && !verified {
		return "", fmt.Errorf("%w: the provider has not verified the mail address", ErrClaim)
	}
	return name, nil
}

// discover asks the provider for its addresses and keys, until it has answered once.
func (p *Provider) discover(ctx context.Context) (oauth2.Config, *oidc.Provider, error) {
	p.mu.Lock()
	found := p.found
	p.mu.Unlock()
	if found == nil {
		brief, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		var err error
		if found, err = oidc.NewProvider(oidc.ClientContext(brief, p.o.Client), p.o.Issuer); err != nil {
			return oauth2.Config{}, nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
		}
		p.mu.Lock()
		p.found = found
		p.mu.Unlock()
	}
	secret, err := p.o.Secret()
	if err != nil {
		return oauth2.Config{}, nil, fmt.Errorf("%w: our own secret: %w", ErrUnreachable, err)
	}
	return oauth2.Config{
		ClientID: p.o.ClientID, ClientSecret: secret, Endpoint: found.Endpoint(), RedirectURL: p.o.Back,
		Scopes: p.scopes(),
	}, found, nil
}

// scopes are what the claim needs, and nothing more of the officer.
func (p *Provider) scopes() []string {
	if p.o.Claim == "email" {
		return []string{oidc.ScopeOpenID, "email"}
	}
	return []string{oidc.ScopeOpenID, "profile"}
}
