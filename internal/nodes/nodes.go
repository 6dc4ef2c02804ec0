// Package nodes is what the processes of one realm tell each other through the
// log: a counter that proves that the log still takes and gives, which station
// is connected to whom, who has which case open, and what one of them has done on behalf of all.
//
// Subjects, on the stream NODES: "nodes.origin", "nodes.feed.PROCESS.PART",
// "nodes.look.PROCESS.DIGEST", "nodes.once.DIGEST". Nothing here is the truth about an alert; all of it can be
// lost, and is then said anew within seconds.
package nodes

import (
	"context"
	crand "crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"tocsin/internal/stream"
)

// The paces. A node that died is off the board within dead of its last word, and
// a station that came or left is on all boards within change.
const (
	every  = 5 * time.Second  // between two words of a process that has nothing new to say
	change = time.Second      // between two words of one that has
	dead   = 15 * time.Second // after the last word of a process nobody is with it any more
	// try bounds one write: what is said here is stale soon, and said anew.
	try = 4 * time.Second
)

// Log is what the table needs of the NODES stream.
type Log interface {
	Append(ctx context.Context, en stream.Entry) (uint64, error)
	Follow(ctx context.Context, filter string, after uint64, fn func(stream.Record) error, caughtUp func()) error
}

// Table is one process's view of all of them.
type Table struct {
	stream  Log
	process string // unique, unlike a node's name, which two may carry by mistake
	log     *slog.Logger
	poke    chan struct{} // capacity 1: this process has something new to say

	mu     sync.Mutex
	caught bool // the stored records have been read
	origin origin
	others map[string]*process // by process
	left   map[string]stay     // station -> where it was last, of processes that are no more
	node   string              // of this process, as last announced
	here   map[string]stay     // whom it last announced
	fresh  bool                // here has not been written yet
	looks  looks               // who has which case open
}

// origin is the counter as this process has read it back.
type origin struct {
	n    uint64
	at   time.Time // when the log stored it, by the log's clock
	read time.Time // when it came back, by ours
}

// New is an empty table of this process; Run fills it.
func New(l Log, log *slog.Logger) *Table {
	return &Table{
		stream: l, process: strings.ToLower(crand.Text()[:16]), log: log, poke: make(chan struct{}, 1),
		origin: origin{read: time.Now()}, others: map[string]*process{}, left: map[string]stay{}, here: map[string]stay{}, looks: newLooks(),
	}
}

// Run reads and writes until ctx ends; caughtUp is called once the stored words are read.
func (t *Table) Run(ctx context.Context, caughtUp func()) error {
	var writer sync.WaitGroup
	defer writer.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	writer.Go(func() { t.write(ctx) })
	writer.Go(func() { t.writeLooks(ctx) })
	return t.stream.Follow(ctx, "nodes.>", 0, func(r stream.Record) error {
		t.apply(r)
		return nil
	}, func() {
		t.mu.Lock()
		t.caught = true
		t.mu.Unlock()
		caughtUp()
	})
}

// Origin is the newest value of the counter, when the log stored it, and how long
// ago this process read it back. A process that reads none for long is cut off
// from the log. Before the first value n is 0 and age counts from New.
func (t *Table) Origin() (n uint64, at time.Time, age time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.origin.n, t.origin.at, time.Since(t.origin.read)
}

// Once is true for the first caller of the realm who names the thing, for sixty
// days. An error says that nobody knows: ask again.
func (t *Table) Once(ctx context.Context, name string) (bool, error) {
	sum := sha256.Sum256([]byte(name))
	_, err := t.stream.Append(ctx, stream.Entry{
		Subject: "nodes.once." + hex.EncodeToString(sum[:16]), After: new(uint64(0)),
	})
	if errors.Is(err, stream.ErrConflict) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("once: %w", err)
	}
	return true, nil
}

// apply takes one record.
func (t *Table) apply(r stream.Record) {
	parts := strings.Split(r.Subject, ".")
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case r.Subject == "nodes.origin":
		// The sequence is the counter: it grows whoever writes, and no two writers need agree.
		t.origin = origin{n: r.Seq, at: r.Time, read: now}
	case len(parts) == 4 && parts[1] == "feed" && parts[2] != t.process:
		var w word
		if err := json.Unmarshal(r.Data, &w); err != nil {
			t.log.Error("unreadable word of a node", "seq", r.Seq, "error", err)
			return
		}
		heard := now
		if !t.caught && r.Time.Before(now) {
			heard = r.Time // stored: its author may be long gone
		}
		t.hear(parts[2], parts[3], w, heard)
	case len(parts) == 4 && parts[1] == "look" && parts[2] != t.process:
		t.hearLook(r, now)
	}
}

// write says what there is to say, and keeps the counter going: whoever has not
// seen it grow for a while writes the next value.
func (t *Table) write(ctx context.Context) {
	tick := time.NewTimer(0)
	defer tick.Stop()
	var last time.Time
	parts, well := 0, true
	for ctx.Err() == nil {
		err := t.count(ctx)
		if t.news() || time.Since(last) >= every-change {
			n, said := t.speak(ctx, parts)
			err = errors.Join(err, said)
			parts, last = max(n, parts), time.Now()
		}
		if ok := err == nil || ctx.Err() != nil; ok != well {
			well = ok
			t.log.Warn("words to the other nodes", "arrive", well, "error", err)
		}
		tick.Reset(every - rand.N(change)) // nodes that started together must not all count together
		select {
		case <-ctx.Done():
		case <-tick.C:
		case <-t.poke:
			pause(ctx, change-min(change, time.Since(last)))
		}
	}
	// A clean end: nobody is here any more. Best effort, the others notice it anyway.
	t.Announce(t.nodeName(), nil)
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_, _ = t.speak(end, parts)
}

// count writes the next value of the counter if nobody has for a while.
func (t *Table) count(ctx context.Context) error {
	if _, _, age := t.Origin(); age < every-change && t.counted() {
		return nil
	}
	return t.append(ctx, "nodes.origin", nil)
}

func (t *Table) nodeName() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.node
}

// counted says whether the counter has begun.
func (t *Table) counted() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.origin.n > 0
}

func (t *Table) append(ctx context.Context, subject string, data []byte) error {
	ctx, cancel := context.WithTimeout(ctx, try)
	defer cancel()
	_, err := t.stream.Append(ctx, stream.Entry{Subject: subject, Data: data})
	return err
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
