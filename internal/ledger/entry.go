// Package ledger is the append-only account of every attempt, receipt and
// station's word. It answers the one question that matters: who has not got it yet?
package ledger

import (
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// Batch is what lies on the stream: news of one channel about one revision,
// written once for a whole attempt, so that it is also the worker's checkpoint.
type Batch struct {
	Case       string        `json:"case"`
	Identifier string        `json:"identifier"`
	Revision   int           `json:"revision"`
	MsgType    alert.MsgType `json:"msg_type"`
	Released   time.Time     `json:"released"`
	Channel    string        `json:"channel"`
	// Planned, when set, is the planner's word: how many are to be reached, and,
	// where they have names, who.
	Planned *Plan   `json:"planned,omitempty"`
	Entries []Entry `json:"entries,omitempty"`
	Bulk    []Bulk  `json:"bulk,omitempty"` // news of those who have numbers
}

// Plan is how many recipients a revision has on a channel.
type Plan struct {
	Recipients int      `json:"recipients"`
	Named      []string `json:"named,omitempty"` // at most MaxNamed ids, for the board's rows
}

// Entry is one recipient's news about one revision. It holds no personal data:
// recipients are opaque ids.
type Entry struct {
	Recipient string        `json:"r"`
	State     adapter.State `json:"s"`
	Class     string        `json:"c,omitempty"` // of a failure
	Code      string        `json:"k,omitempty"`
	Reason    string        `json:"why,omitempty"`
	Ref       string        `json:"ref,omitempty"` // the channel's own id
	By        string        `json:"by,omitempty"`  // who at the station
	Outlet    string        `json:"o,omitempty"`   // the station's programme
	Attempt   int           `json:"n,omitempty"`
	At        time.Time     `json:"at"`
	Final     bool          `json:"f,omitempty"` // no further attempt will be made
	// Said marks the recipient's own word, which nothing overwrites: a station's
	// people say many things of one revision, and each stays with its time.
	Said bool `json:"own,omitempty"`
	// Via is the service that carries a citizen: a push service's origin, a gateway.
	Via string `json:"v,omitempty"`
	// Again marks an attempt that an officer asked for: it may follow a final failure.
	Again bool `json:"a,omitempty"`
}

// Row is one recipient on the officer's board.
type Row struct {
	Channel   string        `json:"channel"`
	Recipient string        `json:"recipient"`
	Name      string        `json:"name,omitempty"`
	Revision  int           `json:"revision"`
	State     adapter.State `json:"state"`
	Class     string        `json:"class,omitempty"`
	Code      string        `json:"code,omitempty"`
	Reason    string        `json:"reason,omitempty"`
	By        string        `json:"by,omitempty"`
	Attempts  int           `json:"attempts"`
	Millis    int64         `json:"ms"` // from release to At
	At        time.Time     `json:"at"`
	Lamp      Lamp          `json:"lamp"`
	// Incident is what a person must act on now, nil when nothing.
	Incident *Incident `json:"incident,omitempty"`
	// Story is all that the recipient has said; nil where nobody is asked.
	Story *Story `json:"story,omitempty"`

	named bool // has a name and a place on the board, however many phones fail
}

// Totals is one channel on the board.
type Totals struct {
	Channel    string `json:"channel"`
	Title      string `json:"title"`
	Recipients int    `json:"recipients"`
	Queued     int    `json:"queued"`
	Sent       int    `json:"sent"`
	Accepted   int    `json:"accepted"` // accepted or any state after it
	Delivered  int    `json:"delivered"`
	Seen       int    `json:"seen"`
	OnAir      int    `json:"on_air"`
	Declined   int    `json:"declined"`
	Removed    int    `json:"removed"`
	Failed     int    `json:"failed"`   // final failures
	Retrying   int    `json:"retrying"` // failed and to be tried again
	FirstMS    int64  `json:"first_ms"` // release to first success; -1 = none yet
	LastMS     int64  `json:"last_ms"`
	// When recipients first said so themselves, from release; -1 = not yet.
	FirstSeenMS    int64 `json:"first_seen_ms"`
	FirstOnAirMS   int64 `json:"first_on_air_ms"`
	FirstRemovedMS int64 `json:"first_removed_ms"`
	LastRemovedMS  int64 `json:"last_removed_ms"`
	// Silent says that somebody was to be reached and long after the release nobody is.
	Silent bool `json:"silent,omitempty"`
	// Reasons is why those who have no row do not have the revision.
	Reasons []Reason `json:"reasons,omitempty"`
}

// Board is one revision of a case, seen whole.
type Board struct {
	Case       string        `json:"case"`
	Identifier string        `json:"identifier"`
	Revision   int           `json:"revision"`
	MsgType    alert.MsgType `json:"msg_type"`
	Released   time.Time     `json:"released"`
	Channels   []Totals      `json:"channels"`
	Rows       []Row         `json:"rows"` // worst first, at most 500; of ReportOf more
	// Services are what carries the citizens: push services and gateways, worst first.
	Services []Service `json:"services,omitempty"`
	// Removal is who has confirmed that its copies are gone; only after a withdrawal.
	Removal *Removal `json:"removal,omitempty"`
	// Airing is the pace asked of the stations; nil when it is over or none is asked.
	Airing *Airing `json:"airing,omitempty"`
	// Recheck is when time alone changes the board: a deadline passes, an airing
	// is due. Zero: nothing of the kind lies ahead.
	Recheck time.Time `json:"-"`
}
