package auth

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/alert"
)

// site is a small site behind the middleware.
func site(t *testing.T, b *Book) http.Handler {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/who", func(w http.ResponseWriter, r *http.Request) {
		o, _ := From(r.Context())
		_, _ = io.WriteString(w, o.ID)
	})
	mux.HandleFunc("/in", func(w http.ResponseWriter, r *http.Request) {
		o, err := b.SignIn(r.Context(), r.FormValue("id"), r.FormValue("password"))
		if err == nil {
			err = b.StartSession(w, r, o)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
		}
	})
	mux.HandleFunc("/out", func(w http.ResponseWriter, r *http.Request) {
		if err := b.EndSession(w, r); err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
		}
	})
	mux.HandleFunc("/wait", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "waiting\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		_, _ = io.WriteString(w, context.Cause(r.Context()).Error())
	})
	return b.Middleware(mux)
}

// browser asks the site and keeps its cookies by hand, so that they can be looked at and stolen.
type browser struct {
	t       *testing.T
	site    http.Handler
	cookies map[string]string
	header  http.Header
	last    *http.Response
}

func newBrowser(t *testing.T, site http.Handler) *browser {
	return &browser{t: t, site: site, cookies: map[string]string{}, header: http.Header{}}
}

func (c *browser) get(target string) (int, string) {
	c.t.Helper()
	r := httptest.NewRequestWithContext(c.t.Context(), http.MethodPost, target, nil)
	r.Header = c.header.Clone()
	for name, value := range c.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	c.site.ServeHTTP(w, r)
	c.last = w.Result()
	for _, ck := range c.last.Cookies() {
		if c.cookies[ck.Name] = ck.Value; ck.MaxAge < 0 {
			delete(c.cookies, ck.Name)
		}
	}
	return w.Code, w.Body.String()
}

func (c *browser) signIn() {
	c.t.Helper()
	if code, body := c.get("/in?id=anna.smith&password=" + strings.ReplaceAll(password, " ", "+")); code != http.StatusOK {
		c.t.Fatalf("sign-in: %d %s", code, body)
	}
}

func (c *browser) wantWho(want string) {
	c.t.Helper()
	if code, who := c.get("/who"); code != http.StatusOK || who != want {
		c.t.Fatalf("%d, signed in as %q, want %q", code, who, want)
	}
}

func TestSession(t *testing.T) {
	b, _ := withAnna(t)
	c := newBrowser(t, site(t, b))
	c.wantWho("")
	if len(c.cookies) != 0 {
		t.Errorf("a visitor gets cookies %v", c.cookies)
	}
	c.signIn()
	ck := c.last.Cookies()[0]
	if !ck.HttpOnly || ck.SameSite != http.SameSiteLaxMode || ck.Secure || ck.Path != "/" || ck.MaxAge != 0 {
		t.Errorf("cookie %v", ck)
	}
	c.wantWho("anna.smith")

	before := c.cookies["tocsin"]
	c.signIn()
	if c.cookies["tocsin"] == before {
		t.Error("signing in keeps the session id: it can be planted")
	}
	thief := newBrowser(t, c.site)
	thief.cookies["tocsin"] = before
	thief.wantWho("")

	stolen := c.cookies["tocsin"]
	if code, _ := c.get("/out"); code != http.StatusOK {
		t.Errorf("sign-out: %d", code)
	}
	c.wantWho("")
	thief.cookies["tocsin"] = stolen
	thief.wantWho("")
	thief.cookies["tocsin"] = strings.Repeat("x", 4000)
	thief.wantWho("")
}

func TestSecureCookie(t *testing.T) {
	b, _ := withAnna(t)
	c := newBrowser(t, site(t, b))
	c.header.Set("X-Forwarded-Proto", "https")
	c.signIn()
	if ck := c.last.Cookies()[0]; !ck.Secure || ck.Name != "__Host-tocsin" || ck.Domain != "" || ck.Path != "/" {
		t.Errorf("cookie %v", ck)
	}
	c.wantWho("anna.smith")
	c.header.Del("X-Forwarded-Proto")
	c.wantWho("") // the cookie of the encrypted connection counts for nothing on a plain one
}

func TestSessionEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := withAnna(t)
		c := newBrowser(t, site(t, b))
		c.signIn()
		time.Sleep(sessionIdle - time.Second)
		c.wantWho("anna.smith")
		time.Sleep(sessionIdle + time.Second)
		c.wantWho("")

		c.signIn()
		for range 2 * sessionLife / sessionIdle {
			time.Sleep(sessionIdle / 2)
			c.get("/who")
		}
		c.wantWho("") // however busy, a shift has an end
	})
}

func TestRevoke(t *testing.T) {
	b, _ := withAnna(t)
	c := newBrowser(t, site(t, b))
	c.signIn()
	token, err := b.NewToken(t.Context(), "anna.smith")
	if err != nil {
		t.Fatal(err)
	}
	old := c.cookies["tocsin"]

	// A page that is open is cut as well.
	srv := httptest.NewServer(c.site)
	defer srv.Close()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/wait", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: "tocsin", Value: old})
	resp, err := (&http.Client{Jar: jar}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()

	if err := b.Revoke(t.Context(), "anna.smith"); err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "waiting\n"+ErrRevoked.Error() {
		t.Errorf("the open page: %q, %v", body, err)
	}
	bearer := newBrowser(t, c.site)
	bearer.header.Set("Authorization", "Bearer "+token)
	if code, _ := bearer.get("/who"); code != http.StatusUnauthorized {
		t.Errorf("the token: %d", code)
	}
	// Adding him again brings nothing of it back.
	if err := b.Add(t.Context(), anna(), password); err != nil {
		t.Fatal(err)
	}
	c.wantWho("") // not back before he was added again
	c.signIn()
	if err := errors.Join(b.Revoke(t.Context(), "anna.smith"), b.Add(t.Context(), anna(), password)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		c.wantWho("")
	}
	c.cookies["tocsin"] = old
	c.wantWho("")
	if code, _ := bearer.get("/who"); code != http.StatusUnauthorized {
		t.Errorf("the token of an earlier life: %d", code)
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	if len(b.open) != 0 {
		t.Errorf("requests still noted: %v", b.open)
	}
}

func TestTokens(t *testing.T) {
	b, l := withAnna(t)
	token, err := b.NewToken(t.Context(), "anna.smith")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(token, "tocsin_") || len(token) < 50 {
		t.Errorf("token %q", token)
	}
	for _, r := range l.Records() {
		if strings.Contains(string(r.Data), token[7:]) {
			t.Error("the token is on the log")
		}
	}
	c := newBrowser(t, site(t, b))
	for _, tt := range []struct {
		name, header string
		code         int
		who          string
	}{
		{"right", "Bearer " + token, 200, "anna.smith"},
		{"small letters", "bearer " + token, 200, "anna.smith"},
		{"a letter changed", "Bearer " + token[:len(token)-1] + "0", 401, ""},
		{"without its prefix", "Bearer " + token[7:], 401, ""},
		{"its hash", "Bearer " + hashToken(token), 401, ""},
		{"empty", "Bearer ", 401, ""},
		{"endless", "Bearer tocsin_" + strings.Repeat("x", 10_000), 401, ""},
		{"another scheme", "Basic " + token, 200, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c.t = t
			c.header.Set("Authorization", tt.header)
			code, body := c.get("/who")
			if code != tt.code || tt.code == 200 && body != tt.who {
				t.Errorf("%d %q, want %d %q", code, body, tt.code, tt.who)
			}
			if tt.code == 401 {
				var problem struct{ Title, Detail string }
				if err := json.Unmarshal([]byte(body), &problem); err != nil || problem.Detail == "" || c.last.Header.Get("Content-Type") != "application/problem+json" {
					t.Errorf("problem %q: %v", body, err)
				}
			}
			if len(c.cookies) != 0 {
				t.Errorf("a token gets cookies %v", c.cookies)
			}
		})
	}
	c.header.Set("Authorization", "Bearer "+token)
	if code, _ := c.get("/out"); code != http.StatusForbidden {
		t.Error("a token has no session to end")
	}
	for range maxTokens - 1 {
		if _, err := b.NewToken(t.Context(), "anna.smith"); err != nil {
			t.Fatal(err)
		}
	}
	_, err = b.NewToken(t.Context(), "anna.smith")
	if _, ok := errors.AsType[alert.Invalid](err); !ok {
		t.Errorf("a token too many: %v", err)
	}
	_, err = b.NewToken(t.Context(), "nobody")
	wantErr(t, err, ErrUnknown)
}

func TestSessionNeedsMiddleware(t *testing.T) {
	b, _ := withAnna(t)
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	wantErr(t, b.StartSession(httptest.NewRecorder(), r, anna()), ErrNoSession)
	wantErr(t, b.EndSession(httptest.NewRecorder(), r), ErrNoSession)
	if o, ok := From(r.Context()); ok || o.ID != "" {
		t.Error("somebody came from nowhere")
	}
	if !anna().Has(Approver) || slices.Contains(anna().Roles, Admin) || anna().Has(Admin) {
		t.Error("roles")
	}
}

// What somebody proved before his account was reset or narrowed begins no session
// afterwards, and leads to no second step.
func TestProofEndsWithTheAccountsLife(t *testing.T) {
	for name, after := range map[string]func(t *testing.T, b *Book){
		"reset": func(t *testing.T, b *Book) {
			if _, err := b.Confirm(t.Context(), boris, "anna.smith", asks(t, b, ada, AskReset, anna())); err != nil {
				t.Fatal(err)
			}
		},
		"a role less": func(t *testing.T, b *Book) {
			demote(t, b, ada, with(anna(), func(o *Officer) { o.Roles = []Role{Author} }))
		},
	} {
		t.Run(name, func(t *testing.T) {
			b, _ := office(t)
			p, k := enrolled(t, b)
			byPassword, err1 := b.SignIn(t.Context(), "anna.smith", password)
			byKey, err2 := p.SignIn(t.Context(), k.Get(p.Challenge()))
			bySSO, err3 := b.SignInBySSO(t.Context(), "anna.smith")
			wantErr(t, errors.Join(err1, err2, err3), nil)
			after(t, b)
			site := b.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				for _, o := range []Officer{byPassword, byKey, bySSO, anna()} {
					if err := b.StartSession(w, r, o); !errors.Is(err, ErrTicket) {
						t.Errorf("a session began: %v", err)
					}
				}
			}))
			newBrowser(t, site).get("/")
			ticket, err := b.SetUpTicket(byPassword)
			wantErr(t, err, nil)
			_, _, err = b.SettingUp(ticket)
			wantErr(t, err, ErrTicket)
		})
	}
}
