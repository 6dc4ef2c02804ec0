package stream_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/stream"
	"tocsin/internal/stream/streamtest"
)

func outside(t *testing.T, url string, replicas int) *stream.Engine {
	t.Helper()
	e, err := stream.Open(t.Context(), stream.Options{URL: url, Realm: alert.Live, Replicas: replicas})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close(t.Context()) })
	return e
}

// NATS is away for some seconds: an Append under way is stored when it is back,
// and a follower misses nothing and sees nothing twice.
func TestServerGoneAndBack(t *testing.T) {
	url, kill, restart := streamtest.Server(t)
	e := outside(t, url, 1)
	ctx := t.Context()
	var got []string
	seen := make(chan int, 100)
	followed := make(chan error, 1)
	go func() {
		followed <- e.Alerts().Follow(ctx, "alerts.>", 0, func(r stream.Record) error {
			got = append(got, r.ID)
			seen <- len(got)
			return nil
		}, nil)
	}()
	add := func(i int) error {
		_, err := e.Alerts().Append(ctx, stream.Entry{Subject: fmt.Sprintf("alerts.P.%d", i), ID: fmt.Sprint(i)})
		return err
	}
	for i := range 10 {
		if err := add(i); err != nil {
			t.Fatal(err)
		}
	}
	kill()
	var waiting atomic.Bool
	appended := make(chan error, 1)
	waiting.Store(true)
	go func() { err := add(10); waiting.Store(false); appended <- err }()
	time.Sleep(10 * time.Second)
	if !waiting.Load() {
		t.Fatal("an append ended while no server was there")
	}
	restart()
	if err := <-appended; err != nil {
		t.Fatal(err)
	}
	for i := 11; i < 20; i++ {
		if err := add(i); err != nil {
			t.Fatal(err)
		}
	}
	timeout := time.After(20 * time.Second)
	for n := 0; n < 20; {
		select {
		case n = <-seen:
		case err := <-followed:
			t.Fatal(err)
		case <-timeout:
			t.Fatalf("followed %d of 20", n)
		}
	}
	for i, id := range got {
		if id != fmt.Sprint(i) {
			t.Fatalf("record %d has the ID %s: %v", i, id, got)
		}
	}
}
