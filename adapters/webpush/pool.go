package webpush

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// pool is the connections to one origin, at most max of them. A request waits
// until a connection grants it a place; a further connection is dialled only
// when all are full, and only one at a time, so that a cold burst of hundreds
// does not begin with hundreds of handshakes.
type pool struct {
	transport       *http.Transport
	scheme, address string
	max             int

	mu       sync.Mutex
	conns    []*http.ClientConn
	dialling bool
	idle     *time.Timer

	// line has a lock of its own: net/http calls the state hook, and so wake, out
	// of the very calls that are made with mu held.
	line    sync.Mutex
	waiting []chan struct{} // first come, first served
}

func newPool(t *http.Transport, u *url.URL, limit int) *pool {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	p := &pool{transport: t, scheme: u.Scheme, address: net.JoinHostPort(u.Hostname(), port), max: limit}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = time.AfterFunc(idleTimeout, func() {
		if !p.rest() {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.idle.Reset(idleTimeout)
		}
	})
	return p
}

// post sends r on a connection with a free place; conn is the one it was, if any.
func (p *pool) post(r *http.Request) (answer *http.Response, conn *http.ClientConn, err error) {
	if conn, err = p.reserve(r.Context()); err != nil {
		return nil, nil, err
	}
	answer, err = conn.RoundTrip(r)
	return answer, conn, err
}

// reserve waits for a place on a connection; the next RoundTrip takes it.
func (p *pool) reserve(ctx context.Context) (*http.ClientConn, error) {
	for {
		conn, err := p.try(ctx)
		if conn != nil || err != nil {
			return conn, err
		}
		turn := make(chan struct{})
		p.line.Lock()
		p.waiting = append(p.waiting, turn)
		p.line.Unlock()
		// Once more, now that a place that becomes free will be told to this turn.
		if conn, err = p.try(ctx); conn != nil || err != nil {
			p.leave(turn)
			return conn, err
		}
		select {
		case <-turn:
		case <-ctx.Done():
			p.leave(turn)
			return nil, context.Cause(ctx)
		}
	}
}

// try is a place that is free now, dialling for it if that may be done; nil and
// nil mean that there is none.
func (p *pool) try(ctx context.Context) (*http.ClientConn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		conn := p.free()
		if conn != nil || p.dialling || len(p.conns) >= p.max {
			return conn, nil
		}
		p.dialling = true
		p.mu.Unlock()
		fresh, err := p.dial(ctx)
		p.mu.Lock()
		p.dialling = false
		if err != nil {
			p.wake(1) // the next in line may have more luck, or more time
			return nil, err
		}
		p.conns = append(p.conns, fresh)
		p.idle.Reset(idleTimeout)
		p.wake(max(1, fresh.Available()))
	}
}

// dial opens a connection that tells the line when it has places.
func (p *pool) dial(ctx context.Context) (*http.ClientConn, error) {
	conn, err := p.transport.NewClientConn(ctx, p.scheme, p.address)
	if err != nil {
		return nil, err
	}
	conn.SetStateHook(func(c *http.ClientConn) { p.wake(max(1, c.Available())) })
	return conn, nil
}

// free is a connection with a place reserved, or nil. p is locked.
func (p *pool) free() (conn *http.ClientConn) {
	alive := p.conns[:0]
	for _, c := range p.conns {
		if c.Err() != nil {
			c.Close()
			continue
		}
		alive = append(alive, c)
		if conn == nil && c.Reserve() == nil {
			conn = c
		}
	}
	clear(p.conns[len(alive):])
	p.conns = alive
	return conn
}

// wake lets the first n in line look again.
func (p *pool) wake(n int) {
	p.line.Lock()
	defer p.line.Unlock()
	n = min(n, len(p.waiting))
	for _, turn := range p.waiting[:n] {
		close(turn)
	}
	p.waiting = p.waiting[n:]
}

// leave takes turn out of the line; a turn that had come passes to the next.
func (p *pool) leave(turn chan struct{}) {
	p.line.Lock()
	i := slices.Index(p.waiting, turn)
	if i >= 0 {
		p.waiting = slices.Delete(p.waiting, i, i+1)
	}
	p.line.Unlock()
	if i < 0 {
		p.wake(1)
	}
}

// rest closes the connections that carry nothing, and says whether none is left.
func (p *pool) rest() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	busy := p.conns[:0]
	var done []*http.ClientConn
	for _, c := range p.conns {
		if c.Err() == nil && c.InFlight() > 0 {
			busy = append(busy, c)
		} else {
			done = append(done, c)
		}
	}
	clear(p.conns[len(busy):])
	p.conns = busy
	for _, c := range done {
		c.SetStateHook(nil)
		c.Close()
	}
	return len(busy) == 0 && !p.dialling
}
