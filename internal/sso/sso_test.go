package sso

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/seal"
)

// rogue is a provider that can be wrong in every way: a test changes one thing
// of an answer that would hold.
type rogue struct {
	*httptest.Server
	key *rsa.PrivateKey

	claims   map[string]any // of the next token
	header   map[string]any
	signer   *rsa.PrivateKey
	status   int // of the token's address
	noToken  bool
	issuer   string // that it calls itself; "" = its address
	userinfo map[string]any
}

var signingKey = func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
}()

func startRogue(t *testing.T) *rogue {
	t.Helper()
	r := &rogue{key: signingKey, signer: signingKey, status: http.StatusOK, header: map[string]any{"alg": "RS256", "kid": "one"}}
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(v); err != nil {
			t.Error(err)
		}
	}
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		issuer := r.issuer
		if issuer == "" {
			issuer = r.URL
		}
		answer(w, map[string]any{
			"issuer": issuer, "authorization_endpoint": r.URL + "/auth", "token_endpoint": r.URL + "/token", "jwks_uri": r.URL + "/keys",
			"userinfo_endpoint": r.URL + "/me", "id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"keys": []any{map[string]any{
			"kty": "RSA", "kid": "one", "alg": "RS256", "use": "sig", "n": b64(r.key.N.Bytes()), "e": b64(big.NewInt(int64(r.key.E)).Bytes()),
		}}})
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, _ *http.Request) {
		if r.status != http.StatusOK {
			w.WriteHeader(r.status)
			answer(w, map[string]any{"error": "invalid_grant"})
			return
		}
		token := map[string]any{"access_token": "x", "token_type": "Bearer"}
		if !r.noToken {
			token["id_token"] = r.sign(t)
		}
		answer(w, token)
	})
	mux.HandleFunc("/me", func(w http.ResponseWriter, _ *http.Request) { answer(w, r.userinfo) })
	r.Server = httptest.NewServer(mux)
	t.Cleanup(r.Close)
	return r
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (r *rogue) sign(t *testing.T) string {
	t.Helper()
	head, err := json.Marshal(r.header)
	body, err2 := json.Marshal(r.claims)
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	text := b64(head) + "." + b64(body)
	if r.header["alg"] == "none" {
		return text + "."
	}
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, r.signer, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + b64(sig)
}

func (r *rogue) provider() *Provider {
	return New(Options{
		Issuer: r.URL, ClientID: "tocsin", Secret: func() (string, error) { return "s", nil },
		Claim: "preferred_username", Back: back, Key: seal.NewKey(),
	})
}

// begin is a sign-on whose token would hold, and its query.
func (r *rogue) begin(t *testing.T, p *Provider) (query url.Values, carried string) {
	t.Helper()
	address, carried, err := p.Begin(t.Context(), "/console/cases")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "" || q.Get("response_type") != "code" || q.Get("redirect_uri") != back || q.Get("nonce") == q.Get("state") {
		t.Errorf("asked with %v", q)
	}
	now := time.Now()
	r.claims = map[string]any{
		"iss": r.URL, "aud": "tocsin", "sub": "1", "preferred_username": "anna", "nonce": q.Get("nonce"),
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	return url.Values{"state": {q.Get("state")}, "code": {"x"}}, carried
}

func TestRefusals(t *testing.T) {
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ago := func(d time.Duration) int64 { return time.Now().Add(-d).Unix() }
	for name, tt := range map[string]struct {
		change func(r *rogue, q url.Values)
		want   error
	}{
		"nothing":              {func(*rogue, url.Values) {}, nil},
		"a clock a minute off": {func(r *rogue, _ url.Values) { r.claims["iat"], r.claims["exp"] = ago(-time.Minute), ago(time.Minute) }, nil},
		"name at userinfo": {func(r *rogue, _ url.Values) {
			delete(r.claims, "preferred_username")
			r.userinfo = map[string]any{"sub": "1", "preferred_username": "anna"}
		}, nil},
		"another state":              {func(_ *rogue, q url.Values) { q.Set("state", "x") }, ErrLate},
		"no state":                   {func(_ *rogue, q url.Values) { q.Del("state") }, ErrLate},
		"two states":                 {func(_ *rogue, q url.Values) { q.Add("state", q.Get("state")) }, ErrLate},
		"refused there":              {func(_ *rogue, q url.Values) { q.Set("error", "access_denied"); q.Del("code") }, ErrDenied},
		"a code refused":             {func(r *rogue, _ url.Values) { r.status = http.StatusBadRequest }, ErrDenied},
		"the token's address broken": {func(r *rogue, _ url.Values) { r.status = http.StatusBadGateway }, ErrUnreachable},
		"gone meanwhile":             {func(r *rogue, _ url.Values) { r.Close() }, ErrUnreachable},
		"no token":                   {func(r *rogue, _ url.Values) { r.noToken = true }, ErrToken},
		"another nonce":              {func(r *rogue, _ url.Values) { r.claims["nonce"] = "x" }, ErrToken},
		"no nonce":                   {func(r *rogue, _ url.Values) { delete(r.claims, "nonce") }, ErrToken},
		"for another client":         {func(r *rogue, _ url.Values) { r.claims["aud"] = "other" }, ErrToken},
		"of another issuer":          {func(r *rogue, _ url.Values) { r.claims["iss"] = "https://evil.example" }, ErrToken},
		"another's signature":        {func(r *rogue, _ url.Values) { r.signer = stranger }, ErrToken},
		"not signed":                 {func(r *rogue, _ url.Values) { r.header = map[string]any{"alg": "none"} }, ErrToken},
		"over":                       {func(r *rogue, _ url.Values) { r.claims["exp"] = ago(skew + time.Minute) }, ErrClock},
		"from the future":            {func(r *rogue, _ url.Values) { r.claims["iat"] = ago(-skew - time.Minute) }, ErrClock},
		"no name": {func(r *rogue, _ url.Values) {
			delete(r.claims, "preferred_username")
			r.userinfo = map[string]any{"sub": "1"}
		}, ErrClaim},
		"an empty name":          {func(r *rogue, _ url.Values) { r.claims["preferred_username"] = " " }, ErrClaim},
		"a name that is no text": {func(r *rogue, _ url.Values) { r.claims["preferred_username"] = 7 }, ErrClaim},
		"userinfo of somebody else": {func(r *rogue, _ url.Values) {
			delete(r.claims, "preferred_username")
			r.userinfo = map[string]any{"sub": "2", "preferred_username": "bram"}
		}, ErrToken},
	} {
		t.Run(name, func(t *testing.T) {
			r := startRogue(t)
			p := r.provider()
			q, carried := r.begin(t, p)
			q = maps.Clone(q)
			tt.change(r, q)
			got, next, err := p.Finish(t.Context(), q, carried)
			if !errors.Is(err, tt.want) || (err == nil) != (got == "anna") {
				t.Fatalf("%q, %v; want %v", got, err, tt.want)
			}
			if tt.want != ErrLate && next != "/console/cases" {
				t.Errorf("leads on to %q", next)
			}
		})
	}
}

// A provider that is down is found again when it is back, and one that calls
// itself otherwise is not taken.
func TestProviderComesBack(t *testing.T) {
	r := startRogue(t)
	p := r.provider()
	r.issuer = "https://evil.example"
	if _, _, err := p.Begin(t.Context(), "/"); !errors.Is(err, ErrUnreachable) {
		t.Errorf("another issuer: %v", err)
	}
	down := New(Options{Issuer: "http://127.0.0.1:1", Secret: func() (string, error) { return "", nil }, Key: seal.NewKey()})
	if _, _, err := down.Begin(t.Context(), "/"); !errors.Is(err, ErrUnreachable) {
		t.Errorf("nobody there: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := p.Begin(ctx, "/"); !errors.Is(err, ErrUnreachable) {
		t.Errorf("the officer left: %v", err)
	}
	r.issuer = ""
	if _, _, err := p.Begin(t.Context(), "/"); err != nil {
		t.Errorf("back again: %v", err)
	}
	r.Close()
	if _, _, err := p.Begin(t.Context(), "/"); err != nil {
		t.Errorf("its addresses are known, and asked for again: %v", err)
	}
	unread := New(Options{Issuer: "http://127.0.0.1:1", Key: seal.NewKey(), Secret: func() (string, error) { return "", errors.New("no such file") }})
	unread.found = p.found
	if _, _, err := unread.Begin(t.Context(), "/"); !errors.Is(err, ErrUnreachable) {
		t.Errorf("no secret: %v", err)
	}
}

// What a browser carries ends after ten minutes.
func TestCarriedEnds(t *testing.T) {
	r := startRogue(t)
	p := r.provider()
	if _, _, err := p.Begin(t.Context(), "/"); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		address, carried, err := p.Begin(t.Context(), "/") // its addresses are known: nothing is sent
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		refused := url.Values{"state": {u.Query().Get("state")}, "error": {"access_denied"}} // asks nobody either
		time.Sleep(Life - time.Second)
		if _, _, err := p.Finish(t.Context(), refused, carried); !errors.Is(err, ErrDenied) {
			t.Errorf("in time: %v", err)
		}
		time.Sleep(time.Second)
		if _, _, err := p.Finish(t.Context(), refused, carried); !errors.Is(err, ErrLate) {
			t.Errorf("too late: %v", err)
		}
	})
}

// A provider that sends us elsewhere is not followed: the address guard is the
// settings, and what they name is all that is asked.
func TestRedirectIsNotFollowed(t *testing.T) {
	var asked atomic.Bool
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Store(true)
		w.WriteHeader(http.StatusNotFound)
	}))
	defer elsewhere.Close()
	peer := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusFound))
	defer peer.Close()
	p := New(Options{Issuer: peer.URL, Secret: func() (string, error) { return "s", nil }, Claim: "sub", Back: back, Key: seal.NewKey()})
	if _, _, err := p.Begin(t.Context(), "/console/cases"); err == nil || asked.Load() {
		t.Errorf("%v, and the other host was asked: %t", err, asked.Load())
	}
}
