package auth

import (
	"fmt"
	"slices"
)

// The kinds of events on passkeys.
const (
	kindPasskey        = "passkey"
	kindPasskeyNamed   = "passkey_named"
	kindPasskeyUsed    = "passkey_used"
	kindPasskeyRemoved = "passkey_removed"
)

// foldKey takes an event on a passkey into a, and into the index of keys; the
// caller holds the lock. It changes no array that somebody reads.
func (b *Book) foldKey(a *account, id string, ev event) error {
	a.remember(ev.Challenge, ev.At)
	keys := slices.Clone(a.passkeys)
	if ev.Kind == kindPasskey {
		if ev.Credential == nil {
			return fmt.Errorf("account event of %s: a passkey without its key", id)
		}
		k := passkey{cred: *ev.Credential}
		k.ID, k.Name, k.Added = encoded(ev.Credential.ID), ev.Name, ev.At
		a.passkeys, b.keys[k.ID] = append(keys, k), id
		return nil
	}
	at := a.keyAt(ev.Key)
	if at < 0 {
		return nil // removed by another process at the same moment
	}
	switch ev.Kind {
	case kindPasskeyNamed:
		keys[at].Name = ev.Name
	case kindPasskeyUsed:
		// What a release noted may be older than what a sign-in wrote meanwhile: a
		// suspicion stays, and the counter never goes back.
		k := &keys[at]
		k.Used, k.Suspect = ev.At, k.Suspect || ev.Suspect
		k.cred.Authenticator.SignCount = max(k.cred.Authenticator.SignCount, ev.Count)
	case kindPasskeyRemoved:
		delete(b.keys, ev.Key)
		keys = slices.Delete(keys, at, at+1)
	}
	a.passkeys = keys
	return nil
}
