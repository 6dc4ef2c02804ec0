// Package recipient knows who is to be reached: push subscriptions, phone
// numbers, stations, partners, by area and language. The truth is the
// SUBSCRIBERS stream; this is its fold in memory.
package recipient

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/stream"
)

// Log is what the registry needs of the SUBSCRIBERS stream.
type Log interface {
	Append(ctx context.Context, en stream.Entry) (uint64, error)
	AppendAll(ctx context.Context, en []stream.Entry) error
	Follow(ctx context.Context, filter string, after uint64, fn func(stream.Record) error, caughtUp func()) error
}

// Match says whether a recipient of the areas want is meant by an alert for the areas of it.
type Match func(want, of []string) bool

// Registry is all recipients, folded from the stream.
type Registry struct {
	stream Log
	match  Match
	log    *slog.Logger
	mark   stream.Mark

	mu       sync.RWMutex
	channels map[string]map[string]adapter.Recipient
	watch    map[chan struct{}]string // to the channel watched
}

// New is an empty registry; Run fills it.
func New(l Log, match Match, log *slog.Logger) *Registry {
	return &Registry{
		stream: l, match: match, log: log,
		channels: make(map[string]map[string]adapter.Recipient), watch: make(map[chan struct{}]string),
	}
}

// Run follows the stream until ctx ends; caughtUp is called once the stored ones are read.
func (g *Registry) Run(ctx context.Context, caughtUp func()) error {
	return g.stream.Follow(ctx, "subscribers.>", 0, func(r stream.Record) error {
		g.apply(r)
		g.mark.Advance(r.Seq)
		return nil
	}, caughtUp)
}

// apply folds one record. No data is a tombstone: a permanent marker, so that a
// citizen who left stays away even if a crash revives his old record.
func (g *Registry) apply(rec stream.Record) {
	parts := strings.Split(rec.Subject, ".")
	if len(parts) != 3 {
		return
	}
	channel, id := parts[1], parts[2]
	var r adapter.Recipient
	if len(rec.Data) > 0 {
		if err := json.Unmarshal(rec.Data, &r); err != nil {
			g.log.Error("unreadable recipient", "channel", channel, "seq", rec.Seq, "error", err)
			return
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	table := g.channels[channel]
	if table == nil {
		table = make(map[string]adapter.Recipient)
		g.channels[channel] = table
	}
	if len(rec.Data) == 0 {
		delete(table, id)
	} else {
		table[id] = r
	}
	for c, name := range g.watch {
		if name != channel {
			continue
		}
		select {
		case c <- struct{}{}:
		default: // the reader has a pulse waiting already
		}
	}
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

func record(r adapter.Recipient) (stream.Entry, error) {
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
	data, err := json.Marshal(r)
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

// Put adds r, or replaces the one of the same channel and id. Errors are
// alert.Invalid for bad input, else the stream's.
func (g *Registry) Put(ctx context.Context, r adapter.Recipient) error {
	en, err := record(r)
	if err != nil {
		return err
	}
	// Erasing an older record from disk is dear; a newcomer has none.
	_, en.Rollup = g.Get(r.Channel, r.ID)
	seq, err := g.stream.Append(ctx, en)
	if err != nil {
		return fmt.Errorf("store recipient: %w", err)
	}
	return g.seen(ctx, seq)
}

// PutAll adds many at once: an import. They must be new; Put replaces.
func (g *Registry) PutAll(ctx context.Context, all []adapter.Recipient) error {
	entries := make([]stream.Entry, len(all))
	for i, r := range all {
		en, err := record(r)
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

// Get is one recipient.
func (g *Registry) Get(channel, id string) (adapter.Recipient, bool) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	r, ok := g.channels[channel][id]
	return r, ok
}

// Meant is one recipient, and whether he is registered and an alert for areas is meant for him.
func (g *Registry) Meant(channel, id string, areas []string) (adapter.Recipient, bool) {
	r, ok := g.Get(channel, id)
	return r, ok && g.match(r.Areas, areas)
}

// All lists a channel's recipients, by id.
func (g *Registry) All(channel string) []adapter.Recipient {
	g.mu.RLock()
	defer g.mu.RUnlock()
	table := g.channels[channel]
	out := make([]adapter.Recipient, 0, len(table))
	for _, id := range slices.Sorted(maps.Keys(table)) {
		out = append(out, table[id])
	}
	return out
}

// Count is how many recipients of a channel an alert for areas would reach.
func (g *Registry) Count(channel string, areas []string) int {
	g.mu.RLock()
	defer g.mu.RUnlock()
	n := 0
	for _, r := range g.channels[channel] {
		if g.match(r.Areas, areas) && r.Second == (adapter.Second{}) { // a second way is nobody more
			n++
		}
	}
	return n
}

// Select lists the recipients of one shard whom an alert for areas is meant
// for, and those that also (by id) says must be told whatever their area.
func (g *Registry) Select(channel string, areas []string, shard, shards int, also func(id string) bool) []adapter.Recipient {
	g.mu.RLock()
	defer g.mu.RUnlock()
	var out []adapter.Recipient
	for id, r := range g.channels[channel] {
		if Shard(id, shards) == shard && (g.match(r.Areas, areas) || also(id)) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b adapter.Recipient) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// Shard is the shard that id belongs to, of n. It depends on nothing else, so
// planner and workers agree over restarts and machines.
func Shard(id string, n int) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // a hash never fails
	return int(h.Sum32() % uint32(n))
}
