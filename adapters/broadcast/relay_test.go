package broadcast

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// relay is a hostile line between a client and the feed: it loses the frames
// that lose picks, and can fall silent without closing anything.
type relay struct {
	url    string
	target string
	lose   func(text string) bool
	dead   atomic.Bool
	lost   atomic.Int64

	mu    sync.Mutex
	conns []net.Conn
}

// newRelay listens in front of w's server.
func newRelay(t *testing.T, w *world, lose func(text string) bool) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{url: "http://" + l.Addr().String(), target: w.srv.Listener.Addr().String(), lose: lose}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { r.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		r.mu.Lock()
		for _, c := range r.conns {
			_ = c.Close()
		}
		r.mu.Unlock()
		all.Wait()
	})
	return r
}

// serve carries one connection.
func (r *relay) serve(client net.Conn) {
	server, err := net.Dial("tcp", r.target)
	if err != nil {
		_ = client.Close()
		return
	}
	r.mu.Lock()
	r.conns = append(r.conns, client, server)
	r.mu.Unlock()
	var up sync.WaitGroup
	up.Go(func() { // what the client says passes, until the line is dead
		buf := make([]byte, 4096)
		for {
			n, err := client.Read(buf)
			if err != nil {
				if !r.dead.Load() {
					_ = server.Close()
				}
				return
			}
			if !r.dead.Load() {
				_, _ = server.Write(buf[:n])
			}
		}
	})
	r.down(client, bufio.NewReader(server))
	if !r.dead.Load() {
		_ = client.Close()
	}
	up.Wait()
}

// down carries what the feed says, frame by frame after the handshake.
func (r *relay) down(client net.Conn, server *bufio.Reader) {
	for {
		line, err := server.ReadString('\n')
		if err != nil {
			return
		}
		_, _ = io.WriteString(client, line)
		if strings.TrimSpace(line) == "" {
			break
		}
	}
	for {
		head, text, err := readFrame(server)
		if err != nil {
			return
		}
		switch {
		case r.dead.Load():
		case r.lose(string(text)):
			r.lost.Add(1)
		default:
			_, _ = client.Write(append(head, text...))
		}
	}
}

// readFrame takes one unmasked WebSocket frame.
func readFrame(r io.Reader) (head, payload []byte, err error) {
	head = make([]byte, 2, 10)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, nil, err
	}
	size, more := uint64(head[1]), 0
	switch head[1] {
	case 126:
		more = 2
	case 127:
		more = 8
	}
	if more > 0 {
		head = head[:2+more]
		if _, err := io.ReadFull(r, head[2:]); err != nil {
			return nil, nil, err
		}
		var wide [8]byte
		copy(wide[8-more:], head[2:])
		size = binary.BigEndian.Uint64(wide[:])
	}
	payload = make([]byte, size)
	_, err = io.ReadFull(r, payload)
	return head, payload, err
}

// overSocket, overEvents and overPoll are the alert frames from the beginning of
// the log, as they travel.
func overSocket(w *world, token string, n int) (out []string) {
	c, _ := w.join(token, map[string]any{"cursor": "e1-0"})
	defer c.Close()
	for range n {
		out = append(out, c.next("alert").raw)
	}
	return out
}

func overEvents(t *testing.T, w *world, token string, n int) (out []string) {
	t.Helper()
	req, _ := http.NewRequestWithContext(t.Context(), "GET", w.srv.URL+"/v1/feed/events?cursor=e1-0", nil)
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	for lines := bufio.NewReader(resp.Body); len(out) < n; {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok && strings.HasPrefix(data, `{"type":"alert"`) {
			out = append(out, strings.TrimSuffix(data, "\n"))
		}
	}
	return out
}

func overPoll(t *testing.T, w *world, token string) (out []string) {
	t.Helper()
	req, _ := http.NewRequestWithContext(t.Context(), "GET", w.srv.URL+"/v1/feed/poll?wait=0&cursor=e1-0", nil)
	req.Header.Set("Authorization", "Bearer "+token)
	_, body := fetch(t, req)
	var a pollAnswer
	_ = json.Unmarshal([]byte(body[:strings.Index(body, `,"live":`)]+"}"), &a)
	for _, f := range a.Alerts {
		out = append(out, string(f))
	}
	return out
}
