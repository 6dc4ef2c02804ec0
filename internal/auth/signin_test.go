package auth

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func TestSignIn(t *testing.T) {
	b, _ := withAnna(t)
	var hashes atomic.Int32
	b.hasher.count = func() { hashes.Add(1) }
	gone := Officer{ID: "gone", Name: "Gone", Roles: []Role{Author}}
	if err := errors.Join(b.Add(t.Context(), gone, password), b.Revoke(t.Context(), "gone")); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, id, password string
		want               error
	}{
		{"right", "anna.smith", password, nil},
		{"as typed on a phone", " Anna.Smith ", password, nil},
		{"wrong password", "anna.smith", password + "x", ErrCredentials},
		{"empty password", "anna.smith", "", ErrCredentials},
		{"endless password", "anna.smith", strings.Repeat(password, 1000), ErrCredentials},
		{"unknown officer", "nobody", password, ErrCredentials},
		{"no possible name", "../*\x00", password, ErrCredentials},
		{"revoked officer", "gone", password, ErrCredentials},
	} {
		t.Run(tt.name, func(t *testing.T) {
			hashes.Store(0)
			o, err := b.SignIn(t.Context(), tt.id, tt.password)
			if err != tt.want { // the very same error, so that nobody can tell the cases apart
				t.Fatalf("error %v, want %v", err, tt.want)
			}
			if tt.want == nil && o.ID != "anna.smith" {
				t.Errorf("signed in as %q", o.ID)
			}
			// The same work whoever it is: that is what makes the times alike.
			if n := hashes.Load(); n != 1 {
				t.Errorf("%d hashes computed, want 1", n)
			}
		})
	}
	dummy, real := strings.Split(b.hasher.dummy, "$"), strings.Split(b.accounts["anna.smith"].password, "$")
	if dummy[3] != real[3] || len(dummy[4]) != len(real[4]) || len(dummy[5]) != len(real[5]) {
		t.Errorf("the dummy %v costs other than a real one %v", dummy, real)
	}
}

// A success takes its own try back, and no more.
func TestSignInsAtOnceAreCountedBeforeTheyAreMade(t *testing.T) {
	b, _ := withAnna(t)
	var refused atomic.Int32
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			if _, err := b.SignIn(t.Context(), "anna.smith", "wrong password"); err != ErrCredentials {
				refused.Add(1)
			}
		})
	}
	wg.Wait()
	if n := refused.Load(); n != 12-freeTries {
		t.Errorf("%d of 12 guesses at once were refused, want %d", n, 12-freeTries)
	}
}

func TestHashesAtOnce(t *testing.T) {
	h := newHasher()
	for range hashesAtOnce {
		h.slots <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.check(ctx, h.dummy, password); !errors.Is(err, context.Canceled) {
		t.Errorf("a hash beyond the bound: %v", err)
	}
	<-h.slots
	if ok, err := h.check(t.Context(), h.dummy, password); ok || err != nil {
		t.Errorf("the dummy fits: %v, %v", ok, err)
	}
}

func TestStoredPasswords(t *testing.T) {
	h := newHasher()
	good, err := h.make(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	other, err := h.make(t.Context(), password)
	if err != nil || other == good {
		t.Fatalf("two hashes of a password are alike, %v", err)
	}
	for _, p := range []struct {
		password string
		want     bool
	}{{password, true}, {password + " ", false}, {strings.ToUpper(password), false}, {"", false}} {
		if ok, err := h.check(t.Context(), good, p.password); ok != p.want || err != nil {
			t.Errorf("%q: %v, %v", p.password, ok, err)
		}
	}
	for name, stored := range map[string]string{
		"empty":           "",
		"bcrypt":          "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
		"a gigabyte":      strings.Replace(good, "m=19456", "m=1048576", 1),
		"a thousand runs": strings.Replace(good, "t=2", "t=1000", 1),
		"no runs":         strings.Replace(good, "t=2", "t=0", 1),
		"cut":             good[:len(good)-4],
		"not base64":      good + "!",
	} {
		t.Run(name, func(t *testing.T) {
			if ok, err := h.check(t.Context(), stored, password); ok || !errors.Is(err, errHash) {
				t.Errorf("%v, %v", ok, err)
			}
		})
	}
}
