package auth

import (
	"context"
	"errors"
	"strings"

	"tocsin/internal/alert"
	"tocsin/internal/audit"
)

var (
	// ErrStranger: single sign-on vouches for somebody who is no registered officer.
	ErrStranger = errors.New("nobody registered here goes by that name in single sign-on")
	// ErrAmbiguous: two officers were linked to the same name. The operator mends it.
	ErrAmbiguous = errors.New("two officers go by that name in single sign-on")
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
	if o, err := b.ByLink(name); name != "" && (errors.Is(err, ErrAmbiguous) || err == nil && o.ID != officerID) {
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
// made. ErrStranger, ErrAmbiguous.
func (b *Book) ByLink(name string) (Officer, error) {
	name = strings.TrimSpace(name)
	b.mu.RLock()
	defer b.mu.RUnlock()
	var found []Officer
	for _, a := range b.accounts {
		if a.active && !a.officer.editor() && name != "" && strings.EqualFold(a.ways.link, name) {
			found = append(found, a.proved())
		}
	}
	if a := b.accounts[strings.ToLower(name)]; len(found) == 0 && a.active && !a.officer.editor() && a.ways.link == "" {
		found = append(found, a.proved())
	}
	switch len(found) {
	case 0:
		return Officer{}, ErrStranger
	case 1:
		return found[0], nil
	default:
		return Officer{}, ErrAmbiguous
	}
}
