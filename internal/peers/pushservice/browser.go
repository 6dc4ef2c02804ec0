package pushservice

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Ack is a browser's word on one message: 100 shown to its service worker,
// 101 could not be decrypted, 102 not delivered.
type Ack struct {
	Channel string
	Version string
	Code    int
}

// maxAcks bounds what the service remembers of them.
const maxAcks = 4096

// socket is one browser's connection.
type socket struct {
	s    *Service
	conn *websocket.Conn
	mu   sync.Mutex // gorilla wants one writer at a time
}

// frame is every message of Mozilla's protocol, in either direction.
type frame struct {
	MessageType  string            `json:"messageType,omitempty"`
	Status       int               `json:"status,omitempty"`
	UAID         string            `json:"uaid,omitempty"`
	UseWebPush   bool              `json:"use_webpush,omitempty"`
	ChannelID    string            `json:"channelID,omitempty"`
	Key          string            `json:"key,omitempty"`
	PushEndpoint string            `json:"pushEndpoint,omitempty"`
	Version      string            `json:"version,omitempty"`
	Data         string            `json:"data,omitempty"`
	Headers      map[string]string `json:"headers,omitempty"`
	Updates      []update          `json:"updates,omitempty"`
}

type update struct {
	ChannelID string `json:"channelID"`
	Version   string `json:"version"`
	Code      int    `json:"code"`
}

// Firefox sends Origin "resource://": any origin may come, it is loopback only.
var upgrader = websocket.Upgrader{
	Subprotocols: []string{"push-notification"},
	CheckOrigin:  func(*http.Request) bool { return true },
}

// serveBrowser speaks Mozilla's protocol with one browser until it leaves.
func (s *Service) serveBrowser(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered
	}
	defer conn.Close()
	conn.SetReadLimit(64 << 10)
	sock := &socket{s: s, conn: conn}
	s.mu.Lock()
	s.sockets[sock] = struct{}{}
	s.mu.Unlock()
	defer s.leave(sock)
	for {
		var f frame
		if err := conn.ReadJSON(&f); err != nil {
			return
		}
		if err := sock.handle(f); err != nil {
			return
		}
	}
}

// leave forgets a socket; its subscriptions stay and wait.
func (s *Service) leave(sock *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sockets, sock)
	for _, c := range s.channels {
		c.mu.Lock()
		if c.socket == sock {
			c.socket = nil
		}
		c.mu.Unlock()
	}
}

func (w *socket) handle(f frame) error {
	switch f.MessageType {
	case "hello":
		return w.hello(f)
	case "register":
		key := ""
		if f.Key != "" {
			raw, err := base64.URLEncoding.DecodeString(f.Key)
			if err != nil {
				if raw, err = b64.DecodeString(f.Key); err != nil {
					return w.send(frame{MessageType: "register", Status: 400, ChannelID: f.ChannelID})
				}
			}
			key = b64.EncodeToString(raw)
		}
		w.s.open(f.ChannelID, key, w)
		return w.send(frame{MessageType: "register", Status: 200, ChannelID: f.ChannelID, PushEndpoint: w.s.endpoint(f.ChannelID)})
	case "unregister":
		w.s.mu.Lock()
		c := w.s.channels[f.ChannelID]
		w.s.mu.Unlock()
		if c != nil {
			c.mu.Lock()
			c.gone = true
			c.mu.Unlock()
		}
		return w.send(frame{MessageType: "unregister", Status: 200, ChannelID: f.ChannelID})
	case "ack":
		w.s.note(f.Updates)
		return nil
	case "": // "{}" is a ping
		return w.send(frame{})
	}
	return nil // nack, broadcast_subscribe: nothing to do
}

// hello gives the browser an id; a returning one takes its subscriptions up again.
func (w *socket) hello(f frame) error {
	id := f.UAID
	if id == "" {
		raw := make([]byte, 16)
		rand.Read(raw) // never fails
		id = hex.EncodeToString(raw)
	}
	if err := w.send(frame{MessageType: "hello", Status: 200, UAID: id, UseWebPush: true}); err != nil {
		return err
	}
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	for _, c := range w.s.channels { // one browser at a time: all orphans are its own
		c.mu.Lock()
		if c.browser && c.socket == nil && f.UAID != "" {
			c.socket = w
			w.s.flush(c, 0)
		}
		c.mu.Unlock()
	}
	return nil
}

// notify sends m; an error shows as a missing ack, and the message stays queued.
func (w *socket) notify(id string, m Message) {
	w.send(frame{ //nolint:errcheck // see above
		MessageType: "notification", ChannelID: id, Version: m.Version,
		Data: b64.EncodeToString(m.Cipher), Headers: map[string]string{"encoding": "aes128gcm"},
	})
}

func (w *socket) send(f frame) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.conn.SetWriteDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	return w.conn.WriteJSON(f)
}

// note records acks and drops what they settle.
func (s *Service) note(updates []update) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range updates {
		if len(s.acks) < maxAcks {
			s.acks = append(s.acks, Ack{Channel: u.ChannelID, Version: u.Version, Code: u.Code})
		}
		if c := s.channels[u.ChannelID]; c != nil {
			c.mu.Lock()
			c.queue = slices.DeleteFunc(c.queue, func(m Message) bool { return m.Version == u.Version })
			c.mu.Unlock()
		}
	}
	close(s.acked)
	s.acked = make(chan struct{})
}

// Acks waits until browsers have acknowledged n messages, and returns all acks so far.
func (s *Service) Acks(ctx context.Context, n int) ([]Ack, error) {
	for {
		s.mu.Lock()
		got, changed := slices.Clone(s.acks), s.acked
		s.mu.Unlock()
		if len(got) >= n {
			return got, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return got, fmt.Errorf("%d of %d acknowledgements: %w", len(got), n, context.Cause(ctx))
		}
	}
}
