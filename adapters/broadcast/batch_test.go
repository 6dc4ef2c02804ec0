package broadcast

import (
	"bytes"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"tocsin/internal/alert"
)

// TestFramingIsWebSocket lets gorilla read what we write, at the lengths where the header changes.
func TestFramingIsWebSocket(t *testing.T) {
	sizes := []int{0, 1, 125, 126, 127, 65535, 65536, 200_000}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		b := newBatch()
		defer b.free()
		l := newSocket(conn.NetConn())
		for _, n := range sizes {
			text := strings.Repeat("x", n)
			l.message(b, "", []byte(text[:n/2]), []byte(text[n/2:]))
		}
		l.control(b, opPing, nil)
		if n, err := l.write(b, closeWait); err != nil || n != b.size {
			t.Errorf("wrote %d of %d: %v", n, b.size, err)
		}
	}))
	defer srv.Close()
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(srv.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, n := range sizes {
		kind, data, err := conn.ReadMessage()
		if err != nil || kind != websocket.TextMessage || len(data) != n {
			t.Fatalf("size %d: kind %d, %d bytes, %v", n, kind, len(data), err)
		}
	}
}

func TestBrokenWriteEndsAtAFrame(t *testing.T) {
	b := &batch{}
	var f webSocket
	f.message(b, "", []byte("aaaa"), []byte("bbbb")) // 10 bytes
	f.message(b, "", []byte("cccc"), nil)            // 6 bytes
	whole := bytes.Join(b.bufs, nil)
	for n, want := range map[int]int{0: 10, 1: 9, 10: 0, 11: 5, 15: 1, 16: 0} {
		if n == 0 {
			want = 0 // nothing of the first frame is out: none of it need go
		}
		if got := b.leftover(n); got != want {
			t.Errorf("after %d bytes %d are left of the frame, want %d", n, got, want)
		}
		rest := net.Buffers{whole[n:]}
		if got := remaining(rest, want); !bytes.Equal(got, whole[n:n+want]) {
			t.Errorf("after %d bytes come %q", n, got)
		}
	}
}

// TestOverTLS goes the way where parts are put together before the write.
func TestOverTLS(t *testing.T) {
	w := newWorld(t, nil)
	mux := http.NewServeMux()
	for _, r := range w.feed.Routes() {
		mux.Handle(r.Pattern, r.Handler)
	}
	srv := httptest.NewTLSServer(mux)
	defer srv.Close()
	_, token := w.station()
	d := websocket.Dialer{TLSClientConfig: srv.Client().Transport.(*http.Transport).TLSClientConfig}
	conn, _, err := d.Dial("wss"+strings.TrimPrefix(srv.URL, "https")+"/v1/feed", http.Header{"Authorization": {"Bearer " + token}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c := &client{conn, t}
	c.send(map[string]any{"type": "resume"})
	c.next("hello")
	c.next("live")
	prev := uint64(0)
	for i := range 20 {
		m := msg("zoe", i+1, alert.TypeUpdate)
		m.CAP = bytes.Repeat([]byte("é"), 5000)
		w.log.put(m)
	}
	for range 20 {
		f := c.next("alert")
		if f.Prev != prev || len(f.CAP) != 10000 {
			t.Fatalf("seq %d prev %d, %d bytes", f.Seq, f.Prev, len(f.CAP))
		}
		prev = f.Seq
	}
}
