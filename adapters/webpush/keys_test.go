package webpush

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

func TestKeysAreMadeOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	var wg sync.WaitGroup
	made := make([]keys, 8)
	for i := range made { // several processes start on one folder
		wg.Go(func() {
			k, err := loadKeys(dir)
			if err != nil {
				t.Error(err)
			}
			made[i] = k
		})
	}
	wg.Wait()
	for _, k := range made {
		if k != made[0] || k.Public == "" {
			t.Fatal("two key pairs were made")
		}
	}
	info, err := os.Stat(filepath.Join(dir, "vapid.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v, %v", left, err)
	}
}

func TestKeysRefused(t *testing.T) {
	good, err := loadKeys(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	other, err := loadKeys(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		content string
		mode    os.FileMode
	}{
		"damaged":     {`{"public":`, 0o600},
		"empty":       {"", 0o600},
		"no pair":     {string(mustJSON(t, keys{good.Public, other.Private})), 0o600},
		"not base64":  {string(mustJSON(t, keys{good.Public, "!"})), 0o600},
		"others read": {string(mustJSON(t, good)), 0o644},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "vapid.json")
		if err := os.WriteFile(path, []byte(c.content), c.mode); err != nil {
			t.Fatal(err)
		}
		if _, err := loadKeys(dir); err == nil || strings.Contains(err.Error(), good.Private) {
			t.Errorf("%s: %v", name, err)
		}
		if kept, err := os.ReadFile(path); err != nil || string(kept) != c.content {
			t.Errorf("%s: the file was written over", name)
		}
	}
	if _, err := loadKeys(""); err == nil {
		t.Error("no folder: taken")
	}
}

func TestCheckFindsAChangedKey(t *testing.T) {
	a := drill(t, nil)
	if err := a.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(a.env.KeyDir, "vapid.json")); err != nil {
		t.Fatal(err)
	}
	if err := a.Check(t.Context()); err == nil {
		t.Error("another key on disk went unnoticed")
	}
}

func TestContact(t *testing.T) {
	for contact, want := range map[string]string{
		"mailto:a@b.example": "a@b.example", "https://b.example/contact": "https://b.example/contact",
		"": "", "a@b.example": "", "mailto:mailto:a@b@c": "", "http://b.example": "", "https://": "", "mailto:nobody": "",
	} {
		got, err := vapidSubject(contact)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q: %q, %v; want %q", contact, got, err, want)
		}
	}
}

// The address must stand once behind mailto:, whatever webpush-go puts before it.
func TestTokenClaims(t *testing.T) {
	a := drill(t, nil)
	header, err := a.mint("https://fcm.googleapis.com")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(header, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		Aud, Sub string
		Exp      int64
	}
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	life := time.Until(time.Unix(claims.Exp, 0))
	if claims.Aud != "https://fcm.googleapis.com" || claims.Sub != "mailto:alerts@police.example" || life < tokenUse || life > 24*time.Hour {
		t.Errorf("%+v", claims)
	}
}

func TestTokensAreReused(t *testing.T) {
	minted := 0
	tk := tokens{mint: func(origin string) (string, error) {
		minted++
		if origin == "bad" {
			return "", errors.New("no")
		}
		return origin, nil
	}}
	now := time.Now()
	step := func(origin string, after time.Duration, want int) {
		t.Helper()
		now = now.Add(after)
		if h, err := tk.header(origin, now); err == nil && h != origin || minted != want {
			t.Errorf("%s: %q after %d signatures, want %d", origin, h, minted, want)
		}
	}
	step("a", 0, 1)
	step("a", 10*time.Hour, 1)
	step("b", 0, 2)
	step("a", 2*time.Hour, 3) // 12 h old
	tk.refused("a", now.Add(time.Minute))
	step("a", 2*time.Minute, 3) // Apple wants an hour between two
	tk.refused("a", now.Add(time.Hour))
	step("a", time.Hour, 4)
	step("bad", 0, 5)
	step("bad", 0, 6) // a failure is not kept
	for i := range 2 * maxOrigins {
		if _, err := tk.header(strings.Repeat("x", i), now); err != nil {
			t.Fatal(err)
		}
	}
	if len(tk.held) > maxOrigins {
		t.Errorf("%d origins held", len(tk.held))
	}
}

func TestOpenRefusesBadSettings(t *testing.T) {
	env := adapter.Env{Realm: alert.Live, Contact: "mailto:a@b.example", KeyDir: t.TempDir()}
	for name, raw := range map[string]string{
		"unknown":     `{"allowed_host":["x"]}`,
		"host":        `{"allowed_hosts":["https://x.example"]}`,
		"region":      `{"regions":["Belgium"]}`,
		"proxy":       `{"trusted_proxies":["10.0.0.1"]}`,
		"connections": `{"connections":1000}`,
		"negative":    `{"connections":-1}`,
		"roots":       `{"root_cas":"/nowhere.pem"}`,
	} {
		if _, _, err := Driver().Open(t.Context(), json.RawMessage(raw), env); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	live := env
	live.AllowLoopback = true
	if _, _, err := Driver().Open(t.Context(), nil, live); err == nil {
		t.Error("loopback was allowed in the live realm")
	}
	a, stop, err := Driver().Open(t.Context(), json.RawMessage(`{"trusted_proxies":["10.0.0.0/8"]}`), env)
	if err != nil || a == nil {
		t.Fatal(err)
	}
	if err := stop(t.Context()); err != nil {
		t.Error(err)
	}
}
