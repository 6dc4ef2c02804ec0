// Package casework is what officers may do with a case: draft, submit,
// release, return, reject, update, withdraw. Every act is an event on the CASES
// stream, and a case is the fold of its events.
package casework

import (
	"errors"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/criteria"
	"tocsin/internal/media"
	"tocsin/internal/wording"
)

// What the sites turn into status codes.
var (
	ErrNotFound  = errors.New("no such case")                                     // 404
	ErrConflict  = errors.New("somebody else changed the case meanwhile")         // 412
	ErrDigest    = errors.New("the content is not what was shown; read it again") // 409
	ErrForbidden = errors.New("not allowed")                                      // 403, wrapped with the reason
	ErrStage     = errors.New("not possible at this stage")                       // 409, wrapped with the stage and the mend
	// ErrPending: the act is recorded and durable, but ALERTS did not take the
	// message yet. It goes out by itself as soon as ALERTS takes it; the same
	// call may be made again and tries at once. 503, with the case beside it.
	ErrPending = errors.New("recorded; publication is pending and goes on by itself")
	// ErrRecord: a case's record is not what was written: an event is missing, changed or moved.
	ErrRecord = errors.New("the record of the case is broken")
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
	// Criteria are the answers to the case's set; nil where nothing is asked. Like
	// Internal they never leave the police.
	Criteria *criteria.Answers `json:"criteria,omitempty"`
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
	ID string `json:"id"` // opaque: 12 characters, no vowels, unguessable
	// Version is the sequence of the newest act on the draft or the stage: the
	// ETag. A photo added, or a message published, does not void an open form.
	Version uint64 `json:"version"`
	Stage   Stage  `json:"stage"`
	Draft

	// Revision is the number that the draft will have when released: 1, 2 ...
	Revision int `json:"revision"`
	// Asked is the set of criteria that the case was begun under; nil = nothing is
	// asked. Programs read it at /v1/cases/{id}/criteria: it is the same in most cases.
	Asked *criteria.Set `json:"-"`
	// OverrideReason is the approver's, where the first release was one although
	// not every criterion was fulfilled.
	OverrideReason string `json:"override_reason,omitempty"`
	// Live is the newest released revision; nil before release and after withdrawal.
	Live *LiveRevision `json:"live,omitempty"`
	// Pending says that the newest release or withdrawal is recorded but not yet on ALERTS.
	Pending bool `json:"pending,omitempty"`
	// Photos are the pictures that Person.Photo may name, oldest first.
	Photos []Photo `json:"photos,omitempty"`
	Digest string  `json:"digest,omitempty"` // of what was submitted
	// Edits are the officers' own wordings of channels' texts; LiveEdits are those
	// of the live revision while an update of it is written: it begins with the
	// machine's words, and may take them over one by one.
	Edits     alert.Edits `json:"edits,omitempty"`
	LiveEdits alert.Edits `json:"live_edits,omitempty"`
	// Kit is what was made of the draft for stations; nil before, and once the draft has changed.
	Kit *Kit `json:"kit,omitempty"`

	// Consents are what was asked of other areas' police, and what they said.
	Consents []Consent `json:"consents,omitempty"`
	// GrowthDeclined is the radius in kilometres up to which somebody said that the area need not grow; 0 = nobody.
	GrowthDeclined int `json:"growth_declined,omitempty"`

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
	// Practice makes it a case that is never sent; nil for every other one.
	Practice *Practice `json:"practice,omitempty"`
	// Exercise is the planned test that this alert belongs to, "" for none.
	Exercise string `json:"exercise,omitempty"`
}

// Photo is one stored picture of a case.
type Photo struct {
	Token  string    `json:"token"` // unguessable; what Person.Photo names
	By     string    `json:"by"`    // officer id
	At     time.Time `json:"at"`
	Width  int       `json:"width"`
	Height int       `json:"height"`
	Bytes  int       `json:"bytes"`
	SHA256 string    `json:"sha256"` // hex
	SHA1   string    `json:"sha1"`   // hex; CAP's digest element still wants it
	// Work says that a larger copy is kept, for edits; it is never published.
	Work bool `json:"work,omitempty"`
	// From is the token of the photo that this one was made of, and Edit how; "" = uploaded.
	From string      `json:"from,omitempty"`
	Edit *media.Edit `json:"edit,omitempty"`
}

// Object is the name of the picture in the object store, and the last part of its address.
func (p Photo) Object() string { return p.Token + ".jpg" }

// Thumbnail is the name of its small copy.
func (p Photo) Thumbnail() string { return p.Token + "-s.jpg" }

// Original is the name of its larger copy, where Work says that there is one.
func (p Photo) Original() string { return p.Token + "-o.jpg" }

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
	Kind    string    `json:"kind"` // one of the Kind constants
	At      time.Time `json:"at"`
	Officer string    `json:"officer"` // "system" for expiry and its like
	Prev    string    `json:"prev"`    // hex SHA-256 of the previous event's bytes; "" for the first
	// Draft on drafted and edited; Digest on submitted and released; Reason on
	// returned and rejected, but for a practice that was left, which System rejects; Outcome and Words on withdrawn; Message on released and
	// withdrawn; Photo on photo_added and photo_edited; Kit on kit_made; Identifier on
	// published; Purged on purged; Asked on drafted; Wording on worded.
	Draft   *Draft          `json:"draft,omitempty"`
	Digest  string          `json:"digest,omitempty"`
	Reason  string          `json:"reason,omitempty"`
	Outcome alert.Outcome   `json:"outcome,omitempty"`
	Words   alert.Localized `json:"words,omitempty"`
	Message *alert.Message  `json:"message,omitempty"` // signed: written here first, then to ALERTS; republished after a crash
	Photo   *Photo          `json:"photo,omitempty"`
	Wording *Wording        `json:"wording,omitempty"`
	Kit     *Kit            `json:"kit,omitempty"`
	// Shown are the texts that Digest is over, besides Message; on released.
	Shown []Shown `json:"shown,omitempty"`
	// Criteria are the answers that Digest is over, and Override is the approver's
	// reason where not all are fulfilled; on released.
	Criteria *criteria.Answers `json:"criteria,omitempty"`
	Override string            `json:"override,omitempty"`
	// Asked is the set of criteria that the case is begun under, whole: the record
	// shows the very questions.
	Asked *criteria.Set `json:"asked,omitempty"`
	// Signature is the approver's passkey over Digest; on released, where he has one.
	Signature *auth.Signature `json:"signature,omitempty"`
	// Code says that the approver, who has no passkey, confirmed by a code instead: of
	// his app ("code") or a recovery code ("recovery"). It proves nothing to others.
	Code auth.Way `json:"code,omitempty"`
	// Identifier is what is now on ALERTS.
	Identifier string `json:"identifier,omitempty"`
	// AskedAreas, on submitted, are those outside the submitter's jurisdiction that
	// nobody had agreed to; Areas, on agreed, are those agreed to, with the Reason
	// where it was not their own police; KM is on growth_declined.
	AskedAreas []string `json:"asked_areas,omitempty"`
	Areas      []string `json:"areas,omitempty"`
	KM         int      `json:"km,omitempty"`
	Resent     *Resent  `json:"resent,omitempty"` // on resent
	// Purged are the tokens of the photos, and the names of the kit's files, whose bytes are gone.
	Purged []string `json:"purged,omitempty"`
	// Practice and Exercise, on drafted, are as in Case. Page, Refused and Example are on
	// visited; Reach on practised. Alone, on released and
	// practised, says that one person wrote and released for practice.
	Practice bool      `json:"practice,omitempty"`
	Exercise string    `json:"exercise,omitempty"`
	Page     string    `json:"page,omitempty"`
	Refused  bool      `json:"refused,omitempty"`
	Example  bool      `json:"example,omitempty"`
	Reach    []Reached `json:"reach,omitempty"`
	Alone    bool      `json:"alone,omitempty"`
}

// The kinds of events.
const (
	KindDrafted    = "drafted"
	KindEdited     = "edited"
	KindWorded     = "worded" // one text of a channel in an officer's own words, or in the machine's again
	KindPhotoAdded = "photo_added"
	KindPhotoMade  = "photo_edited" // a new photo of another one: turned, straightened, cut
	KindKit        = "kit_made"     // slides, poster and sound, by whoever submits
	KindSubmitted  = "submitted"
	KindReturned   = "returned"
	KindRejected   = "rejected"
	KindReleased   = "released"
	KindWithdrawn  = "withdrawn"
	KindAgreed     = "agreed"          // to an area that the submitter may not alert alone
	KindDeclined   = "growth_declined" // the area need not grow yet
	KindPublished  = "published"       // ALERTS has the message of the release or withdrawal before it
	KindPurged     = "purged"          // photos and files of kits deleted
)

// System is the officer of what the server does by itself: expiry, publication, purge.
const System = "system"

// Preview is exactly what goes out: the message without sent and CAP, every
// channel's parts, and who will get it. Digest is over all of it.
type Preview struct {
	Digest   string           `json:"digest"`
	Message  *alert.Message   `json:"message"`
	Channels []ChannelPreview `json:"channels"`
	// Kit is what the stations get, its media being part of the message; nil
	// before it is made, which is at submission.
	Kit *Kit `json:"kit,omitempty"`
	// Criteria are the answers as Digest is over them.
	Criteria *criteria.Answers `json:"criteria,omitempty"`
	// Edited are the texts in the officers' own words, with the machine's beside them.
	Edited []alert.Edited `json:"edited,omitempty"`
	Faults alert.Invalid  `json:"faults,omitempty"` // empty when it could be submitted
	// Warnings are words that the public should perhaps not read. They stop nothing.
	Warnings []wording.Warning `json:"warnings,omitempty"`
}

// Shown is what the approver saw of one channel in one language.
type Shown struct {
	Channel string         `json:"channel"`
	Lang    alert.Lang     `json:"lang"`
	Parts   []adapter.Part `json:"parts"`
}

// ChannelPreview is one channel in one language.
type ChannelPreview struct {
	Channel    string         `json:"channel"`
	Title      string         `json:"title"`
	Lang       alert.Lang     `json:"lang"`
	Recipients int            `json:"recipients"` // in the alert's area, all languages
	Parts      []adapter.Part `json:"parts"`
}
