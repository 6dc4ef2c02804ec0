package auth

import (
	"slices"
	"strings"
	"time"
)

// Standing is an account as administrators see it.
type Standing struct {
	Officer
	Active   bool
	Changed  time.Time // when it was added, changed, reset or revoked last
	Password bool
	App      bool // an authenticator app
	Link     bool // single sign-on knows him by another name
	Passkeys int
	Tokens   int
	LastIn   time.Time // zero = never
	Invited  time.Time // until when an invitation is open; zero = none
	Waiting  *Request  // about him
}

// Standings are all accounts, active and revoked, officers before editors, by id.
func (b *Book) Standings() []Standing {
	now := time.Now()
	b.mu.RLock()
	defer b.mu.RUnlock()
	var list []Standing
	for _, a := range b.accounts {
		if a.officer.ID != "" { // else somebody has only been asked for
			list = append(list, a.standing(now))
		}
	}
	slices.SortFunc(list, func(x, y Standing) int {
		switch {
		case x.editor() != y.editor() && y.editor():
			return -1
		case x.editor() != y.editor():
			return 1
		}
		return strings.Compare(x.ID, y.ID)
	})
	return list
}

// Standing is one account, active or revoked.
func (b *Book) Standing(id string) (Standing, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	a := b.accounts[id]
	return a.standing(time.Now()), a.officer.ID != ""
}

func (a account) standing(now time.Time) Standing {
	s := Standing{
		Officer: a.officer.clone(), Active: a.active, Changed: a.changed,
		Password: a.password != "", App: a.ways.app != "", Link: a.ways.link != "" && !a.ways.closed, Passkeys: len(a.passkeys), Tokens: len(a.tokens),
	}
	if len(a.ways.recent) > 0 {
		s.LastIn = a.ways.recent[0].At
	}
	if a.ways.invite != "" && now.Before(a.ways.until) {
		s.Invited = a.ways.until
	}
	if r := a.pending(now); r != nil {
		s.Waiting = new(r.clone())
	}
	return s
}
