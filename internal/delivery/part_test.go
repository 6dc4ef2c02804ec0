package delivery

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/recipient"
)

// cut is a world whose channel is cut into parts, with people subscribed and nobody
// who works them.
func cut(t *testing.T, parts, people int, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, accept)
		w.pack = func(a json.RawMessage) ([]byte, error) { return slices.Clone(a), nil }
		w.parts, w.idle = parts, true
		w.run()
		for i := range people {
			w.subscribe(fmt.Sprintf("r%03d", i), "PLACE")
		}
		synctest.Wait()
		f(w)
		w.halt()
	})
}

// part starts a worker that holds one part, with a channel and a registry of its own.
func (w *world) part(n int) *fakeChannel {
	w.t.Helper()
	d := w.deps()
	registry := recipient.New(w.people, match, d.Log)
	registry.Compact("fake", w.pack)
	registry.Hold("fake", recipient.Part{N: n, Of: w.parts})
	up := make(chan struct{})
	w.running.Go(func() { _ = registry.Run(w.ctx, func() { close(up) }) })
	<-up
	mine := &fakeChannel{answer: accept, begin: time.Now(), tries: make(map[string]int)}
	d.Recipients = registry
	d.Channels[0].Adapter, d.Channels[0].Part = mine, n
	w.running.Go(func() { _ = NewRunner(d, d.Channels[0]).Run(w.ctx) })
	return mine
}

// told counts how often each was told of a revision.
func (f *fakeChannel) told(revision int) map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := make(map[string]int)
	for _, c := range f.calls {
		for _, id := range c.ids {
			if c.revision == revision {
				n[id]++
			}
		}
	}
	return n
}

// TestPartsShareAnAlert: three workers that hold a third each tell everybody once,
// each his own, of the alert and of its end, and who comes meanwhile is told by his.
func TestPartsShareAnAlert(t *testing.T) {
	cut(t, 3, 300, func(w *world) {
		workers := []*fakeChannel{w.part(1), w.part(2), w.part(3)}
		want := 300
		for revision, kind := range []alert.MsgType{alert.TypeAlert, alert.TypeCancel} {
			w.publish(placed(revision+1, kind))
			time.Sleep(time.Minute)
			if revision == 0 {
				for i := range 30 {
					id := fmt.Sprintf("late%02d", i)
					w.subscribe(id, "PLACE")
					if err := Newcomer(w.t.Context(), w.deps(), w.current, "fake", id); err != nil {
						w.t.Fatal(err)
					}
				}
				want += 30
				time.Sleep(time.Minute)
			}
			synctest.Wait()
			all := 0
			for i, worker := range workers {
				told := worker.told(revision + 1)
				all += len(told)
				for id, n := range told {
					if n != 1 || recipient.PartOf(id, 3) != i+1 {
						t.Errorf("%s, of part %d, was told of %s %d times by part %d", id, recipient.PartOf(id, 3), kind, n, i+1)
					}
				}
			}
			if all != want {
				t.Errorf("%d were told of %s, want %d", all, kind, want)
			}
			if got := w.totals(revision + 1); got.Accepted != want {
				t.Errorf("%s: totals %+v", kind, got)
			}
		}
	})
}

// TestServerHoldsEveryPart: without a worker of its own a part is worked by whoever holds all.
func TestServerHoldsEveryPart(t *testing.T) {
	cut(t, 4, 200, func(w *world) {
		one := w.part(2)
		w.work()
		w.publish(placed(1, alert.TypeAlert))
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := w.totals(1); got.Accepted != 200 {
			t.Errorf("totals %+v", got)
		}
		whole := w.channel.told(1)
		for id := range one.told(1) {
			whole[id]++
		}
		for id, n := range whole {
			if n != 1 {
				t.Errorf("%s was told %d times", id, n)
			}
		}
		if len(whole) != 200 {
			t.Errorf("%d were told", len(whole))
		}
	})
}

// TestWrongPartGivesNobodyUp: a job whose people are held elsewhere is put back
// until somebody has it who holds them, and says nothing about them.
func TestWrongPartGivesNobodyUp(t *testing.T) {
	cut(t, 2, 50, func(w *world) {
		wrong := w.part(1)
		w.parts = 0 // the planner's process does not know of the parts
		l := w.deps().load(placed(1, alert.TypeAlert), w.deps().Channels[0])
		w.parts = 2
		m := placed(1, alert.TypeAlert)
		w.publish(m)
		if err := w.queue.Discard(w.t.Context(), "jobs.>"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		before := w.totals(1).Accepted // what the right plan told while we looked
		jobs := l.jobs(m, 1)
		for i := range jobs {
			jobs[i].ID += ".whole"
		}
		if err := w.queue.Enqueue(w.t.Context(), jobs); err != nil {
			t.Fatal(err)
		}
		time.Sleep(35 * time.Second)
		synctest.Wait()
		if got := w.totals(1); got.Failed > 0 || got.Accepted != before || len(wrong.told(1)) != before {
			t.Errorf("a worker of half of them: %+v", got)
		}
		w.work()
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := w.totals(1); got.Accepted != 50 {
			t.Errorf("after one came who holds all: %+v", got)
		}
	})
}

// TestShardsLieInOnePart: whatever the number of people, a job's shard is within the
// part that its subject names.
func TestShardsLieInOnePart(t *testing.T) {
	for _, parts := range []int{1, 2, 3, 7, 16} {
		registries := make([]*recipient.Registry, parts)
		for n := range parts {
			registries[n] = recipient.New(nil, match, nil)
			if parts > 1 {
				registries[n].Hold("fake", recipient.Part{N: n + 1, Of: parts})
			}
		}
		for _, people := range []int{0, 1, 25, 26, 1000, 12_345} {
			l := load{channel: Channel{Driver: adapter.Driver{Name: "fake", Limits: adapter.Limits{ShardSize: 25}}, Parts: parts}, tiers: []int{people, 0, 0, 0}}
			jobs := l.jobs(message(1, alert.TypeAlert, time.Hour), 1)
			if most := people/25 + parts; len(jobs) > most || people > 0 && len(jobs) < (people+24)/25 {
				t.Errorf("%d people in %d parts are %d jobs", people, parts, len(jobs))
			}
			for _, queued := range jobs {
				var j job
				if err := json.Unmarshal(queued.Data, &j); err != nil {
					t.Fatal(err)
				}
				part, err := strconv.Atoi(strings.Split(queued.Subject, ".")[3])
				if err != nil {
					t.Fatal(err)
				}
				for n, g := range registries {
					if holds := g.Holds("fake", j.Shard, j.Shards); holds != (n+1 == part) {
						t.Fatalf("%d people in %d parts: shard %d of %d is on the queue for part %d; part %d holds it: %v",
							people, parts, j.Shard, j.Shards, part, n+1, holds)
					}
				}
			}
		}
	}
}

// TestWorksOfParts: a worker takes the jobs of its parts, and knows under which names
// others took them when the channel was cut otherwise.
func TestWorksOfParts(t *testing.T) {
	names := func(c Channel) (all []string) {
		c.Driver.Name = "webpush"
		for _, w := range c.works() {
			all = append(all, w.Name+" "+w.Filter)
			if slices.Contains(w.Others, w.Name) || len(w.Others) < 2 {
				t.Errorf("%s: others %v", w.Name, w.Others)
			}
			for n := 1; c.Parts > 1 && n <= c.Parts; n++ {
				if slices.Contains(w.Others, "webpush-p0"+partName(n, c.Parts)) {
					t.Errorf("%s would take a neighbour away", w.Name)
				}
			}
		}
		return all
	}
	for _, tt := range []struct {
		c    Channel
		want []string
	}{
		{Channel{}, []string{"webpush-p0 jobs.webpush.p0.>", "webpush-p1 jobs.webpush.p1.>"}},
		{Channel{Parts: 2, Part: 2}, []string{"webpush-p0-2of2 jobs.webpush.p0.2.>", "webpush-p1-2of2 jobs.webpush.p1.2.>"}},
		{Channel{Parts: 2}, []string{
			"webpush-p0-1of2 jobs.webpush.p0.1.>", "webpush-p1-1of2 jobs.webpush.p1.1.>",
			"webpush-p0-2of2 jobs.webpush.p0.2.>", "webpush-p1-2of2 jobs.webpush.p1.2.>",
		}},
	} {
		if got := names(tt.c); !slices.Equal(got, tt.want) {
			t.Errorf("%d of %d: %q, want %q", tt.c.Part, tt.c.Parts, got, tt.want)
		}
	}
}
