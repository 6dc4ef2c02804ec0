//go:build linux

package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/gorilla/websocket"
)

// tlsFleet is clients over TLS. They are there for the server's memory alone, so
// a goroutine each will do.
type tlsFleet struct {
	mu    sync.Mutex
	conns []*websocket.Conn
}

// connectTLS opens n lines and returns when each is live.
func connectTLS(addr string, tokens []string, n int) (*tlsFleet, error) {
	f := &tlsFleet{}
	d := websocket.Dialer{
		// The certificate was made a moment ago by the process that we measure.
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true, ClientSessionCache: nil},
		ReadBufferSize:  512, WriteBufferSize: 512,
	}
	var all sync.WaitGroup
	slots := make(chan struct{}, 32)
	errs := make(chan error, n)
	for i := range n {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			if err := f.join(&d, addr, tokens[i%len(tokens)]); err != nil {
				errs <- fmt.Errorf("client %d: %w", i, err)
			}
		})
	}
	all.Wait()
	close(errs)
	var err error
	for e := range errs {
		err = errors.Join(err, e)
		if len(errs) > 3 {
			break
		}
	}
	return f, err
}

// join opens one line and reads it for ever, so that pings are answered.
func (f *tlsFleet) join(d *websocket.Dialer, addr, token string) error {
	conn, _, err := d.Dial("wss://"+addr+"/v1/feed", http.Header{"Authorization": {"Bearer " + token}})
	if err != nil {
		return err
	}
	f.mu.Lock()
	f.conns = append(f.conns, conn)
	f.mu.Unlock()
	if err := conn.WriteJSON(map[string]string{"type": "resume", "start": "new"}); err != nil {
		return err
	}
	for range 2 { // hello and live
		if _, _, err := conn.ReadMessage(); err != nil {
			return err
		}
	}
	go func() {
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				return
			}
		}
	}()
	return nil
}

func (f *tlsFleet) close() {
	for _, c := range f.conns {
		_ = c.Close()
	}
}
