package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/internal/alert"
)

// Administration by two. Whoever gives a right needs a second administrator: one
// asks, another confirms, and neither confirms what is about himself. Whoever
// takes a right away needs nobody: a stolen account must end now.

const (
	// RequestLife is how long a request waits: a confirmation should still know why it was asked.
	RequestLife = 24 * time.Hour
	// maxRequests bounds what waits for a second administrator: nobody reads more in a day.
	maxRequests = 100
	// maxReason is what fits the list of requests.
	maxReason = 300
	// maxAreas bounds a jurisdiction: whoever needs more has everywhere.
	maxAreas = 100
)

// RequestKind is what an administrator asks for.
type RequestKind string

// The kinds of requests.
const (
	AskNew     RequestKind = "new"     // an account that is not there yet
	AskChange  RequestKind = "change"  // other rights, name, unit, station or jurisdiction
	AskRestore RequestKind = "restore" // a revoked account, active again
	AskReset   RequestKind = "reset"   // every way of signing in taken away, and a new one given
)

// Request is what one administrator asks and another confirms.
type Request struct {
	ID      string      `json:"id"`
	Kind    RequestKind `json:"kind"`
	Officer Officer     `json:"officer"` // as he is to be
	Before  *Officer    `json:"before,omitempty"`
	By      string      `json:"by"` // who asks
	Reason  string      `json:"reason,omitempty"`

	At      time.Time `json:"-"` // when it was asked
	version uint64    // of the account that it was asked about
}

// Until is when the request ends by itself.
func (r Request) Until() time.Time { return r.At.Add(RequestLife) }

// What the sites turn into status codes. The error's text is the whole sentence.
var (
	ErrForbidden = errors.New("not allowed")      // 403
	ErrStage     = errors.New("not possible now") // 409
)

type refusal struct {
	kind error
	why  string
}

func (r refusal) Error() string { return r.why }
func (r refusal) Unwrap() error { return r.kind }

func forbidden(why string) error  { return refusal{ErrForbidden, why} }
func wrongStage(why string) error { return refusal{ErrStage, why} }

// areaShape is that of ISO 3166-1 and 3166-2 codes.
var areaShape = regexp.MustCompile(`^[A-Z]{2}(-[A-Z0-9]{1,3})?$`)

func checkAreas(v *alert.Invalid, areas []string) {
	once := slices.Clone(areas)
	slices.Sort(once)
	switch {
	case len(areas) > maxAreas:
		v.Add("areas", "too_many", "Name at most 100 areas; leave the field empty for everywhere.")
	case slices.ContainsFunc(areas, func(a string) bool { return !areaShape.MatchString(a) }):
		v.Add("areas", "format", "Name areas by their ISO codes, such as BE or FR-59.")
	case len(slices.Compact(once)) != len(areas):
		v.Add("areas", "too_many", "Name each area once.")
	}
}

// Ask begins a request. It is applied at once, without a second administrator,
// when it only takes rights away: then applied is true, and what waited about
// this officer is void. That he himself is no administrator any more waits for
// another: he could be the last. Errors: alert.Invalid for what is asked,
// ErrForbidden, ErrStage.
func (b *Book) Ask(ctx context.Context, by Officer, kind RequestKind, o Officer, reason string) (applied bool, err error) {
	if err := checkRequest(o, reason); err != nil {
		return false, err
	}
	if err := b.catchUp(ctx); err != nil {
		return false, err
	}
	o = o.clone()
	err = b.act(ctx, o.ID, func(a account) (event, error) {
		applied = false
		if err := b.mayAdminister(by); err != nil {
			return event{}, err
		}
		req := Request{ID: rand.Text(), Kind: kind, Officer: o, By: by.ID, Reason: strings.TrimSpace(reason)}
		if a.officer.ID != "" {
			req.Before = new(a.officer.clone())
		}
		if kind == AskReset {
			req.Officer = a.officer.clone()
		}
		if err := a.fits(req, time.Now()); err != nil {
			return event{}, err
		}
		if a.narrows(req) {
			applied = true
			return event{Kind: kindChanged, Officer: &o}, nil
		}
		if len(b.Requests()) >= maxRequests {
			return event{}, wrongStage("100 requests are waiting already. Confirm or decline some of them first.")
		}
		return event{Kind: kindAsked, Request: &req}, nil
	})
	return applied && err == nil, err
}

// checkRequest lists every fault of what is asked.
func checkRequest(o Officer, reason string) error {
	v := check(o)
	switch n := utf8.RuneCountInString(strings.TrimSpace(reason)); {
	case !utf8.ValidString(reason):
		v.Add("reason", "encoding", "The reason is not valid UTF-8; type it again.")
	case n < 3:
		v.Add("reason", "required", "Say why, in at least 3 characters: the second administrator reads it.")
	case n > maxReason:
		v.Add("reason", "too_long", "Shorten the reason to 300 characters.")
	}
	return v.Err()
}

// fits says whether the request is one for this account.
func (a account) fits(r Request, now time.Time) error {
	switch {
	case a.pending(now) != nil && !a.narrows(r):
		return wrongStage("A request about this officer is waiting. Confirm or decline it first.")
	case r.Kind == AskNew && a.active:
		return alert.Invalid{{Field: "id", Code: "taken", Text: "This sign-in name is in use; choose another."}}
	case r.Kind == AskNew && a.officer.ID != "":
		return alert.Invalid{{Field: "id", Code: "taken", Text: "This sign-in name belonged to a revoked officer. Restore that account, or choose another name."}}
	case r.Kind == AskRestore && (a.active || a.officer.ID == ""):
		return wrongStage("This account is not revoked.")
	case (r.Kind == AskChange || r.Kind == AskReset) && !a.active:
		return wrongStage("This account is revoked.")
	case r.Kind == AskChange && same(a.officer, r.Officer):
		return wrongStage("Nothing was changed.")
	}
	return nil
}

// narrows says whether the request only takes rights away, and needs nobody.
func (a account) narrows(r Request) bool {
	resigns := r.By == r.Officer.ID && !r.Officer.Has(Admin)
	return r.Kind == AskChange && takesOnly(a.officer, r.Officer) && !renamed(a.officer, r.Officer) && !resigns
}

// mayAdminister asks the book, not the request's memory of who he is: his right
// may have ended a moment ago.
func (b *Book) mayAdminister(by Officer) error {
	now, _, active := b.active(by.ID)
	if !active || now.editor() || !now.Has(Admin) {
		return forbidden("Only an administrator manages accounts.")
	}
	return nil
}

// Admission is what somebody signs in with the first time. It is shown once and
// stored as a hash alone.
type Admission struct {
	Invite   string    // an officer's invitation; see Book.Invited
	Until    time.Time // when that ends
	Password string    // an editor's, who sets up nothing
}

// Confirm applies a request as its second administrator. For a new officer, a
// restored one and one whose ways were reset it gives the first way in; nil
// otherwise. ErrForbidden, ErrStage.
func (b *Book) Confirm(ctx context.Context, by Officer, officerID, requestID string) (*Admission, error) {
	if err := b.catchUp(ctx); err != nil {
		return nil, err
	}
	var given *Admission
	err := b.act(ctx, officerID, func(a account) (event, error) {
		r, err := b.mayConfirm(a, by, requestID)
		if err != nil {
			return event{}, err
		}
		ev := event{Kind: kindAdded, Officer: &r.Officer, Ref: r.ID}
		switch r.Kind {
		case AskChange:
			ev.Kind = kindChanged
			return ev, nil
		case AskReset:
			ev.Kind, ev.Officer = kindReset, nil
		}
		given, err = b.admission(ctx, r.Officer, &ev)
		return ev, err
	})
	if err != nil {
		return nil, err
	}
	return given, nil
}

// admission makes the first way in, and puts its hash into ev.
func (b *Book) admission(ctx context.Context, o Officer, ev *event) (*Admission, error) {
	if o.editor() {
		secret := strings.ToLower(rand.Text())
		hash, err := b.hasher.make(ctx, secret)
		ev.Password = hash
		return &Admission{Password: secret}, err
	}
	token, way := newInvitation()
	ev.Way = way
	return &Admission{Invite: token, Until: way.Until}, nil
}

// mayConfirm is the request when by may confirm it: the two-person rule of administration.
func (b *Book) mayConfirm(a account, by Officer, requestID string) (Request, error) {
	if err := b.mayAdminister(by); err != nil {
		return Request{}, err
	}
	r := a.request
	switch {
	case r == nil || r.ID != requestID:
		return Request{}, wrongStage("This request was confirmed, declined or replaced meanwhile.")
	case by.ID == r.By:
		return Request{}, forbidden("You asked for this. Another administrator must confirm it.")
	case by.ID == r.Officer.ID:
		return Request{}, forbidden("This is about your own account. Another administrator must confirm it.")
	case !time.Now().Before(r.Until()):
		return Request{}, wrongStage("This request is older than 24 hours. Ask anew.")
	case a.version != r.version:
		return Request{}, wrongStage("The account was changed after this was asked. Ask anew.")
	}
	if b.mayAdminister(Officer{ID: r.By}) != nil {
		return Request{}, wrongStage("Who asked for this is no longer an administrator. Ask anew.")
	}
	return *r, nil
}

// Decline ends a request without effect. Who asked may take it back himself.
func (b *Book) Decline(ctx context.Context, by Officer, officerID, requestID, reason string) error {
	reason = strings.TrimSpace(reason)
	if n := utf8.RuneCountInString(reason); !utf8.ValidString(reason) || n < 3 || n > maxReason {
		return alert.Invalid{{Field: "reason", Code: "length", Text: "Say why, in 3 to 300 characters."}}
	}
	if err := b.catchUp(ctx); err != nil {
		return err
	}
	return b.act(ctx, officerID, func(a account) (event, error) {
		if err := b.mayAdminister(by); err != nil {
			return event{}, err
		}
		if a.request == nil || a.request.ID != requestID {
			return event{}, wrongStage("This request was confirmed, declined or replaced meanwhile.")
		}
		return event{Kind: kindDeclined, Ref: requestID, Reason: reason}, nil
	})
}

// Dismiss revokes an account by one administrator alone: what may be in a
// stranger's hands must end now. Nobody dismisses himself: he could be the last.
func (b *Book) Dismiss(ctx context.Context, by Officer, officerID string) error {
	if err := b.catchUp(ctx); err != nil {
		return err
	}
	return b.act(ctx, officerID, func(a account) (event, error) {
		if err := b.mayAdminister(by); err != nil {
			return event{}, err
		}
		switch {
		case officerID == by.ID:
			return event{}, forbidden("You cannot revoke your own account. Another administrator must do it.")
		case !a.active:
			return event{}, wrongStage("This account is revoked.")
		}
		return event{Kind: kindRevoked}, nil
	})
}

// Requests are those that wait, oldest first.
func (b *Book) Requests() []Request {
	now := time.Now()
	b.mu.RLock()
	defer b.mu.RUnlock()
	var list []Request
	for _, a := range b.accounts {
		if r := a.pending(now); r != nil {
			list = append(list, r.clone())
		}
	}
	slices.SortFunc(list, func(x, y Request) int {
		if c := x.At.Compare(y.At); c != 0 {
			return c
		}
		return strings.Compare(x.ID, y.ID)
	})
	return list
}

func (r Request) clone() Request {
	r.Officer = r.Officer.clone()
	if r.Before != nil {
		r.Before = new(r.Before.clone())
	}
	return r
}

// pending is the request that can still be confirmed, or nil.
func (a account) pending(now time.Time) *Request {
	if a.request == nil || a.request.version != a.version || !now.Before(a.request.Until()) {
		return nil
	}
	return a.request
}

// catchUp reads what other nodes have written about accounts: before an
// administrator does anything, his own revocation that is on the log must be
// known here. That of the account in question act finds by itself.
func (b *Book) catchUp(ctx context.Context) error {
	b.mu.RLock()
	after := b.seen
	b.mu.RUnlock()
	for rec, err := range b.log.Read(ctx, allOfficers, after) {
		if err != nil {
			return fmt.Errorf("reading accounts: %w", err)
		}
		if err := b.fold(rec); err != nil {
			return err
		}
	}
	return nil
}

// takesOnly says whether after may do nothing that before may not.
func takesOnly(before, after Officer) bool {
	fewer := func(less, more []string) bool {
		return !slices.ContainsFunc(less, func(s string) bool { return !slices.Contains(more, s) })
	}
	roles := !slices.ContainsFunc(after.Roles, func(r Role) bool { return !before.Has(r) })
	areas := len(before.Areas) == 0 || len(after.Areas) > 0 && fewer(after.Areas, before.Areas)
	return roles && areas && before.Station == after.Station
}

// renamed says whether somebody would be called otherwise: his acts would read as another's.
func renamed(x, y Officer) bool { return x.Name != y.Name || x.Unit != y.Unit }

// same says whether both may do the same under the same name.
func same(x, y Officer) bool { return takesOnly(x, y) && takesOnly(y, x) && !renamed(x, y) }
