package nodes

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/stream"
	"tocsin/internal/stream/streamtest"
)

// begin starts a table over log; end stops it, cleanly or as by kill -9.
func begin(t *testing.T, log Log) (table *Table, end context.CancelFunc) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	table = New(log, slog.New(slog.DiscardHandler))
	up, done := make(chan struct{}), make(chan struct{})
	go func() { defer close(done); _ = table.Run(ctx, func() { close(up) }) }()
	<-up
	return table, func() { cancel(); <-done }
}

// cut is a log that can be out of reach.
type cut struct {
	streamtest.Memory
	away atomic.Bool
}

func (c *cut) Append(ctx context.Context, en stream.Entry) (uint64, error) {
	if c.away.Load() {
		<-ctx.Done()
		return 0, stream.ErrUnavailable
	}
	return c.Memory.Append(ctx, en)
}

// TestOrigin: one counter, whoever writes it, that everybody reads back; who is
// cut off sees it age, and sees it again afterwards.
func TestOrigin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := new(streamtest.Memory)
		a, endA := begin(t, log)
		b, endB := begin(t, log)
		defer endB()
		var last uint64
		for range 12 {
			time.Sleep(10 * time.Second)
			synctest.Wait()
			n, at, age := b.Origin()
			if m, _, _ := a.Origin(); m != n || n <= last || age > 2*every || time.Since(at) > 2*every {
				t.Fatalf("after %d comes %d, on the other node %d, read %v ago", last, n, m, age)
			}
			last = n
		}
		written := 0
		for _, r := range log.Records() {
			if r.Subject == "nodes.origin" {
				written++
			}
		}
		if written > 120/4+2 {
			t.Errorf("%d writes in two minutes: the nodes do not share the work", written)
		}
		endA()
		time.Sleep(30 * time.Second)
		if n, _, age := b.Origin(); n <= last || age > 2*every {
			t.Errorf("alone the other goes on to %d, read %v ago, after %d", n, age, last)
		}
	})
}

func TestOriginAgesWhenCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := new(cut)
		a, end := begin(t, log)
		defer end()
		time.Sleep(time.Minute)
		before, _, _ := a.Origin()
		log.away.Store(true)
		time.Sleep(time.Minute)
		if n, _, age := a.Origin(); n != before || age < time.Minute-every {
			t.Errorf("cut off for a minute: %d after %d, read %v ago", n, before, age)
		}
		log.away.Store(false)
		time.Sleep(2 * (every + try))
		if n, _, age := a.Origin(); n <= before || age > 2*every {
			t.Errorf("well again: %d after %d, read %v ago", n, before, age)
		}
	})
}

// one is a station with so many sessions since then.
func one(id string, sessions int, since time.Time) []adapter.Attendance {
	return []adapter.Attendance{{Recipient: id, Sessions: sessions, Since: since}}
}

// sees checks what a table knows of station "st" on other nodes.
func sees(t *testing.T, table *Table, sessions int, node string) adapter.Attendance {
	t.Helper()
	synctest.Wait()
	for _, a := range table.Elsewhere() {
		if a.Recipient == "st" {
			if a.Sessions != sessions || a.Node != node {
				t.Errorf("%+v, want %d sessions on %s", a, sessions, node)
			}
			return a
		}
	}
	t.Errorf("nothing is known, want %d sessions on %s", sessions, node)
	return adapter.Attendance{}
}

func TestPresence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := new(cut)
		a, _ := begin(t, log)
		b, endB := begin(t, &log.Memory)
		defer endB()
		start := time.Now().Truncate(time.Millisecond)
		time.Sleep(time.Hour)
		a.Announce("a", one("st", 2, start))
		time.Sleep(change + time.Millisecond)
		if got := sees(t, b, 2, "a"); !got.Since.Equal(start) {
			t.Errorf("since %v, want %v", got.Since, start)
		}
		if own := a.Elsewhere(); len(own) != 0 {
			t.Errorf("a node hears itself: %+v", own)
		}
		time.Sleep(10 * time.Minute) // nothing new is said, and it stays so
		sees(t, b, 2, "a")
		// A third node that starts now knows at once.
		c, endC := begin(t, &log.Memory)
		defer endC()
		sees(t, c, 2, "a")

		a.Announce("a", nil)
		left := time.Now()
		time.Sleep(change + time.Millisecond)
		if got := sees(t, b, 0, "a"); got.Since.Sub(left).Abs() > time.Millisecond {
			t.Errorf("left at %v, want %v", got.Since, left)
		}

		// The node dies without a word.
		a.Announce("a", one("st", 1, time.Now()))
		time.Sleep(change + time.Millisecond)
		sees(t, b, 1, "a")
		log.away.Store(true)
		died := time.Now()
		time.Sleep(dead - every - time.Second)
		sees(t, b, 1, "a")
		time.Sleep(every + 2*time.Second)
		if got := sees(t, b, 0, "a"); got.Since.After(died) {
			t.Errorf("seen last at %v, but it died at %v", got.Since, died)
		}
		// And who starts after that does not take the dead one's last word for news.
		d, endD := begin(t, &log.Memory)
		defer endD()
		sees(t, d, 0, "a")
		log.away.Store(false)
		time.Sleep(2 * (every + try)) // what it is trying now must fail first
		sees(t, b, 1, "a")            // it was only out of reach
	})
}

func TestCleanEndIsSaidAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := new(streamtest.Memory)
		a, endA := begin(t, log)
		b, endB := begin(t, log)
		defer endB()
		a.Announce("a", one("st", 1, time.Now()))
		time.Sleep(change + time.Millisecond)
		sees(t, b, 1, "a")
		endA()
		sees(t, b, 0, "a")
	})
}

// TestManyStations: more than one record holds, and fewer again.
func TestManyStations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := new(streamtest.Memory)
		a, endA := begin(t, log)
		defer endA()
		b, endB := begin(t, log)
		defer endB()
		var all []adapter.Attendance
		for i := range 2*partSize + 1 {
			all = append(all, adapter.Attendance{Recipient: fmt.Sprintf("st-%012d", i), Sessions: 1, Since: time.Now()})
		}
		a.Announce("a", all)
		time.Sleep(change + time.Millisecond)
		synctest.Wait()
		if n := len(b.Elsewhere()); n != len(all) {
			t.Errorf("%d of %d stations are known", n, len(all))
		}
		for _, r := range log.Records() {
			if len(r.Data) > 512<<10 {
				t.Errorf("a record of %d bytes is near the bound of a message", len(r.Data))
			}
		}
	})
}

func TestOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := new(cut)
		a, endA := begin(t, log)
		defer endA()
		b, endB := begin(t, log)
		defer endB()
		for i, want := range []bool{true, false, false} {
			who := []*Table{a, b, a}[i]
			if got, err := who.Once(t.Context(), "warned st 30"); err != nil || got != want {
				t.Errorf("asked for the %d. time: %v, %v", i+1, got, err)
			}
		}
		if got, err := b.Once(t.Context(), "warned st 14"); err != nil || !got {
			t.Errorf("another thing: %v, %v", got, err)
		}
		log.away.Store(true)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := b.Once(ctx, "warned st 7"); !errors.Is(err, stream.ErrUnavailable) {
			t.Errorf("out of reach: %v", err)
		}
	})
}
