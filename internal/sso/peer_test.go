package sso

import (
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"tocsin/internal/peertest/oidc"
	"tocsin/internal/seal"
)

const back = "http://127.0.0.1:9/console/sign-in/sso/back" // nobody listens: the walk stops there

// prompt is a form of the provider's pages.
var prompt = regexp.MustCompile(`<form[^>]*action="([^"]+)"`)

// walk signs in at the provider as a person would, without script, and gives the
// query that he comes back with.
func walk(t *testing.T, address, name string) url.Values {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	var came url.Values
	client := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), back) {
			came = r.URL.Query()
			return http.ErrUseLastResponse
		}
		return nil
	}}
	send := func(res *http.Response, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
		if err != nil || res.StatusCode >= http.StatusBadRequest {
			t.Fatalf("%s: %v\n%s", res.Status, err, body)
		}
		return string(body)
	}
	page := send(client.Get(address))
	for range 4 {
		if came != nil {
			return came
		}
		at := prompt.FindStringSubmatch(page)
		if at == nil {
			t.Fatalf("no form on the provider's page:\n%s", page)
		}
		form := url.Values{"login": {name}, "password": {"any"}, "prompt": {"login"}}
		if !strings.Contains(page, `name="login"`) {
			form = url.Values{"prompt": {"consent"}}
		}
		page = send(client.PostForm(at[1], form))
	}
	if came == nil {
		t.Fatalf("the provider does not lead back:\n%s", page)
	}
	return came
}

// The whole flow against a certified provider: its discovery, PKCE, nonce, keys
// and signatures are not ours.
func TestAgainstOIDCProvider(t *testing.T) {
	for _, tt := range []struct {
		name, claim, login, want string
		lean                     bool
		err                      error
	}{
		{"name in the token", "preferred_username", "anna.peeters", "anna.peeters", false, nil},
		{"name at userinfo", "preferred_username", "anna.peeters", "anna.peeters", true, nil},
		{"mail address", "email", "anna.peeters", "anna.peeters@police.example", false, nil},
		{"mail address at userinfo", "email", "anna.peeters", "anna.peeters@police.example", true, nil},
		{"subject", "sub", "anna.peeters", "anna.peeters", true, nil},
		{"mail address never verified", "email", "unverified", "", false, ErrClaim},
		{"a claim it does not have", "badge_number", "anna.peeters", "", false, ErrClaim},
	} {
		t.Run(tt.name, func(t *testing.T) {
			peer := oidc.Start(t, back, tt.lean)
			p := New(Options{
				Issuer: peer.Issuer, ClientID: peer.ClientID, Secret: func() (string, error) { return peer.Secret, nil },
				Claim: tt.claim, Back: back, Key: seal.NewKey(),
			})
			address, carried, err := p.Begin(t.Context(), "/console/cases/X")
			if err != nil {
				t.Fatal(err)
			}
			came := walk(t, address, tt.login)
			name, next, err := p.Finish(t.Context(), came, carried)
			if name != tt.want || next != "/console/cases/X" || !errors.Is(err, tt.err) {
				t.Fatalf("%q, %q, %v; want %q, %v", name, next, err, tt.want, tt.err)
			}
			if _, _, err := p.Finish(t.Context(), came, carried); !errors.Is(err, ErrDenied) {
				t.Errorf("the same code twice: %v", err)
			}
			_, other, err := p.Begin(t.Context(), "/")
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := p.Finish(t.Context(), came, other); !errors.Is(err, ErrLate) {
				t.Errorf("another browser's answer: %v", err)
			}
		})
	}
}

// A client whose secret is wrong, or that shows no PKCE verifier of its own, gets nothing.
func TestProviderRefusesUs(t *testing.T) {
	peer := oidc.Start(t, back, false)
	secret := "wrong"
	p := New(Options{Issuer: peer.Issuer, ClientID: peer.ClientID, Secret: func() (string, error) { return secret, nil }, Claim: "sub", Back: back, Key: seal.NewKey()})
	address, carried, err := p.Begin(t.Context(), "/")
	if err != nil {
		t.Fatal(err)
	}
	came := walk(t, address, "anna")
	if _, _, err := p.Finish(t.Context(), came, carried); !errors.Is(err, ErrDenied) {
		t.Errorf("a wrong secret: %v", err)
	}
	secret = peer.Secret // rotated in its file, without a restart
	address, carried, err = p.Begin(t.Context(), "/")
	if err != nil {
		t.Fatal(err)
	}
	came = walk(t, address, "anna")
	if _, _, err := p.Finish(t.Context(), came, carried); err != nil {
		t.Errorf("after the secret was mended: %v", err)
	}
}
