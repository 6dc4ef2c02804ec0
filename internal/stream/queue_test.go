package stream

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

func enqueue(t *testing.T, e *Engine, subject string, ids ...string) {
	t.Helper()
	var jobs []Job
	for _, id := range ids {
		jobs = append(jobs, Job{Subject: subject, ID: id, Data: []byte(id)})
	}
	if err := e.Enqueue(t.Context(), jobs); err != nil {
		t.Fatal(err)
	}
}

// work runs Work until fn says that it has seen enough, and then until all fn returned.
func work(t *testing.T, e *Engine, w Work, fn func(ctx context.Context, task Task, enough func())) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := e.Work(ctx, w, func(ctx context.Context, task Task) { fn(ctx, task, cancel) }); err != nil {
		t.Fatal(err)
	}
	if ctx.Err() == context.DeadlineExceeded {
		t.Fatal("not enough tasks")
	}
}

func waiting(t *testing.T, e *Engine, stream string) uint64 {
	t.Helper()
	info, err := e.info(t.Context(), stream, "")
	if err != nil {
		t.Fatal(err)
	}
	return info.State.Msgs
}

func TestWorkTakesEachJobOnce(t *testing.T) {
	e := openIn(t, t.TempDir())
	var all []string
	for i := range 1500 {
		all = append(all, fmt.Sprintf("job-%04d", i))
	}
	enqueue(t, e, "jobs.sms.p0.0", all...)
	enqueue(t, e, "jobs.sms.p0.0", all...) // the planner's retry
	enqueue(t, e, "jobs.push.p0.0", "another channel")
	var mu sync.Mutex
	var got []string
	most, now := 0, 0
	work(t, e, Work{Name: "sms", Filter: "jobs.sms.p0.>", InFlight: 8, AckWait: 30 * time.Second}, func(ctx context.Context, task Task, enough func()) {
		mu.Lock()
		now++
		most = max(most, now)
		got = append(got, task.Job().ID)
		n := len(got)
		mu.Unlock()
		if j := task.Job(); j.Subject != "jobs.sms.p0.0" || string(j.Data) != j.ID || task.Attempt() != 1 {
			t.Errorf("task %+v, attempt %d", j, task.Attempt())
		}
		mu.Lock()
		now--
		mu.Unlock()
		if err := task.Done(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
		if n == len(all) {
			enough()
		}
	})
	slices.Sort(got)
	if !slices.Equal(got, all) {
		t.Errorf("%d tasks for %d jobs", len(got), len(all))
	}
	if most > 8 {
		t.Errorf("%d in flight at once", most)
	}
	if n := waiting(t, e, streamDelivery); n != 1 {
		t.Errorf("%d jobs left", n)
	}
}

func TestTaskEndings(t *testing.T) {
	e := openIn(t, t.TempDir())
	enqueue(t, e, "jobs.sms.p0.0", "done", "retry", "panic", "bury")
	var mu sync.Mutex
	seen := map[string][]int{}
	work(t, e, Work{Name: "sms", Filter: "jobs.>", InFlight: 4, AckWait: 20 * time.Second}, func(ctx context.Context, task Task, enough func()) {
		id := task.Job().ID
		mu.Lock()
		seen[id] = append(seen[id], task.Attempt())
		both := len(seen["retry"]) == 2 && len(seen["panic"]) == 2
		mu.Unlock()
		if both {
			defer enough()
		}
		ctx = context.WithoutCancel(ctx)
		var err error
		switch {
		case id == "bury":
			err = task.Bury(ctx, "the number\r\ndoes not exist")
		case id == "done" || task.Attempt() == 2:
			if err = task.Extend(ctx); err == nil {
				err = task.Done(ctx)
			}
		case id == "retry":
			err = task.Retry(ctx, 100*time.Millisecond)
		default:
			panic("a name that no log may hold")
		}
		if err != nil {
			t.Error(err)
		}
	})
	if fmt.Sprint(seen) != "map[bury:[1] done:[1] panic:[1 2] retry:[1 2]]" {
		t.Errorf("attempts %v", seen)
	}
	if n := waiting(t, e, streamDelivery); n != 0 {
		t.Errorf("%d jobs left", n)
	}
	dead, err := e.handles[streamDead].GetLastMsgForSubject(t.Context(), "live.dead.>")
	if err != nil {
		t.Fatal(err)
	}
	if dead.Subject != "live.dead.jobs.sms.p0.0" || string(dead.Data) != "bury" || dead.Header.Get(headerReason) != "the number  does not exist" {
		t.Errorf("dead letter %s %q %v", dead.Subject, dead.Data, dead.Header)
	}
}

func TestAVanishedWorkersTasksGoToAnother(t *testing.T) {
	e := openIn(t, t.TempDir())
	enqueue(t, e, "jobs.sms.p0.0", "a")
	w := Work{Name: "sms", Filter: "jobs.>", InFlight: 1, AckWait: time.Second}
	work(t, e, w, func(_ context.Context, _ Task, enough func()) { enough() }) // takes it and says nothing more
	work(t, e, w, func(ctx context.Context, task Task, enough func()) {
		if task.Attempt() != 2 || task.Job().ID != "a" {
			t.Errorf("attempt %d of %s", task.Attempt(), task.Job().ID)
		}
		if err := task.Done(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
		enough()
	})
}

func TestAJobThatNobodyEndsIsBuried(t *testing.T) {
	e := openIn(t, t.TempDir())
	enqueue(t, e, "jobs.sms.p0.0", "a")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tries := 0
	go func() {
		for e.sleep(ctx, 20*time.Millisecond) {
			if _, err := e.handles[streamDead].GetLastMsgForSubject(ctx, "live.dead.>"); err == nil {
				cancel()
			}
		}
	}()
	err := e.Work(ctx, Work{Name: "sms", Filter: "jobs.>", InFlight: 1, AckWait: 20 * time.Second}, func(ctx context.Context, task Task) {
		tries++
		if err := task.Retry(ctx, 0); err != nil {
			t.Error(err)
		}
	})
	if err != nil || tries != maxAttempts {
		t.Errorf("%d tries, %v", tries, err)
	}
	if n := waiting(t, e, streamDead); n != 1 {
		t.Errorf("%d dead letters", n)
	}
}

func TestDiscard(t *testing.T) {
	e := openIn(t, t.TempDir())
	enqueue(t, e, "jobs.sms.p0.case1", "a", "b")
	enqueue(t, e, "jobs.sms.p0.case2", "c")
	if err := e.Discard(t.Context(), "jobs.*.*.case1"); err != nil {
		t.Fatal(err)
	}
	if n := waiting(t, e, streamDelivery); n != 1 {
		t.Errorf("%d jobs left", n)
	}
	if err := e.Discard(t.Context(), "cases.>"); err == nil {
		t.Error("discarded another stream's subjects")
	}
}

func TestWorkRefuses(t *testing.T) {
	e := openIn(t, t.TempDir())
	good := Work{Name: "a", Filter: "jobs.sms.>", InFlight: 1, AckWait: time.Second}
	for _, c := range []struct {
		name string
		mend func(*Work)
		want string
	}{
		{"name", func(w *Work) { w.Name = "a.b" }, "Name"},
		{"filter", func(w *Work) { w.Filter = "alerts.>" }, "must begin with jobs."},
		{"in flight", func(w *Work) { w.InFlight = 0 }, "InFlight"},
		{"too many", func(w *Work) { w.InFlight = maxInFlight + 1 }, "InFlight"},
		{"ack wait", func(w *Work) { w.AckWait = 0 }, "AckWait"},
	} {
		w := good
		c.mend(&w)
		if err := e.Work(t.Context(), w, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	// Two names may not ask for the same jobs: each job would have two masters.
	_, err := e.js.CreateConsumer(t.Context(), streamDelivery, jetstream.ConsumerConfig{Durable: "other", FilterSubject: "live.jobs.>", AckPolicy: jetstream.AckExplicitPolicy})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Work(t.Context(), good, nil); err == nil {
		t.Error("an overlapping filter was taken")
	}
	if err := e.Enqueue(t.Context(), []Job{{Subject: "jobs.a.b.c"}}); err == nil || !strings.Contains(err.Error(), "ID") {
		t.Errorf("a job without an ID: %v", err)
	}
}

// TestWorkCutAnew: a channel that is cut into other parts leaves the old names behind.
// They give way when nobody asks for jobs as one of them, and only then; what they
// had taken and not done is handed out again.
func TestWorkCutAnew(t *testing.T) {
	e := openIn(t, t.TempDir())
	whole := Work{Name: "push", Filter: "jobs.push.>", InFlight: 4, AckWait: 30 * time.Second}
	cut := func(n string) Work {
		return Work{Name: "push-" + n + "of2", Filter: "jobs.push." + n + ".>", InFlight: 4, AckWait: 30 * time.Second, Others: []string{"push", "push-1of3"}}
	}
	enqueue(t, e, "jobs.push.1.0", "a", "b")
	enqueue(t, e, "jobs.push.2.0", "c")
	work(t, e, whole, func(_ context.Context, _ Task, enough func()) { enough() }) // dies with jobs in its hands

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	stalled := make(chan struct{}, 8)
	go func() {
		ended <- e.Work(ctx, Work{Name: "push", Filter: "jobs.push.>", InFlight: 8, AckWait: 2 * time.Second}, func(ctx context.Context, _ Task) {
			stalled <- struct{}{}
			<-ctx.Done()
		})
	}()
	<-stalled
	if err := e.Work(t.Context(), cut("1"), nil); err == nil || !strings.Contains(err.Error(), "push-1of2") {
		t.Errorf("beside one who works the whole: %v", err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) { // its last question stands for two seconds
		cons, err := e.js.Consumer(t.Context(), streamDelivery, "live-push")
		if err != nil {
			t.Fatal(err)
		}
		if cons.CachedInfo().NumWaiting == 0 {
			break
		} else if time.Now().After(deadline) {
			t.Fatal("its question still stands")
		}
	}

	var mu sync.Mutex
	got := make(map[string]string)
	var both sync.WaitGroup
	for _, n := range []string{"1", "2"} { // side by side: each may clear the other's way
		both.Go(func() {
			work(t, e, cut(n), func(ctx context.Context, task Task, enough func()) {
				if err := task.Done(context.WithoutCancel(ctx)); err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				got[task.Job().ID] += n
				if n == "2" || got["a"] != "" && got["b"] != "" {
					enough()
				}
			})
		})
	}
	both.Wait()
	if len(got) != 3 || got["a"] != "1" || got["b"] != "1" || got["c"] != "2" {
		t.Errorf("after the cut: %v", got)
	}
}
