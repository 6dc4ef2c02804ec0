// Package casework is what officers may do with a case: draft, submit,
// release, return, reject, update, withdraw. Every act is an event on the CASES
// stream, and a case is the fold of its events.
package casework

import (
	"errors"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// What the sites turn into status codes.
var (
	ErrNotFound  = errors.New("no such case")                                     // 404
	ErrConflict  = errors.New("somebody else changed the case meanwhile")         // 412
	ErrDigest    = errors.New("the content is not what was shown; read it again") // 409
	ErrForbidden = errors.New("not allowed")                                      // 403, wrapped with the reason
	ErrStage     = errors.New("not possible at this stage")                       // 409, wrapped with the stage and the mend
)

// Stage is how far the case's newest revision is.
type Stage string

// The stages. A live case that is being updated is a draft with Live set.
const (
	StageDraft     Stage = "draft"
	StageSubmitted Stage = "submitted"
	StageReleased  Stage = "released"
	StageRejected  Stage = "rejected"
	StageWithdrawn Stage = "withdrawn"
)

// Draft is what an officer writes: the public facts, and what stays with the police.
type Draft struct {
	Facts    alert.Facts `json:"facts"`
	Internal Internal    `json:"internal"`
}

// Internal never leaves the police: in no message, text, feed, log or channel.
type Internal struct {
	Reference  string    `json:"reference,omitempty"`   // the agency's own file number
	ReportedAt time.Time `json:"reported_at,omitzero"`  // when the child was reported missing: the clock starts here
	ReportedBy string    `json:"reported_by,omitempty"` // the reporter
	Notes      string    `json:"notes,omitempty"`
}

// Case is the fold of a case's events.
type Case struct {
	ID      string `json:"id"`      // opaque: 12 characters, no vowels, unguessable
	Version uint64 `json:"version"` // sequence of the newest event: the ETag
	Stage   Stage  `json:"stage"`
	Draft

	// Revision is the number that the draft will have when released: 1, 2 ...
	Revision int `json:"revision"`
	// Live is the newest released revision; nil before release and after withdrawal.
	Live *LiveRevision `json:"live,omitempty"`

	Author     string        `json:"author"`      // officer id
	LastEditor string        `json:"last_editor"` // of this revision
	Submitter  string        `json:"submitter,omitempty"`
	Editors    []string      `json:"editors,omitempty"` // everybody who wrote in this revision
	Reason     string        `json:"reason,omitempty"`  // of the last return or reject
	Outcome    alert.Outcome `json:"outcome,omitempty"`
	Created    time.Time     `json:"created"`
	Changed    time.Time     `json:"changed"`
	Submitted  time.Time     `json:"submitted,omitzero"`
	Released   time.Time     `json:"released,omitzero"` // of the first revision
	Withdrawn  time.Time     `json:"withdrawn,omitzero"`
}

// LiveRevision is what the public has now.
type LiveRevision struct {
	Identifier string       `json:"identifier"`
	Revision   int          `json:"revision"`
	Sent       time.Time    `json:"sent"`
	Expires    time.Time    `json:"expires"`
	Languages  []alert.Lang `json:"languages"`
	Areas      []string     `json:"areas"`
	Media      []string     `json:"media,omitempty"` // object names, to delete at withdrawal
}

// Event is one act on a case, as stored: an append-only, hash-chained record.
type Event struct {
	Case    string    `json:"case"`
	Kind    string    `json:"kind"` // drafted, edited, photo_added, submitted, released, returned, rejected, withdrawn, published
	At      time.Time `json:"at"`
	Officer string    `json:"officer"` // "system" for expiry
	Prev    string    `json:"prev"`    // hex SHA-256 of the previous event's bytes; "" for the first
	// Draft on drafted and edited; Digest on submitted and released; Reason on
	// returned and rejected; Outcome and Words on withdrawn; Message on released and withdrawn.
	Draft   *Draft          `json:"draft,omitempty"`
	Digest  string          `json:"digest,omitempty"`
	Reason  string          `json:"reason,omitempty"`
	Outcome alert.Outcome   `json:"outcome,omitempty"`
	Words   alert.Localized `json:"words,omitempty"`
	Message *alert.Message  `json:"message,omitempty"` // signed: written here first, then to ALERTS; republished after a crash
}

// Preview is exactly what goes out: the message without sent and CAP, every
// channel's parts, and who will get it. Digest is over all of it.
type Preview struct {
	Digest   string           `json:"digest"`
	Message  *alert.Message   `json:"message"`
	Channels []ChannelPreview `json:"channels"`
	Faults   alert.Invalid    `json:"faults,omitempty"` // empty when it could be submitted
}

// ChannelPreview is one channel in one language.
type ChannelPreview struct {
	Channel    string         `json:"channel"`
	Title      string         `json:"title"`
	Lang       alert.Lang     `json:"lang"`
	Recipients int            `json:"recipients"` // in the alert's area, all languages
	Parts      []adapter.Part `json:"parts"`
}
