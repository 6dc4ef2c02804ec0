// Package audit keeps the record of every act of people: who signed in and who
// could not, what changed in accounts, who submitted, released, returned and
// withdrew, what was exported, what the operator did. It is one chain of hashes
// on a stream of its own that nobody can delete from, the same for all nodes.
//
// Acts that are events elsewhere, on the officers' accounts and on cases, are
// taken from there by following that log: none is missed by a crash between the
// two, and each entry carries the hash of what it speaks of, so that the chain
// vouches for those records as well. All other acts are noted by who sees them.
//
// An entry names officers by their sign-in names, cases by their ids, and the
// network that somebody came from without its last part. Nothing of a case's
// facts, no reason that somebody wrote and no address is in it.
package audit

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Event is one act.
type Event struct {
	N    uint64    `json:"n"` // place in the chain, from 1
	At   time.Time `json:"at"`
	Kind string    `json:"kind"`
	// By is the sign-in name of who did it; Operator, System, or "" when nobody knows.
	By string `json:"by,omitempty"`
	// About is the officer or the case, by id.
	About string `json:"about,omitempty"`
	// Network is where the request came from: the first three parts of an IPv4
	// address, the first 48 bits of an IPv6 one.
	Network string `json:"network,omitempty"`
	Detail  string `json:"detail,omitempty"` // English, at most 1600 characters
	// Source and Hash are of the record that the act is, on the log of cases and
	// accounts: its sequence there, and the SHA-256 of its bytes.
	Source uint64 `json:"source,omitempty"`
	Hash   string `json:"hash,omitempty"`
	// More counts acts of the same kind that were left out before this one: who
	// asks over and over must not fill the disk.
	More int    `json:"more,omitempty"`
	Prev string `json:"prev"` // hash of the entry before
}

// Who acts besides officers.
const (
	Operator = "operator" // by the socket in the data folder
	System   = "system"   // the server itself
)

// The kinds of acts that are noted by who sees them. Those of accounts begin
// with "officer_", those of cases with "case_", and then the event's own kind.
const (
	SignedIn     = "signed_in" // Detail says how
	SignInFailed = "sign_in_failed"
	Throttled    = "sign_in_throttled"
	SignedOut    = "signed_out"
	SessionEnded = "session_ended" // by the server; Detail says why
	GuestIn      = "guest_signed_in"
	Exported     = "case_exported"
	AuditRead    = "audit_exported"
	Command      = "operator_command" // a change through the operator's socket; Detail names it
)

// The bounds of one entry, which nobody can delete. What strangers bring about says
// fixed words alone; the longest that officers do is a request that moves somebody from
// one jurisdiction of a hundred areas to another, and that must be there whole.
const (
	maxWord   = 64
	maxDetail = 1600
)

// bounded is the event with every text cut to its bound, and without characters that do not show.
func (e Event) bounded() Event {
	e.Kind, e.By, e.About, e.Network = line(e.Kind, maxWord), line(e.By, maxWord), line(e.About, maxWord), line(e.Network, maxWord)
	e.Detail = line(e.Detail, maxDetail)
	return e
}

// line is s without what does not show, at most n characters.
func line(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, s)
	if utf8.RuneCountInString(s) > n {
		s = string([]rune(s)[:n-1]) + "…"
	}
	return s
}

// decode reads an entry as stored.
func decode(raw []byte) (Event, error) {
	var e Event
	if err := json.Unmarshal(raw, &e); err != nil {
		return Event{}, fmt.Errorf("it is no entry: %w", err)
	}
	return e, nil
}
