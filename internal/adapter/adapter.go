// Package adapter is the contract between Tocsin and a channel.
//
// # How to add a channel
//
// Make a folder adapters/NAME with a Driver and an Adapter, add one line to
// adapters/adapters.go, and run the shared suite (package adaptertest) from its
// tests. An adapter makes one attempt and says what became of it. It has no
// loop, sleep, retry, log line, metric or goroutine of its own where the
// runner (package delivery) can have it: the runner batches, bounds, times
// out, retries by the class of the failure, stops at expiry and supersession,
// and writes the ledger.
//
// Updates and withdrawals are not methods but message types: look at
// Message.MsgType, and at Recipient.Prior for the channel's own id of what is
// being replaced.
package adapter

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"log/slog"
	"net/http"
	"time"

	"tocsin/internal/alert"
)

// Adapter is one channel.
type Adapter interface {
	// Render turns m into the channel's words and bytes in lang. Pure: the same
	// m gives the same payload, so it serves the golden files, the officer's
	// preview and the length check before submission. An error names the field
	// and the mend, and stops the submission. m.CAP and m.Sent are unset in a preview.
	Render(m *alert.Message, lang alert.Lang) (Payload, error)

	// Send makes one attempt to hand d to each recipient of batch and returns
	// one receipt for each, in order. A non-nil error means that the attempt
	// failed for the whole batch alike: each recipient gets it as a Temporary failure,
	// or by its class when it is a *Failure. Send must return soon after ctx ends.
	Send(ctx context.Context, d Delivery, batch []Recipient) ([]Receipt, error)
}

// Payload is what a channel hands over in one language.
type Payload struct {
	MIME  string
	Body  []byte // never changed by Send; shared by all recipients of the language
	Parts []Part // what the officer's preview shows of it
}

// Part is one text of a payload as a person will see or hear it, with its limit.
type Part struct {
	Name  string `json:"name"` // "Push title", "SMS"
	Text  string `json:"text"`
	Count int    `json:"count"`
	Limit int    `json:"limit"`
	Unit  string `json:"unit"` // "characters", "GSM-7 characters in 2 parts", "bytes", "seconds"
}

// Delivery is one revision on its way, rendered once for each of its languages.
type Delivery struct {
	Message  *alert.Message
	Payloads map[alert.Lang]Payload
	// Landed, when not nil, may be told that nothing of the attempt for the
	// batch's recipient i is under way any more. The runner then lets a newer
	// revision go to him while others of the batch still hang. Optional: the end
	// of Send says it for all.
	Landed func(i int)
}

// Land tells the runner, if it wants to know, that recipient i's attempt has ended.
func (d Delivery) Land(i int) {
	if d.Landed != nil {
		d.Landed(i)
	}
}

// Payload is the payload in the recipient's language, or the alert's first.
func (d Delivery) Payload(lang alert.Lang) Payload { return d.Payloads[d.Message.Lang(lang)] }

// Recipient is one who is to be reached on one channel.
type Recipient struct {
	// ID is opaque and stable: on the ledger, in subjects and on the board. At
	// most 64 characters of A-Z a-z 0-9 - _; never an address or a name.
	ID      string     `json:"id"`
	Channel string     `json:"channel"`
	Name    string     `json:"name,omitempty"` // a station's or partner's; empty for citizens
	Lang    alert.Lang `json:"lang"`
	// Areas are ISO 3166 codes; "BE" takes all of Belgium, "*" everything.
	Areas []string `json:"areas"`
	// Destination groups recipients that share a fate (a push service's origin,
	// a gateway, a partner's host): the runner bounds concurrency for each, so
	// that a slow one delays nobody else.
	Destination string `json:"destination"`
	// Address is the channel's own: a push subscription, a phone number, an
	// endpoint. Personal data: never logged, never on the ledger.
	Address json.RawMessage `json:"address"`
	Created time.Time       `json:"created,omitzero"`
	// Second makes this recipient the second way to another one: it is told only
	// when that one does not confirm in time. Zero for everybody else.
	Second Second `json:"second,omitzero"`

	// Prior is the channel's own id of the newest earlier revision that this
	// recipient accepted; empty when there was none. Set by the runner.
	Prior string `json:"-"`

	// Number is the recipient's in the whole realm, the same on every node for as
	// long as he is registered, so that the ledger can account for a million of
	// them by bits. 0 = none: he is accounted for by ID.
	Number uint32 `json:"-"`
	// Packed is the channel's own compact form of Address, made once by
	// Driver.Pack when the registry takes the recipient in, so that a million of
	// them are neither kept nor parsed as JSON. nil = use Address. Personal data like Address.
	Packed []byte `json:"-"`
	// Slot is the recipient's 1-based place in this process's table, the same for
	// as long as he is registered; 0 = none. An Armer keeps what it prepared by it.
	Slot uint32 `json:"-"`
}

// Second names the recipient whose second way another recipient is.
type Second struct {
	Channel string `json:"channel"`
	ID      string `json:"id"`
}

// State says how far one recipient is with one revision.
type State string

// The states, in the order they are reached. Failed is the zero value's
// meaning in a Receipt with a Failure.
const (
	Queued    State = "queued"    // planned, nothing tried yet
	Sent      State = "sent"      // handed to the wire; the recipient's own word is awaited, and sought again after a while
	Accepted  State = "accepted"  // the recipient's gateway or service took it
	Received  State = "received"  // a station stored it durably
	Delivered State = "delivered" // shown on a device by a delivery report
	Seen      State = "seen"
	OnAir     State = "on_air"
	Declined  State = "declined"
	Removed   State = "removed" // the recipient confirms that its copies are gone
	Failed    State = "failed"
	// Superseded and Expired end the attempts without a failure of the channel.
	Superseded State = "superseded"
	Expired    State = "expired"
)

// Receipt is what one attempt came to for one recipient.
type Receipt struct {
	State   State    // Accepted, Sent, Delivered ...; ignored when Failure is set
	Ref     string   // the channel's own id of the message, for callbacks and for Prior; at most 128 bytes
	Failure *Failure // nil on success
}

// Class says what the runner does with a failure.
type Class int

// The classes. The zero value is tried again: forgetting to classify never loses an alert.
const (
	Temporary     Class = iota // tried again with back-off
	Throttled                  // tried again after Failure.After, and the destination slows down
	Rejected                   // this message will never be taken: not tried again, shown on the board
	Gone                       // this recipient no longer exists: removed from the registry
	Misconfigured              // our credentials or settings are wrong: alarm, tried again slowly, nobody removed
)

// String is the class's word on the ledger and the board.
func (c Class) String() string {
	switch c {
	case Throttled:
		return "throttled"
	case Rejected:
		return "rejected"
	case Gone:
		return "gone"
	case Misconfigured:
		return "misconfigured"
	default:
		return "temporary"
	}
}

// Failure is why an attempt failed. Reason is for a person and holds no
// personal data, no address and no secret.
type Failure struct {
	Class  Class
	Code   string // the channel's own status: "429", "ESME_RTHROTTLED"
	Reason string
	After  time.Duration // Throttled: not before
}

// Error is Code and Reason.
func (f *Failure) Error() string {
	if f.Code == "" {
		return f.Reason
	}
	return f.Code + ": " + f.Reason
}

// Limits bounds what the runner asks of a channel at once.
type Limits struct {
	Batch          int           // recipients in one Send
	Concurrency    int           // Sends under way over all destinations
	PerDestination int           // Sends under way to one destination
	Timeout        time.Duration // of one Send
	ShardSize      int           // recipients in one job of the planner
	// ConfirmWithin, when set, is how long a Sent receipt may stay without the
	// recipient's own word before the runner sends again.
	ConfirmWithin time.Duration
}

// Asks is what a channel's recipients are asked to say by themselves. The zero
// value asks nothing: a citizen owes nobody an answer.
type Asks struct {
	// Received is how soon each must confirm that it has a revision; later is an
	// incident on the board. 0: nobody is asked.
	Received time.Duration
	// Removed: they hold copies, and confirm after a withdrawal that these are gone.
	Removed bool
	// LinkTest: they get the weekly test of the lines, and nobody else does.
	LinkTest bool
}

// Driver opens a channel. adapters.All lists them, one line each.
type Driver struct {
	Name   string // subject token and configuration key: "sms"
	Title  string // what the officer reads: "SMS"
	Limits Limits
	Asks   Asks
	// Open decodes settings strictly (DecodeSettings) and returns the adapter,
	// and a close function which may be nil. It does not wait for the far side.
	Open func(ctx context.Context, settings json.RawMessage, env Env) (Adapter, func(context.Context) error, error)
	// Pack turns a Recipient's Address into the Packed that Send reads instead.
	// Optional: nil for a channel that reads Address alone. It needs no open
	// channel and may be called from many goroutines. An error says why the
	// address is unusable, without repeating it; the recipient is then kept with
	// his Address as it is, and Send says the same on his receipt.
	Pack func(address json.RawMessage) (packed []byte, err error)
}

// Env is what the server lends an adapter.
type Env struct {
	Realm alert.Realm
	Log   *slog.Logger
	Inbox Inbox
	// Recipients and Alerts are set for every channel; most need neither.
	Recipients Registry
	Alerts     AlertLog
	Contact    string // mailto: or https address of the operator, for VAPID and user agents
	// Receipts and Nodes are what other processes of the realm know: what the
	// ledger holds, who is connected where. nil: this process is alone.
	Receipts Receipts
	Nodes    Nodes
	// Newcomer has a recipient that has just registered, or asked for other areas,
	// told of every live alert that is meant for it and that it does not have yet.
	// Durable when it returns nil. nil: nobody is told of what went out before it came.
	Newcomer func(ctx context.Context, channel, id string) error
	// KeyDir is where the channel's keys live; made on first need with 0600 files.
	KeyDir string
	// AllowLoopback lets the address guard pass 127.0.0.1 and plain http: for the
	// demo and tests alone; never set in the live realm.
	AllowLoopback bool
}

// ErrUnknown is the Inbox's word for a report about no delivery of ours: the
// sender mends it, or comes too early. Any other error is ours, and the sender tries again.
var ErrUnknown = errors.New("no such delivery")

// Inbox takes what arrives later, outside of Send: delivery reports and a
// station's own receipts. It is durable when it returns nil.
type Inbox interface {
	Report(ctx context.Context, r Report) error
}

// Report is a receipt that arrives on its own. Either Ref alone names what it is for (a gateway's
// message id), or Recipient, Identifier and Revision do.
type Report struct {
	Channel    string
	Ref        string
	Recipient  string
	Identifier string
	Revision   int
	State      State
	Reason     string
	By         string    // a person, in the station's own words
	Outlet     string    // the station's programme that aired it, in its own words
	At         time.Time // when it happened, as the sender says; zero = now
}

// Receipts answers from the ledger, so that it survives restarts and is the same on every node.
type Receipts interface {
	// Confirmed says whether the recipient itself has said that it has the revision of that
	// CAP identifier: any of its own states but failed.
	Confirmed(channel, recipient, identifier string) bool
}

// Nodes is what the serving processes of one realm tell each other.
type Nodes interface {
	// Announce says who is connected to this process, on the node of that name, in place of what it said
	// before. It does not block.
	Announce(node string, here []Attendance)
	// Elsewhere is whom the other processes have, or had last.
	Elsewhere() []Attendance
	// Once is true for the first process of the realm that names the thing, for sixty days.
	Once(ctx context.Context, name string) (bool, error)
}

// Attendance is one recipient's connections to one process.
type Attendance struct {
	Recipient string
	Sessions  int       // 0 = it has left
	Since     time.Time // start of the oldest session; when it left if there is none
	Node      string    // name of the process's node
}

// The reasons of a Failure that the officer's board knows: it says them in the
// reader's language, and before a release too.
const (
	NotConnected = "not connected"
	Unconfirmed  = "no received within 30 s"
)

// Checker is an adapter that can test its channel without sending an alert.
type Checker interface {
	Check(ctx context.Context) error
}

// Armer is an adapter that can do a part of the work for each recipient before
// there is an alert. The registry's side calls it, at low priority.
type Armer interface {
	// Arm prepares those of all that have a Slot and are not prepared yet. It
	// gives way to every Send, may be called again at any time, and returns
	// ctx's cause when it was ended early: what is prepared by then stays.
	Arm(ctx context.Context, all iter.Seq[Recipient]) error
	// Forget drops what was prepared for a slot whose recipient has left.
	Forget(slot uint32)
}

// Callbacks is an adapter with addresses of its own: delivery reports,
// subscriptions, a feed.
type Callbacks interface {
	Routes() []Route
}

// Route is one address of an adapter, in the pattern syntax of http.ServeMux:
// "POST /v1/push/subscriptions". The app serves it as it is, with recovery,
// metrics and access log around it; authentication and bounds are the adapter's.
type Route struct {
	Pattern string
	Handler http.Handler
}

// Registry is the recipients as an adapter may use them. Writes are durable when they return nil.
type Registry interface {
	Put(ctx context.Context, r Recipient) error // adds, or replaces the one with the same Channel and ID
	Remove(ctx context.Context, channel, id string) error
	Get(channel, id string) (Recipient, bool)
	All(channel string) []Recipient
}

// AlertLog is the ALERTS stream as a feed reads it.
type AlertLog interface {
	// Epoch is a random id of the stream; it changes when the stream is made anew or restored.
	Epoch() string
	// Follow calls fn for every message after the sequence, in order and once: first what is
	// stored, then live; caughtUp (may be nil) once between the two. It survives
	// reconnects and returns when ctx ends or fn fails. m is read-only.
	Follow(ctx context.Context, after uint64, fn func(seq uint64, m *alert.Message) error, caughtUp func()) error
}
