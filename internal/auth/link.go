package auth

import (
	"context"
	"errors"
	"slices"
	"strings"

	"tocsin/internal/alert"
	"tocsin/internal/audit"
)

var (
	// ErrStranger: single sign-on vouches for somebody who is no registered officer.
	ErrStranger = errors.New("nobody registered here goes by that name in single sign-on")
	// ErrAmbiguous: two officers were linked to the same name. The operator mends it.
	ErrAmbiguous = errors.New("two officers go by that name in single sign-on")
	// ErrReset: the officer's ways of signing in were reset, and he has not used the invitation yet.
	ErrReset = errors.New("the officer's ways of signing in were reset; his invitation opens them again")
)

// maxLink bounds the name that single sign-on knows an officer by: a mail address has at most 254.
const maxLink = 254

// Link says what single sign-on calls the officer, when it is not his sign-in
// name; "" = that again. alert.Invalid when somebody else goes by it.
func (b *Book) Link(ctx context.Context, officerID, name string) error {
	name = strings.TrimSpace(name)
	if len(name) > maxLink || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }) {
		return alert.Invalid{{Field: "sso", Code: "format", Text: "Give the name as single sign-on sends it, at most 254 characters."}}
	}
	taken := func(a account) bool { return a.officer.ID != officerID }
	if slices.ContainsFunc(b.linked(name), taken) {
		return alert.Invalid{{Field: "sso", Code: "taken", Text: "Another officer goes by this name in single sign-on."}}
	}
	return b.act(ctx, officerID, func(a account) (event, error) {
		switch {
		case !a.active:
			return event{}, ErrUnknown
		case a.officer.editor():
			return event{}, alert.Invalid{{Field: "id", Code: "editor", Text: "Single sign-on is for officers alone."}}
		}
		return event{Kind: kindLinked, Way: &wayEvent{Link: name}}, nil
	})
}

// SignInBySSO is ByLink for who signs in: a refusal is on the audit record,
// without the name, which is nobody's here.
func (b *Book) SignInBySSO(ctx context.Context, name string) (Officer, error) {
	o, err := b.ByLink(name)
	if err != nil {
		b.note(ctx, audit.SignInFailed, "", "", "single sign-on")
	}
	return o, err
}

// ByLink is the officer whom single sign-on means: who was linked to the name,
// else who has it as his sign-in name and was linked to no other. Nobody is ever
// made. ErrStranger, ErrAmbiguous, ErrReset.
func (b *Book) ByLink(name string) (Officer, error) {
	found := b.linked(name)
	switch {
	case len(found) == 0:
		return Officer{}, ErrStranger
	case len(found) > 1:
		return Officer{}, ErrAmbiguous
	case found[0].ways.closed:
		return Officer{}, ErrReset
	}
	return found[0].proved(), nil
}

// linked are the accounts whose officers single sign-on may mean by name.
func (b *Book) linked(name string) (found []account) {
	name = folded(name)
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, a := range b.accounts {
		if a.active && !a.officer.editor() && name != "" && folded(a.ways.link) == name {
			found = append(found, a)
		}
	}
	if a := b.accounts[name]; len(found) == 0 && a.active && !a.officer.editor() && a.ways.link == "" {
		found = append(found, a)
	}
	return found
}

// folded takes capital letters for small ones, and no letter beyond ASCII for
// another, nor a space for nothing: where officers may choose their name at the
// provider, "bram" must not be had by writing it with a Kelvin sign or a blank.
func folded(name string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r - 'A' + 'a'
		}
		return r
	}, name)
}
