package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestReadStopsAtTheHead(t *testing.T) {
	l := openIn(t, t.TempDir()).Alerts()
	for range l.Read(t.Context(), "alerts.>", 0) {
		t.Fatal("an empty log has records")
	}
	for i := range 6 {
		appendTo(t, l, Entry{Subject: fmt.Sprintf("alerts.A%d.1", i%2), ID: fmt.Sprint(i)})
	}
	for _, c := range []struct {
		filter string
		after  uint64
		want   []string
	}{
		{"alerts.>", 0, []string{"0", "1", "2", "3", "4", "5"}},
		{"alerts.>", 4, []string{"4", "5"}},
		{"alerts.>", 6, nil},
		{"alerts.>", 99, nil},
		{"alerts.A0.*", 0, []string{"0", "2", "4"}}, // its last record is not the head
		{"alerts.A0.1", 5, nil},
		{"alerts.A7.1", 0, nil},
	} {
		if got := ids(t, l, c.filter, c.after); !slices.Equal(got, c.want) {
			t.Errorf("%s after %d: %v, want %v", c.filter, c.after, got, c.want)
		}
	}
	n := 0
	for r, err := range l.Read(t.Context(), "alerts.>", 0) {
		if err != nil {
			t.Fatal(err)
		}
		// What comes while reading is not read: the reader would never end.
		appendTo(t, l, Entry{Subject: "alerts.B.1", ID: "new" + r.ID})
		if n++; n > 6 {
			t.Fatal("read past the head of the call")
		}
	}
	for range l.Read(t.Context(), "alerts.>", 0) {
		break // must not leave anything behind
	}
	for _, err := range l.Read(t.Context(), "cases.>", 0) {
		if err == nil {
			t.Error("read another log's subject")
		}
	}
}

func TestFollow(t *testing.T) {
	l := openIn(t, t.TempDir()).Alerts()
	for i := range 5 {
		appendTo(t, l, Entry{Subject: "alerts.P.1", ID: fmt.Sprint(i)})
	}
	var got []string
	stop := errors.New("enough")
	err := l.Follow(t.Context(), "alerts.>", 1, func(r Record) error {
		got = append(got, r.ID)
		if r.ID == "6" {
			return stop
		}
		return nil
	}, func() {
		got = append(got, "caught up")
		appendTo(t, l, Entry{Subject: "alerts.P.1", ID: "5"})
		appendTo(t, l, Entry{Subject: "alerts.P.1", ID: "6"})
	})
	if !errors.Is(err, stop) {
		t.Errorf("follow ended with %v", err)
	}
	if want := []string{"1", "2", "3", "4", "caught up", "5", "6"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestFollowIsCaughtUpWithNothing(t *testing.T) {
	l := openIn(t, t.TempDir()).Alerts()
	appendTo(t, l, Entry{Subject: "alerts.P.1"})
	for _, c := range []struct {
		filter string
		after  uint64
	}{{"alerts.none.>", 0}, {"alerts.>", 1}, {"alerts.>", 50}} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		err := l.Follow(ctx, c.filter, c.after, func(Record) error { return nil }, cancel)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// The consumer is taken away under the follower (what a restart of one server does to it).
func TestFollowSurvivesItsConsumer(t *testing.T) {
	e := openIn(t, t.TempDir())
	l := e.Alerts()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	got, ended := make(chan string, 10), make(chan error, 1)
	go func() {
		ended <- l.Follow(ctx, "alerts.>", 0, func(r Record) error { got <- r.ID; return nil }, nil)
	}()
	for i := range 6 {
		id := fmt.Sprint(i)
		appendTo(t, l, Entry{Subject: "alerts.P.1", ID: id})
		if g := <-got; g != id {
			t.Fatalf("got %s, want %s", g, id)
		}
		for name := range e.handles[streamAlerts].ConsumerNames(t.Context()).Name() {
			if err := e.js.DeleteConsumer(t.Context(), streamAlerts, name); err != nil {
				t.Fatal(err)
			}
		}
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestConsumeOverRestarts(t *testing.T) {
	dir := t.TempDir()
	e := openIn(t, dir)
	for i := range 4 {
		appendTo(t, e.Cases(), Entry{Subject: "cases.1", ID: fmt.Sprint(i)})
	}
	var got []string
	consume := func(e *Engine, until string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		failed := false
		err := e.Cases().Consume(ctx, "planner", "cases.>", func(_ context.Context, r Record) error {
			if r.ID == "2" && !failed {
				failed = true
				got = append(got, "fault")
				if e.Realm() == "live" {
					panic("a name that no log may hold")
				}
			}
			got = append(got, r.ID)
			if r.ID == until {
				// The record's own acknowledgement must still get through.
				time.AfterFunc(50*time.Millisecond, cancel)
			}
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("consume ended with %v", err)
		}
	}
	consume(e, "3")
	if want := []string{"0", "1", "fault", "2", "3"}; !slices.Equal(got, want) {
		t.Fatalf("first run: %v, want %v", got, want)
	}
	shutDown(t, e)
	got = nil
	e = openIn(t, dir)
	appendTo(t, e.Cases(), Entry{Subject: "cases.1", ID: "4"})
	consume(e, "4")
	if want := []string{"4"}; !slices.Equal(got, want) {
		t.Errorf("second run: %v, want %v", got, want)
	}
	for _, name := range []string{"", "a.b", "a b", "*"} {
		if err := e.Cases().Consume(t.Context(), name, "cases.>", nil); err == nil {
			t.Errorf("durable %q was taken", name)
		}
	}
}
