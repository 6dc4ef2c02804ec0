package broadcast

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"tocsin/internal/alert"
)

// prover is a client that knows only the protocol's promises, and says what they
// prove to it. It is what FEED.md tells a client's author to write.
type prover struct {
	t      *testing.T
	conn   *websocket.Conn
	epoch  string
	last   uint64            // seq of the newest alert frame, or where the chain began
	have   map[string]uint64 // live alerts by identifier
	seqs   []uint64          // of all alert frames, in order
	origin uint64
}

// silence is three of the test's heartbeats: a line that says nothing for so long is dead.
const silence = 2 * time.Second

func (w *world) prove(url, token, cursor string) *prover {
	w.t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(url, "http")+"/v1/feed", http.Header{"Authorization": {"Bearer " + token}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = conn.Close() })
	p := &prover{t: w.t.(*testing.T), conn: conn, have: map[string]uint64{}}
	p.resume(cursor)
	return p
}

func (p *prover) resume(cursor string) {
	if err := p.conn.WriteJSON(map[string]any{"type": "resume", "client": "prover 1", "cursor": cursor}); err != nil {
		p.t.Fatal(err)
	}
	if _, seq, ok := parseCursor(cursor); ok {
		p.last = seq
	}
}

// until reads on until something is proved, or until enough says so ("").
func (p *prover) until(enough func(frame) bool) (proof string) {
	p.t.Helper()
	for {
		_ = p.conn.SetReadDeadline(time.Now().Add(silence))
		_, data, err := p.conn.ReadMessage()
		if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
			return "the line is dead"
		}
		if err != nil {
			return "closed: " + err.Error()
		}
		var f frame
		if err := json.Unmarshal(data, &f); err != nil {
			p.t.Fatalf("%q: %v", data, err)
		}
		if proof := p.take(f); proof != "" {
			return proof
		}
		if enough != nil && enough(f) {
			return ""
		}
	}
}

// take is the protocol's rules, one after the other.
func (p *prover) take(f frame) (proof string) {
	switch f.Type {
	case "hello":
		if p.epoch != "" && p.epoch != f.Epoch {
			return "another epoch"
		}
		p.epoch = f.Epoch
		if !f.CursorOK {
			p.last = 0
			return "cursor refused: " + f.Reason
		}
	case "alert":
		before := p.last
		p.last = f.Seq
		p.seqs = append(p.seqs, f.Seq)
		maps.DeleteFunc(p.have, func(id string, _ uint64) bool { return strings.HasPrefix(id, "be.police."+f.Case+".") })
		if f.MsgType != "Cancel" {
			p.have[f.Identifier] = f.Seq
		}
		if f.Prev != before {
			return fmt.Sprintf("frames between %d and %d were lost", before, f.Seq)
		}
	case "heartbeat":
		p.origin = f.Origin.N
		if f.Degraded {
			return "the node is cut off from the log"
		}
		listed := map[string]bool{}
		for _, ref := range f.Live {
			id := ref[0].(string)
			listed[id] = true
			if _, ok := p.have[id]; !ok {
				return "lost: " + id
			}
		}
		for id := range p.have {
			if !listed[id] {
				delete(p.have, id)
				return "over: " + id
			}
		}
	case "bye":
		return "bye: " + f.Reason
	}
	return ""
}

// seq says whether a frame is the alert of that sequence.
func seq(n uint64) func(frame) bool {
	return func(f frame) bool { return f.Type == "alert" && f.Seq == n }
}

func typ(name string) func(frame) bool { return func(f frame) bool { return f.Type == name } }

// loseOnce picks the first frame that holds all of these.
func loseOnce(parts ...string) func(string) bool {
	var once sync.Once
	return func(text string) (hit bool) {
		for _, p := range parts {
			if !strings.Contains(text, p) {
				return false
			}
		}
		once.Do(func() { hit = true })
		return hit
	}
}

// TestEveryGapIsProvable causes each kind of loss with a hostile line, and lets
// a client that trusts nothing find it, name it and mend it.
func TestEveryGapIsProvable(t *testing.T) {
	three := func(w *world) {
		for _, c := range []string{"a", "b", "c"} {
			w.putRead(msg(c, 1, alert.TypeAlert))
		}
	}
	alertOf := func(n int) []string { return []string{`{"type":"alert"`, fmt.Sprintf(`"seq":%d,`, n)} }
	for _, tt := range []struct {
		name   string
		lose   []string
		put    func(*world)
		proof  string
		cursor string   // resumed from, to mend it
		want   []uint64 // what the resume brings
	}{
		{"in the middle", alertOf(2), three, "frames between 1 and 3 were lost", "e1-1", []uint64{2, 3}},
		{"at the beginning", alertOf(1), three, "frames between 0 and 2 were lost", "e1-0", []uint64{1, 2, 3}},
		{"the last", alertOf(3), three, "lost: be.police.c.1", "e1-2", []uint64{3}},
		{"the last, an update", alertOf(4), func(w *world) {
			three(w)
			w.log.put(msg("a", 2, alert.TypeUpdate))
		}, "lost: be.police.a.2", "e1-3", []uint64{4}},
		{"the last, a withdrawal", alertOf(4), func(w *world) {
			three(w)
			w.log.put(msg("b", 2, alert.TypeCancel))
		}, "over: be.police.b.1", "e1-3", []uint64{4}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, nil)
			_, token := w.station()
			r := newRelay(t, w, loseOnce(tt.lose...))
			p := w.prove(r.url, token, "e1-0")
			if proof := p.until(typ("heartbeat")); proof != "" {
				t.Fatalf("before anything was lost: %s", proof)
			}
			tt.put(w)
			if proof := p.until(nil); proof != tt.proof || r.lost.Load() != 1 {
				t.Fatalf("proved %q, want %q; %d frames lost", proof, tt.proof, r.lost.Load())
			}
			p.resume(tt.cursor)
			for p.until(typ("hello")) != "" { // what was on its way
			}
			p.last, p.seqs = parseSeq(tt.cursor), nil
			if proof := p.until(seq(tt.want[len(tt.want)-1])); proof != "" || !slices.Equal(p.seqs, tt.want) {
				t.Errorf("after resume from %s: %q, %v; want %v", tt.cursor, proof, p.seqs, tt.want)
			}
			if proof := p.until(typ("heartbeat")); proof != "" {
				t.Errorf("after it was mended: %s", proof)
			}
		})
	}
}

func parseSeq(c string) uint64 { _, n, _ := parseCursor(c); return n }

// TestHalfOpenIsProvable: the peer vanishes without a word. The client knows by
// the missing heartbeats, the feed by the missing pongs.
func TestHalfOpenIsProvable(t *testing.T) {
	w := newWorld(t, func(f *Feed) { f.limits.silence = time.Second })
	_, token := w.station()
	r := newRelay(t, w, func(string) bool { return false })
	p := w.prove(r.url, token, "e1-0")
	if proof := p.until(typ("heartbeat")); proof != "" {
		t.Fatal(proof)
	}
	r.dead.Store(true)
	if proof := p.until(nil); proof != "the line is dead" {
		t.Errorf("the client proved %q", proof)
	}
	w.until("the feed has closed it too", func() bool { return w.feed.Stats().Sessions == 0 })
	// Nothing is lost: the next line goes on where this one fell silent.
	w.putRead(msg("a", 1, alert.TypeAlert))
	again := w.prove(w.srv.URL, token, "e1-0")
	if proof := again.until(seq(1)); proof != "" {
		t.Error(proof)
	}
}

// TestCutOffIsProvable: the line is good and the node hears nothing of the log.
func TestCutOffIsProvable(t *testing.T) {
	c := &counted{n: 1, at: time.Now(), read: time.Now()}
	var mu sync.Mutex
	w := newWorld(t, func(f *Feed) {
		f.limits.origin = time.Second
		c.memLog = f.env.Alerts.(*memLog)
		f.env.Alerts = lockedOrigin{c, &mu}
	})
	_, token := w.station()
	value := func(n uint64, read time.Time) {
		mu.Lock()
		defer mu.Unlock()
		c.n, c.read = n, read
	}
	value(2, time.Now().Add(time.Hour)) // good for longer than the test takes
	p := w.prove(w.srv.URL, token, "e1-0")
	if proof := p.until(typ("heartbeat")); proof != "" || p.origin != 2 {
		t.Fatalf("%q, origin %d", proof, p.origin)
	}
	value(2, time.Now().Add(-time.Hour))
	if proof := p.until(nil); proof != "the node is cut off from the log" || p.origin != 2 {
		t.Errorf("proved %q with origin %d", proof, p.origin)
	}
	value(3, time.Now().Add(time.Hour))
	for p.until(typ("heartbeat")) == "the node is cut off from the log" { // said before
	}
	if proof := p.until(typ("heartbeat")); proof != "" || p.origin != 3 {
		t.Errorf("after the log came back: %q, origin %d", proof, p.origin)
	}
}

type lockedOrigin struct {
	*counted
	mu *sync.Mutex
}

func (l lockedOrigin) Origin() (uint64, time.Time, time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counted.Origin()
}

// TestLostCursorIsProvable: a cursor that this log does not know is said to be so,
// and everything live follows.
func TestLostCursorIsProvable(t *testing.T) {
	for cursor, proof := range map[string]string{
		"rubbish": "cursor refused: unknown", "e1-": "cursor refused: unknown", "e1--1": "cursor refused: foreign",
		"e0-1": "cursor refused: foreign", "e1-9": "cursor refused: future", "e1-18446744073709551615": "cursor refused: future",
		"e1-18446744073709551616": "cursor refused: unknown",
	} {
		t.Run(cursor, func(t *testing.T) {
			w := newWorld(t, nil)
			_, token := w.station()
			w.putRead(msg("a", 1, alert.TypeAlert))
			w.putRead(msg("b", 1, alert.TypeAlert))
			w.putRead(msg("b", 2, alert.TypeCancel))
			p := w.prove(w.srv.URL, token, cursor)
			if got := p.until(nil); !strings.HasPrefix(got, proof) {
				t.Fatalf("proved %q, want %q", got, proof)
			}
			if got := p.until(typ("heartbeat")); got != "" || !slices.Equal(p.seqs, []uint64{1, 3}) {
				t.Errorf("%q; then came %v, want the live one and the withdrawal", got, p.seqs)
			}
		})
	}
}

// TestChangedEpochIsProvable: the log was made anew while the client was on the line.
func TestChangedEpochIsProvable(t *testing.T) {
	w := newWorld(t, nil)
	_, token := w.station()
	w.putRead(msg("a", 1, alert.TypeAlert))
	p := w.prove(w.srv.URL, token, "e1-0")
	if proof := p.until(seq(1)); proof != "" {
		t.Fatal(proof)
	}
	w.log.mu.Lock()
	w.log.epoch, w.log.stored = "e2", nil
	w.log.mu.Unlock()
	if proof := p.until(nil); proof != "bye: drain" {
		t.Errorf("proved %q", proof)
	}
	w.log.put(msg("b", 1, alert.TypeAlert))
	w.until("the new log is read", func() bool { return w.feed.ready.Load() && w.feed.Stats().Head == 1 })
	again := w.prove(w.srv.URL, token, "e1-1")
	again.epoch = "e1"
	if proof := again.until(nil); proof != "another epoch" {
		t.Errorf("proved %q", proof)
	}
}

// TestTwoNodesSayTheSame: whoever resumes from one cursor gets the same bytes from
// either node and transport, but for replay; nobody on both sees anything twice.
func TestTwoNodesSayTheSame(t *testing.T) {
	w := newWorld(t, nil)
	second := &world{t: t, log: w.log, reg: w.reg, inbox: w.inbox}
	second.open(nil)
	_, token := w.station()
	for i := range 5 {
		w.putRead(msg(fmt.Sprintf("c%d", i), 1, alert.TypeAlert))
	}
	second.until("the other has read it", func() bool { return second.feed.Stats().Head == 5 })
	var want []string
	for name, lines := range map[string]func() []string{
		"first, WebSocket":  func() []string { return overSocket(w, token, 5) },
		"second, WebSocket": func() []string { return overSocket(second, token, 5) },
		"first, events":     func() []string { return overEvents(t, w, token, 5) },
		"second, events":    func() []string { return overEvents(t, second, token, 5) },
		"first, poll":       func() []string { return overPoll(t, w, token) },
		"second, poll":      func() []string { return overPoll(t, second, token) },
	} {
		got := lines()
		if want == nil {
			want = got
		}
		if len(got) != 5 || !slices.Equal(got, want) {
			t.Errorf("%s differs:\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}
