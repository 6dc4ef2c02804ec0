package auth

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-webauthn/webauthn/protocol"

	"tocsin/internal/alert"
	"tocsin/internal/auth/authtest"
	"tocsin/internal/stream/streamtest"
	"tocsin/internal/totp"
)

func passkeysOf(t *testing.T, b *Book) *Passkeys {
	t.Helper()
	p, err := NewPasskeys(b, "http://localhost:8443")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func newKey(t *testing.T) *authtest.Key {
	t.Helper()
	k := authtest.NewKey(t, "localhost")
	k.Origin += ":8443"
	return k
}

// invited is a ticket of a new invitation for anna.
func invited(t *testing.T, b *Book) (token, ticket string) {
	t.Helper()
	token, _, err := b.Invite(t.Context(), "anna.smith")
	if err != nil {
		t.Fatal(err)
	}
	o, ticket, err := b.Invited(token)
	if err != nil || o.ID != "anna.smith" {
		t.Fatalf("invited %q: %v", o.ID, err)
	}
	return token, ticket
}

// setUp ends an invitation with a password and an app.
func setUp(t *testing.T, b *Book, ticket, password string) (secret string, err error) {
	t.Helper()
	app, err := b.NewApp(anna(), "Tocsin")
	if err != nil {
		t.Fatal(err)
	}
	_, codes, err := b.SetUp(t.Context(), ticket, password, app.Sealed, codeNow(t, app.Secret, 0))
	if err == nil && len(codes) != recoveryCodes {
		t.Errorf("%d recovery codes", len(codes))
	}
	return app.Secret, err
}

func TestInvitedOfficer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := new(streamtest.Memory)
		b := openWith(t, l, RequireSecondFactor())
		token, until, err := b.AddInvited(t.Context(), anna())
		if err != nil || !until.Equal(time.Now().Add(inviteLife)) {
			t.Fatalf("until %v: %v", until, err)
		}
		if n := len(l.Records()); n != 1 {
			t.Errorf("%d events: a crash between them would leave an account with no way in", n)
		}
		for _, r := range l.Records() {
			if strings.Contains(string(r.Data), token) {
				t.Error("the token is on the log")
			}
		}
		_, err = b.SignIn(t.Context(), "anna.smith", "")
		wantErr(t, err, ErrCredentials)
		_, ticket, err := b.Invited(strings.ToUpper(token))
		if err != nil {
			t.Fatal(err)
		}
		if _, invited, err := b.SettingUp(ticket); err != nil || !invited {
			t.Errorf("setting up: %v, %v", invited, err)
		}
		_, err = setUp(t, b, ticket, "short")
		if _, bad := errors.AsType[alert.Invalid](err); !bad {
			t.Errorf("a short password: %v", err)
		}
		time.Sleep(time.Minute)
		if _, err = setUp(t, b, ticket, password); err != nil {
			t.Fatal(err)
		}
		if _, err := b.SignIn(t.Context(), "anna.smith", password); err != nil || b.Next(anna()) != NeedCode {
			t.Errorf("afterwards: %v, step %d", err, b.Next(anna()))
		}
		_, err = setUp(t, b, ticket, password)
		wantErr(t, err, ErrInvite)
		_, _, err = b.Invited(token)
		wantErr(t, err, ErrInvite)
		_, _, err = b.AddInvited(t.Context(), anna())
		if _, bad := errors.AsType[alert.Invalid](err); !bad {
			t.Errorf("added twice: %v", err)
		}
	})
}

// Every way in which a link is not, or no longer, one.
func TestInvitationRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := withAnna(t)
		first, ticket := invited(t, b)
		if !b.Access("anna.smith").Invited.Equal(time.Now().Add(inviteLife)) {
			t.Error("the officer does not see it")
		}
		second, _ := invited(t, b)
		_, err := setUp(t, b, ticket, password)
		wantErr(t, err, ErrInvite) // a newer one took its place
		for name, token := range map[string]string{"an older one": first, "none": "", "another": "abc", "endless": strings.Repeat("a", 10_000), "its hash": hashToken(second)} {
			if _, _, err := b.Invited(token); !errors.Is(err, ErrInvite) {
				t.Errorf("%s: %v", name, err)
			}
		}
		time.Sleep(inviteLife)
		_, _, err = b.Invited(second)
		wantErr(t, err, ErrInvite)
		_, _, err = b.Invite(t.Context(), "nobody")
		wantErr(t, err, ErrUnknown)

		third, ticket := invited(t, b)
		time.Sleep(setUpLife)
		_, err = setUp(t, b, ticket, password)
		wantErr(t, err, ErrTicket)
		if _, _, err := b.Invited(third); err != nil {
			t.Errorf("the link after its page was left open: %v", err)
		}
		if err := b.EndOthers(t.Context(), anna()); err != nil {
			t.Fatal(err)
		}
		_, _, err = b.Invited(third)
		wantErr(t, err, ErrInvite)
		fourth, ticket := invited(t, b)
		if err := errors.Join(b.Revoke(t.Context(), "anna.smith"), b.Add(t.Context(), anna(), password)); err != nil {
			t.Fatal(err)
		}
		_, _, err = b.Invited(fourth)
		wantErr(t, err, ErrInvite)
		_, err = setUp(t, b, ticket, password)
		wantErr(t, err, ErrTicket)
	})
	b := open(t, new(streamtest.Memory))
	editor := Officer{ID: "ivo", Name: "Ivo", Roles: []Role{Editor}, Station: "st-1"}
	_, _, err := b.AddInvited(t.Context(), editor)
	if _, bad := errors.AsType[alert.Invalid](err); !bad {
		t.Errorf("an editor: %v", err)
	}
	if err := b.Add(t.Context(), editor, password); err != nil {
		t.Fatal(err)
	}
	if _, _, err = b.Invite(t.Context(), "ivo"); err == nil {
		t.Error("an editor is invited")
	}
}

// What was lost is void once the invitation is used: it may have been found.
func TestInvitationVoidsTheOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, l := withAnna(t)
		secret, recovery := withApp(t, b)
		p, old := enrolled(t, b)
		token, err := b.NewToken(t.Context(), "anna.smith")
		if err != nil {
			t.Fatal(err)
		}
		desk := newBrowser(t, site(t, b))
		desk.signIn()
		_, ticket := invited(t, b)
		desk.wantWho("anna.smith") // an invitation alone changes nothing
		cause := make(chan error, 2)
		a := b.accounts["anna.smith"]
		for _, serial := range []string{a.ways.session, ""} { // a page, and a program with the token
			_, leave, err := b.enter(t.Context(), session{Officer: "anna.smith", Since: a.since, Serial: serial}, func(err error) { cause <- err })
			if err != nil {
				t.Fatal(err)
			}
			defer leave()
		}
		k := newKey(t)
		o, err := p.SetUp(t.Context(), ticket, "Phone", k.Create(creation(t, p)))
		if err != nil || o.ID != "anna.smith" {
			t.Fatal(err)
		}
		for name, book := range map[string]*Book{"here": b, "after a restart": openWith(t, l)} {
			book.sealed = b.sealed
			keys := passkeysOf(t, book)
			if list := keys.List("anna.smith"); len(list) != 1 || list[0].ID != k.ID() {
				t.Errorf("%s: keys %+v", name, list)
			}
			if _, ok := book.byToken(token); ok || book.Access("anna.smith").Tokens != 0 {
				t.Errorf("%s: the token is good still", name)
			}
			_, err := keys.SignIn(t.Context(), old.Get(keys.Challenge()))
			wantErr(t, err, ErrPasskey)
			_, err = book.SignIn(t.Context(), "anna.smith", password)
			wantErr(t, err, ErrCredentials)
			time.Sleep(totp.Period)
			_, err = book.CheckCode(t.Context(), anna(), codeNow(t, secret, 0))
			wantErr(t, err, ErrNoApp)
			_, err = book.CheckCode(t.Context(), anna(), recovery[0])
			wantErr(t, err, ErrNoApp)
			if _, err := keys.SignIn(t.Context(), k.Get(keys.Challenge())); err != nil {
				t.Errorf("%s: the new key: %v", name, err)
			}
		}
		desk.wantWho("")
		if len(cause) != 2 {
			t.Fatalf("%d requests were cut, want the page's and the program's", len(cause))
		}
		wantErr(t, <-cause, ErrRevoked)
		wantErr(t, <-cause, ErrRevoked)
		_, err = p.SetUp(t.Context(), ticket, "Phone", newKey(t).Create(creation(t, p)))
		wantErr(t, err, ErrInvite)
	})
}

// The phone whose old key an invitation voids may make the new one; a phone that
// has a key makes no second one for who adds it to others.
func TestKeysThatKeepFromMakingAnother(t *testing.T) {
	b, _ := withAnna(t)
	p, _ := enrolled(t, b)
	keysOf := func(options any, err error) int {
		t.Helper()
		wantErr(t, err, nil)
		asked, ok := options.(*protocol.CredentialCreation)
		if !ok {
			t.Fatalf("%T", options)
		}
		return len(asked.Response.CredentialExcludeList)
	}
	_, ticket := invited(t, b)
	if n := keysOf(p.SetUpCreation(ticket)); n != 0 {
		t.Errorf("%d void keys keep the phone from making a new one", n)
	}
	if n := keysOf(p.Creation(anna())); n != 1 {
		t.Errorf("%d keys are excluded, want the one that stays", n)
	}
	_, err := p.SetUpCreation("")
	wantErr(t, err, ErrTicket)
}

// The ticket of a password leads to a second factor while there is none, and not to another one.
func TestSetUpAfterPassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := openWith(t, new(streamtest.Memory), RequireSecondFactor())
		if err := b.Add(t.Context(), anna(), password); err != nil {
			t.Fatal(err)
		}
		ticket, err := b.SetUpTicket(proved(t, b, "anna.smith"))
		if err != nil {
			t.Fatal(err)
		}
		if _, invited, err := b.SettingUp(ticket); invited || err != nil {
			t.Errorf("%v, %v", invited, err)
		}
		if _, err = setUp(t, b, ticket, "not looked at"); err != nil {
			t.Fatal(err)
		}
		if _, err := b.SignIn(t.Context(), "anna.smith", password); err != nil {
			t.Errorf("the password is another: %v", err)
		}
		_, err = setUp(t, b, ticket, "")
		wantErr(t, err, ErrTicket) // who knows the password alone must not replace the app
		p := passkeysOf(t, b)
		_, err = p.SetUp(t.Context(), ticket, "Thief", newKey(t).Create(creation(t, p)))
		wantErr(t, err, ErrTicket)
		_, _, err = b.SettingUp("")
		wantErr(t, err, ErrTicket)
	})
}
