package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"tocsin/internal/alert"
)

// inviteLife is how long an invitation is good for: a shift and the next.
const inviteLife = 24 * time.Hour

// ErrInvite: the link of an invitation was used, is over, or is wrong.
var ErrInvite = errors.New("this invitation was used already, is over, or is not whole")

// AddInvited makes an account without a password, and an invitation to set up
// how its officer signs in. The token is shown once. alert.Invalid lists every fault.
func (b *Book) AddInvited(ctx context.Context, o Officer) (token string, until time.Time, err error) {
	v := check(o)
	if o.editor() {
		v.Add("roles", "editor", "An editor signs in with a password; leave --invite out.")
	}
	if err := v.Err(); err != nil {
		return "", time.Time{}, err
	}
	o = o.clone()
	token, way := newInvitation()
	err = b.act(ctx, o.ID, func(a account) (event, error) {
		if a.active {
			return event{}, taken
		}
		return event{Kind: kindAdded, Officer: &o, Way: way}, nil // both or neither: a name without a way in could not be added again
	})
	return token, way.Until, err
}

// newInvitation is the secret of an invitation, and what is stored of it.
func newInvitation() (token string, way *wayEvent) {
	token = strings.ToLower(rand.Text())
	return token, &wayEvent{Invite: hashToken(token), Until: time.Now().Add(inviteLife).UTC()}
}

// Invite makes an invitation for an officer who has lost every way in. It takes
// the place of an older one. Only its hash is stored; using it voids whatever he
// signed in with before.
func (b *Book) Invite(ctx context.Context, officerID string) (token string, until time.Time, err error) {
	token, way := newInvitation()
	err = b.act(ctx, officerID, func(a account) (event, error) {
		switch {
		case !a.active:
			return event{}, ErrUnknown
		case a.officer.editor():
			return event{}, alert.Invalid{{Field: "id", Code: "editor", Text: "An editor signs in with a password; revoke him and add him again."}}
		}
		return event{Kind: kindInvited, Way: way}, nil
	})
	return token, way.Until, err
}

// taken is the fault of a sign-in name in use.
var taken = alert.Invalid{{Field: "id", Code: "taken", Text: "This sign-in name is in use; choose another."}}

// Invited is whom an invitation is for, and a ticket to set up how he signs in,
// good for 30 minutes and once. ErrInvite.
func (b *Book) Invited(token string) (o Officer, sealed string, err error) {
	hash := hashToken(strings.ToLower(strings.TrimSpace(token[:min(len(token), 64)])))
	b.mu.RLock()
	var t ticket
	for id, a := range b.accounts {
		if a.invitedBy(hash) {
			t, o = ticket{id, a.since, hash}, a.proved()
		}
	}
	b.mu.RUnlock()
	if t.Officer == "" {
		return Officer{}, "", ErrInvite
	}
	sealed, err = b.sealed.setUp.Seal(t, time.Now().Add(setUpLife))
	return o, sealed, err
}

// invitedBy says whether hash is a's open invitation.
func (a account) invitedBy(hash string) bool {
	return a.active && hash != "" && a.ways.invite == hash && time.Now().Before(a.ways.until)
}

// SetUpTicket says, for 30 minutes, that the officer's password was right and
// that he has to enrol a second factor before he may come in.
func (b *Book) SetUpTicket(o Officer) (string, error) {
	return b.sealed.setUp.Seal(ticket{Officer: o.ID, Since: o.life}, time.Now().Add(setUpLife))
}

// SettingUp is who sets up how he signs in, and whether an invitation led him
// here: then he needs a password too. ErrTicket; ErrInvite when it was used meanwhile.
func (b *Book) SettingUp(sealed string) (o Officer, invited bool, err error) {
	var t ticket
	if err := b.sealed.setUp.Open(sealed, &t); err != nil {
		return Officer{}, false, ErrTicket
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	a := b.accounts[t.Officer]
	return a.proved(), t.Invite != "", b.mayUse(a, t)
}

// mayUse says whether a ticket still leads into a; the caller holds the lock or
// has a copy. A ticket of a password is void once there is a second factor.
func (b *Book) mayUse(a account, t ticket) error {
	switch {
	case !a.active || a.since != t.Since:
		return ErrTicket
	case t.Invite != "" && !a.invitedBy(t.Invite):
		return ErrInvite
	case t.Invite == "" && b.next(a) != NeedSetUp:
		return ErrTicket
	}
	return nil
}

// SetUp enrols an authenticator app for who holds the ticket, and with an
// invitation a password: everything he signed in with before is void then.
// It gives ten recovery codes, shown once. ErrTicket, ErrInvite, ErrCode, or
// alert.Invalid for the password.
func (b *Book) SetUp(ctx context.Context, sealed, password, newApp, code string) (Officer, []string, error) {
	var t ticket
	if err := b.sealed.setUp.Open(sealed, &t); err != nil {
		return Officer{}, nil, ErrTicket
	}
	o, _, err := b.SettingUp(sealed)
	if err != nil {
		return Officer{}, nil, err
	}
	var hash string
	if t.Invite != "" {
		if hash, err = b.newPassword(ctx, o.ID, password); err != nil {
			return Officer{}, nil, err
		}
	}
	tries := codesOf(ctx, o.ID)
	if err := b.throttle.tryCode(tries); err != nil {
		return Officer{}, nil, err
	}
	way, codes, err := b.enrolment(o, newApp, code)
	if err != nil {
		return Officer{}, nil, err
	}
	b.throttle.doneCode(tries)
	way.Invite = t.Invite
	err = b.act(ctx, o.ID, func(a account) (event, error) {
		if err := b.mayUse(a, t); err != nil {
			return event{}, err
		}
		return event{Kind: kindSetUp, Password: hash, Way: &way}, nil
	})
	if err != nil {
		return Officer{}, nil, err
	}
	return o, codes, nil
}
