package webpush

import (
	"context"
	"net"
	"sync"
)

// maxGathered bounds what waits to be written on one connection, for a service that
// reads slowly: whoever would add more waits, as on a plain connection.
const maxGathered = 64 << 10

// gathering is a connection whose writes return at once, and leave together.
// net/http writes each push in two calls, headers and body, and each costs a system
// call and a packet; while one is under way the next ones gather. A failure shows at
// a later write, or at the read that waits for answers: all that is known of the
// connection's pushes then is that they are lost, as when it breaks.
type gathering struct {
	net.Conn
	mu      sync.Mutex
	changed sync.Cond
	waiting []byte
	err     error
}

func gather(c net.Conn) *gathering {
	g := &gathering{Conn: c}
	g.changed.L = &g.mu
	go g.write()
	return g
}

// dialGathering is dial with gathered writes.
func dialGathering(dial func(ctx context.Context, network, address string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return gather(c), nil
	}
}

func (g *gathering) Write(b []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.err == nil && len(g.waiting) > 0 && len(g.waiting)+len(b) > maxGathered {
		g.changed.Wait()
	}
	if g.err != nil {
		return 0, g.err
	}
	if g.waiting = append(g.waiting, b...); len(g.waiting) == len(b) {
		g.changed.Broadcast()
	}
	return len(b), nil
}

// write writes what has gathered until the connection fails or is closed.
func (g *gathering) write() {
	var leaving []byte
	g.mu.Lock()
	defer g.mu.Unlock()
	for {
		for g.err == nil && len(g.waiting) == 0 {
			g.changed.Wait()
		}
		if g.err != nil {
			return
		}
		leaving, g.waiting = g.waiting, leaving[:0]
		g.changed.Broadcast()
		g.mu.Unlock()
		_, err := g.Conn.Write(leaving)
		g.mu.Lock()
		if err != nil && g.err == nil {
			g.err = err
			g.changed.Broadcast()
		}
	}
}

func (g *gathering) Close() error {
	g.mu.Lock()
	if g.err == nil {
		g.err = net.ErrClosed
	}
	g.changed.Broadcast()
	g.mu.Unlock()
	return g.Conn.Close()
}
