package broadcast

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"tocsin/internal/alert"
)

// rawSocket shakes hands by hand and gives the server's answer and the connection.
func (w *world) rawSocket(token, more string) (net.Conn, *bufio.Reader, *http.Response) {
	w.t.Helper()
	conn, err := net.Dial("tcp", w.srv.Listener.Addr().String())
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	fmt.Fprintf(conn, "GET /v1/feed HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer %s\r\n%s\r\n", token, more)
	r := bufio.NewReader(conn)
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return conn, r, resp
}

// masked is a client's frame: first is the byte with FIN, the reserved bits and the opcode.
func masked(first byte, payload []byte) []byte {
	out := []byte{first}
	switch n := len(payload); {
	case n < 126:
		out = append(out, 0x80|byte(n))
	case n < 1<<16:
		out = binary.BigEndian.AppendUint16(append(out, 0x80|126), uint16(n))
	default:
		out = binary.BigEndian.AppendUint64(append(out, 0x80|127), uint64(n))
	}
	return append(append(out, 0, 0, 0, 0), payload...) // a mask of zeros is one
}

// TestCompressionIsNotSpoken: the feed negotiates no compression, so a bomb of a
// megabyte in a kilobyte is a broken frame and nothing else.
func TestCompressionIsNotSpoken(t *testing.T) {
	w := newWorld(t, nil)
	_, token := w.station()
	conn, r, resp := w.rawSocket(token, "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n")
	if resp.StatusCode != http.StatusSwitchingProtocols || resp.Header.Get("Sec-WebSocket-Extensions") != "" {
		t.Fatalf("%s, extensions %q", resp.Status, resp.Header.Get("Sec-WebSocket-Extensions"))
	}
	var bomb bytes.Buffer
	z, _ := flate.NewWriter(&bomb, flate.BestCompression)
	_, _ = io.WriteString(z, `{"type":"`+strings.Repeat("x", 8<<20)+`"}`)
	_ = z.Flush()
	if _, err := conn.Write(masked(0xC1, bomb.Bytes())); err != nil { // FIN, RSV1, text
		t.Fatal(err)
	}
	// Protocol error, and the end; the rest of the bomb may turn the end into a reset.
	if rest, _ := io.ReadAll(r); !bytes.HasPrefix(rest, []byte{opClose}) || !bytes.Contains(rest, []byte{0x03, 0xEA}) {
		t.Errorf("after the bomb: %q, want a close frame of 1002", rest)
	}
	w.until("its session is gone", func() bool { return w.feed.Stats().Sessions == 0 })
}

// TestBrokenFramesEndTheLine: what no WebSocket client may send ends its own line, and nobody else's.
func TestBrokenFramesEndTheLine(t *testing.T) {
	w := newWorld(t, nil)
	_, token := w.station()
	other, _ := w.join(token, nil)
	other.next("live")
	for name, frame := range map[string][]byte{
		"not masked":                        {0x81, 2, '{', '}'},
		"an unknown opcode":                 masked(0x83, []byte("{}")),
		"a ping of 200 bytes":               masked(0x89, bytes.Repeat([]byte("x"), 200)),
		"a length of 2^62":                  {0x81, 0xFF, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		"a continuation of nothing":         masked(0x80, []byte("{}")),
		"a megabyte in one frame":           masked(0x81, bytes.Repeat([]byte("x"), 1<<20)),
		"a megabyte in a thousand frames":   append(masked(0x01, bytes.Repeat([]byte("x"), 1024)), bytes.Repeat(masked(0x00, bytes.Repeat([]byte("x"), 1024)), 1024)...),
		"half a frame, and then the end":    masked(0x81, []byte(`{"type":"resume"}`))[:9],
		"text that is not UTF-8, as a type": masked(0x81, []byte("{\"type\":\"\xff\xfe\"}")),
	} {
		t.Run(name, func(t *testing.T) {
			conn, r, _ := w.rawSocket(token, "")
			_, _ = conn.Write(frame) // the server may have closed before the end of it
			if strings.Contains(name, "UTF-8") || strings.Contains(name, "half") {
				_ = conn.(*net.TCPConn).CloseWrite()
			}
			_, _ = io.ReadAll(r)
			w.until("its session is gone", func() bool { return w.feed.Stats().Sessions == 1 })
		})
	}
	w.log.put(msg("zoe", 1, alert.TypeAlert))
	other.next("alert")
}

// TestFloodOfReceipts: a station gone mad sends 100,000 receipts. Its line is
// closed, nothing of it piles up, and nobody else is delayed.
func TestFloodOfReceipts(t *testing.T) {
	w := newWorld(t, nil)
	_, token := w.station()
	_, otherToken := w.station()
	w.putRead(msg("zoe", 1, alert.TypeAlert))
	other, _ := w.join(otherToken, map[string]any{"start": "new"})
	other.next("live")
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	sent, closed := 0, 0
	for sent < 100_000 {
		c, _ := w.join(token, map[string]any{"start": "new"})
		gone := make(chan int, 1)
		go func() {
			for {
				if _, _, err := c.ReadMessage(); err != nil {
					ce, _ := errors.AsType[*websocket.CloseError](err)
					if ce == nil {
						ce = &websocket.CloseError{}
					}
					gone <- ce.Code
					return
				}
			}
		}()
		for sent < 100_000 {
			sent++
			if c.WriteJSON(map[string]any{
				"type": "receipt", "identifier": "be.police.zoe.1", "revision": 1, "state": "seen", "by": fmt.Sprint(sent),
			}) != nil {
				break
			}
		}
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
		if code := <-gone; code == CloseRate {
			closed++
		}
		c.Close()
	}
	if closed == 0 {
		t.Error("no line was closed with 4429")
	}
	if n := len(w.inbox.all()); n > maxReceipts {
		t.Errorf("%d receipts of one station about one alert are on the ledger, at most %d", n, maxReceipts)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 16<<20 {
		t.Errorf("%d bytes of memory after the flood", grown)
	}
	w.log.put(msg("leo", 1, alert.TypeAlert))
	other.next("alert")
}

// TestPostedReceiptsAreMetered: the same for those without a socket.
func TestPostedReceiptsAreMetered(t *testing.T) {
	w := newWorld(t, nil)
	_, token := w.station()
	_, otherToken := w.station()
	post := func(token string) *http.Response {
		req, _ := http.NewRequest("POST", w.srv.URL+"/v1/feed/receipts", strings.NewReader(`{"identifier":"x","revision":1,"state":"seen"}`))
		req.Header.Set("Authorization", "Bearer "+token)
		resp, _ := fetch(t, req)
		return resp
	}
	n := 0
	for resp := post(token); resp.StatusCode != http.StatusTooManyRequests; resp = post(token) {
		if resp.StatusCode != http.StatusNotFound || n > 100*frameBurst {
			t.Fatalf("after %d: %s", n, resp.Status)
		}
		n++
	}
	if n < frameBurst {
		t.Errorf("refused after %d: a long replay has more receipts", n)
	}
	if resp := post(otherToken); resp.StatusCode != http.StatusNotFound {
		t.Errorf("another station is refused too: %s", resp.Status)
	}
}

// TestClientThatNeverReads is closed, its place given back, and told where to go on when it comes again.
func TestClientThatNeverReads(t *testing.T) {
	w := newWorld(t, func(f *Feed) { f.limits.write, f.limits.grace = 200*time.Millisecond, 50*time.Millisecond })
	_, token := w.station()
	conn, _, _ := w.rawSocket(token, "")
	_ = conn.(*net.TCPConn).SetReadBuffer(4096)
	_, _ = conn.Write(masked(0x81, []byte(`{"type":"resume","start":"new"}`)))
	w.until("it is there", func() bool { return w.feed.Stats().Sessions == 1 })
	big := []byte(strings.Repeat("<x/>", 250_000))
	for i := 0; w.feed.Stats().Slow == 0; i++ {
		m := msg(fmt.Sprintf("c%d", i), 1, alert.TypeAlert)
		m.CAP = big
		w.putRead(m)
		if i > 200 {
			t.Fatal("a client that reads nothing is not noticed")
		}
	}
	w.until("its place is free", func() bool { return w.feed.Stats().Sessions == 0 })
}
