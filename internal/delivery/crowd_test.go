package delivery

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/recipient"
)

// crowd is a bubble whose channel packs: 20 recipients chose the whole country,
// then 20 the other region and 20 the place.
func crowd(t *testing.T, answer func(context.Context, *alert.Message, adapter.Recipient, int) adapter.Receipt, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, answer)
		w.pack = func(a json.RawMessage) ([]byte, error) { return slices.Clone(a), nil }
		w.limits = adapter.Limits{Batch: 1, Concurrency: 1, PerDestination: 1, Timeout: 10 * time.Second, ShardSize: 1}
		w.run()
		for i := range 60 {
			w.subscribe(fmt.Sprintf("r%03d", i), []string{"BE", "REGION", "PLACE"}[i/20])
		}
		f(w)
		w.halt()
	})
}

func (w *world) subscribe(id, area string) {
	w.t.Helper()
	r := adapter.Recipient{
		ID: id, Channel: "fake", Lang: alert.English, Areas: []string{area}, Destination: "d", Address: []byte(`"` + id + `"`),
	}
	if err := w.registry.Put(w.t.Context(), r); err != nil {
		w.t.Fatal(err)
	}
}

// placed is a message about PLACE and REGION.
func placed(revision int, kind alert.MsgType) *alert.Message {
	m := message(revision, kind, time.Hour)
	m.Areas = []alert.Area{{Code: "PLACE"}, {Code: "REGION"}}
	return m
}

// TestNearestFirst: who chose the place is told first, whatever the order of the jobs.
func TestNearestFirst(t *testing.T) {
	slow := func(context.Context, *alert.Message, adapter.Recipient, int) adapter.Receipt {
		time.Sleep(time.Second)
		return adapter.Receipt{State: adapter.Accepted}
	}
	crowd(t, slow, func(w *world) {
		for i := range 40 {
			w.subscribe(fmt.Sprintf("a%03d", i), "REGION")
		}
		w.publish(placed(1, alert.TypeAlert))
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		var order []string
		for _, c := range w.channel.calls {
			order = append(order, c.ids...)
		}
		if len(order) != 80 {
			t.Fatalf("%d told, want the 80 of the two regions: %v", len(order), order)
		}
		// firstPass jobs are taken as they come, some with two or three people, and as
		// many are under way at a time.
		last := 0
		for i, id := range order {
			if id >= "r040" {
				last = i
			}
		}
		if last >= 20+3*firstPass {
			t.Errorf("the last of the 20 at the place is told after %d others: %v", last, order)
		}
		if got := w.totals(1); got.Recipients != 80 || got.Accepted != 80 {
			t.Errorf("totals %+v", got)
		}
	})
}

// TestCrowdRestart: after a crash only those without a receipt are tried again,
// though the ledger names none of them.
func TestCrowdRestart(t *testing.T) {
	halfDown := true
	answer := func(_ context.Context, _ *alert.Message, r adapter.Recipient, _ int) adapter.Receipt {
		if halfDown && r.ID >= "r040" {
			return adapter.Receipt{Failure: &adapter.Failure{Code: "503", Reason: "down"}}
		}
		return adapter.Receipt{State: adapter.Accepted}
	}
	crowd(t, answer, func(w *world) {
		m := placed(1, alert.TypeAlert)
		w.publish(m)
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := w.totals(1); got.Accepted != 20 || got.Retrying != 20 || len(got.Reasons) != 1 || got.Reasons[0].Count != 20 {
			t.Errorf("before the crash: %+v", got)
		}
		for _, r := range w.ledgerLog.Records() {
			var b struct{ Entries []any }
			if err := json.Unmarshal(r.Data, &b); err != nil || len(b.Entries) > 0 {
				t.Fatalf("the ledger has a line for each citizen: %s", r.Data)
			}
		}
		w.halt()
		halfDown, w.channel.calls = false, nil
		w.run()
		l := load{channel: Channel{Driver: adapter.Driver{Name: "fake", Limits: w.limits}}, tiers: []int{20, 20, 0, 0}}
		again := l.jobs(m, 1) // a queue on disk hands out again what was not done
		for i := range again {
			again[i].ID += ".again"
		}
		if err := w.queue.Enqueue(w.t.Context(), again); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := len(w.channel.calls); n != 20 {
			t.Errorf("%d sends after the crash, want the 20 that were missing", n)
		}
		if got := w.totals(1); got.Accepted != 40 || got.Retrying != 0 {
			t.Errorf("after the crash: %+v", got)
		}
	})
}

// TestWithdrawalReachesWhoMovedAway: whoever got the alert gets its end, also when he
// has chosen another region since; who never got it does not.
func TestWithdrawalReachesWhoMovedAway(t *testing.T) {
	crowd(t, accept, func(w *world) {
		w.publish(placed(1, alert.TypeAlert))
		time.Sleep(time.Minute)
		w.subscribe("r050", "ELSEWHERE")
		w.publish(placed(2, alert.TypeCancel))
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := len(w.channel.times(2, "r050")); n != 1 {
			t.Errorf("one who moved away was told %d times that the child is found", n)
		}
		if n := len(w.channel.times(2, "r000")); n != 0 {
			t.Error("one who never got the alert was told of its end")
		}
		if got := w.totals(2); got.Recipients != 40 || got.Accepted != 40 {
			t.Errorf("totals %+v", got)
		}
	})
}

// TestWithdrawalReachesWhoMovesMeanwhile: of those who have not been told yet, some
// leave the areas, and some choose the place, whose shards are done.
func TestWithdrawalReachesWhoMovesMeanwhile(t *testing.T) {
	slow := func(_ context.Context, m *alert.Message, _ adapter.Recipient, _ int) adapter.Receipt {
		if m.MsgType == alert.TypeCancel {
			time.Sleep(time.Second)
		}
		return adapter.Receipt{State: adapter.Accepted}
	}
	crowd(t, slow, func(w *world) {
		var region []string
		for i := range 60 {
			id := fmt.Sprintf("s%03d", i)
			region = append(region, id)
			w.subscribe(id, "REGION")
		}
		w.publish(placed(1, alert.TypeAlert))
		time.Sleep(time.Minute)
		w.publish(placed(2, alert.TypeCancel))
		time.Sleep(30500 * time.Millisecond)
		synctest.Wait()
		moved := 0
		for i, id := range region {
			if len(w.channel.times(2, id)) > 0 {
				continue
			}
			moved++
			w.subscribe(id, []string{"ELSEWHERE", "PLACE"}[i%2])
			if err := Newcomer(w.t.Context(), w.deps(), w.current, "fake", id); err != nil {
				t.Fatal(err)
			}
		}
		if moved < 30 { // more than the jobs hold that have begun
			t.Fatalf("%d were left to move", moved)
		}
		w.subscribe("stranger", "PLACE")
		if err := Newcomer(w.t.Context(), w.deps(), w.current, "fake", "stranger"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		for _, id := range region {
			if n := len(w.channel.times(2, id)); n != 1 {
				t.Errorf("%s was told %d times that the child is found", id, n)
			}
		}
		if n := len(w.channel.times(2, "stranger")); n != 0 {
			t.Error("one who came after the withdrawal was told of it")
		}
	})
}

// TestFormerHaveAJob: a later revision has one for those who leave its areas after it
// was planned, though there were none by then; a first revision has not.
func TestFormerHaveAJob(t *testing.T) {
	for revision, want := range map[int]int{1: 0, 2: 1} {
		l := load{channel: Channel{Driver: adapter.Driver{Name: "fake", Limits: adapter.Limits{ShardSize: 1}}}, tiers: []int{2, 0, 0, 0}}
		former := 0
		for _, queued := range l.jobs(message(revision, alert.TypeUpdate, time.Hour), 1) {
			var j job
			if err := json.Unmarshal(queued.Data, &j); err != nil {
				t.Fatal(err)
			}
			if j.tier() == recipient.Former {
				former++
			}
		}
		if former != want {
			t.Errorf("revision %d has %d jobs for those who are no longer in its areas, want %d", revision, former, want)
		}
	}
}

// TestTurns wants the most urgent first, and a turn given up to be nobody's loss.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := turns{free: 1}
		if err := turns.take(t.Context(), urgency{}); err != nil {
			t.Fatal(err)
		}
		var order []urgency
		all := []urgency{{seq: 2}, {seq: 1, tier: 1}, {seq: 1, shard: 3}, {seq: 9, withdrawal: true}, {seq: 1}}
		for _, u := range all {
			go func() {
				if turns.take(t.Context(), u) == nil {
					order = append(order, u)
					turns.give()
				}
			}()
		}
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() { left <- turns.take(ctx, urgency{withdrawal: true}) }()
		synctest.Wait()
		cancel()
		if <-left == nil {
			t.Error("a turn for one who left")
		}
		turns.give()
		synctest.Wait()
		want := []urgency{{seq: 9, withdrawal: true}, {seq: 1}, {seq: 1, shard: 3}, {seq: 1, tier: 1}, {seq: 2}}
		if !slices.Equal(order, want) || turns.free != 1 {
			t.Errorf("order %+v, free %d; want %+v", order, turns.free, want)
		}
	})
}
