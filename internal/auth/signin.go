package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"

	"tocsin/internal/alert"
)

// ErrCredentials: the name or the password is wrong; which one is nobody's business.
var ErrCredentials = errors.New("the sign-in name or the password is wrong")

// SignIn checks an officer's password. An unknown name takes the same way, the
// same time and the same error as a wrong password, and so does an editor's.
// *ThrottledError says when to try again.
func (b *Book) SignIn(ctx context.Context, id, password string) (Officer, error) {
	return b.signIn(ctx, id, password, func(o Officer) bool { return !o.editor() })
}

// SignInEditor is SignIn for a station's editors; an officer's password is wrong here.
func (b *Book) SignInEditor(ctx context.Context, id, password string) (Officer, error) {
	return b.signIn(ctx, id, password, Officer.editor)
}

func (b *Book) signIn(ctx context.Context, id, password string, welcome func(Officer) bool) (Officer, error) {
	id = strings.ToLower(strings.TrimSpace(id))
	if len(id) > maxID || !idShape.MatchString(id) {
		id = "" // one throttle for everything that cannot be a name
	}
	network, _ := ctx.Value(networkKey{}).(string)
	if shared, _ := ctx.Value(sharedKey{}).(bool); shared {
		network = ""
	}
	if err := b.throttle.try(id, network); err != nil {
		b.noteRefused(ctx, id, err)
		return Officer{}, err
	}
	b.mu.RLock()
	a := b.accounts[id]
	b.mu.RUnlock()
	stored := a.password
	if !a.active || stored == "" { // nobody, or somebody who signs in without a password
		stored = b.hasher.dummy
	}
	if len(password) > 4*maxPassword { // in bytes: nobody has such a one
		password = "" // nor this one
	}
	fits, err := b.hasher.check(ctx, stored, password)
	if err != nil {
		return Officer{}, err
	}
	if !fits || !a.active || !welcome(a.officer) {
		b.noteRefused(ctx, id, ErrCredentials)
		return Officer{}, ErrCredentials
	}
	b.throttle.done(id, network)
	return a.proved(), nil
}

// tokenPrefix lets a leaked token be found by the scanners of code hosts.
const tokenPrefix = "tocsin_"

// NewToken makes a token with all rights of the officer. It is shown once; only
// its hash is stored. An editor has none: a station's machines have the station's own.
func (b *Book) NewToken(ctx context.Context, officerID string) (token string, err error) {
	token = tokenPrefix + strings.ToLower(rand.Text()+rand.Text()) // 2 x 130 bits
	err = b.act(ctx, officerID, func(a account) (event, error) {
		if !a.active {
			return event{}, ErrUnknown
		}
		if a.officer.editor() {
			return event{}, alert.Invalid{{Field: "id", Code: "editor", Text: "An editor has no token; the station's machines use the station's own."}}
		}
		if len(a.tokens) >= maxTokens {
			return event{}, alert.Invalid{{Field: "token", Code: "too_many", Text: "The officer has 20 tokens; revoke him and add him again to begin anew."}}
		}
		return event{Kind: kindToken, Token: hashToken(token)}, nil
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

// hashToken needs no salt and no cost: the token is random and long.
func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// byToken is the officer of a token.
func (b *Book) byToken(token string) (Officer, bool) {
	if !strings.HasPrefix(token, tokenPrefix) || len(token) > 128 {
		return Officer{}, false
	}
	hash := hashToken(token)
	b.mu.RLock()
	defer b.mu.RUnlock()
	a, ok := b.accounts[b.tokens[hash]]
	return a.officer.clone(), ok && a.active
}
