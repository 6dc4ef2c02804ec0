package broadcast

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
)

// names says whether any entry the node holds still has the word.
func names(r *ring, word string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, e := range r.entries {
		if b := e.body.Load(); b != nil && strings.Contains(string(*b), word) {
			return true
		}
	}
	for _, e := range r.live {
		if b := e.body.Load(); b != nil && strings.Contains(string(*b), word) {
			return true
		}
	}
	return false
}

func TestWithdrawalErasesTheCaseFromMemory(t *testing.T) {
	w := newWorld(t, nil)
	_, token := w.station()
	w.log.put(msg("other", 1, alert.TypeAlert))
	w.log.put(msg("zoe", 1, alert.TypeAlert))
	w.log.put(msg("zoe", 2, alert.TypeUpdate))
	w.until("both are there", func() bool { return w.feed.Stats().Head == 3 })
	bytes := w.feed.Stats().RingSize
	w.log.put(msg("zoe", 3, alert.TypeCancel))
	w.until("the withdrawal is there", func() bool { return w.feed.Stats().Head == 4 })
	r := w.feed.ring.Load()
	for _, id := range []string{"be.police.zoe.1", "be.police.zoe.2"} {
		e, ok := r.find(id)
		if !ok || e.text(time.Now()) != nil {
			t.Errorf("%s: known %v, text must be gone", id, ok)
		}
	}
	if st := w.feed.Stats(); st.Live != 1 || st.RingSize >= bytes {
		t.Errorf("after the withdrawal %+v, before it %d bytes", st, bytes)
	}
	c, _ := w.join(token, map[string]any{"start": "all"})
	first, second := c.next("alert"), c.next("alert")
	if first.Seq != 1 || second.Seq != 4 || second.Prev != 1 || second.MsgType != "Cancel" {
		t.Errorf("replay %s then %s", first.raw, second.raw)
	}
	if strings.Contains(second.raw, "Zoé") {
		t.Errorf("the withdrawal names the child: %s", second.raw)
	}
}

func TestExpiredAlertDoesNotGoOut(t *testing.T) {
	w := newWorld(t, nil)
	_, token := w.station()
	m := msg("old", 1, alert.TypeAlert)
	m.Expires = time.Now().Add(-time.Second)
	w.log.put(m)
	soon := msg("soon", 1, alert.TypeAlert)
	soon.Expires = time.Now().Add(300 * time.Millisecond)
	w.log.put(soon)
	w.until("the second is past its time", func() bool { st := w.feed.Stats(); return st.Head == 2 && st.Live == 0 })
	if names(w.feed.ring.Load(), "Zo") {
		t.Error("an expired alert is still in memory")
	}
	c, _ := w.join(token, map[string]any{"start": "all"})
	if f := c.next("alert", "live"); f.Type != "live" || f.Head != 2 {
		t.Errorf("got %s", f.raw)
	}
}

func TestForeignRealmIsNotSent(t *testing.T) {
	w := newWorld(t, nil)
	_, token := w.station()
	c, _ := w.join(token, nil)
	c.next("live")
	m := msg("drill", 1, alert.TypeAlert)
	m.Realm = alert.Drill
	w.log.put(m)
	bad := msg("bytes", 1, alert.TypeAlert)
	bad.CAP = []byte{'<', 0xff, '>'}
	w.log.put(bad)
	w.log.put(msg("zoe", 1, alert.TypeAlert))
	if f := c.next("alert"); f.Case != "zoe" || f.Seq != 3 || f.Prev != 0 {
		t.Errorf("got %s", f.raw)
	}
}

func TestOldFramesFallOutOfTheRing(t *testing.T) {
	w := newWorld(t, func(f *Feed) { f.ring.Load().maxFrames = 3 })
	_, token := w.station()
	w.log.put(msg("zoe", 1, alert.TypeAlert)) // 1 stays live
	for i := range 5 {
		c := fmt.Sprintf("c%d", i)
		w.putRead(msg(c, 1, alert.TypeAlert))
		w.putRead(msg(c, 2, alert.TypeCancel))
	}
	if st := w.feed.Stats(); st.RingFrames != 3 || st.Live != 1 {
		t.Fatalf("%+v", st)
	}
	r := w.feed.ring.Load()
	if len(r.byID) > 4 {
		t.Errorf("%d identifiers for 4 entries", len(r.byID))
	}
	for cursor, want := range map[string]struct {
		ok   bool
		seqs []uint64
	}{
		"e1-7":  {false, []uint64{1, 9, 11}}, // what fell out is replaced by what is live
		"e1-8":  {true, []uint64{9, 11}},     // 10 was withdrawn by 11
		"e1-11": {true, nil},
	} {
		c, hello := w.join(token, map[string]any{"cursor": cursor})
		var got []uint64
		for f := c.next("alert", "live"); f.Type == "alert"; f = c.next("alert", "live") {
			got = append(got, f.Seq)
		}
		if hello.CursorOK != want.ok || len(got) != len(want.seqs) {
			t.Errorf("cursor %s: ok %v (%s), %v; want %v %v", cursor, hello.CursorOK, hello.Reason, got, want.ok, want.seqs)
		}
		c.Close()
	}
	// The live one that fell out is withdrawn too.
	w.log.put(msg("zoe", 2, alert.TypeCancel))
	w.until("the withdrawal is read", func() bool { return w.feed.Stats().Live == 0 })
	if e, ok := r.find("be.police.zoe.1"); ok {
		t.Errorf("%s is still known", e.identifier)
	}
	r.mu.RLock()
	sum := 0
	for _, e := range r.entries {
		if e.body.Load() != nil {
			sum += e.size
		}
	}
	if r.bytes != sum {
		t.Errorf("the ring counts %d bytes and holds %d", r.bytes, sum)
	}
	r.mu.RUnlock()
}

func TestEveryRevisionFollowsTheFirst(t *testing.T) {
	w := newWorld(t, nil)
	_, token := w.station("BE-VAN")
	c, _ := w.join(token, nil)
	c.next("live")
	w.log.put(msg("far", 1, alert.TypeAlert, "FR-75"))
	w.log.put(msg("zoe", 1, alert.TypeAlert, "BE-VAN"))
	w.log.put(msg("zoe", 2, alert.TypeUpdate, "NL-NB")) // the child was seen across the border
	w.log.put(msg("zoe", 3, alert.TypeCancel, "NL-NB"))
	w.log.put(msg("all", 1, alert.TypeAlert, "BE"))
	var got []uint64
	for range 4 {
		f := c.next("alert")
		if n := len(got); n > 0 && f.Prev != got[n-1] {
			t.Errorf("seq %d has prev %d after %v", f.Seq, f.Prev, got)
		}
		got = append(got, f.Seq)
		if f.Case == "far" {
			t.Errorf("an alert of another region: %s", f.raw)
		}
		if f.Seq == 5 {
			break
		}
	}
	if got[len(got)-1] != 5 {
		t.Errorf("got %v", got)
	}
}
