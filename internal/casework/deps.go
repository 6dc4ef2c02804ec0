package casework

import (
	"context"
	"io"
	"iter"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/criteria"
	"tocsin/internal/media"
	"tocsin/internal/stream"
)

// Deps is what the service stands on. Every field but those of the kit, Passkeys, Criteria, Measure and Rework is required.
type Deps struct {
	Cases    CaseLog
	Alerts   AlertLog
	Sign     Signer
	Write    Writer
	Channels []Channel
	Audience Audience
	Areas    Areas
	Intake   Intake
	Objects  Objects
	Policy   Policy
	Log      *slog.Logger
	// Kit makes what stations air; nil = alerts go out with words and photos
	// alone. KitVersion changes when the same content would be drawn otherwise.
	Kit        KitMaker
	KitVersion string
	// Criteria are what new cases are asked; nil = nothing. Cases that exist keep
	// the set they were begun under.
	Criteria *criteria.Set
	// Rework makes a photo of another one as an officer cut it; nil = photos cannot
	// be edited. An alert.Invalid says what is wrong with the edit.
	Rework Rework
	// Reached lists the units that the circle and the drawings of facts reach into;
	// nil = jurisdiction is judged by the listed areas alone.
	Reached func(f *alert.Facts) []string
	// Passkeys checks what approvers confirm releases with; nil = browsers make
	// none for the public address, and nobody is asked for one.
	Passkeys Passkeys
	// Codes checks the codes with which approvers without a passkey confirm; nil = nobody is asked for one.
	Codes Codes
	// Measure is the length in bytes of the CAP document that Sign would make of a
	// complete message, without its signature; nil = no alert is refused for being too long as a whole.
	Measure func(m *alert.Message) (int, error)
}

// Codes are the officers' authenticator apps: *auth.Book.
type Codes interface {
	HasApp(officerID string) bool
	// CheckCode takes a code once. auth.ErrCode, auth.ErrCodeUsed, *auth.ThrottledError.
	CheckCode(ctx context.Context, o auth.Officer, code string) (auth.Way, error)
}

// Passkeys are the officers' keys: *auth.Passkeys.
type Passkeys interface {
	Host() string
	List(officerID string) []auth.Passkey
	Confirm(ctx context.Context, o auth.Officer, digest string, answer []byte) (auth.Signature, error)
	Note(ctx context.Context, o auth.Officer, s auth.Signature) error
}

// CaseLog is the CASES stream: append with the sequence last seen, read, follow.
type CaseLog interface {
	Append(ctx context.Context, en stream.Entry) (seq uint64, err error)
	Read(ctx context.Context, filter string, after uint64) iter.Seq2[stream.Record, error]
	Follow(ctx context.Context, filter string, after uint64, fn func(stream.Record) error, caughtUp func()) error
}

// AlertLog is the ALERTS stream as a release needs it.
type AlertLog interface {
	Append(ctx context.Context, en stream.Entry) (seq uint64, err error)
	Last(ctx context.Context, subject string) (stream.Record, error) // stream.ErrNone
}

// Signer turns a complete message (Sent set) into the signed CAP document. Its
// error refuses the release: no signature, no release.
type Signer func(*alert.Message) ([]byte, error)

// Writer fills m.Texts from the facts in every language. An alert.Invalid names each text at fault.
type Writer func(m *alert.Message) error

// Channel is one channel as the preview shows it.
type Channel struct {
	Name   string // "sms"
	Title  string // "SMS"
	Render func(m *alert.Message, lang alert.Lang) (adapter.Payload, error)
}

// Audience counts who will get an alert.
type Audience interface {
	Count(channel string, areas []string) int
}

// Areas names areas by their codes, with a fault for each unknown one.
type Areas interface {
	Areas(codes []string) ([]alert.Area, alert.Invalid)
}

// Intake decodes a stranger's picture and encodes it anew: no metadata, bounded
// size. An alert.Invalid says what is wrong with it.
type Intake func(r io.Reader) (Image, error)

// Rework edits a JPEG that Intake made.
type Rework func(ctx context.Context, jpeg []byte, e media.Edit) (Image, error)

// Image is a picture as it is stored: two JPEGs, or three.
type Image struct {
	Full, Small   []byte
	Width, Height int    // of Full
	Work          []byte // larger than Full, to make edits of; nil = Full is all there is
}

// Objects is the object store that photos live in. Delete of what is not there is no error,
// or stream.ErrNone or stream.ErrGone.
type Objects interface {
	Put(ctx context.Context, name string, data []byte) error
	Get(ctx context.Context, name string) ([]byte, error)
	Delete(ctx context.Context, name string) error
}

// Policy is what the State and the agency decided.
type Policy struct {
	Realm     alert.Realm
	Agency    string // subject token: upper case letters and digits
	Sender    string // CAP sender
	PublicURL string // "https://alert.example", without a slash at the end
	Status    alert.Status
	// MaxExpiry is the longest life of an alert from submission on: a forgotten
	// alert wears out the public's attention for the next one.
	MaxExpiry time.Duration
	// Repeat is the pace at which stations are asked to air an alert; nil = once.
	Repeat *alert.Cadence
	// Passkey says who confirms a release by passkey; empty = PasskeyWhenEnrolled.
	Passkey PasskeyPolicy
	// PractiseAlone says where one person may play both roles; never in the live realm.
	PractiseAlone PractisePolicy
	// NamelessSMS has officers warned of a child's name in SMS: they lie on phones
	// that no withdrawal reaches.
	NamelessSMS bool
	// SurnameAllowed lets family names into the public facts.
	SurnameAllowed bool
}

// check lists what is wrong with the policy, all at once.
func (p Policy) check() error {
	var v alert.Invalid
	if !alert.AgencyName(p.Agency) {
		v.Add("agency", "format", "Give the agency as 2 to 24 capital letters and digits.")
	}
	switch {
	case p.Realm == alert.Drill && p.Status == alert.StatusExercise:
	case p.Realm == alert.Live && (p.Status == alert.StatusActual || p.Status == alert.StatusTest):
	default:
		v.Add("status", "contradiction", "The realm drill issues status Exercise alone; the realm live Actual or Test.")
	}
	switch p.Passkey {
	case "", PasskeyWhenEnrolled, PasskeyRequired, PasskeyOff:
	default:
		v.Add("release_passkey", "unknown", "Write required, when_enrolled or off.")
	}
	p.checkPractise(&v)
	if p.Sender == "" || strings.ContainsAny(p.Sender, " ,<&") {
		v.Add("sender", "format", "Give the sender's address, without spaces, commas, < and &.")
	}
	if u, err := url.Parse(p.PublicURL); err != nil || u.Host == "" || u.User != nil || strings.HasSuffix(p.PublicURL, "/") {
		v.Add("public_url", "format", "Give the full address of the public site, without a slash at the end: https://alert.example.")
	}
	return v.Err()
}
