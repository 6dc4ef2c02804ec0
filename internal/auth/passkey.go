package auth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"tocsin/internal/alert"
)

var (
	// ErrNoPasskeys: browsers make passkeys for host names over https, or for
	// localhost; the public address is neither.
	ErrNoPasskeys = errors.New("browsers make no passkeys for this public address: it needs a host name and https")
	// ErrPasskey: the browser's answer is no proof of a passkey that we know.
	ErrPasskey = errors.New("the passkey is not known here, or its answer is wrong")
	// ErrSuspect: the passkey's counter went backwards, as that of a copied key
	// would. It is of no use any more until its officer removes it.
	ErrSuspect = errors.New("the passkey may have been copied; sign in another way and remove it")
)

const (
	// maxPasskeys bounds an officer's keys: a phone, a computer, a spare and some more.
	maxPasskeys = 10
	// maxPasskeyName is what fits a line of the account page.
	maxPasskeyName = 40
	// MaxAnswer bounds what a browser may send as a passkey's answer, in bytes:
	// real ones have under 4 KB, with a chain of certificates under 16 KB.
	MaxAnswer = 32 << 10
)

// Passkey is one of an officer's keys, as he sees it.
type Passkey struct {
	ID      string // of the credential, base64url
	Name    string // as he called it
	Added   time.Time
	Used    time.Time // last; zero = never
	Suspect bool      // its counter went backwards: refused
}

// passkey is a key as the account holds it; cred is what the library checks answers with.
type passkey struct {
	Passkey
	cred webauthn.Credential
}

// Passkeys makes and checks officers' passkeys for one public address. It is
// safe for concurrent use.
type Passkeys struct {
	book       *Book
	web        *webauthn.WebAuthn
	ceremonies ceremonies
}

// NewPasskeys is for the console at publicURL. ErrNoPasskeys says that browsers
// make none there.
func NewPasskeys(b *Book, publicURL string) (*Passkeys, error) {
	u, err := url.Parse(publicURL)
	if err != nil {
		return nil, fmt.Errorf("public address: %w", err)
	}
	host := u.Hostname()
	_, notIP := netip.ParseAddr(host)
	if notIP == nil || host == "" || u.Scheme != "https" && host != "localhost" {
		return nil, ErrNoPasskeys
	}
	web, err := webauthn.New(&webauthn.Config{RPID: host, RPDisplayName: "Tocsin", RPOrigins: []string{u.Scheme + "://" + u.Host}})
	if err != nil {
		return nil, fmt.Errorf("passkeys for %s: %w", host, err)
	}
	return &Passkeys{book: b, web: web, ceremonies: ceremonies{b.sealed.challenge}}, nil
}

// Host is the name that the keys are bound to.
func (p *Passkeys) Host() string { return p.web.Config.RPID }

// person is an officer as the library wants him.
type person struct {
	officer Officer
	keys    []passkey
}

// WebAuthnID is the same for all his keys, and says nothing about him: it lies on them readably.
func (p person) WebAuthnID() []byte {
	sum := sha256.Sum256([]byte("tocsin officer\n" + p.officer.ID))
	return sum[:]
}

// WebAuthnName is what the browser lists the key by.
func (p person) WebAuthnName() string { return p.officer.ID }

// WebAuthnDisplayName is who he is.
func (p person) WebAuthnDisplayName() string { return p.officer.Name }

// WebAuthnCredentials are the keys that may answer.
func (p person) WebAuthnCredentials() []webauthn.Credential {
	var creds []webauthn.Credential
	for _, k := range p.keys {
		creds = append(creds, k.cred)
	}
	return creds
}

// person is an officer who may act, with his keys.
func (b *Book) person(id string) (person, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	a := b.accounts[id]
	return person{a.proved(), a.passkeys}, a.active && !a.officer.editor()
}

// List is an officer's keys, oldest first.
func (p *Passkeys) List(officerID string) []Passkey {
	who, ok := p.book.person(officerID)
	if !ok {
		return nil
	}
	var list []Passkey
	for _, k := range who.keys {
		list = append(list, k.Passkey)
	}
	return list
}

// encoded is bytes as WebAuthn writes them in JSON.
func encoded(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// forSignIn and forNew are what challenges are good for.
const forSignIn = "sign in"

func forNew(officerID string) string { return "new key of " + officerID }

// Challenge is a new one for signing in without a name: base64url, for five minutes.
func (p *Passkeys) Challenge() string {
	return encoded(p.ceremonies.challenge(forSignIn))
}

// Creation is what navigator.credentials.create needs to make a key for o, as
// JSON: WebAuthn's PublicKeyCredentialCreationOptionsJSON under "publicKey".
// No authenticator makes him a second one.
func (p *Passkeys) Creation(o Officer) (any, error) {
	who, ok := p.book.person(o.ID)
	if !ok {
		return nil, ErrUnknown
	}
	return p.creation(who, who.WebAuthnCredentials())
}

// SetUpCreation is Creation for who holds the ticket of an invitation or of a
// password. The keys that an invitation voids keep no authenticator from making
// another. ErrTicket, ErrInvite.
func (p *Passkeys) SetUpCreation(sealed string) (any, error) {
	o, invited, err := p.book.SettingUp(sealed)
	if err != nil {
		return nil, err
	}
	if !invited {
		return p.Creation(o)
	}
	return p.creation(person{officer: o}, nil)
}

// creation asks for a key that none of the authenticators which hold old makes.
func (p *Passkeys) creation(who person, old []webauthn.Credential) (any, error) {
	creation, _, err := p.web.BeginRegistration(who,
		webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: new(true),
			UserVerification: protocol.VerificationRequired,
		}),
		webauthn.WithConveyancePreference(protocol.PreferNoAttestation),
		webauthn.WithExclusions(webauthn.Credentials(old).CredentialDescriptors()))
	if err != nil {
		return nil, fmt.Errorf("a new passkey: %w", err)
	}
	creation.Response.Challenge = p.ceremonies.challenge(forNew(who.officer.ID))
	return creation, nil
}

// Enrol adds the key that the browser made from Creation, under the name that o
// gives it. ErrLate, ErrPasskey, or alert.Invalid for the name and the number of keys.
func (p *Passkeys) Enrol(ctx context.Context, o Officer, name string, answer []byte) error {
	return p.enrol(ctx, o, name, answer, func(account) (*wayEvent, error) { return nil, nil })
}

// SetUp is Enrol for who holds the ticket of an invitation or of a password. With
// an invitation, everything he signed in with before is void then. ErrTicket and
// ErrInvite beside those of Enrol.
func (p *Passkeys) SetUp(ctx context.Context, sealed, name string, answer []byte) (Officer, error) {
	var t ticket
	if err := p.book.sealed.setUp.Open(sealed, &t); err != nil {
		return Officer{}, ErrTicket
	}
	o, _, err := p.book.SettingUp(sealed)
	if err != nil {
		return Officer{}, err
	}
	return o, p.enrol(ctx, o, name, answer, func(a account) (*wayEvent, error) {
		return &wayEvent{Invite: t.Invite}, p.book.mayUse(a, t)
	})
}

// enrol is Enrol when allow agrees; what it gives is stored with the key.
func (p *Passkeys) enrol(ctx context.Context, o Officer, name string, answer []byte, allow func(account) (*wayEvent, error)) error {
	name = strings.TrimSpace(name)
	if err := checkKeyName(name); err != nil {
		return err
	}
	who, ok := p.book.person(o.ID)
	if !ok {
		return ErrUnknown
	}
	made, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return errors.Join(ErrPasskey, err)
	}
	challenge := made.Response.CollectedClientData.Challenge
	if !p.ceremonies.good(forNew(o.ID), challenge) {
		return ErrLate
	}
	cred, err := p.web.CreateCredential(who, webauthn.SessionData{
		Challenge: challenge, UserID: who.WebAuthnID(), UserVerification: protocol.VerificationRequired,
		CredParams: webauthn.CredentialParametersDefault(),
	}, made)
	if err != nil {
		return errors.Join(ErrPasskey, err)
	}
	return p.book.act(ctx, o.ID, func(a account) (event, error) {
		way, err := allow(a)
		switch {
		case err != nil:
			return event{}, err
		case !a.active:
			return event{}, ErrUnknown
		case a.took(challenge):
			return event{}, ErrLate
		case p.book.taken(encoded(cred.ID)):
			return event{}, errors.Join(ErrPasskey, errors.New("a key of this id is enrolled already"))
		case len(a.passkeys) >= maxPasskeys && (way == nil || way.Invite == ""):
			return event{}, alert.Invalid{{Field: "name", Code: "too_many", Text: "You have 10 passkeys; remove one that you no longer use."}}
		}
		return event{Kind: kindPasskey, Name: name, Credential: cred, Challenge: challenge, Way: way}, nil
	})
}

func checkKeyName(name string) error {
	var v, bad alert.Invalid
	checkLine(&bad, "name", name, "")
	if len(bad) > 0 || utf8.RuneCountInString(name) > maxPasskeyName {
		v.Add("name", "format", "Give the passkey a name of 1 to 40 characters: what it is on, such as “Phone”.")
	}
	return v.Err()
}

// Rename gives a key of o another name. ErrPasskey when he has none such.
func (p *Passkeys) Rename(ctx context.Context, o Officer, keyID, name string) error {
	name = strings.TrimSpace(name)
	if err := checkKeyName(name); err != nil {
		return err
	}
	return p.onKey(ctx, o, event{Kind: kindPasskeyNamed, Key: keyID, Name: name})
}

// Remove takes a key away from o: it signs nobody in any more, and releases
// nothing. His only way in stays, and so does his only second factor where one
// is required.
func (p *Passkeys) Remove(ctx context.Context, o Officer, keyID string) error {
	return p.onKey(ctx, o, event{Kind: kindPasskeyRemoved, Key: keyID})
}

func (p *Passkeys) onKey(ctx context.Context, o Officer, ev event) error {
	b := p.book
	return b.act(ctx, o.ID, func(a account) (event, error) {
		if !a.active || a.keyAt(ev.Key) < 0 {
			return event{}, ErrPasskey
		}
		if ev.Kind == kindPasskeyRemoved {
			a.passkeys = slices.DeleteFunc(slices.Clone(a.passkeys), func(k passkey) bool { return k.ID == ev.Key })
			if err := b.mayRemain(a); err != nil {
				return event{}, err
			}
		}
		return ev, nil
	})
}

// SignIn finds out whose key answered a Challenge. The key asked for his finger,
// face or PIN, so nothing else is asked. ErrLate, ErrPasskey, ErrSuspect.
func (p *Passkeys) SignIn(ctx context.Context, answer []byte) (Officer, error) {
	o, err := p.signIn(ctx, answer)
	if err != nil {
		p.book.noteRefused(ctx, o.ID, err)
		return Officer{}, err
	}
	return o, nil
}

// signIn names the officer also when his key is refused.
func (p *Passkeys) signIn(ctx context.Context, answer []byte) (Officer, error) {
	said, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return Officer{}, errors.Join(ErrPasskey, err)
	}
	challenge := said.Response.CollectedClientData.Challenge
	if !p.ceremonies.good(forSignIn, challenge) {
		return Officer{}, ErrLate
	}
	var who person
	_, cred, err := p.web.ValidatePasskeyLogin(func(rawID, _ []byte) (webauthn.User, error) {
		var ok bool
		if who, ok = p.book.holder(encoded(rawID)); !ok {
			return nil, ErrPasskey
		}
		return who, nil
	}, webauthn.SessionData{Challenge: challenge, UserVerification: protocol.VerificationRequired}, said)
	if err != nil {
		return who.officer, errors.Join(ErrPasskey, err)
	}
	return who.officer, p.used(ctx, who.officer, cred, challenge)
}

// holder is the officer who has a key.
func (b *Book) holder(keyID string) (person, bool) {
	b.mu.RLock()
	id := b.keys[keyID]
	b.mu.RUnlock()
	return b.person(id)
}

// taken says whether some officer has the key: an id leads to one of them alone.
func (b *Book) taken(keyID string) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	_, ok := b.keys[keyID]
	return ok
}

// used stores the key's counter and the challenge that it answered, which is
// taken once, and refuses a key whose counter shows that there are two of it:
// which one is the officer's nobody can know.
func (p *Passkeys) used(ctx context.Context, o Officer, cred *webauthn.Credential, challenge string) error {
	keyID := encoded(cred.ID)
	suspect := false
	err := p.book.act(ctx, o.ID, func(a account) (event, error) {
		at := a.keyAt(keyID)
		if !a.active || at < 0 {
			return event{}, ErrPasskey // removed a moment ago
		}
		if a.took(challenge) {
			return event{}, ErrLate
		}
		k, count := a.passkeys[at], cred.Authenticator.SignCount
		if k.Suspect {
			return event{}, ErrSuspect
		}
		// Compared again with what is stored by now: both may have come at once.
		last := k.cred.Authenticator.SignCount
		suspect = cred.Authenticator.CloneWarning || count <= last && (count > 0 || last > 0)
		return event{Kind: kindPasskeyUsed, Key: keyID, Count: count, Suspect: suspect, Challenge: challenge}, nil
	})
	if err == nil && suspect {
		return ErrSuspect
	}
	return err
}

// keyAt is the index of a key, or -1.
func (a account) keyAt(keyID string) int {
	return slices.IndexFunc(a.passkeys, func(k passkey) bool { return k.ID == keyID })
}
