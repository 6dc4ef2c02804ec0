package feedcheck

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// maxFrame bounds what a broken feed can make us hold.
const maxFrame = 4 << 20

// resume asks for a place in the log.
type resume struct {
	Type   string `json:"type"`
	Client string `json:"client"`
	Cursor string `json:"cursor,omitempty"`
	Start  string `json:"start,omitempty"`
}

// conn is one WebSocket.
type conn struct {
	ws    *websocket.Conn
	reply *http.Response // of the upgrade
	wait  time.Duration  // the feed may say nothing for so long
}

// header carries the token.
func (p *probe) header() http.Header {
	h := http.Header{}
	if p.opt.Token != "" {
		h.Set("Authorization", "Bearer "+p.opt.Token)
	}
	return h
}

// dial opens a WebSocket. It offers compression, which a feed must not take:
// 2 KB frames for thousands are not worth the memory, and a bomb fits into it.
func (p *probe) dial() (*conn, error) {
	d := websocket.Dialer{
		Proxy: http.ProxyFromEnvironment, HandshakeTimeout: p.opt.Patience, TLSClientConfig: p.opt.TLS,
		Subprotocols: []string{"tocsin.feed.v1"}, EnableCompression: true,
	}
	ws, reply, err := d.DialContext(p.ctx, p.ws, p.header())
	if err != nil {
		if reply != nil {
			return nil, fmt.Errorf("the feed refuses the connection with status %d", reply.StatusCode)
		}
		return nil, fmt.Errorf("the feed cannot be reached: %w", err)
	}
	ws.SetReadLimit(maxFrame)
	return &conn{ws, reply, p.opt.Patience}, nil
}

// cut ends the line as a pulled plug would: without a word.
func (c *conn) cut() { _ = c.ws.NetConn().Close() }

func (c *conn) send(v any) error {
	_ = c.ws.SetWriteDeadline(time.Now().Add(c.wait))
	if err := c.ws.WriteJSON(v); err != nil {
		return fmt.Errorf("the line broke: %w", err)
	}
	return nil
}

// next reads one frame.
func (c *conn) next(within time.Duration) (frame, error) {
	_ = c.ws.SetReadDeadline(time.Now().Add(within))
	_, data, err := c.ws.ReadMessage()
	if err != nil {
		if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
			return frame{}, fmt.Errorf("nothing came for %s", within.Round(time.Second))
		}
		return frame{}, fmt.Errorf("the line ended: %w", err)
	}
	return decode(data)
}

// await reads until a frame of one of the types comes; alerts and others on the way are dropped.
func (c *conn) await(types ...string) (frame, error) {
	for end := time.Now().Add(c.wait); ; {
		f, err := c.next(time.Until(end))
		if err != nil {
			return f, fmt.Errorf("waiting for %s: %w", strings.Join(types, " or "), err)
		}
		if slices.Contains(types, f.Type) {
			return f, nil
		}
	}
}

// replay asks and reads all to the first heartbeat after live.
func (c *conn) replay(q resume) (s snapshot, err error) {
	q.Type, q.Client = "resume", "tocsin-feedcheck/1"
	if err := c.send(q); err != nil {
		return s, err
	}
	if s.hello, err = c.await("hello"); err != nil {
		return s, err
	}
	for end := time.Now().Add(time.Minute); ; { // a long replay may take its time
		f, err := c.next(min(c.wait, time.Until(end)))
		if err != nil {
			return s, fmt.Errorf("after %d alerts: %w", len(s.alerts), err)
		}
		switch f.Type {
		case "alert":
			if s.live.Type != "" {
				return s, fmt.Errorf("%s came after live, before the heartbeat", f.key())
			}
			s.alerts = append(s.alerts, f)
		case "live":
			s.live, s.head = f, f.Head
		case "heartbeat":
			if s.live.Type != "" {
				s.beat = f
				return s, nil
			}
		case "bye":
			return s, fmt.Errorf("the feed says bye: %s", f.Reason)
		}
	}
}

// again is a replay on a line of its own.
func (p *probe) again(q resume) (snapshot, error) {
	c, err := p.dial()
	if err != nil {
		return snapshot{}, err
	}
	defer c.cut()
	return c.replay(q)
}

// stream reads Server-Sent Events to the heartbeat after live.
func (p *probe) stream(query url.Values, lastID string) (s snapshot, err error) {
	req, err := http.NewRequestWithContext(p.ctx, http.MethodGet, p.path("/events", query), nil)
	if err != nil {
		return s, err
	}
	req.Header = p.header()
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return s, err
	}
	defer func() { _ = resp.Body.Close() }()
	if kind := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || !strings.HasPrefix(kind, "text/event-stream") {
		return s, fmt.Errorf("status %d with %q, want 200 with text/event-stream", resp.StatusCode, kind)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, maxFrame)
	id, data := "", []string(nil)
	stop := time.AfterFunc(p.opt.Patience, func() { _ = resp.Body.Close() }) // a stream that never says live
	defer stop.Stop()
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case field == "id":
			id = value
		case field == "data":
			data = append(data, value)
		case lines.Text() == "" && len(data) > 0:
			f, err := decode([]byte(strings.Join(data, "\n")))
			if err != nil {
				return s, err
			}
			f.SSEID = id
			id, data = "", nil
			if done := s.take(f); done {
				return s, nil
			}
		}
	}
	return s, fmt.Errorf("the stream ended, or said nothing for %s: %w", p.opt.Patience, errors.Join(lines.Err(), io.ErrUnexpectedEOF))
}

// take sorts an event in; done with the heartbeat after live.
func (s *snapshot) take(f frame) (done bool) {
	switch f.Type {
	case "hello":
		s.hello = f
	case "alert":
		s.alerts = append(s.alerts, f)
	case "live":
		s.live, s.head = f, f.Head
	case "heartbeat":
		s.beat = f
		return s.live.Type != ""
	}
	return false
}

// answer is a plain request's.
type answer struct {
	status int
	kind   string
	body   []byte
}

// ask sends a plain request; header nil means the token's.
func (p *probe) ask(method, address string, header http.Header, body string) (a answer, err error) {
	req, err := http.NewRequestWithContext(p.ctx, method, address, strings.NewReader(body))
	if err != nil {
		return a, err
	}
	if req.Header = header; header == nil {
		req.Header = p.header()
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return a, err
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(resp.Body, 64<<20)) // a poll may hold every live alert
	return answer{resp.StatusCode, resp.Header.Get("Content-Type"), data}, err
}

// problem says whether a is an RFC 9457 problem document of that status.
func (a answer) problem(status int) error {
	var doc struct {
		Status int    `json:"status"`
		Title  string `json:"title"`
	}
	if a.status != status {
		return fmt.Errorf("status %d, want %d", a.status, status)
	}
	if !strings.HasPrefix(a.kind, "application/problem+json") {
		return fmt.Errorf("status %d with %q, want application/problem+json", a.status, a.kind)
	}
	if err := json.Unmarshal(a.body, &doc); err != nil {
		return fmt.Errorf("the problem document is not JSON: %w", err)
	}
	return nil
}
