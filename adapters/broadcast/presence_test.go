package broadcast

import (
	"context"
	"maps"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// TestPresenceIsShared: who comes and goes is told to the other nodes within the second.
func TestPresenceIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, nil)
		id, line := b.station()
		time.Sleep(time.Second + time.Millisecond)
		if got := b.far.announced(); !maps.Equal(got, map[string]int{id: 1}) {
			t.Errorf("announced %v", got)
		}
		b.connect(id, resumeFrame{})
		time.Sleep(time.Second + time.Millisecond)
		if got := b.far.announced(); !maps.Equal(got, map[string]int{id: 2}) {
			t.Errorf("announced %v", got)
		}
		_ = b.reg.Remove(t.Context(), Name, id)
		time.Sleep(2 * time.Second)
		if got := b.far.announced(); len(got) != 0 {
			t.Errorf("after it was cut off %v is announced", got)
		}
		if n := len(line.take(t, "bye")); n != 1 {
			t.Errorf("%d byes", n)
		}
	})
}

// TestStationsIsTheUnion of what all nodes say.
func TestStationsIsTheUnion(t *testing.T) {
	now := time.Now()
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	tests := []struct {
		name string
		said []adapter.Attendance
		want Presence
	}{
		{"nobody has seen it", nil, Presence{}},
		{"gone from both", []adapter.Attendance{
			{Since: ago(time.Hour), Node: "b"}, {Since: ago(time.Minute), Node: "c"},
		}, Presence{Since: ago(time.Minute), Nodes: []string{"c"}}},
		{"left one, with the other", []adapter.Attendance{
			{Since: ago(time.Second), Node: "c"}, {Sessions: 1, Since: ago(time.Hour), Node: "b"},
		}, Presence{Connected: true, Sessions: 1, Since: ago(time.Hour), Nodes: []string{"b"}}},
		{"with the one, left the other", []adapter.Attendance{
			{Sessions: 1, Since: ago(time.Hour), Node: "b"}, {Since: ago(time.Second), Node: "c"},
		}, Presence{Connected: true, Sessions: 1, Since: ago(time.Hour), Nodes: []string{"b"}}},
		{"with both", []adapter.Attendance{
			{Sessions: 1, Since: ago(time.Minute), Node: "c"}, {Sessions: 2, Since: ago(time.Hour), Node: "b"},
		}, Presence{Connected: true, Sessions: 3, Since: ago(time.Hour), Nodes: []string{"b", "c"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBubble(t, nil)
				r, _, _ := NewStation("Radio Test", nil, alert.French)
				_ = b.reg.Put(t.Context(), r)
				for _, a := range tt.said {
					a.Recipient = r.ID
					b.far.they = append(b.far.they, a)
				}
				b.far.they = append(b.far.they, adapter.Attendance{Recipient: "st-removed", Sessions: 1, Node: "b"})
				got := b.feed.Stations()
				if len(got) != 1 {
					t.Fatalf("%d stations: %+v", len(got), got)
				}
				p, want := got[0], tt.want
				if p.ID != r.ID || p.Name != r.Name || p.Connected != want.Connected || p.Sessions != want.Sessions ||
					!p.Since.Equal(want.Since) || !slices.Equal(p.Nodes, want.Nodes) {
					t.Errorf("%+v, want %+v", p, want)
				}
			})
		})
	}
}

// TestPollingIsOneConnection: a station between two polls is connected, one that
// stays away is not.
func TestPollingIsOneConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, nil)
		r, token, _ := NewStation("Radio Test", nil, alert.French)
		_ = b.reg.Put(t.Context(), r)
		poll := func() {
			t.Helper()
			req := httptest.NewRequestWithContext(t.Context(), "GET", "/v1/feed/poll?wait=5", nil)
			req.Header.Set("Authorization", "Bearer "+token)
			w := httptest.NewRecorder()
			b.feed.servePoll(w, req)
			if w.Code != 200 {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
		}
		start := time.Now()
		for range 20 {
			poll()
			time.Sleep(2 * time.Second)
			if p := b.feed.Stations()[0]; !p.Connected || !p.Since.Equal(start) {
				t.Fatalf("between two polls %+v, polling since %v", p, start)
			}
		}
		if got := b.far.announced(); !maps.Equal(got, map[string]int{r.ID: 1}) {
			t.Errorf("announced %v", got)
		}
		time.Sleep(lingers + time.Second)
		if p := b.feed.Stations()[0]; p.Connected {
			t.Errorf("long after its last poll %+v", p)
		}
		if got := b.far.announced(); len(got) != 0 {
			t.Errorf("announced %v", got)
		}
	})
}

// counted is a log with a counter that goes through it.
type counted struct {
	*memLog
	n    uint64
	at   time.Time
	read time.Time
}

func (c *counted) Origin() (uint64, time.Time, time.Duration) { return c.n, c.at, time.Since(c.read) }

// TestCutOffNodeSaysSo: without a new value of the counter for half a minute the
// node calls itself degraded, on every transport, and no longer when one comes.
func TestCutOffNodeSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		c := &counted{n: 7, at: time.Now().Add(time.Hour), read: time.Now()} // the log's clock is an hour ahead of ours
		b := newBubble(t, func(f *Feed) { c.memLog = f.env.Alerts.(*memLog); f.env.Alerts = lockedOrigin{c, &mu} })
		_, line := b.station()
		beat := func() frame {
			t.Helper()
			line.take(t, "")
			time.Sleep(b.feed.beatEvery + b.feed.limits.tick)
			all := line.take(t, "heartbeat")
			if len(all) == 0 {
				t.Fatal("no heartbeat")
			}
			return all[len(all)-1]
		}
		time.Sleep(10 * time.Second)
		if f := beat(); f.Degraded || f.Origin.N != 7 || !f.Origin.At.Equal(c.at) {
			t.Errorf("heartbeat %s", f.raw)
		}
		time.Sleep(20 * time.Second)
		if f := beat(); !f.Degraded || f.Origin.N != 7 {
			t.Errorf("after 30 seconds without the log %s", f.raw)
		}
		a, err := b.feed.newSession(must(t, b), nowhere{}, 1).poll(httptest.NewRequestWithContext(context.Background(), "GET", "/", nil), resumeFrame{}, 0)
		if err != nil || !a.Degraded || !b.feed.Stats().Degraded {
			t.Errorf("poll %+v, %v", a, err)
		}
		b.feed.lines.Done()
		mu.Lock()
		c.n, c.read = 8, time.Now()
		mu.Unlock()
		if f := beat(); f.Degraded || f.Origin.N != 8 {
			t.Errorf("the log is back: %s", f.raw)
		}
	})
}

// must is any station of the bubble.
func must(t *testing.T, b *bubble) *station {
	t.Helper()
	who, err := newStation(b.reg.All(Name)[0])
	if err != nil {
		t.Fatal(err)
	}
	return who
}
