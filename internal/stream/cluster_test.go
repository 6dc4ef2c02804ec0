package stream_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tocsin/internal/stream"
	"tocsin/internal/stream/streamtest"
)

// leader asks the cluster who leads ALERTS.
func leader(t *testing.T, url string) string {
	t.Helper()
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	s, err := js.Stream(t.Context(), "ALERTS")
	if err != nil {
		t.Fatal(err)
	}
	return s.CachedInfo().Cluster.Leader
}

// Three nodes, and the leader dies by kill -9 while four writers write, a follower
// follows and a worker works: no acknowledged record is missing, the follower
// sees each once and in order, and the jobs are all done.
func TestLeaderDies(t *testing.T) {
	if testing.Short() {
		t.Skip("takes about 20 s: run without -short")
	}
	c := streamtest.Cluster(t, 3)
	e := outside(t, c.URL(), 3)
	ctx := t.Context()
	var (
		mu     sync.Mutex
		acked  []string
		seen   []string
		seqs   []uint64
		worked = map[string]bool{}
		stop   = make(chan struct{})
		wg     sync.WaitGroup
	)
	go func() {
		_ = e.Alerts().Follow(ctx, "alerts.>", 0, func(r stream.Record) error {
			mu.Lock()
			defer mu.Unlock()
			seen, seqs = append(seen, r.ID), append(seqs, r.Seq)
			return nil
		}, nil)
	}()
	go func() {
		_ = e.Work(ctx, stream.Work{Name: "w", Filter: "jobs.>", InFlight: 4, AckWait: 5 * time.Second}, func(ctx context.Context, task stream.Task) {
			if task.Done(ctx) == nil {
				mu.Lock()
				defer mu.Unlock()
				worked[task.Job().ID] = true
			}
		})
	}()
	for w := range 4 {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				id := fmt.Sprintf("%d-%d", w, i)
				if _, err := e.Alerts().Append(ctx, stream.Entry{Subject: "alerts.P." + id, ID: id}); err != nil {
					t.Errorf("append %s: %v", id, err)
					return
				}
				if err := e.Enqueue(ctx, []stream.Job{{Subject: "jobs.sms.p0.0", ID: id + "a"}, {Subject: "jobs.sms.p0.0", ID: id + "b"}}); err != nil {
					t.Errorf("enqueue %s: %v", id, err)
					return
				}
				mu.Lock()
				acked = append(acked, id)
				mu.Unlock()
				time.Sleep(2 * time.Millisecond)
			}
		})
	}
	time.Sleep(2 * time.Second)
	victim := c.Index(leader(t, c.URL()))
	c.Kill(victim)
	mu.Lock()
	before := len(acked)
	mu.Unlock()
	killed := time.Now()
	for {
		time.Sleep(50 * time.Millisecond)
		mu.Lock()
		n := len(acked)
		mu.Unlock()
		if n > before+20 {
			t.Logf("writes went on %v after the leader's death", time.Since(killed).Round(100*time.Millisecond))
			break
		}
		if time.Since(killed) > 30*time.Second {
			t.Fatal("no writes after the leader's death")
		}
	}
	c.Start(victim)
	time.Sleep(2 * time.Second)
	close(stop)
	wg.Wait()
	for until := time.Now().Add(40 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		mu.Lock()
		done := len(seen) >= len(acked) && len(worked) >= 2*len(acked)
		mu.Unlock()
		if done {
			break
		}
		if time.Now().After(until) {
			t.Errorf("followed %d and worked %d of %d", len(seen), len(worked)/2, len(acked))
			break
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if !slices.IsSorted(seqs) || len(slices.Compact(slices.Clone(seqs))) != len(seqs) {
		t.Error("the follower saw records twice or out of order")
	}
	var stored []string
	for r, err := range e.Alerts().Read(ctx, "alerts.>", 0) {
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, r.ID)
	}
	for _, list := range [][]string{seen, stored, acked} {
		slices.Sort(list)
	}
	if !slices.Equal(seen, acked) || !slices.Equal(stored, acked) {
		t.Errorf("acknowledged %d, stored %d, followed %d", len(acked), len(stored), len(seen))
	}
}

func holds(t *testing.T, dir, marker string) (found []string) {
	t.Helper()
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if b, err := os.ReadFile(path); err == nil && bytes.Contains(b, []byte(marker)) {
				found = append(found, path)
			}
		}
		return nil
	})
	return found
}

// Every replica's stream files are clean a moment after a withdrawal. The log by
// which replicas agree ("_js_") keeps its copy until nats-server's next snapshot
// (measured: up to 2 min 40 s), which is not waited for here.
func TestClusterErases(t *testing.T) {
	if testing.Short() {
		t.Skip("starts three servers: run without -short")
	}
	c := streamtest.Cluster(t, 3)
	e := outside(t, c.URL(), 3)
	const child = "Xanthippe-Quillfeather"
	if _, err := e.Alerts().Append(t.Context(), stream.Entry{Subject: "alerts.P.1", Data: []byte(child)}); err != nil {
		t.Fatal(err)
	}
	copies := func() (found []string) {
		for i := range 3 {
			found = append(found, holds(t, filepath.Join(c.Dir(i), "jetstream", "$G"), child)...)
		}
		return found
	}
	for until := time.Now().Add(10 * time.Second); len(copies()) < 3; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("copies before the withdrawal: %v", copies())
		}
	}
	if _, err := e.Alerts().Append(t.Context(), stream.Entry{Subject: "alerts.P.1", Rollup: true}); err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(10 * time.Second); len(copies()) > 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("the name is still in %v", copies())
		}
	}
}
