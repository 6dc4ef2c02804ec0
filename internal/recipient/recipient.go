// Package recipient knows who is to be reached: push subscriptions, phone
// numbers, stations, partners, by area and language. The truth is the
// SUBSCRIBERS stream; this is its fold in memory.
package recipient

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/stream"
)

// Log is what the registry needs of the SUBSCRIBERS stream.
type Log interface {
	Append(ctx context.Context, en stream.Entry) (uint64, error)
	AppendAll(ctx context.Context, en []stream.Entry) error
	EraseBefore(ctx context.Context, subject string, seq uint64) error
	Follow(ctx context.Context, filter string, after uint64, fn func(stream.Record) error, caughtUp func()) error
	stream.Looked
}

// Match says whether a recipient of the areas want is meant by an alert for the areas of it.
type Match func(want, of []string) bool

// Pack is a driver's: it makes the compact form of an address.
type Pack = func(address json.RawMessage) ([]byte, error)

// Registry is all recipients, folded from the stream.
type Registry struct {
	stream Log
	match  Match
	log    *slog.Logger
	mark   stream.Mark
	look   stream.Look
	packs  map[string]Pack
	parts  map[string]Part // of the channels of which not all is held
	left   func(channel string, slot uint32)
	read   atomic.Int64 // records folded

	outdated chan outdated

	mu       sync.RWMutex
	channels map[string]map[string]adapter.Recipient
	tables   map[string]*table        // of the channels that pack
	watch    map[chan struct{}]string // to the channel watched
}

// New is an empty registry; Run fills it.
func New(l Log, match Match, log *slog.Logger) *Registry {
	return &Registry{
		stream: l, match: match, log: log, outdated: make(chan outdated, maxOutdated), packs: make(map[string]Pack), parts: make(map[string]Part), tables: make(map[string]*table),
		channels: make(map[string]map[string]adapter.Recipient), watch: make(map[chan struct{}]string),
	}
}

// Compact keeps a channel's recipients in a compact table, their addresses as
// pack makes them. Call it before Run.
func (g *Registry) Compact(channel string, pack Pack) {
	g.packs[channel], g.tables[channel] = pack, newTable()
}

// OnLeave has fn called when a slot's recipient has left, so that what was kept for
// him elsewhere goes too. fn must not call the registry. Call it before Run.
func (g *Registry) OnLeave(fn func(channel string, slot uint32)) { g.left = fn }

// Progress is how many records of the stream have been read.
func (g *Registry) Progress() int { return int(g.read.Load()) }

// CatchUp returns when everybody is known here who was stored when it was called, on
// whatever node. Without it a citizen who subscribed a moment ago elsewhere would be
// left out of an alert that is worked here.
func (g *Registry) CatchUp(ctx context.Context) error {
	return g.look.CatchUp(ctx, g.stream, &g.mark)
}

// Watch gives a channel that pulses after a recipient of that channel was added,
// changed or removed, on whatever node, and the function that ends it.
func (g *Registry) Watch(channel string) (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.watch[c] = channel
	return c, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.watch, c)
	}
}

// stored is a recipient on the stream. Number is set when the record replaces
// another one: a recipient's number is the sequence of his first record.
type stored struct {
	adapter.Recipient
	Number uint32 `json:"number,omitempty"`
}

// seen waits a moment until our own write is folded, so that the caller reads
// it back. It is stored already: a slow fold is no error.
func (g *Registry) seen(ctx context.Context, seq uint64) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := g.mark.Wait(ctx, seq); err != nil {
		g.log.Warn("recipients are behind the stream", "seq", seq)
	}
	return nil
}

var idShape = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// maxRecord bounds one recipient on the stream: an address is a few hundred
// bytes, and a million records are read at every start.
const maxRecord = 4 << 10

// record is r as it lies on the stream, with the number that it has already (0 = none).
func (g *Registry) record(r adapter.Recipient, number uint32) (stream.Entry, error) {
	var faults alert.Invalid
	if !idShape.MatchString(r.Channel) {
		faults.Add("channel", "shape", "Name the channel with letters, digits, - or _.")
	}
	if !idShape.MatchString(r.ID) {
		faults.Add("id", "shape", "Give an id of 1 to 64 letters, digits, - or _.")
	}
	if len(r.Areas) == 0 {
		faults.Add("areas", "required", `Name at least one area, or "*" for all.`)
	}
	if err := faults.Err(); err != nil {
		return stream.Entry{}, err
	}
	if r.Created.IsZero() {
		r.Created = time.Now().UTC().Truncate(time.Second)
	}
	data, err := json.Marshal(stored{r, number})
	if err != nil {
		return stream.Entry{}, fmt.Errorf("recipient %s: %w", r.ID, err)
	}
	if len(data) > maxRecord {
		faults.Add("address", "too_long", fmt.Sprintf("Keep a recipient under %d bytes.", maxRecord))
		return stream.Entry{}, faults
	}
	return stream.Entry{Subject: subject(r.Channel, r.ID), Data: data}, nil
}

func subject(channel, id string) string { return "subscribers." + channel + "." + id }

// Put adds r, or replaces the one of the same channel and id. Nothing is written
// when nothing has changed: a citizen's browser says at every visit what it said
// before. Errors are alert.Invalid for bad input, else the stream's.
func (g *Registry) Put(ctx context.Context, r adapter.Recipient) error {
	old, known := g.Get(r.Channel, r.ID)
	if pack := g.packs[r.Channel]; known && pack != nil && unchanged(old, r, pack) {
		return nil
	}
	en, err := g.record(r, old.Number)
	if err != nil {
		return err
	}
	store := g.stream.Append
	if known && g.packs[r.Channel] != nil {
		store = g.replace
	} else {
		en.Rollup = known // erasing an older record from disk is dear; a newcomer has none
	}
	seq, err := store(ctx, en)
	if err != nil {
		return fmt.Errorf("store recipient: %w", err)
	}
	return g.seen(ctx, seq)
}

// unchanged says that r tells nothing which old does not.
func unchanged(old, r adapter.Recipient, pack Pack) bool {
	if old.Lang != r.Lang || old.Destination != r.Destination || !slices.Equal(old.Areas, r.Areas) || old.Packed == nil {
		return false
	}
	address, err := pack(r.Address)
	return err == nil && bytes.Equal(address, old.Packed)
}

// PutAll adds many at once: an import. They must be new; Put replaces.
func (g *Registry) PutAll(ctx context.Context, all []adapter.Recipient) error {
	entries := make([]stream.Entry, len(all))
	for i, r := range all {
		en, err := g.record(r, 0)
		if err != nil {
			return fmt.Errorf("recipient %d: %w", i+1, err)
		}
		entries[i] = en
	}
	if err := g.stream.AppendAll(ctx, entries); err != nil {
		return fmt.Errorf("store %d recipients: %w", len(all), err)
	}
	return nil
}

// Remove forgets a recipient for good. Removing an unknown one is no error.
func (g *Registry) Remove(ctx context.Context, channel, id string) error {
	if !idShape.MatchString(channel) || !idShape.MatchString(id) {
		return nil
	}
	if _, ok := g.Get(channel, id); !ok {
		return nil
	}
	seq, err := g.stream.Append(ctx, stream.Entry{Subject: subject(channel, id), Rollup: true})
	if err != nil {
		return fmt.Errorf("remove recipient: %w", err)
	}
	return g.seen(ctx, seq)
}

// Meant is one recipient, and whether he is registered and an alert for areas is meant for him.
func (g *Registry) Meant(channel, id string, areas []string) (adapter.Recipient, bool) {
	r, ok := g.Get(channel, id)
	return r, ok && g.match(r.Areas, areas)
}

// Get is one recipient. One of a compact channel has Packed instead of Address, and
// nothing in it where he is held elsewhere.
func (g *Registry) Get(channel, id string) (adapter.Recipient, bool) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if r, ok := g.channels[channel][id]; ok {
		return r, true
	}
	if t := g.tables[channel]; t != nil && idShape.MatchString(id) {
		if _, slot, ok := t.find(id, hashOf(id)); ok {
			return t.recipient(channel, slot), true
		}
	}
	return adapter.Recipient{}, false
}
