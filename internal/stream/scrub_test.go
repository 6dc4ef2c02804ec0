package stream

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
)

func TestMissing(t *testing.T) {
	for _, c := range []struct {
		name string
		r    replica
		want uint64
	}{
		{"empty", replica{first: 1}, 0},
		{"whole", replica{messages: 10, first: 1, end: 10}, 0},
		{"a hole", replica{messages: 7, first: 1, end: 10, deleted: 3}, 3},
		{"the beginning", replica{messages: 6, first: 5, end: 10}, 4},
		{"everything", replica{messages: 0, first: 11, end: 10}, 10},
		{"marked as deleted, counted all the same", replica{messages: 10, first: 1, end: 10, deleted: 1}, 1},
		{"old ones let go by the operator", replica{messages: 6, first: 5, end: 10, bounded: true}, 0},
		{"a hole besides", replica{messages: 5, first: 5, end: 10, deleted: 1, bounded: true}, 1},
		{"all let go", replica{messages: 0, first: 11, end: 10, bounded: true}, 0},
	} {
		if got := c.r.missing(); got != c.want {
			t.Errorf("%s: %d missing, want %d", c.name, got, c.want)
		}
	}
}

// One bit of the disk flips. nats-server says that all is well; we do not, neither
// while it believes its index nor after it has counted anew.
func TestScrubFindsAFlippedBit(t *testing.T) {
	dir := t.TempDir()
	e := openIn(t, dir)
	const records = 2000 // more than one block of 8 MB: of the last block the end alone would be lost, which nobody can count
	for _, l := range []*Log{e.Cases(), e.Ledger()} {
		var all []Entry
		for i := range records {
			all = append(all, Entry{Subject: l.heads[0] + ".1", ID: fmt.Sprint(i), Data: make([]byte, 5000)})
		}
		if err := l.AppendAll(t.Context(), all); err != nil {
			t.Fatal(err)
		}
	}
	e.scrubStates(t.Context())
	if !e.scrubReads(t.Context()) || len(e.Damage()) > 0 {
		t.Fatalf("a whole stream is said to be damaged: %v", e.Damage())
	}
	folder := filepath.Join(dir, "jetstream", publicOf(e.host.keys.account), "streams", streamCases, "msgs")
	shutDown(t, e)
	block := filepath.Join(folder, "1.blk")
	b, err := os.ReadFile(block)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(block, b, 0o600); err != nil {
		t.Fatal(err)
	}
	damaged := func(by string) {
		t.Helper()
		var log strings.Builder
		e, err := Open(t.Context(), Options{Dir: dir, Realm: alert.Live, Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelError}))})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			shutDown(t, e)
			if !strings.Contains(log.String(), "damaged") {
				t.Errorf("found by %s, not logged: %s", by, &log)
			}
		}()
		for until := time.Now().Add(10 * time.Second); len(e.Damage()) == 0; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(until) {
				t.Fatalf("not found by %s", by)
			}
		}
		for _, d := range e.Damage() {
			if d.Stream != streamCases || d.Missing == 0 || d.Missing > records {
				t.Errorf("found by %s: %v", by, d)
			}
		}
		if err := e.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "CASES has lost") {
			t.Errorf("ready says %v", err)
		}
	}
	damaged("reading")
	if err := os.Remove(filepath.Join(folder, "index.db")); err != nil { // as after a power cut
		t.Fatal(err)
	}
	damaged("counting")
}
