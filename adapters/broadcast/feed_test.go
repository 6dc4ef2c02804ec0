package broadcast

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"

	"tocsin/internal/alert"
)

func TestAlertArrivesByteForByte(t *testing.T) {
	w := newWorld(t, nil)
	_, token := w.station()
	c, hello := w.join(token, nil)
	if hello.Epoch != "e1" || !hello.CursorOK || hello.Session == "" {
		t.Errorf("hello %s", hello.raw)
	}
	if f := c.next("live"); f.Head != 0 {
		t.Errorf("live %s", f.raw)
	}
	m := msg("zoe", 1, alert.TypeAlert)
	w.log.put(m)
	f := c.next("alert")
	sum := sha256.Sum256(m.CAP)
	if f.CAP != string(m.CAP) || f.CAPSHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("the signed bytes changed on the way: %q", f.CAP)
	}
	if f.Seq != 1 || f.Prev != 0 || f.Replay || f.Identifier != m.Identifier || f.Revision != 1 || f.MsgType != "Alert" {
		t.Errorf("alert %s", f.raw)
	}
}

func TestResume(t *testing.T) {
	w := newWorld(t, nil)
	_, token := w.station()
	w.log.put(msg("a", 1, alert.TypeAlert))  // 1
	w.log.put(msg("b", 1, alert.TypeAlert))  // 2
	w.log.put(msg("a", 2, alert.TypeUpdate)) // 3
	w.log.put(msg("c", 1, alert.TypeAlert))  // 4
	w.log.put(msg("c", 2, alert.TypeCancel)) // 5
	w.until("the ring holds all", func() bool { return w.feed.Stats().Head == 5 })
	tests := []struct {
		name   string
		resume map[string]any
		ok     bool
		reason string
		want   []uint64
		prev   uint64
	}{
		{"what is live, by default", map[string]any{}, true, "", []uint64{2, 3}, 0},
		{"live", map[string]any{"start": "live"}, true, "", []uint64{2, 3}, 0},
		{"only what comes", map[string]any{"start": "new"}, true, "", nil, 5},
		{"all", map[string]any{"start": "all"}, true, "", []uint64{1, 2, 3, 5}, 0},
		{"nothing acked", map[string]any{"start": "acked"}, true, "", []uint64{2, 3, 5}, 0},
		{"cursor at the start", map[string]any{"cursor": "e1-0"}, true, "", []uint64{1, 2, 3, 5}, 0},
		{"cursor in the middle", map[string]any{"cursor": "e1-2"}, true, "", []uint64{3, 5}, 2},
		{"cursor at the head", map[string]any{"cursor": "e1-5"}, true, "", nil, 5},
		{"cursor of the future", map[string]any{"cursor": "e1-6"}, false, "future", []uint64{2, 3, 5}, 0},
		{"cursor of another epoch", map[string]any{"cursor": "e0-2"}, false, "foreign", []uint64{2, 3, 5}, 0},
		{"no cursor at all", map[string]any{"cursor": "yesterday"}, false, "unknown", []uint64{2, 3, 5}, 0},
		{"cursor beats start", map[string]any{"cursor": "e1-3", "start": "all"}, true, "", []uint64{5}, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, hello := w.join(token, tt.resume)
			defer c.Close()
			if hello.CursorOK != tt.ok || len(hello.Reason) < len(tt.reason) || hello.Reason[:len(tt.reason)] != tt.reason {
				t.Errorf("hello %s", hello.raw)
			}
			var got []uint64
			prev := tt.prev
			for {
				f := c.next("alert", "live")
				if f.Type == "live" {
					if f.Head != 5 {
						t.Errorf("live %s", f.raw)
					}
					break
				}
				if f.Prev != prev || !f.Replay {
					t.Errorf("seq %d has prev %d and replay %v, want %d, true", f.Seq, f.Prev, f.Replay, prev)
				}
				prev = f.Seq
				got = append(got, f.Seq)
			}
			if fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
