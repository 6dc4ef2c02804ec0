package recipient

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"testing"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/stream/streamtest"
)

// holding is a registry over log that holds a part of web push.
func holding(t *testing.T, log *streamtest.Memory, p Part) *Registry {
	t.Helper()
	g := New(log, overlap, slog.New(slog.DiscardHandler))
	g.Compact("webpush", func(a json.RawMessage) ([]byte, error) { return slices.Clone(a), nil })
	g.Hold("webpush", p)
	up := make(chan struct{})
	go func() { _ = g.Run(t.Context(), func() { close(up) }) }()
	<-up
	return g
}

func address(id string) json.RawMessage {
	return fmt.Appendf(nil, `"%s of %s"`, strings.Repeat("an address ", 20), id)
}

// TestPartsMakeTheWhole: each of three registries counts everybody and has the
// addresses of its own; together they have all, each once; and what is heard of
// later, and removed, is no different from what was read at the start.
func TestPartsMakeTheWhole(t *testing.T) {
	const of = 3
	log := new(streamtest.Memory)
	whole := holding(t, log, Part{})
	sign := func(from, to int) {
		for i := from; i < to; i++ {
			r := adapter.Recipient{
				ID: testID(i), Channel: "webpush", Lang: alert.English, Areas: []string{[]string{"BE", "FR"}[i%2]},
				Destination: "d", Address: address(testID(i)),
			}
			put(t, whole, r)
		}
	}
	sign(0, 200)
	parts := make([]*Registry, of)
	for n := range of {
		parts[n] = holding(t, log, Part{n + 1, of})
	}
	sign(200, 300)
	for i := range 20 {
		if err := whole.Remove(t.Context(), "webpush", testID(15*i)); err != nil {
			t.Fatal(err)
		}
	}
	const people = 300 - 20
	for n, g := range parts {
		if err := g.mark.Wait(t.Context(), 320); err != nil {
			t.Fatal(err)
		}
		former := func(string, uint32) bool { return true }
		if got, want := g.CountTiers("webpush", []string{"BE"}, former), whole.CountTiers("webpush", []string{"BE"}, former); got != want {
			t.Errorf("part %d counts %v, the whole %v", n+1, got, want)
		}
		if got := g.Count("webpush", []string{"BE", "FR"}); got != people {
			t.Errorf("part %d counts %d", n+1, got)
		}
	}

	const shards = 4 * of
	seen := make(map[string]int)
	for shard := range shards {
		want := whole.Select("webpush", []string{"BE", "FR"}, Any, shard, shards, nil)
		for n, g := range parts {
			if holds := shard*of/shards == n; g.Holds("webpush", shard, shards) != holds {
				t.Fatalf("part %d says %v of shard %d", n+1, !holds, shard)
			} else if !holds {
				continue
			}
			got := g.Select("webpush", []string{"BE", "FR"}, Any, shard, shards, nil)
			if len(got) != len(want) {
				t.Fatalf("shard %d of part %d has %d people, want %d", shard, n+1, len(got), len(want))
			}
			for i, r := range got {
				if r.ID != want[i].ID || string(r.Packed) != string(address(r.ID)) || r.Number != want[i].Number {
					t.Errorf("shard %d: %+v, want %+v", shard, r, want[i])
				}
				if !g.HoldsID("webpush", r.ID) || PartOf(r.ID, of) != n+1 {
					t.Errorf("%s is not said to be in part %d", r.ID, n+1)
				}
			}
		}
	}
	for _, g := range parts {
		for r := range g.Each("webpush") {
			seen[r.ID]++
			if len(r.Packed) == 0 {
				t.Errorf("%s is listed without an address", r.ID)
			}
		}
		if g.Holds("webpush", 0, 1) {
			t.Error("a part holds the whole")
		}
	}
	if len(seen) != people {
		t.Errorf("the parts list %d, want %d", len(seen), people)
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s is in %d parts", id, n)
		}
	}

	// One of another part is known: who asks for him is told his areas, and no address.
	other := testID(1)
	g := parts[PartOf(other, of)%of]
	if r, meant := g.Meant("webpush", other, []string{"FR"}); !meant || len(r.Packed) > 0 {
		t.Errorf("one of another part: %+v, meant %v", r, meant)
	}
	if all, third := live(whole), live(g); third > all/2 {
		t.Errorf("a third takes %d bytes, the whole %d", third, all)
	}
}

// live is the bytes of the entries of web push.
func live(g *Registry) (n int) {
	for _, c := range g.tables["webpush"].arena.chunks {
		n += c.live
	}
	return n
}

// BenchmarkTable says how many bytes one costs whose address is held, and one of another part.
func BenchmarkTable(b *testing.B) {
	const people = 200_000
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	for name, elsewhere := range map[string]bool{"held": false, "elsewhere": true} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				before := heap()
				t := newTable()
				for i := range people {
					p := member(7*i+1, 0)
					if p.Packed = make([]byte, 230); elsewhere { // an FCM endpoint, packed with its keys
						p.Packed = nil
					}
					t.put(p)
				}
				b.ReportMetric(float64(heap()-before)/people, "B/recipient")
				runtime.KeepAlive(t)
			}
		})
	}
}
