package recipient

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/stream"
	"tocsin/internal/stream/streamtest"
)

// ids are as web push makes them, and now and then an odd one.
func testID(i int) string {
	if i%7 == 0 {
		return fmt.Sprintf("odd-%d", i)
	}
	sum := sha256.Sum256(fmt.Append(nil, i))
	return base64.RawURLEncoding.EncodeToString(sum[:24])
}

func member(i, version int) packed {
	r := adapter.Recipient{
		ID: testID(i), Channel: "webpush", Lang: []alert.Lang{"en", "fr", "de"}[i%3], Number: uint32(i + 1),
		Areas: []string{fmt.Sprintf("BE-%d", i%11)}, Destination: fmt.Sprint("https://", i%5),
		Packed: fmt.Appendf(nil, "%d:%d:%0*d", i, version, 20+i%300, i), Created: time.Unix(int64(1_700_000_000+i), 0).UTC(),
	}
	return packed{Recipient: r, hash: hashOf(r.ID)}
}

// TestTableAgainstMap does at random what happens to subscriptions, to a table and
// to a map, and wants the same of both: nobody lost, nobody twice, nothing mixed up.
func TestTableAgainstMap(t *testing.T) {
	const people, steps = 4000, 60_000
	rnd := rand.New(rand.NewPCG(1, 2))
	tab, want := newTable(), make(map[string]packed)
	for range steps {
		i := rnd.IntN(people)
		p := member(i, rnd.IntN(100))
		if rnd.IntN(5) < 2 {
			_, had := want[p.ID]
			delete(want, p.ID)
			if _, ok := tab.remove(p.ID); ok != had {
				t.Fatalf("remove of %s says %v, want %v", p.ID, ok, had)
			}
			continue
		}
		if !tab.put(p) {
			t.Fatalf("no room for %s", p.ID)
		}
		want[p.ID] = p
	}
	if tab.n != len(want) {
		t.Fatalf("the table counts %d, want %d", tab.n, len(want))
	}
	for _, shards := range []int{1, 2, 7, 1024, 100_000} {
		seen := make(map[string]bool)
		for shard := range shards {
			tab.shard(shard, shards, func(slot uint32, _ *slotFacts) {
				r := tab.recipient("webpush", slot)
				if seen[r.ID] {
					t.Fatalf("%s comes twice in %d shards", r.ID, shards)
				}
				seen[r.ID] = true
				if Shard(r.ID, shards) != shard {
					t.Fatalf("%s is in shard %d of %d, want %d", r.ID, shard, shards, Shard(r.ID, shards))
				}
			})
		}
		if len(seen) != len(want) {
			t.Fatalf("%d shards hold %d, want %d", shards, len(seen), len(want))
		}
	}
	for id, p := range want {
		_, slot, ok := tab.find(id, p.hash)
		if !ok {
			t.Fatalf("%s is lost", id)
		}
		got := tab.recipient("webpush", slot)
		p.Slot = slot + 1
		if fmt.Sprint(got) != fmt.Sprint(p.Recipient) {
			t.Fatalf("got %+v\nwant %+v", got, p.Recipient)
		}
	}
	count := 0
	for _, s := range tab.sets.all {
		count += s.n
	}
	if count != len(want) || len(tab.sets.of) > 11 {
		t.Errorf("the %d choices of areas count %d, want at most 11 and %d", len(tab.sets.of), count, len(want))
	}
	live := 0
	for _, c := range tab.arena.chunks {
		if c != nil {
			live++
		}
	}
	if live > 8 { // some 2,700 of 200 bytes fill half of one
		t.Errorf("%d chunks are kept for %d recipients", live, len(want))
	}
}

// TestArenaGivesRoomBack wants chunks that are mostly empty to be freed, and views
// that somebody holds to stay as they were.
func TestArenaGivesRoomBack(t *testing.T) {
	tab := newTable()
	const n = 30_000 // some seven chunks
	for i := range n {
		tab.put(member(i, 0))
	}
	_, slot, _ := tab.find(testID(17), hashOf(testID(17)))
	view := tab.recipient("webpush", slot).Packed
	was := string(view)
	before := len(tab.arena.chunks)
	for i := range n {
		if i%10 != 1 {
			tab.remove(testID(i))
		}
	}
	kept := 0
	for _, c := range tab.arena.chunks {
		if c != nil {
			kept++
		}
	}
	if kept > before/2 {
		t.Errorf("%d of %d chunks are kept for a tenth of the recipients", kept, before)
	}
	for i := 1; i < n; i += 10 {
		_, slot, ok := tab.find(testID(i), hashOf(testID(i)))
		if !ok || string(tab.recipient("webpush", slot).Packed) != string(member(i, 0).Packed) {
			t.Fatalf("recipient %d did not survive the move", i)
		}
	}
	if string(view) != was {
		t.Error("a view changed under its reader")
	}
}

// compactRegistry packs an address by taking its text.
func compactRegistry(t *testing.T, log *streamtest.Memory) *Registry {
	t.Helper()
	g := New(log, overlap, slog.New(slog.DiscardHandler))
	g.Compact("webpush", func(raw json.RawMessage) ([]byte, error) {
		if string(raw) == `"bad"` {
			return nil, errors.New("bad")
		}
		return slices.Clone(raw), nil
	})
	up := make(chan struct{})
	go func() { _ = g.Run(t.Context(), func() { close(up) }) }()
	<-up
	return g
}

func TestCompactRegistry(t *testing.T) {
	log := new(streamtest.Memory)
	g := compactRegistry(t, log)
	var left []uint32
	g.left = func(_ string, slot uint32) { left = append(left, slot) }
	put(t, g, person("a", "BE"))
	put(t, g, person("b", "BE", "FR"))
	bad := person("c", "BE")
	bad.Address = []byte(`"bad"`)
	put(t, g, bad)
	a, _ := g.Get("webpush", "a")
	if a.Packed == nil || a.Slot == 0 || a.Number != 1 || a.Address != nil {
		t.Errorf("a is not compact: %+v", a)
	}
	if c, ok := g.Get("webpush", "c"); !ok || c.Packed != nil || string(c.Address) != `"bad"` {
		t.Errorf("one whose address does not pack is not kept as he is: %+v, %v", c, ok)
	}
	put(t, g, person("a", "FR"))
	again, _ := g.Get("webpush", "a")
	if again.Number != a.Number || again.Slot != a.Slot || again.Areas[0] != "FR" {
		t.Errorf("after a change: %+v, want the same number and slot as %+v", again, a)
	}
	if n := g.Count("webpush", []string{"FR"}); n != 2 {
		t.Errorf("count = %d, want 2", n)
	}
	restarted, _ := compactRegistry(t, log).Get("webpush", "a")
	if restarted.Number != a.Number || restarted.Areas[0] != "FR" {
		t.Errorf("after a restart: %+v", restarted)
	}
	if err := g.Remove(t.Context(), "webpush", "a"); err != nil {
		t.Fatal(err)
	}
	if _, ok := g.Get("webpush", "a"); ok || !slices.Equal(left, []uint32{a.Slot}) {
		t.Errorf("a left: still there %v, told %v", ok, left)
	}
	put(t, g, person("a", "BE"))
	if back, _ := g.Get("webpush", "a"); back.Number == a.Number {
		t.Error("one who left and came back has his old number: the ledger would take him for told")
	}
}

// TestVisitWritesNothing: a citizen's page says at each visit what it said before.
func TestVisitWritesNothing(t *testing.T) {
	log := new(streamtest.Memory)
	g := compactRegistry(t, log)
	put(t, g, person("a", "BE"))
	before := log.Records()[0].Seq
	for range 3 {
		put(t, g, person("a", "BE"))
	}
	if all := log.Records(); len(all) != 1 || all[0].Seq != before {
		t.Errorf("a visit without a change wrote: %d records, sequence %d", len(all), all[0].Seq)
	}
	written := func() uint64 { return log.Records()[len(log.Records())-1].Seq }
	for field, change := range map[string]func(*adapter.Recipient){
		"areas":   func(r *adapter.Recipient) { r.Areas = []string{"BE", "FR"} },
		"lang":    func(r *adapter.Recipient) { r.Lang = alert.French },
		"address": func(r *adapter.Recipient) { r.Address = []byte(`{"endpoint":"other"}`) },
	} {
		r, was := person("a", "BE"), written()
		change(&r)
		put(t, g, r)
		if written() == was {
			t.Errorf("a change of %s was not written", field)
		}
	}
}

// TestReplacedIsErased: the older record of a subscription goes, though nobody waits for
// it; who leaves leaves none behind, whatever the janitor had not come to.
func TestReplacedIsErased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := new(streamtest.Memory)
		g := New(log, overlap, slog.New(slog.DiscardHandler))
		g.Compact("webpush", func(raw json.RawMessage) ([]byte, error) { return slices.Clone(raw), nil })
		ctx, stop := context.WithCancel(t.Context())
		go func() { _ = g.Run(ctx, nil) }()
		put(t, g, person("a", "BE"))
		for range 3 {
			put(t, g, person("a", "FR"))
			put(t, g, person("a", "BE"))
		}
		synctest.Wait()
		if n := len(log.Records()); n != 1 {
			t.Errorf("%d records of one subscriber, want the newest alone", n)
		}
		stop() // the janitor with it
		synctest.Wait()
		if _, err := g.replace(t.Context(), stream.Entry{Subject: "subscribers.webpush.a", Data: log.Records()[0].Data}); err != nil {
			t.Fatal(err)
		}
		again := New(log, overlap, slog.New(slog.DiscardHandler))
		again.packs, again.tables = g.packs, map[string]*table{"webpush": newTable()}
		third, stopAgain := context.WithCancel(t.Context())
		go func() { _ = again.Run(third, nil) }()
		synctest.Wait()
		if err := again.Remove(t.Context(), "webpush", "a"); err != nil {
			t.Fatal(err)
		}
		if all := log.Records(); len(all) != 1 || len(all[0].Data) != 0 {
			t.Errorf("one who left left %d records behind, the last of %d bytes", len(all), len(all[0].Data))
		}
		stopAgain()
		synctest.Wait()
	})
}

func TestTiers(t *testing.T) {
	g := New(new(streamtest.Memory), func(want, of []string) bool {
		return slices.Contains(want, "*") || slices.Contains(want, "BE") || overlap(want, of) || slices.Contains(want, "BE-VAN-1")
	}, slog.New(slog.DiscardHandler))
	of := []string{"BE-VAN", "BE-VBR"}
	for want, areas := range map[Tier][]string{Place: {"BE-VAN"}, Region: {"BE-VBR"}, Wider: {"BE"}, Former: {"FR"}} {
		if got := g.tier(areas, of); got != want {
			t.Errorf("tier of %v = %d, want %d", areas, got, want)
		}
	}
	if g.tier([]string{"*"}, of) != Wider || g.tier([]string{"BE-VAN-1"}, of) != Place || g.tier([]string{"BE", "BE-VAN"}, of) != Place {
		t.Error("everything is wider, a part of the place is the place, and the nearest choice counts")
	}
}

// TestSelectTiers wants each to be in one tier and shard, and the counts to agree.
func TestSelectTiers(t *testing.T) {
	g := compactRegistry(t, new(streamtest.Memory))
	for i := range 300 {
		put(t, g, person(testID(i), []string{"BE", "FR", "DE"}[i%3]))
	}
	of := []string{"BE", "FR"}
	also := func(_ string, number uint32) bool { return number%2 == 0 }
	n := g.CountTiers("webpush", of, also)
	if n != [Tiers]int{Place: 100, Region: 100, Former: 50} {
		t.Errorf("counts = %v", n)
	}
	if n := g.CountTiers("webpush", of, nil); n[Former] != 0 {
		t.Errorf("%d had a revision before the first", n[Former])
	}
	seen := make(map[string]int)
	for tier := range Tiers {
		got := 0
		for shard := range 4 {
			for _, r := range g.Select("webpush", of, tier, shard, 4, also) {
				seen[r.ID]++
				got++
			}
		}
		if got != n[tier] {
			t.Errorf("tier %d holds %d, want %d", tier, got, n[tier])
		}
	}
	if len(seen) != 250 || slices.Max(slices.Collect(maps.Values(seen))) != 1 {
		t.Errorf("%d recipients in all tiers, want 250 once each", len(seen))
	}
	if all := g.All("webpush"); len(all) != 300 {
		t.Errorf("All gives %d of 300", len(all))
	}
}
