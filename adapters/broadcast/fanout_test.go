package broadcast

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"tocsin/internal/alert"
)

// pipeline is a direct line that takes so much at once and keeps what it got.
type pipeline struct {
	webSocket

	mu    sync.Mutex
	room  int // bytes that try takes; -1 = all
	got   []byte
	tries int
}

func (l *pipeline) try(_ *attempt, p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tries++
	n := len(p)
	if l.room >= 0 {
		n = min(n, l.room)
		l.room -= n
	}
	l.got = append(l.got, p[:n]...)
	return n, nil
}

func (l *pipeline) write(b *batch, _ time.Duration) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b.begin()
	for _, p := range b.rest {
		l.got = append(l.got, p...)
	}
	return b.size, nil
}

func (*pipeline) interrupt() {}
func (*pipeline) close()     {}

// frames are the whole messages that went through so far, taken apart by hand.
func (l *pipeline) frames(t *testing.T) (out []frame) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for b := l.got; len(b) >= 4; {
		op, n, at := b[0], int(b[1]), 2
		if n == 126 {
			n, at = int(binary.BigEndian.Uint16(b[2:])), 4
		}
		if len(b) < at+n {
			break // the rest is on its way
		}
		if op == opText {
			var f frame
			if err := json.Unmarshal(b[at:at+n], &f); err != nil {
				t.Fatalf("frame %q: %v", b[at:at+n], err)
			}
			f.raw = string(b[at : at+n])
			out = append(out, f)
		}
		b = b[at+n:]
	}
	return out
}

// seqs are those of the alerts among frames, and whether their chain is whole.
func seqs(frames []frame) (all []uint64, whole bool) {
	whole = true
	for _, f := range frames {
		if f.Type != "alert" {
			continue
		}
		if n := len(all); n > 0 && f.Prev != all[n-1] {
			whole = false
		}
		all = append(all, f.Seq)
	}
	return all, whole
}

// joined is a session on l that is live.
func (w *world) joined(l *pipeline, areas ...string) *session {
	w.t.Helper()
	id, _ := w.station(areas...)
	rec, _ := w.reg.Get(Name, id)
	who, err := newStation(rec)
	if err != nil {
		w.t.Fatal(err)
	}
	s := w.feed.newSession(who, l, 1)
	w.t.Cleanup(s.lost)
	s.ask(resumeFrame{Start: "new"})
	w.until("it is live", s.caught.Load)
	return s
}

// TestFanoutSharesBytes: sessions at one place with the same areas get the very
// same run; others get their own.
func TestFanoutSharesBytes(t *testing.T) {
	w := newWorld(t, func(f *Feed) { f.beatEvery = time.Hour })
	lines := []*pipeline{{room: -1}, {room: -1}, {room: -1}}
	areas := []string{"BE", "BE", "FR"}
	var all []*session
	for i, l := range lines {
		all = append(all, w.joined(l, areas[i]))
	}
	p := &passer{out: w.feed.fan, try: newAttempt()}
	w.feed.ring.Load().add(1, msg("zoe", 1, alert.TypeAlert), []byte(`,"identifier":"be.police.zoe.1"}`), time.Now())
	runs := make([]*run, 3)
	for i, s := range all {
		w.until("it rests", s.claim)
		runs[i] = p.run(s)
		if runs[i] == nil {
			t.Fatalf("session %d is due something else", i)
		}
	}
	if runs[0] != runs[1] || runs[0] == runs[2] || len(runs[0].wire) == 0 || len(runs[2].wire) != 0 {
		t.Errorf("runs %+v", runs)
	}
	// A withdrawal makes the bytes void at once.
	w.feed.ring.Load().add(2, msg("zoe", 2, alert.TypeCancel), []byte(`,"identifier":"be.police.zoe.2"}`), time.Now())
	again := p.run(all[0])
	if again == runs[0] || len(again.ends) != 1 {
		t.Errorf("after the withdrawal a run of %d frames: %s", len(again.ends), again.wire)
	}
	for _, s := range all {
		if !s.rest() {
			s.turn.Store(resting)
		}
	}
}

// TestFanoutKeepsOrderWhenALineIsFull: what a line does not take at once comes
// by its own writer, to the byte, and the others do not wait for it.
func TestFanoutKeepsOrderWhenALineIsFull(t *testing.T) {
	w := newWorld(t, func(f *Feed) { f.beatEvery = time.Hour })
	for _, room := range []int{-1, 0, 1, 700, 5000} {
		l := &pipeline{room: -1}
		w.joined(l)
		l.mu.Lock()
		l.room = room
		l.mu.Unlock()
		var want []uint64
		for i := range 20 {
			want = append(want, w.log.put(msg(fmt.Sprintf("c%d-%d", room, i), 1, alert.TypeAlert)))
		}
		w.until("all came", func() bool { got, _ := seqs(l.frames(t)); return len(got) >= len(want) })
		if got, whole := seqs(l.frames(t)); !slices.Equal(got, want) || !whole {
			t.Errorf("room for %d: %v, want %v", room, got, want)
		}
	}
}

// TestTurnIsNeverLost: whoever wakes a session finds the turn free, or somebody who looks again.
func TestTurnIsNeverLost(t *testing.T) {
	s := &session{}
	if !s.claim() || s.claim() || s.claim() {
		t.Fatal("two have the turn")
	}
	if s.rest() {
		t.Fatal("the turn was given back with work left")
	}
	if !s.rest() || !s.claim() {
		t.Fatal("the turn was not given back")
	}
	s.turn.Store(ended)
	if s.claim() {
		t.Error("a session that has ended writes")
	}
}

// TestTryDoesNotWait: a socket that nobody reads takes some and then nothing, at once.
func TestTryDoesNotWait(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	out, a, big := newSocket(conn), newAttempt(), make([]byte, 1<<20)
	for range 100 {
		n, err := out.try(a, big)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
	t.Error("a hundred megabytes went into a socket that nobody reads")
}
