package auth

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/auth/authtest"
	"tocsin/internal/seal"
	"tocsin/internal/stream/streamtest"
)

// withKey is anna with one passkey, "Phone".
func withKey(t *testing.T) (*Passkeys, *authtest.Key) {
	t.Helper()
	b, _ := withAnna(t)
	return enrolled(t, b)
}

func enrolled(t *testing.T, b *Book) (*Passkeys, *authtest.Key) {
	t.Helper()
	p, err := NewPasskeys(b, "http://localhost:8443")
	if err != nil {
		t.Fatal(err)
	}
	k := authtest.NewKey(t, "localhost")
	k.Origin += ":8443"
	if err := p.Enrol(t.Context(), anna(), "Phone", k.Create(creation(t, p))); err != nil {
		t.Fatal(err)
	}
	return p, k
}

func creation(t *testing.T, p *Passkeys) any {
	t.Helper()
	options, err := p.Creation(anna())
	if err != nil {
		t.Fatal(err)
	}
	return options
}

func TestWherePasskeysAre(t *testing.T) {
	b, _ := withAnna(t)
	for address, want := range map[string]error{
		"https://alert.example": nil, "https://alert.example:8443": nil, "http://localhost:8080": nil,
		"http://alert.example": ErrNoPasskeys, "http://127.0.0.1:8080": ErrNoPasskeys, "https://192.0.2.1": ErrNoPasskeys, "https://[2001:db8::1]": ErrNoPasskeys, "": ErrNoPasskeys,
	} {
		if _, err := NewPasskeys(b, address); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", address, err, want)
		}
	}
}

func TestSignInByPasskey(t *testing.T) {
	p, k := withKey(t)
	if list := p.List("anna.smith"); len(list) != 1 || list[0].Name != "Phone" || list[0].ID != k.ID() || list[0].Added.IsZero() || !list[0].Used.IsZero() {
		t.Fatalf("after enrolling: %+v", list)
	}
	o, err := p.SignIn(t.Context(), k.Get(p.Challenge()))
	if err != nil || o.ID != "anna.smith" {
		t.Fatalf("signed in as %q: %v", o.ID, err)
	}
	if list := p.List("anna.smith"); list[0].Used.IsZero() {
		t.Error("the key's use is not noted")
	}
	for name, tt := range map[string]struct {
		answer func() []byte
		want   error
	}{
		"nothing":  {func() []byte { return nil }, ErrPasskey},
		"not JSON": {func() []byte { return []byte("{") }, ErrPasskey},
		"a challenge not ours": {func() []byte {
			return k.Get("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
		}, ErrLate},
		"a challenge for a key": {func() []byte { return k.Get(encoded(p.ceremonies.challenge(forNew("anna.smith")))) }, ErrLate},
		"no finger":             {func() []byte { c := k.Clone(); c.Unverified = true; return c.Get(p.Challenge()) }, ErrPasskey},
		"another site's page":   {func() []byte { c := k.Clone(); c.Origin = "https://evil.example"; return c.Get(p.Challenge()) }, ErrPasskey},
		"another site's key":    {func() []byte { c := k.Clone(); c.Host = "evil.example"; return c.Get(p.Challenge()) }, ErrPasskey},
		"an answer to create":   {func() []byte { c := k.Clone(); c.Type = "webauthn.create"; return c.Get(p.Challenge()) }, ErrPasskey},
		"an unknown key":        {func() []byte { c := authtest.NewKey(t, "localhost"); c.Origin = k.Origin; return c.Get(p.Challenge()) }, ErrPasskey},
		"a forged signature": {func() []byte {
			a := string(k.Get(p.Challenge()))
			at := strings.Index(a, `"signature":"`) + 24
			return []byte(a[:at] + string("AB"[b2i(a[at] == 'A')]) + a[at+1:])
		}, ErrPasskey},
	} {
		if o, err := p.SignIn(t.Context(), tt.answer()); !errors.Is(err, tt.want) || o.ID != "" {
			t.Errorf("%s: %q, %v; want %v", name, o.ID, err, tt.want)
		}
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// An answer is good for five minutes, and for one purpose.
func TestChallengesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, other := ceremonies{random(32)}, ceremonies{random(32)}
		one := encoded(c.challenge("x"))
		if !c.good("x", one) || c.good("y", one) || other.good("x", one) || c.good("x", one[1:]) {
			t.Error("a challenge is good for another purpose or key, or not for its own")
		}
		time.Sleep(challengeLife)
		if c.good("x", one) {
			t.Error("a challenge lives too long")
		}
	})
}

// An answer is good once, at whichever server of a cluster, and after a restart.
// A key without a counter, as phones are, tells no second answer from the first.
func TestAnswersAreTakenOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, key := new(streamtest.Memory), WithKey(seal.NewKey())
		one, two := passkeysOf(t, openWith(t, l, key)), passkeysOf(t, openWith(t, l, key))
		wantErr(t, one.book.Add(t.Context(), anna(), password), nil)
		synctest.Wait()
		k := newKey(t)
		made := k.Create(creation(t, one)) // the balancer sends what one asked to two
		wantErr(t, two.Enrol(t.Context(), anna(), "Phone", made), nil)
		synctest.Wait()
		wantErr(t, one.Enrol(t.Context(), anna(), "Phone", made), ErrLate)
		said := k.Get(one.Challenge())
		_, err := two.SignIn(t.Context(), said)
		wantErr(t, err, nil)
		restarted := passkeysOf(t, openWith(t, l, key))
		for name, p := range map[string]*Passkeys{"here": two, "there": one, "after a restart": restarted} {
			if _, err := p.SignIn(t.Context(), said); !errors.Is(err, ErrLate) {
				t.Errorf("%s an answer is taken twice: %v", name, err)
			}
		}
		for range 3 {
			time.Sleep(answeredFor)
			_, err := one.SignIn(t.Context(), k.Get(two.Challenge()))
			wantErr(t, err, nil)
		}
		if n := len(one.book.accounts["anna.smith"].answered); n != 1 {
			t.Errorf("%d answers are remembered, want the new one alone", n)
		}
	})
}

// A counter that goes backwards means that there are two of the key: both are refused.
func TestCopiedPasskey(t *testing.T) {
	b, _ := withAnna(t)
	p, first := enrolled(t, b)
	k := authtest.NewKey(t, "localhost")
	k.Origin, k.Counter = first.Origin, 1
	if err := p.Enrol(t.Context(), anna(), "Stick", k.Create(creation(t, p))); err != nil {
		t.Fatal(err)
	}
	thief := k.Clone()
	for range 2 {
		if _, err := p.SignIn(t.Context(), k.Get(p.Challenge())); err != nil {
			t.Fatal(err)
		}
	}
	for i, key := range []*authtest.Key{thief, k} {
		if _, err := p.SignIn(t.Context(), key.Get(p.Challenge())); !errors.Is(err, ErrSuspect) {
			t.Errorf("key %d: %v", i, err)
		}
	}
	if list := p.List("anna.smith"); !list[1].Suspect || list[0].Suspect {
		t.Errorf("the keys: %+v", list)
	}
	if _, err := p.SignIn(t.Context(), first.Get(p.Challenge())); err != nil {
		t.Errorf("the officer's other key: %v", err)
	}
}

// A suspicion outlives what was begun before it: the note of a release, and the
// second of two answers that came at once.
func TestCopiedPasskeyAtTheSameMoment(t *testing.T) {
	begin := func(t *testing.T) (*Passkeys, *authtest.Key) {
		b, _ := withAnna(t)
		p, k := passkeysOf(t, b), newKey(t)
		k.Counter = 1
		wantErr(t, p.Enrol(t.Context(), anna(), "Stick", k.Create(creation(t, p))), nil)
		return p, k
	}
	t.Run("a release", func(t *testing.T) {
		p, k := begin(t)
		digest := strings.Repeat("ab", 32)
		thief := k.Clone()
		s, err := p.Confirm(t.Context(), anna(), digest, k.Get(DigestChallenge(digest)))
		wantErr(t, err, nil)
		_, err = p.SignIn(t.Context(), k.Get(p.Challenge()))
		wantErr(t, err, nil)
		_, err = p.SignIn(t.Context(), thief.Get(p.Challenge()))
		wantErr(t, err, ErrSuspect)
		wantErr(t, p.Note(t.Context(), anna(), s), nil)
		if kept := p.book.accounts["anna.smith"].passkeys[0]; !kept.Suspect || kept.cred.Authenticator.SignCount != k.Counter {
			t.Errorf("after the release: suspect %v, count %d of %d", kept.Suspect, kept.cred.Authenticator.SignCount, k.Counter)
		}
	})
	t.Run("two sign-ins", func(t *testing.T) {
		p, k := begin(t)
		cred := p.book.accounts["anna.smith"].passkeys[0].cred // as both found it, and raised it
		cred.Authenticator.SignCount = k.Counter + 1
		wantErr(t, p.used(t.Context(), anna(), &cred, "one"), nil)
		wantErr(t, p.used(t.Context(), anna(), &cred, "two"), ErrSuspect)
	})
}

func TestKeepingPasskeys(t *testing.T) {
	b, _ := withAnna(t)
	p, k := enrolled(t, b)
	ctx := t.Context()
	if err := p.Rename(ctx, anna(), k.ID(), " Telefon "); err != nil || p.List("anna.smith")[0].Name != "Telefon" {
		t.Errorf("renamed: %v, %+v", err, p.List("anna.smith"))
	}
	for _, name := range []string{"", " ", "a\x00b", strings.Repeat("x", 41)} {
		if _, bad := errors.AsType[alert.Invalid](p.Rename(ctx, anna(), k.ID(), name)); !bad {
			t.Errorf("a key may be called %q", name)
		}
	}
	if err := p.Rename(ctx, anna(), "nosuch", "X"); !errors.Is(err, ErrPasskey) {
		t.Errorf("renaming nothing: %v", err)
	}
	if err := p.Enrol(ctx, anna(), "Again", k.Create(creation(t, p))); !errors.Is(err, ErrPasskey) {
		t.Errorf("an id that leads to two keys: %v", err)
	}
	for i := len(p.List("anna.smith")); i < maxPasskeys; i++ {
		more := authtest.NewKey(t, "localhost")
		more.Origin = k.Origin
		if err := p.Enrol(ctx, anna(), fmt.Sprint("Key ", i), more.Create(creation(t, p))); err != nil {
			t.Fatal(err)
		}
	}
	more := authtest.NewKey(t, "localhost")
	more.Origin = k.Origin
	if _, bad := errors.AsType[alert.Invalid](p.Enrol(ctx, anna(), "One more", more.Create(creation(t, p)))); !bad {
		t.Error("an eleventh key")
	}
	if err := p.Remove(ctx, anna(), k.ID()); err != nil {
		t.Fatal(err)
	}
	if _, err := p.SignIn(ctx, k.Get(p.Challenge())); !errors.Is(err, ErrPasskey) {
		t.Errorf("a removed key: %v", err)
	}
}

// Keys are the account's: they come back with a restart and go with a revocation.
func TestPasskeysOnTheEngine(t *testing.T) {
	e := streamtest.Embedded(t, alert.Drill)
	b, err := New(t.Context(), e.Cases())
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Add(t.Context(), anna(), password); err != nil {
		t.Fatal(err)
	}
	_, k := enrolled(t, b)
	again, err := New(t.Context(), e.Cases())
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewPasskeys(again, "http://localhost:8443")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.SignIn(t.Context(), k.Get(p.Challenge())); err != nil {
		t.Errorf("after a restart: %v", err)
	}
	if err := again.Revoke(t.Context(), "anna.smith"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.SignIn(t.Context(), k.Get(p.Challenge())); !errors.Is(err, ErrPasskey) {
		t.Errorf("a revoked officer: %v", err)
	}
	if err := again.Add(t.Context(), anna(), password); err != nil {
		t.Fatal(err)
	}
	if _, err := p.SignIn(t.Context(), k.Get(p.Challenge())); !errors.Is(err, ErrPasskey) || len(p.List("anna.smith")) != 0 {
		t.Errorf("a key of an earlier life: %v", err)
	}
}
