package auth

import (
	"fmt"

	"tocsin/internal/stream"
)

// The kinds of events of administration. A confirmed request is one event: what
// it does, with the request's id.
const (
	kindAsked    = "asked"
	kindDeclined = "declined"
	kindChanged  = "changed"
	kindReset    = "reset"
)

// foldRequest takes an event of administration into a; the caller holds the lock.
func (b *Book) foldRequest(a *account, id string, ev event, rec stream.Record) error {
	switch ev.Kind {
	case kindAsked:
		if ev.Request == nil || ev.Request.Officer.ID != id {
			return fmt.Errorf("account event %d: it asks for another officer than its subject", rec.Seq)
		}
		r := *ev.Request
		r.At, r.version = ev.At, a.version
		a.request = &r
	case kindDeclined:
		a.request = nil
	case kindChanged:
		if ev.Officer == nil || ev.Officer.ID != id {
			return fmt.Errorf("account event %d: it names another officer than its subject", rec.Seq)
		}
		if !takesOnly(*ev.Officer, a.officer) { // something was taken away
			a.since = rec.Seq
			b.cut(id)
		}
		a.officer = *ev.Officer
		a.renewed(ev, rec)
	case kindReset:
		b.forget(a)
		a.password, a.since, a.ways.closed = ev.Password, rec.Seq, true
		b.admit(a, ev)
		a.renewed(ev, rec)
		b.cut(id)
	}
	return nil
}

// renewed notes that the account is another one than it was: a request about the
// old one is void, and the one that did it is over.
func (a *account) renewed(ev event, rec stream.Record) {
	a.version, a.changed = rec.Seq, ev.At
	if a.request != nil && a.request.ID == ev.Ref {
		a.request = nil
	}
}

// forget takes every way of signing in from a; the caller holds the lock. What
// single sign-on calls him stays: without it whoever has his sign-in name there
// would be taken for him once he may sign in again.
func (b *Book) forget(a *account) {
	for _, t := range a.tokens {
		delete(b.tokens, t)
	}
	for _, k := range a.passkeys {
		delete(b.keys, k.ID)
	}
	a.tokens, a.passkeys, a.password, a.ways = nil, nil, "", ways{link: a.ways.link}
}

// admit opens the invitation that a confirmed request carries.
func (b *Book) admit(a *account, ev event) {
	if ev.Way != nil {
		a.ways.invite, a.ways.until = ev.Way.Invite, ev.Way.Until
	}
}
