//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/gorilla/websocket"

	"tocsin/internal/bench/measure"
)

const (
	listeners  = 100              // of each group: seconds are asked of them, not microseconds
	stretch    = 300              // alerts released one after the other while something dies
	outageWait = 30 * time.Second // for the last of them
)

// outages is what kill -9 costs.
type outages struct {
	plain   float64 // s from the first release to the last arrival, nothing killed
	both    float64 // s more for clients on both nodes when one is killed
	one     float64 // s more for clients on the one that is killed, which go on at the other
	nodeErr error
	missing float64 // acknowledged alerts that some client has not, after kill -9 of nats-server
	natsS   float64 // s from the first release to the last arrival, nats-server killed and started again
	natsErr error
}

// listener is one station's receiver: on all its addresses at once, or on the first that answers.
type listener struct {
	token string
	addrs []string
	both  bool

	mu     sync.Mutex
	have   map[int]bool
	newest time.Time // when the newest alert first came
	cursor string
	epoch  string
	bad    error // out of order or twice on one line
	stop   bool
	conns  map[*websocket.Conn]bool
}

func newListener(token string, both bool, addrs ...string) *listener {
	l := &listener{token: token, addrs: addrs, both: both, have: map[int]bool{}, conns: map[*websocket.Conn]bool{}}
	if both {
		for _, a := range addrs {
			go l.follow(a)
		}
	} else {
		go l.follow(addrs...)
	}
	return l
}

// follow keeps a line to the first of the addresses that answers.
func (l *listener) follow(addrs ...string) {
	for i := 0; ; i++ {
		l.mu.Lock()
		stop := l.stop
		l.mu.Unlock()
		if stop {
			return
		}
		if err := l.listen(addrs[i%len(addrs)]); err != nil && len(addrs) == 1 {
			time.Sleep(100 * time.Millisecond)
		}
	}
}

// listen is one line, until it breaks.
func (l *listener) listen(addr string) error {
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+addr+"/v1/feed", http.Header{"Authorization": {"Bearer " + l.token}})
	if err != nil {
		return err
	}
	defer conn.Close()
	l.mu.Lock()
	l.conns[conn] = true
	resume := map[string]string{"type": "resume", "start": "new"}
	if l.cursor != "" {
		resume = map[string]string{"type": "resume", "cursor": l.cursor}
	}
	l.mu.Unlock()
	defer func() { l.mu.Lock(); delete(l.conns, conn); l.mu.Unlock() }()
	if err := conn.WriteJSON(resume); err != nil {
		return err
	}
	for seq := uint64(0); ; {
		_, data, err := conn.ReadMessage()
		if err != nil {
			return err
		}
		if n, s, ok := number(data); ok {
			l.note(n, s, s <= seq)
			seq = s
		} else if epoch := epochOf(data); epoch != "" {
			l.mu.Lock()
			l.epoch = epoch
			l.mu.Unlock()
		}
	}
}

// note takes one alert; what came on another line already is dropped, as the protocol asks.
func (l *listener) note(n int, seq uint64, back bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if back {
		l.bad = fmt.Errorf("alert %d came out of order or twice on one line", n)
	}
	if l.have[n] {
		return
	}
	l.have[n] = true
	l.newest = time.Now()
	l.cursor = l.epoch + "-" + strconv.FormatUint(seq, 10)
}

// whole says when the newest of from to last came, and how many are missing.
func (l *listener) whole(from, last int) (at time.Time, missing int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for n := from; n <= last; n++ {
		if !l.have[n] {
			missing++
		}
	}
	return l.newest, missing, l.bad
}

func (l *listener) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stop = true
	for c := range l.conns {
		_ = c.Close()
	}
}

// wholeGroup waits until all have from to last, and returns when the last came
// and how many alerts the worst lacks at the end.
func wholeGroup(group []*listener, from, last int) (at time.Time, worst int, err error) {
	for end := time.Now().Add(outageWait); ; time.Sleep(20 * time.Millisecond) {
		at, worst = time.Time{}, 0
		for _, l := range group {
			when, missing, bad := l.whole(from, last)
			err = errors.Join(err, bad)
			worst = max(worst, missing)
			if when.After(at) {
				at = when
			}
		}
		if worst == 0 || err != nil || time.Now().After(end) {
			return at, worst, err
		}
	}
}

// measureOutages kills a node, and then nats-server.
func measureOutages() (o outages) {
	o.nodeErr = o.killNode()
	o.natsErr = o.killNATS()
	return o
}

// cluster is nats-server with feed nodes on it.
type cluster struct {
	dir, url string
	port     int
	nats     *measure.Process
	natsPID  int
	nodes    []*peer
}

// startCluster starts nats-server and so many feed nodes; the first registers the stations.
func startCluster(nodes, stations int) (c *cluster, err error) {
	c = &cluster{}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	if c.dir, err = os.MkdirTemp("", "tocsin-bench-"); err != nil {
		return c, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") // a port that it can have again after its death
	if err != nil {
		return c, err
	}
	c.port = l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		return c, err
	}
	if err := c.startServer(); err != nil {
		return c, err
	}
	for i := range nodes {
		open := task{Op: "open", NATS: c.url, Node: string(rune('a' + i))}
		if i == 0 {
			open.Stations = stations
		}
		p, err := startOwn("tocsin", open, frameBytes)
		if err != nil {
			return c, err
		}
		c.nodes = append(c.nodes, p)
	}
	return c, nil
}

func (c *cluster) startServer() error {
	p, r, err := startNATSProcess(natsTask{Dir: c.dir, Port: c.port, Sync: true})
	if err != nil {
		return err
	}
	c.nats, c.natsPID, c.url = p, r.PID, r.URL
	return nil
}

func (c *cluster) close() {
	for _, p := range c.nodes {
		p.stop()
	}
	if c.nats != nil {
		c.nats.Stop()
	}
	_ = os.RemoveAll(c.dir)
}

// stretchOf releases alerts one after the other through p, while meanwhile happens.
func stretchOf(p *peer, from int, meanwhile func() error) (began time.Time, stored int, err error) {
	done := make(chan error, 1)
	go func() { done <- meanwhile() }()
	at, stored, err := p.each(from, stretch)
	return time.Unix(0, at), stored, errors.Join(err, <-done)
}

// killNode measures clients on both of two nodes, and on one, while it is killed.
func (o *outages) killNode() error {
	c, err := startCluster(2, 2*listeners)
	if err != nil {
		return err
	}
	defer c.close()
	a, b := c.nodes[0], c.nodes[1]
	both, one := make([]*listener, listeners), make([]*listener, listeners)
	for i := range listeners {
		both[i] = newListener(a.tokens[i], true, a.addr, b.addr)
		one[i] = newListener(a.tokens[listeners+i], false, a.addr, b.addr)
		defer both[i].close()
		defer one[i].close()
	}
	time.Sleep(2 * time.Second) // all lines stand
	began, stored, err := stretchOf(b, 1, func() error { return nil })
	if err != nil {
		return err
	}
	at, worst, err := wholeGroup(append(both, one...), 1, stored)
	if err != nil || worst > 0 {
		return errors.Join(err, fmt.Errorf("%d alerts missing before anything was killed", worst))
	}
	took := at.Sub(began)
	o.plain = took.Seconds()
	began, stored, err = stretchOf(b, stretch+1, func() error {
		time.Sleep(took / 3)
		return syscall.Kill(a.pid, syscall.SIGKILL)
	})
	if err != nil {
		return err
	}
	for _, g := range []struct {
		who   []*listener
		extra *float64
	}{{both, &o.both}, {one, &o.one}} {
		at, worst, err := wholeGroup(g.who, stretch+1, stretch+stored)
		if err != nil || worst > 0 {
			return errors.Join(err, fmt.Errorf("%d alerts missing after a node was killed", worst))
		}
		*g.extra = max(0, (at.Sub(began) - took).Seconds())
	}
	return nil
}

// killNATS kills nats-server in the middle of a stretch and starts it again.
func (o *outages) killNATS() error {
	c, err := startCluster(1, listeners)
	if err != nil {
		return err
	}
	defer c.close()
	node := c.nodes[0]
	all := make([]*listener, listeners)
	for i := range all {
		all[i] = newListener(node.tokens[i], false, node.addr)
		defer all[i].close()
	}
	time.Sleep(2 * time.Second)
	began, stored, err := stretchOf(node, 1, func() error {
		time.Sleep(100 * time.Millisecond)
		if err := syscall.Kill(c.natsPID, syscall.SIGKILL); err != nil {
			return err
		}
		c.nats.Stop()
		time.Sleep(time.Second)
		return c.startServer()
	})
	if err != nil {
		return err
	}
	at, worst, err := wholeGroup(all, 1, stored)
	o.missing, o.natsS = float64(worst), at.Sub(began).Seconds()
	return err
}

// print says what the outages cost.
func (o *outages) print(w io.Writer) {
	if o.nodeErr == nil {
		fmt.Fprintf(w, "%d releases one after the other, two nodes: %.2f s to the last client; with kill -9 of one %.2f s more for clients on both, %.2f s more on that one\n",
			stretch, o.plain, o.both, o.one)
	}
	if o.natsErr == nil {
		fmt.Fprintf(w, "kill -9 of nats-server, away for a second: %.2f s to the last client, %.0f acknowledged alerts missing\n", o.natsS, o.missing)
	}
	fmt.Fprintln(w)
}
