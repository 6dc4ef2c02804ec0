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
	"syscall"
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
// server's own goroutine and buffers go: one small goroutine remains, which reads.
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
	s := f.newSession(who, newSocket(conn.NetConn()), 2)
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
	raw  syscall.RawConn // nil over TLS
}

func newSocket(conn net.Conn) *socket {
	l := &socket{conn: conn}
	if tcp, ok := conn.(*net.TCPConn); ok {
		l.raw, _ = tcp.SyscallConn() // an error means a closed line, which the first write will meet
	}
	return l
}

// attempt is one write that does not wait. It is kept and used again: the
// function that net wants would otherwise be made anew for each client.
type attempt struct {
	p   []byte
	n   int
	err error
	do  func(fd uintptr) bool
}

func newAttempt() *attempt {
	a := &attempt{}
	a.do = func(fd uintptr) bool {
		a.n, a.err = syscall.Write(int(fd), a.p)
		return true // done either way: nobody waits here
	}
	return a
}

// try writes what the socket takes of p now. Over TLS that is nothing: a record
// once begun must be ended.
func (l *socket) try(a *attempt, p []byte) (int, error) {
	if l.raw == nil {
		return 0, nil
	}
	a.p, a.n, a.err = p, 0, nil
	err := l.raw.Write(a.do)
	a.p = nil // a withdrawn case must not stay in here
	switch {
	case err != nil:
		return 0, err
	case errors.Is(a.err, syscall.EAGAIN), errors.Is(a.err, syscall.EINTR):
		return 0, nil
	default:
		return max(a.n, 0), a.err
	}
}

// smallWrite is what is copied together to spare a vectored write.
const smallWrite = 4 << 10

func (l *socket) write(b *batch, timeout time.Duration) (int, error) {
	if b.sent == 0 && (l.raw == nil || b.size <= smallWrite) && len(b.bufs) > 1 {
		// Over TLS each part would become a record of its own.
		for _, p := range b.bufs {
			b.flat = append(b.flat, p...)
		}
		clear(b.bufs)
		b.bufs = append(b.bufs[:0], b.flat)
	}
	if len(b.bufs) == 1 && b.sent == 0 {
		n, err := l.try(b.try, b.bufs[0])
		if b.sent = n; err == nil && n == b.size {
			return n, nil
		}
	}
	b.begin()
	if err := l.conn.SetWriteDeadline(time.Now().Add(timeout)); err != nil {
		return b.sent, err
	}
	n, err := b.rest.WriteTo(l.conn) // one writev
	if err == nil {
		// A deadline left behind would fail the next try, seconds from now.
		err = l.conn.SetWriteDeadline(time.Time{})
	}
	return b.sent + int(n), err
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
	// The sweeper looks for silence: a deadline would be a timer for each client.
	alive := func() { s.heard.Store(time.Now().UnixNano()) }
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
	if isReceipt(data) {
		s.feed.intake.put(s, data)
		return
	}
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
		s.feed.intake.put(s, data)
	}
}

// isTimeout says whether a write ended for want of a reader.
func isTimeout(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded)
}
