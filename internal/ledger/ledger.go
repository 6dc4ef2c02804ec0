package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/stream"
)

// Bounds of the fold in memory.
const (
	// keepDetail is how far back the fold reads at start: the board and the
	// retries need the alerts of these days, a court reads the stream itself.
	keepDetail = 14 * 24 * time.Hour
	// MaxNamed bounds the ids in a plan: a station list, never a country's phones.
	MaxNamed = 500
)

// ErrUnknown is a report about a message we know nothing of (yet): the gateway may be early and should try again.
var ErrUnknown = adapter.ErrUnknown

// Log is what the ledger needs of the LEDGER stream.
type Log interface {
	Append(ctx context.Context, en stream.Entry) (uint64, error)
	Follow(ctx context.Context, filter string, after uint64, fn func(stream.Record) error, caughtUp func()) error
	stream.Looked
}

// Ledger is the account of all deliveries, folded from its stream.
type Ledger struct {
	stream  Log
	resolve Resolve
	log     *slog.Logger
	mark    stream.Mark

	mu    sync.RWMutex
	cases map[string]map[int]map[string]*account // case, revision, channel
	ids   map[string]revisionKey                 // by CAP identifier
	refs  map[string]place                       // channel + "/" + the channel's own id
	watch map[chan struct{}]string               // to the case watched
	early map[string]chan struct{}               // closed when a ref awaited by a report is recorded

	group group
	look  stream.Look
}

// place is where a channel's own message id belongs.
type place struct {
	account   *account
	recipient string
}

// revisionKey is one revision of a case.
type revisionKey struct {
	caseID   string
	revision int
}

// Resolve is the head of the batches about a published message, by its identifier.
type Resolve func(identifier string) (Batch, bool)

// New is an empty ledger; Run fills it.
func New(l Log, resolve Resolve, log *slog.Logger) *Ledger {
	return &Ledger{
		stream: l, resolve: resolve, log: log,
		cases: make(map[string]map[int]map[string]*account),
		ids:   make(map[string]revisionKey), refs: make(map[string]place), watch: make(map[chan struct{}]string),
		early: make(map[string]chan struct{}),
	}
}

// Run follows the stream until ctx ends; caughtUp is called once the stored records are read.
func (l *Ledger) Run(ctx context.Context, caughtUp func()) error {
	since := time.Now().Add(-keepDetail)
	head, err := l.stream.Head(ctx)
	if err != nil && !errors.Is(err, stream.ErrUnavailable) {
		return err
	}
	return l.stream.Follow(ctx, "ledger.>", 0, func(r stream.Record) error {
		defer l.mark.Advance(r.Seq)
		if r.Time.Before(since) {
			return nil
		}
		var b Batch
		if err := json.Unmarshal(r.Data, &b); err != nil {
			l.log.Error("unreadable ledger record", "seq", r.Seq, "error", err)
			return nil
		}
		l.apply(b)
		return nil
	}, func() {
		l.mark.Advance(head) // the last records may have aged out
		if caughtUp != nil {
			caughtUp()
		}
	})
}

// CatchUp returns when the fold has everything that was stored when it was called,
// by whatever process. Without it a process that was away for a while, frozen or
// cut off, would take those for unsettled whom others have reached meanwhile.
func (l *Ledger) CatchUp(ctx context.Context) error {
	return l.look.CatchUp(ctx, l.stream, &l.mark)
}

// Record stores b and returns when it is durable. What many callers record at
// the same moment is stored together.
func (l *Ledger) Record(ctx context.Context, b Batch) error {
	if b.Planned != nil || b.weight() > maxGroup/2 {
		return l.write(ctx, b)
	}
	return l.join(ctx, b)
}

func (l *Ledger) apply(b Batch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.account(b)
	changed := false
	if b.Planned != nil {
		a.plan, changed = *b.Planned, true
	}
	for _, k := range b.Bulk {
		changed = a.applyBulk(k) || changed
	}
	for _, e := range b.Entries {
		changed = a.apply(e) || changed
		if e.Ref == "" {
			continue
		}
		key := b.Channel + "/" + e.Ref
		l.refs[key] = place{account: a, recipient: e.Recipient}
		if c, ok := l.early[key]; ok {
			close(c)
			delete(l.early, key)
		}
	}
	if !changed {
		return
	}
	for c, id := range l.watch {
		if id != b.Case && id != "" {
			continue
		}
		select {
		case c <- struct{}{}:
		default: // the reader has a pulse waiting already
		}
	}
}

// account finds or opens the account b is about. The caller holds the lock.
func (l *Ledger) account(b Batch) *account {
	revisions := l.cases[b.Case]
	if revisions == nil {
		revisions = make(map[int]map[string]*account)
		l.cases[b.Case] = revisions
	}
	channels := revisions[b.Revision]
	if channels == nil {
		channels = make(map[string]*account)
		revisions[b.Revision] = channels
	}
	a := channels[b.Channel]
	if a == nil {
		head := b
		head.Planned, head.Entries, head.Bulk = nil, nil, nil
		a = &account{head: head, status: make(map[string]status), tally: newTally()}
		channels[b.Channel] = a
		l.ids[b.Identifier] = revisionKey{b.Case, b.Revision}
	}
	return a
}

// Settled says whether recipient needs no further attempt for the revision.
func (l *Ledger) Settled(caseID string, revision int, channel, recipient string) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	a := l.cases[caseID][revision][channel]
	return a != nil && settled(a.status[recipient].Entry)
}

// Touched says whether anything may have reached recipient for an earlier
// revision of the case: whoever got one revision gets all later ones.
func (l *Ledger) Touched(caseID string, before int, channel, recipient string) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for revision, channels := range l.cases[caseID] {
		if a := channels[channel]; a != nil && revision < before {
			if _, ok := a.status[recipient]; ok {
				return true
			}
		}
	}
	return false
}

// Prior is the channel's own id of the newest earlier revision that recipient took.
func (l *Ledger) Prior(caseID string, before int, channel, recipient string) string {
	l.mu.RLock()
	defer l.mu.RUnlock()
	newest, ref := 0, ""
	for revision, channels := range l.cases[caseID] {
		a := channels[channel]
		if a == nil || revision >= before || revision < newest {
			continue
		}
		if s, ok := a.status[recipient]; ok && s.Ref != "" {
			newest, ref = revision, s.Ref
		}
	}
	return ref
}

// Attempts is how often recipient was tried for the revision.
func (l *Ledger) Attempts(caseID string, revision int, channel, recipient string) int {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if a := l.cases[caseID][revision][channel]; a != nil {
		return a.status[recipient].attempts
	}
	return 0
}

// Watch gives a channel that pulses after news of a case ("" = of any), and the function that ends it.
func (l *Ledger) Watch(caseID string) (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.watch[c] = caseID
	return c, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.watch, c)
	}
}
