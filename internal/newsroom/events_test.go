package newsroom

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
)

// stream is an open page's events.
type events struct {
	t     *testing.T
	lines chan string
}

func (b browser) listen() events {
	t := b.t.(*testing.T)
	ctx, cancel := context.WithCancel(context.Background())
	res, err := b.Do(must(http.NewRequestWithContext(ctx, http.MethodGet, b.base+"/newsroom/fr/events", nil))(t))
	if err != nil {
		t.Fatal(err)
	}
	e := events{t, make(chan string, 100)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(e.lines)
		for s := bufio.NewScanner(res.Body); s.Scan(); {
			e.lines <- s.Text()
		}
	}()
	t.Cleanup(func() { cancel(); _ = res.Body.Close(); <-done })
	return e
}

// next is the next event of the kind, with its data.
func (e events) next(kind string) string {
	e.t.Helper()
	late := time.After(20 * time.Second)
	for {
		select {
		case line, ok := <-e.lines:
			if !ok {
				e.t.Fatalf("the stream ended before %q", kind)
			}
			if line == "event: "+kind {
				return strings.TrimPrefix(<-e.lines, "data: ")
			}
		case <-late:
			e.t.Fatalf("no event %q", kind)
		}
	}
}

// An open page hears of everything it shows: alerts, answers, the line, the end.
func TestEvents(t *testing.T) {
	w := newWorld(t, alert.Live)
	b := w.browser("eva")
	e := b.listen()
	if got := e.next("news"); !strings.Contains(got, `"live":[],"ended":[]`) {
		t.Errorf("at first: %s", got)
	}
	m := w.publish(w.story(nil))
	got := e.next("news")
	for !strings.Contains(got, `"live":["7GQ2XKPB4MNT"]`) {
		got = e.next("news")
	}
	if strings.Contains(got, girl) {
		t.Error("an event names the child")
	}
	b.say(m, "state", "seen")
	e.next("news")
	w.desk.change(func() { w.desk.lines[nord] = Line{} })
	e.next("news")
	w.desk.change(func() {
		w.desk.tests[nord] = LinkTest{At: time.Now(), Outcome: "good", Took: 80 * time.Millisecond, Good: time.Now(), Sound: true}
	})
	e.next("news")
	w.withdraw(m, alert.OutcomeFound)
	for got = e.next("news"); !strings.Contains(got, `"live":[],"ended":["7GQ2XKPB4MNT"]`); got = e.next("news") {
		if strings.Contains(got, `"live":[]`) {
			t.Errorf("after the withdrawal: %s", got)
		}
	}
}

// A right that ends empties the open page: the stream says so and stops.
func TestEventsEndWithTheRight(t *testing.T) {
	for name, end := range map[string]func(*world) error{
		"revoked": func(w *world) error { return w.book.Revoke(w.t.Context(), "eva") },
		"removed": func(w *world) error { return w.reg.Remove(w.t.Context(), "broadcast", nord) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, alert.Live)
			e := w.browser("eva").listen()
			e.next("news")
			if err := end(w); err != nil {
				t.Fatal(err)
			}
			e.next("out")
			for range e.lines { // until the server has ended it
			}
		})
	}
}

// A station's leak of open pages ends at its own bound.
func TestStreamsAreBounded(t *testing.T) {
	w := newWorld(t, alert.Live)
	eva, sam := w.browser("eva"), w.browser("sam")
	for range maxStreams {
		eva.listen().next("news")
	}
	r := must(http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL+"/newsroom/fr/events", nil))(t)
	if res, _ := eva.send(r); res.StatusCode != http.StatusTooManyRequests || res.Header.Get("Retry-After") == "" {
		t.Errorf("one page too many: %s", res.Status)
	}
	sam.listen().next("news")
}
