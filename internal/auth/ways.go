package auth

import (
	"slices"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/seal"
)

// Option is a choice of New.
type Option func(*Book)

// WithKey seals sessions, tickets and the secrets of authenticator apps under k.
// Without it a random key is used: every session ends with the process, and no
// app outlives it. All servers of a cluster need the same.
//
// Where officers have apps and it opens none of them, New refuses, lest every
// code is silently wrong: see KeyLost.
func WithKey(k seal.Key) Option {
	return func(b *Book) {
		b.keyed = true
		b.sealed = sealers{
			session: k.For("session"), code: k.For("second step"), setUp: k.For("set up"),
			newApp: k.For("new app"), app: k.For("app"), recovery: k.Derive("recovery codes"), challenge: k.Derive("passkey challenge"),
		}
	}
}

// KeyLost takes a key that opens no officer's app: the one that does is lost for
// good, and those officers need invitations.
func KeyLost() Option { return func(b *Book) { b.keyLost = true } }

// RequireSecondFactor lets no officer in by a password alone.
func RequireSecondFactor() Option { return func(b *Book) { b.required = true } }

// sealers are what the book seals, each under a key of its own.
type sealers struct {
	session, code, setUp, newApp, app seal.Sealer

	recovery, challenge []byte
}

// Way is how somebody signed in.
type Way string

// The ways. Several of one officer lead to the same officer: the two-person
// rule looks at who he is, not at how he came.
const (
	ByPassword Way = "password" // alone
	ByCode     Way = "code"     // password, and a code of his authenticator app
	ByRecovery Way = "recovery" // password, and a recovery code
	ByPasskey  Way = "passkey"
	BySSO      Way = "sso"        // single sign-on
	ByInvite   Way = "invitation" // the link of an invitation, with what he enrolled
)

// The kinds of events on ways of signing in.
const (
	kindSignedIn     = "signed_in"     // Way.Session, By, Network
	kindSignedOut    = "signed_out"    // Way.Session
	kindPassword     = "password"      // Password
	kindApp          = "app"           // Way.Secret, Step, Recovery
	kindAppRemoved   = "app_removed"   //
	kindRecovery     = "recovery"      // Way.Recovery: the old ones are void
	kindCodeUsed     = "code_used"     // Way.Step
	kindRecoveryUsed = "recovery_used" // Way.Code
	kindInvited      = "invited"       // Way.Invite, Until
	kindSetUp        = "set_up"        // Password, when there is a new one; Way as with app; Way.Invite
	kindLinked       = "linked"        // Way.Link; "" = no more
	kindOthersEnded  = "others_ended"  // tokens and invitations
)

// wayEvent is what the events on ways of signing in carry. Secrets are in it
// only sealed, or as hashes.
type wayEvent struct {
	Session  string    `json:"session,omitempty"` // serial of a session
	By       Way       `json:"by,omitempty"`
	Network  string    `json:"network,omitempty"`  // where from: address, or the first 56 bits of an IPv6 one
	Secret   string    `json:"secret,omitempty"`   // of an authenticator app, sealed
	Step     int64     `json:"step,omitempty"`     // 30 s since 1970 of the newest code taken
	Recovery []string  `json:"recovery,omitempty"` // hashes
	Code     string    `json:"code,omitempty"`     // hash of the recovery code used
	Invite   string    `json:"invite,omitempty"`   // hash of an invitation: the one sent, or the one used
	Until    time.Time `json:"until,omitzero"`
	Link     string    `json:"link,omitempty"` // what single sign-on calls him
}

// ways is how an account signs in beside its password and passkeys, and its
// sessions. Like the account it is never changed in place.
type ways struct {
	app      string // secret of the authenticator app, sealed; "" = none
	appAdded time.Time
	step     int64    // of the newest code taken: no code up to it is taken again
	recovery []string // hashes of the codes left
	password time.Time
	invite   string // hash; "" = none is open
	until    time.Time
	link     string
	closed   bool // single sign-on, from a reset until its invitation is used

	session string  // serial of an officer's one session; "" = none
	ended   []ended // sessions of an editor, who may have several, that he ended
	recent  []SignIn
}

// ended is a session that its owner ended before its time.
type ended struct {
	serial string
	until  time.Time
}

// SignIn is one sign-in as the officer sees it afterwards.
type SignIn struct {
	At      time.Time
	By      Way
	Network string // "" = unknown
}

// maxRecent bounds the sign-ins that an account shows: what somebody can still remember.
const maxRecent = 10

// foldWay takes an event on ways of signing in into a; the caller holds the lock.
func (b *Book) foldWay(a *account, id string, ev event) {
	w, e := &a.ways, wayEvent{}
	if ev.Way != nil {
		e = *ev.Way
	}
	switch ev.Kind {
	case kindSignedIn:
		w.recent = append([]SignIn{{ev.At, e.By, e.Network}}, w.recent...)
		w.recent = w.recent[:min(len(w.recent), maxRecent)]
		if !a.officer.editor() { // editors may share a desk, and have as many as they like
			b.cutSession(id, w.session, ErrElsewhere)
			w.session = e.Session
		}
	case kindSignedOut:
		b.foldSignedOut(a, id, ev.At, e.Session)
	case kindPassword:
		a.password, w.password = ev.Password, ev.At
	case kindApp, kindSetUp, kindPasskey:
		b.foldSetUp(a, id, ev, e)
	case kindAppRemoved:
		w.app, w.recovery = "", nil
	case kindRecovery:
		w.recovery = e.Recovery
	case kindCodeUsed:
		w.step = max(w.step, e.Step)
	case kindRecoveryUsed:
		w.recovery = slices.DeleteFunc(slices.Clone(w.recovery), func(h string) bool { return h == e.Code })
	case kindInvited:
		w.invite, w.until = e.Invite, e.Until
	case kindLinked:
		w.link, w.closed = e.Link, false
	case kindOthersEnded:
		w.invite = ""
		b.voidTokens(a, id)
	}
}

// voidTokens takes an account's tokens away and ends what they have under way;
// the caller holds the lock.
func (b *Book) voidTokens(a *account, id string) {
	for _, t := range a.tokens {
		delete(b.tokens, t)
	}
	a.tokens = nil
	b.cutTokens(id, ErrRevoked)
}

// foldSetUp takes what was enrolled: an app, or by an invitation everything
// anew. Who needs an invitation has lost what he had, and somebody may have found it.
func (b *Book) foldSetUp(a *account, id string, ev event, e wayEvent) {
	w := &a.ways
	if e.Invite != "" {
		for _, k := range a.passkeys {
			if ev.Credential == nil || k.ID != encoded(ev.Credential.ID) {
				delete(b.keys, k.ID)
			}
		}
		a.passkeys = slices.DeleteFunc(slices.Clone(a.passkeys), func(k passkey) bool {
			return ev.Credential == nil || k.ID != encoded(ev.Credential.ID)
		})
		b.cutSession(id, w.session, ErrRevoked)
		b.voidTokens(a, id)
		a.password = ""
		*w = ways{step: w.step, link: w.link, recent: w.recent, ended: w.ended}
	}
	if ev.Password != "" {
		a.password, w.password = ev.Password, ev.At
	}
	if e.Secret != "" {
		w.app, w.appAdded, w.step, w.recovery = e.Secret, ev.At, e.Step, e.Recovery
	}
}

func (b *Book) foldSignedOut(a *account, id string, at time.Time, serial string) {
	w := &a.ways
	b.cutSession(id, serial, ErrSignedOut)
	if !a.officer.editor() {
		if w.session == serial {
			w.session = ""
		}
		return
	}
	over := func(e ended) bool { return !at.Before(e.until) }
	w.ended = append(slices.DeleteFunc(slices.Clone(w.ended), over), ended{serial, at.Add(sessionLife)})
}

// Step is what an officer still has to show after his password.
type Step int

// The steps.
const (
	Enough      Step = iota // nothing: the policy is content with a password
	NeedCode                // a code of his authenticator app, or a recovery code
	NeedPasskey             // his passkey instead: a password alone is not enough here
	NeedSetUp               // a second factor, which he has to enrol first
)

// Next is what o has to show after his password.
func (b *Book) Next(o Officer) Step {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.next(b.accounts[o.ID])
}

func (b *Book) next(a account) Step {
	switch {
	case a.ways.app != "":
		return NeedCode
	case !b.required || a.officer.editor():
		return Enough
	case len(a.passkeys) > 0:
		return NeedPasskey
	default:
		return NeedSetUp
	}
}

// mayRemain says whether an officer may be left with what a has: a way in, and
// where a second factor is required one beside his password, since who knows
// that alone would enrol his own in its place. Single sign-on closes no such
// door, and a key that may have been copied opens none.
func (b *Book) mayRemain(a account) error {
	key := slices.ContainsFunc(a.passkeys, func(k passkey) bool { return !k.Suspect })
	switch {
	case key:
	case a.password == "" && a.ways.link == "":
		return alert.Invalid{{Field: "password", Code: "last", Text: "This is your only way to sign in. Add another passkey or set a password first."}}
	case a.password != "" && b.required && a.ways.app == "":
		return alert.Invalid{{Field: "password", Code: "last", Text: "This is your only second factor. Add a passkey first."}}
	}
	return nil
}

// Access is how an officer signs in, as he sees it.
type Access struct {
	Password bool
	App      time.Time // when the authenticator app was added; zero = none
	Recovery int       // codes left
	Link     string    // what single sign-on calls him; "" = by his sign-in name
	Tokens   int
	Invited  time.Time // until when an invitation is open; zero = none
	Recent   []SignIn  // newest first
	Required bool      // a password alone is not enough
}

// Access is how the officer signs in.
func (b *Book) Access(id string) Access {
	b.mu.RLock()
	defer b.mu.RUnlock()
	a := b.accounts[id]
	v := Access{
		Password: a.password != "", Recovery: len(a.ways.recovery), Link: a.ways.link, Tokens: len(a.tokens),
		Recent: slices.Clone(a.ways.recent), Required: b.required,
	}
	if a.ways.app != "" {
		v.App = a.ways.appAdded
	}
	if a.ways.invite != "" && time.Now().Before(a.ways.until) {
		v.Invited = a.ways.until
	}
	return v
}
