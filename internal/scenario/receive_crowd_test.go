package scenario

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"tocsin/internal/receive"
)

// crowd is many light clients of the feed in this process. Each keeps what a
// careful client keeps: its cursor, the chain, and what it has. Faults are counted over all.
type crowd struct {
	url    string
	verify receive.Verifier

	frames, repeats, connects     atomic.Int64
	disorder, unsigned, unchained atomic.Int64
	genuine                       sync.Map // SHA-256 of a document that was verified
	first                         atomic.Pointer[string]
	clients                       []*light
	running                       sync.WaitGroup
}

// light is one client.
type light struct {
	crowd *crowd
	token string

	mu     sync.Mutex
	conn   *websocket.Conn
	cursor string
	has    map[string]bool // CASE-REVISION
	newest map[string]int
	over   map[string]bool // withdrawn
}

// gather starts clients with these tokens until ctx ends.
func gather(ctx context.Context, url string, verify receive.Verifier, tokens []string) *crowd {
	c := &crowd{url: "ws" + strings.TrimPrefix(url, "http") + "/v1/feed", verify: verify}
	for _, token := range tokens {
		l := &light{crowd: c, token: token, has: map[string]bool{}, newest: map[string]int{}, over: map[string]bool{}}
		c.clients = append(c.clients, l)
		c.running.Go(func() { l.live(ctx) })
	}
	return c
}

// blame keeps the first fault in words.
func (c *crowd) blame(count *atomic.Int64, format string, args ...any) {
	count.Add(1)
	text := fmt.Sprintf(format, args...)
	c.first.CompareAndSwap(nil, &text)
}

// cut pulls the plug of one client at random, without a word.
func (c *crowd) cut() {
	l := c.clients[rand.N(len(c.clients))]
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		_ = l.conn.NetConn().Close()
	}
}

// missed counts revisions that clients lack.
func (c *crowd) missed(newest map[string]publicRevision) (n int, example string) {
	for i, l := range c.clients {
		l.mu.Lock()
		for id, x := range newest {
			first := 1
			if x.cancel {
				first = x.revision
			}
			for rev := first; rev <= x.revision; rev++ {
				if name := fmt.Sprintf("%s-%d", id, rev); !l.has[name] {
					n++
					example = fmt.Sprintf("client %d lacks %s", i, name)
				}
			}
		}
		l.mu.Unlock()
	}
	return n, example
}

// live connects again and again.
func (l *light) live(ctx context.Context) {
	for ctx.Err() == nil {
		_ = l.session(ctx) // ends when somebody is killed: that is what is tried
		select {
		case <-ctx.Done():
		case <-time.After(100*time.Millisecond + rand.N(1500*time.Millisecond)):
		}
	}
}

func (l *light) session(ctx context.Context) error {
	d := websocket.Dialer{HandshakeTimeout: 20 * time.Second, Subprotocols: []string{"tocsin.feed.v1"}, ReadBufferSize: 4096, WriteBufferSize: 512}
	conn, _, err := d.DialContext(ctx, l.crowd.url, http.Header{"Authorization": {"Bearer " + l.token}})
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	defer func() { _ = conn.Close() }()
	l.crowd.connects.Add(1)
	l.mu.Lock()
	l.conn = conn
	resume := map[string]any{"type": "resume", "client": "soak", "cursor": l.cursor}
	if l.cursor == "" {
		resume = map[string]any{"type": "resume", "client": "soak", "start": "all"}
	}
	l.mu.Unlock()
	if err := conn.WriteJSON(resume); err != nil {
		return err
	}
	chain, chained := uint64(0), false
	for {
		_ = conn.SetReadDeadline(time.Now().Add(35 * time.Second)) // three heartbeats
		_, data, err := conn.ReadMessage()
		if err != nil {
			return err
		}
		var f struct {
			Type, Epoch, Identifier, Case, CAP string
			MsgType                            string `json:"msg_type"`
			Seq, Prev, Head                    uint64
			Revision                           int
		}
		if err := json.Unmarshal(data, &f); err != nil {
			continue // heartbeat: its live is a list, and nothing else is of use here
		}
		switch f.Type {
		case "hello":
			chained = false
		case "alert":
			if chained && f.Prev != chain {
				l.crowd.blame(&l.crowd.unchained, "prev %d after %d", f.Prev, chain)
			}
			chain, chained = f.Seq, true
			l.take(f.Case, f.Revision, f.MsgType == "Cancel", f.CAP)
			l.mu.Lock()
			l.cursor = fmt.Sprintf("%s-%d", f.Epoch, f.Seq)
			l.mu.Unlock()
			receipt := map[string]any{"type": "receipt", "identifier": f.Identifier, "revision": f.Revision, "state": "received"}
			if err := conn.WriteJSON(receipt); err != nil {
				return err
			}
		}
	}
}

// take judges one alert as a station would before it shows it.
func (l *light) take(id string, revision int, cancel bool, doc string) {
	c := l.crowd
	c.frames.Add(1)
	sum := sha256.Sum256([]byte(doc))
	key := hex.EncodeToString(sum[:])
	if _, known := c.genuine.Load(key); !known {
		if err := c.verify([]byte(doc)); err != nil {
			c.blame(&c.unsigned, "%s-%d: %v", id, revision, err)
			return
		}
		c.genuine.Store(key, true)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	name := fmt.Sprintf("%s-%d", id, revision)
	switch {
	case l.has[name]:
		c.repeats.Add(1) // sent again for want of a receipt, or after a kill: dropped
		return
	case revision < l.newest[id] || l.over[id]:
		c.blame(&c.disorder, "%s after revision %d, withdrawn %v", name, l.newest[id], l.over[id])
	}
	l.has[name], l.newest[id] = true, max(revision, l.newest[id])
	l.over[id] = l.over[id] || cancel
}
