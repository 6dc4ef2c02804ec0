package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/audit"
	"tocsin/internal/totp"
)

const (
	// codeLife is how long the page that asks for a code may lie open after the password.
	codeLife = 5 * time.Minute
	// setUpLife is how long somebody may take to install an app and scan its code.
	setUpLife = 30 * time.Minute
	// recoveryCodes is how many there are: a card in a wallet.
	recoveryCodes = 10
	// recoveryLength is in letters of base32: 50 bits, guessed at 160 times a day.
	recoveryLength = 10
)

var (
	// ErrCode: it is no code of the officer's app, nor one of his recovery codes.
	ErrCode = errors.New("the code is wrong")
	// ErrCodeUsed: the code was taken before. The app shows the next one within 30 seconds.
	ErrCodeUsed = errors.New("the code was used already; wait for the next one")
	// ErrTicket: the step before is too long ago, or the account changed meanwhile.
	ErrTicket = errors.New("the sign-in took too long; begin again")
	// ErrNoApp: the officer has no authenticator app.
	ErrNoApp = errors.New("no authenticator app is set up")
	// errAppKey: the secret was sealed by another key. The operator has to put keys/signin.key back.
	errAppKey = errors.New("the authenticator app's secret cannot be opened: keys/signin.key is not the one it was sealed with")
)

// ticket says who has passed the step before.
type ticket struct {
	Officer string
	Since   uint64 // life of the account
	Invite  string // hash of the invitation that led here; "" = his password did
}

// CodeTicket says, for five minutes, that the officer's password was right.
func (b *Book) CodeTicket(o Officer) (string, error) {
	return b.sealed.code.Seal(ticket{Officer: o.ID, Since: o.life}, time.Now().Add(codeLife))
}

// SignInByCode ends a sign-in that began with CodeTicket, by a code of the
// officer's app or one of his recovery codes. ErrTicket, ErrCode, ErrCodeUsed, *ThrottledError.
func (b *Book) SignInByCode(ctx context.Context, sealed, code string) (Officer, Way, error) {
	var t ticket
	if err := b.sealed.code.Open(sealed, &t); err != nil {
		return Officer{}, "", ErrTicket
	}
	o, since, active := b.active(t.Officer)
	if !active || since != t.Since {
		return Officer{}, "", ErrTicket
	}
	way, err := b.CheckCode(ctx, o, code)
	if err != nil {
		if _, throttled := errors.AsType[*ThrottledError](err); throttled {
			b.note(ctx, audit.Throttled, "", o.ID, "code")
		} else {
			b.note(ctx, audit.SignInFailed, "", o.ID, "code")
		}
		return Officer{}, "", err
	}
	return o, way, nil
}

// HasApp says whether o has an authenticator app.
func (b *Book) HasApp(officerID string) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.accounts[officerID].ways.app != ""
}

// CheckCode takes a code of o's app, or one of his recovery codes, once: it is
// noted as used before this returns. ErrCode, ErrCodeUsed, ErrNoApp, *ThrottledError.
func (b *Book) CheckCode(ctx context.Context, o Officer, code string) (Way, error) {
	codes := codesOf(ctx, o.ID)
	if err := b.throttle.tryCode(codes); err != nil {
		return "", err
	}
	code = plainCode(code)
	way := ByCode
	err := b.act(ctx, o.ID, func(a account) (event, error) {
		if !a.active || a.ways.app == "" {
			return event{}, ErrNoApp
		}
		if len(code) == totp.Digits {
			return b.takeCode(a, code)
		}
		way = ByRecovery
		hash := b.recoveryHash(o.ID, code)
		if !slices.Contains(a.ways.recovery, hash) {
			return event{}, ErrCode
		}
		return event{Kind: kindRecoveryUsed, Way: &wayEvent{Code: hash}}, nil
	})
	if err != nil {
		return "", err
	}
	b.throttle.doneCode(codes)
	return way, nil
}

func (b *Book) takeCode(a account, code string) (event, error) {
	var secret string
	if err := b.sealed.app.Open(a.ways.app, &secret); err != nil {
		return event{}, errAppKey
	}
	step, ok := totp.Match(secret, code, time.Now())
	switch {
	case !ok:
		return event{}, ErrCode
	case step <= a.ways.step:
		return event{}, ErrCodeUsed
	}
	return event{Kind: kindCodeUsed, Way: &wayEvent{Step: step}}, nil
}

// plainCode is a code as it is checked: people type the spaces and dashes they
// see, and take letters for the digits that base32 does not have.
func plainCode(code string) string {
	code = strings.ToUpper(code[:min(len(code), 64)])
	code = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\u00a0' {
			return -1
		}
		return r
	}, code)
	if len(code) == recoveryLength {
		code = strings.NewReplacer("0", "O", "1", "I", "8", "B").Replace(code)
	}
	return code
}

// recoveryHash is how a recovery code is kept. It is keyed, for 50 bits are too
// few to stand alone against whoever reads the log.
func (b *Book) recoveryHash(officerID, code string) string {
	h := hmac.New(sha256.New, b.sealed.recovery)
	h.Write([]byte(officerID + "\n" + code))
	return hex.EncodeToString(h.Sum(nil))
}

// newRecovery is new codes, as they are shown once, and as they are kept.
func (b *Book) newRecovery(officerID string) (codes, hashes []string) {
	for range recoveryCodes {
		code := rand.Text()[:recoveryLength]
		codes = append(codes, code[:recoveryLength/2]+"-"+code[recoveryLength/2:])
		hashes = append(hashes, b.recoveryHash(officerID, code))
	}
	return codes, hashes
}

// NewApp is an authenticator app that is not enrolled yet.
type NewApp struct {
	Secret  string // base32, to be typed where no camera is
	Address string // what the app reads from a QR code
	Sealed  string // to give back to EnrolApp or SetUp, within 30 minutes
}

// newSecret is what NewApp.Sealed holds.
type newSecret struct {
	Officer string
	Secret  string
}

// NewApp makes a secret for o's app, under the name that the app lists it by.
// Nothing is stored: what is never confirmed by a code leaves nothing behind.
func (b *Book) NewApp(o Officer, issuer string) (NewApp, error) {
	secret := totp.NewSecret()
	return b.showApp(o, issuer, secret)
}

// SameApp is NewApp of a sealed secret again, after a fault in its form: the
// app has read it already. A new one when the seal is over.
func (b *Book) SameApp(o Officer, issuer, sealed string) (NewApp, error) {
	var n newSecret
	if err := b.sealed.newApp.Open(sealed, &n); err != nil || n.Officer != o.ID {
		return b.NewApp(o, issuer)
	}
	return b.showApp(o, issuer, n.Secret)
}

func (b *Book) showApp(o Officer, issuer, secret string) (NewApp, error) {
	sealed, err := b.sealed.newApp.Seal(newSecret{o.ID, secret}, time.Now().Add(setUpLife))
	return NewApp{secret, totp.Address(issuer, o.ID, secret), sealed}, err
}

// enrolment checks that the officer's new app shows the right code, and gives
// what to store and the recovery codes to show.
func (b *Book) enrolment(o Officer, sealed, code string) (wayEvent, []string, error) {
	var n newSecret
	if err := b.sealed.newApp.Open(sealed, &n); err != nil || n.Officer != o.ID {
		return wayEvent{}, nil, ErrTicket
	}
	step, ok := totp.Match(n.Secret, plainCode(code), time.Now())
	if !ok {
		return wayEvent{}, nil, ErrCode
	}
	kept, err := b.sealed.app.Seal(n.Secret, time.Time{})
	if err != nil {
		return wayEvent{}, nil, err
	}
	codes, hashes := b.newRecovery(o.ID)
	return wayEvent{Secret: kept, Step: step, Recovery: hashes}, codes, nil
}

// EnrolApp makes the app of NewApp o's, when code is the one it shows. It takes
// the place of an older app, and gives ten new recovery codes, shown once.
// ErrTicket, ErrCode.
func (b *Book) EnrolApp(ctx context.Context, o Officer, sealed, code string) (recovery []string, err error) {
	way, codes, err := b.enrolment(o, sealed, code)
	if err != nil {
		return nil, err
	}
	err = b.act(ctx, o.ID, func(a account) (event, error) {
		switch {
		case !a.active || a.officer.editor():
			return event{}, ErrUnknown
		case a.password == "":
			return event{}, alert.Invalid{{Field: "password", Code: "required", Text: "Set a password first: the app's codes are its second factor."}}
		}
		return event{Kind: kindApp, Way: &way}, nil
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// RemoveApp takes o's app and recovery codes away. Where a second factor is
// required he needs a passkey first.
func (b *Book) RemoveApp(ctx context.Context, o Officer) error {
	return b.act(ctx, o.ID, func(a account) (event, error) {
		if !a.active || a.ways.app == "" {
			return event{}, ErrNoApp
		}
		a.ways.app = ""
		return event{Kind: kindAppRemoved}, b.mayRemain(a)
	})
}

// RenewRecovery gives o ten new recovery codes; those he had are void.
func (b *Book) RenewRecovery(ctx context.Context, o Officer) ([]string, error) {
	codes, hashes := b.newRecovery(o.ID)
	err := b.act(ctx, o.ID, func(a account) (event, error) {
		if !a.active || a.ways.app == "" {
			return event{}, ErrNoApp
		}
		return event{Kind: kindRecovery, Way: &wayEvent{Recovery: hashes}}, nil
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// ChangePassword gives o another password. That he may is for the caller to
// know. alert.Invalid says what is wrong with it.
func (b *Book) ChangePassword(ctx context.Context, o Officer, password string) error {
	hash, err := b.newPassword(ctx, o.ID, password)
	if err != nil {
		return err
	}
	return b.act(ctx, o.ID, func(a account) (event, error) {
		if !a.active {
			return event{}, ErrUnknown
		}
		return event{Kind: kindPassword, Password: hash}, nil
	})
}

// newPassword checks a new password and gives its hash.
func (b *Book) newPassword(ctx context.Context, id, password string) (string, error) {
	var v alert.Invalid
	checkPassword(&v, id, password)
	if err := v.Err(); err != nil {
		return "", err
	}
	hash, err := b.hasher.make(ctx, password)
	if err != nil {
		return "", fmt.Errorf("new password: %w", err)
	}
	return hash, nil
}

// EndOthers takes away everything beside this session that acts for o or could
// begin to: his tokens and an open invitation.
func (b *Book) EndOthers(ctx context.Context, o Officer) error {
	return b.act(ctx, o.ID, func(a account) (event, error) {
		if !a.active {
			return event{}, ErrUnknown
		}
		return event{Kind: kindOthersEnded}, nil
	})
}
