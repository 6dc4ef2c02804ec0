package broadcast

import (
	"bufio"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"
)

// Bounds of what a client may send. A receipt has some hundred bytes.
const (
	readLimit   = 16 << 10
	frameRate   = 50  // frames a second ...
	frameBurst  = 500 // ... after this many at once: the receipts of a long replay
	socketBytes = 512 // gorilla's read buffer of each connection
)

// upgrader keeps an idle connection small: no write buffer of its own, no
// compression. Without CheckOrigin gorilla refuses a browser's foreign origin.
var upgrader = websocket.Upgrader{
	ReadBufferSize:   socketBytes,
	WriteBufferSize:  socketBytes,
	WriteBufferPool:  &sync.Pool{},
	HandshakeTimeout: 10 * time.Second,
	Subprotocols:     []string{Subprotocol},
	Error: func(w http.ResponseWriter, _ *http.Request, status int, reason error) {
		refuse(w, &problem{status, reason.Error(), ""})
	},
}

// serveWebSocket is GET /v1/feed. It returns after the upgrade, so that the
// server's own goroutine and buffers go: two small goroutines remain.
func (f *Feed) serveWebSocket(w http.ResponseWriter, r *http.Request) {
	who, err := f.enter(r)
	if err != nil {
		refuse(w, err)
		return
	}
	if offered := websocket.Subprotocols(r); len(offered) > 0 && !slices.Contains(offered, Subprotocol) {
		refuse(w, &problem{http.StatusBadRequest, "this feed speaks " + Subprotocol, "Sec-WebSocket-Protocol"})
		return
	}
	conn, err := upgrader.Upgrade(hijackable{w}, r, nil)
	if err != nil {
		return // Upgrade has answered
	}
	l := &socket{conn: conn.NetConn()}
	s := f.newSession(who, l, 2)
	go s.run()
	go s.read(conn)
}

// hijackable lets gorilla take over a connection through whatever the server
// has wrapped around it.
type hijackable struct{ http.ResponseWriter }

// Hijack finds the innermost writer's Hijack.
func (h hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(h.ResponseWriter).Hijack()
}

// socket writes frames straight to the connection: what gorilla's writer would
// do for each client again has been done once for all.
type socket struct {
	webSocket
	conn net.Conn
}

func (l *socket) write(b *batch, timeout time.Duration) (int, error) {
	if err := l.conn.SetWriteDeadline(time.Now().Add(timeout)); err != nil {
		return 0, err
	}
	if _, plain := l.conn.(*net.TCPConn); plain {
		b.rest = b.bufs
		n, err := b.rest.WriteTo(l.conn) // one writev
		return int(n), err
	}
	// Elsewhere (TLS) each part would become a record of its own.
	b.flat = b.flat[:0]
	for _, p := range b.bufs {
		b.flat = append(b.flat, p...)
	}
	n, err := l.conn.Write(b.flat)
	b.rest = net.Buffers{b.flat[n:]}
	return n, err
}

func (l *socket) interrupt() { _ = l.conn.SetWriteDeadline(time.Unix(1, 0)) }

// close leaves the client a moment to answer the close frame; the reader then closes the socket.
func (l *socket) close() { _ = l.conn.SetReadDeadline(time.Now().Add(closeWait)) }

const closeWait = time.Second

// read takes the client's frames until the line ends.
func (s *session) read(conn *websocket.Conn) {
	defer s.feed.done(s)
	defer conn.Close()
	defer s.lost()
	conn.SetReadLimit(readLimit)
	alive := func() {
		if !s.leaving() { // else the deadline of the close stays
			_ = conn.SetReadDeadline(time.Now().Add(s.feed.limits.silence))
		}
	}
	alive()
	conn.SetPongHandler(func(string) error { alive(); return nil })
	conn.SetPingHandler(func(data string) error { alive(); s.say(opPong, []byte(data)); return nil })
	conn.SetCloseHandler(func(int, string) error { return nil }) // the writer alone writes
	bucket := rate.NewLimiter(frameRate, frameBurst)
	for {
		kind, data, err := conn.ReadMessage()
		if err != nil {
			return
		}
		alive()
		switch {
		case s.leaving(): // its last words no longer count
		case !bucket.Allow():
			s.leave(quit{CloseRate, "rate", 5 * time.Second, "too many frames"})
		case kind != websocket.TextMessage:
			s.leave(quit{CloseBadMessage, "bad", 0, "frames are JSON text"})
		default:
			s.handle(data)
		}
	}
}

// starts are the places where a client without a cursor may begin.
var starts = []string{"", "live", "new", "all", "acked"}

// handle takes one frame of the client. Unknown types are ignored: they may be of a newer protocol.
func (s *session) handle(data []byte) {
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		s.leave(quit{CloseBadMessage, "bad", 0, "a frame is one JSON object with a type"})
		return
	}
	switch head.Type {
	case "resume":
		var q resumeFrame
		if err := json.Unmarshal(data, &q); err != nil || !slices.Contains(starts, q.Start) {
			s.leave(quit{CloseBadMessage, "bad", 0, "resume: cursor is a string, start is live, new, all or acked"})
			return
		}
		s.ask(q)
	case "receipt":
		s.say(opText, s.feed.receive(s.who.Load(), data))
	}
}

// isTimeout says whether a write ended for want of a reader.
func isTimeout(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded)
}
