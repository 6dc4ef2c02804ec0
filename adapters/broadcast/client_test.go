package broadcast

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// client is a station's socket.
type client struct {
	*websocket.Conn
	t testing.TB
}

// dial connects; a resume is the caller's business.
func (w *world) dial(token string) *client {
	w.t.Helper()
	d := websocket.Dialer{Subprotocols: []string{Subprotocol}, HandshakeTimeout: 10 * time.Second}
	conn, resp, err := d.Dial("ws"+strings.TrimPrefix(w.srv.URL, "http")+"/v1/feed", http.Header{"Authorization": {"Bearer " + token}})
	if err != nil {
		w.t.Fatalf("dial: %v (%v)", err, resp)
	}
	w.t.Cleanup(func() { conn.Close() })
	return &client{conn, w.t}
}

func (c *client) send(v any) {
	c.t.Helper()
	if err := c.WriteJSON(v); err != nil {
		c.t.Fatal(err)
	}
}

// frame is any frame of the server.
type frame struct {
	Type       string    `json:"type"`
	Session    string    `json:"session"`
	Seq        uint64    `json:"seq"`
	Prev       uint64    `json:"prev"`
	Epoch      string    `json:"epoch"`
	Head       uint64    `json:"head"`
	Replay     bool      `json:"replay"`
	CursorOK   bool      `json:"cursor_ok"`
	Reason     string    `json:"reason"`
	Cursor     string    `json:"cursor"`
	Identifier string    `json:"identifier"`
	Case       string    `json:"case"`
	Revision   int       `json:"revision"`
	MsgType    string    `json:"msg_type"`
	CAP        string    `json:"cap"`
	CAPSHA256  string    `json:"cap_sha256"`
	Live       [][3]any  `json:"live"`
	Code       string    `json:"code"`
	Field      string    `json:"field"`
	Retry      bool      `json:"retry"`
	State      string    `json:"state"`
	Degraded   bool      `json:"degraded"`
	At         time.Time `json:"at"`
	Origin     origin    `json:"origin"`
	raw        string
}

// next is the next frame of one of the wanted types; heartbeats in between are passed over.
func (c *client) next(want ...string) frame {
	c.t.Helper()
	for {
		_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
		_, data, err := c.ReadMessage()
		if err != nil {
			c.t.Fatalf("waiting for %v: %v", want, err)
		}
		var f frame
		if err := json.Unmarshal(data, &f); err != nil {
			c.t.Fatalf("frame %q: %v", data, err)
		}
		f.raw = string(data)
		if slices.Contains(want, f.Type) {
			return f
		}
		if f.Type != "heartbeat" {
			c.t.Fatalf("got %s, want %v: %s", f.Type, want, data)
		}
	}
}

// closed reads on to the end and returns the close code and the bye before it.
func (c *client) closed() (code int, bye frame) {
	c.t.Helper()
	for {
		_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
		_, data, err := c.ReadMessage()
		if err != nil {
			if ce, ok := errors.AsType[*websocket.CloseError](err); ok {
				return ce.Code, bye
			}
			c.t.Fatalf("no close frame: %v", err)
		}
		var f frame
		_ = json.Unmarshal(data, &f)
		if f.Type == "bye" {
			bye = f
		}
	}
}

// join connects and resumes, and returns after hello.
func (w *world) join(token string, resume map[string]any) (*client, frame) {
	w.t.Helper()
	c := w.dial(token)
	if resume == nil {
		resume = map[string]any{}
	}
	resume["type"] = "resume"
	c.send(resume)
	return c, c.next("hello")
}
