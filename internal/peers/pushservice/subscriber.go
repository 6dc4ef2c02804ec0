package pushservice

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Message is one push as the service took it.
type Message struct {
	Version string // the service's own id of the message
	TTL     int    // seconds
	Topic   string
	Urgency string
	Cipher  []byte // aes128gcm
	At      time.Time
}

// channel is one subscription: a synthetic subscriber's or a browser's.
type channel struct {
	mu       sync.Mutex
	id       string
	key      string // the only VAPID key that may push here; empty = any
	gone     bool
	away     bool
	queue    []Message // undelivered
	received []Message // delivered to a synthetic subscriber
	socket   *socket   // a browser's, while connected
	browser  bool
}

var versions atomic.Int64

// give delivers m to c, or keeps it while c is away.
func (s *Service) give(c *channel, key string, m Message) (Message, error) {
	m.Version = strconv.FormatInt(versions.Add(1), 36)
	m.At = time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.gone:
		return m, refusal{http.StatusGone, "the subscription has ended"}
	case c.key != "" && c.key != key:
		return m, refusal{http.StatusForbidden, "vapid k: not the key of this subscription"}
	}
	if m.Topic != "" { // RFC 8030: a newer message of the same topic replaces an undelivered one
		waiting := len(c.queue)
		c.queue = slices.DeleteFunc(c.queue, func(old Message) bool { return old.Topic == m.Topic })
		s.replaced.Add(int64(waiting - len(c.queue)))
	}
	if len(c.queue) >= maxQueue {
		return m, refusal{http.StatusTooManyRequests, "too many messages wait for this subscription"}
	}
	c.queue = append(c.queue, m)
	s.flush(c, len(c.queue)-1)
	return m, nil
}

// flush hands over what waits from the given place on, when there is somebody
// to take it. c is locked.
func (s *Service) flush(c *channel, from int) {
	if c.away {
		return
	}
	if c.browser {
		if c.socket == nil {
			return
		}
		for _, m := range c.queue[from:] { // kept until the browser has acknowledged it
			c.socket.notify(c.id, m)
		}
		return
	}
	c.received = append(c.received, c.queue...)
	c.queue = c.queue[:0]
	if over := len(c.received) - s.o.Keep; over > 0 {
		c.received = slices.Delete(c.received, 0, over)
	}
}

// Subscriber is a synthetic user agent with keys of its own.
type Subscriber struct {
	ID       string
	Endpoint string
	s        *Service
	c        *channel
	private  *ecdh.PrivateKey
	auth     []byte
}

// NewSubscriber subscribes a synthetic user agent for the application server
// with the VAPID public key serverKey (base64url); empty takes any.
func (s *Service) NewSubscriber(serverKey string) (*Subscriber, error) {
	private, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("subscriber's key: %w", err)
	}
	auth := make([]byte, 16)
	rand.Read(auth) // never fails
	c := s.open(rand.Text(), serverKey, nil)
	return &Subscriber{ID: c.id, Endpoint: s.endpoint(c.id), s: s, c: c, private: private, auth: auth}, nil
}

func (s *Service) endpoint(id string) string { return s.pushURL + "/push/" + id }

// open registers a subscription.
func (s *Service) open(id, serverKey string, w *socket) *channel {
	c := &channel{id: id, key: serverKey, socket: w, browser: w != nil}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.channels[id] = c
	return c
}

// P256dh is the subscriber's public key, base64url.
func (u *Subscriber) P256dh() string { return b64.EncodeToString(u.private.PublicKey().Bytes()) }

// Auth is the subscriber's secret, base64url.
func (u *Subscriber) Auth() string { return b64.EncodeToString(u.auth) }

// JSON is the subscription as a browser's PushSubscription.toJSON gives it.
func (u *Subscriber) JSON() json.RawMessage {
	type keys struct {
		P256dh string `json:"p256dh"`
		Auth   string `json:"auth"`
	}
	raw, err := json.Marshal(struct {
		Endpoint       string `json:"endpoint"`
		ExpirationTime *int64 `json:"expirationTime"`
		Keys           keys   `json:"keys"`
	}{u.Endpoint, nil, keys{u.P256dh(), u.Auth()}})
	if err != nil {
		return nil // strings always encode
	}
	return raw
}

// Messages are the pushes delivered to the subscriber, oldest first.
func (u *Subscriber) Messages() []Message {
	u.c.mu.Lock()
	defer u.c.mu.Unlock()
	return slices.Clone(u.c.received)
}

// Decrypt opens m with the subscriber's keys (RFC 8291).
func (u *Subscriber) Decrypt(m Message) ([]byte, error) { return decrypt(m.Cipher, u.private, u.auth) }

// SetAway makes pushes wait, or delivers those that have waited and have not outlived their TTL.
func (u *Subscriber) SetAway(away bool) {
	u.c.mu.Lock()
	defer u.c.mu.Unlock()
	u.c.away = away
	u.c.queue = slices.DeleteFunc(u.c.queue, func(m Message) bool {
		return time.Since(m.At) > time.Duration(m.TTL)*time.Second
	})
	u.s.flush(u.c, 0)
}

// Unsubscribe ends the subscription: later pushes are answered 410.
func (u *Subscriber) Unsubscribe() {
	u.c.mu.Lock()
	defer u.c.mu.Unlock()
	u.c.gone = true
}

// PrivateKey is the subscriber's private key, base64url: for a foreign library
// that is to decrypt in the subscriber's place.
func (u *Subscriber) PrivateKey() string { return b64.EncodeToString(u.private.Bytes()) }
