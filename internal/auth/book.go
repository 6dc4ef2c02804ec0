package auth

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"tocsin/internal/seal"
	"tocsin/internal/stream"
)

// Log is the CASES log as the accounts need it.
type Log interface {
	Append(ctx context.Context, en stream.Entry) (seq uint64, err error)
	Read(ctx context.Context, filter string, after uint64) iter.Seq2[stream.Record, error]
	Follow(ctx context.Context, filter string, after uint64, fn func(stream.Record) error, caughtUp func()) error
}

// Where the accounts lie on the CASES log.
const (
	subjectPrefix = "officers."
	allOfficers   = "officers.>"
)

const (
	// rounds bounds how often an act is decided anew because another process was faster.
	rounds = 4
	// followPause is the wait before following again after the log failed.
	followPause = 2 * time.Second
	// maxTokens bounds an officer's tokens: more are forgotten ones.
	maxTokens = 20
)

// ErrUnknown: there is no such officer.
var ErrUnknown = errors.New("no such officer")

// event is one act on an account, as stored. Secrets are in it only as hashes.
type event struct {
	Kind     string    `json:"kind"` // added, token, revoked, or one of keyfold.go and ways.go
	At       time.Time `json:"at"`
	By       string    `json:"by,omitempty"`       // who did it: an officer, audit.Operator, or the server itself
	Officer  *Officer  `json:"officer,omitempty"`  // added
	Password string    `json:"password,omitempty"` // added, password, set_up: argon2id; "" when he was invited
	Token    string    `json:"token,omitempty"`    // token: hex SHA-256
	// Credential and Name on passkey; Key and Name on passkey_named; Key, Count
	// and Suspect on passkey_used; Key on passkey_removed. All of it is public.
	Credential *webauthn.Credential `json:"credential,omitempty"`
	Name       string               `json:"name,omitempty"`
	Key        string               `json:"key,omitempty"` // id of the credential, base64url
	Count      uint32               `json:"count,omitempty"`
	Suspect    bool                 `json:"suspect,omitempty"`
	Challenge  string               `json:"challenge,omitempty"` // that a passkey answered: passkey, passkey_used at a sign-in
	Way        *wayEvent            `json:"way,omitempty"`       // of the kinds in ways.go
	// Request on asked; Ref, the request's id, on what confirms or declines it; Reason on declined.
	Request *Request `json:"request,omitempty"`
	Ref     string   `json:"ref,omitempty"`
	Reason  string   `json:"reason,omitempty"`
}

const (
	kindAdded   = "added"
	kindToken   = "token"
	kindRevoked = "revoked"
)

// account is the fold of an officer's events. It is never changed in place.
type account struct {
	officer  Officer
	password string
	tokens   []string
	passkeys []passkey // oldest first
	answered []spent   // challenges of the last minutes, oldest first
	ways     ways
	since    uint64 // sequence of the event that added him: sessions of an earlier life are void
	seq      uint64 // of the newest event
	active   bool

	version uint64    // sequence of the newest event that made it another account
	changed time.Time // when that was
	request *Request  // what an administrator asks about it; may be over, see pending
}

// Book is the accounts, sessions and tokens. It is safe for concurrent use.
type Book struct {
	log      Log
	sealed   sealers
	guests   guests
	keyed    bool // sealed by a key that outlives the process
	keyLost  bool // it may open nothing that is there already
	required bool // a second factor with every password of an officer
	throttle *throttle
	hasher   *hasher
	recorder Recorder // nil: nothing is noted

	mu       sync.RWMutex
	accounts map[string]account
	tokens   map[string]string                  // hex SHA-256 of a token: officer id
	keys     map[string]string                  // id of a passkey: officer id
	seen     uint64                             // newest sequence read from the log; what this process wrote itself does not count
	open     map[string]map[*func(error)]string // requests under way of each officer, with their session: cut when he is revoked
}

// New folds the accounts, and follows changes of other processes until ctx ends.
func New(ctx context.Context, log Log, with ...Option) (*Book, error) {
	b := &Book{
		log: log, throttle: newThrottle(), hasher: newHasher(),
		accounts: map[string]account{}, tokens: map[string]string{}, keys: map[string]string{},
		open: map[string]map[*func(error)]string{},
	}
	WithKey(seal.NewKey())(b)
	b.keyed = false
	for _, o := range with {
		o(b)
	}
	for rec, err := range log.Read(ctx, allOfficers, 0) {
		if err != nil {
			return nil, fmt.Errorf("reading accounts: %w", err)
		}
		if err := b.follows(rec); err != nil {
			return nil, err
		}
	}
	if err := b.opensApps(); err != nil {
		return nil, err
	}
	go b.follow(ctx)
	return b, nil
}

// opensApps looks whether the key is the one that apps were sealed with.
func (b *Book) opensApps() error {
	apps := 0
	for _, a := range b.accounts {
		if a.active && a.ways.app != "" {
			apps++
			if b.sealed.app.Open(a.ways.app, new(string)) == nil {
				return nil
			}
		}
	}
	if apps == 0 || !b.keyed || b.keyLost {
		return nil
	}
	return fmt.Errorf("keys/signin.key opens the authenticator app of none of %d officers: put the backup back; "+
		"if it is lost for good, make an empty file keys/signin.key.lost and give them invitations (`tocsin users invite`): %w", apps, errAppKey)
}

// follow hears what other processes write: a revocation there must end the sessions here.
func (b *Book) follow(ctx context.Context) {
	for ctx.Err() == nil {
		b.mu.RLock()
		after := b.seen
		b.mu.RUnlock()
		_ = b.log.Follow(ctx, allOfficers, after, b.follows, nil) // begun again whatever ended it
		select {
		case <-ctx.Done():
		case <-time.After(followPause):
		}
	}
}

// follows folds the next record of the log as a whole.
func (b *Book) follows(rec stream.Record) error {
	err := b.fold(rec)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen = rec.Seq
	return err
}

// fold takes one stored event into memory, once.
func (b *Book) fold(rec stream.Record) error {
	id := strings.TrimPrefix(rec.Subject, subjectPrefix)
	var ev event
	if err := json.Unmarshal(rec.Data, &ev); err != nil {
		return fmt.Errorf("account event %d: %w", rec.Seq, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.accounts[id]
	if rec.Seq <= a.seq {
		return nil
	}
	a.seq = rec.Seq
	switch ev.Kind {
	case kindAdded:
		if ev.Officer == nil || ev.Officer.ID != id {
			return fmt.Errorf("account event %d: it names another officer than its subject", rec.Seq)
		}
		restored := ev.Ref != "" && a.officer.ID != ""
		a.officer, a.password, a.since, a.active = *ev.Officer, ev.Password, rec.Seq, true
		if !restored { // perhaps another person of the same name
			a.ways = ways{}
		}
		b.admit(&a, ev)
		a.renewed(ev, rec)
	case kindToken:
		a.tokens = append(slices.Clip(a.tokens), ev.Token)
		b.tokens[ev.Token] = id
	case kindRevoked:
		b.forget(&a)
		a.active = false
		a.renewed(ev, rec)
		b.cut(id)
	case kindAsked, kindDeclined, kindChanged, kindReset:
		if err := b.foldRequest(&a, id, ev, rec); err != nil {
			return err
		}
	case kindPasskey, kindPasskeyNamed, kindPasskeyUsed, kindPasskeyRemoved:
		if err := b.foldKey(&a, id, ev); err != nil {
			return err
		}
		if ev.Way != nil { // enrolled by an invitation
			b.foldWay(&a, id, ev)
		}
	default:
		b.foldWay(&a, id, ev)
	}
	b.accounts[id] = a
	return nil
}

// act decides and stores one event on an account; decide is asked again when
// another process was faster.
func (b *Book) act(ctx context.Context, id string, decide func(account) (event, error)) error {
	for range rounds {
		b.mu.RLock()
		a := b.accounts[id]
		b.mu.RUnlock()
		ev, err := decide(a)
		if err != nil {
			return err
		}
		ev.At, ev.By = time.Now().UTC(), actor(ctx)
		data, err := json.Marshal(ev)
		if err != nil {
			return fmt.Errorf("account event: %w", err)
		}
		en := stream.Entry{Subject: subjectPrefix + id, ID: rand.Text(), Data: data, After: &a.seq}
		seq, err := b.log.Append(ctx, en)
		if err == nil {
			return b.fold(stream.Record{Seq: seq, Subject: en.Subject, Data: data})
		}
		switch {
		case errors.Is(err, stream.ErrUnavailable): // it may have been stored
			return fmt.Errorf("the account may have been changed; look at it before you try again: %w", err)
		case !errors.Is(err, stream.ErrConflict):
			return fmt.Errorf("the account was not changed: %w", err)
		}
		if err := b.refresh(ctx, id, a.seq); err != nil {
			return err
		}
	}
	return stream.ErrConflict
}

// refresh folds what is on the log of an account after seq.
func (b *Book) refresh(ctx context.Context, id string, seq uint64) error {
	for rec, err := range b.log.Read(ctx, subjectPrefix+id, seq) {
		if err != nil {
			return fmt.Errorf("reading the account: %w", err)
		}
		if err := b.fold(rec); err != nil {
			return err
		}
	}
	return nil
}

// Add makes an account. alert.Invalid lists everything wrong with it. A revoked
// officer may be added again: his old sessions and tokens stay void.
func (b *Book) Add(ctx context.Context, o Officer, password string) error {
	v := check(o)
	checkPassword(&v, o.ID, password)
	if err := v.Err(); err != nil {
		return err
	}
	hash, err := b.hasher.make(ctx, password)
	if err != nil {
		return err
	}
	o = o.clone()
	return b.act(ctx, o.ID, func(a account) (event, error) {
		if a.active {
			return event{}, taken
		}
		return event{Kind: kindAdded, Officer: &o, Password: hash}, nil
	})
}

// Revoke ends an account with its sessions, tokens and requests under way.
func (b *Book) Revoke(ctx context.Context, officerID string) error {
	return b.act(ctx, officerID, func(a account) (event, error) {
		if !a.active {
			return event{}, ErrUnknown
		}
		return event{Kind: kindRevoked}, nil
	})
}

// List is every officer who may sign in, by id.
func (b *Book) List() []Officer {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var list []Officer
	for _, a := range b.accounts {
		if a.active {
			list = append(list, a.officer.clone())
		}
	}
	slices.SortFunc(list, func(x, y Officer) int { return strings.Compare(x.ID, y.ID) })
	return list
}

// active is an officer who may act now, and the life of his account.
func (b *Book) active(id string) (o Officer, since uint64, ok bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	a := b.accounts[id]
	return a.proved(), a.since, a.active
}

// proved is a's officer as he is handed on when he has shown that he is it.
func (a account) proved() Officer {
	o := a.officer.clone()
	o.life = a.since
	return o
}

func (o Officer) clone() Officer {
	o.Roles, o.Areas = slices.Clone(o.Roles), slices.Clone(o.Areas)
	return o
}
