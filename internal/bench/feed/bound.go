//go:build linux

package main

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"tocsin/internal/bench/measure"
)

// bound is the least that a feed on gorilla/websocket can be: one ring of
// prepared frames, one reader and one writer for each connection, small and
// pooled buffers; no authentication, log, heartbeat, receipts or rights. What
// the product costs beyond it is what these cost.
type bound struct {
	up      websocket.Upgrader
	mu      sync.RWMutex
	frames  []*websocket.PreparedMessage
	changed chan struct{}
}

// serveBound is the process's own side.
func serveBound() error {
	b := &bound{changed: make(chan struct{}), up: websocket.Upgrader{ReadBufferSize: 512, WriteBufferSize: 512, WriteBufferPool: &sync.Pool{}}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: http.HandlerFunc(b.serve), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = srv.Serve(l) }()
	defer srv.Close()
	return measure.Serve(os.Stdin, os.Stdout, func(raw json.RawMessage) (any, error) {
		var o task
		if err := json.Unmarshal(raw, &o); err != nil {
			return nil, err
		}
		if o.Op == "open" {
			return result{Addr: l.Addr().String(), PID: os.Getpid()}, nil
		}
		frames := make([]*websocket.PreparedMessage, o.Count)
		for i := range frames {
			raw, err := frame(o.From+i, o.Size)
			if err != nil {
				return nil, err
			}
			if frames[i], err = websocket.NewPreparedMessage(websocket.TextMessage, raw); err != nil {
				return nil, err
			}
		}
		r := result{At: time.Now().UnixNano()}
		b.mu.Lock()
		b.frames = append(b.frames, frames...)
		close(b.changed)
		b.changed = make(chan struct{})
		b.mu.Unlock()
		return r, nil
	})
}

// after is what came after the first n frames, and what closes when more comes.
func (b *bound) after(n int) ([]*websocket.PreparedMessage, <-chan struct{}) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.frames[min(n, len(b.frames)):], b.changed
}

func (b *bound) serve(w http.ResponseWriter, r *http.Request) {
	conn, err := b.up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	go b.converse(conn)
}

// converse reads where to begin, starts the writer and reads on, for pongs and the end.
func (b *bound) converse(conn *websocket.Conn) {
	defer conn.Close()
	var resume struct{ Cursor string }
	if err := conn.ReadJSON(&resume); err != nil {
		return
	}
	all, _ := b.after(0)
	at := len(all)
	if _, seq, ok := strings.Cut(resume.Cursor, "-"); ok {
		at, _ = strconv.Atoi(seq)
	}
	go b.write(conn, at)
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			return
		}
	}
}

// write sends frames from at on.
func (b *bound) write(conn *websocket.Conn, at int) {
	defer conn.Close()
	for _, greeting := range []string{`{"type":"hello","epoch":"bound"}`, `{"type":"live"}`} {
		if conn.WriteMessage(websocket.TextMessage, []byte(greeting)) != nil {
			return
		}
	}
	for {
		due, changed := b.after(at)
		for _, m := range due {
			if conn.SetWriteDeadline(time.Now().Add(10*time.Second)) != nil || conn.WritePreparedMessage(m) != nil {
				return
			}
		}
		at += len(due)
		if len(due) == 0 {
			<-changed
		}
	}
}
