package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/auth/authtest"
	"tocsin/internal/seal"
	"tocsin/internal/stream/streamtest"
	"tocsin/internal/totp"
)

// openWith is a book on l that asks what the options say.
func openWith(t *testing.T, l *streamtest.Memory, with ...Option) *Book {
	t.Helper()
	b, err := New(t.Context(), l, with...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// codeNow is what an app with this secret shows, shift from now.
func codeNow(t *testing.T, secret string, shift time.Duration) string {
	t.Helper()
	code, err := totp.Code(secret, time.Now().Add(shift))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// withApp enrols an app for anna and gives its secret and the recovery codes.
func withApp(t *testing.T, b *Book) (secret string, recovery []string) {
	t.Helper()
	app, err := b.NewApp(anna(), "Tocsin")
	if err != nil {
		t.Fatal(err)
	}
	recovery, err = b.EnrolApp(t.Context(), anna(), app.Sealed, codeNow(t, app.Secret, 0))
	if err != nil {
		t.Fatal(err)
	}
	return app.Secret, recovery
}

func TestSignInByCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, l := withAnna(t)
		secret, recovery := withApp(t, b)
		if b.Next(anna()) != NeedCode || !b.HasApp("anna.smith") {
			t.Fatal("the app is not asked for")
		}
		ticket, err := b.CodeTicket(proved(t, b, "anna.smith"))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(totp.Period) // the code of the enrolment is used
		for _, tt := range []struct {
			name, code string
			way        Way
			err        error
		}{
			{"right", codeNow(t, secret, 0), ByCode, nil},
			{"again", codeNow(t, secret, 0), "", ErrCodeUsed},
			{"an older one than was taken", codeNow(t, secret, -totp.Period), "", ErrCodeUsed},
			{"of a phone that is ahead", codeNow(t, secret, totp.Period), ByCode, nil},
			{"two periods ahead", codeNow(t, secret, 2*totp.Period), "", ErrCode},
			{"a recovery code", recovery[0], ByRecovery, nil},
			{"the same recovery code", recovery[0], "", ErrCode},
			{"a recovery code as people type it", " " + strings.ToLower(strings.Replace(recovery[1], "-", " ", 1)), ByRecovery, nil},
			{"nothing", "", "", ErrCode},
			{"a word", "password", "", ErrCode},
			{"endless", strings.Repeat("1", 10_000), "", ErrCode},
		} {
			o, way, err := b.SignInByCode(t.Context(), ticket, tt.code)
			if !errors.Is(err, tt.err) || way != tt.way || err == nil && o.ID != "anna.smith" {
				t.Errorf("%s: %q by %q, %v; want %q, %v", tt.name, o.ID, way, err, tt.way, tt.err)
			}
			b.throttle.doneCode(codesOf(t.Context(), "anna.smith"))
		}
		if left := b.Access("anna.smith").Recovery; left != recoveryCodes-2 {
			t.Errorf("%d recovery codes left", left)
		}
		// Another server, after a restart, has seen the same codes used.
		again := openWith(t, l)
		again.sealed = b.sealed
		_, err = again.CheckCode(t.Context(), anna(), codeNow(t, secret, totp.Period))
		wantErr(t, err, ErrCodeUsed)
		_, err = again.CheckCode(t.Context(), anna(), recovery[1])
		wantErr(t, err, ErrCode)
		time.Sleep(2 * totp.Period)
		if _, err = again.CheckCode(t.Context(), anna(), codeNow(t, secret, 0)); err != nil {
			t.Errorf("after a restart: %v", err)
		}
		for _, r := range l.Records() {
			for _, s := range []string{secret, recovery[2], strings.ReplaceAll(recovery[2], "-", "")} {
				if strings.Contains(string(r.Data), s) {
					t.Error("a secret lies readable on the log")
				}
			}
		}
	})
}

// A ticket is good for its officer, his life and five minutes.
func TestCodeTicket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := withAnna(t)
		secret, _ := withApp(t, b)
		time.Sleep(totp.Period)
		ticket, err := b.CodeTicket(proved(t, b, "anna.smith"))
		if err != nil {
			t.Fatal(err)
		}
		setUp, err := b.SetUpTicket(proved(t, b, "anna.smith"))
		if err != nil {
			t.Fatal(err)
		}
		for name, bad := range map[string]string{"none": "", "changed": ticket[:len(ticket)-2] + "AA", "for another step": setUp} {
			if _, _, err := b.SignInByCode(t.Context(), bad, codeNow(t, secret, 0)); !errors.Is(err, ErrTicket) {
				t.Errorf("%s: %v", name, err)
			}
		}
		time.Sleep(codeLife)
		_, _, err = b.SignInByCode(t.Context(), ticket, codeNow(t, secret, 0))
		wantErr(t, err, ErrTicket)
		if ticket, err = b.CodeTicket(proved(t, b, "anna.smith")); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(b.Revoke(t.Context(), "anna.smith"), b.Add(t.Context(), anna(), password)); err != nil {
			t.Fatal(err)
		}
		_, _, err = b.SignInByCode(t.Context(), ticket, codeNow(t, secret, 0))
		wantErr(t, err, ErrTicket)
		if b.HasApp("anna.smith") {
			t.Error("the app of an earlier life")
		}
	})
}

func TestEnrolApp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := withAnna(t)
		ctx := t.Context()
		app, err := b.NewApp(anna(), "Tocsin")
		if err != nil {
			t.Fatal(err)
		}
		other, err := b.NewApp(Officer{ID: "bram"}, "Tocsin")
		if err != nil {
			t.Fatal(err)
		}
		_, err = b.EnrolApp(ctx, anna(), app.Sealed, "000000")
		wantErr(t, err, ErrCode)
		_, err = b.EnrolApp(ctx, anna(), other.Sealed, codeNow(t, other.Secret, 0))
		wantErr(t, err, ErrTicket)
		if same, err := b.SameApp(anna(), "Tocsin", app.Sealed); err != nil || same.Secret != app.Secret {
			t.Errorf("after a fault another secret is shown: %v", err)
		}
		if same, err := b.SameApp(anna(), "Tocsin", other.Sealed); err != nil || same.Secret == other.Secret {
			t.Errorf("another officer's secret is shown: %v", err)
		}
		codes, err := b.EnrolApp(ctx, anna(), app.Sealed, codeNow(t, app.Secret, -totp.Period))
		if err != nil || len(codes) != recoveryCodes {
			t.Fatalf("%v, %v", codes, err)
		}
		slices.Sort(codes)
		if len(slices.Compact(codes)) != recoveryCodes {
			t.Errorf("a recovery code twice: %v", codes)
		}
		renewed, err := b.RenewRecovery(ctx, anna())
		if err != nil || b.Access("anna.smith").Recovery != recoveryCodes {
			t.Fatal(err)
		}
		_, err = b.CheckCode(ctx, anna(), codes[0])
		wantErr(t, err, ErrCode)
		if _, err = b.CheckCode(ctx, anna(), renewed[0]); err != nil {
			t.Error(err)
		}
		late, err := b.NewApp(anna(), "Tocsin")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(setUpLife)
		_, err = b.EnrolApp(ctx, anna(), late.Sealed, codeNow(t, late.Secret, 0))
		wantErr(t, err, ErrTicket)
		if err := b.RemoveApp(ctx, anna()); err != nil || b.Next(anna()) != Enough {
			t.Errorf("removed: %v, %v", err, b.Next(anna()))
		}
		wantErr(t, b.RemoveApp(ctx, anna()), ErrNoApp)
		_, err = b.RenewRecovery(ctx, anna())
		wantErr(t, err, ErrNoApp)
		_, err = b.CheckCode(ctx, anna(), renewed[1])
		wantErr(t, err, ErrNoApp)
	})
}

// What a password still needs, by policy and by what is enrolled.
func TestNext(t *testing.T) {
	for _, tt := range []struct {
		required, app, key bool
		want               Step
	}{
		{false, false, false, Enough},
		{false, false, true, Enough},
		{false, true, false, NeedCode},
		{true, false, false, NeedSetUp},
		{true, false, true, NeedPasskey},
		{true, true, false, NeedCode},
		{true, true, true, NeedCode},
	} {
		t.Run(fmt.Sprint(tt), func(t *testing.T) {
			var with []Option
			if tt.required {
				with = append(with, RequireSecondFactor())
			}
			b := openWith(t, new(streamtest.Memory), with...)
			if err := b.Add(t.Context(), anna(), password); err != nil {
				t.Fatal(err)
			}
			if tt.key {
				enrolled(t, b)
			}
			if tt.app {
				withApp(t, b)
			}
			if got := b.Next(anna()); got != tt.want {
				t.Errorf("step %d, want %d", got, tt.want)
			}
		})
	}
}

// The only second factor stays where one is required, and the only way in
// anywhere. A key that may have been copied is neither.
func TestLastWayStays(t *testing.T) {
	suspect := func(b *Book) {
		b.mu.Lock()
		defer b.mu.Unlock()
		a := b.accounts["anna.smith"]
		a.passkeys = slices.Clone(a.passkeys)
		a.passkeys[0].Suspect = true
		b.accounts["anna.smith"] = a
	}
	for name, tt := range map[string]struct {
		password, app, linked bool
		keys                  int
		suspect               bool // the first of them
		key, last             bool // what is to be taken away: the last key or else the app; whether it stays
		relaxed               bool // no second factor is required
	}{
		"app alone":                        {password: true, app: true, last: true},
		"app alone, single sign-on":        {password: true, app: true, linked: true, last: true},
		"app beside a key":                 {password: true, app: true, keys: 1},
		"app beside a suspect key":         {password: true, app: true, keys: 1, suspect: true, last: true},
		"app alone, not required":          {password: true, app: true, relaxed: true},
		"key beside a password":            {password: true, keys: 1, key: true, last: true},
		"key, password, single sign-on":    {password: true, keys: 1, linked: true, key: true, last: true},
		"key, password, not required":      {password: true, keys: 1, key: true, relaxed: true},
		"key beside an app":                {password: true, app: true, keys: 1, key: true},
		"key beside another":               {password: true, keys: 2, key: true},
		"key beside a suspect one":         {password: true, keys: 2, suspect: true, key: true, last: true},
		"suspect key beside a password":    {password: true, keys: 1, suspect: true, key: true, last: true},
		"key alone":                        {keys: 1, key: true, last: true, relaxed: true},
		"key alone but a suspect one":      {keys: 2, suspect: true, key: true, last: true, relaxed: true},
		"key beside single sign-on":        {keys: 1, linked: true, key: true},
		"one of two keys and nothing else": {keys: 2, key: true},
	} {
		t.Run(name, func(t *testing.T) {
			b := openWith(t, new(streamtest.Memory))
			b.required = !tt.relaxed
			add := func() error { _, _, err := b.AddInvited(t.Context(), anna()); return err }
			if tt.password {
				add = func() error { return b.Add(t.Context(), anna(), password) }
			}
			if err := add(); err != nil {
				t.Fatal(err)
			}
			if tt.app {
				withApp(t, b)
			}
			if tt.linked {
				wantErr(t, b.Link(t.Context(), "anna.smith", "anna@police.example"), nil)
			}
			p := passkeysOf(t, b)
			var k *authtest.Key
			for range tt.keys {
				k = newKey(t)
				wantErr(t, p.Enrol(t.Context(), anna(), "Phone", k.Create(creation(t, p))), nil)
			}
			if tt.suspect {
				suspect(b)
			}
			take := func() error { return b.RemoveApp(t.Context(), anna()) }
			if tt.key {
				take = func() error { return p.Remove(t.Context(), anna(), k.ID()) }
			}
			if _, stays := errors.AsType[alert.Invalid](take()); stays != tt.last {
				t.Errorf("it stays: %v, want %v", stays, tt.last)
			}
			if step := b.Next(anna()); tt.password && !tt.relaxed && step == NeedSetUp {
				t.Error("who knows the password alone may enrol a second factor of his own")
			}
		})
	}
}

func TestChangePassword(t *testing.T) {
	b, l := withAnna(t)
	for _, bad := range []string{"", "short", strings.Repeat("x", 201)} {
		if _, is := errors.AsType[alert.Invalid](b.ChangePassword(t.Context(), anna(), bad)); !is {
			t.Errorf("%q is taken", bad)
		}
	}
	const other = "another sentence of hers"
	if err := b.ChangePassword(t.Context(), anna(), other); err != nil {
		t.Fatal(err)
	}
	_, err := b.SignIn(t.Context(), "anna.smith", password)
	wantErr(t, err, ErrCredentials)
	if _, err := openWith(t, l).SignIn(t.Context(), "anna.smith", other); err != nil {
		t.Errorf("after a restart: %v", err)
	}
	wantErr(t, b.ChangePassword(t.Context(), Officer{ID: "nobody"}, other), ErrUnknown)
}

// Another key than the one that sealed the secrets is told apart from a wrong code.
func TestAnotherKey(t *testing.T) {
	b, l := withAnna(t)
	secret, recovery := withApp(t, b)
	for name, with := range map[string][]Option{"a key": {WithKey(seal.NewKey())}, "and a factor": {WithKey(seal.NewKey()), RequireSecondFactor()}} {
		if _, err := New(t.Context(), l, with...); !errors.Is(err, errAppKey) || !strings.Contains(err.Error(), "keys/signin.key") {
			t.Errorf("%s that opens no app: %v", name, err)
		}
	}
	other := openWith(t, l, WithKey(seal.NewKey()), KeyLost())
	_, err := other.CheckCode(t.Context(), anna(), codeNow(t, secret, totp.Period))
	if !errors.Is(err, errAppKey) {
		t.Errorf("%v", err)
	}
	_, err = other.CheckCode(t.Context(), anna(), recovery[0])
	wantErr(t, err, ErrCode)
}

func TestProve(t *testing.T) {
	b, _ := withAnna(t)
	ctx := t.Context()
	wantErr(t, b.Prove(ctx, anna(), "wrong password"), ErrCredentials)
	wantErr(t, b.Prove(ctx, anna(), password), nil)
	token, _, err := b.AddInvited(ctx, Officer{ID: "bram", Name: "Bram", Roles: []Role{Approver}})
	if err != nil || token == "" {
		t.Fatal(err)
	}
	bram := Officer{ID: "bram"}
	wantErr(t, b.Prove(ctx, bram, ""), ErrStale)
	for age, want := range map[time.Duration]error{time.Minute: nil, freshFor + time.Second: ErrStale} {
		in := context.WithValue(ctx, sessionKey{}, session{Began: time.Now().Add(-age)})
		wantErr(t, b.Prove(in, bram, ""), want)
	}
}
